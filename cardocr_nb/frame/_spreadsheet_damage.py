"""What a spreadsheet did to texts of cards: it is restored, or left out where it cannot be, and counted."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb._bulk._arrow_text import arrow, spans
from cardocr_nb.frame._damage_forms import (
    DATE_FIELDS,
    FLOAT,
    LETTERS,
    NUMBER_FIELDS,
    ROUNDED,
    SCIENTIFIC,
    Finding,
    damage_of,
    is_of_a_float,
    is_valid_number,
    is_whole,
    unmarked,
)
from cardocr_nb.frame._serial_days import DAYS_IN_DOUBT, dates_of_days, days_are_doubtful, is_serial

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_LONGEST_SERIAL = len("73050.0")
_LONGEST_SHORT_YEAR = len("25-Dec-74")
_LONGEST_DATE = len("1974年12月25日".encode())

IN_DOUBT = "numbers as a spreadsheet rounds them, next to numbers that none changed (kept)"
KEY = "without leading zeros in the key (restored)"


class ExcelDamageWarning(UserWarning):
    """A spreadsheet changed texts of a table; they are restored or left out, and counted."""


def undo_excel(
    texts: pd.Series,
    fields: pd.Series,
    *,
    true: bool = False,
    by_column: bool = False,
    born: Callable[[], pd.Series] | None = None,
) -> tuple[pd.Series, dict[str, int]]:
    """Restore the texts that a spreadsheet changed, or remove them where they are lost.

    Parameters
    ----------
    texts : Series of str
        Texts of cards, from a table that a spreadsheet may have saved.
    fields : Series of str
        Canonical name of the field of each text.
    true : bool, default False
        The texts are those of the cards, not readings: a number that is too short is then damage as well, and an
        apostrophe first does not belong to the text. A service may read 17 of 18 digits.
    by_column : bool, default False
        Readings of one column, which a spreadsheet changes alike: a number with zeros at the end is kept, and counted, next to
        numbers whose digits no spreadsheet keeps, ``?`` is kept next to letters other than ASCII, and a number of days next to more
        dates in the forms of cards, unless the number of the card has this date. A service misreads so.
    born : callable, optional
        Returns the date of birth that the number of the same card holds, for each row, as ISO 8601 (see
        `birth_dates`). It decides between the date systems of 1900 and of 1904; without any, dates are of 1900.

    Returns
    -------
    texts : Series of str
        Restored texts; missing where they are lost.
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
    words = texts.take(rows).astype("str").str.strip().tolist()
    names = fields.take(rows).astype("str").tolist()
    found = [
        None if pd.isna(word) else damage_of(word, str(name), true=true)
        for word, name in zip(words, names, strict=True)
    ]
    kept = _as_the_column_shows(texts, fields, words, found) if by_column else {}
    serial = [n for n, name in enumerate(names) if name in DATE_FIELDS and is_serial(words[n])]
    if serial:
        days = pd.Series([words[n] for n in serial])
        own = pd.Series(None, index=days.index, dtype="str") if born is None else born().take(rows[serial])
        of_birth = [names[n] == "birth_date" for n in serial]
        dates = dates_of_days(days.tolist(), own.tolist(), of_birth)
        doubtful = by_column and days_are_doubtful(dates, own.tolist(), texts[fields.isin(DATE_FIELDS).to_numpy(bool)])
        for n, date, proven in zip(serial, dates, own, strict=True):
            found[n] = None if doubtful and date.text != proven else date
        doubts = sum(found[n] is None for n in serial)
        kept |= {DAYS_IN_DOUBT: doubts} if doubts else {}
    # One of eleven rounded numbers has a right check digit by chance; of numbers as they were, one of 16 to 128 is a float.
    rounded = sum(finding is not None and finding.kind in (ROUNDED, SCIENTIFIC, FLOAT) for finding in found)
    by_chance = [
        n
        for n, (word, name, finding) in enumerate(zip(words, names, found, strict=True))
        if rounded and finding is None and name in NUMBER_FIELDS and is_of_a_float(str(word))
    ]
    if 1 < rounded >= len(by_chance) and not _some_are_whole(texts, fields):
        for n in by_chance:
            found[n] = Finding(FLOAT, None)
    damaged = [n for n, finding in enumerate(found) if finding is not None]
    if not damaged:
        return texts, kept
    changed = [finding for finding in found if finding is not None]
    result = texts.astype(object)
    result.iloc[rows[damaged]] = [finding.text for finding in changed]
    return result.astype("str"), dict(Counter(finding.kind for finding in changed)) | kept


