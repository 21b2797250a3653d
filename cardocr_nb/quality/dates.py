"""Dates and periods as they stand on cards, in Chinese, ISO and English forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
_LENGTH = rf"^(?:\d{{1,2}}(?:年|YEARS?)|{_OPEN})$"


def folded(texts: pd.Series) -> pa.Array:
    """NFKC, upper case, no white space: what the forms are matched against."""
    array = pc.utf8_upper(pc.utf8_normalize(pa.array(texts, type=pa.large_string()), form="NFKC"))
    return pc.replace_substring_regex(array, pattern=r"\s+", replacement="")


def days(year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Make dates of numbers, NaT for days that no calendar has.

    Examples
    --------
    >>> days(np.array([2024, 2023]), np.array([2, 2]), np.array([29, 29])).astype(str).tolist()
    ['2024-02-29', 'NaT']
    """
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    dates: NDArray[np.datetime64] = months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    right = (year > 0) & (month >= 1) & (month <= 12) & (day >= 1) & (dates.astype("datetime64[M]") == months)
    dates[~right] = np.datetime64("NaT")
    return dates


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
    return pd.Series(_read(folded(texts)), index=texts.index)


def _read(array: pa.Array) -> NDArray[np.datetime64]:
    result = np.full(len(array), "NaT", dtype="datetime64[D]")
    for form in _FORMS:
        found = pc.extract_regex(array, pattern=f"^{form}$")
        rows = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
        if len(rows):
            parts = found.take(pa.array(rows))
            result[rows] = days(_number(parts, "y"), _month(parts), _number(parts, "d"))
    return result.astype("datetime64[s]")


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
        Two dates with ``至``, ``to`` or a dash between them; ``长期`` (long-term) may stand for the second or for the
        whole; older licences give a length instead, ``6年``.

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
    array = folded(texts)
    found = pc.extract_regex(array, pattern=_PERIOD)
    start, end = (pc.struct_field(found, name) for name in ("start", "end"))
    opened = pc.or_kleene(pc.match_substring_regex(end, _OPEN), pc.match_substring_regex(array, f"^(?:{_OPEN})$"))
    first, second = _read(start), _read(end)
    long_term = np.asarray(opened.fill_null(False))
    alone = np.asarray(pc.match_substring_regex(array, _LENGTH).fill_null(False))
    readable = alone | (~np.isnat(first) & (~np.isnat(second) | long_term))
    return pd.DataFrame(
        {"start": first, "end": second, "long_term": long_term, "readable": readable}, index=texts.index
    )
