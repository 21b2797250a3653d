"""How far a field can be trusted, 0 to 100.

A field is right when all its characters are: the product of their probabilities is where it starts. What the rules of a field
and the number on the card say about it counts as well, since a line cut off or a digit lost leaves the other
characters as sure as before.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._digit_fields import lawful_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb.local.engine._field_value import Value

_UNLAWFUL = 0.3
_CONTRADICTED = 0.4
_CONFIRMED = 0.2
_SHORT = {"address": 6, "issuing_authority": 4, "name": 2}
"""Characters below which something was probably lost."""


def scores(values: Mapping[str, Value]) -> dict[str, int]:
    """Score each field of a card.

    Parameters
    ----------
    values : mapping of str to Value
        By canonical field name.
    """
    said = _said_by_number(values)
    found = {}
    for field, value in values.items():
        trust = math.prod(value.probs)
        if value.lawful is False:
            trust *= _UNLAWFUL
        elif field in ("id_number", "licence_number") and value.lawful:
            trust = _confirmed(trust)
        if field in said:
            trust = _confirmed(trust) if _agrees(field, value.text, said[field]) else trust * _CONTRADICTED
        if len(value.text) < _SHORT.get(field, 0):
            trust *= _CONTRADICTED
        found[field] = round(100 * min(1.0, trust))
    return found


def _confirmed(trust: float) -> float:
    """Most of the doubt goes when a second source says the same."""
    return 1 - (1 - trust) * _CONFIRMED


def _said_by_number(values: Mapping[str, Value]) -> dict[str, str]:
    """Birth date and gender as a lawful number has them (GB 11643-1999: places 7 to 14 and 17)."""
    for field in ("id_number", "licence_number"):
        number = values[field].text if field in values else ""
        if lawful_number(number):
            return {"birth_date": number[6:14], "gender": "男" if int(number[16]) % 2 else "女"}
    return {}


def _agrees(field: str, text: str, said: str) -> bool:
    if field == "birth_date":
        parts = re.findall(r"\d+", text)
        return "".join(p.zfill(2) for p in parts) == said
    return text == said
