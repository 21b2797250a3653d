"""Checks of words, names and dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.quality.bytewise import once_each, remembered
from cardocr_nb.quality.checks import register
from cardocr_nb.quality.dates import read_dates, read_periods
from cardocr_nb.quality.vocabulary import ETHNICITY_SPELLINGS, GENDERS, VEHICLE_CLASSES

_DATES = ("birth_date", "first_issue_date")
_CLASSES = rf"(?:(?:{'|'.join(VEHICLE_CLASSES)})[\s,、/;+]*)+"
_HAN = r"[\x{3400}-\x{9fff}\x{20000}-\x{323af}]"
_ADULT = 18

if TYPE_CHECKING:
    from collections.abc import Iterable


_dates, _periods = remembered(read_dates), remembered(read_periods)


def _among(text: pd.Series, words: Iterable[str]) -> pd.Series:
    return once_each(text, lambda different: different.str.casefold().isin(list(words)))


@register(severity="error", detail="男 or 女, or a translation", fields=["gender"])
def gender_is_known(text: pd.Series) -> pd.Series:
    """One of the two words, or a translation."""
    return _among(text, GENDERS)


@register(severity="error", detail="one of the 56 ethnic groups or a legal variant", fields=["ethnicity"])
def ethnicity_is_known(text: pd.Series) -> pd.Series:
    """One of the 56 groups (GB/T 3304), a legal variant or a romanised name."""
    return _among(text, ETHNICITY_SPELLINGS)


@register(severity="error", detail="one or more of A1 to C6, D, E, F, M, N, P", fields=["vehicle_class"])
def vehicle_class_is_known(text: pd.Series) -> pd.Series:
    """Classes that exist, one after another."""
    return once_each(text, lambda different: different.str.upper().str.fullmatch(_CLASSES))


@register(severity="warning", detail="no digits", fields=["name"])
def name_has_no_digits(text: pd.Series) -> pd.Series:
    """No digit stands in a name."""
    return ~text.str.contains(r"\p{Nd}")


@register(severity="warning", detail="one script: Chinese or Latin", fields=["name"])
def name_is_of_one_script(text: pd.Series) -> pd.Series:
    """Chinese characters and Latin letters do not stand together."""
    mixed = np.array(text.str.contains("[A-Za-z]"), dtype=bool)
    latin = np.flatnonzero(mixed)
    mixed[latin] = text.take(latin).str.contains(_HAN)
    return pd.Series(~mixed, index=text.index)


@register(severity="error", detail="a date in Chinese, ISO or English form", fields=_DATES)
def date_is_readable(text: pd.Series) -> pd.Series:
    """A day of the calendar in a form that is read."""
    return _dates(text).notna()


@register(severity="error", detail="a date that is not in the future", fields=_DATES)
def date_is_past(text: pd.Series) -> pd.Series:
    """Not in the future; asked where the date can be read."""
    dates = _dates(text)
    return (dates <= pd.Timestamp("today")).astype("boolean").mask(dates.isna())


@register(severity="warning", detail="a day after the 18th birthday", fields=[("first_issue_date", "birth_date")])
def first_issue_is_of_age(issued: pd.Series, born: pd.Series) -> pd.Series:
    """First licence after the 18th birthday; asked where both dates can be read."""
    first, birth = _dates(issued), _dates(born)
    return (first >= birth + pd.DateOffset(years=_ADULT)).astype("boolean").mask(first.isna() | birth.isna())


@register(severity="error", detail="two dates, a date and 长期, or a number of years", fields=["valid_period"])
def period_is_readable(text: pd.Series) -> pd.Series:
    """A period in a form that is read."""
    return _periods(text)["readable"]


@register(severity="error", detail="an end after the start", fields=["valid_period"])
def period_runs_forward(text: pd.Series) -> pd.Series:
    """Ends after it starts; asked where both dates can be read."""
    period = _periods(text)
    both = period["start"].notna() & period["end"].notna()
    return (period["start"] < period["end"]).astype("boolean").mask(~both)
