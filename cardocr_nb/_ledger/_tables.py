"""The tables of a ledger, and how its file is opened."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cardocr_nb._special_files import is_special
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

VERSION = 2
"""Version of the tables, kept in SQLite's ``user_version``."""

_APPLICATION = 0x63617264  # "card", by which tools such as file(1) recognize the kind of an SQLite file
_LOCK_TIMEOUT = 60.0

_TABLES = """
CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    image TEXT,
    planned_key TEXT NOT NULL,
    key TEXT NOT NULL,
    card_type TEXT NOT NULL,
    path TEXT,
    upload INTEGER NOT NULL,
    size INTEGER,
    modified INTEGER,
    sha256 TEXT,
    state TEXT NOT NULL,
    run INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    number INTEGER,
    token TEXT,
    intended TEXT,
    accepted TEXT,
    ended TEXT,
    created TEXT,
    job_id TEXT,
    job_key TEXT,
    queue_id TEXT,
    same_as INTEGER REFERENCES images (id),
    outcome TEXT,
    http_status INTEGER,
    code TEXT,
    message TEXT,
    response BLOB,
    UNIQUE (source, card_type)
);
CREATE INDEX by_key ON images (key, card_type);
CREATE INDEX by_state ON images (state, run, id);
CREATE INDEX by_run ON images (run, id);
CREATE INDEX by_job ON images (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX by_picture ON images (sha256, card_type) WHERE sha256 IS NOT NULL;
CREATE INDEX by_original ON images (same_as) WHERE same_as IS NOT NULL;
CREATE INDEX by_number ON images (number) WHERE number IS NOT NULL;
CREATE TABLE callbacks (
    job_id TEXT PRIMARY KEY,
    received TEXT NOT NULL
);
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
"""

STATES = frozenset(("planned", "intent", "unknown", "held", "sent", "same", "done", "failed"))
_TIMES = frozenset(("intended", "accepted", "ended", "created", "received"))
_TYPES: dict[str, type] = {"TEXT": str, "INTEGER": int, "BLOB": bytes}
_KINDS = {
    name: {_TYPES[kind]} if needed else {_TYPES[kind], type(None)}
    for name, kind, needed in re.findall(r"^    (\w+) (TEXT|INTEGER|BLOB)( NOT NULL)?", _TABLES, re.MULTILINE)
}
_LARGEST = 2**62
"""Numbers are counted on from those in the file, and SQLite's integers end at 2^63."""


def connect(path: str | Path) -> sqlite3.Connection:
    """Open a ledger for writing, made when it is missing.

    Raises
    ------
    LedgerError
        The file is not a ledger, or of another version.
    """
    if str(path) != ":memory:":
        if is_special(path):
            raise LedgerError(f"the ledger {shown_path(path)} is a device, a pipe or a socket; choose a regular file")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            Path(path).chmod(0o600)
        except OSError as e:
            raise LedgerError(
                f"the ledger {shown_path(path)} cannot be opened: {e.strerror}; choose a file in a folder that is there and "
                "that you may write to"
            ) from None
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=_LOCK_TIMEOUT)
    with _closed_on_error(db, path):
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("BEGIN IMMEDIATE")
        if _is_new(db):
            for statement in _TABLES.split(";\n"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id={_APPLICATION}")
            db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("COMMIT")
        _check(db, path)
    return db


def connect_to_read(path: str | Path) -> sqlite3.Connection:
    """Open a ledger that is there, without changing it.

    Raises
    ------
    LedgerError
        The file does not exist, is not a ledger, or of another version.
    """
    if not Path(path).is_file():
        raise LedgerError(
            f"the ledger {shown_path(path)} does not exist; check the path, or make one with run(..., ledger=...)"
        )
    if not is_ledger(path):
        raise LedgerError(f"{shown_path(path)} is not a ledger; for saved responses use cardocr_nb.read_responses")
    address = file_uri(Path(path).resolve())
    db = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=_LOCK_TIMEOUT, isolation_level=None)
    with _closed_on_error(db, path):
        _check(db, path)
    return db


