"""Numbers, points and times read by arithmetic on the digits of many texts at once.

Each function gives the values and whether each text is written in the plain way that it reads; what is written in
another way (decimals, signs, other offsets) may be right as well and is left to the strict parser. Eight bytes are
taken as one number, the first one lowest, so that one operation works on eight digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._bulk._chunk import Chunk

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Words = NDArray[np.uint64]

NO_TIME = np.iinfo(np.int64).min
"""Marks a missing time, as in numpy."""


def _eight(pattern: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(pattern, "little"))


_WORD = 8
_ZEROS = _eight(b"0" * 8)
_ONES = _eight(b"\x01" * 8)
_HIGH = _eight(b"\x80" * 8)
_BYTE = np.uint64(0xFF)
_COMMAS = _eight(b"," * 8)
_TO_NINES = _eight(b"\x76" * 8)


def read_numbers(chunk: Chunk, text: Ints, end: Ints) -> tuple[NDArray[np.int32], Flags]:
    """Read whole numbers of one to eight digits.

    Parameters
    ----------
    chunk : Chunk
    text, end : ndarray of int
        Where each number begins and ends.
    """
    return _digits(chunk.words(text), end - text)


def read_points(chunk: Chunk, text: Ints, end: Ints) -> tuple[NDArray[np.int32], Flags]:
    """Read points ``x,y``, whole numbers of at most seven digits before the comma and eight behind it.

    Returns
    -------
    points : ndarray of shape (n, 2), int32
    plain : ndarray of shape (n,), bool
    """
    points = np.empty((len(text), 2), dtype=np.int32)
    head = chunk.words(text)
    minus = np.flatnonzero((head & _BYTE) == ord("-"))
    text = _behind_sign(text, minus)
    head[minus] = chunk.words(text[minus])
    differs = head ^ _COMMAS
    # The lowest set bit of `found` is in the first byte that is a comma.
    found = (differs - _ONES) & ~differs & _HIGH
    across = (np.bitwise_count((found & -found) - np.uint64(1)) >> 3).astype(np.int64)
    points[:, 0], plain = _digits(head, across)
    points[minus, 0] *= -1
    second = text + across + 1
    # The number behind the comma is most often in the same word; only where it goes on is another one fetched.
    tail = head >> (across.view(np.uint64) + np.uint64(1) << np.uint64(3))
    minus = np.flatnonzero((tail & _BYTE) == ord("-"))
    second = _behind_sign(second, minus)
    goes_on = end - text > _WORD
    goes_on[minus] = True
    beyond = np.flatnonzero(goes_on)
    tail[beyond] = chunk.words(second[beyond])
    points[:, 1], plain_too = _digits(tail, end - second)
    points[minus, 1] *= -1
    return points, plain & plain_too & (found != 0)


def _behind_sign(text: Ints, minus: Ints) -> Ints:
    if not len(minus):
        return text
    moved = text.copy()
    moved[minus] += 1
    return moved


def below_ten(words: Words) -> Flags:
    """Which words consist of eight bytes from 0 to 9.

    Examples
    --------
    >>> below_ten(np.frombuffer(bytes([9] * 8 + [9] * 7 + [10]), np.uint64)).tolist()
    [True, False]
    """
    fine: Flags = (((words + _TO_NINES) | words) & _HIGH) == 0
    return fine


def _digits(word: Words, length: Ints) -> tuple[NDArray[np.int32], Flags]:
    """Value of the first bytes of words, and whether they are one to eight digits."""
    unused = (np.uint64(_WORD) - np.clip(length, 1, _WORD).view(np.uint64)) << np.uint64(3)
    # Digits move to the high end; the low end then holds zeros.
    value = (word - _ZEROS) << unused
    digits = below_ten(value)
    value = value * np.uint64(10) + (value >> np.uint64(8))
    pairs = np.uint64(0x000000FF000000FF)
    high = (value & pairs) * np.uint64(0x000F424000000064)
    low = ((value >> np.uint64(16)) & pairs) * np.uint64(0x0000271000000001)
    return ((high + low) >> np.uint64(32)).astype(np.int32), digits & (length >= 1) & (length <= _WORD)


_TIME = b"0000-00-00T00:00:00+0800"
_YEARS = (1900, 2200)
_MONTHS = np.arange(f"{_YEARS[0]}-01", f"{_YEARS[1]}-02", dtype="M8[M]").astype("M8[D]").astype(np.int64)
# The most that a byte may exceed its byte in `_TIME` by.
_FREE = bytes(0x76 if byte == ord("0") and place < _TIME.index(b"+") else 0x7F for place, byte in enumerate(_TIME))


def read_moments(chunk: Chunk, text: Ints, end: Ints) -> tuple[Ints, Flags]:
    """Read times such as ``2022-06-27T14:44:10+0800``, or ``-`` for one that is not known.

    Returns
    -------
    moments : ndarray of int64
        Microseconds since 1970 in UTC, or `NO_TIME`.
    fine : ndarray of bool
    """
    size = end - text
    none = (size == 1) & (chunk.data.take(text, mode="clip") == ord("-"))
    fine = size == len(_TIME)
    pairs = []
    for at in range(0, len(_TIME), _WORD):
        digits = chunk.words(text + at) ^ _eight(_TIME[at : at + _WORD])
        fine &= (((digits + _eight(_FREE[at : at + _WORD])) | digits) & _HIGH) == 0
        # Each byte and the one behind it as a number of two digits.
        pairs.append(digits * np.uint64(10) + (digits >> np.uint64(8)))
    century, year, month = (_byte(pairs[0], place) for place in (0, 2, 5))
    day, hour, minute = (_byte(pairs[1], place) for place in (0, 3, 6))
    second = _byte(pairs[2], 1)
    months = ((century - _YEARS[0] // 100) * 100 + year) * 12 + month - 1
    fine &= (months >= 0) & (months < len(_MONTHS) - 1) & (month >= 1) & (month <= 12)
    months[~fine] = 0
    days = _MONTHS.take(months) + day - 1
    fine &= (day >= 1) & (days < _MONTHS.take(months + 1)) & (hour <= 23) & (minute <= 59) & (second <= 59)
    seconds = ((days * 24 + hour - 8) * 60 + minute) * 60 + second
    return np.where(none, NO_TIME, seconds * 1_000_000), fine | none


def _byte(words: Words, place: int) -> Ints:
    byte: Ints = ((words >> np.uint64(8 * place)) & np.uint64(0xFF)).view(np.int64)
    return byte
