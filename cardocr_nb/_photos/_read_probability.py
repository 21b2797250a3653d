"""The probability that a card is read whole, from the measures of its photo.

A logistic regression with nine terms, each 0 where the photo has no such fault. The coefficients are fitted to 1,190 photos that the
embedded engine has read, with 23 kinds of damage: specimens, two families of foreign cards and one that is not in this repository.
That of ``outside`` is chosen, so that photos without a third of the card fall below
0.3: few photos of the fit lack so much.
"""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardocr_nb._photos._photo_measures import PhotoMeasures

COEFFICIENTS = {
    "intercept": 2.40,
    "blur": -2.28,
    "contrast": -3.67,
    "outside": -2.5,
    "size": -0.57,
    "sparse": -1.36,
    "glare": -0.96,
    "washed": -1.06,
    "white": -3.22,
    "blocks": -1.59,
}
"""Of the logarithm of the odds; ``intercept`` is that of a photo without a fault."""

FAULTS = {
    "blur": "the text is blurred",
    "contrast": "the text has little contrast to the paper",
    "outside": "an edge of the photo cuts through the card",
    "size": "the card is too small in the photo",
    "sparse": "little text is seen on the card",
    "glare": "glare covers parts of the card",
    "washed": "glare covers parts of the card",
    "white": "glare covers parts of the card",
    "blocks": "the file is compressed too much",
}
"""Names of the terms, and what each means for people."""

NO_TEXT = "no text is seen"
NEGATIVE = "the photo is a negative"
"""Light ink on dark paper. The probability does not change: the embedded engine read 10 of 12 negatives of clean specimens whole."""

_SMALL = 250
_MOST_OUTSIDE = 4.0
TOUCHES = "print touches an edge of the photo"
"""For `FAULTS["outside"]` where the card is more likely whole: ornaments reach the edges of a close scan as well."""
_LIKELY = 0.5
_NOTICEABLE = 0.7
"""Logarithm of the odds; a fault that halves the odds is named."""


def terms(found: PhotoMeasures) -> dict[str, float]:
    """Return the terms of the regression by name."""
    return {
        "blur": max(0.0, log(found.blur / 0.0025)),
        "contrast": max(0.0, log(10 * (1 + found.noise) / max(found.contrast, 1.0))),
        "outside": min(-log(1 - found.outside + 1e-9), _MOST_OUTSIDE),
        "size": max(0.0, log(420 / max(found.detail, 1.0))),
        "sparse": max(0.0, log(450 / max(found.text_tiles, 20))),
        "glare": log1p(30 * min(found.glare, 0.3)),
        "washed": min(found.washed, 0.5),
        "white": min(found.white, 0.4),
        "blocks": min(max(found.blocks - 0.3, 0.0), 1.2),
    }


def probability(found: PhotoMeasures) -> float:
    """Return the probability that the card is read whole, 0 to 1; 0 for a photo without text."""
    if not found.card_width:
        return 0.0
    odds = COEFFICIENTS["intercept"] + sum(COEFFICIENTS[name] * value for name, value in terms(found).items())
    return 1 / (1 + exp(-odds))


def main_fault(found: PhotoMeasures) -> str:
    """Return in words the fault that lowers the probability most; empty if none halves the odds. A negative is named in any case."""
    if not found.card_width:
        return NO_TEXT
    if found.negative:
        return NEGATIVE
    lost = dict.fromkeys(FAULTS.values(), 0.0)
    for name, value in terms(found).items():
        lost[FAULTS[name]] -= COEFFICIENTS[name] * value
    worst = max(lost, key=lambda words: lost[words])
    noticeable = lost[worst] >= _NOTICEABLE
    if worst == FAULTS["blur"] and found.card_width < _SMALL:
        worst = FAULTS["size"]  # the edges of a small picture are a large part of its width, however sharp it is
    if worst == FAULTS["outside"] and found.outside < _LIKELY:
        worst = TOUCHES
    return worst if noticeable else ""
