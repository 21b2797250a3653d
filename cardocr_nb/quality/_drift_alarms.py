"""Alarms over days: a CUSUM scheme whose false alarms have a stated rate and are never taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
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


def rate_values(
    count: NDArray[np.float64], n: NDArray[np.float64], reference: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return daily rates on a scale on which their variance hardly depends on the rate, and their least deviation.

    On that scale a rate of 0 or 1 depends on the number of cards. The value that the rate of the first `reference` days has
    for the number of each day is therefore subtracted: more or fewer cards a day do not count as a change.

    References
    ----------
    F. J. Anscombe, "The transformation of Poisson, binomial and negative-binomial data", Biometrika 35, 1948.
    """
    usual = count[:reference].sum() / max(n[:reference].sum(), 1.0)
    values, expected = (np.arcsin(np.sqrt((c + 0.375) / (n + 0.75))) for c in (count, usual * n))
    return values - expected, 1 / np.sqrt(4 * n + 2)


def deviations(values: NDArray[np.float64], least: NDArray[np.float64], reference: int) -> NDArray[np.float64]:
    """Return how unusual each day is after the days before it, as a standard normal value; NaN for reference days.

    Parameters
    ----------
    values : ndarray of shape (days,)
    least : ndarray of shape (days,)
        Standard deviation that a day has from its number of cards alone.
    reference : int
        Number of reference days, at the front.

    Notes
    -----
    A day is compared by the t distribution with all days up to a week before it, the reference days at least
    (self-starting CUSUM). Later days change nothing.

    References
    ----------
    D. M. Hawkins, "Self-starting CUSUM charts for location and scale", The Statistician 36, 1987.
    """
    from scipy.stats import norm, t  # type: ignore[import-untyped]  # scipy ships no type hints

    result = np.full(len(values), np.nan)
    days = np.arange(reference, len(values))
    n = np.maximum(reference, days - _LAG)
    # Sums over the first days, around a value near their mean so that their difference keeps its digits.
    start = values[:reference].mean()
    sums, squares = (np.cumsum((values - start) ** power)[n - 1] for power in (1, 2))
    known = np.sqrt(np.maximum(squares - sums**2 / n, 0.0) / (n - 1))
    here = np.maximum(np.maximum(known, least[days]), 1e-9)
    # The mean of days with few cards is less certain than one day with many suggests.
    before = np.maximum(known, np.sqrt(np.cumsum(least**2)[n - 1] / n))
    distance = (values[days] - start - sums / n) / np.sqrt(here**2 + before**2 / n)
    result[days] = norm.ppf(np.clip(t.cdf(distance, n - 1), 1e-9, 1 - 1e-9))
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
