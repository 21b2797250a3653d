"""How far two sets of scores lie apart."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 10
_EXACT = 500


def ks(left: NDArray[Any], right: NDArray[Any]) -> float:
    """Largest distance of the two distributions (Kolmogorov and Smirnov), 0 to 1; NaN when one side is empty.

    Examples
    --------
    >>> ks(np.array([1, 2, 3, 4]), np.array([3, 4, 5, 6]))
    0.5
    """
    if not (len(left) and len(right)):
        return np.nan
    every = np.concatenate([left, right])
    below = [np.searchsorted(np.sort(side), every, side="right") / len(side) for side in (left, right)]
    return float(np.abs(below[0] - below[1]).max())


def ks_chance(left: NDArray[Any], right: NDArray[Any]) -> float:
    """Chance of such a distance or a larger one if both come from one distribution; NaN when one side is empty.

    Exact up to 500 scores a side, else asymptotic. Equal scores make it too large rather than too small.

    References
    ----------
    J. L. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3, 1958, as in
    `scipy.stats.ks_2samp`.

    Examples
    --------
    >>> round(ks_chance(np.arange(10), np.arange(10) + 8), 4)
    0.0021
    """
    if not (len(left) and len(right)):
        return np.nan
    from scipy.stats import ks_2samp  # type: ignore[import-untyped]  # scipy ships no type hints

    method = "exact" if max(len(left), len(right)) <= _EXACT else "asymp"
    with warnings.catch_warnings():
        # Where the exact chance comes out a rounding above 1 it says so, and gives the asymptotic one.
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(ks_2samp(left, right, method=method).pvalue)


def psi(left: NDArray[Any], right: NDArray[Any]) -> float:
    """Population stability index over ten bins of the left scores; NaN when one side is empty.

    The sum over bins of (share right − share left) · ln(share right / share left). Above 0.25 is commonly called a large
    shift; small samples reach it by chance.

    Examples
    --------
    >>> psi(np.arange(50), np.arange(50)), psi(np.arange(50), np.arange(50) + 40) > 0.25
    (0.0, True)
    """
    if not (len(left) and len(right)):
        return np.nan
    edges = np.unique(np.quantile(left, np.arange(1, _BINS) / _BINS))
    # Half a case in each bin keeps an empty one from making the index infinite.
    shares = [
        (np.bincount(np.searchsorted(edges, side, side="left"), minlength=len(edges) + 1) + 0.5)
        / (len(side) + 0.5 * (len(edges) + 1))
        for side in (left, right)
    ]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def holm(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust chances for being many, so that the rate of any false alarm among them is kept; NaN stays NaN.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.

    Examples
    --------
    >>> holm(np.array([0.01, np.nan, 0.04, 0.03])).tolist()
    [0.03, nan, 0.06, 0.06]
    """
    result = np.full(len(chances), np.nan)
    asked = np.flatnonzero(~np.isnan(chances))
    order = asked[np.argsort(chances[asked], kind="stable")]
    result[order] = np.minimum(np.maximum.accumulate(chances[order] * np.arange(len(order), 0, -1)), 1)
    return result
