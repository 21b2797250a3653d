"""A ledger as it is read: what became of each image."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cardocr_nb._ledger._ledger import Ledger
from cardocr_nb._ledger._tables import connect_to_read, unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Query = Callable[[str, tuple[Any, ...]], list[Any]]

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one image.

    Attributes
    ----------
    key, card_type : str
    state : str
        Of the row, see `cardocr_nb._ledger`; for the same picture as another row's, that row's state.
    job_id : str or None
    code, message : str or None
        Why there is no reading.
    raw : bytes or None
        The service's answer.
    first : bool
        Whether this row is the one that was submitted; its reading may count for others too.
    """

    key: str
    card_type: str
    state: str
    job_id: str | None
    code: str | None
    message: str | None
    raw: bytes | None = field(repr=False)
    first: bool


def outcomes(source: Ledger | str | Path, run: int | None = None) -> Iterator[Outcome]:
    """Read a ledger, a run may be at work on it meanwhile; a few thousand rows are held at a time.

    Parameters
    ----------
    source : Ledger, str or Path
    run : int, optional
        Only the images of this run.

    Raises
    ------
    LedgerError
        There is no such file, it is no ledger, or of another version.
    """
    with _asking(source) as query:
        last = 0
        while found := query(
            "SELECT i.id, i.key, i.card_type, coalesce(o.state, i.state), coalesce(o.job_id, i.job_id), "
            "coalesce(o.code, i.code), coalesce(o.message, i.message), coalesce(o.response, i.response), i.same_as IS NULL "
            "FROM images i LEFT JOIN images o ON o.id = i.same_as "
            "WHERE i.id > ? AND (? IS NULL OR i.run = ?) ORDER BY i.id LIMIT ?",
            (last, run, run, _CHUNK),
        ):
            last = found[-1][0]
            for _, key, card_type, state, job_id, code, message, response, first in found:
                raw = zlib.decompress(response) if state == "done" and response is not None else None
                yield Outcome(key, card_type, state, job_id, code, message, raw, bool(first))


@contextmanager
def _asking(source: Ledger | str | Path) -> Iterator[Query]:
    if isinstance(source, Ledger):
        yield source.rows
        return
    db = connect_to_read(source)

    def query(sql: str, values: tuple[Any, ...]) -> list[Any]:
        return db.execute(sql, values).fetchall()

    try:
        query("BEGIN", ())  # all chunks see one moment
        yield query
    except sqlite3.Error as e:
        raise unusable(source, e) from e
    finally:
        db.close()
