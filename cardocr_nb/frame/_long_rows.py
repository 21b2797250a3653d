"""Cards and their rows, one a field: what can be done before the blocks are put together, by several threads at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cardocr_nb._bulk._arrow_text import spans
from cardocr_nb._bulk._columns import MISSING, REFUSED
from cardocr_nb.frame._frame_columns import COLUMNS, DTYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.frame._record_batch import RecordBatch

    Ints = NDArray[np.int64]

WORDS = tuple(name for name in COLUMNS if DTYPES[name] == "category" and name != "field")
"""Columns of few different words that a document gives; names of fields follow from labels."""


@dataclass(frozen=True, slots=True)
class LongRows:
    """Cards of a frame, and their rows.

    Attributes
    ----------
    rows : ndarray of shape (cards,)
        How many rows each card has, 1 or more.
    words : dict of str to pyarrow.DictionaryArray
        For each name in `WORDS`; of length cards, ``label`` of length rows.
    texts : dict of str to pyarrow.LargeStringArray
        Of length cards, ``text`` of length rows.
    numbers : dict of str to ndarray of int16
        Of length cards, ``score`` of length rows; `MISSING` where there is none.
    times : dict of str to ndarray of int64
        Of length cards.
    points : ndarray of shape (rows, 4, 2), int32
    no_polygon : ndarray of bool
        Of length rows.
    n_unusable : int
        How many polygons are not usable.
    """

    rows: Ints
    words: dict[str, pa.DictionaryArray]
    texts: dict[str, pa.LargeStringArray]
    numbers: dict[str, NDArray[np.int16]]
    times: dict[str, Ints]
    points: NDArray[np.int32]
    no_polygon: NDArray[np.bool_]
    n_unusable: int


def to_long_rows(block: RecordBatch) -> LongRows:
    """Lay the cards out in the order of their documents; a card without fields has a row as well."""
    cards = np.argsort(block.document, kind="stable")
    cards = cards[np.searchsorted(block.document, REFUSED, side="right", sorter=cards) :]
    fields = block.fields.take(cards)
    rows = np.maximum(fields, 1)
    begins = np.cumsum(block.fields) - block.fields
    field = np.arange(rows.sum()) + np.repeat(begins.take(cards) - (np.cumsum(rows) - rows), rows)
    filled = np.repeat(fields > 0, rows)
    of_field = of_label = pa.array(field, mask=~filled)
    of_cards, label, text = block.texts, block.label, None
    # Nearly always all cards and fields are there and in order, so that nothing has to be moved.
    if not _are_in_order(cards, len(block.document)):
        taken = pa.array(cards)
        of_cards = {name: values.take(taken) for name, values in of_cards.items()}
    if not _are_in_order(field.compress(filled), len(label)):
        # Words that are only in cards that are left out must not appear.
        label, of_label = label.take(of_field), pa.array(np.arange(len(field)), mask=~filled)
        text = block.text.take(of_field)
    field[~filled] = -1
    return LongRows(
        rows=rows,
        words={name: of_cards[name].dictionary_encode() for name in block.texts if name in WORDS}
        | {"label": label.dictionary_encode().take(of_label)},
        texts={name: of_cards[name] for name in block.texts if name not in WORDS}
        | {"text": _with_gaps(block.text, filled) if text is None else text},
        numbers={name: numbers.take(cards) for name, numbers in block.numbers.items()}
        | {"score": _filled(block.score, field, MISSING)},
        times={name: times.take(cards) for name, times in block.times.items()},
        points=_filled(block.points, field, 0),
        no_polygon=~_filled(block.usable, field, fill=False),
        n_unusable=int(np.count_nonzero(_filled(block.unusable, field, fill=False))),
    )


def _are_in_order(places: Ints, count: int) -> bool:
    """Whether places are all numbers below a count, in order."""
    return len(places) == count and bool((places == np.arange(count)).all())


def _with_gaps(texts: pa.LargeStringArray, filled: NDArray[np.bool_]) -> pa.LargeStringArray:
    """Lay texts out in order, with missing ones in the rows that are not filled; their bytes are not copied."""
    starts, data = spans(texts)
    ends = starts.take(np.append(0, np.cumsum(filled)))
    valid = np.zeros(len(filled), dtype=bool)
    valid[filled] = texts.is_valid().to_numpy(zero_copy_only=False)
    buffers = (ends, data, np.packbits(valid, bitorder="little"))
    return pa.LargeStringArray.from_buffers(len(filled), *map(pa.py_buffer, buffers))


def _filled(values: NDArray[Any], rows: Ints, fill: object) -> NDArray[Any]:
    """Take values by row; -1 takes `fill`."""
    last = np.full((1, *values.shape[1:]), fill, dtype=values.dtype)
    return np.concatenate([values, last]).take(rows, axis=0, mode="wrap")
