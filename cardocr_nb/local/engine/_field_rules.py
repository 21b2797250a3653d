"""Rules of the fields: which characters they may have, and how misread ones are corrected.

Fields of digits have their rules in ``_digit_fields``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from statistics import median
from string import ascii_letters, digits
from typing import TYPE_CHECKING

from cardocr_nb._identity import ETHNIC_GROUPS, NATIONS
from cardocr_nb.local.engine._digit_fields import class_value, date_value, number_value, period_value, plain_date
from cardocr_nb.local.engine._field_value import Value, make_value
from cardocr_nb.local.engine._office_names import with_known_office
from cardocr_nb.local.engine._old_forms import SIMPLIFIED
from cardocr_nb.local.engine._region_names import begins_with_province, with_known_region, with_likely_regions
from cardocr_nb.local.engine._surnames import begins_with_surname, lacks_surname

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cardocr_nb.local.engine._recognition import Char

_STRAY = 0.35
"""Confidence below which a last character is taken for something outside the card."""
_AUTHORITY = re.compile(
    r"(?!.(?:省|市|自治区))(?:(?!公安).)+[省市州盟县区旗师团会](?:(?!公安).)*"
    r"(?:公安|交通|车辆|交警|车管)[^省市州盟县旗]*[所队局处厅]"
)
"""A region of two characters or more, a kind of office, and its rank: a row that is missing at either end breaks one of them, and one
that is there twice all."""
_REGION = re.compile("[省市区县州旗盟]")
_PERMISSION = re.compile(
    "此件|仅[供用限于]+|(?:[他它]用|复印)无效|(?:租房|银行|开户|登记|办理|核[验对]|备案|年检|过户|认证|入职|报名|贷款|保险)*(?:使用|专用|之用)"
)
_OLD_FORM, _HINT = 0.93, 0.002
"""Confidence of a traditional form in a name, at most, and that of its simplified form from which this is meant."""
_RIVAL, _NO_SURNAME = 0.04, 0.02
"""Confidence from which another reading of the first character of a name may be the surname, and how rarely a name begins with none."""
_NOT_IN_NAMES = frozenset(
    "或劫菌钥防活死病杀盗奸贼贱尸骂恨坏疯癌毒罪尿屁粪痰疤疮痒痛瘤瘦肿脓肺肾胃肠腿你我他她它的了吗呢吧哪这那没很么谁怎药酒狗猪鼠蚊蝇"
    "债赔赌贪罚烦烧烂爆炸炮灾祸鬼魔妖怪丑臭脏垃圾堵塌坑坟埋葬吃喝吐咬骗偷抢打拆扔拖摔撞挤刺割切断刮剥削"
)
"""Frequent characters that given names do not have."""
_NO_NAME = 0.05
"""How rarely a name has one of them, as a factor."""
_ZEROS = frozenset("0OoΟο〇○")
_REDDER = 0.45
"""Redness of a mark over that of the text next to it."""
_CORRECTED = 0.8
"""Confidence, at most, of a character that comes from the list of regions, or of surnames."""
_GENDER_BEHIND = re.compile("(?<=..)(?:性别?|别)[男女]?$")
"""The next label and its value, in one box with a name."""
_STROKES = "一丨丶亅十口"
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
    chars: Sequence[Char], keep: Callable[[str], bool], simplify: Callable[[Char], Char] | None = None
) -> tuple[list[Char], tuple[int, ...]]:
    """Simplify the characters that a field may have. Returns all characters, and the places of those that are kept."""
    used = tuple(i for i, c in enumerate(chars) if keep(c.text))
    kept = set(used)
    return [(simplify or _simplified)(c) if i in kept else c for i, c in enumerate(chars)], used


def _text(chars: Sequence[Char], used: Sequence[int]) -> str:
    return "".join(chars[i].text for i in used)


def _han(text: str) -> bool:
    return all("㐀" <= c <= "鿿" or c in "〇𠮷" or c >= "\U00020000" for c in text)


def _simplified(char: Char) -> Char:
    """Return a character in its simplified form, with the confidence of all its forms: the recognizer knows old ones too."""
    text = SIMPLIFIED.get(char.text, char.text)
    sure = char.confidence + sum(p for t, p in char.alternatives if text in (t, SIMPLIFIED.get(t)))
    if text == char.text and sure == char.confidence:
        return char
    return replace(char, text=text, confidence=min(1.0, sure))


def _simplified_in_name(char: Char) -> Char:
    """Do the same in a name, which in rare cases is printed with a traditional form: it stays if nothing hints at the simplified one."""
    simple = SIMPLIFIED.get(char.text)
    if simple is None:
        return _simplified(char)
    text = simple if dict(char.alternatives).get(simple, 0.0) > _HINT else char.text
    return replace(char, text=text, confidence=min(char.confidence, _OLD_FORM))


def _usual_in_name(char: Char) -> Char:
    """Take another reading of a character that names do not have, as 彧 for 或, where one is likely."""
    if char.text not in _NOT_IN_NAMES:
        return char
    text, sure = max(((t, p) for t, p in char.alternatives if _han(t)), key=lambda other: other[1], default=("", 0.0))
    if sure < _RIVAL or text in _NOT_IN_NAMES:
        return char
    likely = min(sure / (sure + _NO_NAME * char.confidence), _CORRECTED)
    return replace(char, text=text, confidence=likely, alternatives=((char.text, char.confidence),))


def _is_rare(text: str) -> bool:
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return True
    return False


def _name(chars: Sequence[Char]) -> Value | None:
    chars, used = _kept(chars, lambda t: _han(t) or t in _DOTS, _simplified_in_name)
    chars = [_usual_in_name(c) if i in used[1:] else c for i, c in enumerate(chars)]
    name = "".join("·" if t in _DOTS else t for t in _text(chars, used))
    if min(map(len, name.split("·"))) == 1:  # a speck: each part of a name has several characters
        used = tuple(i for i in used if chars[i].text not in _DOTS)
        name = _text(chars, used)
    start = len(name) - len(name.lstrip("·"))
    name = _GENDER_BEHIND.sub("", name[start:]).rstrip("·")
    used = used[start : start + len(name)]
    label = len(name) - len(name.removeprefix("姓").removeprefix("名"))
    if label and len(name) > label + 1 and not begins_with_surname(name):  # a part of the label
        name, used = name[label:], used[label:]
    if lacks_surname(name):
        name, chars = _with_surname(name, chars, used[0])
    return make_value(name, chars, used, is_valid=None if len(name) > 1 else False)


def _with_surname(name: str, chars: Sequence[Char], first: int) -> tuple[str, list[Char]]:
    """Take the likeliest surname for the first character, as 冼 for 洗, where one is likely; else change nothing."""
    char = chars[first]
    # A rare character is read only where it is printed: it may be a surname that the list does not know.
    for text, sure in char.alternatives if not _is_rare(char.text) else ():
        if sure > _RIVAL and begins_with_surname(text + name[1:]):
            others = tuple((t, p) for t, p in char.alternatives if t != text)
            likely = min(sure / (sure + _NO_SURNAME * char.confidence), _CORRECTED)
            changed = replace(char, text=text, confidence=likely, alternatives=((char.text, char.confidence), *others))
            return text + name[1:], [*chars[:first], changed, *chars[first + 1 :]]
    return name, list(chars)


def _nationality(chars: Sequence[Char]) -> Value | None:
    chars, used = _kept(chars, _han)
    text = _text(chars, used)
    known = max((n for n in NATIONS if n in text), key=len, default=None)
    if known:
        start = text.rindex(known)
        return make_value(known, chars, used[start : start + len(known)], is_valid=True)
    return make_value(text, chars, used, is_valid=False)


def _authority(chars: Sequence[Char]) -> Value | None:
    chars, used = _kept(chars, _han)
    for i, char in zip(used, with_likely_regions([chars[i] for i in used]), strict=True):
        chars[i] = char
    office = with_known_office([chars[i] for i in used])
    used = tuple(used[i] for i in office)
    for i, char in zip(used, office.values(), strict=True):
        chars[i] = char
    text = _text(chars, used)
    # A corner or a side of the seal's frame is read as one of these.
    start, end = len(text) - len(text.lstrip(_STROKES)), len(text.rstrip(_STROKES))
    if start < end and _AUTHORITY.fullmatch(text[start:end]):
        text, used = text[start:end], used[start:end]
    value = make_value(text, chars, used)
    return value and replace(value, is_valid=bool(_AUTHORITY.fullmatch(value.text)))


def _address(chars: Sequence[Char]) -> Value | None:
    while chars and chars[-1].confidence < _STRAY:
        chars = chars[:-1]
    words = words_of_permission(chars)
    chars = [surer_zero(c) if _is_next_to_figure(chars, i) else c for i, c in enumerate(chars)]
    chars, used = _kept(chars, lambda t: _han(t) or (t.isascii() and (t.isalnum() or t in "-#()/,.")))
    usual = median(c.redness for c in chars) if chars else 0.0
    used = tuple(i for i in used if i not in words and chars[i].redness < usual + _REDDER)
    used = tuple(i for i in used if not (chars[i].text in ".," and _is_between_han(chars, i)))
    text = _text(chars, used)
    # In front of the region: a line of the background is read as one of these, the end of a translation as Latin letters, that of
    # the label as it is.
    print_of_form = "一丨丶亅址仅号" + ascii_letters + digits if len(text) > 6 and _REGION.search(text[1:9]) else ""
    start = len(text) - len(text.lstrip("-#)/,." + print_of_form))
    text = text[start:].rstrip("-#(/,.")
    if begins_with_province(text[1:]) and not begins_with_province(text):  # a part of the label
        text, start = text[1:], start + 1
    used = used[start : start + len(text)]
    for i, char in zip(used, with_likely_regions([chars[i] for i in used]), strict=True):
        chars[i] = char
    text = _text(chars, used)
    value = make_value(text, chars, used)
    known = with_known_region(text)
    return replace(value, text=known, confidences=(*value.confidences, _CORRECTED)) if value and known else value


def surer_zero(char: Char) -> Char:
    """Return a zero with the confidence of all that has its form, other characters as they are."""
    if char.text not in _ZEROS:
        return char
    sure = char.confidence + sum(p for t, p in char.alternatives if t in _ZEROS)
    return replace(char, text="0", confidence=min(1.0, sure))


def _is_next_to_figure(chars: Sequence[Char], place: int) -> bool:
    return any(c.text in digits + "-" for c in [*chars[max(place - 1, 0) : place], *chars[place + 1 : place + 2]])


def _is_between_han(chars: Sequence[Char], place: int) -> bool:
    """Whether the characters next to one are Chinese: a speck, since addresses have dots between figures only."""
    return 0 < place < len(chars) - 1 and _han(chars[place - 1].text) and _han(chars[place + 1].text)


def words_of_permission(chars: Sequence[Char]) -> set[int]:
    """Places of the words of an owner's watermark, as 开户使用, among the characters of an address."""
    text = "".join(c.text if len(c.text) == 1 else " " for c in chars)
    return {i for found in _PERMISSION.finditer(text) for i in range(*found.span())}


def _gender(chars: Sequence[Char]) -> Value | None:
    for i, char in enumerate(chars):
        for text, prob in ((char.text, char.confidence), *char.alternatives):
            if text in ("男", "女") and prob > 0.02:
                return Value(text, (i,), (prob,), is_valid=True)
    return None


def _ethnicity(chars: Sequence[Char]) -> Value | None:
    chars, used = _kept(chars, _han)
    text = _text(chars, used)
    label = len(text) - len(text.lstrip("民族"))
    if text[label:] in ETHNIC_GROUPS:
        text, used = text[label:], used[label:]
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
