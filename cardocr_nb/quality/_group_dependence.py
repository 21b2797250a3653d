"""Warnings about groups: errors that are correlated within groups that were not named, and too few groups for intervals."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from cardocr_nb.quality._card_groups import ALONE, FOLDER, folders, group_of_cards

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVEL = 0.005
"""Probability of a warning if cards are independent, over all columns together."""

_PERMUTATIONS = 1999
_FIRST = 99
"""Permutations after which a column without any sign of correlation is left."""

_MOST_GROUPS = 2000
"""Of more groups as many are drawn at random, so that the test takes at most about a second."""

_LEAST_EFFECT = 1.2
"""Design effect below which the intervals are too narrow by less than a tenth and no warning is due."""

_MOST_STRATA = 50
_SEED = 20_260_101
_PACKAGE = str(Path(__file__).parents[1])
_CALLS = {
    "created": ("day of `created`", 'groups="created"'),
    "folder": ("folder of `key`", 'groups="folder"'),
    "bucket": ("`bucket`", 'groups="bucket"'),
    "user_data": ("`user_data`", 'groups="user_data"'),
}


class CorrelatedErrorsWarning(UserWarning):
    """Cards of the same day, folder, bucket or user data are incorrect together, and no groups were named."""


class GroupsWarning(UserWarning):
    """Groups say too little: all cases of a rate are in one group, or some cards are in none."""


def warn_of_few_groups(cases: pd.Series, low: pd.Series, *, sliced: bool = False) -> None:
    """Warn if rates over groups have no interval.

    Parameters
    ----------
    cases, low : Series of float
        Cases of each rate, and the lower end of its interval.
    sliced : bool, default False
        Rates are those of slices. Some may well lie within one group: only if all do, there is a warning.

    Warns
    -----
    GroupsWarning
    """
    without = int((low.isna() & (cases > 0)).sum())
    if without and not (sliced and low.notna().any()):
        warnings.warn(
            f"groups: all cases of {without} of {int((cases > 0).sum())} rates are in one group, so that their interval is missing and no "
            "threshold is promised; at least two groups are needed, and ten or more say something. Label cards of further "
            "groups, or leave groups out if cards are independent of each other",
            GroupsWarning,
            stacklevel=user_level(),
        )


def warn_of_cards_without_group(group: pd.Series) -> None:
    """Warn if some of the judged cards have no group and count as one each.

    Warns
    -----
    GroupsWarning
    """
    alone = int(group.astype("str").str.startswith(ALONE).sum())
    if alone:
        warnings.warn(
            f"groups: {alone} of {len(group)} judged cards have no group and count as groups of their own, so that intervals are too "
            "narrow if they fail together; name their groups, or leave them out. Keys of a mapping are spelled as in the frame",
            GroupsWarning,
            stacklevel=user_level(),
        )


class Dependence(NamedTuple):
    """Correlation of errors within the groups of a column.

    Attributes
    ----------
    column : str
        ``created``, ``folder``, ``bucket`` or ``user_data``.
    p : float
        Of a permutation test of the between-group sum of squares of one-way ANOVA.
    icc : float
        Intraclass correlation.
    effect : float
        Design effect: variance of a rate relative to that of independent cards.
    """

    column: str
    p: float
    icc: float
    effect: float


def warn_of_dependence(first: pd.DataFrame, incorrect: NDArray[np.bool_], stratum: NDArray[np.intp]) -> None:
    """Warn if errors are correlated within groups, and name the column and the call to make.

    Parameters
    ----------
    first : DataFrame
        First row of each judged card.
    incorrect : ndarray of bool, shape (cards,)
        Cards with an incorrect field.
    stratum : ndarray of int, shape (cards,)
        Cards with the same judged fields (in one slice). Only cards of one stratum are exchangeable.

    Warns
    -----
    CorrelatedErrorsWarning
    """
    found = dependence(first, incorrect, stratum)
    if found is None:
        return
    name, call = _CALLS[found.column]
    warnings.warn(
        f"cards with the same {name} are incorrect together (intraclass correlation {found.icc:.2f}, p = {found.p:.4f}), so "
        f"that intervals and promises for independent cards do not hold: the variance is about {found.effect:.1f} times as "
        f"large. Name the groups, {call}, or ignore CorrelatedErrorsWarning if new cards come from the same groups",
        CorrelatedErrorsWarning,
        stacklevel=user_level(),
    )


def dependence(first: pd.DataFrame, incorrect: NDArray[np.bool_], stratum: NDArray[np.intp]) -> Dependence | None:
    """Return the column with the largest design effect among those whose groups fail together; None without any.

    See `warn_of_dependence` for the parameters. The level is divided by the number of columns (Bonferroni).
    """
    if incorrect.sum() < 2 or incorrect.all():
        return None
    groups = {name: codes for name in _CALLS if (codes := _codes(first, name)) is not None}
    found = [_tested(name, codes, incorrect, stratum, _LEVEL / len(groups)) for name, codes in groups.items()]
    return max((f for f in found if f is not None), key=lambda f: f.effect, default=None)


def _codes(first: pd.DataFrame, name: str) -> NDArray[np.intp] | None:
    """Group of each card; None if the column is missing or groups no cards."""
    if name == FOLDER:
        group = folders(first["key"])
    elif name not in first.columns or first[name].isna().all():
        return None
    else:
        group = group_of_cards(first, name)
    codes, values = pd.factorize(group, sort=True)
    return codes if 1 < len(values) < len(codes) else None


def _tested(
    name: str, group: NDArray[np.intp], incorrect: NDArray[np.bool_], stratum: NDArray[np.intp], level: float
) -> Dependence | None:
    rng = np.random.default_rng(_SEED)
    n_groups = int(group.max()) + 1
    if n_groups > _MOST_GROUPS:
        drawn = np.zeros(n_groups, dtype=bool)
        drawn[rng.choice(n_groups, _MOST_GROUPS, replace=False)] = True
        rows = drawn[group]
        group, incorrect, stratum = pd.factorize(group[rows])[0], incorrect[rows], stratum[rows]
        n_groups = _MOST_GROUPS
    strata = np.unique(stratum, return_inverse=True)[1]
    size = np.bincount(strata * n_groups + group, minlength=(strata.max() + 1) * n_groups).reshape(-1, n_groups)
    errors = np.bincount(strata, weights=incorrect).astype(np.int64)
    cards = size.sum(axis=0)
    expected = errors / size.sum(axis=1) @ size
    observed = float(
        _between(
            np.bincount(group, weights=incorrect, minlength=n_groups)[np.newaxis].astype(np.float64), expected, cards
        )[0]
    )
    between: list[float] = []
    for n in (_FIRST, _PERMUTATIONS - _FIRST):
        # Counts of errors in each group, if the errors of each stratum fall on its cards at random.
        counts = np.zeros((n, n_groups))
        for row, k in zip(size, errors, strict=True):
            held = np.flatnonzero(row)
            if k and len(held) > 1:
                counts[:, held] += rng.multivariate_hypergeometric(row[held], k, size=n, method="marginals")
            else:
                counts[:, held] += k
        between.extend(_between(counts, expected, cards))
        exceeding = int(np.count_nonzero(np.asarray(between) >= observed - 1e-9))
        p = (1 + exceeding) / (1 + len(between))
        if exceeding > 2 and p > level:
            return None
    # One-way ANOVA: the mean of the permuted sums is that of independent cards, the observed one 1 + (m0 - 1) * icc times as
    # large, where m0 is its mean group size.
    m0 = (len(group) - float((cards.astype(np.float64) ** 2).sum()) / len(group)) / (n_groups - 1)
    effect = observed / float(np.mean(between))
    icc = max(effect - 1, 0) / (m0 - 1) if m0 > 1 else 0.0
    return Dependence(name, p, min(icc, 1.0), effect) if p <= level and effect >= _LEAST_EFFECT else None


def _between(
    counts: NDArray[np.float64], expected: NDArray[np.float64], cards: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Sum of squares between groups, for each row of counts of errors."""
    return np.asarray(((counts - expected) ** 2 / cards).sum(axis=1), dtype=np.float64)


