"""A block with one row a field: what can be done before the blocks are put together, by several threads at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cardocr_nb._bulk._columns import MISSING
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
    """Lay a block out; a card without fields has a row as well."""
    rows = np.maximum(block.fields, 1)
    card = np.repeat(np.arange(len(rows)), rows)
    of_card = pa.array(card)
    filled = np.repeat(block.fields > 0, rows)
    field = None if filled.all() else np.where(filled, np.cumsum(filled) - 1, -1)
    words = {name: _coded(values, card) for name, values in block.texts.items() if name in WORDS}
    texts = {name: _taken(values, of_card) for name, values in block.texts.items() if name not in WORDS}
    return LongRows(
        words=words | {"label": _coded(block.label, field)},
        texts=texts | {"text": block.text if field is None else block.text.take(pa.array(field, mask=~filled))},
        numbers={name: numbers.take(card) for name, numbers in block.numbers.items()}
        | {"score": _filled(block.score, filled, MISSING)},
        times={name: times.take(card) for name, times in block.times.items()},
        points=_filled(block.points, filled, 0),
        no_polygon=~_filled(block.usable, filled, fill=False),
        n_unusable=block.n_unusable,
    )


def _coded(values: pa.LargeStringArray, rows: NDArray[np.int64] | None) -> tuple[list[str], NDArray[Any]]:
    coded = values.dictionary_encode()
    places = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return coded.dictionary.to_pylist(), places if rows is None else np.append(places, np.int32(-1)).take(rows)


def _taken(values: pa.LargeStringArray, rows: pa.Array) -> pa.LargeStringArray:
    return pa.nulls(len(rows), values.type) if values.null_count == len(values) else values.take(rows)


def _filled(values: NDArray[Any], filled: NDArray[np.bool_], fill: object) -> NDArray[Any]:
    if len(values) == len(filled):
        return values
    filled_out = np.full((len(filled), *values.shape[1:]), fill, dtype=values.dtype)
    filled_out[filled] = values
    return filled_out
