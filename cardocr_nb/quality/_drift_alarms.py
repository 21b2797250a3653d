"""Alarms over days: a CUSUM scheme whose false alarms have a stated rate and are never taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

LEAST_REFERENCE = 10
"""Reference days from which the variation between days can be learned."""

PERIOD = 200
"""Days to which the number of false alarms refers."""

_SLACK = 0.75
"""Half of the change that is found fastest, in standard deviations of a day: a doubled rate of 3 % in 180 readings is 1.9."""

_LAG = 7
"""Latest days that the expectation does not learn from, so that it does not get used to a change at once. Simulated with 10
reference days, 30 cards a day and an error rate of 3 %: the median delay is 5 days, and without the lag 18."""


_BLOCK = 256
"""Days that are judged at once, which bounds the memory of years of days."""


def limit(false_alarms: float) -> float:
    """Return the limit of a CUSUM of standard normal values.

    Parameters
    ----------
    false_alarms : float
        Expected number in `PERIOD` days without any change.

    References
    ----------
    D. Siegmund, "Sequential analysis", 1985 (average run length of a CUSUM).

    Examples
    --------
    >>> round(limit(0.2), 2)
    3.52
    """
    from scipy.optimize import brentq  # type: ignore[import-untyped]  # scipy ships no type hints

    def excess(h: float) -> float:
        b = 2 * _SLACK * (h + 1.166)
        return float(np.log((np.exp(b) - 1 - b) / (2 * _SLACK**2)) - np.log(PERIOD / false_alarms))

    return float(brentq(excess, 0, 100))


def rate_deviations(count: NDArray[np.float64], n: NDArray[np.float64], reference: int) -> NDArray[np.float64]:
    """Return how unusual the rate of each day is, see `deviations`.

    Rates are compared on a scale on which their variance hardly depends on the rate. On that scale a rate of 0 or 1 depends on
    the number of cards, so that the value that the usual rate has for the number of each day is subtracted.

    Parameters
    ----------
    count, n : ndarray of shape (days,)
        Cards with a fault, and all cards of each day.
    reference : int
        Number of reference days, at the front.

    References
    ----------
    F. J. Anscombe, "The transformation of Poisson, binomial and negative-binomial data", Biometrika 35, 1948.
    """
    values, rate = _stable(count, n), np.cumsum(count) / np.cumsum(n)

    def without_usual(known: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.asarray(values - _stable(rate[known - 1][:, np.newaxis] * n, n))

    return deviations(without_usual, 1 / np.sqrt(4 * n + 2), n, reference)


def _stable(count: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.arcsin(np.sqrt((count + 0.375) / (n + 0.75))))


def deviations(
    values: NDArray[np.float64] | Callable[[NDArray[np.intp]], NDArray[np.float64]],
    least: NDArray[np.float64],
    n: NDArray[np.float64],
    reference: int,
) -> NDArray[np.float64]:
    """Return how unusual each day is after the days before it, as a standard normal value; NaN for reference days.

    Parameters
    ----------
    values : ndarray of shape (days,), or callable
        Of each day; or a function of the numbers of days that are known, which returns a row of values for each.
    least : ndarray of shape (days,)
        Standard deviation that a day has from its number of cards alone.
    n : ndarray of shape (days,)
        Cards of each day, by which days are weighted.
    reference : int
        Number of reference days, at the front.

    Notes
    -----
    A day is compared by the t distribution with all days up to a week before it, the reference days at least
    (self-starting CUSUM). Later days change nothing. The mean of a reference with few cards is uncertain, and it is the same
    for all days of a week, so that its error adds up over these days: what exceeds that of days with as many cards counts by
    the number of these days.

    References
    ----------
    D. M. Hawkins, "Self-starting CUSUM charts for location and scale", The Statistician 36, 1987.
    """
    from scipy.stats import norm, t  # type: ignore[import-untyped]  # scipy ships no type hints

    result = np.full(len(n), np.nan)
    for start in range(reference, len(n), _BLOCK):
        days = np.arange(start, min(start + _BLOCK, len(n)))
        last = np.maximum(reference, days - _LAG)
        rows = values(last) if callable(values) else np.broadcast_to(values, (len(days), len(n)))
        weight = (np.arange(len(n)) < last[:, np.newaxis]) * n
        total, squares = weight.sum(axis=1), (weight**2).sum(axis=1)
        equal = total**2 / squares  # number of equally weighted days with the same variance (Kish)
        mean = (weight * rows).sum(axis=1) / total
        known = (weight * (rows - mean[:, np.newaxis]) ** 2).sum(axis=1) / total * equal / (equal - 1)
        here = np.maximum(np.maximum(known, least[days] ** 2), 1e-18)
        error = np.maximum(known / equal, (weight**2 * least**2).sum(axis=1) / total**2)
        error += (_LAG - 1) * np.maximum(error - here / last, 0)
        distance = (rows[np.arange(len(days)), days] - mean) / np.sqrt(here + error)
        result[days] = norm.ppf(np.clip(t.cdf(distance, equal - 1), 1e-9, 1 - 1e-9))
    return result


def cusum(deviation: NDArray[np.float64], false_alarms: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the evidence of a rise after each day, 1 at the limit, and the alarms; after an alarm the sum restarts.

    Examples
    --------
    >>> evidence, alarm = cusum(np.array([np.nan, 0.0, 3.0, 3.0]), 0.2)
    >>> alarm.tolist()
    [False, False, False, True]
    """
    height = limit(false_alarms)
    evidence = np.full(len(deviation), np.nan)
    alarm = np.zeros(len(deviation), dtype=bool)
    total = 0.0
    for day in np.flatnonzero(~np.isnan(deviation)):
        total = max(0.0, total + deviation[day] - _SLACK)
        evidence[day] = total / height
        if total >= height:
            alarm[day], total = True, 0.0
    return evidence, alarm
