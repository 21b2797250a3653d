"""How far a field can be trusted, 0 to 100.

A field is correct when all its characters are: it starts with the product of their confidences. The rules of the field, the
number on the card, what is around the value, and whether the picture shows a card of the type at all count as well, since a
line cut off or a digit lost leaves the other characters as sure as before.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._digit_fields import is_valid_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb.local.engine._field_value import Value

_INVALID = 0.3
_CONTRADICTED = 0.4
_CONFIRMED = 0.2
_UNUSUAL = 0.7
"""Factor for a period that ends on another day of the year than it begins: a license is valid for whole years."""
_NAME = 1.7
"""Exponent for names, where nothing else shows that a character is another one that looks alike."""
_SHORT = {"address": 6, "issuing_authority": 6, "name": 2}
"""Characters below which something was probably lost."""


def score_fields(values: Mapping[str, Value], doubts: Mapping[str, float], card: float = 1.0) -> dict[str, int]:
    """Score each field of a card.

    Parameters
    ----------
    values : mapping of str to Value
        By canonical field name.
    doubts : mapping of str to float
        Factor for what is around each value, 0 to 1.
    card : float, default 1
        Confidence that the picture shows such a card, 0 to 1.
    """
    from_number = _from_number(values)
    scores = {}
    for field, value in values.items():
        trust = math.prod(value.confidences)
        if field == "name":
            trust **= _NAME
        if value.is_valid is False:
            trust *= _INVALID
        elif field in ("id_number", "licence_number") and value.is_valid:
            trust = _confirmed(trust)
        if field in from_number:
            agrees = _agrees(field, value.text, from_number[field])
            trust = _confirmed(trust) if agrees else trust * _CONTRADICTED
        if len(value.text) < _SHORT.get(field, 0):
            trust *= _CONTRADICTED
        if field == "valid_period" and _ends_on_another_day(value.text):
            trust *= _UNUSUAL
        scores[field] = round(100 * min(1.0, trust) * doubts.get(field, 1.0) * card)
    return scores


def _confirmed(trust: float) -> float:
    """Most of the doubt goes when a second source says the same."""
    return 1 - (1 - trust) * _CONFIRMED


def _ends_on_another_day(period: str) -> bool:
    days = {day for day in re.findall(r"\d{4}-(\d\d-\d\d)", period) if day != "02-29"}
    return len(days) > 1


def _from_number(values: Mapping[str, Value]) -> dict[str, str]:
    """Birth date and gender as a valid number has them (GB 11643-1999: places 7 to 14 and 17)."""
    for field in ("id_number", "licence_number"):
        number = values[field].text if field in values else ""
        if is_valid_number(number):
            return {"birth_date": number[6:14], "gender": "男" if int(number[16]) % 2 else "女"}
    return {}


def _agrees(field: str, text: str, expected: str) -> bool:
    if field == "birth_date":
        parts = re.findall(r"\d+", text)
        return "".join(p.zfill(2) for p in parts) == expected
    return text == expected
