"""Names of fields that cannot be texts of cards, and how messages list names.

A field that the package does not know got its name from a label of a service, which may put a card's text there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from cardocr_nb._text_safety import shown_choice, shown_names, shown_word
from cardocr_nb.cards import KNOWN_FIELDS, field_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

V = TypeVar("V")

WHOLE_CARD = "whole card"
"""Field name of the rows that count whole cards."""
UNKNOWN_FIELD = "unknown_field_"
"""Beginning of the names of fields whose label may not be shown."""
_MASKED_NAME = re.compile(rf"{UNKNOWN_FIELD}[0-9]{{1,6}}")
_COUNTED = re.compile(r"(?<=[a-z])_?[0-9]{1,2}(?=_|$)")
"""Numbers of a few digits after a word, as in ``line_2``."""
SHOWN_FIELDS = KNOWN_FIELDS | {WHOLE_CARD, "all"}

# Labels on other pages and other cards: license, second page (GA 482-2012); identity card, back (GA 448-2013); vehicle license.
_OTHER_LABELS = frozenset(
    [
        "档案编号",
        "记录",
        "证号",
        "证芯编号",
        "实习期",
        "签发机关",
        "签发日期",
        "有效期限",
        "血型",
        "身高",
        "电话",
        "备注",
        "号牌号码",
        "车辆类型",
        "所有人",
        "使用性质",
        "品牌型号",
        "车辆识别代号",
        "发动机号码",
        "注册日期",
        "发证日期",
    ]
)


def is_field_word(name: str) -> bool:
    """Return whether the name of a field cannot be a text of a card.

    These are the fields of the package, labels of other cards, and names of lower-case Latin words, as a program gives them:
    see `cardocr_nb._text_safety.shown_word`.

    Examples
    --------
    >>> [is_field_word(name) for name in ("name", "blood_group", "box_2", "档案编号", "样本一", "zhangwei")]
    [True, True, True, True, False, False]
    """
    return name in SHOWN_FIELDS or _MASKED_NAME.fullmatch(name) is not None or name in _OTHER_LABELS or _is_word(name)


def _is_word(name: str) -> bool:
    letters = _COUNTED.sub("", name)
    return shown_word(letters) == repr(letters)


def listed_fields(names: Iterable[object]) -> str:
    """List names of fields in a message, those that may be texts of cards by their number.

    Examples
    --------
    >>> listed_fields(["name", "blood_group", "样本一"]), listed_fields(["样本一"])
    ('name, blood_group and 1 other', '1 unknown name')
    """
    given = [str(name) for name in names]
    return shown_names(given, filter(is_field_word, given))


def by_field(argument: str, given: Mapping[str, V], fields: Iterable[str] = ()) -> dict[str, V]:
    """Return an argument that has a value for some fields, by canonical names.

    Parameters
    ----------
    argument : str
        Its name, for the message.
    given : mapping of str to any
        By field or label.
    fields : iterable of str, optional
        Fields that the data has, in addition to those of the cards.

    Raises
    ------
    ValueError
        There is no such field, so that the value would have no effect.

    Examples
    --------
    >>> by_field("equal", {"姓名": 1, "blood_group": 2}, ["blood_group"])
    {'name': 1, 'blood_group': 2}
    >>> by_field("equal", {"nam": 1})
    Traceback (most recent call last):
    ValueError: equal names a field that neither the cards nor the data have: 'nam'; did you mean 'name'?
    """
    known = KNOWN_FIELDS | set(fields)
    found = {}
    for name, value in given.items():
        field = name if name in known else field_name(str(name))
        if field not in known:
            shown = shown_choice(name, filter(is_field_word, sorted(known)))
            advice = "" if "did you mean" in shown else f"; there are {listed_fields(sorted(known))}"
            raise ValueError(f"{argument} names a field that neither the cards nor the data have: {shown}{advice}")
        found[field] = value
    return found
