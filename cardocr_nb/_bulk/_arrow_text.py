"""Texts as the bytes that Arrow keeps behind a column, so that the usual ones are judged many at once.

Texts of other shapes go to slower functions that know all of them.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Rows = NDArray[np.intp]

SPACE, ASCII = 0x20, 0x7F
"""The last byte that is white space or a control character, and the last of ASCII."""

_LEAD, _IDEOGRAPHS = 0xC0, (0xE4, 0xE9)
_FIRST_IDEOGRAPH = 0xB8
_BYTES_AT_ONCE = 1 << 18
_WORD, _ODD = 8, np.uint64(0x9E3779B97F4A7C15)


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


def blocks(array: pa.Array, rows: Rows, length: int, *, skip: int | NDArray[np.int64] = 0) -> Bytes:
    """So many bytes of some texts, ndarray of shape (len(rows), length), after the first `skip`."""
    starts, data = spans(array)
    if not len(rows):
        return np.empty((0, length), dtype=np.uint8)
    block: Bytes = np.lib.stride_tricks.sliding_window_view(data, length)[starts[rows] + skip]
    return block


def lengths(array: pa.Array) -> NDArray[np.int64]:
    """Bytes of each text, 0 where missing."""
    return np.diff(spans(array)[0])


def all_differ(array: pa.Array) -> bool:
    """Whether texts are surely all different: no two agree in their first and last bytes. False says nothing.

    Examples
    --------
    >>> all_differ(pa.array(["front/0001.jpg", "front/0002.jpg"], pa.large_string()))
    True
    """
    length, rows = lengths(array), np.arange(len(array))
    if length.min(initial=_WORD) < _WORD:
        return False
    first, last = (blocks(array, rows, _WORD, skip=skip).view("<u8")[:, 0] for skip in (0, length - _WORD))
    # One number of both: equal texts have equal numbers, the bytes between do not matter.
    mixed = np.sort(first * _ODD ^ last)
    return bool((mixed[1:] != mixed[:-1]).all())


def sorted_factorize(array: pa.Array) -> tuple[pa.Array, NDArray[np.int32]]:
    """The different texts in order, and the place of each among them, -1 where it is missing.

    Examples
    --------
    >>> words, places = sorted_factorize(pa.array(["b", "a", None, "b"], pa.large_string()))
    >>> words.to_pylist(), places.tolist()
    (['a', 'b'], [1, 0, -1, 1])
    """
    order = _sorted(array)
    words = array.take(pa.array(order))[: len(array) - array.null_count]
    new = np.ones(len(words), dtype=bool)
    new[1:] = pc.not_equal(words[1:], words[:-1])
    places = np.full(len(order), -1, dtype=np.int32)
    places[order[: len(words)]] = np.cumsum(new) - 1
    return words.filter(pa.array(new)), places


def _sorted(array: pa.Array) -> Rows:
    """Rows in the order of their texts, missing ones last."""
    if not array.null_count:
        # Keys often come folder by folder and in order within; then only the folders have to be sorted.
        falls = np.flatnonzero(np.asarray(pc.less(array[1:], array[:-1]))) + 1
        if len(falls) < len(array) // 100:
            begins, ends = np.append(0, falls), np.append(falls, len(array))
            first, last = (array.take(pa.array(at)) for at in (begins, ends - 1))
            parts = pc.array_sort_indices(first)
            if pc.all(pc.less_equal(last.take(parts[:-1]), first.take(parts[1:]))).as_py():
                return np.concatenate([np.arange(begins[n], ends[n]) for n in parts.to_pylist()])
    if array.null_count or lengths(array).min(initial=_WORD) < _WORD:
        return np.asarray(pc.array_sort_indices(array)).astype(np.intp)
    # Most ids differ in their first bytes, which are sorted much faster as numbers.
    heads = blocks(array, np.arange(len(array)), _WORD).view(">u8")[:, 0].astype(np.uint64)
    order = np.argsort(heads)
    same = np.diff(heads[order]) == 0
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    rest = order[tied]
    order[tied] = rest[np.asarray(pc.array_sort_indices(array.take(pa.array(rest))))]
    return order


def unusual(array: pa.Array, *, below: int = 0) -> Rows:
    """Rows that the forms of Unicode might change, or that begin or end with white space, or hold a byte `below` one.

    A text of ASCII and of the ideographs U+4E00 to U+9FFF is its own NFKC (Unicode Standard Annex 15): none of these has
    a compatibility form or combines with another.

    Examples
    --------
    >>> texts = pa.array(["样本", "样本A", "样 本", " 样本", "ＡＢ"], pa.large_string())
    >>> unusual(texts).tolist(), unusual(texts, below=SPACE + 1).tolist()
    ([3, 4], [2, 3, 4])
    """
    starts, data = spans(array)
    data, starts = data[starts[0] : starts[-1]], starts - starts[0]
    if not len(data):
        return np.empty(0, dtype=np.intp)
    rows = np.searchsorted(starts, _odd(data, below), side="right") - 1
    rows = np.asarray(rows[np.diff(rows, prepend=-1) > 0], dtype=np.intp)
    if below > SPACE:
        return rows
    space = data <= SPACE
    at_ends = space.take(starts[:-1], mode="clip") | space[starts[1:] - 1]
    return np.union1d(rows, np.flatnonzero(at_ends & (starts[1:] > starts[:-1])))


def _odd(data: Bytes, below: int) -> Rows:
    """Where a character begins that is neither ASCII nor an ideograph, or a byte `below` is."""
    found = [np.empty(0, dtype=np.intp)]
    # In parts that stay in the processor's memory, as each is looked at several times.
    for start in range(0, len(data), _BYTES_AT_ONCE):
        part, following = data[start : start + _BYTES_AT_ONCE], data[start + 1 : start + 1 + _BYTES_AT_ONCE]
        odd = (part >= _LEAD) & ((part < _IDEOGRAPHS[0]) | (part > _IDEOGRAPHS[1]))
        odd[: len(following)] |= (part[: len(following)] == _IDEOGRAPHS[0]) & (following < _FIRST_IDEOGRAPH)
        if below:
            odd |= part < below
        found.append(np.flatnonzero(odd) + start)
    return np.concatenate(found)


def replaced(array: pa.Array, rows: Rows, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """The array with some rows changed."""
    if not len(rows):
        return array
    where = np.zeros(len(array), dtype=bool)
    where[rows] = True
    return pc.replace_with_mask(array, pa.array(where), change(array.take(pa.array(rows))))


def normalized(array: pa.Array, form: Literal["NFC", "NFKC"] = "NFKC") -> pa.Array:
    r"""Apply a Unicode normalization form. Arrow's own function leaves letters and their marks apart before version 26.

    Examples
    --------
    >>> normalized(pa.array(["e\u0301９", "样本", None], pa.large_string())).to_pylist()
    ['é9', '样本', None]
    """

    def normalize(part: pa.Array) -> pa.Array:
        texts = [None if text is None else unicodedata.normalize(form, text) for text in part.to_pylist()]
        return pa.array(texts, part.type)

    return replaced(array, unusual(array), normalize)


def trimmed(array: pa.Array) -> pa.Array:
    """Unicode NFKC, white space at the ends taken off.

    Examples
    --------
    >>> trimmed(pa.array([" ９ ", "样本", None], pa.large_string())).to_pylist()
    ['9', '样本', None]
    """
    return replaced(array, unusual(array), lambda part: pc.utf8_trim_whitespace(normalized(part)))


def map_unique(texts: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Apply a function of each text alone to the different texts only.

    Examples
    --------
    >>> map_unique(pd.Series(["a", "b", "a"]), lambda different: different.str.upper()).tolist()
    ['A', 'B', 'A']
    """
    coded = arrow(texts).dictionary_encode()
    answers = function(pd.Series(coded.dictionary, dtype="str")).array
    codes = coded.indices.fill_null(-1).to_numpy()
    return pd.Series(answers.take(codes, allow_fill=bool(coded.null_count)), index=texts.index)
