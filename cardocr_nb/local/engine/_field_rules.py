"""What may stand in a field: misread characters are put right where the field's own rules say how.

Names of the 56 nationalities: GB 3304-1991. Fields of digits have their rules in ``digits``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._digit_fields import class_value, date_value, number_value, period_value, plain_date
from cardocr_nb.local.engine._field_value import Value, made

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cardocr_nb.local.engine._recognition import Char

ETHNICITIES = frozenset(
    [
        "汉",
        "蒙古",
        "回",
        "藏",
        "维吾尔",
        "苗",
        "彝",
        "壮",
        "布依",
        "朝鲜",
        "满",
        "侗",
        "瑶",
        "白",
        "土家",
        "哈尼",
        "哈萨克",
        "傣",
        "黎",
        "傈僳",
        "佤",
        "畲",
        "高山",
        "拉祜",
        "水",
        "东乡",
        "纳西",
        "景颇",
        "柯尔克孜",
        "土",
        "达斡尔",
        "仫佬",
        "羌",
        "布朗",
        "撒拉",
        "毛南",
        "仡佬",
        "锡伯",
        "阿昌",
        "普米",
        "塔吉克",
        "怒",
        "乌孜别克",
        "俄罗斯",
        "鄂温克",
        "德昂",
        "保安",
        "裕固",
        "京",
        "塔塔尔",
        "独龙",
        "鄂伦春",
        "赫哲",
        "门巴",
        "珞巴",
        "基诺",
    ]
)
_STRAY = 0.35
"""Probability below which a last character is taken for something beside the card."""
_OFFICES = "所队局处厅"
"""What the name of an authority ends on."""
_DOTS = "·・•‧∙⋅.●"


def settle(field: str, card_type: str, chars: Sequence[Char]) -> Value | None:
    """Make a field's text from the characters in its place, in reading order; None where nothing fits.

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
    """A character as the mainland prints it: the recognizer knows traditional and old forms too."""
    if _common(char.text):
        return char.text
    return next((t for t, p in char.others if p > rival and _han(t) and _common(t)), char.text)


def _common(text: str) -> bool:
    """Whether it stands in GB 2312, which has simplified characters only; rare names go beyond it."""
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
    return made(name, chars, used[start : start + len(name)], lawful=len(name) > 1 or None)


def _chinese(chars: Sequence[Char]) -> Value | None:
    texts, used = _kept(chars, _han)
    return made("".join(texts), chars, used)


def _authority(chars: Sequence[Char]) -> Value | None:
    value = _chinese(chars)
    return value and replace(value, lawful=value.text[-1] in _OFFICES)


def _address(chars: Sequence[Char]) -> Value | None:
    while chars and chars[-1].prob < _STRAY:
        chars = chars[:-1]
    texts, used = _kept(chars, lambda t: _han(t) or (t.isascii() and (t.isalnum() or t in "-#()/,.")))
    text = "".join(texts)
    start = len(text) - len(text.lstrip("-#)/,."))
    text = text[start:].rstrip("-#(/,.")
    return made(text, chars, used[start : start + len(text)])


def _gender(chars: Sequence[Char]) -> Value | None:
    for i, char in enumerate(chars):
        for text, prob in ((char.text, char.prob), *char.others):
            if text in ("男", "女") and prob > 0.02:
                return Value(text, (i,), (prob,), lawful=True)
    return None


def _ethnicity(chars: Sequence[Char]) -> Value | None:
    texts, used = _kept(chars, _han)
    text = "".join(texts)
    for size in range(len(text), 0, -1):
        if text[:size] in ETHNICITIES:
            return made(text[:size], chars, used[:size], lawful=True)
    for known in ETHNICITIES:
        if len(known) == len(used) and all(
            k == chars[i].text or k in dict(chars[i].others) for k, i in zip(known, used, strict=True)
        ):
            return made(known, chars, used, lawful=None)
    return made(text, chars, used, lawful=False)


_RULES: dict[str, Callable[[Sequence[Char]], Value | None]] = {
    "name": _name,
    "gender": _gender,
    "ethnicity": _ethnicity,
    "nationality": _chinese,
    "address": _address,
    "id_number": number_value,
    "licence_number": number_value,
    "birth_date": plain_date,
    "first_issue_date": plain_date,
    "valid_period": period_value,
    "vehicle_class": class_value,
    "issuing_authority": _authority,
}
