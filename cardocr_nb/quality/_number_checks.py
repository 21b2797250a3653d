"""Checks of the citizen's number, which is also the number of a driving license, and of what must agree with it.

The number has 18 characters: six digits of region, eight of birth date, three of order (the last odd for men), one check
character (GB 11643-1999, Citizen identification number; check character by ISO 7064 MOD 11-2).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb._bulk._arrow_text import arrow, blocks, lengths, map_unique
from cardocr_nb._bulk._numerals import below_ten
from cardocr_nb.quality._check_results import where
from cardocr_nb.quality._checks import register
from cardocr_nb.quality._dates import days, decimal, latest_day, read_dates
from cardocr_nb.quality._vocabulary import GENDERS

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_NUMBERS = ("id_number", "licence_number")
_EARLIEST = np.datetime64("1880-01-01")
_WEIGHTS = [2**place % 11 for place in range(17, -1, -1)]
_LONG, _X = 18, 10
_FOREIGN = "[A-Za-z]{3}[0-9]{12}"
"""Permanent residence cards of foreigners from 2017 to 2023: nationality, place, birth date, order and check digit. Those
since 2023 have 18 digits: 9, province, number of the country, and the rest as for citizens."""


def read_numbers(texts: pd.Series) -> pd.DataFrame:
    """Read numbers.

    Parameters
    ----------
    texts : Series of str
        None missing.

    Returns
    -------
    DataFrame
        With the index of `texts`. ``long``: 18 characters; ``plain``: digits, X at most at the end (the number of a
        permanent residence card of foreigners before 2023 is both); ``whole``: a citizen's form, which is both. Of whole numbers further ``region`` (int, six digits, else -1), ``born`` (datetime64[s], missing where no
        calendar has the day), ``odd`` (bool, the sign of men) and ``sound`` (bool, the check character fits).

    Examples
    --------
    >>> read_numbers(pd.Series(["990101197412010011", "99010119741201"]))[["long", "plain", "region", "odd", "sound"]]
        long  plain  region    odd  sound
    0   True   True  990101   True  False
    1  False   True      -1  False  False
    """
    whole, values = _digits(arrow(texts))
    long, plain = whole.copy(), whole.copy()
    rest = np.flatnonzero(~whole)
    others = texts.take(rest)
    foreign = others.str.fullmatch(_FOREIGN)
    long[rest], plain[rest] = (others.str.len() == _LONG) | foreign, others.str.fullmatch("[0-9]*[0-9Xx]") | foreign
    region, born = np.full(len(whole), -1), np.full(len(whole), "NaT", dtype="datetime64[s]")
    region[whole] = decimal(values[:6])
    born[whole] = days(decimal(values[6:10]), decimal(values[10:12]), decimal(values[12:14]))
    odd, sound = np.zeros(len(whole), dtype=bool), np.zeros(len(whole), dtype=bool)
    odd[whole] = values[16] % 2 == 1
    sound[whole] = sum(weight * value for weight, value in zip(_WEIGHTS, values, strict=True)) % 11 == 1
    columns = {"long": long, "plain": plain, "whole": whole, "region": region, "born": born, "odd": odd, "sound": sound}
    return pd.DataFrame(columns, index=texts.index, copy=False)


def _digits(array: pa.Array) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Which texts are whole numbers, and the digits of those, shape (18, n), 10 for a last X."""
    rows = np.flatnonzero(lengths(array) == _LONG)
    block = blocks(array, rows, _LONG)
    values = block - np.uint8(ord("0"))
    letter = (block[:, -1] == ord("X")) | (block[:, -1] == ord("x"))
    # The 17 digits as three words of eight bytes, which overlap: far fewer comparisons than by bytes.
    words = [np.ascontiguousarray(values[:, at : at + 8]).view("<u8")[:, 0] for at in (0, 8, 9)]
    fit = np.logical_and.reduce([below_ten(word) for word in words])
    fit &= (values[:, -1] < 10) | letter
    values[letter, -1] = _X
    whole = np.zeros(len(array), dtype=bool)
    whole[rows[fit]] = True
    return whole, np.ascontiguousarray(values[fit].T, dtype=np.int32)


