"""Many documents laid end to end, for numpy to read at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

LONGEST = 8192
"""The most bytes that may be read from one place on; as many follow the last document."""

WORD = 8
_BLOCK = 2**20
_BUT_ONE_BIT = np.uint8(0xFF ^ (ord("<") ^ ord(">")))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Documents laid end to end, with `LONGEST` bytes behind them.

    Attributes
    ----------
    raw : bytes
    data : ndarray of uint8
        The bytes of the documents.
    starts : ndarray of shape (documents + 1,)
        Where each begins, and where the last one ends.
    references : ndarray of int
        Positions of ampersands.
    """

    raw: bytes
    data: NDArray[np.uint8]
    starts: Ints
    references: Ints

    @classmethod
    def of(cls, documents: Sequence[bytes]) -> Chunk:
        """Lay documents end to end."""
        raw = b"".join([*documents, bytes(LONGEST)])
        starts = np.zeros(len(documents) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, documents), dtype=np.int64, count=len(documents)), out=starts[1:])
        data = np.frombuffer(raw, np.uint8, count=int(starts[-1]))
        return cls(raw, data, starts, _positions(data, lambda block: block == ord("&")))

    def words(self, at: Ints) -> NDArray[np.uint64]:
        """The eight bytes from each place on, the first one lowest."""
        found: NDArray[np.uint64] = np.ndarray((len(self.raw) - WORD + 1,), "<u8", self.raw, strides=(1,))[at.ravel()]
        return found.reshape(at.shape)  # numpy takes with one axis ten times as fast as with two

    def strings(self, at: Ints, size: int) -> NDArray[np.bytes_]:
        """As many bytes as `size` from each place on."""
        found: NDArray[np.bytes_] = np.ndarray((len(self.raw) - size + 1,), f"S{size}", self.raw, strides=(1,))[at]
        return found

    def brackets(self) -> Ints:
        """Positions of ``<`` and ``>``, which differ in one bit only."""
        return _positions(self.data, lambda block: (block & _BUT_ONE_BIT) == ord("<"))

    def places(self, byte: int) -> Ints:
        """Positions of a byte."""
        return _positions(self.data, lambda block: block == byte)

    def rare(self, byte: int) -> Ints:
        """Positions of a byte that is seldom there."""
        return self.places(byte) if bytes((byte,)) in self.raw else np.empty(0, dtype=np.int64)

    def is_bare(self) -> bool:
        """Whether no document begins or ends with white space, and none holds a reference by number."""
        if (self.data.take(self.references + 1, mode="clip") == ord("#")).any():
            return False
        filled = np.flatnonzero(self.starts[1:] > self.starts[:-1])
        first, last = self.data.take(self.starts[filled]), self.data.take(self.starts[filled + 1] - 1)
        return bool((first > ord(" ")).all() and (last > ord(" ")).all())

    def controls(self) -> Ints:
        """Positions of control characters other than line breaks and tabs."""
        return _positions(self.data, lambda block: (block < ord(" ")) & (block != ord("\n")) & (block != ord("\t")))

    def documents(self, places: Ints) -> Ints:
        """Numbers of the documents at some positions."""
        found: Ints = np.searchsorted(self.starts, places, side="right") - 1
        return found

    def each(self) -> list[bytes]:
        """The documents, one by one."""
        return [self.raw[begin:end] for begin, end in pairwise(self.starts.tolist())]


def _positions(data: NDArray[np.uint8], wanted: Callable[[NDArray[np.uint8]], Flags]) -> Ints:
    # Block by block, so that the compared bytes stay in the processor's cache.
    begins = range(0, len(data), _BLOCK)
    found = [np.flatnonzero(wanted(data[at : at + _BLOCK])) + at for at in begins]
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)
