"""Fault injection: failures that happen in the cloud now and then, here at a given rate and from a seed."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._service_fault import ServiceFault, slow_down
from cardocr_nb.local._worker import ReadingError, recognized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine import Reader
    from cardocr_nb.wire._records import Field

KINDS = ("throttle", "drop-before", "drop-after", "fail", "slow", "duplicate-callback")
SLOW_SECONDS = 2.0


class FaultInjector:
    """Faults at random, the same ones for the same seed and the same sequence of calls.

    Parameters
    ----------
    rates : dict of str to float
        Rate of each kind, 0 to 1: ``throttle`` (429 or 503 to any call), ``drop-before`` and ``drop-after`` (the connection
        is cut before or after a job is accepted), ``fail`` (the job fails), ``slow`` (reading takes 2 s longer),
        ``duplicate-callback``.
    seed : int, default 0

    Raises
    ------
    InvalidRequestError
        The kind is unknown, or the rate is outside 0 to 1.

    Examples
    --------
    >>> faults = FaultInjector({"throttle": 0.5}, seed=1)
    >>> [faults.occurs("throttle") for _ in range(4)], faults.occurs("fail")
    ([True, False, False, True], False)
    """

    def __init__(self, rates: Mapping[str, float], seed: int = 0) -> None:
        for kind, rate in rates.items():
            if kind not in KINDS:
                raise InvalidRequestError(f"a fault must be {', '.join(KINDS)}, got {shown_choice(kind, KINDS)}")
            if not isinstance(rate, int | float) or not 0 <= rate <= 1:
                raise InvalidRequestError(f"the rate of {kind} must be 0 to 1, got {describe(rate)}")
        self.rates = dict(rates)
        self._random = random.Random(seed)  # noqa: S311 - places faults in tests, protects nothing
        self._lock = threading.Lock()

    @classmethod
    def parse(cls, texts: Iterable[str], seed: int = 0) -> FaultInjector:
        """Parse texts such as ``throttle=0.1``.

        Raises
        ------
        InvalidRequestError

        Examples
        --------
        >>> FaultInjector.parse(["fail=0.25"]).rates
        {'fail': 0.25}
        """
        rates = {}
        for text in texts:
            kind, _, rate = text.partition("=")
            try:
                rates[kind] = float(rate)
            except ValueError:
                raise InvalidRequestError(
                    f"a fault must be KIND=RATE, such as throttle=0.1, got {shown_choice(text, KINDS)}"
                ) from None
        return cls(rates, seed)

    def occurs(self, kind: str) -> bool:
        """Return whether a fault of this kind occurs now."""
        rate = self.rates.get(kind, 0.0)
        if not rate:
            return False
        with self._lock:
            return self._random.random() < rate

    def raise_if_throttled(self) -> None:
        """Refuse the call if a ``throttle`` occurs, with 429 or 503.

        Raises
        ------
        ServiceFault
        """
        if self.occurs("throttle"):
            with self._lock:
                first = self._random.random() < 0.5
            raise _limit_exceeded() if first else slow_down("Reduce your request rate.")


def _limit_exceeded() -> ServiceFault:
    return slow_down("The request frequency exceeds the limit.", code="RequestLimitExceeded", status=429)


class FaultyReader:
    """A reader with a latency, which fails when a fault occurs.

    Parameters
    ----------
    reader : Reader
    latency : float
        Seconds that each image takes longer.
    faults : FaultInjector
    sleep : callable, default time.sleep
    """

    def __init__(
        self, reader: Reader, latency: float, faults: FaultInjector, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._reader, self._latency, self._faults, self._sleep = reader, latency, faults, sleep

    def read(self, image: NDArray[np.uint8], card_type: str) -> list[Field]:
        """Read an image after the latency, or raise `ReadingError` if a ``fail`` occurs."""
        return list(self.read_object(image, card_type, None)[0])

    def read_object(self, image: NDArray[np.uint8], card_type: str, key: str | None) -> tuple[tuple[Field, ...], str]:
        """Read an image as `read` does, with the message of the reader."""
        seconds = self._latency + (SLOW_SECONDS if self._faults.occurs("slow") else 0.0)
        if seconds:
            self._sleep(seconds)
        if self._faults.occurs("fail"):
            raise ReadingError("InternalError", "an injected failure (--fault fail)")
        return recognized(self._reader, image, card_type, key)
