"""Texts as the bytes that Arrow keeps behind a column, so that the usual ones are judged many at once.

Whatever is not of a usual shape goes to the slower functions that know all shapes.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Rows = NDArray[np.intp]

T = TypeVar("T")

_SPACE = 0x20
_LEAD, _IDEOGRAPHS = 0xC0, (0xE4, 0xE9)
_FIRST_IDEOGRAPH = 0xB8


def arrow(texts: pd.Series) -> pa.Array:
    """Make one array of large strings; copies nothing where it is one already."""
    array = pa.array(texts, type=pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def spans(array: pa.Array) -> tuple[NDArray[np.int64], Bytes]:
    """Where each text begins, and at last where the last ends, in the bytes that hold them all.

    Examples
    --------
    >>> spans(pa.array(["ab", None, "c"], pa.large_string()))[0].tolist()
    [0, 2, 2, 3]
    """
    _, offsets, data = array.buffers()
    if offsets is None or not len(array):
        return np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint8)
    starts = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return starts, np.frombuffer(data or b"", dtype=np.uint8)


def blocks(array: pa.Array, rows: Rows, length: int, *, skip: int = 0) -> Bytes:
    """Bytes of texts of one length, ndarray of shape (len(rows), length), after the first `skip`."""
    starts, data = spans(array)
    if not len(rows):
        return np.empty((0, length), dtype=np.uint8)
    return np.lib.stride_tricks.sliding_window_view(data, length)[starts[rows] + skip]


def lengths(array: pa.Array) -> NDArray[np.int64]:
    """Bytes of each text, 0 where missing."""
    return np.diff(spans(array)[0])


def unusual(array: pa.Array, *, within: bool = False) -> Rows:
    """Rows that the forms of Unicode, or white space at their ends (or `within` them), might change.

    A text of ASCII and of the ideographs U+4E00 to U+9FFF is its own NFKC (Unicode Standard Annex 15): none of these has
    a compatibility form or combines with another.
    """
    starts, data = spans(array)
    if len(starts) == 1 or starts[0] == starts[-1]:
        return np.empty(0, dtype=np.intp)
    part = data[starts[0] : starts[-1]]
    odd = (part >= _LEAD) & ((part < _IDEOGRAPHS[0]) | (part > _IDEOGRAPHS[1]))
    edge = np.flatnonzero(part[:-1] == _IDEOGRAPHS[0])
    odd[edge] = part[edge + 1] < _FIRST_IDEOGRAPH
    if within:
        odd |= part <= _SPACE
    rows = np.searchsorted(starts, np.flatnonzero(odd) + starts[0], side="right") - 1
    rows = np.asarray(rows[np.diff(rows, prepend=-1) > 0], dtype=np.intp)
    if within:
        return rows
    full = np.flatnonzero(starts[1:] > starts[:-1])
    spaced = full[(data[starts[full]] <= _SPACE) | (data[starts[full + 1] - 1] <= _SPACE)]
    return np.asarray(np.union1d(rows, spaced), dtype=np.intp)


def replaced(array: pa.Array, rows: Rows, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """The array with some rows changed."""
    if not len(rows):
        return array
    where = np.zeros(len(array), dtype=bool)
    where[rows] = True
    return pc.replace_with_mask(array, pa.array(where), change(array.take(pa.array(rows))))


def trimmed(array: pa.Array) -> pa.Array:
    """Unicode NFKC, white space at the ends taken off.

    Examples
    --------
    >>> trimmed(pa.array([" ９ ", "样本", None], pa.large_string())).to_pylist()
    ['9', '样本', None]
    """
    return replaced(array, unusual(array), lambda part: pc.utf8_trim_whitespace(pc.utf8_normalize(part, form="NFKC")))


def once_each(texts: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Apply a function of each text alone to the different texts only.

    Examples
    --------
    >>> once_each(pd.Series(["a", "b", "a"]), lambda different: different.str.upper()).tolist()
    ['A', 'B', 'A']
    """
    coded = arrow(texts).dictionary_encode()
    answers = function(pd.Series(coded.dictionary, dtype="str")).array
    codes = coded.indices.fill_null(-1).to_numpy()
    return pd.Series(answers.take(codes, allow_fill=bool(coded.null_count)), index=texts.index)


def remembered(read: Callable[[pd.Series], T]) -> Callable[[pd.Series], T]:
    """Make a reader that gives the same answer again for the very Series it was asked about, as long as that lives.

    For Series that nobody changes, such as those that `cardocr_nb.quality.check` hands to one check after another.
    """
    kept: dict[int, tuple[weakref.ref[pd.Series], T]] = {}

    def once(texts: pd.Series) -> T:
        place = id(texts)
        known = kept.get(place)
        if known is not None and known[0]() is texts:
            return known[1]
        answer = read(texts)
        kept[place] = weakref.ref(texts, lambda _: kept.pop(place, None)), answer
        return answer

    return once
