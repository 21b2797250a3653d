"""The embedded service's job table, in SQLite: what was asked, in which state it is, and what came out."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cardocr_nb.wire.decode import decode_jobs
from cardocr_nb.wire.encode import jobs_xml
from cardocr_nb.wire.models import JobList, JobState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from cardocr_nb.wire.models import Job

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    bucket TEXT NOT NULL,
    queue_id TEXT NOT NULL,
    state TEXT NOT NULL,
    level INTEGER NOT NULL,
    created REAL NOT NULL,
    request BLOB NOT NULL,
    document BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS waiting ON jobs (level DESC, seq) WHERE state = 'Submitted';
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Which jobs a list call asks for.

    Attributes
    ----------
    bucket : str
    states : tuple of str
        Empty for all.
    queue_id : str or None
    size : int
    newest_first : bool
    after : int
        Place to go on from; 0 for the beginning.
    created_after, created_before : datetime or None
    """

    bucket: str
    states: tuple[str, ...] = ()
    queue_id: str | None = None
    size: int = 10
    newest_first: bool = True
    after: int = 0
    created_after: datetime | None = None
    created_before: datetime | None = None


class JobTable:
    """Jobs in SQLite; safe to use from several threads.

    Parameters
    ----------
    path : str or Path, default ":memory:"
        A file keeps the jobs over a restart; one that was running then is submitted again.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_SCHEMA)
        for (job_id,) in self._db.execute("SELECT id FROM jobs WHERE state = 'Running'").fetchall():
            self.change(job_id, (JobState.RUNNING,), lambda job: replace(job, state=JobState.SUBMITTED, started=None))

    def close(self) -> None:
        """Give back the file."""
        with self._lock:
            self._db.close()

    def add(self, job: Job, request: bytes) -> None:
        """Store a new job with the body that asked for it."""
        with self._lock, self._db as db:
            db.execute(
                "INSERT INTO jobs (id, bucket, queue_id, state, level, created, request, document)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.id,
                    job.bucket,
                    job.queue_id,
                    job.state,
                    job.job_level or 0,
                    _stamp(job.created),
                    zlib.compress(request),
                    _packed(job),
                ),
            )

    def get(self, bucket: str, job_id: str) -> Job | None:
        """Give a job of a bucket, or None."""
        with self._lock:
            row = self._db.execute("SELECT document FROM jobs WHERE id = ? AND bucket = ?", (job_id, bucket)).fetchone()
        return None if row is None else _unpacked(row[0])

    def change(self, job_id: str, expected: tuple[JobState, ...], new: Callable[[Job], Job]) -> Job | None:
        """Change a job that is in one of the expected states; gives it as it is then, or None when it was not."""
        with self._lock, self._db as db:
            row = db.execute("SELECT state, document FROM jobs WHERE id = ?", (job_id,)).fetchone()
            if row is None or row[0] not in expected:
                return None
            job = new(_unpacked(row[1]))
            db.execute("UPDATE jobs SET state = ?, document = ? WHERE id = ?", (job.state, _packed(job), job_id))
            return job

    def waiting(self) -> int:
        """How many jobs have not begun."""
        with self._lock:
            (count,) = self._db.execute("SELECT count(*) FROM jobs WHERE state = 'Submitted'").fetchone()
        return int(count)

    def next_waiting(self) -> str | None:
        """Id of the job to begin next: highest level first, then oldest."""
        with self._lock:
            row = self._db.execute(
                "SELECT id FROM jobs WHERE state = 'Submitted' ORDER BY level DESC, seq LIMIT 1"
            ).fetchone()
        return None if row is None else str(row[0])

    def page(self, wanted: Page) -> tuple[list[Job], int | None]:
        """Give a page of jobs in order of creation, and where the next one begins."""
        clauses = ["bucket = ?"]
        values: list[str | float] = [wanted.bucket]
        if wanted.states:
            clauses.append(f"state IN ({', '.join('?' * len(wanted.states))})")
            values += wanted.states
        if wanted.queue_id:
            clauses.append("queue_id = ?")
            values.append(wanted.queue_id)
        for moment, sign in ((wanted.created_after, ">="), (wanted.created_before, "<=")):
            if moment is not None:
                clauses.append(f"created {sign} ?")
                values.append(moment.timestamp())
        if wanted.after:
            clauses.append(f"seq {'<' if wanted.newest_first else '>'} ?")
            values.append(wanted.after)
        order = "DESC" if wanted.newest_first else "ASC"
        with self._lock:
            rows = self._db.execute(
                f"SELECT seq, document FROM jobs WHERE {' AND '.join(clauses)} ORDER BY seq {order} LIMIT ?",  # noqa: S608 - only placeholders are put in
                (*values, wanted.size + 1),
            ).fetchall()
        more = len(rows) > wanted.size
        rows = rows[: wanted.size]
        return [_unpacked(document) for _, document in rows], rows[-1][0] if more else None


def _stamp(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()


def _packed(job: Job) -> bytes:
    return zlib.compress(jobs_xml(JobList((job,))), 1)


def _unpacked(document: bytes) -> Job:
    return decode_jobs(zlib.decompress(document)).jobs[0]
