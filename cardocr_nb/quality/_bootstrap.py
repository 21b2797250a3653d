"""Intervals for rates over cases that are not independent: images, groups and weights."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb.quality._card_groups import GROUP
from cardocr_nb.quality._group_dependence import warn_of_few_groups
from cardocr_nb.quality._intervals import checked_confidence, exact_interval, whole_number
from cardocr_nb.quality._truth import WEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ALL = "all"
"""Name of the row for all fields together."""

FEW_UNITS = 20
"""Independent units without a correct reading (without an incorrect one) up to which an imaginary one is added for the lower
(upper) end. With more, the plain bootstrap covers the true rate often enough (docs/concepts/promises.md)."""

_AT_ONCE = 2**20
_SEED = 20_260_101


def bootstrap(
    cells: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
    draws: int | None = None,
) -> pd.DataFrame:
    """Return intervals of accuracy and character error rate; whole images are resampled, or whole groups.

    Parameters
    ----------
    cells : DataFrame
        As in `cardocr_nb.quality.Evaluation`.
    by : sequence of str, default ()
        Columns of `cells` by which the table is sliced.
    confidence : float, default 0.95
        Of the intervals.
    n_resamples : int, default 2000
        Number of resamples.
    seed : int, default 0
        The same seed gives the same intervals.
    draws : int, optional
        Former name of `n_resamples`.

    Returns
    -------
    DataFrame
        One row a field, and a last one, ``all``, for all fields together (within each slice): ``images, cases, exact,
        exact_low, exact_high, cer, cer_low, cer_high``. From one image no interval follows: it is missing.

    Raises
    ------
    ValueError
        The confidence is not between 0 and 1, or `n_resamples` less than 1.

    Notes
    -----
    Resamples are random weights (Dirichlet) of the units. An interval of them alone would be too narrow where errors are few
    or come on few cards together, and without an error it would be a point. Therefore one imaginary unit is added: all
    incorrect for the lower end, all correct for the upper one. For one reading a unit this is the exact interval of Clopper
    and Pearson; for other bounded values it is that of Gaffke. The imaginary unit has the mean number of readings and the
    largest weight; it is left out where more than 20 independent images are like it. A character error rate has no greatest
    value, since texts may be inserted: its interval allows for unseen units with as many edits as characters, or as the worst
    unit of the sample has, and no more.

    References
    ----------
    B. Efron and R. J. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13 (percentile interval); D. B. Rubin,
    "The Bayesian bootstrap", Annals of Statistics 9, 1981 (random weights); N. Gaffke,
    "Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable", Mathematical
    Methods of Statistics 14, 2005; E. Learned-Miller and P. S. Thomas, "A new confidence interval for the mean of a
    bounded random variable", 2019.
    """
    checked_confidence(confidence)
    if draws is not None:
        warnings.warn("draws is now n_resamples", DeprecationWarning, stacklevel=2)
        n_resamples = draws
    n_resamples = whole_number("n_resamples", n_resamples, least=1)
    present = cells[(cells["outcome"] != "spurious").to_numpy()]
    weight = present[WEIGHT].to_numpy(np.float64) if WEIGHT in present.columns else np.ones(len(present))
    correct = (present["outcome"] == "correct").to_numpy(bool)
    columns = [*by, "key", "field", *(c for c in (GROUP,) if c in present.columns)]
    counted = present[columns].assign(
        cases=1,
        weight=weight,
        correct=weight * correct,
        edits=weight * present["distance"].to_numpy(),
        characters=weight * present["length"].to_numpy(),
    )
    rng = np.random.default_rng(seed)
    rows = []
    for slice_, part in _slices(counted, list(by)):
        for field, group in [*part.groupby("field", observed=True), (ALL, part)]:
            rows.append([*slice_, field, *_row(group, confidence, n_resamples, rng)])
    names = ["images", "cases", "exact", "exact_low", "exact_high", "cer", "cer_low", "cer_high"]
    table = pd.DataFrame(rows, columns=[*by, "field", *names])
    if GROUP in present.columns:
        warn_of_few_groups(table["cases"], table["exact_low"], sliced=bool(by))
    return table.astype({"field": with_all(cells["field"].dtype)})


def with_all(fields: Any) -> pd.CategoricalDtype:
    """Return the categories of fields with `ALL` as the last one."""
    return pd.CategoricalDtype(fields.categories.union(pd.Index([ALL], dtype="str"), sort=False))


def _slices(counted: pd.DataFrame, by: list[str]) -> list[tuple[list[object], pd.DataFrame]]:
    if not by:
        return [([], counted)] if len(counted) else []
    return [(list(values), part) for values, part in counted.groupby(by, observed=True, dropna=False)]


def _row(group: pd.DataFrame, confidence: float, n_resamples: int, rng: np.random.Generator) -> list[float]:
    unit = pd.factorize(group[GROUP if GROUP in group.columns else "key"])[0]
    weights = group["weight"].to_numpy()
    sums = [np.bincount(unit, weights=group[c].to_numpy()) for c in ("correct", "weight", "edits", "characters")]
    correct, n, edits, characters = sums
    exact = correct.sum() / n.sum()
    cer = edits.sum() / characters.sum() if characters.sum() else np.nan
    exact_ends, cer_ends = (np.nan, np.nan), (np.nan, np.nan)
    if len(n) > 1:
        extra = imaginary(weights, len(n))
        drawn: dict[str, Any] = {
            "n_resamples": n_resamples, "rng": rng, "independent": GROUP not in group.columns and equal_weights(weights),
        }  # fmt: skip
        exact_ends = resampled_interval(correct, n, extra, confidence, **drawn)
        if characters.sum():
            cer_ends = _cer_ends(edits, characters, extra * characters.sum() / n.sum(), confidence, drawn)
    return [group["key"].nunique(), len(group), exact, *exact_ends, cer, *cer_ends]


def _cer_ends(
    edits: NDArray[Any], characters: NDArray[Any], extra: float, confidence: float, drawn: dict[str, Any]
) -> tuple[float, float]:
    """Return the interval of ``sum(edits) / sum(characters)``; insertions can be more than the characters of a unit."""
    least, most = resampled_interval(np.maximum(characters - edits, 0), characters, extra, confidence, **drawn)
    # A few units with many edits say little about the population, so that the lower end counts no more edits than
    # characters. The upper end counts all, and an unseen unit with as many as the worst one.
    worst = float(np.max(edits[characters > 0] / characters[characters > 0]))
    if worst > 1:
        left = np.maximum(worst * characters - edits, 0)
        least = 1 - worst * (1 - resampled_interval(left, worst * characters, worst * extra, confidence, **drawn)[0])
    return 1 - most, 1 - least


def imaginary(weights: NDArray[np.float64], n_units: int) -> float:
    """Return the size of the imaginary unit: as many cases as a mean unit has, all of the largest weight.

    Errors that were not seen may all be in the stratum whose cases represent the most others.
    """
    return float(weights.max() * len(weights) / n_units)


def equal_weights(weight: NDArray[Any]) -> bool:
    """Return whether all cases have one weight, so that rates are those of cases without weights."""
    return bool((weight == weight[:1]).all())


def resampled_interval(
    total: NDArray[Any],
    size: NDArray[Any],
    extra: float,
    confidence: float,
    *,
    n_resamples: int,
    rng: np.random.Generator,
    least: float = 0.0,
    independent: bool = False,
) -> tuple[float, float]:
    """Return the interval of ``sum(total) / sum(size)`` over units that are drawn at random.

    Parameters
    ----------
    total, size : ndarray of float, shape (n,)
        Of each unit; their ratio is between `least` and 1.
    extra : float
        Size of the imaginary unit, see `imaginary`.
    confidence : float
    n_resamples : int
    rng : Generator
    least : float, default 0
        Smallest possible value of a case.
    independent : bool, default False
        Units are independent images of equal weight; many of them need no imaginary one (`FEW_UNITS`).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> low, high = resampled_interval(np.ones(10), np.ones(10), 1, 0.95, n_resamples=4000, rng=rng)
    >>> round(low, 2), round(high, 2)
    (0.69, 1.0)
    """
    # The imaginary unit of each end, unless many real ones are like it.
    like = int((total <= least * size).sum()), int((total >= size).sum())
    extras = [0.0 if independent and n > FEW_UNITS else extra / size.max() for n in like]
    # Equal units are drawn as one kind; rounded, because sums of weights depend on the order of the rows.
    units = np.stack([total, size], axis=1) / size.max()
    kinds, counts = np.unique(np.round(units, 10), axis=0, return_counts=True)
    shape = np.append(counts, 1)
    ends = np.empty((2, n_resamples))
    step = _AT_ONCE // len(shape) + 1
    for start in range(0, n_resamples, step):
        drawn = rng.gamma(shape, size=(min(step, n_resamples - start), len(shape)))
        sums, more = drawn[:, :-1] @ kinds, drawn[:, -1]
        for end, value, added in zip(ends, (least, 1.0), extras, strict=True):
            end[start : start + step] = (sums[:, 0] + value * added * more) / (sums[:, 1] + added * more)
    estimate = total.sum() / size.sum()
    # Units at the end of the range leave no room: the end itself is the bound.
    low = least if (total <= least * size).all() else min(np.quantile(ends[0], (1 - confidence) / 2), estimate)
    high = 1.0 if (total >= size).all() else max(np.quantile(ends[1], (1 + confidence) / 2), estimate)
    return float(low), float(high)


def rate_intervals(
    table: pd.DataFrame, cases: pd.DataFrame, number: NDArray[Any], correct: NDArray[np.bool_], confidence: float
) -> pd.DataFrame:
    """Add ``exact, low, high`` to a table with ``cases, correct``: exact for independent cases, else by resampling.

    Parameters
    ----------
    table : DataFrame
    cases : DataFrame
        One row a case: ``key, weight`` and ``group`` where groups were named.
    number : ndarray of int
        Row of `table` of each case.
    correct : ndarray of bool
    confidence : float
    """
    low, high = (np.array(end) for end in exact_interval(table["correct"], table["cases"], confidence=confidence))
    rate = (table["correct"] / table["cases"].where(table["cases"] > 0)).to_numpy(np.float64, copy=True)
    weight = cases[WEIGHT].to_numpy(np.float64)
    if GROUP in cases.columns or not equal_weights(weight):
        for row in np.unique(number):
            at = np.flatnonzero(number == row)
            unit = pd.factorize(cases[GROUP if GROUP in cases.columns else "key"].iloc[at])[0]
            total = np.bincount(unit, weights=weight[at] * correct[at])
            size = np.bincount(unit, weights=weight[at])
            rate[row] = total.sum() / size.sum()
            low[row], high[row] = np.nan, np.nan
            if len(size) > 1:
                rng = np.random.default_rng(_SEED)
                low[row], high[row] = resampled_interval(
                    total, size, imaginary(weight[at], len(size)), confidence, n_resamples=2000, rng=rng
                )
    return table.assign(exact=rate, low=low, high=high)
