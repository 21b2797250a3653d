"""The polygons that redaction covers, and the checks that they cover the texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb._field_words import listed_fields
from cardocr_nb.cards import expected_fields
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cardocr_nb.polygon._corners import Floats

_NARROW = 0.6
"""Width of a digit or Latin letter in widths of a Chinese character, as printed on the two cards."""
_MIN_FILL = 0.8
"""Least length of a polygon as a fraction of the length of its text. The embedded engine gives 0.93 to 1.5 on the 24
specimens; half a polygon has 0.47 to 0.75."""
_FORESHORTENED = 0.75
"""The limit falls to this fraction where the polygons of a card are all short, as on photos taken from the side."""
_SHORT_TEXT = 1.5
_MIN_SHORT_AREA = 0.65
"""For texts of one Chinese character: least area of the polygon, in squares of the card's print height per character.
Specimens have 0.81 and more, halves of their polygons 0.62 and less."""
_MAX_ASPECT = 1.6
"""Ratio of the sides from which a polygon as high as the print is half a character; a whole one is square."""
_MIN_HEIGHT = 0.45
"""Least height of a polygon, in heights of the card's print; 0.63 is the least on the specimens."""
_MIN_PIXELS = 4.0
"""Least height of a polygon without others to compare with, pixels. Smaller print is not readable."""
_LINE_PITCH = 1.5
"""Distance of two lines of an address, in heights of print."""
_OUTSIDE = 0.5
"""Fraction of a polygon's height by which a corner may lie outside the picture."""
MULTILINE = frozenset({"address", "issuing_authority"})
"""Fields whose texts may have several rows."""
_DATE = r"\d{4}\D?(0?[1-9]|1[0-2])\D?\d{2}\D?"
_NEVER = re.compile(r"(?!)")
_WHOLE = {
    "id_number": re.compile(r"\d{17}[\dXx]|\d{15}"),
    "licence_number": re.compile(r"\d{17}[\dXx]"),
    "gender": re.compile("[男女]"),
    **dict.fromkeys(("birth_date", "first_issue_date", "valid_from"), re.compile(_DATE)),
    "valid_period": re.compile(rf"{_DATE}\s*\D{{1,3}}\s*({_DATE}|长期)"),
}
"""Texts that cannot have lost characters, by field."""
_MAX_OVERLAP = 0.6
"""Fraction of a polygon that may lie inside the polygon of another field."""


@dataclass(frozen=True, slots=True)
class Place:
    """One polygon to cover.

    Attributes
    ----------
    field : str
        Canonical name.
    corners : ndarray of shape (4, 2)
        Pixels, in wire order.
    height : float
        Height of one line of its text, pixels.
    missing_length : float
        Length of the text that the polygon may be short of, pixels; added at both ends.
    whole : bool
        The text has the form of a complete one, such as a number of 18 characters.
    """

    field: str
    corners: Floats
    height: float
    missing_length: float
    whole: bool


def required_fields(
    rows: pd.DataFrame, fields: Iterable[str] | None, card_type: str | None, *, complete: bool
) -> tuple[set[str], set[str]]:
    """Return the fields to cover and those of them that must have a polygon.

    Raises
    ------
    InvalidRequestError
        The expected fields are needed and the card type is unknown.
    """
    found = {str(name) for name in rows["field"].dropna().unique()}
    if fields is not None:
        chosen = {fields} if isinstance(fields, str) else {str(name) for name in fields}
        if not chosen:
            raise InvalidRequestError("fields= is empty, so that nothing can be covered; leave it out to cover all")
        return chosen, chosen if complete else chosen & found
    if not complete:
        return found, found
    if card_type is None:
        raise InvalidRequestError(
            "the frame does not say which card the picture shows, so its fields are unknown; "
            "pass card_type='IDCard' or 'DriverLicense'"
        )
    expected = set(expected_fields(card_type))
    return found | expected, found | expected


def places_of(rows: pd.DataFrame, chosen: set[str], required: set[str], size: tuple[int, int]) -> list[Place]:
    """Check the polygons of a card and return those to cover.

    Parameters
    ----------
    rows : DataFrame
        All rows of the card, with ``field, text, polygon``.
    chosen, required : set of str
        Fields to cover; those that must have a polygon.
    size : (int, int)
        Width and height of the picture, pixels.

    Raises
    ------
    InvalidRequestError
        A text to cover has no polygon, or one that cannot cover it: a point, a line, too short for its text, outside the
        picture, or at the place of another field.
    """
    named = rows[rows["field"].notna()]
    corners = polygon.ordered(named["polygon"].array.to_points()).astype(np.float64)
    names = named["field"].astype("str").to_numpy(dtype=object)
    texts = ["" if pd.isna(text) else str(text) for text in named["text"]]
    known = np.asarray(np.isfinite(corners).all(axis=(1, 2)))
    unplaced = {n for n, text, k in zip(names, texts, known, strict=True) if n in chosen and text and not k}
    lacking = sorted(unplaced | (required - set(names[known])))
    covered = [row for row in np.flatnonzero(known) if names[row] in chosen]
    if not covered:
        raise InvalidRequestError("no field to hide has a place, so that nothing can be hidden; read the picture again")
    if lacking:
        raise InvalidRequestError(
            f"no place is known of {listed_fields(lacking)}, which may be on the picture; read it again, or hide it by hand"
            + ("" if unplaced else "; complete=False if it is not on the card")
        )
    sizes = _Sizes.of_card(names[known], [t for t, k in zip(texts, known, strict=True) if k], corners[known])
    places = [_place(str(names[row]), texts[row], corners[row], sizes, size) for row in covered]
    _refuse_overlaps(places)
    return places