def _as_the_column_shows(
    texts: pd.Series, fields: pd.Series, words: list[str], found: list[Finding | None]
) -> dict[str, int]:
    """Remove from `found` the texts that others of the column show to be as they were; return the number of those in doubt."""
    letters = [n for n, finding in enumerate(found) if finding is not None and finding.kind == LETTERS]
    if letters and not texts.dropna().astype("str").map(str.isascii).all():
        for n in letters:
            found[n] = None
    numbers = [
        n
        for n, finding in enumerate(found)
        if finding is not None and finding.kind in (ROUNDED, FLOAT) and words[n].isdecimal()
    ]
    if not numbers or not _some_are_whole(texts, fields):
        return {}
    for n in numbers:
        found[n] = None
    return {IN_DOUBT: len(numbers)}


def _some_are_whole(texts: pd.Series, fields: pd.Series) -> bool:
    numbers = texts[fields.isin(NUMBER_FIELDS).to_numpy(bool)].dropna().astype("str")
    return any(is_whole(number.strip()) for number in numbers)


def birth_dates(texts: pd.Series, fields: pd.Series, cards: pd.Series) -> pd.Series:
    """Return the date of birth that the number of each row's card holds, as ISO 8601; missing where no number is right.

    Parameters
    ----------
    texts, fields : Series of str
        Texts of cards and the canonical names of their fields.
    cards : Series
        Key of the card of each text, missing where unknown.

    Examples
    --------
    >>> fields = pd.Series(["birth_date", "id_number"])
    >>> birth_dates(pd.Series(["25902", "990101197412010014"]), fields, pd.Series(["a", "a"])).tolist()
    ['1974-12-01', '1974-12-01']
    """
    at = fields.isin(NUMBER_FIELDS).to_numpy(bool)
    numbers = texts[at].astype("str").str.strip().map(unmarked, na_action="ignore").str.upper()
    dates = numbers.str.extract("^[0-9]{6}([0-9]{4})([0-9]{2})([0-9]{2})[0-9]{3}[0-9X]$")
    right = numbers.map(is_valid_number, na_action="ignore").fillna(value=False).astype(bool)
    known = (dates[0] + "-" + dates[1] + "-" + dates[2]).where(right)
    by_card = dict(zip(cards[at][known.notna()], known.dropna(), strict=True))
    return cards.map(by_card).astype("str")


