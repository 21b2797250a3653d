"""The probability that a card is read whole, from the measures of its photo.

A logistic regression with five terms, each 0 where the photo has no such fault. The coefficients are fitted by
``tools/fit_photo_quality.py`` to 326 photos of specimens that the embedded engine has read, drawn by ``tools/photo_damage.py``.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardocr_nb._photos._photo_measures import PhotoMeasures

COEFFICIENTS = {"intercept": 2.04, "blur": -2.66, "contrast": -3.16, "cut": -0.73, "size": -2.82, "glare": -1.22}
"""Of the logarithm of the odds; ``intercept`` is that of a photo without a fault."""

FAULTS = {
    "blur": "the text is blurred",
    "contrast": "the text has little contrast to the paper",
    "cut": "an edge of the photo cuts through the card",
    "size": "the card is too small in the photo",
    "glare": "glare covers parts of the card",
}
"""Names of the terms, and what each means for people."""

NO_TEXT = "no text is seen"

_SMALL = 250
_NOTICEABLE = 0.7
"""Logarithm of the odds; a fault that halves the odds is named."""


def terms(found: PhotoMeasures) -> dict[str, float]:
    """Return the terms of the regression by name."""
    return {
        "blur": max(0.0, log(found.blur / 0.004)),
        "contrast": max(0.0, log(10 * (1 + found.noise) / max(found.contrast, 1.0))),
        "cut": min(found.cut, 0.03) / 0.03,
        "size": max(0.0, log(300 / max(found.card_width, 1.0))),
        "glare": min(found.glare, 0.3) / 0.3,
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
    lost = {name: -COEFFICIENTS[name] * value for name, value in terms(found).items()}
    worst = max(lost, key=lambda name: lost[name])
    if worst == "blur" and found.card_width < _SMALL:
        worst = "size"  # the edges of a small picture are a large part of its width, however sharp it is
    return FAULTS[worst] if max(lost.values()) >= _NOTICEABLE else ""
