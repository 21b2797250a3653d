"""Times of the service in the forms of files: texts of programs and people, numbers since 1970, days of spreadsheets."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np
import pandas as pd

from cardocr_nb.frame._damage_forms import UNKNOWN_ORDER
from cardocr_nb.frame._spreadsheet_damage import warn_of_damage
from cardocr_nb.wire._records import SERVICE_TIME

TIME = pd.DatetimeTZDtype("us", SERVICE_TIME)
"""Dtype of the columns of times."""

_WITH_ZONE = r":[0-9]{2}(?:[.,][0-9]+)? ?(?:[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)$"
_SHORT_OFFSET = r"([+-][0-9]{2})$"
_ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ Tt][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)? ?"
    r"(?:[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_NUMBERS = r"[0-9]+(?:\.[0-9]+)?"
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""Formats of dates without separators, by their number of digits."""
_LAST_EXCEL_DAY = 110_000
_1973 = 94_694_400  # seconds
_UNITS: tuple[tuple[Any, float, float], ...] = (
    ("s", _1973, 1e11),
    ("ms", 1e11, 1e14),
    ("us", 1e14, 1e17),
    ("ns", 1e17, np.inf),
)
"""Units of times of 1973 to 2199, each with the numbers that they take."""

_DAY_AND_TIME = re.compile(
    r"(?:(?P<year>[0-9]{4})(?:[/.\-]|年)(?P<month>[0-9]{1,2})(?:[/.\-]|月)(?P<day>[0-9]{1,2})日?"
    r"|(?P<a>[0-9]{1,2})(?P<sep>[/.\-])(?P<b>[0-9]{1,2})(?P=sep)(?P<last>[0-9]{4}|[0-9]{2}))"
    r"(?: ?(?:星期|周)[一二三四五六日天])?"
    r"(?:,?[ T]*(?P<half>上午|凌晨|下午|晚上)? ?(?P<hour>[0-9]{1,2})[:时](?P<minute>[0-9]{2})分?"
    r"(?::?(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?秒?)?(?: ?(?P<ampm>[AaPp])\.?[Mm]\.?)?"
    r"(?: ?(?P<zone>[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_MONTHS = r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_NAMED = re.compile(
    rf"(?:[a-z]{{3,9}},? )?(?:[0-9]{{1,2}}[ /.\-](?:{_MONTHS})[a-z]*[ /.\-,]+[0-9]{{4}}|(?:{_MONTHS})[a-z]* [0-9]{{1,2}},? [0-9]{{4}})"
    r"(?:,? [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: ?[ap]m)?(?: ?(?:utc|gmt|z|[+-][0-9]{2}:?[0-9]{2}))?)?",
    re.IGNORECASE,
)


