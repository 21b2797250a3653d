"""Retries of GET and HEAD: how many, and how long to wait before each."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self

from urllib3.exceptions import MaxRetryError, ResponseError
from urllib3.util import Retry

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from urllib3.connectionpool import ConnectionPool
    from urllib3.response import BaseHTTPResponse

_PASSING = frozenset({429, 500, 502, 503, 504})
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
_MOST_DIGITS = 9


class PatientRetry(Retry):
    """urllib3's `Retry` for GET and HEAD, with jitter from the first pause on.

    ``Retry-After`` is waited for, up to a minute: an answer that asks for longer is handed to the caller at once, who
    can use the time. Without it the pauses double from half a second.
    """

    pause: Callable[[float], object] = staticmethod(time.sleep)

    @classmethod
    def times(cls, retries: int, pause: Callable[[float], object]) -> PatientRetry:
        """Make a policy of so many repetitions.

        Examples
        --------
        >>> PatientRetry.times(2, print).total
        2
        """
        made = cls(
            total=retries,
            redirect=0,
            allowed_methods=("GET", "HEAD"),
            status_forcelist=_PASSING,
            raise_on_status=False,
        )
        made.pause = pause
        return made

    def new(self, **kw: Any) -> Self:
        """Carry the pause over to the next attempt."""
        made = super().new(**kw)
        made.pause = self.pause
        return made

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Raise at once if ``Retry-After`` asks for more than a minute."""
        asked = _asked(response)
        if asked is not None and asked > _LONGEST_PAUSE and _pool is not None:
            raise MaxRetryError(_pool, "", ResponseError("Retry-After is too long to wait for"))
        return super().increment(method, url, response, error, _pool, _stacktrace)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Wait before the next attempt."""
        asked = _asked(response)
        if asked is None:
            self.pause(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (len(self.history) - 1)) * _jitter(0.5, 1.0))
        else:
            self.pause(asked * _jitter(1.0, 1.1))


def _jitter(least: float, most: float) -> float:
    return random.uniform(least, most)  # noqa: S311 - spreads callers in time, guards nothing


def _asked(response: BaseHTTPResponse | None) -> float | None:
    """Return the seconds that ``Retry-After`` asks for; None without it, or where it is neither number nor date."""
    text = "" if response is None else response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:_MOST_DIGITS])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
