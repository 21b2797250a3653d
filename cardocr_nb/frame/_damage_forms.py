"""The table of what spreadsheets make of texts: how each form of damage looks, and what is certain about the text before."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from cardocr_nb.cards import id_check_character

if TYPE_CHECKING:
    from collections.abc import Callable

DATE_FIELDS = ("birth_date", "first_issue_date")
"""Fields whose text is one date."""

NUMBER_FIELDS = ("id_number", "licence_number")
"""Fields whose text is a number of 18 characters, or of 15 on cards before 1999."""

ERROR = "an error of the spreadsheet, or # of a narrow column (left out)"
TRUTH_VALUE = "TRUE or FALSE (left out)"
SCIENTIFIC = "in scientific notation (digits are lost; left out)"
ROUNDED = "with zeros after the 15th digit (digits are lost; left out)"
FLOAT = "a number with the last digits of a float (digits are lost; left out)"
FRACTION = "a number with a fraction and a wrong check digit (digits are lost; left out)"
SHORTER = "with fewer digits than on the card (leading zeros are lost; left out)"
LETTERS = "with question marks in place of letters (letters are lost; left out)"
MARKED = 'with an apostrophe or ="…" around it (removed)'
SEPARATED = "a number with separators or a fraction (digits restored)"
DATE_AND_TIME = "a date with a time (date kept)"
YEAR_LAST = "a date with the year last (date restored)"
LONG_DATE = "a date with its weekday or the name of its month (date restored)"
UNKNOWN_ORDER = "with day, month and year in an unknown order (left out)"
UNKNOWN_DAY = "a date without its day, or with a time of another day (left out)"

# ECMA-376, part 1, 18.18.11, the errors that Excel added since, and those of LibreOffice.
_ERROR_NAMES = (
    r"REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|N/A|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|BUSY!|UNKNOWN!|GETTING_DATA"
)
ERRORS = rf"(?:#+|#(?:{_ERROR_NAMES})|Err:5[0-9]{{2}})"
TRUTH_VALUES = r"(?:TRUE|FALSE|True|False|true|false)"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")  # fmt: skip
_MONTH = rf"(?i:{'|'.join(_FULL)}|sept|{'|'.join(_MONTHS)})"
_WEEKDAY = r"(?:(?i:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tues?|wed|thur?s?|fri|sat|sun)|(?:星期|周|週)[一二三四五六日天])"
_TIME = r"(?:(?:上午|凌晨) ?)?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?: ?(?i:[AP]M))?(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?"
_DAY = (
    r"[0-9]{4}(?:[/.\-][0-9]{1,2}){2}|[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日|[0-9]{1,2}(?P<sep>[/.\-])[0-9]{1,2}(?P=sep)(?:[0-9]{4}|[0-9]{2})"
    rf"|[0-9]{{1,2}}[ /.\-]{_MONTH}[ /.\-,]+(?:[0-9]{{4}}|[0-9]{{2}})"
    rf"|{_MONTH} [0-9]{{1,2}},? [0-9]{{4}}|{_MONTH}[ \-](?:[0-9]{{4}}|[0-9]{{2}})"
)
DATES = rf"(?:{_WEEKDAY},? ?)?(?:{_DAY})(?:,? ?\(?{_WEEKDAY}\)?)?(?:(?:,? |T){_TIME})?"
"""Dates in the forms of Chinese and English spreadsheets and of JSON: with a weekday, a named month or a time."""

_PARTS = re.compile(
    rf"(?P<before>{_WEEKDAY},? ?)?(?P<day>{_DAY})(?P<after>,? ?\(?{_WEEKDAY}\)?)?(?:(?:,? |T)(?P<time>{_TIME}))?"
)
_YEAR_FIRST = re.compile(r"([0-9]{4})[/.\-年]([0-9]{1,2})[/.\-月]([0-9]{1,2})日?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4})")
_NAMED = re.compile(
    rf"(?:(?P<d1>[0-9]{{1,2}})[ /.\-](?P<m1>{_MONTH})[ /.\-,]+|(?P<m2>{_MONTH}) (?P<d2>[0-9]{{1,2}}),? )(?P<year>[0-9]{{4}})"
)
_MIDNIGHT = re.compile(
    r"(?:(?:(?:上午|凌晨) ?)?0?0:00(?::00(?:\.0+)?)?|(?:(?:上午|凌晨) ?12:00(?::00)?|12:00(?::00)? ?(?i:AM)))"
    r"(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?"
)
# Midnight in China as JSON writes it, in UTC; 15:00 in the summers of 1986 to 1991 (IANA, Asia/Shanghai).
_MIDNIGHT_IN_CHINA = re.compile(r"(?:16|15):00:00(?:\.0+)? ?(?:Z|UTC|\+00:?00)")
_SUMMER_TIME = range(1986, 1992)

_MARK = re.compile(r"(?:'(?=[0-9=+\-@#])|=(?=\"))(.*)", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_GROUPED = re.compile(
    r"(?P<number>[0-9]{1,3}(?P<sep>[,. '’\u00a0\u202f\u2009])[0-9]{2,3}(?:(?P=sep)[0-9]{2,3})*)(?P<fraction>(?!(?P=sep))[.,]0+)?"
)
_WITH_FRACTION = re.compile(r"(?P<number>[0-9]{12,18})(?P<fraction>[.,]0+)")


class Finding(NamedTuple):
    """One damaged text.

    Attributes
    ----------
    kind : str
        What happened to it.
    text : str or None
        The text as it was before; None if it is lost.
    """

    kind: str
    text: str | None


class Form(NamedTuple):
    """A form of damage.

    Attributes
    ----------
    kind : str
    pattern : Pattern
        Of the whole text.
    fields : tuple of str
        Fields in which the form is damage; empty for all.
    only_true : bool
        The form is damage in texts of cards, not in readings.
    restore : callable
        Takes the text; returns what is found, or None if it is not damaged after all.
    """

    kind: str
    pattern: re.Pattern[str]
    fields: tuple[str, ...] = ()
    only_true: bool = False
    restore: Callable[[str], Finding | None] | None = None


def is_valid_number(text: str) -> bool:
    """Whether a number of 18 characters has the right check character."""
    return len(text) == 18 and text[:17].isdecimal() and id_check_character(text[:17]) == text[17]


def unmarked(text: str) -> str:
    """Remove the signs by which people keep a spreadsheet from reading a number: an apostrophe, or a formula of a text.

    Examples
    --------
    >>> unmarked("'990101"), unmarked('="990101"'), unmarked("'Umar"), unmarked("=1+1")
    ('990101', '990101', "'Umar", '=1+1')
    """
    found = _MARK.fullmatch(text)
    if found is None:
        return text
    inner = found[1]
    if text[0] == "'":
        return inner
    quoted = _QUOTED.fullmatch(inner)
    return text if quoted is None else quoted[1].replace('""', '"')


def _number(text: str) -> Finding | None:
    parts = _WITH_FRACTION.fullmatch(text) or _GROUPED.fullmatch(text)
    if parts is None:
        return None
    digits = re.sub("[^0-9]", "", parts["number"])
    if not 12 <= len(digits) <= 18:
        return None
    if len(digits) == 18 and digits.endswith("00") and not is_valid_number(digits):
        return Finding(ROUNDED, None)
    if len(digits) == 18 and parts["fraction"] and not is_valid_number(digits):  # a float has 53 bits, 15 to 17 digits
        return Finding(FRACTION, None)
    return Finding(SHORTER, None) if len(digits) not in (15, 18) else Finding(SEPARATED, digits)


def _rounded(text: str) -> Finding | None:
    # A number may really end in zeros; then its check digit is right.
    return None if is_valid_number(text.removesuffix(".0")) else Finding(ROUNDED, None)


def is_of_a_float(text: str, *, digits: int = 17) -> bool:
    """Whether a number of 18 digits is what a program makes of a number in a cell: zeros at the end, or a float written out.

    Excel keeps 15 digits, other programs 17; ``pandas.read_excel`` writes the float (IEEE 754, 53 bits) nearest to them out, whose
    last digits are not zeros.

    Examples
    --------
    >>> is_of_a_float(str(int(990101197412010e3))), is_of_a_float("990101197412010014")
    (True, False)
    """
    if len(text) != 18 or not text.isdecimal() or text[0] == "0":
        return False
    return text.endswith("000") or int(float(f"{int(text):.{digits - 1}e}")) == int(text)


def is_whole(text: str) -> bool:
    """Whether a number of 17 or 18 digits has digits that no float keeps: it was never a number in a cell.

    Examples
    --------
    >>> is_whole("990101197412010014"), is_whole("990101197412010000"), is_whole("990101197412009984")
    (True, False, False)
    """
    return (
        len(text) in (17, 18)
        and text.isascii()
        and text.isdecimal()
        and text[-1] != "0"
        and int(float(text)) != int(text)
    )


def _written_out(text: str, digits: int) -> Finding | None:
    return Finding(FLOAT, None) if is_of_a_float(text, digits=digits) and not is_valid_number(text) else None


def _date(text: str) -> Finding | None:
    """Restore a date from the form of a spreadsheet; None for dates in forms that cards and people use."""
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return None
    day, time = parts["day"], parts["time"]
    first = _YEAR_FIRST.fullmatch(day)
    if first is not None and time is None and not (parts["before"] or parts["after"]):
        return None
    kind = DATE_AND_TIME if time is not None else LONG_DATE
    if first is not None:
        found = _iso(*map(int, first.groups()))
    elif named := _NAMED.fullmatch(day):
        month = _MONTHS.index((named["m1"] or named["m2"])[:3].lower()) + 1
        found = _iso(int(named["year"]), month, int(named["d1"] or named["d2"]))
        kind = kind if time is not None or " " in day or parts["before"] else YEAR_LAST
    elif last := _YEAR_LAST.fullmatch(day):
        a, b, year = map(int, last.groups())
        dates = {found for found in (_iso(year, a, b), _iso(year, b, a)) if found is not None}
        if len(dates) != 1:
            return Finding(UNKNOWN_ORDER, None)
        found, kind = dates.pop(), kind if time is not None else YEAR_LAST
    else:
        return Finding(UNKNOWN_DAY if day[0].isalpha() else UNKNOWN_ORDER, None)
    if found is None:
        return Finding(UNKNOWN_ORDER, None)
    return Finding(kind, found) if time is None else _of_time(found, time)


def _of_time(day: str, time: str) -> Finding:
    if _MIDNIGHT.fullmatch(time):
        return Finding(DATE_AND_TIME, day)
    if _MIDNIGHT_IN_CHINA.fullmatch(time) and (time.startswith("16") or int(day[:4]) in _SUMMER_TIME):
        return Finding(DATE_AND_TIME, (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat())
    return Finding(UNKNOWN_DAY, None)


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None


def _with_letters_lost(text: str) -> Finding | None:
    return Finding(LETTERS, None) if _LOST_LETTERS.fullmatch(_QUESTION.sub("", text)) else None


_LOST_LETTERS = re.compile(r"(?:[ -&(->@-~][ ->@-~]*)?\?[ -~]*")  # an apostrophe first marks a text that is as it was
_QUESTION = re.compile(r"(?<=[A-Za-z]{2})\?(?=\s|$)")  # the end of a question in Latin letters

FORMS = (
    Form(ERROR, re.compile(ERRORS), only_true=True),
    Form(TRUTH_VALUE, re.compile(TRUTH_VALUES), only_true=True),
    # Excel shows numbers of 12 digits and more so; LibreOffice writes exponents of three digits.
    Form(SCIENTIFIC, re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?0?(?:1[1-9]|[2-9][0-9])")),
    Form(ROUNDED, re.compile(r"[0-9]{15}0{2,5}(?:\.0)?"), restore=_rounded),
    # A reading with a wrong digit is a float in one of 16 to 128 cases, and one of 15 digits in one of 1,000.
    Form(FLOAT, re.compile(r"[1-9][0-9]{17}"), NUMBER_FIELDS, restore=partial(_written_out, digits=15)),
    Form(FLOAT, re.compile(r"[1-9][0-9]{17}"), NUMBER_FIELDS, only_true=True, restore=partial(_written_out, digits=17)),
    Form(SEPARATED, _GROUPED, NUMBER_FIELDS, restore=_number),
    Form(SEPARATED, _WITH_FRACTION, NUMBER_FIELDS, restore=_number),
    Form(
        DATE_AND_TIME,
        re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]00:00(?::00(?:\.0+)?)?"),
        restore=lambda text: Finding(DATE_AND_TIME, text[:10]),
    ),
    Form(LONG_DATE, re.compile(DATES), DATE_FIELDS, restore=_date),
    Form(UNKNOWN_ORDER, re.compile(r"[0-9]{1,2}([/.\-])[A-Za-z]{3}\1(?:[0-9]{4}|[0-9]{2})"), DATE_FIELDS),
    Form(
        UNKNOWN_ORDER,
        re.compile(r"(?:[0-9]{1,2}[/ \-])?(?:十[一二]?|[一二三四五六七八九])月[/ \-](?:[0-9]{4}|[0-9]{2})"),
        DATE_FIELDS,
    ),
    Form(UNKNOWN_DAY, re.compile(r"[0-9]{4}(?:[/.\-][0-9]{1,2}|年[0-9]{1,2}月)"), DATE_FIELDS, only_true=True),
    # What lacks more digits than that may be another kind of number.
    Form(SHORTER, re.compile(r"[0-9]{14}|[0-9]{16,17}"), NUMBER_FIELDS, only_true=True),
    Form(LETTERS, re.compile(r"[ -~]*\?[ -~]*"), restore=_with_letters_lost),
)
"""Forms in order; the first that fits decides. Numbers of days are in `cardocr_nb.frame._spreadsheet_damage`: several decide together."""


def damage_of(text: str, field: str, *, true: bool) -> Finding | None:
    """Find out what a spreadsheet did to a text; None if nothing shows that.

    Examples
    --------
    >>> damage_of("1974/12/1 0:00", "birth_date", true=True).text
    '1974-12-01'
    >>> damage_of("#NAME?", "name", true=True).text is None, damage_of("Room 7", "address", true=True) is None
    (True, True)
    """
    if true and (inner := unmarked(text)) != text:
        return damage_of(inner, field, true=True) or Finding(MARKED, inner)
    for form in FORMS:
        if (form.only_true and not true) or (form.fields and field not in form.fields):
            continue
        if form.pattern.fullmatch(text):
            found = form.restore(text) if form.restore is not None else Finding(form.kind, None)
            if found is not None:
                return found
    return None
