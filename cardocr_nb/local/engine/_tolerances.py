"""Tolerances of pose estimation and field extraction, in one record.

All were tuned on specimens of `cardocr_nb.specimen` (both designs, six fonts, seeds below 500,000), scenes made of them, and the
tuning part of ``benchmarks/rendered_cards.py``; none
on the judging set of ``benchmarks/foreign_cards.py``. Lengths are millimeters on the card, or heights of the text where named so.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far things may be from where they are expected.

    Attributes
    ----------
    anchor : float
        Millimeters between an anchor and its place under a similarity.
    turn : float
        Radians between the direction of a label and that of the card.
    pitch : (float, float)
        Millimeters that one character of a label takes.
    stiffness : float
        Square millimeters; the larger, the less the pose bends towards its anchors.
    slope_spread : float
        Square millimeters of spread below which rows count as parallel.
    row : float
        Heights by which two texts of a row may differ in level.
    word_gap : float
        Heights between two characters beyond which a line is cut into segments.
    name_gap : float
        Heights between two characters of a name that is spaced out.
    indent : float
        Heights by which a further line of a value may begin elsewhere than the first.
    leading : (float, float)
        Heights from one line of a value to the next.
    value_start : float
        Millimeters from a label to its value, within which distance costs nothing.
    level : float
        Millimeters of misprint by which a value may be above or below its label at no cost.
    level_spread : float
        Millimeters beyond `level` that cost 1.
    start_spread : float
        Millimeters beyond `value_start` that cost 1.
    margin : float
        Millimeters around the card within which texts are read.
    slant : float
        Slope of a line against the card's rows beyond which it is not of the card.
    sizes : (float, float)
        Height of a value over the median height of the labels.
    pale : float
        Contrast of a character over that of the clearest of its line, below which it is not of the same text.
    """

    anchor: float = 7.0
    turn: float = 0.25
    pitch: tuple[float, float] = (1.2, 7.0)
    stiffness: float = 400.0
    slope_spread: float = 25.0
    row: float = 0.6
    word_gap: float = 1.25
    name_gap: float = 4.5
    indent: float = 1.6
    leading: tuple[float, float] = (0.85, 2.1)
    value_start: float = 9.0
    level: float = 1.0
    level_spread: float = 1.3
    start_spread: float = 4.0
    margin: float = 3.0
    slant: float = 0.2
    sizes: tuple[float, float] = (0.62, 3.8)
    pale: float = 0.36


TOLERANCES = Tolerances()
