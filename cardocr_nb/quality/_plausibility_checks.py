"""Checks of words, names and dates."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb._bulk._arrow_text import ASCII, arrow, map_unique, unusual
from cardocr_nb.quality._check_results import where
from cardocr_nb.quality._checks import register
from cardocr_nb.quality._dates import latest_day, read_dates, read_periods
from cardocr_nb.quality._number_checks import folded_gender
from cardocr_nb.quality._vocabulary import ETHNICITY_SPELLINGS, GENDERS, VEHICLE_CLASSES

_DATES = ("birth_date", "first_issue_date")
_CLASSES = rf"(?:(?:{'|'.join(VEHICLE_CLASSES)})[\s,、/;+]*)+"
_HAN = r"[\x{3400}-\x{9fff}\x{20000}-\x{323af}]"
_ADULT = 18


@register(severity="error", detail="neither 男 nor 女, nor a translation", fields=["gender"])
def gender_is_known(text: pd.Series) -> pd.Series:
    """One of the two words, or a translation."""
    return map_unique(text, lambda different: folded_gender(different).isin(list(GENDERS)))


@register(severity="warning", detail="none of the 56 ethnic groups and no known other form", fields=["ethnicity"])
def ethnicity_is_known(text: pd.Series) -> pd.Series:
    """One of the 56 groups (GB/T 3304), another form that cards have, or a romanized name; notes in brackets do not count."""
    return map_unique(text, lambda different: _without_notes(different).str.casefold().isin(list(ETHNICITY_SPELLINGS)))


def _without_notes(text: pd.Series) -> pd.Series:
    return text.str.replace(r"\s*\([^()]*\)\s*$", "", regex=True)


@register(severity="error", detail="not made of the classes A1 to C6, D, E, F, M, N, P", fields=["vehicle_class"])
def vehicle_class_is_known(text: pd.Series) -> pd.Series:
    """Classes that exist, one after another."""
    return map_unique(text, lambda different: different.str.upper().str.fullmatch(_CLASSES))


def read_names(text: pd.Series) -> pd.DataFrame:
    """Which names hold a ``digit``, and which both Chinese characters and Latin letters, ``mixed``.

    Examples
    --------
    >>> read_names(pd.Series(["样本", "样本1", "样本B"]))
       digit  mixed
    0  False  False
    1   True  False
    2  False   True
    """
    found = pd.DataFrame({"digit": False, "mixed": False}, index=text.index)
    # Nearly all names are of ideographs only.
    rows = unusual(arrow(text), below=ASCII + 1)
    others = arrow(text).take(pa.array(rows))
    # Arrow's expressions know classes of Unicode; those of pandas depend on its version and on the storage of the texts.
    digit, latin, chinese = (pc.match_substring_regex(others, pattern) for pattern in (r"\p{Nd}", "[A-Za-z]", _HAN))
    found.iloc[rows, 0] = digit.to_numpy(zero_copy_only=False)
    found.iloc[rows, 1] = pc.and_(latin, chinese).to_numpy(zero_copy_only=False)
    return found


@register(severity="warning", detail="digits in a name", fields=["name"], transform=read_names)
def name_has_no_digits(name: pd.DataFrame) -> pd.Series:
    """A name contains no digit."""
    return ~name["digit"]


@register(
    severity="warning", detail="Chinese characters and Latin letters in one name", fields=["name"], transform=read_names
)
def name_is_of_one_script(name: pd.DataFrame) -> pd.Series:
    """A name does not mix Chinese characters and Latin letters."""
    return ~name["mixed"]


@register(severity="error", detail="not a date in Chinese, ISO or English form", fields=_DATES, transform=read_dates)
def date_is_readable(dates: pd.Series) -> pd.Series:
    """A day of the calendar in a form that is read."""
    return dates.notna()


@register(severity="error", detail="a date in the future", fields=_DATES, transform=read_dates)
def date_is_past(dates: pd.Series) -> pd.arrays.BooleanArray:
    """Not in the future; asked where the date can be read."""
    return where(dates.notna(), dates <= latest_day())


@register(
    severity="warning",
    detail="a day before the 18th birthday",
    fields=[("first_issue_date", "birth_date")],
    transform=read_dates,
)
def first_issue_is_of_age(issued: pd.Series, born: pd.Series) -> pd.arrays.BooleanArray:
    """First license after the 18th birthday; asked where both dates can be read."""
    return where(issued.notna() & born.notna(), issued >= born + pd.DateOffset(years=_ADULT))


@register(
    severity="error",
    detail="not two dates, a date and 长期, or a number of years",
    fields=["valid_period"],
    transform=read_periods,
)
def period_is_readable(period: pd.DataFrame) -> pd.Series:
    """A period in a form that is read."""
    return period["readable"]


@register(severity="error", detail="the end is not after the start", fields=["valid_period"], transform=read_periods)
def period_runs_forward(period: pd.DataFrame) -> pd.arrays.BooleanArray:
    """Ends after it starts; asked where both dates can be read."""
    return where(period["start"].notna() & period["end"].notna(), period["start"] < period["end"])