def strata_of_cards(card: NDArray[np.intp], field: NDArray[np.intp], slices: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number cards with the same judged fields in the same slice; if these are many, with as many judged fields.

    Parameters
    ----------
    card, field : ndarray of int, shape (cells,)
    slices : ndarray of int, shape (cards,)
        Slice of each card.

    Examples
    --------
    >>> strata_of_cards(np.array([0, 0, 1, 2, 2]), np.array([0, 1, 0, 0, 1]), np.zeros(3, dtype=int)).tolist()
    [1, 0, 1]
    """
    n = len(slices)
    key = np.random.default_rng(_SEED).integers(1, 2**40, int(field.max(initial=0)) + 1)
    # A sum of random numbers, one for each field, differs for different sets of fields.
    pattern = np.zeros(n, dtype=np.int64)
    np.add.at(pattern, card, key[field])
    if len(np.unique(pattern)) > _MOST_STRATA:
        pattern = np.bincount(card, minlength=n)
    both = np.unique(pattern, return_inverse=True)[1] * (int(slices.max(initial=0)) + 1) + slices
    return np.asarray(np.unique(both, return_inverse=True)[1], dtype=np.intp)


def user_level() -> int:
    """Stack level of the first line outside this package, as `warnings.warn` counts it in the calling function."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        # `warnings.warn` does not count the wrapper of public functions, see `cardocr_nb._error_guard`.
        level += "importlib._bootstrap" not in frame.f_code.co_filename
        frame = frame.f_back
    return level
