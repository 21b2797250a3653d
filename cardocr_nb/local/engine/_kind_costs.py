"""What a value costs, or gains, as a value of a field by its kind alone: its characters, their number, the color of its ink."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cardocr_nb._identity import ETHNIC_GROUPS, NATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._field_value import Value
    from cardocr_nb.local.engine._segments import Segment

_REGION = re.compile("[省市区县州旗盟镇乡村]")
_FIRST_REGION = re.compile("[省市州县旗盟]|(?<!小)区|蒙古")
_NOT_A_NAME = re.compile(
    "[省市县镇街路号室楼栋]|公安|证件|中华|驾驶|样本|身份|民族|性别|出生|住址|姓名|国籍|日期|复印|无效|仅供"
)
_UNITS = "号室户楼栋幢层组院内村"
_LIKELY, _FEW = 0.6, 3
"""Mean confidence of the last row of an address, and its characters, from which it is one though no unit is in it."""
_RED = 0.4
_LONGER = 0.05
"""Gain of a character more: of a name or date in two boxes both parts are taken."""


def kind_cost(field: str, value: Value, chain: Sequence[Segment], *, sure: bool) -> float | None:
    """Return the cost (below 0: gain) of the kind of a value, or None where it cannot be of the field; `sure`: its label was read."""
    text = value.text
    red = chain[0].redness > _RED
    whole = sum(len(s.chars) for s in chain)
    if field in ("id_number", "licence_number"):
        if value.is_valid:
            return -9.0
        return None if len(text) < 10 or whole - len(text) > 3 else (-2.0 if len(text) in (17, 18, 19) else 2.0)
    if field in ("birth_date", "first_issue_date", "valid_from"):
        figures = sum(c.isdigit() for c in text)
        return -3.0 if value.is_valid else (3.0 - _LONGER * figures if sure and figures > 3 else None)
    if field == "valid_period":
        if value.is_valid:
            return -5.0 if "至" in text else -2.5
        return 3.0 if sure and sum(c.isdigit() for c in text) > 3 and whole < 30 else None
    if field == "gender":
        whole -= sum(c.char.text in "性别" for s in chain for c in s.chars)
        return -2.5 if whole == 1 else (0.5 if whole <= 2 else None)
    if field == "vehicle_class":
        return -2.5 if value.is_valid and len(text) == whole else (2.5 if value.is_valid and whole < 8 else None)
    if red and field != "issuing_authority":
        return None
    extra = 0.5 * (whole - len(text))
    if field in ("ethnicity", "nationality"):
        if value.is_valid is False and (len(text) > 8 or _NOT_A_NAME.search(text) or text in "男女"):
            return None
        return (-3.0 if value.is_valid else 1.5) + extra
    if field == "name":
        return _name_cost(text, whole, extra)
    if field == "address":
        return _address_cost(text, chain)
    return _authority_cost(text, value, chain)


def _name_cost(text: str, whole: int, extra: float) -> float | None:
    if len(text) > 24 or whole - len(text) > 2 or _NOT_A_NAME.search(text):
        return None
    if len(text) == 1:
        return 2.5
    known = text in ETHNIC_GROUPS or text in NATIONS
    return extra + (-1.5 if len(text) <= 4 or "·" in text else 0.5) - _LONGER * len(text) + (2.0 if known else 0.0)


def begins_with_region(text: str) -> bool:
    """Whether an address begins as addresses on cards do: with a province, a city, or a county."""
    return bool(_FIRST_REGION.search(text[1:9]))


def _address_cost(text: str, chain: Sequence[Segment]) -> float | None:
    digits = sum(c.isdigit() for c in text)
    if len(text) < 4 or digits > 0.6 * len(text) or re.search(r"\d{4}年\d+月|\d{4}-\d\d-\d\d", text):
        return None
    if len(chain) > 1 and _is_second_script(chain[-1]):
        return None
    start = -3.5 if begins_with_region(text) else -2.5 if _REGION.search(text[:8]) else 1.0
    return start - 0.4 * min(len(text) - 4, 6) / 6 - 0.6 * (len(chain) - 1)


def _is_second_script(row: Segment) -> bool:
    """Whether a row under an address is a translation, read as Latin letters or as a few unlikely characters."""
    texts = [c.char.text for c in row.chars]
    if all(t.isascii() and t.isalpha() for t in texts):
        return True
    unlikely = sum(c.char.confidence for c in row.chars) < _LIKELY * len(texts)
    return unlikely and len(texts) <= _FEW and not any(t.isdigit() or t in _UNITS for t in texts)


def _authority_cost(text: str, value: Value, chain: Sequence[Segment]) -> float | None:
    red = all(s.redness > _RED for s in chain)
    if value.is_valid:
        # Of two parts of the same seal the larger one: a row left out in the middle does not show in the text.
        return -4.0 - red - 0.05 * len(text)
    office = re.search("公安|交通|管理|支队|总队|车辆", text)
    return (0.0 if red else 1.5) if office and len(text) > 3 else None
