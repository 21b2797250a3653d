"""The probability that a card is read whole, from the measures of its photo.

A logistic regression with eight terms, each 0 where the photo has no such fault. The coefficients are fitted by
``tools/fit_photo_quality.py`` to 506 photos of specimens that the embedded engine has read, drawn by ``tools/photo_damage.py``;
none of them has blocks, whose coefficient is fitted to 60 more, with the others kept. The photos lose at most a sixth of a side, so
the coefficient of ``half`` is chosen, not fitted: such a card is never read whole.
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
    "half": -2.9,
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
    "half": "an edge of the photo cuts through the card",
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
_WHOLE = (1.30, 1.83)
"""Longer by shorter extent of the text of one whole page; specimens have 1.34 to 1.77."""
_MOST_SHARE = 0.87
"""Most of a card that its text covers. A whole card in a photo of another proportion covers less of it, by that factor."""
_NOTICEABLE = 0.7
"""Logarithm of the odds; a fault that halves the odds is named."""


def terms(found: PhotoMeasures) -> dict[str, float]:
    """Return the terms of the regression by name."""
    sides = max(found.width, found.height) / min(found.width, found.height)
    proportion = abs(log(sides / (2 * _PROPORTION if found.two_pages and sides > 2 else _PROPORTION)))
    filled = found.card_share > _FILLED
    return {
        "blur": max(0.0, log(found.blur / 0.003)),
        "contrast": max(0.0, log(10 * (1 + found.noise) / max(found.contrast, 1.0))),
        "cut": min(found.cut, 0.03) / 0.03,
        "proportion": min(max(proportion - 0.08, 0.0), 0.12) / 0.12 if filled else 0.0,
        "half": _half(found, proportion, filled=filled),
        "size": max(0.0, log(300 / max(found.detail, 1.0))),
        "glare": log1p(30 * min(found.glare, 0.3)),
        "blocks": min(max(found.blocks - STRONG, 0.0), 1.0),
    }


def _half(found: PhotoMeasures, proportion: float, *, filled: bool) -> float:
    """Return how surely a large part of a card that fills the photo is outside it, 0 to 1.

    Of three signs two are needed: the text has the proportion of no whole card, the photo has the proportion of no card, much text is
    at an edge. A margin at one side changes the proportion of the photo alone, and a photo cut close to the text has text at its edges.
    """
    if max(found.width, found.height) < _SMALL:
        return 0.0  # tiles are a large part of the card, and its size is the fault
    if not filled and found.card_share <= _MOST_SHARE * exp(-proportion):
        return 0.0
    whole = _WHOLE[0] <= found.card_width / found.card_height / (2 if found.two_pages else 1) <= _WHOLE[1]
    at_edge = min(max(found.cut - 0.08, 0.0), 0.04) / 0.04
    odd = min(max(proportion - 0.12, 0.0), 0.12) / 0.12
    return min(at_edge, odd) if whole else max(at_edge, odd)


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