def is_ledger(path: str | Path) -> bool:
    """Whether a file is a SQLite file, so that it can only be meant as a ledger.

    Examples
    --------
    >>> is_ledger("pyproject.toml")
    False
    """
    if is_special(path):
        return False
    try:
        with Path(path).open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def file_uri(path: PurePath) -> str:
    """Return the address of a file as SQLite reads it.

    ``Path.as_uri`` makes ``file://server/share/...`` of a file on a Windows share. SQLite refuses a server in an address
    (sqlite.org/uri.html, section 3.1) and wants four slashes.

    Examples
    --------
    >>> from pathlib import PurePosixPath, PureWindowsPath
    >>> file_uri(PurePosixPath("/runs/a b.sqlite"))
    'file:///runs/a%20b.sqlite'
    >>> file_uri(PureWindowsPath("//server/share/run.sqlite"))
    'file:////server/share/run.sqlite'
    >>> file_uri(PureWindowsPath("C:/runs/run.sqlite"))
    'file:///C:/runs/run.sqlite'
    """
    name = quote(path.as_posix(), safe="/:")
    return f"file://{name}" if name.startswith("/") else f"file:///{name}"


def fetch(db: sqlite3.Connection, sql: str, values: Sequence[object] = (), needed: Collection[str] = ()) -> list[Any]:
    """Run one statement of SQL and return its rows, with values as the columns of the tables promise them.

    SQLite takes any value in any column, so a file that another program wrote may hold bytes as a key and a word as a time.

    Parameters
    ----------
    db : Connection
    sql : str
        Its results have the names of the columns that they come from; results with other names are not checked.
    values : sequence
    needed : collection of str
        Columns that may be empty elsewhere, but not in these rows.

    Raises
    ------
    sqlite3.DatabaseError
        A value is not what its column is for. The message has the column's name only.
    """
    cursor = db.execute(sql, values)
    rows = cursor.fetchall()
    columns = zip(*rows, strict=True) if rows else ()
    for (name, *_), column in zip(cursor.description or (), columns, strict=False):
        kinds = _KINDS.get(name)
        if kinds is not None and not (set(map(type, column)) <= kinds and _fits(name, column, needed)):
            raise sqlite3.DatabaseError(f"malformed: its column {name} holds a value that no ledger has there")
    return rows


def _fits(name: str, column: tuple[Any, ...], needed: Collection[str]) -> bool:
    if name in needed and None in column:
        return False
    if name == "path" and any(value is not None and "\0" in value for value in column):
        return False
    if name == "state":
        return STATES.issuperset(column)
    if name in _TIMES:
        return all(value is None or _is_time(value) for value in column)
    return int not in _KINDS[name] or all(value is None or abs(value) < _LARGEST for value in column)


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged file raises: SQLite quotes names of its tables in its messages, and Python decodes them strictly."""


def unusable(path: str | Path, error: Exception) -> LedgerError:
    """Return the error for a failure of SQLite, with the advice that fits it."""
    said = "malformed names" if isinstance(error, UnicodeDecodeError) else str(error)
    if "full" in said:
        advice = "free some space, then run again with the same ledger: it continues where it stopped"
    elif "locked" in said:
        advice = "another program holds it; close that, then run again"
    elif "not a database" in said or "malformed" in said:
        advice = "the file is not a ledger, or it was damaged; choose another name, or a copy of it"
    else:
        advice = "check the disk and the rights of the file and its folder, then run again"
    return LedgerError(f"the ledger {shown_path(path)} cannot be used: {said}; {advice}")


@contextmanager
def _closed_on_error(db: sqlite3.Connection, path: str | Path) -> Iterator[None]:
    try:
        yield
    except FAILURES as e:
        db.close()
        raise unusable(path, e) from None
    except LedgerError:
        db.close()
        raise


def _is_new(db: sqlite3.Connection) -> bool:
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return not tables


def _check(db: sqlite3.Connection, path: str | Path) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION:
        raise LedgerError(f"{shown_path(path)} is a SQLite file, but not a ledger of cardocr_nb; choose another name")
    kinds = db.execute("SELECT count(*) FROM sqlite_master WHERE type IN ('view', 'trigger')").fetchone()
    if kinds != (0,):
        # A view may have no end, and a trigger runs with the rights of the reader.
        raise LedgerError(f"{shown_path(path)} has views or triggers, which a ledger has not; restore it from a copy")
    if version > VERSION:
        raise LedgerError(
            f"the ledger {shown_path(path)} was written by a newer cardocr_nb (tables of version {version}, this one knows "
            f"{VERSION}); upgrade: pip install --upgrade cardocr_nb"
        )
    if version < VERSION:
        raise LedgerError(
            f"the ledger {shown_path(path)} was written by an older cardocr_nb (tables of version {version}, this one knows "
            f"{VERSION}); finish it with that version, or begin a new one"
        )
