"""A frame put together block by block, in memory that is little more than the frame's own.

Columns of numbers grow in place, texts and categories stay in Arrow's pieces. What a card has once is held once until
the frame is made, so that nothing of the size of the input is held twice.
"""

from __future__ import annotations

import warnings
from mmap import mmap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cardocr_nb._bulk._columns import MISSING
from cardocr_nb.cards import field_name, known_field
from cardocr_nb.frame._blank_texts import without_blanks
from cardocr_nb.frame._frame_columns import CATEGORIES, COLUMNS, DTYPES
from cardocr_nb.frame._long_rows import WORDS
from cardocr_nb.frame._polygon_array import PolygonArray
from cardocr_nb.frame._record_batch import NUMBERS, TIMES
from cardocr_nb.wire._records import SERVICE_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cardocr_nb.frame._long_rows import LongRows

_STEP = 65_536
_PIECES = 16
_NAMED_AT_MOST = 10
_CODED = pa.dictionary(pa.int32(), pa.large_string())
_NO_CODES = np.empty(0, dtype=np.int32)


class UnknownLabelWarning(UserWarning):
    """A field came under a label that this package does not know; its row is kept, under a name made from the label."""


class PolygonWarning(UserWarning):
    """A field's polygon has not four corners, or one beyond any image; its row is kept, with the polygon missing."""


class FrameBuilder:
    """Takes blocks in order and gives the frame."""

    def __init__(self) -> None:
        self._words = {name: _Categories() for name in WORDS}
        self._texts = {name: _TextColumn() for name in COLUMNS if DTYPES[name] == "str" and name != "image"}
        self._numbers = {name: _GrowingArray(DTYPES[name].lower()) for name in (*NUMBERS, "score")}
        self._times = {name: _GrowingArray("int64") for name in TIMES}
        self._rows = _GrowingArray("int64")
        self._points, self._no_polygon = _GrowingArray("int32", (4, 2)), _GrowingArray("bool")
        self._n_unusable = 0

    def add(self, block: LongRows) -> None:
        """Take in the rows of a block, behind those that are there."""
        self._rows.add(block.rows)
        for name, words in block.words.items():
            self._words[name].add(words)
        for name, texts in block.texts.items():
            self._texts[name].add(texts)
        for name, numbers in block.numbers.items():
            self._numbers[name].add(numbers)
        for name, times in block.times.items():
            self._times[name].add(times)
        self._points.add(block.points)
        self._no_polygon.add(block.no_polygon)
        self._n_unusable += block.n_unusable

    def frame(self) -> pd.DataFrame:
        """Give the frame, once; one warning each reports unknown labels and unusable polygons."""
        if self._n_unusable:
            warnings.warn(
                f"{self._n_unusable} polygons have not four corners within the range of int32; they are missing in the "
                "frame",
                PolygonWarning,
                stacklevel=3,
            )
        labels, codes = self._words.pop("label").finish()
        unknown = [label for label in labels if known_field(label) is None]
        if unknown:
            warnings.warn(_unknown(unknown), UnknownLabelWarning, stacklevel=3)
        text, score = _strings(self._texts.pop("text").finish()), self._numbers.pop("score").finish()
        rows = self._rows.finish()
        card = np.repeat(np.arange(len(rows)), rows)
        columns: dict[str, Any] = {
            "label": _categorical("label", labels, codes),
            "field": _categorical("field", [field_name(label) for label in labels], codes),
            "text": without_blanks(pd.Series(text, copy=False)),
            "score": _integers(score),
        }
        columns |= {name: _categorical(name, *words.finish(), card) for name, words in self._words.items()}
        columns |= {name: _spread(texts.finish(), card) for name, texts in self._texts.items()}
        columns |= {name: _integers(grown.finish().take(card)) for name, grown in self._numbers.items()}
        columns |= {name: _moments(grown.finish().take(card)) for name, grown in self._times.items()}
        # A response does not name the photo's file on the user's disk; whoever knows it fills the column.
        columns["image"] = _no_texts(len(self._points))
        columns["polygon"] = PolygonArray(self._points.finish(), self._no_polygon.finish())
        return pd.DataFrame({name: columns[name] for name in COLUMNS}, copy=False)


def _unknown(labels: list[str]) -> str:
    sizes = ", ".join(str(len(label)) for label in labels[:_NAMED_AT_MOST])
    more = f" and {len(labels) - _NAMED_AT_MOST} more" if len(labels) > _NAMED_AT_MOST else ""
    # Without the labels: a service may put a text of the card in place of one.
    return (
        f"{len(labels)} unknown labels, of {sizes} characters{more}. Their rows are kept, under field names made from them: "
        "see the columns 'label' and 'field'"
    )


