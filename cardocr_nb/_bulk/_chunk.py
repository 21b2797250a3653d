"""Many documents laid end to end, for numpy to read at once."""

from __future__ import annotations

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
_BLOCK = 2**19
"""Bytes compared at once: a block and the flags made of it fit the second cache of a core."""

_FLAGS = 4
_ONE_FLAG, _LAST_BYTE = np.uint32(1), np.uint32(24)
_FLAG_PLACES = np.uint32(0x00010203)
"""Times a word with one flag, this is the place of the flag in the last byte."""

_NOWHERE = np.empty(0, dtype=np.int64)
_ONE = np.uint64(1)
_LAST_BIT = np.uint64(63)


class Chunk:
    """Documents laid end to end, with `LONGEST` bytes behind them.

    Attributes
    ----------
    raw : bytearray
    data : ndarray of uint8
        The bytes of the documents; writes change `raw`.
    starts : ndarray of shape (documents + 1,)
        Where each begins, and where the last one ends.
    begins : ndarray of shape (documents,)
        Where each begins behind its prolog.
    outside : ndarray of shape (documents,)
        How many bytes of each prolog are above ``0x20``, without its first bracket, which is erased.
    references : ndarray of int
        Positions of ampersands.
    """

    def __init__(self, documents: Sequence[bytes]) -> None:
        self.raw = bytearray().join([*documents, bytes(LONGEST)])
        self.starts = np.zeros(len(documents) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, documents), dtype=np.int64, count=len(documents)), out=self.starts[1:])
        self.begins = self.starts[:-1].copy()
        self.outside = np.zeros_like(self.begins)
        self.data: Block = np.frombuffer(self.raw, np.uint8, count=int(self.starts[-1]))
        self.references = self._rare(ord("&"))

    def words(self, at: Ints) -> Words:
        """The eight bytes from each place on, the first one lowest."""
        return _shifted(np.frombuffer(self.raw, "<u8", count=len(self.raw) // WORD), at >> 3, (at & 7) << 3)

    def strings(self, at: Ints, size: int) -> NDArray[np.bytes_]:
        """As many bytes as `size` from each place on."""
        found: NDArray[np.bytes_] = np.ndarray((len(self.raw) - size + 1,), f"S{size}", self.raw, strides=(1,))[at]
        return found

    def documents(self, places: Ints) -> Ints:
        """Numbers of the documents at some positions."""
        found: Ints = np.searchsorted(self.starts, places, side="right") - 1
        return found

    def erase(self, documents: Ints) -> None:
        """Replace documents by spaces, so that nothing is found in them."""
        for first, end in zip(self.starts[documents].tolist(), self.starts[documents + 1].tolist(), strict=True):
            self.overwrite(slice(first, end))
        if len(documents):
            self.references = self.references[self.data[self.references] == ord("&")]

    def overwrite(self, places: slice | Ints) -> None:
        """Write spaces."""
        self.data[places] = ord(" ")

    def brackets(self) -> Ints:
        """Positions of ``<``."""
        return self._everywhere(lambda block: block == ord("<"))

    def count_low(self) -> int:
        """Count the bytes up to ``0x20``."""
        begins = range(0, len(self.data), _BLOCK)
        return sum(int(np.count_nonzero(self.data[at : at + _BLOCK] <= ord(" "))) for at in begins)

    def controls(self) -> Ints:
        """Positions of bytes below ``0x20`` other than tab (9), line break (10) and carriage return (13)."""
        found = [_NOWHERE]
        for at in range(0, len(self.data), _BLOCK):
            block = self.data[at : at + _BLOCK]
            if block.min() < ord("\t"):
                found.append(_sparse(block < ord("\t")) + at)
            beyond = block - np.uint8(14)
            if beyond.min() < ord(" ") - 14:
                found.append(_sparse(beyond < ord(" ") - 14) + at)
        if any(self.raw.find(byte, 0, len(self.data)) >= 0 for byte in (11, 12)):
            found.append(np.flatnonzero((self.data == 11) | (self.data == 12)))
        return np.concatenate(found)

    def above_space(self) -> Words:
        """One bit a byte, the first one lowest: whether it is above ``0x20``."""
        begins = range(0, len(self.data), _BLOCK)
        found = [np.packbits(self.data[at : at + _BLOCK] > ord(" "), bitorder="little") for at in begins]
        padding = np.zeros(3 * WORD, dtype=np.uint8)
        return np.concatenate([*found, padding])[: len(self.data) // 64 * WORD + 2 * WORD].view("<u8")

    def not_bare(self) -> Ints:
        """Documents that begin with white space, or hold a reference by number."""
        by_number = self.documents(self.references[self.data.take(self.references + 1, mode="clip") == ord("#")])
        filled = np.flatnonzero(self.starts[1:] > self.starts[:-1])
        return np.union1d(by_number, filled[self.data.take(self.starts[filled]) <= ord(" ")])

    def _everywhere(self, wanted: Callable[[Block], Flags]) -> Ints:
        begins = range(0, len(self.data), _BLOCK)
        return np.concatenate([_NOWHERE, *(_frequent(wanted(self.data[at : at + _BLOCK])) + at for at in begins)])

    def _rare(self, byte: int) -> Ints:
        """Positions of a byte that occurs seldom."""
        begins = range(0, len(self.data), _BLOCK)
        return np.concatenate([_NOWHERE, *(_sparse(self.data[at : at + _BLOCK] == byte) + at for at in begins)])


def bits(words: Words, at: Ints) -> Words:
    """Return the 64 bits from each bit on, the first one lowest.

    Examples
    --------
    >>> [hex(word) for word in bits(np.array([0x1122334455667788, 0x99], dtype=np.uint64), np.array([0, 8])).tolist()]
    ['0x1122334455667788', '0x9911223344556677']
    """
    return _shifted(words, at >> 6, at & 63)


def _shifted(words: Words, place: Ints, behind: Ints) -> Words:
    """Take two aligned words and shift them, which is faster than numpy's reading of unaligned ones."""
    shift = behind.view(np.uint64)
    low, high = words.take(place), words[1:].take(place)
    low >>= shift
    shift ^= _LAST_BIT
    high <<= shift
    high <<= _ONE
    low |= high
    return low


def _frequent(flags: Flags) -> Ints:
    """Indices of flags, about every tenth of them set: the words of four flags with one, then its place there."""
    whole = len(flags) // _FLAGS * _FLAGS
    words = flags[:whole].view("<u4")
    found = np.flatnonzero(words != 0)
    marked = words.take(found)
    if (marked & (marked - _ONE_FLAG)).any():  # two flags in one word
        return np.flatnonzero(flags)
    found <<= 2
    found += marked * _FLAG_PLACES >> _LAST_BYTE
    return found if whole == len(flags) else np.append(found, np.flatnonzero(flags[whole:]) + whole)


def _sparse(flags: Flags) -> Ints:
    """Indices of flags that are set seldom: the words of eight flags with one of them first, then the flags."""
    whole = len(flags) // WORD * WORD
    words = np.flatnonzero(flags[:whole].view(np.uint64) != 0)
    places = (words[:, None] * WORD + np.arange(WORD)).ravel()
    return np.concatenate([places[flags.take(places)], np.flatnonzero(flags[whole:]) + whole])
