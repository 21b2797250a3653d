"""Retention: jobs that ended long ago are deleted, with the texts of their cards."""

from __future__ import annotations

import logging
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardocr_nb.local._job_table import JobTable

log = logging.getLogger(__name__)

_CHECK_SECONDS = 3600.0


class Retention:
    """A thread that deletes old jobs at the start and then once an hour.

    Parameters
    ----------
    table : JobTable
    keep_days : float or None
        Age in days from which a job that has ended is deleted; None keeps all.
    """

    def __init__(self, table: JobTable, keep_days: float | None) -> None:
        self._table, self._keep_days = table, keep_days
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="cardocr-retention", daemon=True)
        if keep_days is not None:
            self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        while not self._closing.is_set():
            try:
                deleted = self._table.prune(datetime.now(UTC) - timedelta(days=self._keep_days or 0))
            except sqlite3.Error as e:
                log.error("old jobs cannot be deleted: %s", e)  # noqa: TRY400 - a full disk needs no trace
            else:
                if deleted:
                    log.info("%d jobs older than %g days deleted", deleted, self._keep_days)
            self._closing.wait(_CHECK_SECONDS)
