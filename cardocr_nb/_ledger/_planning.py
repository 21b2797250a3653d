"""The start of a run: which of its images are new, known, or changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from cardocr_nb._ledger._tables import fetch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from cardocr_nb._ledger._ledger import Ledger

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """One image of a run.

    Attributes
    ----------
    key : str
        Name in the bucket; another one is chosen if an object with other content has it.
    path : Path or None
        The file; None when the object is in the bucket already and only its key is known.
    upload : bool
        Whether the file has to be put into the bucket first.
    image : str or None
        The file as it was given, for the column ``image``.
    problem : (str, str) or None
        Code and message of an image that cannot be submitted.
    """

    key: str
    path: Path | None
    upload: bool
    image: str | None = None
    problem: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Resubmission:
    """Which known images are submitted again.

    Attributes
    ----------
    done : bool, default False
        Images that have a result.
    failed : bool, default False
        Images whose job has failed.
    unknown : bool, default False
        Images that the service may or may not have accepted.
    """

    done: bool = False
    failed: bool = False
    unknown: bool = False


def plan_run(
    ledger: Ledger, images: Iterable[PlannedImage], card_type: str, resubmit: Resubmission = Resubmission()
) -> int:
    """Begin a run: write its images into the ledger, some at a time.

    An image is recognized by its file, wherever in the bucket it is stored; so two folders with the same file names can
    share a ledger. A file that moved, so that only its key is known and the old path is gone, keeps its row.

    Parameters
    ----------
    ledger : Ledger
    images : iterable of PlannedImage
    card_type : str
    resubmit : Resubmission, default none

    Returns
    -------
    int
        Number of the run.
    """
    run = ledger.last_run() + 1
    ledger.set_fact("runs", str(run))
    remaining = iter(images)
    while chunk := list(islice(remaining, _CHUNK)):
        with ledger.writing() as db:
            for image in chunk:
                row = _plan_image(db, image, card_type, run, resubmit)
                if resubmit.done:
                    db.execute("UPDATE images SET sha256=NULL WHERE id=?", (row,))
                if image.problem is not None:
                    db.execute(
                        "UPDATE images SET state='failed', code=?, message=? "
                        "WHERE id=? AND state IN ('planned', 'failed')",
                        (*image.problem, row),
                    )
    return run


def _plan_image(db: sqlite3.Connection, image: PlannedImage, card_type: str, run: int, resubmit: Resubmission) -> int:
    path = None if image.path is None or image.problem is not None else os.path.abspath(image.path)  # noqa: PTH100 - a link keeps its name
    found = _known(db, image, path, card_type, run)
    if found is None:
        row = db.execute(
            "INSERT INTO images (source, image, planned_key, key, card_type, path, upload, state, run) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, 'planned', ?)",
            (_source(image, path), image.image, image.key, image.key, card_type, path, image.upload, run),
        ).lastrowid
        if row is None:
            raise AssertionError("SQLite gives each new row a number")
        return row
    row, state, outcome, size, modified, last_run, has_job = found
    if last_run == run:
        return int(row)
    again = (
        state == "failed"
        or (state in ("done", "same") and (resubmit.done or _changed(image.path, size, modified)))
        or (state == "held" and resubmit.unknown and not has_job)
    )
    retried = resubmit.failed and state == "done" and outcome == "Failed"
    if again or retried:
        state = "planned"
    elif state == "held" and has_job:
        state = "sent"
    db.execute(
        "UPDATE images SET run=?, source=?, image=?, planned_key=?, path=?, upload=?, state=?, "
        "outcome=CASE WHEN ? THEN NULL ELSE outcome END WHERE id=?",
        (run, _source(image, path), image.image, image.key, path, image.upload, state, retried, row),
    )
    return int(row)


def _known(
    db: sqlite3.Connection, image: PlannedImage, path: str | None, card_type: str, run: int
) -> tuple[int, str, str | None, int | None, int | None, int, bool] | None:
    """Return the row of an image: of the same file, or of the same object of the bucket, or of a file that moved."""
    columns = "id, state, outcome, size, modified, run, job_id IS NOT NULL, path, upload"
    found = next(
        iter(
            fetch(
                db,
                f"SELECT {columns} FROM images WHERE source = ? AND card_type = ?",  # noqa: S608 - constants
                (_source(image, path), card_type),
            )
        ),
        None,
    )
    if found is None and image.problem is None:
        for other in fetch(
            db,
            f"SELECT {columns} FROM images WHERE key = ? AND card_type = ? ORDER BY id",  # noqa: S608 - constants
            (image.key, card_type),
        ):
            there, upload = other[7:]
            same_object = path is None or (not upload and not image.upload)
            moved = there is not None and other[5] != run and not os.path.exists(there)  # noqa: PTH110 - a path for each row costs more
            if same_object or moved:
                found = other
                break
    return None if found is None else found[:7]


def _source(image: PlannedImage, path: str | None) -> str:
    """Return what identifies an image in the ledger: its file, or the object of the bucket."""
    if image.problem is not None:
        return f"unusable:{image.image}"
    return path or f"bucket:{image.key}"


def _changed(path: Path | None, size: int | None, modified: int | None) -> bool:
    if path is None:
        return False
    try:
        seen = path.stat()
    except OSError:
        return False
    return (seen.st_size, seen.st_mtime_ns) != (size, modified)
