"""Failures of a test: at a rate, or the next ones."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._fault_injection import KINDS, FaultInjector

if TYPE_CHECKING:
    from collections.abc import Mapping


class PlannedFaults(FaultInjector):
    """Faults at a rate that can change, and faults that occur at the next occasions for certain.

    Parameters
    ----------
    rates : dict of str to float
        See `FaultInjector`.
    seed : int, default 0

    Examples
    --------
    >>> faults = PlannedFaults({})
    >>> faults.plan("throttle", 2)
    >>> [faults.occurs("throttle") for _ in range(3)]
    [True, True, False]
    """

    def __init__(self, rates: Mapping[str, float], seed: int = 0) -> None:
        super().__init__(rates, seed)
        self._planned: Counter[str] = Counter()

    def plan(self, kind: str, times: int) -> None:
        """Let a fault occur at the next `times` occasions."""
        if kind not in KINDS:
            raise InvalidRequestError(f"a fault must be {', '.join(KINDS)}, got {shown_choice(kind, KINDS)}")
        if not isinstance(times, int) or times < 1:
            raise InvalidRequestError(f"a fault must occur once or more, got times={describe(times)}")
        with self._lock:
            self._planned[kind] += times

    def forget(self) -> None:
        """Let no further fault occur but those at a rate."""
        with self._lock:
            self._planned.clear()

    def occurs(self, kind: str) -> bool:
        """Return whether a fault of this kind occurs now."""
        with self._lock:
            if self._planned[kind] > 0:
                self._planned[kind] -= 1
                return True
        return super().occurs(kind)
