"""The probability that a quarter or more of the card is outside the photo, from the places of its text.

A rule for scans, and a logistic regression with five terms, each 0 where nothing hints at a cut. It is fitted to 1,000 photos of 250 specimens whose fields are
known to be inside or outside: scans and cards on plain and textured desks, with and without papers around, in frames of four
proportions, whole or cut at one side by up to 50 %. Cards among papers remain undecided: text touches the sides of these photos too.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COEFFICIENTS = {
    "intercept": -4.86,
    "no margin": 3.74,
    "odd photo": 2.40,
    "odd text": 1.65,
    "touch": 0.41,
    "odd text touches": 2.84,
}
"""Of the logarithm of the odds."""

_PROPORTION = log(1.53)
"""Width by height of a card, between ID-1 (ISO/IEC 7810: 85.60 mm x 53.98 mm) and the pages of licenses (1.47 in the specimens)."""
_TEXT = 0.44
"""Logarithm of longer by shorter extent of the text of one whole page; specimens have 1.34 to 1.77."""
_MARGIN = 0.08
_WIDE = 1.2
"""Sum of the margins at four sides from which on the card does not fill the photo."""
_PAPERS = 0.4
"""Weight of odd proportions where text touches opposite sides, as papers below the card do."""
_SCAN = 0.75
"""Probability by the rule for scans, chosen: it finds 93 of 100 such cuts and takes 2 to 9 of 100 whole cards on a desk for one."""
_SCAN_OR_PAPERS = 0.6
_FILLED = 0.6
"""Part of a photo that the text covers where the photo has the proportion of the card."""
_MOST_FILLED = 0.87
"""Most of a card that its text covers. A whole card in a photo of another proportion covers less of it, by that factor."""
_WHOLE = (log(1.30), log(1.83))


class TextPlace(NamedTuple):
    """Where the text of a photo is; lengths are parts of the longer extent of the text.

    Attributes
    ----------
    touching : tuple of float
        Length of the text at the top, bottom, left and right side of the photo.
    margins : tuple of float
        Between the text and these sides.
    photo, text : float
        Longer by shorter side of the photo, and of the text.
    two_pages : bool
    share : float
        Part of the photo that the text covers, 0 to 1.
    """

    touching: tuple[float, ...]
    margins: tuple[float, ...]
    photo: float
    text: float
    two_pages: bool
    share: float


def text_place(
    is_text: NDArray[np.bool_], unit: float, photo: float, text: float, share: float, *, two_pages: bool
) -> TextPlace:
    """Measure where the text is; `unit` is the side of a tile as a part of the text's longer extent."""
    rows, columns = np.nonzero(is_text)
    height, width = is_text.shape
    touching = (is_text[0], is_text[-1], is_text[:, 0], is_text[:, -1])
    margins = (rows.min(), height - 1 - rows.max(), columns.min(), width - 1 - columns.max())
    parts = [tuple(float(n) * unit for n in found) for found in ([side.sum() for side in touching], margins)]
    return TextPlace(parts[0], parts[1], photo, text, two_pages, share)


def probability_outside(place: TextPlace) -> float:
    """Return the probability that a quarter or more of the card is outside the photo, 0 to 1.

    Examples
    --------
    >>> whole = TextPlace((0, 0, 0, 0), (0.3, 0.3, 0.4, 0.4), 4 / 3, 1.5, False, 0.4)
    >>> cut = whole._replace(touching=(0, 0, 0.3, 0), margins=(0.3, 0.3, 0, 0.4), text=1.1)
    >>> round(probability_outside(whole), 2), round(probability_outside(cut), 2)
    (0.01, 0.71)
    """
    touch = max(place.touching)
    opposite = any(min(place.touching[i], place.touching[i + 1]) > 0.02 for i in (0, 2))
    fills = max(0.0, 1 - sum(place.margins) / _WIDE)
    photo = abs(log(place.photo) - _PROPORTION - (log(2) if place.two_pages and place.photo > 2 else 0.0))
    shape = log(max(place.text, 1.0) / (2 if place.two_pages else 1))
    text = abs(shape - _TEXT)
    weight = _PAPERS if opposite else 1.0
    terms = {
        "no margin": 1 - min(*place.margins, _MARGIN) / _MARGIN,
        "odd photo": _ramp(photo, 0.25, 0.55) * fills * weight,
        "odd text": _ramp(text, 0.3, 0.6) * weight,
        "touch": _ramp(touch, 0.2, 0.5) * (not opposite),
        "odd text touches": _ramp(text, 0.17, 0.47) * _ramp(touch, 0.0, 0.2) * (not opposite),
    }
    odds = COEFFICIENTS["intercept"] + sum(COEFFICIENTS[name] * value for name, value in terms.items())
    at_sides = 0.0 if opposite else sum(place.touching)
    scan = (_SCAN_OR_PAPERS if opposite else _SCAN) * _cut_scan(place.share, at_sides, photo, shape)
    return max(1 / (1 + exp(-odds)), scan)


def _cut_scan(share: float, touching: float, photo: float, shape: float) -> float:
    """Return how surely a large part of a card that fills the photo is outside it, 0 to 1.

    The text fills a photo without the proportion of a card, or two of three other signs are there: the text has the proportion of no whole card, the photo has the proportion of no card, much text is
    at a side. A margin at one side changes the proportion of the photo alone, and a photo cut close to the text has text at its sides.
    """
    if share <= _FILLED and share <= _MOST_FILLED * exp(-photo):
        return 0.0
    signs = _ramp(touching, 0.08, 0.12), _ramp(photo, 0.12, 0.24)
    tight = _ramp(share, 0.76, 0.8) * _ramp(photo, 0.08, 0.18)
    return max(tight, min(signs)) if _WHOLE[0] <= shape <= _WHOLE[1] else max(signs)


def _ramp(value: float, low: float, high: float) -> float:
    return min(max(value - low, 0.0), high - low) / (high - low)
