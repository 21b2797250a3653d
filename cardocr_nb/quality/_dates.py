"""Dates and periods on cards, in Chinese, ISO and English forms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb._bulk._arrow_text import arrow, blocks, lengths, normalized

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FULL = (
    "JANUARY|FEBRUARY|MARCH|APRIL|MAY|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER|"
    "JAN|FEB|MAR|APR|JUN|JUL|AUG|SEPT|SEP|OCT|NOV|DEC"
)
_FORMS = (
    r"(?P<y>\d{4})(?:年|[-./])(?P<m>\d{1,2})(?:月|[-./])(?P<d>\d{1,2})日?",
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    rf"(?P<b>{_FULL})\.?(?P<d>\d{{1,2}})(?:ST|ND|RD|TH)?,?(?P<y>\d{{4}})",
    rf"(?P<d>\d{{1,2}})(?:ST|ND|RD|TH)?(?P<b>{_FULL})\.?,?(?P<y>\d{{4}})",
)
_ANY = "|".join(
    f.replace("?P<y>", "?:").replace("?P<m>", "?:").replace("?P<d>", "?:").replace("?P<b>", "?:") for f in _FORMS
)
_OPEN = "长期|LONG-?TERM|PERMANENT"
_PERIOD = rf"^(?P<start>{_ANY})(?:至|到|~|—|–|-|TO)(?P<end>{_ANY}|{_OPEN})$"
_LENGTH = rf"^(?:(?:(?:{_ANY})起?)?\d{{1,2}}(?:年|YEARS?)|{_OPEN})$"

_USUAL = ("0000-00-00", "0000年00月00日", "0000年0月00日", "0000年00月0日", "0000年0月0日")
_ISO = len(_USUAL[0])
_LAST_YEAR = 9999
_MONTHS_BEGIN = np.arange("0000-01", "10000-02", dtype="datetime64[M]").astype("datetime64[D]")


def folded(texts: pd.Series) -> pa.Array:
    """NFKC, upper case, no white space: what the forms are matched against."""
    array = pc.utf8_upper(normalized(arrow(texts)))
    return pc.replace_substring_regex(array, pattern=r"\s+", replacement="")


def decimal(digits: NDArray[Any]) -> NDArray[np.int64]:
    """Numbers of their digits, shape (k, n), the highest place first.

    Digit by digit, as a product with the powers of ten would wake a thread on every core for so little.

    Examples
    --------
    >>> decimal(np.array([[1, 0], [9, 7]])).tolist()
    [19, 7]
    """
    number: NDArray[np.int64] = digits[0].astype(np.int64)
    for digit in digits[1:]:
        number *= 10
        number += digit
    return number


def days(year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Make dates of numbers, NaT for days that no calendar has.

    Examples
    --------
    >>> days(np.array([2024, 2023]), np.array([2, 2]), np.array([29, 29])).astype(str).tolist()
    ['2024-02-29', 'NaT']
    """
    right = (year > 0) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12)
    place = np.where(right, year * 12 + month - 1, 0)
    first = _MONTHS_BEGIN[place]
    right &= (day >= 1) & (day <= (_MONTHS_BEGIN[place + 1] - first).astype(np.int64))
    dates: NDArray[np.datetime64] = first + (day - 1).astype("timedelta64[D]")
    dates[~right] = np.datetime64("NaT", "D")  # NumPy 2.5 deprecates times without a unit
    return dates


def latest_day() -> pd.Timestamp:
    """Return the last day that is not in the future: today by the clock of Beijing, with a day's grace.

    Examples
    --------
    >>> latest_day() >= pd.Timestamp.now("UTC").tz_localize(None).normalize()
    True
    """
    today = pd.Timestamp.now("UTC").tz_localize(None) + pd.Timedelta(hours=8)
    return today.normalize() + pd.Timedelta(days=1)


def read_dates(texts: pd.Series) -> pd.Series:
    """Read dates.

    Parameters
    ----------
    texts : Series of str
        ``1974年12月1日``, ``1974-12-01`` (or with ``.`` or ``/``), ``19741201``, ``December 1, 1974``, ``1 Dec 1974``.
        Forms in which day and month could be taken for each other are not read.

    Returns
    -------
    Series of datetime64[s]
        With the index of `texts`; missing where there is no date.

    Examples
    --------
    >>> read_dates(pd.Series(["1974年12月1日", "Dec 1, 1974", "01/12/1974"])).dt.date.tolist()
    [datetime.date(1974, 12, 1), datetime.date(1974, 12, 1), NaT]
    """
    return pd.Series(_read_any(arrow(texts)), index=texts.index)


