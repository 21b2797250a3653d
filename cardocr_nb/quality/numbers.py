"""Checks of the citizen's number, which is also the number of a driving licence, and of what must agree with it.

The number has 18 characters: six digits of region, eight of birth date, three of order (the last odd for men), one check
character (GB 11643-1999, Citizen identification number; check character by ISO 7064 MOD 11-2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb.quality.checks import register
from cardocr_nb.quality.dates import days, read_dates
from cardocr_nb.quality.vocabulary import GENDERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMBERS = ("id_number", "licence_number")
_SHAPE = r"^[0-9]{17}[0-9Xx]$"
_EARLIEST = np.datetime64("1880-01-01")
_WEIGHTS = 2 ** np.arange(17, -1, -1) % 11
_X = 10


def digits(texts: pd.Series) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Split numbers into their digits.

    Returns
    -------
    whole : ndarray of bool, shape (n,)
        Which texts have the shape of a number.
    values : ndarray of int, shape (whole.sum(), 18)
        0 to 9; 10 for a last ``X``.
    """
    array = pa.array(texts, type=pa.large_string())
    whole = np.asarray(pc.match_substring_regex(array, _SHAPE).fill_null(False))
    # The shape is ASCII of one length, so that the bytes behind the array are the numbers one after another.
    joined = array.filter(pa.array(whole)).buffers()[2]
    values = np.frombuffer(joined or b"", dtype=np.uint8, count=18 * whole.sum()).reshape(-1, 18) - np.int64(ord("0"))
    values[:, 17] = np.where(values[:, 17] > _X, _X, values[:, 17])
    return whole, values


def _where(whole: NDArray[np.bool_], answers: NDArray[np.bool_]) -> pd.arrays.BooleanArray:
    values = np.zeros(len(whole), dtype=bool)
    values[whole] = answers
    return pd.arrays.BooleanArray(values, ~whole)


def _number(values: NDArray[np.int64], start: int, stop: int) -> NDArray[np.int64]:
    return values[:, start:stop] @ 10 ** np.arange(stop - start - 1, -1, -1)


def _born(values: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return days(_number(values, 6, 10), _number(values, 10, 12), _number(values, 12, 14))


@register(severity="error", detail="18 characters", fields=_NUMBERS)
def number_length(text: pd.Series) -> pd.Series:
    """18 characters long."""
    return text.str.len() == 18


@register(severity="error", detail="17 digits, then a digit or X", fields=_NUMBERS)
def number_characters(text: pd.Series) -> pd.Series:
    """Made of digits, with X at most at the end."""
    return text.str.fullmatch("[0-9]*[0-9Xx]")


@register(severity="error", detail="the check digit of GB 11643", fields=_NUMBERS)
def number_check_digit(text: pd.Series) -> pd.arrays.BooleanArray:
    """Last character fits the others."""
    whole, values = digits(text)
    return _where(whole, (values * _WEIGHTS).sum(axis=1) % 11 == 1)


@register(severity="error", detail="a day of the calendar in digits 7 to 14, not in the future", fields=_NUMBERS)
def number_date(text: pd.Series) -> pd.arrays.BooleanArray:
    """Digits 7 to 14 are a birth date."""
    whole, values = digits(text)
    born = _born(values)
    return _where(whole, (born >= _EARLIEST) & (born <= np.datetime64("today")))


@register(severity="warning", detail="a region code that has been in use", fields=_NUMBERS)
def number_region(text: pd.Series) -> pd.arrays.BooleanArray:
    """First six digits are a region that python-stdnum's table knows; the table lacks some re-drawn districts."""
    from stdnum import numdb

    whole, values = digits(text)
    codes, which = np.unique(_number(values, 0, 6), return_inverse=True)
    table = numdb.get("cn/loc")
    known = np.array([any("county" in found for _, found in table.info(f"{code:06}")) for code in codes], dtype=bool)
    return _where(whole, known[which])


@register(
    severity="error",
    detail="the birth date in digits 7 to 14 of the number",
    fields=[("birth_date", number) for number in _NUMBERS],
)
def birth_date_agrees(birth_date: pd.Series, number: pd.Series) -> pd.arrays.BooleanArray:
    """Birth date is the one in the number; asked where both can be read."""
    whole, values = digits(number)
    said = read_dates(birth_date)
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
    whole, values = digits(number)
    said = gender.str.casefold().map(GENDERS)
    answers = _where(whole, (values[:, 16] % 2 == 1) == (said == "男").to_numpy()[whole])
    answers[said.isna().to_numpy()] = pd.NA
    return answers
