"""The state that the threads of a run share: images to start, pending jobs, unconfirmed submissions, the end of the run.

Its size is bounded by the jobs in flight, not by the number of images: those wait in the ledger.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardocr_nb._batch._error_action import query_ends_run
from cardocr_nb.errors import ServiceError, TransportError

if TYPE_CHECKING:
    from datetime import datetime

    from cardocr_nb._batch._options import RunOptions
    from cardocr_nb._batch._pace import RateLimiter
    from cardocr_nb._ledger import Image, Ledger
    from cardocr_nb.errors import CardOCRError

LONGEST_PAUSE = 60.0
"""Maximum seconds between two attempts, also if ``Retry-After`` asks for more; as in `cardocr_nb.cloud`."""

_FED = 200
_LEAST_PAUSE = 0.05
_WAKE_UP = 0.5
_FIRST_CONTACT = 5.0
"""Seconds in which a run must reach the service once. A wrong region or endpoint is the usual cause; a network that fails
later has `stall_timeout`."""


@dataclass(slots=True)
class PendingJob:
    """A job that was accepted and has not ended; times are of ``time.monotonic``.

    Attributes
    ----------
    job_id : str
    row : int
        Row in the ledger.
    key : str
        Name of its image in the bucket.
    since : float
        When this run began to wait for it.
    created : datetime or None
        By the service's clock.
    earlier : bool
        Whether an earlier run submitted it.
    due : float
        When to ask for it next; 0 before the first time.
    missing_since : float or None
        Since when the service does not know it.
    last_state : str
        State in the last answer.
    """

    job_id: str
    row: int
    key: str
    since: float
    created: datetime | None = None
    earlier: bool = False
    due: float = 0.0
    missing_since: float | None = None
    last_state: str = ""


@dataclass(slots=True)
class UnconfirmedSubmission:
    """A submission without a valid answer, of this run or an `earlier` one: it may or may not have been accepted."""

    row: int
    key: str
    token: str
    number: int
    since: float
    due: float = 0.0
    earlier: bool = False
    answer: CardOCRError | None = None


class RunState:
    """The shared state of a run; every method may be called from any thread.

    Parameters
    ----------
    ledger : Ledger
    run : int
        Number of the run.
    options : RunOptions
    pause : float
        Seconds before the first repetition of a failed call.
    """

    def __init__(self, ledger: Ledger, run: int, options: RunOptions, pause: float) -> None:
        self.stop, self.halt, self.abandoned = threading.Event(), threading.Event(), threading.Event()
        self.error: CardOCRError | None = None
        self.reason = ""
        self.pending: dict[str, PendingJob] = {}
        self.unconfirmed: dict[int, UnconfirmedSubmission] = {}
        self.unproven: dict[int, int] = {}
        self.calls = self.accepted = self.queries = self.ended = self.failed = self.empty = self.new_keys = 0
        self.starting, self.worked, self.reached = True, False, False
        self._ledger, self._run, self._options, self._pause = ledger, run, options, pause
        self._begun = self._progressed = time.monotonic()
        self._last_error: CardOCRError | None = None
        self._changed = threading.Condition()
        self._ready: deque[Image] = deque()
        self._later: list[tuple[float, int, Image]] = []
        self._last_row, self._busy, self._all_fed = 0, 0, False

    def next_image(self) -> Image | None:
        """Wait until an image can be started and return it; None when there is nothing more to start."""
        with self._changed:
            while not self.stop.is_set():
                self._feed()
                in_flight = self._busy + len(self.pending) + len(self.unconfirmed)
                if self._ready and in_flight < self._options.pace.in_flight:
                    self._busy += 1
                    return self._ready.popleft()
                if not (self._ready or self._later or in_flight):
                    break
                self._changed.wait(min(_WAKE_UP, self._later[0][0] - time.monotonic()) if self._later else _WAKE_UP)
            self._changed.notify_all()
        return None

    def _feed(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            self._ready.append(heapq.heappop(self._later)[2])
        if not self._ready and not self._all_fed:
            found = self._ledger.planned_images(self._run, self._last_row, _FED)
            self._all_fed = not found
            if found:
                self._last_row = found[-1].id
                self._ready.extend(found)

    def release_image(self) -> None:
        """Record that a thread has finished with the image it got from `next_image`."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def reschedule(self, image: Image, seconds: float | None = None) -> None:
        """Start an image again later: after `seconds`, or after pauses that double, up to a minute."""
        pause = max(_LEAST_PAUSE, self._pause * 2**image.tries) if seconds is None else seconds
        image.tries = min(image.tries + (seconds is None), 30)
        with self._changed:
            due = time.monotonic() + min(LONGEST_PAUSE, pause) * random.uniform(1.0, 1.3)  # noqa: S311 - spreads calls, guards nothing
            heapq.heappush(self._later, (due, image.id, image))
            self._changed.notify_all()

    def reserve_call(self) -> bool:
        """Count one submission; False, and the run stops, if `max_calls` is reached."""
        with self._changed:
            if self._options.max_calls is not None and self.calls >= self._options.max_calls:
                self.stop_run("budget")
                return False
            self.calls += 1
            return True

    def return_call(self) -> None:
        """Take back the count of a submission that was refused or never arrived."""
        with self._changed:
            self.calls -= 1

    def add_job(self, job: PendingJob) -> None:
        """Add a job that was accepted."""
        with self._changed:
            self.pending[job.job_id] = job
            self.unconfirmed.pop(job.row, None)
            self.accepted += not job.earlier
            self._changed.notify_all()
        if not job.earlier:
            self.record_success()

    def remove_jobs(self, job_ids: list[str]) -> None:
        """Remove jobs that have ended or are given up."""
        with self._changed:
            for job_id in job_ids:
                self.pending.pop(job_id, None)
            self._changed.notify_all()

    def add_unconfirmed(self, submission: UnconfirmedSubmission) -> None:
        """Add a submission that may or may not have been accepted."""
        with self._changed:
            self.unconfirmed[submission.row] = submission
            self._changed.notify_all()

    def remove_unconfirmed(self, row: int) -> None:
        """Remove a submission whose outcome is known."""
        with self._changed:
            self.unconfirmed.pop(row, None)
            self._changed.notify_all()

    def count_unproven(self, row: int) -> int:
        """Count an invalid answer to an image's submission that made no job; return how many there were."""
        with self._changed:
            self.unproven[row] = self.unproven.get(row, 0) + 1
            return self.unproven[row]

    def count_outcomes(self, *, ended: int = 1, failed: int = 0, empty: int = 0) -> None:
        """Count images that have their outcome; `empty` ones were recognized without a field."""
        with self._changed:
            self.ended += ended
            self.failed += failed
            self.empty += empty
        if ended:
            self.record_success()

    def count_new_key(self) -> None:
        """Count an image that is stored under another key than planned."""
        with self._changed:
            self.new_keys += 1

    def record_success(self) -> None:
        """Record progress: a job accepted, changed or ended. An upload is none: repeated for ever it would look like some."""
        self._progressed, self.worked, self.reached = time.monotonic(), True, True

    def record_failure(self, error: CardOCRError) -> None:
        """Record a call that could not be made or was throttled."""
        self._last_error = error
        unsent = isinstance(error, TransportError) and not error.maybe_accepted
        if unsent and not self.reached and time.monotonic() - self._begun > _FIRST_CONTACT:
            self.stop_run("unreachable", error, at_once=True)

    def record_query_failure(self, error: CardOCRError, limiter: RateLimiter) -> None:
        """Record a query that was refused or lost: query less, or end if every other would be refused too."""
        if query_ends_run(error, worked=self.worked):
            self.stop_run("refused", error, at_once=True)
            return
        limiter.slow_down(error.retry_after if isinstance(error, ServiceError) else None)
        self.record_failure(error)

    def check_progress(self) -> None:
        """End the run if nothing has progressed for `stall_timeout`; answers without progress do not count."""
        # A slow pace of one's own is not a stall.
        limit = max(self._options.stall_timeout, 2 / self._options.pace.submissions)
        if time.monotonic() - self._progressed > limit:
            self.stop_run("stall", self._last_error, at_once=True)

    def stop_run(self, reason: str, error: CardOCRError | None = None, *, at_once: bool = False) -> None:
        """Start nothing more; with `at_once`, do not wait for pending jobs either."""
        with self._changed:
            self.reason = self.reason or reason
            self.error = self.error or error
            self.stop.set()
            if at_once:
                self.halt.set()
            self._changed.notify_all()

    def wait_for_change(self, seconds: float) -> None:
        """Wait until something changes, at most so long."""
        with self._changed:
            self._changed.wait(seconds)

    @property
    def all_started(self) -> bool:
        """Whether every image has been started, as far as is known now."""
        with self._changed:
            return self.stop.is_set() or (self._all_fed and not (self._ready or self._later or self._busy))

    @property
    def idle(self) -> bool:
        """Whether everything that was started has ended, and nothing more will be started."""
        with self._changed:
            if self.halt.is_set():
                return True
            return not (self.starting or self.pending or (self.unconfirmed and not self.stop.is_set()))
