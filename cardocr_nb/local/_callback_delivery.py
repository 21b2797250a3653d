"""Callbacks: the end of a job is posted to its callback address, and posted again after a delay if that fails.

The job table keeps the callbacks that are due, in the same transaction as the end of the job. A callback that is still
due when the process ends is posted by the next process on the same table.
"""

from __future__ import annotations

import heapq
import http.client
import logging
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._encode import callback_bytes
from cardocr_nb.wire._records import Callback

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local._fault_injection import FaultInjector
    from cardocr_nb.local._job_table import CallbackTarget, JobTable
    from cardocr_nb.local._url_guard import UrlGuard
    from cardocr_nb.wire._records import Job

log = logging.getLogger(__name__)

RETRY_DELAYS = (1.0, 5.0, 25.0, 120.0)
_TYPES = {"XML": "application/xml", "JSON": "application/json"}


class CallbackQueue:
    """A bounded number of threads that post callbacks.

    Parameters
    ----------
    table : JobTable
    url_guard : UrlGuard
        Decides which addresses may be called.
    faults : FaultInjector
    retry_delays : sequence of float, default (1, 5, 25, 120)
        Seconds before each further attempt; there is one attempt more than delays.
    threads : int, default 4
    """

    def __init__(
        self,
        table: JobTable,
        url_guard: UrlGuard,
        faults: FaultInjector,
        *,
        retry_delays: Sequence[float] = RETRY_DELAYS,
        threads: int = 4,
    ) -> None:
        self._table, self._url_guard, self._faults = table, url_guard, faults
        self._retry_delays = tuple(retry_delays)
        self._due: list[tuple[float, int, str]] = [(0.0, 0, job_id) for job_id in table.pending_callbacks()]
        self._changed = threading.Condition()
        self._close_deadline: float | None = None
        self._threads = [
            threading.Thread(target=self._work, name=f"cardocr-callback-{n}", daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def add(self, job_id: str) -> None:
        """Post the callback of a job that has ended."""
        self._schedule(0.0, 0, job_id)

    def close(self, seconds: float = 5.0) -> None:
        """End the threads. Callbacks without an attempt yet get one, for at most so many seconds."""
        with self._changed:
            self._close_deadline = time.monotonic() + seconds
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _schedule(self, when: float, attempts: int, job_id: str) -> None:
        with self._changed:
            heapq.heappush(self._due, (when, attempts, job_id))
            self._changed.notify()

    def _work(self) -> None:
        while (item := self._wait_for_due()) is not None:
            try:
                self._deliver(*item)
            except sqlite3.Error as e:
                log.error("the job table cannot be written: %s", e)  # noqa: TRY400 - a full disk needs no trace

    def _deliver(self, attempts: int, job_id: str) -> None:
        pending = self._table.get_callback(job_id)
        if pending is None:
            return
        if self._post_all(*pending):
            self._table.finish_callback(job_id)
        elif attempts < len(self._retry_delays):
            self._schedule(time.monotonic() + self._retry_delays[attempts], attempts + 1, job_id)
        else:
            log.warning("callback of job %s given up after %d attempts", job_id, attempts + 1)
            self._table.finish_callback(job_id)

    def _wait_for_due(self) -> tuple[int, str] | None:
        """Wait for the next callback that is due; return None when the threads are to end."""
        with self._changed:
            while True:
                now = time.monotonic()
                if self._close_deadline is not None:
                    self._due = [item for item in self._due if item[1] == 0]
                    if not self._due or now > self._close_deadline:
                        return None
                if self._due and self._due[0][0] <= now:
                    _, attempts, job_id = heapq.heappop(self._due)
                    return attempts, job_id
                self._changed.wait(self._due[0][0] - now if self._due else None)

    def _post_all(self, job: Job, target: CallbackTarget) -> bool:
        body = callback_bytes(Callback("TaskFinish", (job,)), target.format)
        times = 2 if self._faults.occurs("duplicate-callback") else 1
        return all(self._post(job.id, target, body) for _ in range(times))

    def _post(self, job_id: str, target: CallbackTarget, body: bytes) -> bool:
        headers = {"Content-Type": _TYPES[target.format]}
        try:
            with self._url_guard.open("POST", target.url, body=body, headers=headers) as response:
                status = response.status
        except (http.client.HTTPException, InvalidRequestError, OSError) as e:
            log.info("callback of job %s failed: %s", job_id, type(e).__name__)
            return False
        if not 200 <= status < 300:
            log.info("callback of job %s failed: status %d", job_id, status)
        return 200 <= status < 300
