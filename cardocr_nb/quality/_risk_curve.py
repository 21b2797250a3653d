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
    passed : ndarray of int, shape (n,)
        Readings at or above it.
    errors : ndarray of int, shape (n,)
        Wrong ones among them.
    """

    score: NDArray[np.int64]
    passed: NDArray[np.int64]
    errors: NDArray[np.int64]


def curve(score: NDArray[np.int64], wrong: NDArray[np.bool_]) -> Curve:
    """Count from the highest score down.

    Examples
    --------
    >>> curve(np.array([90, 80, 90]), np.array([False, True, True])).errors.tolist()
    [1, 2]
    """
    seen, place, count = np.unique(score, return_inverse=True, return_counts=True)
    errors = np.bincount(place, weights=wrong, minlength=len(seen)).astype(np.int64)
    return Curve(seen[::-1], np.cumsum(count[::-1]), np.cumsum(errors[::-1]))


def area(score: NDArray[np.int64], wrong: NDArray[np.bool_]) -> float:
    """Area under the risk-coverage curve (AURC): the mean, over k, of the error rate of the k highest scores.

    Equal scores are in any order: the area is the mean over all of them. NaN without readings.

    Examples
    --------
    >>> area(np.array([90, 80]), np.array([False, True]))
    0.25
    """
    if not len(score):
        return np.nan
    _, place, count = np.unique(-score, return_inverse=True, return_counts=True)
    # Among equal scores each reading is wrong with the share of wrong ones.
    expected = (np.bincount(place, weights=wrong) / count).repeat(count)
    return float((np.cumsum(expected) / np.arange(1, len(score) + 1)).mean())


def least_area(wrong: NDArray[np.bool_]) -> float:
    """Area when every right reading scores above every wrong one.

    Examples
    --------
    >>> least_area(np.array([True, False]))
    0.25
    """
    if not len(wrong):
        return np.nan
    k = np.arange(1, len(wrong) + 1)
    return float((np.maximum(k - (~wrong).sum(), 0) / k).mean())
