"""Scores counted point by point: all that a distribution needs, at the same size for one row and for millions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb.frame._dask_frame import is_dask, reduce
from cardocr_nb.frame._frame_columns import CATEGORIES
from cardocr_nb.plot._plot_data import need

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTS = np.arange(101)
"""The scores there are: 0 to 100."""

_CARD_ORDER = {name: i for i, name in enumerate(CATEGORIES["field"])}


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """How often each score occurs in each group.

    Attributes
    ----------
    groups : tuple of str
        Names of the `g` groups.
    counts : ndarray of shape (g, 101), int
        Number of rows with each score 0 to 100.
    missing : ndarray of shape (g,), int
        Rows without a score.
    """

    groups: tuple[str, ...]
    counts: NDArray[np.int64]
    missing: NDArray[np.int64]

    @property
    def totals(self) -> NDArray[np.int64]:
        """Rows with a score in each group, shape (g,)."""
        totals: NDArray[np.int64] = self.counts.sum(axis=1)
        return totals

    def quantile(self, q: float) -> NDArray[np.float64]:
        """The smallest score that at least the rate `q` of a group does not exceed, shape (g,); NaN without scores.

        Examples
        --------
        >>> import pandas as pd
        >>> scores = score_counts(pd.DataFrame({"field": ["name"] * 3, "score": [70, 80, 99]}), "field")
        >>> scores.quantile(0.5).tolist()
        [80.0]
        """
        totals = self.totals
        wanted = np.maximum(np.ceil(q * totals), 1)
        at = (self.counts.cumsum(axis=1) >= wanted[:, None]).argmax(axis=1).astype(float)
        return np.where(totals > 0, at, np.nan)

    def below(self, threshold: float) -> NDArray[np.float64]:
        """Rate of each group's scores below `threshold`, shape (g,), 0 to 1; NaN without scores."""
        totals = self.totals
        under = self.counts[:, threshold > POINTS].sum(axis=1)
        share: NDArray[np.float64] = np.divide(under, totals, out=np.full(len(totals), np.nan), where=totals > 0)
        return share

    def density(self) -> NDArray[np.float64]:
        """Smoothed share per point of score, shape (g, 101).

        A Gaussian kernel with the bandwidth of Scott (Multivariate Density Estimation, 1992), at least one point, folded
        back at 0 and 100, so that each row with scores sums to 1.
        """
        totals = self.totals
        smooth = np.zeros(self.counts.shape)
        for row, (counts, n) in enumerate(zip(self.counts, totals, strict=True)):
            if n == 0:
                continue
            share = counts / n
            mean = share @ POINTS
            spread = np.sqrt(share @ (POINTS - mean) ** 2)
            width = max(1.0, float(spread) * float(n) ** -0.2)
            kernel = _folded_kernel(width)
            smooth[row] = share @ kernel
        return smooth


def _folded_kernel(width: float) -> NDArray[np.float64]:
    """Row i: how the weight of score i is spread over 0 to 100; rows sum to 1."""
    gap = POINTS[:, None] - POINTS[None, :]
    mirrored = (POINTS[:, None] + POINTS[None, :] + 1, 2 * 100 + 1 - POINTS[:, None] - POINTS[None, :])
    spread = np.exp(-0.5 * (np.stack([gap, *mirrored]) / width) ** 2).sum(axis=0)
    kernel: NDArray[np.float64] = spread / spread.sum(axis=1, keepdims=True)
    return kernel


def score_counts(df: pd.DataFrame, by: str | None) -> ScoreCounts:
    """Count the scores of a frame by a column.

    Parameters
    ----------
    df : DataFrame, of pandas or Dask
        With the column ``score`` (0 to 100), and `by`. Rows without a ``field`` describe cards and are left out.
    by : str or None
        Column that makes the groups; None makes one group.

    Returns
    -------
    ScoreCounts
        Fields in the order of the cards, other groups sorted. Groups without any row do not appear.

    Raises
    ------
    ValueError
        A column is missing, or a score is outside 0 to 100.

    Examples
    --------
    >>> df = pd.DataFrame({"field": ["name", "gender", "name"], "score": [99, 80, 97]})
    >>> score_counts(df, "field").groups
    ('name', 'gender')
    """
    need(df, "score", *([] if by is None else [by]))
    if is_dask(df):
        merged: ScoreCounts = reduce(df, partial(score_counts, by=by), partial(_merged, by=by))
        return merged
    rows = df[df["field"].notna()] if "field" in df else df
    score = rows["score"].to_numpy(dtype="float64", na_value=np.nan)
    known = ~np.isnan(score)
    fractions = known.any() and np.nanmax(score) <= 1 and (score[known] % 1 != 0).any()  # of 0 to 1
    if fractions or (known.any() and not 0 <= np.nanmin(score) <= np.nanmax(score) <= POINTS[-1]):
        raise ValueError(
            f"scores must lie between 0 and 100, got {np.nanmin(score):g} to {np.nanmax(score):g}; "
            "multiply probabilities by 100 first"
        )
    names, codes = _groups(rows, by)
    points = np.rint(np.where(known, score, 0)).astype(np.int64)
    flat = np.bincount((codes * len(POINTS) + points)[known], minlength=len(names) * len(POINTS))
    missing = np.bincount(codes[~known], minlength=len(names))
    return ScoreCounts(tuple(names), flat.reshape(len(names), len(POINTS)), missing)


def _merged(counts: list[ScoreCounts], by: str | None) -> ScoreCounts:
    order = {name: i for i, name in enumerate(CATEGORIES.get(by or "", ()))}
    names = sorted({g for c in counts for g in c.groups}, key=lambda g: (g == "unknown", order.get(g, len(order)), g))
    points, missing = np.zeros((len(names), len(POINTS)), dtype=np.int64), np.zeros(len(names), dtype=np.int64)
    for count in counts:
        rows = [names.index(g) for g in count.groups]
        points[rows] += count.counts
        missing[rows] += count.missing
    return ScoreCounts(tuple(names), points, missing)


def _groups(rows: pd.DataFrame, by: str | None) -> tuple[list[str], NDArray[np.int64]]:
    if by is None:
        return (["all"] if len(rows) else []), np.zeros(len(rows), dtype=np.int64)
    codes, uniques = pd.factorize(rows[by], sort=True, use_na_sentinel=True)
    values: list[Any] = [*uniques]
    names = [str(v) for v in values]
    codes = codes.astype(np.int64)
    if (codes < 0).any():
        codes[codes < 0] = len(names)
        names.append("unknown")
    if by == "field":
        order = sorted(range(len(names)), key=lambda i: (_CARD_ORDER.get(names[i], len(_CARD_ORDER)), names[i]))
        rank = np.empty(len(names), dtype=np.int64)
        rank[order] = np.arange(len(names))
        codes, names = rank[codes], [names[i] for i in order]
    return names, codes
