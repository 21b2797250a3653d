"""The embedded service's job table: what was asked, in which state it is, and what came out."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cardocr_nb.wire._decode import decode_jobs
from cardocr_nb.wire._encode import jobs_xml
from cardocr_nb.wire._records import JobList, JobState

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from cardocr_nb.local._store import Store
    from cardocr_nb.wire._records import Job


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


@dataclass(frozen=True, slots=True)
class Address:
    """Where a job's callback goes, and whether as ``XML`` or ``JSON``."""

    url: str
    format: str


class JobTable:
    """Jobs in a store. One that was running when its process ended is submitted again.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        for (job_id,) in store.rows("SELECT id FROM jobs WHERE state = 'Running'"):
            self.change(job_id, (JobState.RUNNING,), lambda job: replace(job, state=JobState.SUBMITTED, started=None))

    def add(self, job: Job, callback: Address | None = None, *, limit: int) -> bool:
        """Store a new job; False when so many are waiting in its queue already."""
        with self._store.writing() as db:
            (waiting,) = db.execute(
                "SELECT count(*) FROM jobs WHERE state = 'Submitted' AND queue_id = ?", (job.queue_id,)
            ).fetchone()
            if waiting >= limit:
                return False
            db.execute(
                "INSERT INTO jobs (id, bucket, queue_id, state, level, created, callback, callback_format, document)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.id,
                    job.bucket,
                    job.queue_id,
                    job.state,
                    job.job_level or 0,
                    0.0 if job.created is None else job.created.timestamp(),
                    None if callback is None else callback.url,
                    None if callback is None else callback.format,
                    _packed(job),
                ),
            )
        return True

    def get(self, bucket: str, ids: Iterable[str]) -> dict[str, Job]:
        """Give the jobs of a bucket that are there, by id, in the order asked."""
        wanted = list(ids)
        # The plus keeps SQLite from going through all jobs of the bucket.
        rows = self._store.rows(
            "SELECT id, document FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND +bucket = ?",
            (json.dumps(wanted), bucket),
        )
        found = dict(rows)
        return {job_id: _unpacked(found[job_id]) for job_id in wanted if job_id in found}

    def change(self, job_id: str, expected: tuple[JobState, ...], new: Callable[[Job], Job]) -> Job | None:
        """Change a job that is in one of the expected states; gives it as it is then, or None when it was not."""
        with self._store.writing() as db:
            row = db.execute("SELECT state, document FROM jobs WHERE id = ?", (job_id,)).fetchone()
            if row is None or row[0] not in expected:
                return None
            return _written(db, new(_unpacked(row[1])))

    def claim(self, new: Callable[[Job], Job]) -> Job | None:
        """Change the job to begin next: highest level first, then oldest; None when none may begin."""
        with self._store.writing() as db:
            row = db.execute(
                "SELECT document FROM jobs WHERE state = 'Submitted'"
                " AND queue_id NOT IN (SELECT queue_id FROM buckets WHERE queue_state = 'Paused')"
                " ORDER BY level DESC, seq LIMIT 1"
            ).fetchone()
            return None if row is None else _written(db, new(_unpacked(row[0])))

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
        # The inner question is answered from the index alone; documents are read of one page only.
        inner = f"SELECT seq FROM jobs INDEXED BY listed WHERE {' AND '.join(clauses)} ORDER BY seq {order} LIMIT ?"  # noqa: S608 - only placeholders are put in
        rows = self._store.rows(
            f"SELECT seq, document FROM jobs WHERE seq IN ({inner}) ORDER BY seq {order}",  # noqa: S608 - as above
            (*values, wanted.size + 1),
        )
        more = len(rows) > wanted.size
        rows = rows[: wanted.size]
        return [_unpacked(document) for _, document in rows], rows[-1][0] if more else None

    def untold(self) -> list[str]:
        """Ids of the jobs that have ended and whose callback has not been settled."""
        return [
            job_id
            for (job_id,) in self._store.rows(
                "SELECT id FROM jobs WHERE callback IS NOT NULL AND state IN ('Success', 'Failed', 'Cancel')"
                " ORDER BY seq"
            )
        ]

    def callback(self, job_id: str) -> tuple[Job, Address] | None:
        """Give a job and where it is to be told; None when nobody is to be told, or no more."""
        rows = self._store.rows(
            "SELECT document, callback, callback_format FROM jobs WHERE id = ? AND callback IS NOT NULL", (job_id,)
        )
        return (_unpacked(rows[0][0]), Address(rows[0][1], rows[0][2])) if rows else None

    def told(self, job_id: str) -> None:
        """Settle a job's callback: it was delivered, or given up."""
        with self._store.writing() as db:
            db.execute("UPDATE jobs SET callback = NULL WHERE id = ?", (job_id,))


def _written(db: sqlite3.Connection, job: Job) -> Job:
    db.execute("UPDATE jobs SET state = ?, document = ? WHERE id = ?", (job.state, _packed(job), job.id))
    return job


def _packed(job: Job) -> bytes:
    return zlib.compress(jobs_xml(JobList((job,))), 1)


def _unpacked(document: bytes) -> Job:
    return decode_jobs(zlib.decompress(document)).jobs[0]
