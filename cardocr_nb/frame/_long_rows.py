"""A block with one row a field: what can be done before the blocks are put together, by several threads at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cardocr_nb._bulk._columns import MISSING, REFUSED
from cardocr_nb.frame._frame_schema import COLUMNS, DTYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.frame._record_batch import RecordBatch

WORDS = tuple(name for name in COLUMNS if DTYPES[name] == "category" and name != "field")
"""Columns of few different words that a document gives; names of fields follow from labels."""


@dataclass(frozen=True, slots=True)
class LongRows:
    """Rows of a frame, a column each.

    Attributes
    ----------
    words : dict of str to (list of str, ndarray of int)
        For each name in `WORDS` the different words, and for each row the place of its own; -1 where there is none.
    texts : dict of str to pyarrow.LargeStringArray
    numbers : dict of str to ndarray of int16
        `MISSING` where there is none.
    times : dict of str to ndarray of int64
    points : ndarray of shape (rows, 4, 2), int32
    no_polygon : ndarray of bool
    n_unusable : int
        How many polygons are not usable.
    """

    words: dict[str, tuple[list[str], NDArray[Any]]]
    texts: dict[str, pa.LargeStringArray]
    numbers: dict[str, NDArray[np.int16]]
    times: dict[str, NDArray[np.int64]]
    points: NDArray[np.int32]
    no_polygon: NDArray[np.bool_]
    n_unusable: int


def to_long_rows(block: RecordBatch) -> LongRows:
    """Lay the cards out in the order of their documents; a card without fields has a row as well."""
    cards = np.argsort(block.document, kind="stable")
    cards = cards[np.searchsorted(block.document, REFUSED, side="right", sorter=cards) :]
    fields = block.fields.take(cards)
    rows = np.maximum(fields, 1)
    card = np.repeat(cards, rows)
    begins = np.cumsum(block.fields) - block.fields
    field = np.arange(len(card)) + np.repeat(begins.take(cards) - (np.cumsum(rows) - rows), rows)
    filled = np.repeat(fields > 0, rows)
    of_card, of_field = pa.array(card), pa.array(field, mask=~filled)
    field[~filled] = -1
    words = {name: _coded(values, card) for name, values in block.texts.items() if name in WORDS}
    texts = {name: _taken(values, of_card) for name, values in block.texts.items() if name not in WORDS}
    return LongRows(
        words=words | {"label": _coded(block.label, field)},
        texts=texts | {"text": block.text.take(of_field)},
        numbers={name: numbers.take(card) for name, numbers in block.numbers.items()}
        | {"score": _filled(block.score, field, MISSING)},
        times={name: times.take(card) for name, times in block.times.items()},
        points=_filled(block.points, field, 0),
        no_polygon=~_filled(block.usable, field, fill=False),
        n_unusable=int(np.count_nonzero(_filled(block.unusable, field, fill=False))),
    )


def _coded(values: pa.LargeStringArray, rows: NDArray[np.int64]) -> tuple[list[str], NDArray[Any]]:
    coded = values.dictionary_encode()
    words = coded.dictionary.to_pylist()
    places = np.append(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int32(-1)).take(rows, mode="wrap")
    used = np.bincount(places + 1, minlength=len(words) + 1)[1:] > 0
    if not used.all():  # some words are only in cards that are left out
        words = [words[place] for place in np.flatnonzero(used)]
        places = np.append(np.cumsum(used, dtype=np.int32) - 1, np.int32(-1)).take(places, mode="wrap")
    return words, places


def _taken(values: pa.LargeStringArray, rows: pa.Array) -> pa.LargeStringArray:
    return pa.nulls(len(rows), values.type) if values.null_count == len(values) else values.take(rows)


def _filled(values: NDArray[Any], rows: NDArray[np.int64], fill: object) -> NDArray[Any]:
    """Take values by row; -1 takes `fill`."""
    last = np.full((1, *values.shape[1:]), fill, dtype=values.dtype)
    return np.concatenate([values, last]).take(rows, axis=0, mode="wrap")
