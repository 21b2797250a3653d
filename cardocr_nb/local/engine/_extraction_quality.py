"""How surely an extraction shows a card, and how much of it was read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardocr_nb.local.engine._field_extraction import Extraction


def quality_of(extraction: Extraction) -> float:
    """Return how surely the card is there: agreement of its anchors and valid values, less the text that belongs to no field."""
    if extraction.pose is None:
        return -math.inf
    valid = sum(0.5 if e.value.is_valid else 0.0 for e in extraction.fields.values())
    stray = sum(len(s.chars) for s in extraction.unexplained)
    return extraction.pose.agreement + valid - 0.1 * stray


def agreement_of(extraction: Extraction) -> float:
    """Return how well the anchors of the card agree, 0 without a card."""
    return extraction.pose.agreement if extraction.pose else 0.0


def worth_of(extraction: Extraction) -> float:
    """Return how much of a card was read: its fields, those that break a rule for half."""
    valid = sum(0.5 + 0.5 * (e.value.is_valid is not False) for e in extraction.fields.values())
    return valid + 0.01 * agreement_of(extraction)
