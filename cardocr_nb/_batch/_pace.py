"""Rate limits of a run: never above the rates asked for, and below them while the service throttles."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrate_limiter import Rate, RateItem, StateBucket

from cardocr_nb._text_safety import describe
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable

_TICKS = 100_000  # a second; the limiter counts in whole ones, and milliseconds are too coarse for 50 calls a second
_LATE = 0.025
_STEP = 0.5
_LEAST = 0.02
_RECOVERY = 30.0
_LONGEST_CLOSED = 60.0  # a larger Retry-After would hold a run without end


@dataclass(frozen=True, slots=True)
class Pace:
    """Rates and numbers that a run keeps to. The vendor states the limits of an account; choose values below them.

    Attributes
    ----------
    submissions : float, default 10
        Maximum number of submissions a second.
    queries : float, default 5
        Maximum number of queries for jobs a second.
    in_flight : int, default 100
        Maximum number of jobs submitted and not ended.
    threads : int, default 8
        Images that are checked, uploaded and submitted at the same time.

    Raises
    ------
    InvalidRequestError
        A value is not positive, or a rate is above 10,000.

    Examples
    --------
    >>> Pace(submissions=50, in_flight=400)
    Pace(submissions=50, queries=5.0, in_flight=400, threads=8)
    """

    submissions: float = 10.0
    queries: float = 5.0
    in_flight: int = 100
    threads: int = 8

    def __post_init__(self) -> None:
        for name in ("submissions", "queries"):
            if not 0 < getattr(self, name) <= 10_000:
                raise InvalidRequestError(
                    f"{name} must be above 0 and at most 10,000 a second, got {describe(getattr(self, name))}"
                )
        for name in ("in_flight", "threads"):
            if getattr(self, name) < 1:
                raise InvalidRequestError(f"{name} must be 1 or more, got {describe(getattr(self, name))}")


class RateLimiter:
    """Limits calls a second, in every window of one second.

    When the service throttles, the rate is halved, at most once a second; it comes back over half a minute.

    Parameters
    ----------
    per_second : float
    clock : callable, default time.monotonic
        Seconds.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.asked = per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._reduced, self._since, self._closed_until = 1.0, -math.inf, -math.inf
        self._fraction = 1.0
        self._bucket = StateBucket([_rate(per_second)])

    @property
    def fraction(self) -> float:
        """Fraction of the rate asked for that is used now, 0 to 1."""
        return min(1.0, self._reduced + max(0.0, self._clock() - self._since) / _RECOVERY)

    def slow_down(self, seconds: float | None = None) -> None:
        """Halve the rate; with `seconds`, let nothing pass for so long, a minute at most."""
        with self._lock:
            moment = self._clock()
            if moment - self._since >= 1:
                self._reduced, self._since = max(_LEAST, self.fraction * _STEP), moment
            if seconds:
                self._closed_until = max(self._closed_until, moment + min(seconds, _LONGEST_CLOSED))

    def try_call(self) -> float:
        """Count a call and return 0, or return the seconds after which to try again."""
        with self._lock:
            moment = self._clock()
            if moment < self._closed_until:
                return self._closed_until - moment
            fraction = self.fraction
            if abs(fraction - self._fraction) > 0.01 or (fraction == 1 and self._fraction != 1):
                self._fraction, self._bucket.rates = fraction, [_rate(self.asked * fraction)]
            call = RateItem("", int(moment * _TICKS))
            if self._bucket.put(call):
                return 0.0
            ticks = self._bucket.waiting(call)
            if not isinstance(ticks, int):
                raise TypeError("the limiter must be one of this process")
            return max(1, ticks) / _TICKS

    def wait(self, stop: threading.Event) -> bool:
        """Wait until a call may be made; False if `stop` is set first."""
        while not stop.is_set():
            seconds = self.try_call()
            if not seconds:
                return True
            stop.wait(seconds)
        return False


def _rate(per_second: float) -> Rate:
    """Return a rate that spreads calls evenly, with a burst for late ones, and never exceeds a second's number."""
    burst = 1 + math.floor(per_second * _LATE)
    spread = min(per_second, math.ceil(per_second) - burst + 1 - 1e-3)
    return Rate(1, max(1, math.ceil(_TICKS / spread)), burst=burst)