def read_genders(texts: pd.Series) -> pd.Series:
    """Bring words for genders and their translations to 男 and 女; missing where it is none of them.

    Examples
    --------
    >>> read_genders(pd.Series(["女", "Male", "口"])).tolist()
    ['女', '男', nan]
    """
    return map_unique(texts, lambda different: folded_gender(different).map(GENDERS))


def folded_gender(text: pd.Series) -> pd.Series:
    """First of two words for a gender, in lower case: cards of foreigners have 男/M.

    Examples
    --------
    >>> folded_gender(pd.Series(["男 / M", "Female"])).tolist()
    ['男', 'female']
    """
    return text.str.replace(r"\s*/.*", "", regex=True).str.casefold()


@register(
    severity="error",
    detail="neither 18 characters nor three letters and 12 digits",
    fields=["id_number"],
    transform=read_numbers,
)
def number_length(number: pd.DataFrame) -> pd.Series:
    """18 characters long, or the 15 of a permanent residence card of a foreigner before 2023."""
    return number["long"]


@register(
    severity="error",
    detail="other characters than 17 digits and a digit or X",
    fields=["id_number"],
    transform=read_numbers,
)
def number_characters(number: pd.DataFrame) -> pd.Series:
    """Made of digits, with X at most at the end, or of the three letters and digits of a foreigner."""
    return number["plain"]


@register(
    severity="warning",
    detail="not the form of a citizen number; passports and other documents have other forms",
    fields=["licence_number"],
    transform=read_numbers,
)
def licence_number_is_citizen_number(number: pd.DataFrame) -> pd.Series:
    """18 characters, digits with X at most at the end.

    A driving license has the number of the document with which its owner applied: also of a passport, of a permit for people
    from Hong Kong, Macau or Taiwan, or of an officer.
    """
    return number["whole"]


@register(severity="error", detail="the check digit of GB 11643 differs", fields=_NUMBERS, transform=read_numbers)
def number_check_digit(number: pd.DataFrame) -> pd.arrays.BooleanArray:
    """Last character fits the others."""
    return where(number["whole"], number["sound"])


@register(
    severity="error",
    detail="digits 7 to 14 are not a day of the calendar, or a day in the future",
    fields=_NUMBERS,
    transform=read_numbers,
)
def number_date(number: pd.DataFrame) -> pd.arrays.BooleanArray:
    """Digits 7 to 14 are a birth date."""
    return where(number["whole"], (number["born"] >= _EARLIEST) & (number["born"] <= latest_day()))


@register(severity="warning", detail="a region code that is not in the list", fields=_NUMBERS, transform=read_numbers)
def number_region(number: pd.DataFrame) -> pd.arrays.BooleanArray:
    """First six digits are a region that python-stdnum's table knows; the table lacks some re-drawn districts."""
    return where(number["whole"], _regions()[number["region"].to_numpy()])


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
    # Residence permits for people from Hong Kong, Macau and Taiwan (since 2018).
    known[810_000:840_000] = True
    return known


@register(
    severity="error",
    detail="the birth date differs from digits 7 to 14 of the number",
    fields=[("birth_date", number) for number in _NUMBERS],
    transform=(read_dates, read_numbers),
)
def birth_date_agrees(birth_date: pd.Series, number: pd.DataFrame) -> pd.arrays.BooleanArray:
    """Birth date is the one in the number; asked where both can be read."""
    return where(number["whole"] & birth_date.notna(), number["born"] == birth_date)


@register(
    severity="error",
    detail="the gender differs from digit 17 of the number (odd for men)",
    fields=[("gender", number) for number in _NUMBERS],
    transform=(read_genders, read_numbers),
)
def gender_agrees(gender: pd.Series, number: pd.DataFrame) -> pd.arrays.BooleanArray:
    """Gender is the one in the number; asked where both can be read."""
    return where(number["whole"] & gender.notna(), number["odd"] == (gender == "男"))
