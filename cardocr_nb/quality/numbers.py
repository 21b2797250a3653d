"""Checks of the citizen's number, which is also the number of a driving licence, and of what must agree with it.

The number has 18 characters: six digits of region, eight of birth date, three of order (the last odd for men), one check
character (GB 11643-1999, Citizen identification number; check character by ISO 7064 MOD 11-2).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.quality.bytewise import arrow, blocks, lengths, once_each, remembered
from cardocr_nb.quality.checks import register
from cardocr_nb.quality.dates import days, read_dates
from cardocr_nb.quality.vocabulary import GENDERS
from cardocr_nb.wire.numerals import below_ten

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMBERS = ("id_number", "licence_number")
_EARLIEST = np.datetime64("1880-01-01")
_WEIGHTS = (2 ** np.arange(17, -1, -1) % 11).astype(np.float32)
_LONG, _X = 18, 10


def digits(texts: pd.Series) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Split numbers into their digits.

    Returns
    -------
    whole : ndarray of bool, shape (n,)
        Which texts have the shape of a number.
    values : ndarray of uint8, shape (whole.sum(), 18)
        0 to 9; 10 for a last ``X``.
    """
    array = arrow(texts)
    rows = np.flatnonzero(lengths(array) == _LONG)
    block = blocks(array, rows, _LONG)
    values = block - np.uint8(ord("0"))
    letter = (block[:, -1] == ord("X")) | (block[:, -1] == ord("x"))
    # The 17 digits as words of eight bytes, the last of which begins in the second: far fewer to look at than bytes.
    words = [np.ascontiguousarray(values[:, at : at + 8]).view("<u8")[:, 0] for at in (0, 8, 9)]
    fit = np.logical_and.reduce([below_ten(word) for word in words])
    fit &= (values[:, -1] < 10) | letter
    values[letter, -1] = _X
    whole = np.zeros(len(array), dtype=bool)
    whole[rows[fit]] = True
    return whole, values[fit]


_digits, _dates = remembered(digits), remembered(read_dates)


def _where(whole: NDArray[np.bool_], answers: NDArray[np.bool_]) -> pd.arrays.BooleanArray:
    values = np.zeros(len(whole), dtype=bool)
    values[whole] = answers
    return pd.arrays.BooleanArray(values, ~whole)


def _number(values: NDArray[np.uint8], start: int, stop: int) -> NDArray[np.int64]:
    # Whole numbers of six digits are exact in floats, whose product is the faster one.
    tens = 10.0 ** np.arange(stop - start - 1, -1, -1, dtype=np.float32)
    return (values[:, start:stop].astype(np.float32) @ tens).astype(np.int64)


def _born(values: NDArray[np.uint8]) -> NDArray[np.datetime64]:
    return days(_number(values, 6, 10), _number(values, 10, 12), _number(values, 12, 14))


@register(severity="error", detail="18 characters", fields=_NUMBERS)
def number_length(text: pd.Series) -> pd.Series:
    """18 characters long."""
    return text.str.len() == _LONG


@register(severity="error", detail="17 digits, then a digit or X", fields=_NUMBERS)
def number_characters(text: pd.Series) -> pd.Series:
    """Made of digits, with X at most at the end."""
    fit = _digits(text)[0].copy()
    rest = np.flatnonzero(~fit)
    fit[rest] = text.take(rest).str.fullmatch("[0-9]*[0-9Xx]")
    return pd.Series(fit)


@register(severity="error", detail="the check digit of GB 11643", fields=_NUMBERS)
def number_check_digit(text: pd.Series) -> pd.arrays.BooleanArray:
    """Last character fits the others."""
    whole, values = _digits(text)
    return _where(whole, values.astype(np.float32) @ _WEIGHTS % 11 == 1)


@register(severity="error", detail="a day of the calendar in digits 7 to 14, not in the future", fields=_NUMBERS)
def number_date(text: pd.Series) -> pd.arrays.BooleanArray:
    """Digits 7 to 14 are a birth date."""
    whole, values = _digits(text)
    born = _born(values)
    return _where(whole, (born >= _EARLIEST) & (born <= np.datetime64("today")))


@register(severity="warning", detail="a region code that has been in use", fields=_NUMBERS)
def number_region(text: pd.Series) -> pd.arrays.BooleanArray:
    """First six digits are a region that python-stdnum's table knows; the table lacks some re-drawn districts."""
    whole, values = _digits(text)
    return _where(whole, _regions()[_number(values, 0, 6)])


@cache
def _regions() -> NDArray[np.bool_]:
    """Which of the million codes the table knows as counties."""
    from stdnum import numdb

    known = np.zeros(1_000_000, dtype=bool)
    for _, low, high, _, counties in numdb.get("cn/loc").prefixes:
        for province in range(int(low), int(high) + 1):
            for length, first, last, found, _ in counties:
                if length == 4 and "county" in found:
                    known[province * 10_000 + int(first) : province * 10_000 + int(last) + 1] = True
    return known


@register(
    severity="error",
    detail="the birth date in digits 7 to 14 of the number",
    fields=[("birth_date", number) for number in _NUMBERS],
)
def birth_date_agrees(birth_date: pd.Series, number: pd.Series) -> pd.arrays.BooleanArray:
    """Birth date is the one in the number; asked where both can be read."""
    whole, values = _digits(number)
    said = _dates(birth_date)
    answers = _where(whole, _born(values) == said.to_numpy()[whole])
    answers[said.isna().to_numpy()] = pd.NA
    return answers


@register(
    severity="error",
    detail="the gender in digit 17 of the number: odd for men",
    fields=[("gender", number) for number in _NUMBERS],
)
def gender_agrees(gender: pd.Series, number: pd.Series) -> pd.arrays.BooleanArray:
    """Gender is the one in the number; asked where both can be read."""
    whole, values = _digits(number)
    said = once_each(gender, lambda text: text.str.casefold().map(GENDERS))
    answers = _where(whole, (values[:, 16] % 2 == 1) == (said == "男").to_numpy()[whole])
    answers[said.isna().to_numpy()] = pd.NA
    return answers
