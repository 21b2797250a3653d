"""The job table: request, state and result of each job."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cardocr_nb.wire._decode import decode_each
from cardocr_nb.wire._encode import jobs_xml
from cardocr_nb.wire._records import SERVICE_TIME, JobList, JobState

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from cardocr_nb.local._store import Store
    from cardocr_nb.wire._records import Job

MAX_STARTS = 2
"""Number of times that a job may be read in vain: a process can be killed by chance once."""


@dataclass(frozen=True, slots=True)
class JobQuery:
    """The filter, order and page of one list call.

    Attributes
    ----------
    bucket : str
    states : tuple of str
        Empty for all states.
    queue_id, key : str or None
        Exact match; None for all.
    size : int
    newest_first : bool
    after : int
        Place at which the previous page ended; 0 for the first page.
    created_after, created_before : datetime or None
    """

    bucket: str
    states: tuple[str, ...] = ()
    queue_id: str | None = None
    key: str | None = None
    size: int = 10
    newest_first: bool = True
    after: int = 0
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallbackTarget:
    """Address of a job's callback, and its format, ``XML`` or ``JSON``."""

    url: str
    format: str


class JobTable:
    """Jobs in a store.

    A job that was running when its process ended waits again, but only once: a picture that ends the process each time
    must not keep the service from all other jobs.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        for (job_id,) in store.query("SELECT id FROM jobs WHERE state = 'Running'"):
            self.restart(job_id)
        for job_id, document in store.query("SELECT id, document FROM jobs WHERE key = ''"):  # written before 0.2
            with store.transaction() as db:
                db.execute("UPDATE jobs SET key = ? WHERE id = ?", (_unpack(document).key, job_id))

    def restart(self, job_id: str) -> Job | None:
        """Let a job wait again whose worker was killed; return it as `Failed` if that happened twice."""
        (starts,) = self._store.query("SELECT starts FROM jobs WHERE id = ?", (job_id,))[0]
        if starts >= MAX_STARTS:
            return self.update(job_id, (JobState.RUNNING,), _killed_worker)
        self.update(job_id, (JobState.RUNNING,), lambda job: replace(job, state=JobState.SUBMITTED, started=None))
        return None

    def prune(self, before: datetime) -> int:
        """Delete the jobs created before a time that have ended and whose callback is not due; return their number."""
        with self._store.transaction() as db:
            deleted = db.execute(
                "DELETE FROM jobs WHERE created < ? AND callback IS NULL AND state IN ('Success', 'Failed', 'Cancel')",
                (before.timestamp(),),
            ).rowcount
        if deleted:
            self._store.vacuum()
        return deleted

    def add(self, job: Job, callback: CallbackTarget | None = None, *, limit: int) -> bool:
        """Store a new job; return False if `limit` jobs are waiting in its queue already."""
        with self._store.transaction() as db:
            (waiting,) = db.execute(
                "SELECT count(*) FROM jobs WHERE state = 'Submitted' AND queue_id = ?", (job.queue_id,)
            ).fetchone()
            if waiting >= limit:
                return False
            db.execute(
                "INSERT INTO jobs (id, bucket, queue_id, state, level, created, callback, callback_format, document,"
                " key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.id,
                    job.bucket,
                    job.queue_id,
                    job.state,
                    job.job_level or 0,
                    0.0 if job.created is None else job.created.timestamp(),
                    None if callback is None else callback.url,
                    None if callback is None else callback.format,
                    _pack(job),
                    job.key or "",
                ),
            )
        return True

    def all(self) -> list[Job]:
        """Return the jobs of all buckets in order of creation."""
        return [_unpack(document) for (document,) in self._store.query("SELECT document FROM jobs ORDER BY seq")]

    def documents(self, bucket: str, ids: Iterable[str]) -> dict[str, bytes]:
        """Return the jobs of a bucket as XML by id, in the order of `ids`; unknown ids are left out."""
        wanted = list(ids)
        # The plus keeps SQLite from going through all jobs of the bucket.
        rows = self._store.query(
            "SELECT id, document FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND +bucket = ?",
            (json.dumps(wanted), bucket),
        )
        documents = dict(rows)
        return {job_id: zlib.decompress(documents[job_id]) for job_id in wanted if job_id in documents}

    def update(self, job_id: str, expected: tuple[JobState, ...], new: Callable[[Job], Job]) -> Job | None:
        """Change a job if its state is one of `expected`; return the changed job, else None."""
        with self._store.transaction() as db:
            row = db.execute("SELECT state, document FROM jobs WHERE id = ?", (job_id,)).fetchone()
            if row is None or row[0] not in expected:
                return None
            return _write(db, new(_unpack(row[1])))

    def claim(self, new: Callable[[Job], Job]) -> Job | None:
        """Change the next job to run, by level and then by age; return it, or None if no job is ready."""
        with self._store.transaction() as db:
            row = db.execute(
                "SELECT document FROM jobs WHERE state = 'Submitted'"
                " AND queue_id NOT IN (SELECT queue_id FROM buckets WHERE queue_state = 'Paused')"
                " ORDER BY level DESC, seq LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            job = _write(db, new(_unpack(row[0])))
            db.execute("UPDATE jobs SET starts = starts + 1 WHERE id = ?", (job.id,))
            return job

    def list_page(self, wanted: JobQuery) -> tuple[list[bytes], int | None]:
        """Return a page of jobs as XML in order of creation, and the place at which it ended, or None after the last page."""
        clauses = ["bucket = ?"]
        values: list[str | float] = [wanted.bucket]
        if wanted.states:
            clauses.append(f"state IN ({', '.join('?' * len(wanted.states))})")
            values += wanted.states
        if wanted.queue_id:
            clauses.append("queue_id = ?")
            values.append(wanted.queue_id)
        if wanted.key is not None:
            clauses.append("key = ?")
            values.append(wanted.key)
        for moment, sign in ((wanted.created_after, ">="), (wanted.created_before, "<=")):
            if moment is not None:
                clauses.append(f"created {sign} ?")
                values.append(moment.timestamp())
        if wanted.after:
            clauses.append(f"seq {'<' if wanted.newest_first else '>'} ?")
            values.append(wanted.after)
        order = "DESC" if wanted.newest_first else "ASC"
        # The inner query reads the index only, so that documents are read for one page only.
        index = "listed" if wanted.key is None else "by_key"
        inner = f"SELECT seq FROM jobs INDEXED BY {index} WHERE {' AND '.join(clauses)} ORDER BY seq {order} LIMIT ?"  # noqa: S608 - only placeholders are inserted
        rows = self._store.query(
            f"SELECT seq, document FROM jobs WHERE seq IN ({inner}) ORDER BY seq {order}",  # noqa: S608 - as above
            (*values, wanted.size + 1),
        )
        more = len(rows) > wanted.size
        rows = rows[: wanted.size]
        return [zlib.decompress(document) for _, document in rows], rows[-1][0] if more else None

    def pending_callbacks(self) -> list[str]:
        """Return the ids of the jobs that have ended and whose callback is due."""
        return [
            job_id
            for (job_id,) in self._store.query(
                "SELECT id FROM jobs WHERE callback IS NOT NULL AND state IN ('Success', 'Failed', 'Cancel')"
                " ORDER BY seq"
            )
        ]

    def get_callback(self, job_id: str) -> tuple[Job, CallbackTarget] | None:
        """Return the job and its callback address, or None if no callback is due."""
        rows = self._store.query(
            "SELECT document, callback, callback_format FROM jobs WHERE id = ? AND callback IS NOT NULL", (job_id,)
        )
        return (_unpack(rows[0][0]), CallbackTarget(rows[0][1], rows[0][2])) if rows else None

    def finish_callback(self, job_id: str) -> None:
        """Record that a job's callback was delivered or given up."""
        with self._store.transaction() as db:
            db.execute("UPDATE jobs SET callback = NULL WHERE id = ?", (job_id,))


def _killed_worker(job: Job) -> Job:
    return replace(
        job,
        state=JobState.FAILED,
        code="InternalError",
        message=f"reading this image ended the service {MAX_STARTS} times",
        ended=datetime.now(SERVICE_TIME),
    )


def _write(db: sqlite3.Connection, job: Job) -> Job:
    db.execute("UPDATE jobs SET state = ?, document = ? WHERE id = ?", (job.state, _pack(job), job.id))
    return job


def _pack(job: Job) -> bytes:
    return zlib.compress(jobs_xml(JobList((job,))), 1)


def _unpack(document: bytes) -> Job:
    (found,) = decode_each(zlib.decompress(document))
    return found.jobs[0]  # type: ignore[union-attr]  # _pack writes lists of jobs only