class _GrowingArray:
    """An array that grows by segments. Their memory is map_cards, so that it goes back to the system one by one."""

    def __init__(self, dtype: str, shape: tuple[int, ...] = ()) -> None:
        self._dtype, self._shape = np.dtype(dtype), shape
        self._segments: list[NDArray[Any]] = []
        self._room = 0

    def add(self, values: NDArray[Any]) -> None:
        while len(values):
            if not self._room:
                self._segments.append(_mapped(_STEP, self._shape, self._dtype))
                self._room = _STEP
            now = values[: self._room]
            begin = _STEP - self._room
            self._segments[-1][begin : begin + len(now)] = now
            self._room -= len(now)
            values = values[len(now) :]

    def __len__(self) -> int:
        return _STEP * len(self._segments) - self._room

    def finish(self) -> NDArray[Any]:
        """Give the array, once."""
        count = len(self)
        joined = np.empty((count, *self._shape), dtype=self._dtype)
        for number in range(len(self._segments)):
            begin = number * _STEP
            end = min(begin + _STEP, count)
            joined[begin:end] = self._segments[number][: end - begin]
            self._segments[number] = joined[:0]  # gives its memory back
        self._segments = []
        return joined


def _mapped(count: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    memory = mmap(-1, count * int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)
    return np.frombuffer(memory, dtype=dtype).reshape(count, *shape)


def _narrowest(highest: int) -> np.dtype[Any]:
    return next(np.dtype(d) for d in ("int8", "int16", "int32") if highest < np.iinfo(d).max)


class _Categories:
    """A column of few different words, as Arrow's dictionaries."""

    def __init__(self) -> None:
        self._pieces: list[pa.DictionaryArray] = []

    def add(self, words: pa.DictionaryArray) -> None:
        self._pieces.append(words)

    def finish(self) -> tuple[list[str], NDArray[np.int32]]:
        """Give the different words, and the place of each row's word among them, -1 where there is none."""
        pieces = pa.chunked_array(self._pieces, _CODED).unify_dictionaries().chunks
        self._pieces = []
        codes = [piece.indices.fill_null(-1).to_numpy() for piece in pieces]
        return pieces[0].dictionary.to_pylist() if pieces else [], np.concatenate([_NO_CODES, *codes])


def _categorical(
    name: str, words: Sequence[str], codes: NDArray[np.int32], rows: NDArray[np.intp] | None = None
) -> pd.Categorical:
    """Make a column of codes, in which several may have one word, for all rows or some of them, with repetitions."""
    fixed = CATEGORIES.get(name, ())
    order = [*fixed, *sorted(set(words) - set(fixed))]
    rank = {word: place for place, word in enumerate(order)}
    ranks = np.array([*(rank[word] for word in words), -1], dtype=_narrowest(len(order)))
    # The last rank, which is -1, is that of the code -1.
    renumbered = ranks.take(codes, mode="wrap")
    dtype = pd.CategoricalDtype(pd.Index(order, dtype="str"))
    return pd.Categorical.from_codes(renumbered if rows is None else renumbered.take(rows), dtype=dtype)


class _TextColumn:
    """A column of texts, in pieces of growing size."""

    def __init__(self) -> None:
        self._large: list[pa.Array] = []
        self._small: list[pa.Array] = []

    def add(self, values: pa.LargeStringArray) -> None:
        self._small.append(values)
        if len(self._small) == _PIECES:
            self._join()

    def _join(self) -> None:
        if self._small:
            self._large.append(pa.concat_arrays(self._small))
            self._small = []

    def finish(self) -> pa.ChunkedArray:
        """Give the column, once."""
        self._join()
        large, self._large = self._large, []
        return pa.chunked_array(large, pa.large_string())


def _spread(texts: pa.ChunkedArray, rows: NDArray[np.intp]) -> Any:
    """Repeat the texts of cards for their rows."""
    if texts.null_count == len(texts):
        return _no_texts(len(rows))
    return _strings(pa.chunked_array([texts.combine_chunks().take(pa.array(rows))]))


def _no_texts(count: int) -> Any:
    return _strings(pa.chunked_array([pa.nulls(count, pa.large_string())]))


def _strings(pieces: pa.ChunkedArray) -> Any:
    return pd.StringDtype(na_value=np.nan).__from_arrow__(pieces)  # type: ignore[attr-defined]  # the stubs lack it


def _integers(values: NDArray[Any]) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(values, values == MISSING)


def _moments(values: NDArray[np.int64]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(values.view("M8[us]"), tz="UTC").tz_convert(SERVICE_TIME)
