"""The probability that a card is read whole, from the measures of its photo.

A logistic regression with seven terms, each 0 where the photo has no such fault. The coefficients are fitted to 2,378 photos of 481 cards that the
embedded engine has read: specimens, two families of foreign cards and one that is not in this repository, with some 90 kinds of
damage, places and turns. Those of ``outside``, ``size`` and ``blocks`` are chosen, and the intercept is bounded: so photos without a third
of the card fall below 0.3, and cards of 180 pixels lose half of their odds. Few photos of the fit are so.
"""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING

from cardocr_nb._photos._legible_text import MOST

if TYPE_CHECKING:
    from cardocr_nb._photos._photo_measures import PhotoMeasures

COEFFICIENTS = {
    "intercept": 3.15,
    "illegible": -0.41,
    "hardly legible": -0.60,
    "outside": -3.00,
    "size": -1.80,
    "glare": -1.06,
    "washed": -2.03,
    "blocks": -1.00,
}
"""Of the logarithm of the odds; ``intercept`` is that of a photo without a fault."""

ILLEGIBLE = "the text is hardly legible"
FAULTS = {
    "illegible": ILLEGIBLE,
    "hardly legible": ILLEGIBLE,
    "outside": "an edge of the photo cuts through the card",
    "size": "the card is too small in the photo",
    "glare": "glare covers parts of the card",
    "washed": "glare covers parts of the card",
    "blocks": "the file is compressed too much",
}
"""Names of the terms, and what each means for people."""

CAUSES = {
    "the text is blurred": 2.28,
    "the text has little contrast to the paper": 3.67,
    "the card is too small in the photo": 0.57,
    "the file is compressed too much": 1.59,
    "glare covers parts of the card": 3.22,
}
"""Why text is illegible, with the weight of each measure; those of a regression without `PhotoMeasures.legible`, fitted to 1,190 photos."""

NO_TEXT = "no text is seen"
NEGATIVE = "the photo is a negative"
"""Light ink on dark paper. The probability does not change: the embedded engine read 10 of 12 negatives of clean specimens whole."""

_SMALL = 250
_MOST_OUTSIDE = 4.0
_MOST_SIZE = 1.2
_TINY, _TINIER = 175, 8.0
"""Pixels of a card's text below which the network, which has seen no such print, finds noise legible, and how much that counts: the engine
reads cards of 183 to 210 pixels nearly whole, and none of 140."""
TOUCHES = "print touches an edge of the photo"
"""For `FAULTS["outside"]` where the card is more likely whole: ornaments reach the edges of a close scan as well."""
_LIKELY = 0.5
_NOTICEABLE = 0.8
"""Logarithm of the odds; a fault that more than halves the odds is named."""
_NOTICEABLE_CAUSE = 0.3
_HARDLY = 3.0
"""Logarithm of the odds of a character below which most cards have a field that is wrong."""


def terms(found: PhotoMeasures) -> dict[str, float]:
    """Return the terms of the regression by name."""
    legible = found.legible - _TINIER * max(0.0, log(_TINY / max(found.detail, 1.0)))
    return {
        "illegible": MOST - legible,
        "hardly legible": max(0.0, _HARDLY - legible),
        "outside": min(-log(1 - found.outside + 1e-9), _MOST_OUTSIDE),
        "size": min(max(0.0, log(420 * (1 + found.two_pages) / max(found.detail, 1.0))), _MOST_SIZE),
        "glare": log1p(30 * min(found.glare, 0.3)),
        "washed": min(found.washed, 0.5),
        "blocks": min(max(found.blocks - 0.3, 0.0), 1.2),
    }


def causes(found: PhotoMeasures) -> dict[str, float]:
    """Return how much each cause makes the text illegible, in units of the logarithm of the odds."""
    measured = (
        max(0.0, log(found.blur / 0.0025)),
        max(0.0, log(10 * (1 + found.noise) / max(found.contrast, 1.0))),
        max(0.0, log(420 / max(found.detail, 1.0))),
        min(max(found.blocks - 0.3, 0.0), 1.2),
        min(found.white, 0.4),
    )
    return {words: weight * value for (words, weight), value in zip(CAUSES.items(), measured, strict=True)}


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
    if lost[worst] < _NOTICEABLE:
        return ""
    if worst == ILLEGIBLE:
        found_causes = causes(found)
        cause = max(found_causes, key=lambda words: found_causes[words])
        worst = cause if found_causes[cause] >= _NOTICEABLE_CAUSE else ILLEGIBLE
    if worst == "the text is blurred" and found.card_width < _SMALL:
        return FAULTS["size"]  # the edges of a small picture are a large part of its width, however sharp it is
    return TOUCHES if worst == FAULTS["outside"] and found.outside < _LIKELY else worst
