"""Readings and truth brought together: every field of every card that has a truth, as whole numbers, then as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from cardocr_nb._bulk._arrow_text import arrow
from cardocr_nb.cards import field_name
from cardocr_nb.frame._dask_frame import is_dask
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, changes, first_rows

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    Truth: TypeAlias = pd.DataFrame | str | os.PathLike[str]

_TRUTH = ("key", "field", "text")
_CARDS_AT_ONCE = 1 << 18


@dataclass(frozen=True, slots=True)
class Given:
    """A truth: the key, field and text of each of its rows, keys and fields as numbers.

    Attributes
    ----------
    keys, fields : Index
        The different ones.
    key, field : ndarray of int
        Of each row, the place in `keys` and `fields`.
    text : Series of str
        Missing where nothing stands.
    """

    keys: pd.Index
    fields: pd.Index
    key: NDArray[np.intp]
    field: NDArray[np.intp]
    text: pd.Series


def read_truth(truth: Truth) -> Given:
    """Take a truth from a frame or a CSV file.

    Raises
    ------
    ValueError
        It lacks a column, or names a field of a key twice.

    Examples
    --------
    >>> given = read_truth(pd.DataFrame({"key": ["a.jpg"], "field": ["姓名"], "text": ["样本"]}))
    >>> given.fields.tolist(), given.text.tolist()
    (['name'], ['样本'])
    """
    table = truth if isinstance(truth, pd.DataFrame) else pd.read_csv(Path(truth), dtype="str", keep_default_na=False)
    lacking = [c for c in _TRUTH if c not in table.columns]
    if lacking:
        raise ValueError(f"the truth has no column {', '.join(lacking)}; it needs key, field and text")
    given = table[list(_TRUTH)].astype("str").reset_index(drop=True)
    named = (given["key"].notna() & given["field"].notna()).to_numpy()
    if not named.all():
        given = given[named].reset_index(drop=True)
    # The rows of a key mostly stand together.
    starts = np.flatnonzero(changes(given["key"]))
    run, keys = numbered(given["key"].take(starts))
    key = np.repeat(run, np.diff(np.append(starts, len(given))))
    label, labels = numbered(given["field"])
    place, fields = pd.factorize(pd.Index([field_name(str(name)) for name in labels], dtype="str"))
    field = place[label] if len(place) else label
    times = np.bincount(key * max(len(fields), 1) + field)
    twice = int((times[times > 1] - 1).sum())
    if twice:
        raise ValueError(f"the truth names {twice} fields of a key more than once; keep one row for each key and field")
    text = given["text"]
    nothing = (text == "").to_numpy(bool)
    return Given(keys, pd.Index(fields, dtype="str"), key, field, text.mask(nothing) if nothing.any() else text)


def numbered(words: pd.Series) -> tuple[NDArray[np.intp], pd.Index]:
    """Number different words in order of appearance; none may be missing.

    Examples
    --------
    >>> numbered(pd.Series(["b", "b", "a", "b"]))[0].tolist()
    [0, 0, 1, 0]
    """
    coded = arrow(words).dictionary_encode()
    return coded.indices.to_numpy().astype(np.intp), pd.Index(coded.dictionary, dtype="str")


@dataclass(frozen=True, slots=True)
class Cells:
    """Which rows of frame and truth belong together.

    Attributes
    ----------
    frame : DataFrame
        Conformed, with the number of each card.
    given : Given
    cards : DataFrame
        First row of every card: ``card, job_id, key`` and the columns asked for.
    known : ndarray of bool
        Which cards the truth names.
    fields : CategoricalDtype
        Fields of frame and truth.
    unread : int
        Keys of the truth that the frame does not hold.
    card, field, row, true : ndarray of int
        Of each cell: its card, the place of its field, its rows in frame and truth, -1 where there is none.
    """

    frame: pd.DataFrame
    given: Given
    cards: pd.DataFrame
    known: NDArray[np.bool_]
    fields: pd.CategoricalDtype
    unread: int
    card: NDArray[np.intp]
    field: NDArray[np.intp]
    row: NDArray[np.intp]
    true: NDArray[np.intp]


def pair(df: pd.DataFrame, given: Given, slices: list[str], *, complete: bool) -> Cells:
    """Find the cells: a field of a card that has a truth, on which something stands or was read.

    Raises
    ------
    ValueError
        Frame and truth have no key in common.
    """
    refuse_parts(df)
    frame = conform(df).reset_index(drop=True)
    frame["card"] = card_numbers(frame)
    card = frame["card"].to_numpy()
    cards = frame[["card", "job_id", "key", *slices]].take(first_rows(card)).reset_index(drop=True)
    n = len(cards)
    image = _places(arrow(cards["key"]), arrow(pd.Series(given.keys)))
    known = image >= 0
    if not known.any() and n and len(given.key):
        raise ValueError(
            f"no key is in both: the frame holds {n} cards, the truth {len(given.keys)} keys. "
            "Keys must be spelled alike, folder and ending included"
        )
    fields = pd.CategoricalDtype(frame["field"].cat.categories.union(given.fields, sort=False))
    read = _table(card, np.asarray(frame["field"].cat.codes).astype(np.intp), (n, len(fields.categories)))
    code = fields.categories.get_indexer(given.fields)
    stands = _table(given.key, code[given.field], (len(given.keys) + 1, len(fields.categories)))
    places = _cells(read, stands, np.where(known, image, len(given.keys)), frame, given, complete=complete)
    unread = np.ones(len(given.keys), dtype=bool)
    unread[image[known]] = False
    return Cells(frame, given, cards, known, fields, int(unread.sum()), *places)


def _places(words: pa.Array, among: pa.Array) -> NDArray[np.intp]:
    """Where each word stands among others, all different; -1 where it does not."""
    # A truth is often written down card by card as they stand in the frame.
    if words.equals(among):
        return np.arange(len(words))
    both = pa.concat_arrays([among, words]).dictionary_encode().indices.fill_null(-1).to_numpy()
    found = both[len(among) :].astype(np.intp)
    return np.where(found < len(among), found, -1)


def refuse_parts(df: object) -> None:
    """Say what to do with a Dask DataFrame where the whole frame is needed.

    Raises
    ------
    TypeError
        It is one.
    """
    if is_dask(df):
        raise TypeError(
            "this needs a frame of pandas, got one of Dask; bring its rows together with df.cardocr.to_pandas()"
        )


def _table(line: NDArray[np.intp], column: NDArray[np.intp], shape: tuple[int, int]) -> NDArray[np.int32]:
    """The first row for each line and column, -1 where there is none."""
    table = np.full(shape[0] * shape[1], -1, dtype=np.int32)
    rows = np.flatnonzero(column >= 0)[::-1]
    table[line[rows] * shape[1] + column[rows]] = rows
    return table.reshape(shape)


def _cells(
    read: NDArray[np.int32], stands: NDArray[np.int32], image: NDArray[np.intp], frame: pd.DataFrame, given: Given,
    *, complete: bool,
) -> tuple[NDArray[np.intp], ...]:  # fmt: skip
    written = np.append(frame["text"].notna().to_numpy(), False)
    true = np.append(given.text.notna().to_numpy(), False)
    parts: list[tuple[NDArray[np.intp], ...]] = [(np.empty(0, dtype=np.intp),) * 4]
    for start in range(0, len(read), _CARDS_AT_ONCE):
        at = slice(start, start + _CARDS_AT_ONCE)
        asked = stands[image[at]]
        wanted = written[read[at]] | true[asked]
        wanted &= (image[at] < len(stands) - 1)[:, np.newaxis]
        if not complete:
            wanted &= asked >= 0
        line, column = np.nonzero(wanted)
        rows = (table.ravel()[np.flatnonzero(wanted)].astype(np.intp) for table in (read[at], asked))
        parts.append((line + start, column, *rows))
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))
