"""The state and the result of each image, read from a ledger."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cardocr_nb._ledger._ledger import Ledger
from cardocr_nb._ledger._packing import unpack
from cardocr_nb._ledger._tables import FAILURES, connect_to_read, fetch, unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Query = Callable[[str, tuple[Any, ...]], list[Any]]

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """State and result of one image.

    Attributes
    ----------
    key, card_type : str
    image : str or None
        The file as it was given; None for an object of the bucket.
    state : str
        As in `cardocr_nb._ledger`; of a picture that has the result of another row, that row's state.
    job_id : str or None
    code, message : str or None
        Why the image has no result.
    raw : bytes or None
        The service's answer.
    first : bool
        Whether this row is the one that was submitted; its result may count for others too.
    """

    key: str
    card_type: str
    image: str | None
    state: str
    job_id: str | None
    code: str | None
    message: str | None
    raw: bytes | None = field(repr=False)
    first: bool


def outcomes(source: Ledger | str | Path, run: int | None = None) -> Iterator[Outcome]:
    """Read a ledger, also during a run; a few thousand rows are in memory at a time.

    Parameters
    ----------
    source : Ledger, str or Path
    run : int, optional
        Only the images of this run.

    Raises
    ------
    LedgerError
        The file does not exist, is not a ledger, or of another version.
    """
    with _open_queries(source) as query:
        last = 0
        while found := query(
            "SELECT i.id, i.key, i.card_type, i.image, coalesce(o.state, i.state) AS state, "
            "coalesce(o.job_id, i.job_id) AS job_id, coalesce(o.code, i.code) AS code, "
            "coalesce(o.message, i.message) AS message, coalesce(o.response, i.response) AS response, i.same_as IS NULL "
            "FROM images i LEFT JOIN images o ON o.id = i.same_as "
            "WHERE i.id > ? AND (? IS NULL OR i.run = ?) ORDER BY i.id LIMIT ?",
            (last, run, run, _CHUNK),
        ):
            if found[-1][0] <= last:
                raise sqlite3.DatabaseError("malformed: its rows are out of order")  # the loop would not end
            last = found[-1][0]
            for _, key, card_type, image, state, job_id, code, message, response, first in found:
                raw = (
                    unpack(response, getattr(source, "path", source))
                    if state == "done" and response is not None
                    else None
                )
                yield Outcome(key, card_type, image, state, job_id, code, message, raw, bool(first))


def states_by_image(path: str | Path, card_type: str) -> dict[tuple[str, str], tuple[str, str | None]]:
    """Return state and job outcome of the images of a ledger, by file and by key.

    Parameters
    ----------
    path : str or Path
    card_type : str

    Returns
    -------
    dict
        From ``("path", absolute path)`` and ``("key", key)`` to state and outcome.
    """
    known: dict[tuple[str, str], tuple[str, str | None]] = {}
    with _open_queries(path) as query:
        for there, key, state, outcome in query(
            "SELECT path, key, state, outcome FROM images WHERE card_type = ?", (card_type,)
        ):
            known["key", key] = state, outcome
            if there is not None:
                known["path", there] = state, outcome
    return known


@contextmanager
def _open_queries(source: Ledger | str | Path) -> Iterator[Query]:
    if isinstance(source, Ledger):
        try:
            yield source.rows
        except FAILURES as e:
            raise unusable(source.path, e) from None
        return
    db = connect_to_read(source)

    def query(sql: str, values: tuple[Any, ...]) -> list[Any]:
        return fetch(db, sql, values)

    try:
        query("BEGIN", ())  # all chunks show one moment
        yield query
    except FAILURES as e:
        raise unusable(source, e) from None
    finally:
        db.close()
