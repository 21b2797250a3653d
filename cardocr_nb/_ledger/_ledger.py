"""A ledger while a run writes it: one method for each event in the life of an image."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cardocr_nb._ledger._queries import Image, LedgerQueries
from cardocr_nb._ledger._tables import FAILURES, connect, fetch, unusable
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from cardocr_nb.wire._records import Job

__all__ = ["FileVersion", "Image", "Ledger"]

_NO_JOB = "job_id=NULL, job_key=NULL, queue_id=NULL, created=NULL, accepted=NULL, ended=NULL, outcome=NULL, response=NULL, same_as=NULL"
_RESULT = (
    *("job_id", "job_key", "queue_id", "created", "accepted", "ended", "outcome", "response", "state"),
    *("token", "number", "intended"),
)

NextStep = Literal["submit", "done", "same", "later"]


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Content and age of a file: SHA-256, bytes, and time of change in nanoseconds."""

    sha256: str
    size: int
    modified: int


class Ledger(LedgerQueries):
    """A ledger that is written; safe to use from several threads.

    Parameters
    ----------
    path : str or Path, default ":memory:"
        File to open, with mode 0600; it is created if it does not exist. A link is followed: the file itself is locked.

    Raises
    ------
    LedgerError
        The file is not a ledger, of another version, or cannot be written.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.path = str(path) if str(path) == ":memory:" else os.path.realpath(path)
        self._lock = threading.RLock()
        self._starting: dict[tuple[str, str], int] = {}
        self._db, self._closed = connect(self.path), False
        try:
            (last,) = self.rows("SELECT coalesce(max(number), 0) AS number FROM images")[0]
        except LedgerError:
            self.close()
            raise
        self._number: int = last

    def __repr__(self) -> str:
        return f"Ledger({self.path!r})"

    def close(self) -> None:
        """Close the file, with all content in the file itself, so that it can be moved."""
        with self._lock:
            if not self._closed:
                with suppress(sqlite3.OperationalError):  # on a full disk it stays in the -wal file
                    self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._db.close()
            self._closed = True

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Lock the ledger for this run; the lock ends with the block or the process.

        Raises
        ------
        LedgerError
            Another run holds it; the message says which.
        """
        if self.path == ":memory:":
            yield
            return
        lock = Path(f"{self.path}-lock")
        os.close(os.open(lock, os.O_CREAT | os.O_RDWR, 0o600))
        held = sqlite3.connect(lock, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            held.close()
            holder = self._holder()
            raise LedgerError(
                f"another run is at work on the ledger {shown_path(self.path)}: process {holder.get('pid', '?')} on "
                f"{holder.get('host', '?')}, since {holder.get('since', '?')}; wait for its end, or stop it"
            ) from None
        try:
            self.set_fact("holder", json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": now()}))
            yield
        finally:
            held.close()

    def _holder(self) -> dict[str, Any]:
        try:
            holder = json.loads(self.get_fact("holder") or "{}")
        except ValueError:
            return {}
        return holder if isinstance(holder, dict) else {}

    def rows(self, sql: str, values: Sequence[object] = (), needed: Collection[str] = ()) -> list[Any]:
        """Run one statement of SQL and return its rows, see `cardocr_nb._ledger._tables.fetch`."""
        with self._lock, self._plain_errors():
            return fetch(self._db, sql, values, needed)

    def set_fact(self, name: str, value: str) -> None:
        """Store a value for the whole ledger."""
        with self.writing() as db:
            db.execute(
                "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
            )

    def record_file(self, row: int, card_type: str, file: FileVersion | None, *, reuse: bool) -> NextStep:
        """Record the present content of an image's file, and return what to do with the image.

        Parameters
        ----------
        row : int
        card_type : str
        file : FileVersion or None
            None when only the key is known.
        reuse : bool
            Whether the result of another row with the same content counts for this row too.

        Returns
        -------
        {"submit", "done", "same", "later"}
            ``later``: another thread is about to submit the same picture.
        """
        with self.writing() as db:
            if file is None:
                db.execute(f"UPDATE images SET {_NO_JOB} WHERE id=?", (row,))  # noqa: S608 - a constant
                return "submit"
            before, outcome = db.execute("SELECT sha256, outcome FROM images WHERE id = ?", (row,)).fetchone()
            facts = (file.sha256, file.size, file.modified, row)
            if reuse and outcome is not None and before == file.sha256:
                db.execute("UPDATE images SET sha256=?, size=?, modified=?, state='done' WHERE id=?", facts)
                return "done"
            self._pass_result_on(db, row)
            if before != file.sha256:
                db.execute("UPDATE images SET key=planned_key WHERE id=?", (row,))
            db.execute(f"UPDATE images SET sha256=?, size=?, modified=?, {_NO_JOB} WHERE id=?", facts)  # noqa: S608 - a constant
            other = db.execute(
                "SELECT id FROM images WHERE sha256 = ? AND card_type = ? AND id != ? "
                "AND state IN ('intent', 'unknown', 'held', 'sent', 'done')",
                (file.sha256, card_type, row),
            ).fetchone()
            if reuse and other is not None:
                db.execute(
                    "UPDATE images SET state='same', same_as=?, code=NULL, message=NULL WHERE id=?", (other[0], row)
                )
                return "same"
            if reuse and self._starting.setdefault((file.sha256, card_type), row) != row:
                return "later"
        return "submit"

    def _pass_result_on(self, db: sqlite3.Connection, row: int) -> None:
        """Move the result of a row whose picture has changed to another row of the old picture, if there is one."""
        others = [i for (i,) in db.execute("SELECT id FROM images WHERE same_as = ? ORDER BY id", (row,))]
        if others:
            columns = ", ".join(_RESULT)
            db.execute(
                f"UPDATE images SET ({columns}) = (SELECT {columns} FROM images WHERE id=?), same_as=NULL WHERE id=?",  # noqa: S608 - constants
                (row, others[0]),
            )
            db.execute("UPDATE images SET state='done' WHERE id=? AND outcome IS NOT NULL", (others[0],))
            db.execute("UPDATE images SET same_as=? WHERE same_as=?", (others[0], row))

    def record_key(self, row: int, key: str) -> None:
        """Record the key under which an image is stored in the bucket."""
        with self.writing() as db:
            db.execute("UPDATE images SET key=? WHERE id=?", (key, row))

    def record_intent(self, row: int, token: str) -> int:
        """Record, on the disk before this returns, that a submission is about to leave; return its number."""
        with self.writing(durable=True) as db:
            self._number += 1
            db.execute(
                "UPDATE images SET state='intent', token=?, number=?, intended=?, attempts=attempts+1, job_key=key, "
                "code=NULL, message=NULL, http_status=NULL WHERE id=?",
                (token, self._number, now(), row),
            )
            self._forget_start(row)
            return self._number

    def record_accepted(self, row: int, job: Job) -> None:
        """Record that the service has accepted a submission as this job."""
        created = None if job.created is None else job.created.isoformat()
        with self.writing() as db:
            db.execute(
                "UPDATE images SET state='sent', job_id=?, queue_id=?, created=?, accepted=?, code=NULL, message=NULL "
                "WHERE id=?",
                (job.id, job.queue_id, created, now(), row),
            )

    def record_failure(self, row: int, state: str, code: str, message: str, status: int | None = None) -> None:
        """Record why an image has no result.

        Parameters
        ----------
        row : int
        state : {"planned", "unknown", "held", "sent", "failed"}
            New state, see `cardocr_nb._ledger`.
        code, message : str
        status : int, optional
            HTTP status.
        """
        with self.writing() as db:
            db.execute(
                "UPDATE images SET state=?, code=?, message=?, http_status=?, same_as=NULL WHERE id=?",
                (state, code, message, status, row),
            )
            if state == "failed":
                self._forget_start(row)
                db.execute("UPDATE images SET state='planned', same_as=NULL WHERE same_as=?", (row,))

    def record_ended(self, jobs: Iterable[tuple[str, str, bytes]]) -> None:
        """Record jobs that have ended: id, state and the service's document."""
        with self.writing() as db:
            db.executemany(
                "UPDATE images SET state='done', outcome=?, response=?, ended=?, code=NULL, message=NULL "
                "WHERE job_id=? AND state='sent'",
                [(state, zlib.compress(raw, 6), now(), job_id) for job_id, state, raw in jobs],
            )
            db.execute("DELETE FROM callbacks WHERE job_id NOT IN (SELECT job_id FROM images WHERE state = 'sent')")

    def callback_received(self, job_ids: Iterable[str]) -> list[str]:
        """Record that a callback reported jobs as ended; return those that have not ended in this ledger."""
        with self.writing() as db:
            open_jobs = [
                job_id
                for job_id in job_ids
                if db.execute("SELECT 1 FROM images WHERE job_id = ? AND state = 'sent'", (job_id,)).fetchone()
            ]
            db.executemany(
                "INSERT INTO callbacks VALUES (?, ?) ON CONFLICT DO NOTHING", [(i, now()) for i in open_jobs]
            )
        return open_jobs

    def callback_withdrawn(self, job_ids: Iterable[str]) -> None:
        """Forget callbacks about jobs that have not ended, as the service says."""
        with self.writing() as db:
            db.executemany("DELETE FROM callbacks WHERE job_id = ?", [(job_id,) for job_id in job_ids])

    def _forget_start(self, row: int) -> None:
        self._starting = {picture: i for picture, i in self._starting.items() if i != row}

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Read and write in one transaction; with `durable` it is on the disk when the block ends."""
        with self._lock, self._plain_errors():
            self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:
                yield self._db

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except FAILURES as e:
            raise unusable(self.path, e) from None


def now() -> str:
    """Return the time as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
