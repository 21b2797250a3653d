"""Tests of score thresholds in a fixed order, from the highest score down."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cardocr_nb.quality._bootstrap import equal_weights, imaginary, resampled_interval
from cardocr_nb.quality._intervals import lower_bound, sample_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RESAMPLES = 4000
_SEED = 20_260_101


class Found(NamedTuple):
    """The lowest threshold that keeps a promise.

    Attributes
    ----------
    threshold : float
        NaN if there is none; then the other values describe all cases.
    passing : int
        Cases at or above it; 0 if there is none.
    precision : float
        Rate of correct ones among them, weighted.
    bound : float
        Lower bound of the precision.
    rate : float
        Rate of the cases that pass, weighted.
    """

    threshold: float
    passing: int
    precision: float
    bound: float
    rate: float


def lowest_threshold(
    score: NDArray[np.float64] | NDArray[np.int64],
    correct: NDArray[np.bool_],
    precision: float,
    confidence: float,
    *,
    weight: NDArray[np.float64] | None = None,
    group: NDArray[np.intp] | None = None,
) -> Found:
    """Return the lowest threshold whose precision is shown.

    The order of the tests depends on the scores and not on which readings are correct: from the first distinct score at or
    above which enough cases pass to show anything, downwards until a test fails. The probability that any threshold is
    wrongly accepted is then at most ``1 - confidence``, however many are tested. With many cases there are several
    starting points, further down, that share this probability: one early error does not end the search.

    Parameters
    ----------
    score : ndarray of shape (n,)
    correct : ndarray of bool, shape (n,)
    precision, confidence : float
        Between 0 and 1.
    weight : ndarray of float, shape (n,), optional
        1 / inclusion probability of each case.
    group : ndarray of int, shape (n,), optional
        Cases that may fail together. The groups are the units then.

    References
    ----------
    A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan and L. Lei, "Learn then test: calibrating predictive
    algorithms to achieve risk control", 2021 (fixed sequence testing).

    Examples
    --------
    >>> found = lowest_threshold(np.repeat([99, 90], 350), np.full(700, True), 0.995, 0.95)
    >>> found.threshold, found.passing
    (90.0, 700)
    """
    order = np.argsort(-score, kind="stable")
    ordered = np.asarray(score[order], dtype=np.float64)
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    right = correct[order]
    weights = np.ones(len(order)) if weight is None else weight[order]
    unit = np.arange(len(order)) if group is None else group[order]
    starts = _starts(_units(unit, ends), precision, confidence)
    level = 1 - (1 - confidence) / len(starts)
    plain = group is None and equal_weights(weights)
    hits = np.cumsum(right)

    def bound(at: int) -> float:
        n = ends[at] + 1
        if plain:
            return float(lower_bound(hits[ends[at]], n, confidence=level))
        return _resampled_bound(right[:n], weights[:n], unit[:n], level)

    def best(at: int) -> float:
        n = ends[at] + 1
        return _resampled_bound(np.ones(n, dtype=bool), weights[:n], unit[:n], level)

    if not plain:
        # Unequal groups or weights show less than as many equal ones: begin where a sample without errors would do.
        last = len(ends) - 1
        starts = sorted({min(bisect_left(range(last), precision, start, key=best), last) for start in starts})

    accepted, lowest = -1, 0.0
    for start in starts:
        for at in range(start, len(ends)):
            if at <= accepted:
                continue
            value = bound(at)
            if value < precision:
                break
            accepted, lowest = at, value
    everything = len(ends) - 1
    at, n = (accepted, ends[accepted] + 1) if accepted >= 0 else (everything, len(order))
    return Found(
        threshold=float(ordered[ends[at]]) if accepted >= 0 else np.nan,
        passing=int(n) if accepted >= 0 else 0,
        precision=float((weights[:n] * right[:n]).sum() / weights[:n].sum()),
        bound=lowest if accepted >= 0 else bound(everything),
        rate=float(weights[:n].sum() / weights.sum()) if accepted >= 0 else 0.0,
    )


def _units(unit: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number of distinct units at or above each distinct score."""
    first = np.zeros(len(unit), dtype=np.intp)
    first[np.unique(unit, return_index=True)[1]] = 1
    count: NDArray[np.intp] = np.cumsum(first)[ends]
    return count


def _starts(passing: NDArray[np.intp], precision: float, confidence: float) -> list[int]:
    """Positions in the distinct scores at which a sequence of tests begins; they depend on scores alone."""
    least = sample_size(precision, confidence)
    # One more starting point for each doubling of the cases beyond twice those that are enough.
    wanted = max(1, int(np.log2(max(passing[-1] / least, 1))))
    least = sample_size(precision, 1 - (1 - confidence) / wanted)
    found = [int(np.searchsorted(passing, least * 2**n)) for n in range(wanted)]
    return sorted({min(at, len(passing) - 1) for at in found})


def _resampled_bound(
    right: NDArray[np.bool_], weight: NDArray[np.float64], unit: NDArray[np.intp], level: float
) -> float:
    number = np.unique(unit, return_inverse=True)[1]
    total, size = np.bincount(number, weights=weight * right), np.bincount(number, weights=weight)
    if len(size) < 2:
        return 0.0
    rng = np.random.default_rng(_SEED)
    extra = imaginary(weight, len(size))
    return resampled_interval(total, size, extra, 2 * level - 1, n_resamples=_RESAMPLES, rng=rng)[0]