def text_width(text: str) -> float:
    """Return the width of a text in widths of a Chinese character.

    Examples
    --------
    >>> text_width("样本"), text_width("990101")
    (2.0, 3.6)
    """
    return round(sum(1.0 if ord(c) > 0x2E7F else _NARROW for c in text if not c.isspace()), 3)


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Sizes of the print of one card: height of a line in pixels or None, and the limit of the fill."""

    height: float | None
    min_fill: float

    @classmethod
    def of_card(cls, names: np.ndarray, texts: list[str], corners: Floats) -> _Sizes:
        long, short = _sides(corners)
        lines = np.array([name not in MULTILINE for name in names]) & (short > 0)
        if lines.sum() < 2:
            return cls(None, _MIN_FILL)
        widths = np.array([max(text_width(text), 0.1) for text in texts])
        longer = lines & (widths >= _SHORT_TEXT)
        fill = float(np.median(long[longer] / short[longer] / widths[longer])) if longer.any() else 1.0
        return cls(float(np.median(short[lines])), _MIN_FILL * min(max(fill, _FORESHORTENED), 1.0))


def _sides(corners: Floats) -> tuple[Floats, Floats]:
    width, height = polygon.width(corners), polygon.height(corners)
    return np.maximum(width, height), np.minimum(width, height)


def _place(name: str, text: str, corners: Floats, sizes: _Sizes, picture: tuple[int, int]) -> Place:
    long, short = (float(side[0]) for side in _sides(corners[None]))
    least = max(_MIN_PIXELS, _MIN_HEIGHT * (sizes.height or 0.0))
    area = float(polygon.area(corners)[0])
    if short < least or area < 0.5 * long * short:
        raise InvalidRequestError(
            f"the place of {listed_fields([name])} is a point, a line or crossed, and hides nothing; hide it by hand"
        )
    slack = _OUTSIDE * short
    x, y = corners[:, 0], corners[:, 1]
    if min(x.min(), y.min()) < -slack or x.max() > picture[0] + slack or y.max() > picture[1] + slack:
        raise InvalidRequestError(
            f"the place of {listed_fields([name])} lies outside the picture; give the picture that was read"
        )
    width = text_width(text)
    lines = 1
    if name in MULTILINE:
        pitch = _LINE_PITCH * (sizes.height or short)
        lines = max(1, round((short + pitch - (sizes.height or short)) / pitch))
    line = sizes.height if lines > 1 and sizes.height else short
    wanted = width / lines * line
    if width < _SHORT_TEXT and sizes.height is not None:
        too_small = area < _MIN_SHORT_AREA * width * sizes.height**2 or (
            width == 1.0 and _MAX_ASPECT * short < long < _MAX_ASPECT * sizes.height
        )
    else:
        too_small = long < sizes.min_fill * wanted
    if too_small:
        raise InvalidRequestError(
            f"the place of {listed_fields([name])} is too small for a text of {len(text)} characters; read the picture again, or hide it by hand"
        )
    return Place(name, corners, line, max(0.0, wanted - long), bool(_WHOLE.get(name, _NEVER).fullmatch(text)))


def _refuse_overlaps(places: list[Place]) -> None:
    corners = [polygon.ordered(p.corners) for p in places]
    for place, own in zip(places, corners, strict=True):
        for other, theirs in zip(places, corners, strict=True):
            if place.field != other.field and _share_inside(own, theirs) > _MAX_OVERLAP:
                raise InvalidRequestError(
                    f"{listed_fields([place.field, other.field])} have the same place, so that one of them is not hidden; "
                    "read the picture again, or hide it by hand"
                )


def _share_inside(own: Floats, other: Floats) -> float:
    """Fraction of a polygon that lies inside another; by their upright boxes where one of them is not convex."""
    both = polygon.iou(own, other)
    if np.isnan(both).any():
        own, other = (_upright(p) for p in (own, other))
        both = polygon.iou(own, other)
    sizes = polygon.area(own)
    return float((both * (sizes + polygon.area(other)) / (1 + both) / sizes)[0])


def _upright(corners: Floats) -> Floats:
    (left, top), (right, bottom) = corners[0].min(axis=0), corners[0].max(axis=0)
    return np.array([[(left, top), (left, bottom), (right, bottom), (right, top)]])