def _read_any(array: pa.Array) -> NDArray[np.datetime64]:
    """The usual forms by position, then the others by pattern."""
    result = np.full(len(array), "NaT", dtype="datetime64[s]")
    length = lengths(array)
    left = length > 0
    for form in _USUAL:
        rows = np.flatnonzero(left & (length == len(form.encode())))
        fit, dates = _placed(blocks(array, rows, len(form.encode())), form)
        result[rows[fit]] = dates[fit]
        left[rows[fit]] = False
    rows = np.flatnonzero(left)
    if len(rows):
        result[rows] = _read(folded(pd.Series(array.take(pa.array(rows)), dtype="str")))
    return result


def _placed(block: NDArray[np.uint8], form: str) -> tuple[NDArray[np.bool_], NDArray[np.datetime64]]:
    """Which texts have the form, and their dates; a text that has it is a date or none, however it is read."""
    pattern = np.frombuffer(form.encode(), dtype=np.uint8)
    digit = pattern == ord("0")
    values = block[:, digit] - np.uint8(ord("0"))
    fit = (values < 10).all(axis=1) & (block[:, ~digit] == pattern[~digit]).all(axis=1)
    day = 4 + len(re.findall("0+", form)[1])
    parts = values.T[:4], values.T[4:day], values.T[day:]
    return fit, days(*map(decimal, parts))


def _read(array: pa.Array) -> NDArray[np.datetime64]:
    result = np.full(len(array), "NaT", dtype="datetime64[s]")
    fits = np.flatnonzero(pc.match_substring_regex(array, f"^(?:{_ANY})$").fill_null(False))
    array = array.take(pa.array(fits))
    for form in _FORMS:
        found = pc.extract_regex(array, pattern=f"^{form}$")
        rows = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
        if len(rows):
            parts = found.take(pa.array(rows))
            result[fits[rows]] = days(_number(parts, "y"), _month(parts), _number(parts, "d"))
    return result


def _number(parts: pa.StructArray, name: str) -> NDArray[np.int64]:
    return np.asarray(parts.field(name).cast(pa.int64()))


def _month(parts: pa.StructArray) -> NDArray[np.int64]:
    if "m" in (f.name for f in parts.type):
        return _number(parts, "m")
    short = pc.utf8_slice_codeunits(parts.field("b"), 0, 3)
    return np.asarray(pc.index_in(short, value_set=pa.array(_MONTHS, type=short.type))).astype(np.int64) + 1


def read_periods(texts: pd.Series) -> pd.DataFrame:
    """Read periods of validity.

    Parameters
    ----------
    texts : Series of str
        Two dates with ``至``, ``to`` or a dash between them; ``长期`` (long-term) may replace the second or the
        whole; older licenses give a length instead, ``6年``, also after the first date: ``2018-01-05 6年``, ``2018-01-05起10年``.

    Returns
    -------
    DataFrame
        Columns ``start, end`` (datetime64[s]), ``long_term`` (bool) and ``readable`` (bool).

    Examples
    --------
    >>> read_periods(pd.Series(["2018-05-20至2028-05-20", "2018.05.20-长期"]))[["end", "long_term"]]
             end  long_term
    0 2028-05-20      False
    1        NaT       True
    """
    array = arrow(texts)
    start, end = (np.full(len(array), "NaT", dtype="datetime64[s]") for _ in range(2))
    long_term, readable, left = np.zeros(len(array), dtype=bool), np.zeros(len(array), dtype=bool), lengths(array) > 0
    for between in ("至", "-"):
        gap = len(between.encode())
        rows = np.flatnonzero(lengths(array) == 2 * _ISO + gap)
        block = blocks(array, rows, 2 * _ISO + gap)
        fit, first = _placed(block[:, :_ISO], _USUAL[0])
        fits, second = _placed(block[:, _ISO + gap :], _USUAL[0])
        fit &= fits & (block[:, _ISO : _ISO + gap] == np.frombuffer(between.encode(), dtype=np.uint8)).all(axis=1)
        start[rows[fit]], end[rows[fit]], left[rows[fit]] = first[fit], second[fit], False
        readable[rows[fit]] = ~np.isnat(first[fit]) & ~np.isnat(second[fit])
    rows = np.flatnonzero(left)
    if len(rows):
        start[rows], end[rows], long_term[rows], readable[rows] = _read_periods(
            folded(pd.Series(array.take(pa.array(rows)), dtype="str"))
        )
    return pd.DataFrame({"start": start, "end": end, "long_term": long_term, "readable": readable}, index=texts.index)


def _read_periods(array: pa.Array) -> tuple[Any, ...]:
    found = pc.extract_regex(array, pattern=_PERIOD)
    start, end = (pc.struct_field(found, name) for name in ("start", "end"))
    opened = pc.or_kleene(pc.match_substring_regex(end, _OPEN), pc.match_substring_regex(array, f"^(?:{_OPEN})$"))
    first, second = _read(start), _read(end)
    long_term = np.asarray(opened.fill_null(False))
    alone = np.asarray(pc.match_substring_regex(array, _LENGTH).fill_null(False))
    return first, second, long_term, alone | (~np.isnat(first) & (~np.isnat(second) | long_term))
