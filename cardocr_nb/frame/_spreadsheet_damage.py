"""What a spreadsheet did to texts of cards: it is restored, or left out where it cannot be, and counted."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb._bulk._arrow_text import arrow, spans
from cardocr_nb.cards import id_check_character

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATE_FIELDS = ("birth_date", "first_issue_date")
"""Fields whose text is one date."""

NUMBER_FIELDS = ("id_number", "licence_number")
"""Fields whose text is a number of 18 characters, or of 15 on cards before 1999."""

# Excel shows numbers of 12 digits and more so; LibreOffice writes exponents of three digits.
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?0?(?:1[1-9]|[2-9][0-9])")
_ROUNDED = re.compile(r"[0-9]{15}0{2,5}(?:\.0)?")
_DATE_AND_TIME = re.compile(r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[ T]00:00(?::00(?:\.0+)?)?")
_SERIAL = re.compile(r"(?P<day>[0-9]{3,5})(?:\.0)?")
_YEAR_LAST = re.compile(
    r"(?P<a>[0-9]{1,2})(?P<sep>[/.\-])(?P<b>[0-9]{1,2}|[A-Za-z]{3})(?P=sep)(?P<year>[0-9]{4}|[0-9]{2})"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SHORTER = re.compile(r"[0-9]{14}|[0-9]{16,17}")  # than 15 or 18; what lacks more digits may be another kind of number
_LOST_LETTERS = re.compile(r"(?:[ -&(->@-~][ ->@-~]*)?\?[ -~]*")  # an apostrophe first marks a text that is as it was
_QUESTION = re.compile(r"(?<=[A-Za-z]{2})\?(?=\s|$)")  # the end of a question in Latin letters
_FIRST_DAY = np.datetime64("1899-12-30")  # day 0 of Excel's date system of 1900, from March 1900 on
_LAST_DAY = 73_050  # 2099-12-31
_LONGEST_SERIAL = len("73050.0")
_LONGEST_SHORT_YEAR = len("25-Dec-74")

SCIENTIFIC = "in scientific notation (digits are lost; left out)"
ROUNDED = "with zeros after the 15th digit (digits are lost; left out)"
DATE_AND_TIME = "a date with a time (date kept)"
SERIAL = "a date as number of days (date restored)"
YEAR_LAST = "a date with the year last (date restored)"
UNKNOWN_ORDER = "with day, month and year in an unknown order (left out)"
SHORTER = "with fewer digits than on the card (leading zeros are lost; left out)"
LETTERS = "with question marks in place of letters (letters are lost; left out)"
KEY = "without leading zeros in the key (restored)"


class ExcelDamageWarning(UserWarning):
    """A spreadsheet changed texts of a table; they are restored or left out, and counted."""


def undo_excel(texts: pd.Series, fields: pd.Series, *, true: bool = False) -> tuple[pd.Series, dict[str, int]]:
    """Restore the texts that a spreadsheet changed, or remove them where digits are lost.

    Parameters
    ----------
    texts : Series of str
        Texts of cards, from a table that a spreadsheet may have saved.
    fields : Series of str
        Canonical name of the field of each text.
    true : bool, default False
        The texts are those of the cards, not readings: a number that is too short is then damage as well. A service may
        read 17 of 18 digits.

    Returns
    -------
    texts : Series of str
        Dates without a time; missing where digits are lost.
    counts : dict of str to int
        Number of texts for each kind of change that was found.

    Examples
    --------
    >>> texts, counts = undo_excel(
    ...     pd.Series(["1.10101E+17", "1974-12-01 00:00:00", "27364"]),
    ...     pd.Series(["id_number", "birth_date", "birth_date"]),
    ... )
    >>> texts.tolist(), sum(counts.values())
    ([nan, '1974-12-01', '1974-12-01'], 3)
    """
    rows = _suspects(texts, fields, true=true)
    if not len(rows):
        return texts, {}
    words = texts.take(rows).astype("str").str.strip().reset_index(drop=True)
    is_date = fields.take(rows).isin(DATE_FIELDS).to_numpy()
    scientific = words.str.fullmatch(_SCIENTIFIC, na=False).to_numpy(bool)
    # A number may really end in zeros; then its check digit is right.
    rounded = words.str.fullmatch(_ROUNDED, na=False).to_numpy(bool, copy=True)
    rounded[rounded] = [not _is_valid_number(str(word).removesuffix(".0")) for word in words[rounded]]
    timed = words.str.fullmatch(_DATE_AND_TIME, na=False).to_numpy(bool)
    days = words.where(is_date & words.str.fullmatch(_SERIAL, na=False)).str.removesuffix(".0").astype("Int64")
    serial = days.between(1, _LAST_DAY).to_numpy(bool, na_value=False)
    year_last = is_date & words.str.fullmatch(_YEAR_LAST, na=False).to_numpy(bool)
    ordered = words[year_last].map(_iso_date)
    unknown_order = year_last.copy()
    unknown_order[year_last] = ordered.isna().to_numpy()
    year_last &= ~unknown_order
    shorter = words.str.fullmatch(_SHORTER, na=False).to_numpy(bool) & ~rounded & true
    shorter &= fields.take(rows).isin(NUMBER_FIELDS).to_numpy()
    letters = words.str.replace(_QUESTION, "", regex=True).str.fullmatch(_LOST_LETTERS, na=False).to_numpy(bool)
    found = {
        SCIENTIFIC: scientific,
        ROUNDED: rounded,
        DATE_AND_TIME: timed,
        SERIAL: serial,
        YEAR_LAST: year_last,
        UNKNOWN_ORDER: unknown_order,
        SHORTER: shorter,
        LETTERS: letters,
    }
    damaged = np.logical_or.reduce(list(found.values()))
    if not damaged.any():
        return texts, {}
    changed = words.mask(scientific | rounded | unknown_order | shorter | letters).astype(object)
    changed[timed] = words[timed].str.extract(_DATE_AND_TIME)["date"]
    changed[year_last] = ordered.dropna()
    changed[serial] = np.datetime_as_string(_FIRST_DAY + days[serial].to_numpy("int64").astype("timedelta64[D]"))
    result = texts.astype(object)
    result.iloc[rows[damaged]] = changed[damaged].to_numpy()
    return result.astype("str"), {kind: int(hit.sum()) for kind, hit in found.items() if hit.any()}


def _suspects(texts: pd.Series, fields: pd.Series, *, true: bool) -> NDArray[np.intp]:
    """Return the rows whose length or last bytes are those of a number or time that a spreadsheet wrote; a cheap first look."""
    array = arrow(texts.astype("str"))
    starts, data = spans(array)
    length = np.diff(starts)
    if not len(data):
        return np.empty(0, dtype=np.intp)
    ends = starts[1:]
    last = [np.where(length >= back, data[np.maximum(ends - back, 0)], 0) for back in range(1, 6)]
    zeros = (last[0] == ord("0")) & ((last[1] == ord("0")) | (last[1] == ord(".")) | (last[1] == ord(":")))
    exponent = np.logical_or.reduce([np.isin(byte, list(b"eE")) for byte in last[2:]])
    is_date = fields.isin(DATE_FIELDS).to_numpy()
    short = (length <= _LONGEST_SERIAL) & is_date
    padded = np.isin(last[0], list(b" \t"))
    separated = np.isin(last[4], list(b"/.-")) | (np.isin(last[2], list(b"/.-")) & (length <= _LONGEST_SHORT_YEAR))
    shorter = np.isin(length, (14, 16, 17)) & true
    rows = np.flatnonzero(zeros | exponent | short | padded | (separated & is_date) | shorter)
    questions = np.flatnonzero(data == ord("?"))
    return np.union1d(rows, np.searchsorted(ends, questions, side="right")) if len(questions) else rows


def _iso_date(text: str) -> str | None:
    """Return a date with the year last as ISO 8601; None where the century or the order of day and month is unknown.

    Examples
    --------
    >>> _iso_date("12/25/1974"), _iso_date("25.12.1974"), _iso_date("1-Dec-1974"), _iso_date("12/1/1974")
    ('1974-12-25', '1974-12-25', '1974-12-01', None)
    """
    parts = _YEAR_LAST.fullmatch(text)
    if parts is None or len(parts["year"]) == 2:
        return None
    if not parts["b"].isdigit():
        name = parts["b"].lower()
        orders = {(_MONTHS.index(name) + 1, int(parts["a"]))} if name in _MONTHS else set()
    else:
        a, b = int(parts["a"]), int(parts["b"])
        orders = {(month, day) for month, day in ((a, b), (b, a)) if month <= 12}
    if len(orders) != 1:
        return None
    month, day = orders.pop()
    try:
        return dt.date(int(parts["year"]), month, day).isoformat()
    except ValueError:
        return None


def restored_keys(keys: pd.Index, known: pd.Series) -> tuple[pd.Index, int]:
    """Put back the zeros that keys lost, where the keys of the frame are numbers of one length.

    Parameters
    ----------
    keys : Index of str
        Distinct keys of a table that a spreadsheet may have saved.
    known : Series of str
        Keys of the frame.

    Returns
    -------
    keys : Index of str
    count : int
        Number of keys that were restored.

    Examples
    --------
    >>> restored_keys(pd.Index(["17", "a.jpg"], dtype="str"), pd.Series(["0017", "0218"]))
    (Index(['0017', 'a.jpg'], dtype='str'), 1)
    """
    numbers = known[known.str.fullmatch("[0-9]+", na=False)].drop_duplicates()
    lengths = numbers.str.len().unique()
    if len(lengths) != 1:
        return keys, 0
    words = pd.Series(keys, dtype="str")
    padded = words.str.zfill(int(lengths[0]))
    lost = words.str.fullmatch("[0-9]+", na=False) & ~words.isin(known) & padded.isin(numbers)
    lost &= ~padded.isin(keys) & ~padded.where(lost).duplicated(keep=False)
    return pd.Index(words.mask(lost, padded), dtype="str"), int(lost.sum())


def warn_of_damage(counts: dict[str, int], table: str, *, stacklevel: int = 3) -> None:
    """Warn that a spreadsheet changed texts of a table, with the number of each kind of change."""
    if counts:
        kinds = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        warnings.warn(
            f"a spreadsheet changed {sum(counts.values())} texts of {table}: {kinds}. Format the columns as text before "
            "typing or pasting numbers, or begin with a file of df.cardocr.to_excel",
            ExcelDamageWarning,
            stacklevel=stacklevel,
        )


def _is_valid_number(text: str) -> bool:
    return len(text) == 18 and id_check_character(text[:17]) == text[17]
