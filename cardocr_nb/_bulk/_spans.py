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


def taken(chunk: Chunk, begin: Ints, end: Ints) -> tuple[Ints, NDArray[np.uint8]]:
    """Copy texts out of a chunk; returns where each begins and the last one ends, and their bytes."""
    ends = np.zeros(begin.size + 1, dtype=np.int64)
    np.cumsum((end - begin).ravel(), out=ends[1:])
    given = np.flatnonzero(end > begin)
    # Every second piece of the chunk is a text; the others, and one more to its end, are not wanted.
    offsets = np.full(2 * len(given) + 1, chunk.starts[-1])
    offsets[0:-1:2], offsets[1::2] = begin.take(given), end.take(given)
    every = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), 2 * len(given), [None, pa.py_buffer(offsets), pa.py_buffer(chunk.raw)]
    )
    data = every.take(pa.array(np.arange(0, 2 * len(given), 2))).buffers()[2]
    return ends, np.frombuffer(data or b"", np.uint8, count=int(ends[-1]))


def arrow_texts(ends: Ints, data: NDArray[np.uint8], given: Flags) -> list[pa.LargeStringArray]:
    """Make Arrow arrays of texts that lie end to end, one for each row of `given`, which says which are not missing."""
    if not given.size:
        return [pa.array([], pa.large_string())] * len(given)
    buffers = (ends, data, np.packbits(given.ravel(), bitorder="little"))
    texts = pa.LargeStringArray.from_buffers(given.size, *map(pa.py_buffer, buffers))
    count = given.shape[1]
    return [texts.slice(row * count, count) for row in range(len(given))]
