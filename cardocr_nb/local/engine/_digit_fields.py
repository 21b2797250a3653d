"""Fields of digits: the number, dates, periods, and vehicle classes.

Rules: GB 11643-1999 (citizen identification number, check digit ISO 7064 MOD 11-2) and GA 482 (vehicle classes).
"""

from __future__ import annotations

import datetime as dt
import re
from itertools import combinations
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._field_value import Value, best_within, made

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._recognition import Char

_CLASS = re.compile(r"(?:[AC][1-6]|B[12]|[A-C][1-3]?[DEF]|[DEFMNP])+")
_NUMBER_LENGTH = 18


def lawful_number(number: str) -> bool:
    """Whether a citizen identification number has its length, a birth date and its check digit.

    Examples
    --------
    >>> lawful_number("990000194912310021"), lawful_number("990000194912310026")
    (False, True)
    """
    if not re.fullmatch(r"\d{17}[\dX]", number) or _day(number[6:10], number[10:12], number[12:14]) is None:
        return False
    total = sum(int(digit, 11 if digit == "X" else 10) * 2 ** (17 - i) for i, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17]


def number_value(chars: Sequence[Char]) -> Value | None:
    """Number of a card, cut out of what stands around it and put right where its check digit leaves one way only."""
    found = [(i, text) for i, c in enumerate(chars) if (text := best_within(c, "0123456789X"))]
    if not found:
        return None
    used = [i for i, _ in found]
    number = "".join(text for _, text in found)
    if lawful_number(number):
        return made(number, chars, used, lawful=True)
    for start in range(len(number) - _NUMBER_LENGTH + 1):
        part = number[start : start + _NUMBER_LENGTH]
        if lawful_number(part):
            return made(part, chars, used[start : start + _NUMBER_LENGTH], lawful=True)
    return made(_mended(number, [chars[i] for i in used]), chars, used, lawful=False)


def _mended(number: str, chars: Sequence[Char]) -> str:
    """Put right one or two doubtful digits, where only one way of doing so makes the number lawful."""
    if len(number) != _NUMBER_LENGTH:
        return number
    rivals = [
        (p, i, t)
        for i, c in enumerate(chars)
        for t, p in c.others
        if p > 0.01 and t in "0123456789X" and t != number[i]
    ]
    lawful = set()
    for count in (1, 2):
        for changes in combinations(sorted(rivals, reverse=True)[:8], count):
            tried = list(number)
            for _, i, text in changes:
                tried[i] = text
            if lawful_number("".join(tried)):
                lawful.add("".join(tried))
        if lawful:
            break
    return lawful.pop() if len(lawful) == 1 else number


def _day(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


_DATE = re.compile(r"(\d{4})\D{0,2}(\d{1,2})\D{0,2}(\d{1,2})")
_SOLID_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")


def _digits(chars: Sequence[Char], marks: str) -> str:
    """One character for each: a digit, a mark of the date, or a stand-in."""
    return "".join(c.text if c.text in marks else best_within(c, "0123456789") or "?" for c in chars)


def date_value(chars: Sequence[Char], pattern: str, end: str = "") -> Value | None:
    """Day in the pattern that the card prints; `end` closes it on the card."""
    text = _digits(chars, "年月日-./至")
    match = _DATE.search(text) if re.search(r"\d{4}\D", text) else _SOLID_DATE.search(text)
    day = match and _day(*match.groups())
    if match is None or day is None:
        kept = [i for i, t in enumerate(text) if t != "?"]
        return made("".join(text[i] for i in kept), chars, kept, lawful=False)
    stop = match.end() + (end != "" and text[match.end() : match.end() + 1] == end)
    return made(pattern.format(day), chars, range(match.start(), stop), lawful=True)


def plain_date(chars: Sequence[Char]) -> Value | None:
    """Day as ``2012-05-24``."""
    return date_value(chars, "{0}")


def period_value(chars: Sequence[Char]) -> Value | None:
    """``2012-05-24 至 2022-05-24``, or to 长期 (for good)."""
    text = "".join(c.text if c.text in "年月日-./至长期" else best_within(c, "0123456789") or "?" for c in chars)
    first = _DATE.search(text)
    start = first and _day(*first.groups())
    if first is None or start is None:
        return made("".join(c.text for c in chars), chars, range(len(chars)), lawful=False)
    second = _DATE.search(text, first.end())
    until = second and _day(*second.groups())
    if second is not None and until is not None:
        return made(f"{start} 至 {until}", chars, range(first.start(), second.end()), lawful=until > start)
    good = re.search("长|期", text[first.end() :])
    if good:
        return made(f"{start} 至 长期", chars, range(first.start(), len(chars)), lawful=True)
    return made("".join(c.text for c in chars), chars, range(len(chars)), lawful=False)


def class_value(chars: Sequence[Char]) -> Value | None:
    """Vehicle classes, as ``A1A2``."""
    found: list[tuple[int, str]] = []
    for i, char in enumerate(chars):
        after_letter = bool(found) and found[-1][1].isalpha()
        text = (after_letter and best_within(char, "123456")) or best_within(char, "ABCDEFMNP")
        if text:
            found.append((i, text))
    text = "".join(t for _, t in found)
    return made(text, chars, [i for i, _ in found], lawful=bool(_CLASS.fullmatch(text)))
