"""Numbers, points and times read by arithmetic on the digits of many texts at once.

Each function gives the values and whether each text is written in the plain way that it reads; what is written in
another way (decimals, signs, other offsets) may be right as well and is left to the strict parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.wire.tokens import Chunk

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Words = NDArray[np.uint64]

NO_TIME = np.iinfo(np.int64).min
"""Stands for a missing time, as in numpy."""

_WORD = 8
_TIME = b"0000-00-00T00:00:00+0800"
_ZEROS = np.uint64(0x3030303030303030)
_ONES = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)
_COMMAS = np.uint64(0x2C2C2C2C2C2C2C2C)
_TO_NINES = np.uint64(0x4646464646464646)


def read_number(chunk: Chunk, text: Ints, end: Ints) -> tuple[NDArray[np.int16], Flags]:
    """Read whole numbers of one to three digits.

    Parameters
    ----------
    chunk : Chunk
    text, end : ndarray of int
        Where each number begins and ends.
    """
    length = end - text
    fine = (length >= 1) & (length <= 3)
    value = np.zeros(len(text), dtype=np.int16)
    for place in range(3):
        within = length > place
        digit = chunk.data.take(np.where(within, text + place, text)).astype(np.int16) - ord("0")
        fine &= (digit >= 0) & (digit <= 9)
        value = np.where(within, value * 10 + digit, value)
    return value, fine


def read_points(chunk: Chunk, text: Ints, end: Ints) -> tuple[NDArray[np.int32], Flags]:
    """Read points ``x,y``, whole numbers of at most seven digits before the comma and eight behind it.

    Returns
    -------
    points : ndarray of shape (n, 2), int32
    fine : ndarray of shape (n,), bool
    """
    head = chunk.words(text)
    differs = head ^ _COMMAS
    # The lowest set bit of `found` stands in the first byte that is a comma.
    found = (differs - _ONES) & ~differs & _HIGH
    across = (np.bitwise_count((found & -found) - np.uint64(1)) >> 3).astype(np.int64)
    down = end - text - across - 1
    fine = (found != 0) & (across >= 1) & (down >= 1) & (down <= _WORD)
    x, digits_x = _digits(head, across)
    y, digits_y = _digits(chunk.words(text + across + 1), down)
    return np.stack([x, y], axis=1), fine & digits_x & digits_y


def _digits(word: Words, length: Ints) -> tuple[NDArray[np.int32], Flags]:
    """Value of the first bytes of words, and whether they are digits."""
    unused = (np.uint64(_WORD) - np.clip(length, 1, _WORD).astype(np.uint64)) << np.uint64(3)
    # Digits move to the high end; zeros fill the low end, which is where the first digits stand.
    word = (word << unused) | (_ZEROS & ((np.uint64(1) << unused) - np.uint64(1)))
    value = word - _ZEROS
    digits = (((word + _TO_NINES) | value) & _HIGH) == 0
    value = value * np.uint64(10) + (value >> np.uint64(8))
    pairs = np.uint64(0x000000FF000000FF)
    high = (value & pairs) * np.uint64(0x000F424000000064)
    low = ((value >> np.uint64(16)) & pairs) * np.uint64(0x0000271000000001)
    return ((high + low) >> np.uint64(32)).astype(np.int32), digits


def read_moments(chunk: Chunk, text: Ints, end: Ints) -> tuple[Ints, Flags]:
    """Read times such as ``2022-06-27T14:44:10+0800``, or ``-`` for one that is not known.

    Returns
    -------
    moments : ndarray of int64
        Microseconds since 1970 in UTC, or `NO_TIME`.
    fine : ndarray of bool
    """
    size = len(_TIME)
    none = (end - text == 1) & (chunk.data.take(text) == ord("-"))
    rows = np.ndarray((len(chunk.raw) - size + 1, size), np.uint8, chunk.raw, strides=(1, 1))[text]
    digits = rows - np.frombuffer(_TIME, np.uint8)
    is_digit = np.frombuffer(_TIME, np.uint8) == ord("0")
    is_digit[-len("0800") :] = False
    fine = (end - text == size) & (digits <= np.where(is_digit, 9, 0)).all(axis=1)
    d = digits.astype(np.int64)
    two = {at: d[:, at] * 10 + d[:, at + 1] for at in (0, 2, 5, 8, 11, 14, 17)}
    year, month, day = two[0] * 100 + two[2], two[5], two[8]
    hour, minute, second = two[11], two[14], two[17]
    fine &= (year >= 1900) & (month >= 1) & (month <= 12) & (hour <= 23) & (minute <= 59) & (second <= 59)
    first = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    days = first.astype("M8[D]").astype(np.int64) + day - 1
    fine &= (day >= 1) & (days < (first + 1).astype("M8[D]").astype(np.int64))
    seconds = ((days * 24 + hour - 8) * 60 + minute) * 60 + second
    return np.where(none, NO_TIME, seconds * 1_000_000), fine | none
