"""Where the texts of many jobs or fields begin and end, and the texts themselves as Arrow arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._bulk._chunk import Chunk

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]


def owners(places: Ints, count: int) -> Ints:
    """Number of the last place at or before each index below `count`; -1 before the first one.

    Examples
    --------
    >>> owners(np.array([1, 3]), 5).tolist()
    [-1, 0, 0, 1, 1]
    """
    return np.repeat(np.arange(-1, len(places)), np.diff(places, prepend=0, append=count))


class Spans:
    """Where the texts of some slots begin and end.

    Parameters
    ----------
    chunk : Chunk
    rows : int
        Number of slots.
    at : ndarray of int
        Where each job or field begins.

    Attributes
    ----------
    begin, end : ndarray of int
        A row a slot, a column a job or a field.
    """

    def __init__(self, chunk: Chunk, rows: int, at: Ints) -> None:
        self._chunk = chunk
        # An absent text is empty and lies where its job or field begins, so that the texts of one slot are in order.
        self.begin = np.tile(at, (rows, 1))
        self.end = self.begin.copy()

    def keys(self, row: NDArray[np.uint8], owner: Ints) -> Ints:
        """Places in the flat arrays."""
        return row * np.int64(self.begin.shape[1]) + owner

    def fill(self, key: Ints, begin: Ints, end: Ints) -> Flags | None:
        """Set the spans at some keys; returns which keys are repeated, None if none are."""
        self.begin.ravel()[key] = begin
        self.end.ravel()[key] = end
        seen = np.zeros(self.begin.size, dtype=bool)
        seen[key] = True
        if np.count_nonzero(seen) == len(key):
            return None
        _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
        repeated: Flags = counts[inverse] > 1
        return repeated

    def without_space(self, rows: list[int]) -> Flags:
        """Whether no text of some slots begins or ends with white space, by job or field."""
        begin, end = self.begin[rows], self.end[rows]
        first, last = self._chunk.data.take(begin), self._chunk.data.take(end - 1)
        plain: Flags = (((first > ord(" ")) & (last > ord(" "))) | (end == begin)).all(axis=0)
        return plain

    def texts(self, rows: list[int]) -> list[pa.LargeStringArray]:
        """Return the texts of some slots, missing where they are empty."""
        begin, end = self.begin[rows], self.end[rows]
        count = begin.shape[1]
        # Every second piece of the chunk is a text; the others, and one more to its end, are not wanted.
        offsets = np.append(np.stack([begin, end], axis=2).ravel(), self._chunk.starts[-1])
        every = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(self._chunk.raw))
        texts = every.take(pa.array(np.arange(0, len(offsets) - 1, 2), mask=(end == begin).ravel()))
        return [texts.slice(number * count, count) for number in range(len(rows))]
