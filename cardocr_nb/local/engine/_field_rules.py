"""Rules of the fields: which characters they may have, and how misread ones are corrected.

Fields of digits have their rules in ``_digit_fields``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from string import ascii_letters, digits
from typing import TYPE_CHECKING

from cardocr_nb._identity import ETHNIC_GROUPS, NATIONS
from cardocr_nb.local.engine._digit_fields import class_value, date_value, number_value, period_value, plain_date
from cardocr_nb.local.engine._field_value import Value, make_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cardocr_nb.local.engine._recognition import Char

_STRAY = 0.35
"""Confidence below which a last character is taken for something outside the card."""
_AUTHORITY = re.compile(r".+[省市州盟县区旗师团会].*(?:公安|交通|车辆|交警|车管).*[所队局处厅]")
"""A region, a kind of office, and its rank: a row that is missing at either end breaks one of them."""
_REGION = re.compile("[省市区县州旗盟]")
_DOTS = "·・•‧∙⋅.●"


def apply_rules(field: str, card_type: str, chars: Sequence[Char]) -> Value | None:
    """Make the value of a field from its characters in reading order; None where nothing fits.

    Parameters
    ----------
    field : str
        Canonical name.
    card_type : str
        ``IDCard`` or ``DriverLicense``; the cards print dates differently.
    chars : sequence of Char
    """
    if field == "birth_date" and card_type == "IDCard":
        return date_value(chars, "{0.year}年{0.month}月{0.day}日", "日")
    rule = _RULES.get(field)
    return rule(chars) if rule else None


def _kept(
    chars: Sequence[Char], keep: Callable[[str], bool], rival: float = 0.001
) -> tuple[list[str], tuple[int, ...]]:
    used = tuple(i for i, c in enumerate(chars) if keep(c.text))
    return [_simplified(chars[i], rival) for i in used], used


def _han(text: str) -> bool:
    return all("㐀" <= c <= "鿿" or c in "〇𠮷" or c >= "\U00020000" for c in text)


def _simplified(char: Char, rival: float) -> str:
    """Return a character in its simplified form: the recognizer knows traditional and old forms too."""
    if _common(char.text):
        return char.text
    return next((t for t, p in char.alternatives if p > rival and _han(t) and _common(t)), char.text)


def _common(text: str) -> bool:
    """Check for GB 2312, which has simplified characters only; rare names go beyond it."""
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _name(chars: Sequence[Char]) -> Value | None:
    texts, used = _kept(chars, lambda t: _han(t) or t in _DOTS, rival=0.2)
    name = "".join("·" if t in _DOTS else t for t in texts)
    start = len(name) - len(name.lstrip("·"))
    name = name[start:].rstrip("·")
    return make_value(name, chars, used[start : start + len(name)], is_valid=None if len(name) > 1 else False)


def _nationality(chars: Sequence[Char]) -> Value | None:
    texts, used = _kept(chars, _han)
    text = "".join(texts)
    known = max((n for n in NATIONS if n in text), key=len, default=None)
    if known:
        start = text.rindex(known)
        return make_value(known, chars, used[start : start + len(known)], is_valid=True)
    return make_value(text, chars, used, is_valid=False)


def _authority(chars: Sequence[Char]) -> Value | None:
    texts, used = _kept(chars, _han)
    value = make_value("".join(texts), chars, used)
    return value and replace(value, is_valid=bool(_AUTHORITY.fullmatch(value.text)))


def _address(chars: Sequence[Char]) -> Value | None:
    while chars and chars[-1].confidence < _STRAY:
        chars = chars[:-1]
    texts, used = _kept(chars, lambda t: _han(t) or (t.isascii() and (t.isalnum() or t in "-#()/,.")))
    text = "".join(texts)
    # In front of the region: a line of the background is read as one of these, the end of a translation as Latin letters.
    print_of_form = "一丨丶亅" + ascii_letters + digits if len(text) > 6 and _REGION.search(text[1:9]) else ""
    start = len(text) - len(text.lstrip("-#)/,." + print_of_form))
    text = text[start:].rstrip("-#(/,.")
    return make_value(text, chars, used[start : start + len(text)])


def _gender(chars: Sequence[Char]) -> Value | None:
    for i, char in enumerate(chars):
        for text, prob in ((char.text, char.confidence), *char.alternatives):
            if text in ("男", "女") and prob > 0.02:
                return Value(text, (i,), (prob,), is_valid=True)
    return None


def _ethnicity(chars: Sequence[Char]) -> Value | None:
    texts, used = _kept(chars, _han)
    text = "".join(texts)
    for size in range(len(text), 0, -1):
        if text[:size] in ETHNIC_GROUPS:
            return make_value(text[:size], chars, used[:size], is_valid=True)
    for known in ETHNIC_GROUPS:
        if len(known) == len(used) and all(
            k == chars[i].text or k in dict(chars[i].alternatives) for k, i in zip(known, used, strict=True)
        ):
            return make_value(known, chars, used, is_valid=None)
    return make_value(text, chars, used, is_valid=False)


_RULES: dict[str, Callable[[Sequence[Char]], Value | None]] = {
    "name": _name,
    "gender": _gender,
    "ethnicity": _ethnicity,
    "nationality": _nationality,
    "address": _address,
    "id_number": number_value,
    "licence_number": number_value,
    "birth_date": plain_date,
    "first_issue_date": plain_date,
    "valid_period": period_value,
    "vehicle_class": class_value,
    "issuing_authority": _authority,
}
