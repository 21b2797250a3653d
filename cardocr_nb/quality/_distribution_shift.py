"""Distances of two sets of scores."""

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


def ks_probability(left: NDArray[Any], right: NDArray[Any]) -> float:
    """Probability of such a distance or a larger one if both sides have one distribution; NaN when one side is empty.

    Exact up to 500 scores a side, else asymptotic. Equal scores make it too large rather than too small.

    References
    ----------
    J. L. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3, 1958, as in
    `scipy.stats.ks_2samp`.

    Examples
    --------
    >>> round(ks_probability(np.arange(10), np.arange(10) + 8), 4)
    0.0021
    """
    if not (len(left) and len(right)):
        return np.nan
    from scipy.stats import ks_2samp  # type: ignore[import-untyped]  # scipy ships no type hints

    method = "exact" if max(len(left), len(right)) <= _EXACT else "asymp"
    with warnings.catch_warnings():
        # Where rounding puts the exact probability above 1, scipy warns and returns the asymptotic one.
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(ks_2samp(left, right, method=method).pvalue)


def psi(left: NDArray[Any], right: NDArray[Any]) -> float:
    """Population stability index over ten bins of the left scores; NaN when one side is empty.

    The sum over bins of (rate right − rate left) · ln(rate right / rate left). It is never negative, so that small samples
    without any change have a positive one: compare it with `psi_test`, not with a fixed limit such as 0.25.

    Examples
    --------
    >>> psi(np.arange(50), np.arange(50)), psi(np.arange(50), np.arange(50) + 40) > 0.25
    (0.0, True)
    """
    if not (len(left) and len(right)):
        return np.nan
    counts = _binned(left, right)
    return float(_index(counts[0], counts[1]))


def psi_test(left: NDArray[Any], right: NDArray[Any], *, n_resamples: int = 2000, seed: int = 0) -> tuple[float, float]:
    """Return what the population stability index is without any change.

    Parameters
    ----------
    left, right : ndarray of shape (n,)
        Scores.
    n_resamples : int, default 2000
        Times that the scores of both sides are divided at random into sides of the same sizes (permutation test).
    seed : int, default 0

    Returns
    -------
    expected : float
        Mean index of the random divisions; up to a tenth too large, because the bins are kept.
    p : float
        Probability of an index as large as the observed one, or larger, without any change; it is
        at most α in at most α of all tests. Both are NaN when one side is empty.

    Examples
    --------
    >>> expected, p = psi_test(np.arange(30), np.arange(30))
    >>> expected > 0.25, p
    (True, 1.0)
    """
    if not (len(left) and len(right)):
        return np.nan, np.nan
    counts = _binned(left, right)
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_hypergeometric(counts.sum(axis=0), len(left), size=n_resamples)
    indices = _index(drawn, counts.sum(axis=0) - drawn)
    as_large = int((indices >= _index(counts[0], counts[1]) - 1e-12).sum())
    return float(indices.mean()), (1 + as_large) / (1 + n_resamples)


def _binned(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.int64]:
    """Number of scores of each side in the bins between the deciles of the left one."""
    edges = np.unique(np.quantile(left, np.arange(1, _BINS) / _BINS))
    places = [np.searchsorted(edges, side, side="left") for side in (left, right)]
    return np.stack([np.bincount(place, minlength=len(edges) + 1) for place in places])


def _index(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
    # Half a case in each bin keeps an empty one from making the index infinite.
    rates = [(side + 0.5) / (side.sum(axis=-1, keepdims=True) + 0.5 * side.shape[-1]) for side in (left, right)]
    index: NDArray[np.float64] = ((rates[1] - rates[0]) * np.log(rates[1] / rates[0])).sum(axis=-1)
    return index
