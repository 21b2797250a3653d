"""How many readings pass above each score, and how many of them are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Curve(NamedTuple):
    """Readings at or above each distinct score, the highest first.

    Attributes
    ----------
    score : ndarray of int, shape (n,)
    passed : ndarray of float, shape (n,)
        Weight of the readings at or above it; their number without weights.
    errors : ndarray of float, shape (n,)
        Weight of the incorrect ones among them.
    """

    score: NDArray[np.int64]
    passed: NDArray[np.float64]
    errors: NDArray[np.float64]


def curve(score: NDArray[np.int64], wrong: NDArray[np.bool_], weight: NDArray[np.float64] | None = None) -> Curve:
    """Add up from the highest score down.

    Parameters
    ----------
    score : ndarray of int, shape (n,)
    wrong : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,), optional
        1 / inclusion probability of each reading.

    Examples
    --------
    >>> curve(np.array([90, 80, 90]), np.array([False, True, True])).errors.tolist()
    [1.0, 2.0]
    """
    seen, place = np.unique(score, return_inverse=True)
    weight = np.ones(len(score)) if weight is None else weight
    passed, errors = (np.bincount(place, weights=values, minlength=len(seen)) for values in (weight, weight * wrong))
    return Curve(seen[::-1], np.cumsum(passed[::-1]), np.cumsum(errors[::-1]))


def area(score: NDArray[np.int64], wrong: NDArray[np.bool_], weight: NDArray[np.float64] | None = None) -> float:
    """Area under the risk-coverage curve (AURC): the mean, over k, of the error rate of the k highest scores.

    Equal scores are in any order: the area is the mean over all of them. NaN without readings.

    Parameters
    ----------
    score : ndarray of int, shape (n,)
    wrong : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,), optional
        1 / inclusion probability of each reading. Equal scores get the mean of their weights.

    Examples
    --------
    >>> area(np.array([90, 80]), np.array([False, True]))
    0.25
    """
    if not len(score):
        return np.nan
    _, place, count = np.unique(-score, return_inverse=True, return_counts=True)
    weight = np.ones(len(score)) if weight is None else weight
    # Among equal scores each reading has the mean weight and the rate of incorrect ones.
    step, errors = ((np.bincount(place, weights=w) / count).repeat(count) for w in (weight, weight * wrong))
    return float((np.cumsum(errors) / np.cumsum(step)) @ step / step.sum())


def least_area(wrong: NDArray[np.bool_], weight: NDArray[np.float64] | None = None) -> float:
    """Area when every right reading scores above every wrong one.

    Examples
    --------
    >>> least_area(np.array([True, False]))
    0.25
    """
    return area(-wrong.astype(np.int64), wrong, weight)
