"""Intervals for rates."""

from __future__ import annotations

from numbers import Real
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from cardocr_nb._text_safety import describe

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def checked_confidence(confidence: float) -> float:
    """Return a confidence, or raise unless it is between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {describe(confidence)}")
    return confidence


def whole_number(name: str, value: Any, *, least: int) -> int:
    """Return a whole number, or raise unless it is one and `least` or more."""
    number = np.nan if type(value) is bool or not isinstance(value, Real) else float(value)
    if not number.is_integer() or number < least:
        raise ValueError(f"{name} must be a whole number of {least} or more, got {describe(value)}")
    return int(number)


def _counts(count: ArrayLike, n: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return counts and numbers of trials; counts of no trials are 0.

    Raises
    ------
    ValueError
        A number is negative or not finite, or a count is not from 0 to the number of trials.
    """
    k, n = (np.asarray(values, dtype=np.float64) for values in (count, n))
    k = np.where((n == 0) & np.isnan(k), 0.0, k)
    # Weighted counts are sums of fractions.
    valid = (n >= 0) & np.isfinite(n) & (k >= 0) & (k <= n * (1 + 1e-9))
    if not valid.all():
        raise ValueError(
            "count must be from 0 to n, and n a finite number of 0 or more; "
            f"got {np.count_nonzero(~valid)} other of {valid.size}"
        )
    return np.minimum(k, n), n


def wilson(
    count: ArrayLike, n: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the approximate interval for a rate by Wilson's score method.

    Parameters
    ----------
    count, n : array_like of int
        Successes and trials.
    confidence : float, default 0.95
        Between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        0 to 1; NaN where ``n`` is 0.

    Raises
    ------
    ValueError
        The confidence is not between 0 and 1, or a count not from 0 to `n`.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22, 1927.

    See Also
    --------
    exact_interval : Keeps its confidence near 0 and 1 too, where this one covers the true rate in as few as 84 of 100 samples.

    Examples
    --------
    >>> low, high = wilson(9, 10)
    >>> f"{low:.3f} {high:.3f}"
    '0.596 0.982'
    """
    z = NormalDist().inv_cdf((1 + checked_confidence(confidence)) / 2)
    k, n = _counts(count, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = k / n
        middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    # Rounding leaves 1e-17 where the end is 0 or 1 exactly.
    low, high = np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
    return np.where((k == 0) & (n > 0), 0.0, low)[()], np.where((k == n) & (n > 0), 1.0, high)[()]


def exact_interval(
    count: ArrayLike, n: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the exact interval for a rate by Clopper and Pearson.

    Parameters
    ----------
    count, n : array_like of int
        Successes and independent trials.
    confidence : float, default 0.95
        Of both sides together; the true rate is in the interval at least so often, for every rate and `n`.

    Returns
    -------
    low, high : ndarray of float
        0 to 1; NaN where ``n`` is 0.

    Raises
    ------
    ValueError
        The confidence is not between 0 and 1, or a count not from 0 to `n`.

    See Also
    --------
    lower_bound, upper_bound : One side alone.

    Examples
    --------
    >>> low, high = exact_interval([10, 9], [10, 10])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.692, 0.555], [1.0, 0.997])
    """
    side = (1 + checked_confidence(confidence)) / 2
    empty = np.asarray(n, dtype=np.float64) == 0
    bounds = lower_bound(count, n, confidence=side), upper_bound(count, n, confidence=side)
    low, high = (np.where(empty, np.nan, bound)[()] for bound in bounds)
    return low, high


def lower_bound(count: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> NDArray[np.float64]:
    """Return the exact one-sided lower bound for a rate by Clopper and Pearson.

    Parameters
    ----------
    count, n : array_like of int
        Successes and independent trials.
    confidence : float, default 0.95
        Probability, at least, that the bound is not above the true rate.

    Returns
    -------
    ndarray of float
        0 to 1; 0 where ``n`` is 0.

    Raises
    ------
    ValueError
        The confidence is not between 0 and 1, or a count not from 0 to `n`.

    References
    ----------
    C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 26, 1934.

    Examples
    --------
    >>> lower_bound([598, 597], [598, 598]).round(4).tolist()
    [0.995, 0.9921]
    """
    from scipy.stats import beta  # type: ignore[import-untyped]  # scipy ships no type hints

    k, n = _counts(count, n)
    bound = beta.ppf(1 - checked_confidence(confidence), np.where(k > 0, k, 1), np.maximum(n - k + 1, 1))
    return np.where(k > 0, bound, 0.0)


def upper_bound(count: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> NDArray[np.float64]:
    """Return the exact one-sided upper bound for a rate by Clopper and Pearson; 1 where ``n`` is 0.

    Parameters, errors and source are those of `lower_bound`.

    Examples
    --------
    >>> upper_bound([0, 1], [598, 598]).round(4).tolist()
    [0.005, 0.0079]
    """
    k, n = _counts(count, n)
    return 1 - lower_bound(n - k, n, confidence=confidence)


def sample_size(
    precision: float = 0.995, confidence: float = 0.95, errors: int = 0, *, group_size: float = 1, icc: float = 0
) -> int:
    """Return how many labeled cases show a precision, if so many of them are incorrect.

    Parameters
    ----------
    precision : float, default 0.995
        Rate of correct readings that is to be shown, between 0 and 1.
    confidence : float, default 0.95
        Of the one-sided exact bound, between 0 and 1.
    errors : int, default 0
        Incorrect readings among the cases.
    group_size : float, default 1
        Mean number of cases that come from one group, such as a day or a batch.
    icc : float, default 0
        Intraclass correlation of errors within a group, 0 to 1. The number grows by the design effect
        ``1 + (group_size - 1) * icc``.

    Returns
    -------
    int
        The smallest number whose `lower_bound` reaches `precision`, for one set of cases that was fixed before. A search for
        a threshold over several scores needs more where some are incorrect: the column ``enough`` of
        `cardocr_nb.quality.threshold`.

    Raises
    ------
    ValueError
        An argument is out of its range.

    Examples
    --------
    >>> sample_size(), sample_size(errors=1), sample_size(0.99)
    (598, 947, 299)
    """
    for name, value in (("precision", precision), ("confidence", confidence)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {describe(value)}")
    whole_number("errors", errors, least=0)
    if not 1 <= group_size < np.inf or not 0 <= icc <= 1:
        raise ValueError(f"group_size must be 1 or more and icc 0 to 1, got {describe(group_size)} and {describe(icc)}")
    low, high = int(errors), int(errors) + 1

    def shown(n: int) -> bool:
        return bool(lower_bound(n - errors, n, confidence=confidence) >= precision)

    while not shown(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return int(np.ceil(high * (1 + (group_size - 1) * icc)))
