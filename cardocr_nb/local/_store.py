"""The file of the embedded service: one SQLite connection, which the threads use in turn."""

from __future__ import annotations

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
    document BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS waiting ON jobs (level DESC, seq, queue_id) WHERE state = 'Submitted';
CREATE INDEX IF NOT EXISTS queued ON jobs (queue_id) WHERE state = 'Submitted';
CREATE INDEX IF NOT EXISTS listed ON jobs (bucket, seq, state, queue_id, created);
CREATE INDEX IF NOT EXISTS callbacks ON jobs (seq, state) WHERE callback IS NOT NULL;
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
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

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
