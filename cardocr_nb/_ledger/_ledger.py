"""A ledger while a run writes it: one method for each thing that can happen to an image."""

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
from typing import TYPE_CHECKING, Any

from cardocr_nb._ledger._tables import connect, unusable
from cardocr_nb.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

OPEN = ("intent", "unknown", "sent")
"""States in which something is under way that a run has to bring to its end."""

_NO_JOB = "job_id=NULL, created=NULL, accepted=NULL, ended=NULL, outcome=NULL, response=NULL, same_as=NULL"
_READING = ("job_id", "created", "accepted", "ended", "outcome", "response", "state", "token", "number", "intended")


@dataclass(slots=True)
class Image:
    """One image that has to be submitted.

    Attributes
    ----------
    id : int
        Row in the ledger.
    key : str
    path : Path or None
        The file; None when only the key is known.
    upload : bool
        Whether the file has to be put into the bucket first.
    tries : int
        How often something that passes has been in the way in this process.
    """

    id: int
    key: str
    path: Path | None
    upload: bool
    tries: int = 0


class Ledger:
    """A ledger that is written; safe to use from several threads.

    Parameters
    ----------
    path : str or Path, default ":memory:"
        Made when it is missing, with mode 0600.

    Raises
    ------
    LedgerError
        The file is no ledger, of another version, or cannot be written.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.path = str(path)
        self._lock = threading.RLock()
        self._starting: dict[tuple[str, str], int] = {}
        self._db, self._closed = connect(path), False
        (last,) = self.rows("SELECT coalesce(max(number), 0) FROM images")[0]
        self._number: int = last

    def __repr__(self) -> str:
        return f"Ledger({self.path!r})"

    def close(self) -> None:
        """Give back the file, all that was written in the one file itself, so that it can be moved."""
        with self._lock:
            if not self._closed:
                with suppress(sqlite3.OperationalError):  # on a full disk it stays in the file beside it
                    self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._db.close()
            self._closed = True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the ledger for this process; however it ends, the next run gets it.

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
            holder = json.loads(self.fact("holder") or "{}")
            raise LedgerError(
                f"another run is at work on the ledger {self.path!r}: process {holder.get('pid', '?')} on "
                f"{holder.get('host', '?')}, since {holder.get('since', '?')}; wait for its end, or stop it"
            ) from None
        try:
            self.note("holder", json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": now()}))
            yield
        finally:
            held.close()

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Ask one question."""
        with self._lock, self._told_plainly():
            return self._db.execute(sql, values).fetchall()

    def fact(self, name: str) -> str | None:
        """Give what was noted under a name."""
        found = self.rows("SELECT value FROM facts WHERE name = ?", (name,))
        return found[0][0] if found else None

    def note(self, name: str, value: str) -> None:
        """Note something about the whole ledger."""
        with self.writing() as db:
            db.execute(
                "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
            )

    def to_start(self, run: int, after: int, limit: int) -> list[Image]:
        """Give planned images of a run in order, those behind row `after`."""
        found = self.rows(
            "SELECT id, key, path, upload FROM images WHERE state = 'planned' AND run = ? AND id > ? ORDER BY id LIMIT ?",
            (run, after, limit),
        )
        return [Image(i, key, Path(path) if path else None, bool(upload)) for i, key, path, upload in found]

    def image(self, row: int) -> Image:
        """Give one row as something to submit."""
        i, key, path, upload = self.rows("SELECT id, key, path, upload FROM images WHERE id = ?", (row,))[0]
        return Image(i, key, Path(path) if path else None, bool(upload))

    def ready(self, row: int, card_type: str, picture: tuple[str, int, int] | None, *, reuse: bool) -> str:
        """Take in what the file is now, before anything is sent.

        Parameters
        ----------
        row : int
        card_type : str
        picture : (str, int, int) or None
            SHA-256, bytes and time of change; None when only the key is known.
        reuse : bool
            Whether a reading of the same picture counts for this row too.

        Returns
        -------
        {"submit", "done", "same", "later"}
            ``later``: another thread is about to submit the same picture.
        """
        with self.writing() as db:
            if picture is None:
                db.execute(f"UPDATE images SET {_NO_JOB} WHERE id=?", (row,))  # noqa: S608 - a constant
                return "submit"
            sha256, size, modified = picture
            before, outcome = db.execute("SELECT sha256, outcome FROM images WHERE id = ?", (row,)).fetchone()
            facts = (sha256, size, modified, row)
            if reuse and outcome is not None and before == sha256:
                db.execute("UPDATE images SET sha256=?, size=?, modified=?, state='done' WHERE id=?", facts)
                return "done"
            self._hand_over(db, row)
            db.execute(f"UPDATE images SET sha256=?, size=?, modified=?, {_NO_JOB} WHERE id=?", facts)  # noqa: S608 - a constant
            other = db.execute(
                "SELECT id FROM images WHERE sha256 = ? AND card_type = ? AND id != ? "
                "AND state IN ('intent', 'unknown', 'held', 'sent', 'done')",
                (sha256, card_type, row),
            ).fetchone()
            if reuse and other is not None:
                db.execute(
                    "UPDATE images SET state='same', same_as=?, code=NULL, message=NULL WHERE id=?", (other[0], row)
                )
                return "same"
            if reuse and self._starting.setdefault((sha256, card_type), row) != row:
                return "later"
        return "submit"

    def _hand_over(self, db: sqlite3.Connection, row: int) -> None:
        """Give the reading of a row whose picture has changed to another row of the old picture, if there is one."""
        others = [i for (i,) in db.execute("SELECT id FROM images WHERE same_as = ? ORDER BY id", (row,))]
        if others:
            columns = ", ".join(_READING)
            db.execute(
                f"UPDATE images SET ({columns}) = (SELECT {columns} FROM images WHERE id=?), same_as=NULL WHERE id=?",  # noqa: S608 - constants
                (row, others[0]),
            )
            db.execute("UPDATE images SET state='done' WHERE id=? AND outcome IS NOT NULL", (others[0],))
            db.execute("UPDATE images SET same_as=? WHERE same_as=?", (others[0], row))

    def intend(self, row: int, token: str) -> int:
        """Write, on the disk for certain, that a submission is about to leave; gives its number."""
        with self.writing(durable=True) as db:
            self._number += 1
            db.execute(
                "UPDATE images SET state='intent', token=?, number=?, intended=?, attempts=attempts+1, "
                "code=NULL, message=NULL, http_status=NULL WHERE id=?",
                (token, self._number, now(), row),
            )
            self._started(row)
            return self._number

    def accepted(self, row: int, job_id: str, created: datetime | None) -> None:
        """Write that the service has accepted a submission."""
        with self.writing() as db:
            db.execute(
                "UPDATE images SET state='sent', job_id=?, created=?, accepted=?, code=NULL, message=NULL WHERE id=?",
                (job_id, None if created is None else created.isoformat(), now(), row),
            )

    def failed(self, row: int, state: str, code: str, message: str, status: int | None = None) -> None:
        """Write why there is no job.

        Parameters
        ----------
        row : int
        state : {"planned", "unknown", "held", "failed"}
            What is to become of it, see `cardocr_nb._ledger`.
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
                self._started(row)
                db.execute("UPDATE images SET state='planned', same_as=NULL WHERE same_as=?", (row,))

    def ended(self, jobs: Iterable[tuple[str, str, bytes]]) -> None:
        """Write the ends of jobs: id, state and the service's document."""
        with self.writing() as db:
            db.executemany(
                "UPDATE images SET state='done', outcome=?, response=?, ended=? WHERE job_id=? AND state='sent'",
                [(state, zlib.compress(raw, 6), now(), job_id) for job_id, state, raw in jobs],
            )
            db.execute("DELETE FROM told WHERE job_id NOT IN (SELECT job_id FROM images WHERE state = 'sent')")

    def tell(self, job_ids: Iterable[str]) -> list[str]:
        """Write that somebody said that jobs have ended; gives those that are waited for."""
        with self.writing() as db:
            waited = [
                job_id
                for job_id in job_ids
                if db.execute("SELECT 1 FROM images WHERE job_id = ? AND state = 'sent'", (job_id,)).fetchone()
            ]
            db.executemany("INSERT INTO told VALUES (?, ?) ON CONFLICT DO NOTHING", [(i, now()) for i in waited])
        return waited

    def untell(self, job_ids: Iterable[str]) -> None:
        """Forget that somebody said that jobs have ended: the service says that they have not."""
        with self.writing() as db:
            db.executemany("DELETE FROM told WHERE job_id = ?", [(job_id,) for job_id in job_ids])

    def _started(self, row: int) -> None:
        self._starting = {picture: i for picture, i in self._starting.items() if i != row}

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Read and write as one step; with `durable` it is on the disk when this returns."""
        with self._lock, self._told_plainly():
            self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:
                yield self._db

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as e:
            raise unusable(self.path, e) from e


def now() -> str:
    """Give the time as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