def times(column: Any) -> Any:
    """Return times with the zone of the service.

    Parameters
    ----------
    column : Series
        Times, or their texts: those without a zone are in that of the service already. Or numbers: seconds to nanoseconds since
        1970, days of Excel, ``20220627``; the size of each shows which, as times of the service lie between 1973 and 2199.
        Missing where empty.

    Raises
    ------
    ValueError
        A value is not a time.

    Warns
    -----
    ExcelDamageWarning
        Day, month and year of texts such as ``06/07/2022`` or ``6/7/22`` may have two orders; they become missing, and are counted.

    Examples
    --------
    >>> times(pd.Series(["2022-06-27 10:00", "27/6/2022 10:00", "1656295200"])).dt.strftime("%d %B, %H:%M").tolist()
    ['27 June, 10:00', '27 June, 10:00', '27 June, 10:00']
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _counted(column)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "M":
        return column.dt.tz_localize(SERVICE_TIME)
    if column.dtype != object and not pd.api.types.is_string_dtype(column.dtype):
        return pd.to_datetime(column, utc=True).dt.tz_convert(SERVICE_TIME)
    if column.dtype == object:  # a mixture, such as dates of openpyxl and texts
        column = column.map(lambda value: value.isoformat() if hasattr(value, "isoformat") else value)
    words = column.astype("str").str.strip()
    words = words.mask(words.isin(["-", "", "NaT"]))
    iso = words.str.fullmatch(_ISO, na=True)
    if iso.all():
        return _iso_times(words)
    number = words.str.fullmatch(_NUMBERS, na=False)
    if number.all():
        return _counted(pd.to_numeric(words))
    result = pd.Series(pd.NaT, index=range(len(words)), dtype=TIME)
    words, iso, number = (part.reset_index(drop=True) for part in (words, iso, number))
    other = ~iso & ~number
    result[iso] = _iso_times(words[iso]).astype(TIME)
    result[number] = _counted(pd.to_numeric(words[number]))
    known = {word: _moment(word) for word in words[other].unique()}
    lost = sum(known[word] is None for word in words[other])
    warn_of_damage({UNKNOWN_ORDER: lost} if lost else {}, f"the column {column.name!r}", stacklevel=6)
    result[other] = pd.Series([known[word] for word in words[other]], index=words[other].index, dtype=TIME)
    return result.set_axis(column.index)


def _iso_times(words: Any) -> Any:
    words = words.mask(words.str.len() == len("2026-01-01"), words + " 00:00:00")
    zoned = words.str.contains(_WITH_ZONE, na=False)
    whole = words.mask(words.notna() & ~zoned, words + "+08:00").mask(
        zoned, words.str.replace(_SHORT_OFFSET, r"\1:00", regex=True)
    )
    return pd.to_datetime(whole, utc=True, format="mixed").dt.tz_convert(SERVICE_TIME)


def _counted(column: Any) -> Any:
    """Return times of numbers, each by its size."""
    numbers = column.reset_index(drop=True)
    size = numbers.astype("Float64").to_numpy(np.float64, na_value=np.nan)
    result = pd.Series(pd.NaT, index=numbers.index, dtype=TIME)
    rest = ~np.isnan(size)
    days = rest & (size >= 0) & (size < _LAST_EXCEL_DAY)
    result[days] = _days(numbers[days])
    rest &= ~days
    for digits, form in _COMPACT.items():
        rows = rest & (size >= 19 * 10 ** (digits - 2)) & (size < 22 * 10 ** (digits - 2)) & (size == np.floor(size))
        texts = numbers[rows].astype("Int64").astype("str")
        found = pd.to_datetime(texts, format=form, errors="coerce").dt.tz_localize(SERVICE_TIME)
        rows[rows] = found.notna().to_numpy()
        result[rows] = found.dropna()
        rest &= ~rows
    for unit, low, high in _UNITS:
        rows = rest & (size >= low) & (size < high)
        result[rows] = pd.to_datetime(numbers[rows], unit=unit, utc=True).dt.tz_convert(SERVICE_TIME).astype(TIME)
        rest &= ~rows
    if rest.any():
        raise ValueError("a number is not a time")
    return result.set_axis(column.index)


def _days(numbers: Any) -> Any:
    days = pd.to_datetime(numbers, unit="D", origin="1899-12-30").dt.round("s")
    return days.dt.tz_localize(SERVICE_TIME)


def _moment(word: str) -> Any:
    """Return the time of a text; None if day, month and year may have several orders."""
    found = _DAY_AND_TIME.fullmatch(word)
    if found is None:
        if not _NAMED.fullmatch(word):
            raise ValueError("a text is not a time")
        named = pd.Timestamp(word)
        return named.tz_localize(SERVICE_TIME) if named.tzinfo is None else named.tz_convert(SERVICE_TIME)
    hour = int(found["hour"] or 0)
    later = found["half"] in ("下午", "晚上") or (found["ampm"] or "").lower() == "p"
    if found["half"] or found["ampm"]:
        hour = hour % 12 + 12 * later if hour <= 12 else hour
    clock = (
        hour,
        int(found["minute"] or 0),
        int(found["second"] or 0),
        int((found["fraction"] or "0").ljust(6, "0")[:6]),
    )
    if found["year"]:
        moment = dt.datetime(int(found["year"]), int(found["month"]), int(found["day"]), *clock)  # noqa: DTZ001 - follows
    else:
        a, b, year = int(found["a"]), int(found["b"]), int(found["last"])
        if len(found["last"]) == 2:
            return None
        orders = {order for order in ((a, b), (b, a)) if _is_day(year, *order)}
        if len(orders) == 2:
            return None
        moment = dt.datetime(year, *min(orders), *clock)  # noqa: DTZ001 - follows; min raises ValueError where none is a day
    zone = found["zone"]
    if zone is None:
        return moment.replace(tzinfo=SERVICE_TIME)
    offset = (
        dt.UTC if zone[0] not in "+-" else dt.datetime.strptime(f"{zone}00" if len(zone) == 3 else zone, "%z").tzinfo
    )
    return moment.replace(tzinfo=offset).astimezone(SERVICE_TIME)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True
