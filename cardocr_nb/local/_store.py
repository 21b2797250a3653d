"""The file of the embedded service: one SQLite connection, which the threads use in turn."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    bucket TEXT NOT NULL,
    queue_id TEXT NOT NULL,
    state TEXT NOT NULL,
    level INTEGER NOT NULL,
    created REAL NOT NULL,
    callback TEXT,
    callback_format TEXT,
    document BLOB NOT NULL,
    key TEXT NOT NULL DEFAULT '',
    starts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS waiting ON jobs (level DESC, seq, queue_id) WHERE state = 'Submitted';
CREATE INDEX IF NOT EXISTS queued ON jobs (queue_id) WHERE state = 'Submitted';
CREATE INDEX IF NOT EXISTS listed ON jobs (bucket, seq, state, queue_id, created);
CREATE INDEX IF NOT EXISTS callbacks ON jobs (seq, state) WHERE callback IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_key ON jobs (bucket, key, seq);
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    version TEXT NOT NULL,
    etag TEXT NOT NULL,
    headers TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY,
    ci TEXT NOT NULL,
    ai INTEGER NOT NULL,
    since REAL NOT NULL,
    queue_id TEXT NOT NULL,
    queue_name TEXT NOT NULL,
    queue_state TEXT NOT NULL,
    url TEXT,
    notify TEXT NOT NULL,
    type TEXT NOT NULL,
    event TEXT,
    format TEXT NOT NULL,
    updated REAL NOT NULL
);
"""


class Store:
    """A SQLite file; safe to use from several threads.

    A commit survives the end of the process, even when it is killed. Only a failure of the machine can lose the last
    commits (``synchronous=NORMAL`` in write-ahead mode); in return no submission waits for the disk.

    Parameters
    ----------
    path : str or Path, default ":memory:"
        Only its owner can read the file and the write-ahead log next to it: they contain texts of cards.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self._lock = threading.Lock()
        if str(path) != ":memory:":
            _make_private(path)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self.in_memory = str(path) == ":memory:"
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        # Deleted texts are overwritten, so that pruning leaves nothing of them in the file.
        self._db.execute("PRAGMA secure_delete=ON")
        self._add_columns()
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _add_columns(self) -> None:
        """Add the columns that job tables before version 0.2 lack."""
        names = {row[1] for row in self._db.execute("PRAGMA table_info(jobs)")}
        if names and "starts" not in names:
            self._db.execute("ALTER TABLE jobs ADD COLUMN key TEXT NOT NULL DEFAULT ''")
            self._db.execute("ALTER TABLE jobs ADD COLUMN starts INTEGER NOT NULL DEFAULT 0")

    def vacuum(self) -> None:
        """Give the space of deleted rows back to the disk."""
        with self._lock:
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def query(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Run one query and return its rows."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a transaction: no one else writes in the meantime, and an exception rolls it back."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:  # Ctrl-C too: never leave a transaction open
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _make_private(path: str | Path) -> None:
    # SQLite gives the write-ahead log the mode of the file itself.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for suffix in ("", "-wal", "-shm"):
        try:
            os.chmod(f"{os.fspath(path)}{suffix}", 0o600)  # noqa: PTH101 - a name with a suffix, not a path
        except FileNotFoundError:
            continue
