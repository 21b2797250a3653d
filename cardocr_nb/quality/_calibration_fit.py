"""Monotone maps from score to the chance that a reading is right, as tables over the scores 0 to 100."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHODS = ("isotonic", "platt", "constant")
"""How a map was found."""

SCORES = np.arange(101)
"""The scores that a map has a value for."""


def effective(weight: NDArray[np.float64]) -> float:
    """Return the number of equally weighted cases with the same variance (Kish).

    Examples
    --------
    >>> effective(np.ones(4)), effective(np.array([1.0, 3.0]))
    (4.0, 1.6)
    """
    return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0


def choose(
    score: NDArray[np.int64], right: NDArray[np.bool_], *, isotonic_from: int, weight: NDArray[np.float64] | None = None
) -> str:
    """Return which of `METHODS` so many cases support; with weights their effective number counts.

    Parameters
    ----------
    score : ndarray of int, shape (n,)
    right : ndarray of bool, shape (n,)
    isotonic_from : int
        Cases from which isotonic regression is chosen.
    weight : ndarray of float, shape (n,), optional
        1 / inclusion probability of each reading.

    Examples
    --------
    >>> choose(np.array([70, 90]), np.array([False, True]), isotonic_from=1000)
    'platt'
    """
    if len(score) == 0 or right.all() or not right.any() or (score == score[0]).all():
        return "constant"
    cases = len(score) if weight is None else effective(weight)
    return "isotonic" if cases >= isotonic_from else "platt"


def fit(
    score: NDArray[np.int64], right: NDArray[np.bool_], method: str, *, weight: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Learn a map.

    All methods aim at Platt's targets instead of 1 and 0: (k + 1) / (k + 2) for each of k right readings, 1 / (w + 2)
    for each of w wrong ones. No value is ever 0 or 1, however few the cases, and without any it is one half.

    Parameters
    ----------
    score : ndarray of int, shape (n,)
        0 to 100.
    right : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,), optional
        1 / inclusion probability of each reading. Only their proportions count; k and w above are then parts of the
        effective number of cases.
    method : {"isotonic", "platt", "constant"}
        ``isotonic`` gives steps, drawn out as straight lines between the scores that were seen; ``platt`` a logistic
        curve over the score, never falling; ``constant`` the mean of the targets.

    Returns
    -------
    ndarray of float, shape (101,)
        The chance at each score, never falling.

    References
    ----------
    J. C. Platt, "Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods",
    1999 (targets, logistic curve); B. Zadrozny and C. Elkan, "Transforming classifier scores into accurate multiclass
    probability estimates", 2002 (isotonic regression).

    Examples
    --------
    >>> fit(np.array([90, 90, 90]), np.array([True, True, True]), "constant")[[0, 90]].round(2).tolist()
    [0.8, 0.8]
    """
    weight = np.ones(len(score)) if weight is None else weight
    weight = weight * (effective(weight) / weight.sum()) if len(weight) else weight
    target = _targets(right, weight)
    if method == "constant":
        return np.full(len(SCORES), np.average(target, weights=weight) if len(target) else 0.5)
    return _isotonic(score, target, weight) if method == "isotonic" else _logistic(score, target, weight)


def _targets(right: NDArray[np.bool_], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    hits, misses = float(weight[right].sum()), float(weight[~right].sum())
    return np.where(right, (hits + 1) / (hits + 2), 1 / (misses + 2))


def _isotonic(
    score: NDArray[np.int64], target: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    from scipy.optimize import isotonic_regression  # type: ignore[import-untyped]  # scipy ships no type hints

    seen, place = np.unique(score, return_inverse=True)
    size = np.bincount(place, weights=weight)
    mean = np.bincount(place, weights=target * weight) / size
    steps = isotonic_regression(mean, weights=size).x
    return np.asarray(np.interp(SCORES, seen, steps), dtype=np.float64)


def _logistic(
    score: NDArray[np.int64], target: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    from scipy.optimize import minimize
    from scipy.special import expit  # type: ignore[import-untyped]  # scipy ships no type hints

    share = SCORES / SCORES[-1]
    seen, place = np.unique(score, return_inverse=True)
    size = np.bincount(place, weights=weight)
    x, part = share[seen], size / size.sum()
    mean = np.bincount(place, weights=target * weight) / size

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        line = at[0] + at[1] * x
        value = part @ (np.logaddexp(0, line) - mean * line)
        gap = part * (expit(line) - mean)
        return float(value), np.array([gap.sum(), gap @ x])

    found = minimize(
        loss, [0.0, 0.1], jac=True, method="L-BFGS-B", bounds=[(None, None), (0, None)], options={"ftol": 1e-14}
    )
    return np.asarray(expit(found.x[0] + found.x[1] * share), dtype=np.float64)