def _suspects(texts: pd.Series, fields: pd.Series, *, true: bool) -> NDArray[np.intp]:
    """Return the rows whose length, first or last bytes are those of what a spreadsheet wrote; a cheap first look."""
    array = arrow(texts.astype("str"))
    starts, data = spans(array)
    length = np.diff(starts)
    if not len(data):
        return np.empty(0, dtype=np.intp)
    ends = starts[1:]
    first = np.where(length > 0, data[np.minimum(starts[:-1], len(data) - 1)], 0)
    last = [np.where(length >= back, data[np.maximum(ends - back, 0)], 0) for back in range(1, 7)]
    zeros = (last[0] == ord("0")) & ((last[1] == ord("0")) | (last[1] == ord(".")) | (last[1] == ord(":")))
    exponent = np.logical_or.reduce([np.isin(byte, list(b"eE")) for byte in last[2:5]])
    padded = np.isin(last[0], list(b" \t"))
    marked = np.isin(first, list(b"#=")) | ((first == ord("'")) & true) | (last[3] == ord(":"))
    truth_value = np.isin(length, (4, 5)) & np.isin(last[0], list(b"eE"))
    # 日 is E6 97 A5; a day ends with it and follows a digit.
    day = (last[0] == 0xA5) & (last[1] == 0x97) & (last[3] <= ord("9"))
    digit = (last[0] >= ord("0")) & (last[0] <= ord("9"))
    separated = np.isin(last[4], list(b"/.- ")) | (np.isin(last[2], list(b"/.-")) & (length <= _LONGEST_SHORT_YEAR))
    timed = np.logical_or.reduce([byte == ord(":") for byte in last[2:]])
    is_date = separated | timed | (length <= _LONGEST_SERIAL) | (length > _LONGEST_DATE) | ~(day | digit)
    if true:  # a month without a day
        is_date |= length <= len("1974年12月".encode())
    is_date &= fields.isin(DATE_FIELDS).to_numpy()
    # Floats of 18 digits are multiples of 16 (IEEE 754: 53 bits).
    end = sum((byte - ord("0")) * np.intp(10**place) for place, byte in enumerate(last[:4]))
    is_number = (~np.isin(length, (15, 18)) | (end % 16 == 0)) & fields.isin(NUMBER_FIELDS).to_numpy()
    rows = np.flatnonzero((zeros | exponent | padded | marked | truth_value | is_date | is_number) & (length > 0))
    questions = np.flatnonzero(data == ord("?"))
    return np.union1d(rows, np.searchsorted(ends, questions, side="right")) if len(questions) else rows


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


def warn_of_unnamed(
    table: pd.DataFrame, names: tuple[str, ...], title: str, *, stacklevel: int = 3
) -> NDArray[np.bool_]:
    """Warn of rows that hold something but lack a key or field, as under merged cells; return which rows have both.

    Parameters
    ----------
    table : DataFrame
    names : tuple of str
        Columns that each row needs.
    title : str
        Name of the table, for the warning.

    Returns
    -------
    ndarray of bool
    """
    filled = {
        name: ~(cells.isna() | cells.astype("str").str.strip().eq("")).to_numpy(bool) for name, cells in table.items()
    }
    named = np.logical_and.reduce([filled[name] for name in names])
    lost = np.logical_or.reduce([*filled.values()]) & ~named
    if lost.any():
        lacking = " and ".join(f"{np.count_nonzero(lost & ~filled[name])} without {name}" for name in names)
        warnings.warn(
            f"{np.count_nonzero(lost)} rows of {title} are left out ({lacking}); fill these cells, and undo merged cells",
            UserWarning,
            stacklevel=stacklevel,
        )
    result: NDArray[np.bool_] = named
    return result


def warn_of_damage(counts: dict[str, int], table: str, *, stacklevel: int = 3) -> None:
    """Warn that a spreadsheet changed texts of a table, with the number of each kind of change."""
    doubts = [f"{n} {kind}" for kind, n in counts.items() if kind in (IN_DOUBT, DAYS_IN_DOUBT)]
    counts = {kind: n for kind, n in counts.items() if kind not in (IN_DOUBT, DAYS_IN_DOUBT)}
    if doubts:
        warnings.warn(
            f"{table} has {' and '.join(doubts)}: they are taken as readings; if somebody typed them in a spreadsheet, correct them",
            ExcelDamageWarning,
            stacklevel=stacklevel,
        )
    if counts:
        kinds = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        warnings.warn(
            f"a spreadsheet changed {sum(counts.values())} texts of {table}: {kinds}. Format the columns as text before "
            "typing or pasting numbers, or begin with a file of df.cardocr.to_excel",
            ExcelDamageWarning,
            stacklevel=stacklevel,
        )
