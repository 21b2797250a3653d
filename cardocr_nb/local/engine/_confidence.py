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
_UNUSUAL, _OTHER_DAY = 0.7, 0.85
"""Factors for a period that is not of a usual number of whole years, and for a first issue on another day of the year than the period
begins: both are on the same day, but on licenses that were exchanged for others."""
_TERMS = 6, 10
"""Years that a license is valid (Order 162 of the Ministry of Public Security of China)."""
_NAME = 1.9
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
        trust *= _agreement_of_dates(field, values)
        scores[field] = round(100 * min(1.0, trust) * doubts.get(field, 1.0) * card)
    return scores


def _confirmed(trust: float) -> float:
    """Most of the doubt goes when a second source says the same."""
    return 1 - (1 - trust) * _CONFIRMED


def _agreement_of_dates(field: str, values: Mapping[str, Value]) -> float:
    """Factor for a date or period of a license that does not agree with the other dates."""
    birth, issue, period = (
        re.findall(r"(\d{4})-(\d\d-\d\d)", values[name].text) if name in values else []
        for name in ("birth_date", "first_issue_date", "valid_period")
    )
    usual = len(period) < 2 or (
        int(period[1][0]) - int(period[0][0]) in _TERMS and _same_day(period[0][1], period[1][1])
    )
    if field == "valid_period":
        return 1.0 if usual else _UNUSUAL
    if field == "first_issue_date" and issue:
        if birth and issue[0] <= birth[0]:
            return _CONTRADICTED
        if period and usual and not _same_day(issue[0][1], period[0][1]):
            return _OTHER_DAY
    return 1.0


def _same_day(one: str, other: str) -> bool:
    return one == other or "02-29" in (one, other)


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
