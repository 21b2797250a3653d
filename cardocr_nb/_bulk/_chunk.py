"""Many documents laid end to end, for numpy to read at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Words = NDArray[np.uint64]
    Block = NDArray[np.uint8]

LONGEST = 8192
"""The most bytes that may be read from one place on; as many follow the last document."""

WORD = 8
_BLOCK = 2**20
_BUT_ONE_BIT = np.uint8(0xFF ^ (ord("<") ^ ord(">")))
_ONE = np.uint64(1)
_LAST_BIT = np.uint64(63)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Documents laid end to end, with `LONGEST` bytes behind them.

    Attributes
    ----------
    raw : bytearray
    data : ndarray of uint8
        The bytes of the documents; writes change `raw`.
    starts : ndarray of shape (documents + 1,)
        Where each begins, and where the last one ends.
    references : ndarray of int
        Positions of ampersands.
    """

    raw: bytearray
    data: NDArray[np.uint8]
    starts: Ints
    references: Ints

    @classmethod
    def of(cls, documents: Sequence[bytes]) -> Chunk:
        """Lay documents end to end."""
        raw = bytearray().join([*documents, bytes(LONGEST)])
        starts = np.zeros(len(documents) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, documents), dtype=np.int64, count=len(documents)), out=starts[1:])
        data = np.frombuffer(raw, np.uint8, count=int(starts[-1]))
        return cls(raw, data, starts, _rare(data, lambda block: block == ord("&")))

    def words(self, at: Ints) -> Words:
        """The eight bytes from each place on, the first one lowest."""
        return bits(np.frombuffer(self.raw, "<u8", count=len(self.raw) // WORD), at << 3)

    def strings(self, at: Ints, size: int) -> NDArray[np.bytes_]:
        """As many bytes as `size` from each place on."""
        found: NDArray[np.bytes_] = np.ndarray((len(self.raw) - size + 1,), f"S{size}", self.raw, strides=(1,))[at]
        return found

    def brackets(self) -> Ints:
        """Positions of ``<`` and ``>``, which differ in one bit only."""
        begins = range(0, len(self.data), _BLOCK)
        found = [np.flatnonzero((self.data[at : at + _BLOCK] & _BUT_ONE_BIT) == ord("<")) + at for at in begins]
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    def above_space(self) -> Words:
        """One bit a byte, the first one lowest: whether it is above ``0x20``."""
        begins = range(0, len(self.data), _BLOCK)
        found = [np.packbits(self.data[at : at + _BLOCK] > ord(" "), bitorder="little") for at in begins]
        padding = np.zeros(3 * WORD, dtype=np.uint8)
        return np.concatenate([*found, padding])[: len(self.data) // 64 * WORD + 2 * WORD].view("<u8")

    def pairs(self, first: int, second: int) -> Ints:
        """Positions of two bytes one behind the other; the first one occurs seldom."""
        if first not in self.raw:
            return np.empty(0, dtype=np.int64)
        found = _rare(self.data, lambda block: block == first)
        return found.compress(self.data.take(found + 1, mode="clip") == second)

    def not_bare(self) -> Ints:
        """Documents that begin or end with white space, or hold a reference by number."""
        by_number = self.documents(self.references[self.data.take(self.references + 1, mode="clip") == ord("#")])
        filled = np.flatnonzero(self.starts[1:] > self.starts[:-1])
        first, last = self.data.take(self.starts[filled]), self.data.take(self.starts[filled + 1] - 1)
        return np.union1d(by_number, filled[(first <= ord(" ")) | (last <= ord(" "))])

    def controls(self) -> Ints:
        """Positions of control characters, but for line breaks, tabs, and carriage returns directly behind a ``>``."""
        found = []
        backspaces = 8 in self.raw
        for at in range(0, len(self.data), _BLOCK):
            block = self.data[at : at + _BLOCK]
            # All but tab (9) and line break (10), which become 254 and 255, are below 29; backspace (8) becomes 253.
            moved = (block ^ np.uint8(8)) - np.uint8(3)
            odd = moved < ord(" ") - 3
            returns = block == ord("\r")
            returns[1:] &= block[:-1] == ord(">")
            returns[:1] &= at > 0 and self.data[at - 1] == ord(">")
            odd ^= returns
            if backspaces:
                odd |= block == 8
            if odd.any():
                found.append(np.flatnonzero(odd) + at)
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    def end_with(self, text: bytes) -> Flags:
        """Whether each document ends with a text of less than eight bytes."""
        last = self.words(np.maximum(self.starts[1:] - len(text), 0))
        found: Flags = (last & np.uint64((1 << 8 * len(text)) - 1)) == int.from_bytes(text, "little")
        return found

    def documents(self, places: Ints) -> Ints:
        """Numbers of the documents at some positions."""
        found: Ints = np.searchsorted(self.starts, places, side="right") - 1
        return found


def bits(words: Words, at: Ints) -> Words:
    """Return the 64 bits from each bit on, the first one lowest.

    Two aligned words are taken and shifted, which is faster than numpy's reading of unaligned ones.

    Examples
    --------
    >>> [hex(word) for word in bits(np.array([0x1122334455667788, 0x99], dtype=np.uint64), np.array([0, 8])).tolist()]
    ['0x1122334455667788', '0x9911223344556677']
    """
    place, shift = at >> 6, (at & 63).view(np.uint64)
    low = words.take(place)
    place += 1
    high = words.take(place)
    low >>= shift
    high <<= _ONE
    high <<= _LAST_BIT - shift
    low |= high
    return low


def _rare(data: Block, wanted: Callable[[Block], Flags]) -> Ints:
    """Positions of bytes that occur seldom: the words of eight bytes with such a byte first, then the bytes."""
    found = []
    for at in range(0, len(data), _BLOCK):
        flags = wanted(data[at : at + _BLOCK])
        whole = len(flags) // WORD * WORD
        words = np.flatnonzero(flags[:whole].view(np.uint64) != 0)
        if len(words):
            places = (words[:, None] * WORD + np.arange(WORD)).ravel()
            found.append(places[flags.take(places)] + at)
        found.append(np.flatnonzero(flags[whole:]) + (at + whole))
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)
