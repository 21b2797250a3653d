"""Fields of digits: the number, dates, periods, and vehicle classes.

Rules: GB 11643-1999 (citizen identification number, check digit ISO 7064 MOD 11-2) and GA 482 (vehicle classes).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from cardocr_nb.cards import id_check_character
from cardocr_nb.local.engine._field_value import Value, best_within, make_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._recognition import Char

_DIFFERENT, _RIVAL = 2, 0.05
"""Digits of a date that may be others in the number, at most, and the confidence of these, at least."""
_CLASS = re.compile(r"(?:A[1-3]|B[12]|C[1-6]|[DEFMNP])+")
_NUMBER_LENGTH = 18
_CENTURIES = "18", "19", "20"
"""First digits of a year: digits of a number that lost some may have a right check digit by chance."""


def is_valid_number(number: str) -> bool:
    """Check length, birth date and check digit of a citizen identification number.

    Examples
    --------
    >>> is_valid_number("990000194912310021"), is_valid_number("990000194912310026")
    (False, True)
    """
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return False
    if _day(number[6:10], number[10:12], number[12:14]) is None:
        return False
    return id_check_character(number[:17]) == number[17]


def number_value(chars: Sequence[Char]) -> Value | None:
    """Read the number of a card, cut out of its surroundings and corrected if its check digit leaves one way only."""
    found = [(i, text) for i, c in enumerate(chars) if (text := best_within(c, "0123456789X"))]
    if not found:
        return None
    used = [i for i, _ in found]
    number = "".join(text for _, text in found)
    if is_valid_number(number):
        return make_value(number, chars, used, is_valid=True)
    for start in range(len(number) - _NUMBER_LENGTH + 1):
        part = number[start : start + _NUMBER_LENGTH]
        if is_valid_number(part):
            return make_value(part, chars, used[start : start + _NUMBER_LENGTH], is_valid=True)
    return make_value(_corrected(number, [chars[i] for i in used]), chars, used, is_valid=False)


def _corrected(number: str, chars: Sequence[Char]) -> str:
    """Correct one or two doubtful digits, if only one way of doing so makes the number valid."""
    if len(number) != _NUMBER_LENGTH:
        return number
    rivals = [
        (p, i, t)
        for i, c in enumerate(chars)
        for t, p in c.alternatives
        if p > 0.01 and t in "0123456789X" and t != number[i]
    ]
    valid = set()
    for count in (1, 2):
        for changes in combinations(sorted(rivals, reverse=True)[:8], count):
            tried = list(number)
            for _, i, text in changes:
                tried[i] = text
            if is_valid_number("".join(tried)):
                valid.add("".join(tried))
        if valid:
            break
    return valid.pop() if len(valid) == 1 else number


def _day(year: str, month: str, day: str) -> dt.date | None:
    if not year.startswith(_CENTURIES):
        return None
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


_DATE = re.compile(r"(\d{4})\D{0,2}(\d{1,2})\D{0,2}(\d{1,2})")
_MARKED_DATE = re.compile(r"(\d{4})\D{0,2}(\d{1,2})\D?月\D?(\d{1,2})(?:\D?日)?")
_FULL_DATE = re.compile(r"(\d{4})\D{0,2}(\d\d)\D{0,2}(\d\d)")
"""The license prints two digits for month and day: with one, the other was lost."""
_SOLID_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")


def _digits(chars: Sequence[Char], marks: str) -> str:
    """Map each character to a digit, a mark of the date, or ``?``."""
    return "".join(c.text if c.text in marks else best_within(c, "0123456789") or "?" for c in chars)


def date_value(chars: Sequence[Char], pattern: str, end: str = "") -> Value | None:
    """Read a day in the pattern that the card prints; `end` closes it on the card."""
    text = _digits(chars, "年月日-./至")
    if end and "月" in text:
        pattern_of_marks = _MARKED_DATE.search(text)
        day = pattern_of_marks and _day(*pattern_of_marks.groups())
        if pattern_of_marks is None or day is None:
            kept = [i for i, t in enumerate(text) if t != "?"]
            return make_value("".join(text[i] for i in kept), chars, kept, is_valid=False)
        stop = pattern_of_marks.end()
        return make_value(pattern.format(day), chars, range(pattern_of_marks.start(), stop), is_valid=True)
    match = (_DATE if end else _FULL_DATE).search(text) if re.search(r"\d{4}\D", text) else _SOLID_DATE.search(text)
    day = match and _day(*match.groups())
    if match is None or day is None:
        kept = [i for i, t in enumerate(text) if t != "?"]
        return make_value("".join(text[i] for i in kept), chars, kept, is_valid=False)
    stop = match.end() + (end != "" and text[match.end() : match.end() + 1] == end)
    return make_value(pattern.format(day), chars, range(match.start(), stop), is_valid=True)


def plain_date(chars: Sequence[Char]) -> Value | None:
    """Read a day such as ``2012-05-24``."""
    return date_value(chars, "{0}")


def completed_number(text: str) -> str | None:
    """Return a number that lost its last digit with its check digit, or None where that makes no valid number.

    Examples
    --------
    >>> completed_number("99000019491231002"), completed_number("9900019491231002")
    ('990000194912310026', None)
    """
    if not re.fullmatch(r"\d{17}", text):
        return None
    whole = text + id_check_character(text)
    return whole if is_valid_number(whole) else None


def birth_date_of(number: str, card_type: str) -> str | None:
    """Return the date of birth in a valid number as the card prints it, else None."""
    day = _day(number[6:10], number[10:12], number[12:14]) if is_valid_number(number) else None
    if day is None:
        return None
    return f"{day.year}年{day.month}月{day.day}日" if card_type == "IDCard" else f"{day}"


def likely_date(chars: Sequence[Char], number: str, card_type: str) -> str | None:
    """Return the date of birth in a number if each digit that differs from it in the characters of a date may as well be that of the number."""
    whole = birth_date_of(number, card_type)
    read = [c for c in chars if best_within(c, "0123456789")]
    digits = re.sub(r"\D", "", whole or "")
    if len(read) != len(digits):
        return None
    other = [(c, t) for c, t in zip(read, digits, strict=True) if best_within(c, "0123456789") != t]
    return (
        whole if len(other) <= _DIFFERENT and all(dict(c.alternatives).get(t, 0) > _RIVAL for c, t in other) else None
    )


def completed_date(text: str, number: str, card_type: str) -> str | None:
    """Complete a date of birth in which one digit, or all between the digits, was lost by the one in the number; None where more is missing.

    Examples
    --------
    >>> completed_date("1949年12月3日", "990000194912310026", "IDCard")
    '1949年12月31日'
    >>> completed_date("1949年11月31日", "990000194912310026", "IDCard") is None
    True
    """
    whole = birth_date_of(number, card_type)
    if whole is None:
        return None
    return whole if _lacks_one_digit(text, whole) or re.sub(r"\D", "", text) == re.sub(r"\D", "", whole) else None


def completed_issue(text: str, period: str) -> str | None:
    """Complete a first issue in which one digit of the day was lost by the day on which a period begins; None where they differ.

    Examples
    --------
    >>> completed_issue("2014-05-2", "2020-05-24 至 2030-05-24"), completed_issue("2014-06-2", "2020-05-24 至 2030-05-24")
    ('2014-05-24', None)
    """
    start = re.match(r"\d{4}(-\d\d-\d\d)", period)
    whole = start and text[:4] + start[1]
    return whole if whole and _lacks_one_digit(text, whole) else None


def _lacks_one_digit(text: str, date: str) -> bool:
    digits, read = re.sub(r"\D", "", date), re.sub(r"\D", "", text)
    return read in (digits[:i] + digits[i + 1 :] for i in range(4, len(digits)))


_TERMS = 6, 10
"""Years that a license is valid, unless it is so without an end (Order 162 of the Ministry of Public Security of China)."""
_SHOWN = 5
"""Digits of a date that must show, of eight, so that the other date of the period completes it."""
_LIKELY = 0.5
"""Confidence of a digit that shows."""
_COMPLETED = 0.8
"""Confidence of a date that was completed."""
_YEARS = re.compile(r"(?:[1-9]|1\d|20)年")
_FOREVER = re.compile("长期|[长長]$")


def period_value(chars: Sequence[Char]) -> Value | None:
    """Read a period; a date that a finger hides in part is completed by the other one, where only one usual term agrees.

    See `_period_as_read` for its forms.
    """
    value = _period_as_read(chars)
    return value if value is None or value.is_valid else _completed_period(chars) or value


def _period_as_read(chars: Sequence[Char]) -> Value | None:
    """Read ``2012-05-24 至 2022-05-24``, ``2012-05-24 至 长期`` (without an end), or the older forms ``6年`` and ``长期``.

    A word of the form, as the 期 of a label, is not enough for 长期: it must be whole, or follow 至.
    """
    text = "".join(c.text if c.text in "年月日-./至长長期" else best_within(c, "0123456789") or "?" for c in chars)
    first = _FULL_DATE.search(text)
    start = first and _day(*first.groups())
    if first is None or start is None:
        years = _YEARS.fullmatch(text.strip("?"))
        if years:
            begin = text.index(years[0])
            return make_value(years[0], chars, range(begin, begin + len(years[0])), is_valid=True)
        if text.strip("?") in ("长期", "長期"):
            begin = text.index("期") - 1
            return make_value("长期", chars, range(begin, begin + 2), is_valid=True)
        return make_value("".join(c.text for c in chars), chars, range(len(chars)), is_valid=False)
    second = _FULL_DATE.search(text, first.end())
    until = second and _day(*second.groups())
    if second is not None and until is not None:
        valid = until > start
        return make_value(f"{start} 至 {until}", chars, range(first.start(), second.end()), is_valid=valid)
    rest = text[first.end() :]
    if _FOREVER.search(rest) or ("至" in rest and rest.endswith("期") and len(rest) >= 2):
        return make_value(f"{start} 至 长期", chars, range(first.start(), len(chars)), is_valid=True)
    return make_value("".join(c.text for c in chars), chars, range(len(chars)), is_valid=False)


def _completed_period(chars: Sequence[Char]) -> Value | None:
    """Complete a period with one whole date; the other one lost some digits next to each other."""
    # Figures only: a mark across the date has letters that are like some.
    text = "".join(c.text if c.text in "0123456789-至" and c.confidence > _LIKELY else "?" for c in chars)
    sides = text.split("至")
    if len(sides) != 2:
        return None
    whole = [_FULL_DATE.search(side) for side in sides]
    known = next((side for side in (0, 1) if whole[side] and not whole[1 - side]), None)
    found = whole[known] if known is not None else None
    day = found and _day(*found.groups())
    shown = re.sub(r"\D", "", sides[1 - known]) if known is not None else ""
    if known is None or found is None or day is None or not _SHOWN <= len(shown) < len("20120524"):
        return None
    years = (day.year + term * (1 if known == 0 else -1) for term in _TERMS)
    others = [f"{year:04}{day:-%m-%d}" for year in years if _lost_digits(f"{year:04}{day:%m%d}", shown)]
    if len(others) != 1:
        return None
    used = [i for i, t in enumerate(text) if t != "?"]
    value = make_value(
        " 至 ".join((f"{day}", *others) if known == 0 else (*others, f"{day}")), chars, used, is_valid=True
    )
    return value and replace(value, confidences=(*value.confidences, _COMPLETED))


def _lost_digits(whole: str, shown: str) -> bool:
    """Whether digits are those of a date but for some that follow each other."""
    lost = len(whole) - len(shown)
    return any(whole[:i] + whole[i + lost :] == shown for i in range(len(shown) + 1))


def class_value(chars: Sequence[Char]) -> Value | None:
    """Read vehicle classes such as ``A1A2``."""
    found: list[tuple[int, str]] = []
    for i, char in enumerate(chars):
        after_letter = bool(found) and found[-1][1].isalpha()
        text = (after_letter and best_within(char, "123456")) or best_within(char, "ABCDEFMNP")
        if text:
            found.append((i, text))
    text = "".join(t for _, t in found)
    return make_value(text, chars, [i for i, _ in found], is_valid=bool(_CLASS.fullmatch(text)))
