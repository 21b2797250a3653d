"""How many more cases to label where a threshold is not shown yet."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from cardocr_nb.quality._intervals import sample_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

Obstacle: TypeAlias = Literal["few", "errors", "incorrect", "uneven"]
"""Why a promise is not shown: too few cases, some errors among few cases, too many errors, or groups or weights that are
too unequal."""


def cases_enough(precision: float, confidence: float, errors: int = 0, *, one_score: bool = False) -> int:
    """Return a number of cases that get a threshold if `errors` of them are incorrect, at any scores.

    A search with k starting points tests at a level of 1 - (1 - confidence) / k, the last time from ``2**(k - 1)`` times as
    many cases on as show the precision without an error. There are k of them from ``2**k`` times as many cases on.

    Parameters
    ----------
    precision, confidence : float
        Between 0 and 1.
    errors : int, default 0
    one_score : bool, default False
        All cases have the same score: one test decides.

    Examples
    --------
    >>> cases_enough(0.995, 0.95), cases_enough(0.995, 0.95, 1), cases_enough(0.995, 0.95, 1, one_score=True)
    (598, 2392, 947)
    """
    if errors == 0 or one_score:
        return sample_size(precision, confidence, errors)
    for starts in count(2):
        level = 1 - (1 - confidence) / starts
        if sample_size(precision, level, errors) <= sample_size(precision, level) * 2 ** (starts - 1):
            break
    return sample_size(precision, confidence) * int(2**starts)


def units_and_errors(correct: NDArray[np.bool_], group: NDArray[np.intp] | None) -> tuple[int, int]:
    """Return the number of cases and of incorrect ones; of groups and those with an incorrect case where there are groups.

    Examples
    --------
    >>> units_and_errors(np.array([True, False, True]), np.array([0, 0, 1]))
    (2, 1)
    """
    if group is None:
        return len(correct), int((~correct).sum())
    return len(np.unique(group)), len(np.unique(group[~correct]))


def obstacle(units: int, errors: int, enough: int, precision: float, confidence: float) -> Obstacle:
    """Return why a promise is not shown.

    Parameters
    ----------
    units, errors, enough : int
        Cases or groups, those with an error, and as many as are enough, see `cases_enough`.
    precision, confidence : float
        The promise. ``incorrect``: as many errors have a probability of less than ``1 - confidence`` if all units keep it.

    Examples
    --------
    >>> obstacle(24, 0, 598, 0.995, 0.95), obstacle(24, 1, 2392, 0.995, 0.95), obstacle(24, 9, 9568, 0.995, 0.95)
    ('few', 'errors', 'incorrect')
    """
    from scipy.stats import binom  # type: ignore[import-untyped]  # scipy ships no type hints

    if units >= enough:
        return "uneven"
    if errors == 0:
        return "few"
    return "incorrect" if binom.sf(errors - 1, units, 1 - precision) < 1 - confidence else "errors"
