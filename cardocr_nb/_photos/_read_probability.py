"""The probability that a card is read whole, from the measures of its photo.

A logistic regression with seven terms, each 0 where the photo has no such fault. The coefficients are fitted by
``tools/fit_photo_quality.py`` to 506 photos of specimens that the embedded engine has read, drawn by ``tools/photo_damage.py``;
none of them has blocks, whose coefficient is fitted to 60 more, with the others kept.
"""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING

from cardocr_nb._photos._compression_blocks import STRONG

if TYPE_CHECKING:
    from cardocr_nb._photos._photo_measures import PhotoMeasures

COEFFICIENTS = {
    "intercept": 1.72,
    "blur": -2.47,
    "contrast": -2.13,
    "cut": -0.37,
    "proportion": -1.49,
    "size": -0.90,
    "glare": -1.77,
    "blocks": -2.07,
}
"""Of the logarithm of the odds; ``intercept`` is that of a photo without a fault."""

FAULTS = {
    "blur": "the text is blurred",
    "contrast": "the text has little contrast to the paper",
    "cut": "an edge of the photo cuts through the card",
    "proportion": "an edge of the photo cuts through the card",
    "size": "the card is too small in the photo",
    "glare": "glare covers parts of the card",
    "blocks": "the file is compressed too much",
}
"""Names of the terms, and what each means for people."""

NO_TEXT = "no text is seen"

_SMALL = 250
_PROPORTION = 1.53
"""Width by height of a card, between ID-1 (ISO/IEC 7810: 85.60 mm x 53.98 mm) and the pages of licenses (1.47 in the specimens)."""
_FILLED = 0.6
"""Part of a photo that the text covers where the photo has the proportion of the card."""
_NOTICEABLE = 0.7
"""Logarithm of the odds; a fault that halves the odds is named."""


def terms(found: PhotoMeasures) -> dict[str, float]:
    """Return the terms of the regression by name."""
    sides = max(found.width, found.height) / min(found.width, found.height)
    # a license may have two pages
    proportion = min(abs(log(sides / usual)) for usual in (_PROPORTION, 2 * _PROPORTION))
    return {
        "blur": max(0.0, log(found.blur / 0.003)),
        "contrast": max(0.0, log(10 * (1 + found.noise) / max(found.contrast, 1.0))),
        "cut": min(found.cut, 0.03) / 0.03,
        "proportion": min(max(proportion - 0.08, 0.0), 0.12) / 0.12 if found.card_share > _FILLED else 0.0,
        "size": max(0.0, log(300 / max(found.detail, 1.0))),
        "glare": log1p(30 * min(found.glare, 0.3)),
        "blocks": min(max(found.blocks - STRONG, 0.0), 1.0),
    }


def probability(found: PhotoMeasures) -> float:
    """Return the probability that the card is read whole, 0 to 1; 0 for a photo without text."""
    if not found.card_width:
        return 0.0
    odds = COEFFICIENTS["intercept"] + sum(COEFFICIENTS[name] * value for name, value in terms(found).items())
    return 1 / (1 + exp(-odds))


def main_fault(found: PhotoMeasures) -> str:
    """Return in words the fault that lowers the probability most; empty if none halves the odds."""
    if not found.card_width:
        return NO_TEXT
    lost = dict.fromkeys(FAULTS.values(), 0.0)
    for name, value in terms(found).items():
        lost[FAULTS[name]] -= COEFFICIENTS[name] * value
    worst = max(lost, key=lambda words: lost[words])
    noticeable = lost[worst] >= _NOTICEABLE
    if worst == FAULTS["blur"] and found.card_width < _SMALL:
        worst = FAULTS["size"]  # the edges of a small picture are a large part of its width, however sharp it is
    return worst if noticeable else ""
