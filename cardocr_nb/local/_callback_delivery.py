"""Callbacks: each job that has ended is told to its address, again after a pause when nobody took it.

What is to be told stands in the job table, in the same step with the job's end. Whatever has not been told when the
process ends is told by the next one on the same table.
"""

from __future__ import annotations

import heapq
import logging
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

import requests

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._encode import callback_bytes
from cardocr_nb.wire._records import Callback

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local._fault_injection import Faults
    from cardocr_nb.local._job_table import Address, JobTable
    from cardocr_nb.local._url_guard import UrlGuard
    from cardocr_nb.wire._records import Job

log = logging.getLogger(__name__)

PAUSES = (1.0, 5.0, 25.0, 120.0)
_TYPES = {"XML": "application/xml", "JSON": "application/json"}


class Callbacks:
    """A bounded number of threads that tell ended jobs.

    Parameters
    ----------
    table : JobTable
    reach : Reach
        Which addresses may be called.
    faults : Faults
    pauses : sequence of float, default (1, 5, 25, 120)
        Seconds before each further attempt; one more attempt is made than there are pauses.
    threads : int, default 4
    """

    def __init__(
        self, table: JobTable, reach: UrlGuard, faults: Faults, *, pauses: Sequence[float] = PAUSES, threads: int = 4
    ) -> None:
        self._table, self._reach, self._faults, self._pauses = table, reach, faults, tuple(pauses)
        self._due: list[tuple[float, int, str]] = [(0.0, 0, job_id) for job_id in table.untold()]
        self._wake = threading.Condition()
        self._last_call: float | None = None
        self._threads = [
            threading.Thread(target=self._work, name=f"cardocr-callback-{n}", daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def add(self, job_id: str) -> None:
        """Tell a job that has ended."""
        self._put(0.0, 0, job_id)

    def close(self, seconds: float = 5.0) -> None:
        """End the threads; what was never tried is tried once, for so many seconds at most."""
        with self._wake:
            self._last_call = time.monotonic() + seconds
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()

    def _put(self, when: float, tried: int, job_id: str) -> None:
        with self._wake:
            heapq.heappush(self._due, (when, tried, job_id))
            self._wake.notify()

    def _work(self) -> None:
        while (item := self._next()) is not None:
            try:
                self._tell(*item)
            except sqlite3.Error as e:
                log.error("the job table cannot be written: %s", e)  # noqa: TRY400 - a full disk needs no trace

    def _tell(self, tried: int, job_id: str) -> None:
        found = self._table.callback(job_id)
        if found is None:
            return
        if self._taken(*found):
            self._table.told(job_id)
        elif tried < len(self._pauses):
            self._put(time.monotonic() + self._pauses[tried], tried + 1, job_id)
        else:
            log.warning("callback of job %s given up after %d attempts", job_id, tried + 1)
            self._table.told(job_id)

    def _next(self) -> tuple[int, str] | None:
        """Wait for what is due; None when the threads are to end."""
        with self._wake:
            while True:
                now = time.monotonic()
                if self._last_call is not None:
                    self._due = [item for item in self._due if item[1] == 0]
                    if not self._due or now > self._last_call:
                        return None
                if self._due and self._due[0][0] <= now:
                    _, tried, job_id = heapq.heappop(self._due)
                    return tried, job_id
                self._wake.wait(self._due[0][0] - now if self._due else None)

    def _taken(self, job: Job, address: Address) -> bool:
        body = callback_bytes(Callback("TaskFinish", (job,)), address.format)
        times = 2 if self._faults.strike("duplicate-callback") else 1
        return all(self._post(job.id, address, body) for _ in range(times))

    def _post(self, job_id: str, address: Address, body: bytes) -> bool:
        headers = {"Content-Type": _TYPES[address.format]}
        try:
            with self._reach.call("POST", address.url, data=body, headers=headers) as response:
                status = response.status_code
        except (requests.RequestException, InvalidRequestError, OSError) as e:
            log.info("callback of job %s not taken: %s", job_id, type(e).__name__)
            return False
        if not 200 <= status < 300:
            log.info("callback of job %s not taken: status %d", job_id, status)
        return 200 <= status < 300
