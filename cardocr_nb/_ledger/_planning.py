"""Taking the images of a run into its ledger: what is new, what is there already, what has changed."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cardocr_nb._ledger._ledger import Ledger

_CHUNK = 1000


class Planned(Protocol):
    """What a ledger has to know of an image beforehand."""

    @property
    def key(self) -> str: ...
    @property
    def path(self) -> Path | None: ...
    @property
    def upload(self) -> bool: ...


def take_in(
    ledger: Ledger,
    items: Iterable[Planned],
    card_type: str,
    *,
    reread: bool = False,
    retry_failed: bool = False,
    submit_unknown: bool = False,
    clash: Callable[[str, str, str], object],
) -> int:
    """Begin a run: write its images into the ledger, some at a time.

    Parameters
    ----------
    ledger : Ledger
    items : iterable of Planned
    card_type : str
    reread : bool, default False
        Submit images again that have been read.
    retry_failed : bool, default False
        Submit images again whose job has failed.
    submit_unknown : bool, default False
        Submit images again of which nothing can tell whether the service has accepted them.
    clash : callable
        Called with a key and two paths that both have it in this run; raises when they are not the same picture.

    Returns
    -------
    int
        Number of the run.
    """
    run = int(ledger.fact("runs") or 0) + 1
    ledger.note("runs", str(run))
    again = ["failed"]
    again += ["done", "same"] if reread else []
    again += ["held"] if submit_unknown else []
    given = iter(items)
    while chunk := list(islice(given, _CHUNK)):
        with ledger.writing() as db:
            for item in chunk:
                _take_in(db, item, card_type, run, again, retry_failed=retry_failed, clash=clash)
                if reread:
                    db.execute("UPDATE images SET sha256=NULL WHERE key=? AND card_type=?", (item.key, card_type))
    return run


def _take_in(
    db: sqlite3.Connection,
    item: Planned,
    card_type: str,
    run: int,
    again: list[str],
    *,
    retry_failed: bool,
    clash: Callable[[str, str, str], object],
) -> None:
    path = None if item.path is None else str(item.path)
    found = db.execute(
        "SELECT id, state, outcome, size, modified, run, path FROM images WHERE key = ? AND card_type = ?",
        (item.key, card_type),
    ).fetchone()
    if found is None:
        db.execute(
            "INSERT INTO images (key, card_type, path, upload, state, run) VALUES (?, ?, ?, ?, 'planned', ?)",
            (item.key, card_type, path, item.upload, run),
        )
        return
    row, state, outcome, size, modified, last, there = found
    if last == run:
        if path is not None and there is not None:
            clash(item.key, path, there)
        return
    fails = retry_failed and state == "done" and outcome == "Failed"
    if state in again or fails or (state in ("done", "same") and _changed(item.path, size, modified)):
        state = "planned"
    db.execute(
        "UPDATE images SET run=?, path=?, upload=?, state=?, outcome=CASE WHEN ? THEN NULL ELSE outcome END WHERE id=?",
        (run, path, item.upload, state, fails, row),
    )


def _changed(path: Path | None, size: int | None, modified: int | None) -> bool:
    if path is None:
        return False
    try:
        seen = path.stat()
    except OSError:
        return False
    return (seen.st_size, seen.st_mtime_ns) != (size, modified)
