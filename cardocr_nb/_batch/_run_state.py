"""What the threads of a run share: what is to be started, what is in flight, what is in doubt, how it ends.

Its size is bounded by the jobs in flight, whatever the number of images: those wait in the ledger.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardocr_nb._batch._error_action import ErrorAction, verdict
from cardocr_nb.errors import ServiceError

if TYPE_CHECKING:
    from datetime import datetime

    from cardocr_nb._batch._pace import RateLimiter
    from cardocr_nb._ledger import Image, Ledger
    from cardocr_nb.errors import CardOCRError

_FED = 200
_NAP = 0.5
_LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class PendingJob:
    """A job that has not ended; times are of ``time.monotonic``."""

    job_id: str
    row: int
    since: float
    created: datetime | None = None
    due: float = 0.0
    missed: int = 0


@dataclass(slots=True)
class UnconfirmedSubmission:
    """A submission of which nobody knows whether it was accepted, now or `before` this run."""

    row: int
    key: str
    token: str
    number: int
    since: float
    due: float
    before: bool = False


class RunState:
    """The shared state of a run; every method may be called from any thread.

    Parameters
    ----------
    ledger : Ledger
    run : int
        Number of the run.
    in_flight : int
        Jobs submitted and not yet ended, at most.
    max_calls : int or None
        Submissions that may have to be paid for, at most.
    patience : float
        Seconds without any success after which the run gives up.
    pause : float
        Seconds before something is tried again for the first time.
    """

    def __init__(
        self, ledger: Ledger, run: int, *, in_flight: int, max_calls: int | None, patience: float, pause: float
    ) -> None:
        self.stop, self.halt = threading.Event(), threading.Event()
        self.error: CardOCRError | None = None
        self.reason = ""
        self.flights: dict[str, PendingJob] = {}
        self.doubts: dict[int, UnconfirmedSubmission] = {}
        self.calls = self.accepted = self.queries = self.ended = self.failed = 0
        self.starting, self.worked = True, False
        self._ledger, self._run, self._most, self._max_calls = ledger, run, in_flight, max_calls
        self._patience, self._pause = patience, pause
        self._good = time.monotonic()
        self._changed = threading.Condition()
        self._ready: deque[Image] = deque()
        self._later: list[tuple[float, int, Image]] = []
        self._last_row, self._busy, self._all_fed = 0, 0, False

    def take(self) -> Image | None:
        """Give the next image to start, when there is room for it; None when there is nothing more to start."""
        with self._changed:
            while not self.stop.is_set():
                self._feed()
                if self._ready and self._busy + len(self.flights) + len(self.doubts) < self._most:
                    self._busy += 1
                    return self._ready.popleft()
                if not (self._ready or self._later or self._busy or self.doubts or self.flights):
                    break
                self._changed.wait(min(_NAP, self._later[0][0] - time.monotonic()) if self._later else _NAP)
            self._changed.notify_all()
        return None

    def _feed(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            self._ready.append(heapq.heappop(self._later)[2])
        if not self._ready and not self._all_fed:
            found = self._ledger.to_start(self._run, self._last_row, _FED)
            self._all_fed = not found
            if found:
                self._last_row = found[-1].id
                self._ready.extend(found)

    def put_down(self) -> None:
        """Say that a thread has done what it can for the image it took."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def again(self, image: Image, seconds: float | None = None) -> None:
        """Start an image later: after `seconds`, or after pauses that double."""
        pause = min(_LONGEST_PAUSE, self._pause * 2**image.tries) if seconds is None else seconds
        image.tries += seconds is None
        with self._changed:
            due = time.monotonic() + pause * random.uniform(1.0, 1.3)  # noqa: S311 - spreads calls, guards nothing
            heapq.heappush(self._later, (due, image.id, image))
            self._changed.notify_all()

    def spend(self) -> bool:
        """Take one submission out of the budget; False, and the run stops, when there is none left."""
        with self._changed:
            if self._max_calls is not None and self.calls >= self._max_calls:
                self.end("budget")
                return False
            self.calls += 1
            return True

    def refund(self) -> None:
        """Give a submission back to the budget: it was refused, or never arrived."""
        with self._changed:
            self.calls -= 1

    def launch(self, flight: PendingJob, *, before: bool = False) -> None:
        """Take in a job that was accepted, now or `before` this run."""
        with self._changed:
            self.flights[flight.job_id] = flight
            self.doubts.pop(flight.row, None)
            self.accepted += not before
            self._changed.notify_all()

    def doubt(self, doubt: UnconfirmedSubmission) -> None:
        """Take in a submission that nobody knows the fate of."""
        with self._changed:
            self.doubts[doubt.row] = doubt
            self._changed.notify_all()

    def settle(self, row: int) -> None:
        """Take a submission out of doubt."""
        with self._changed:
            self.doubts.pop(row, None)
            self._changed.notify_all()

    def land(self, job_ids: list[str]) -> None:
        """Take jobs out of flight."""
        with self._changed:
            for job_id in job_ids:
                self.flights.pop(job_id, None)
            self._changed.notify_all()

    def count(self, *, ended: int = 1, failed: int = 0) -> None:
        """Count images that have their outcome."""
        with self._changed:
            self.ended += ended
            self.failed += failed

    def good(self) -> None:
        """Say that the service has answered."""
        self._good, self.worked = time.monotonic(), True

    def bad(self, error: CardOCRError) -> None:
        """Say that the service could not be reached or was throttling; the run gives up when that lasts too long."""
        if time.monotonic() - self._good > self._patience:
            self.end("patience", error, at_once=True)

    def unanswered(self, error: CardOCRError, limit: RateLimiter) -> None:
        """Say that a query was refused or lost: ask less, or end when every other would be refused too."""
        if verdict(error, worked=self.worked) is ErrorAction.ALL:
            self.end("refused", error, at_once=True)
            return
        limit.throttled(error.retry_after if isinstance(error, ServiceError) else None)
        self.bad(error)

    def end(self, reason: str, error: CardOCRError | None = None, *, at_once: bool = False) -> None:
        """Start nothing more; with `at_once`, do not wait for what is in flight either."""
        with self._changed:
            self.reason = self.reason or reason
            self.error = self.error or error
            self.stop.set()
            if at_once:
                self.halt.set()
            self._changed.notify_all()

    def nap(self, seconds: float) -> None:
        """Wait until something changes, so long at most."""
        with self._changed:
            self._changed.wait(seconds)

    @property
    def all_started(self) -> bool:
        """Whether every image has been started, as far as can be told now."""
        with self._changed:
            return self.stop.is_set() or (self._all_fed and not (self._ready or self._later or self._busy))

    @property
    def idle(self) -> bool:
        """Whether all that was started has ended, and nothing more will be."""
        with self._changed:
            if self.halt.is_set():
                return True
            return not (self.starting or self.flights or (self.doubts and not self.stop.is_set()))
