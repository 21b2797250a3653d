"""Recognize the values of a card whose places are known, without detection.

The same recognizer, marks, rules and scores as in a full reading; only a value of several rows needs the detector, and that
sees the value alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cardocr_nb import polygon
from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb._card_geometry._field_poses import corners_as_read, misfit
from cardocr_nb.local.engine._confidence import score_fields
from cardocr_nb.local.engine._detection import detect_within
from cardocr_nb.local.engine._field_rules import apply_rules
from cardocr_nb.local.engine._form_print import without_marks
from cardocr_nb.local.engine._line_crops import ImagePyramid, ink_channel
from cardocr_nb.local.engine._placed_chars import place_chars
from cardocr_nb.local.engine._recognition import recognize_box

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from cardocr_nb.local.engine._field_value import Value
    from cardocr_nb.local.engine._networks import Models
    from cardocr_nb.local.engine._recognition import Char, Line

_MARGINS = (0.1, 0.6), (0.2, 0.3)
_NUMBER_MARGINS = (0.1, 1.1), (0.2, 0.3)
_ROW_ABOVE = {"address": (0.35, 0.0), "issuing_authority": (0.2, 0.0)}
"""Parts of the height of a row that are left free before a value and above one, before and above a number, and above a detected row.
With more above it the crop is shorter, which saves so much time; the second ones are for what is not sure then. Around rows of seals
there is other print."""
_SURE = 0.8
"""Confidence of every character from which a line is not recognized again."""
_NUMBERS = frozenset({"id_number", "licence_number"})
_ROWS = 1.6
"""Usual heights from which a value may have several rows."""
_ROW_PIXELS = {"address": (18.0, 32.0, 16.0), "issuing_authority": (22.0, 32.0, 16.0)}
"""Heights of a row as the detector sees it; the next one where the rules of the field say that rows are missing."""
_MOST_SIDE = 960.0
_AROUND = 1.5
"""Heights of the tallest value that are kept around the values."""
_TALL = 1.7
"""Usual heights beyond which a box is not a row."""
_SLACK = 0.52, 0.6
"""Parts of a box, along and across it from its middle, within which the centers of its characters are."""
_RED = 0.4
_DEEP = frozenset({"address", "issuing_authority"})


class RegionText(NamedTuple):
    """The text of a value, and how far it can be trusted, 0 to 100."""

    text: str
    score: int


def read_regions(
    image: NDArray[np.uint8], card_type: str, regions: Mapping[str, NDArray[np.float64]], models: Models
) -> dict[str, RegionText]:
    """Recognize the values of a card within their polygons.

    Parameters
    ----------
    image : ndarray of shape (h, w, 3), uint8, RGB
        Upright, as from `cardocr_nb._images.load_upright`.
    card_type : str
        ``IDCard`` or ``DriverLicense``.
    regions : mapping of str to ndarray of shape (4, 2)
        Corners of values in any order, pixels, by canonical field name. All values of the card, also those whose texts are
        not needed, show which way up the card is.
    models : Models

    Returns
    -------
    dict of str to RegionText
        Values in which something was recognized.
    """
    import cv2

    image, corner = _around(image, regions)
    pyramid = ImagePyramid(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8))
    quads = _as_read(card_type, {field: points - corner for field, points in regions.items()})
    low = [_height(quad) for field, quad in quads.items() if field not in _DEEP] or [_height(q) for q in quads.values()]
    usual = float(np.median(low)) if low else 0.0
    values: dict[str, Value] = {}
    for field, quad in quads.items():
        tries: Iterator[Sequence[Line]]
        if field in _DEEP and _height(quad) > _ROWS * usual:
            tries = (
                _rows(image, pyramid, quad, models, usual=usual, row=row, above=_ROW_ABOVE[field])
                for row in _ROW_PIXELS[field]
            )
        else:
            high = _height(quad)
            margins = _NUMBER_MARGINS if field in _NUMBERS else _MARGINS
            boxes = [_grown(quad, before * high, above * high) for before, above in margins]
            tries = ([_surest(pyramid, some, models)] for some in (boxes, boxes[1:]))
        for lines in tries:
            value = apply_rules(field, card_type, _chars(field, card_type, lines, quad))
            if value is not None and (
                field not in values or len(value.text) > len(values[field].text) or value.is_valid
            ):
                values[field] = value
            if value is not None and value.is_valid is not False:
                break
    scores = score_fields(values, {})
    return {field: RegionText(value.text, scores[field]) for field, value in values.items()}


def _around(
    image: NDArray[np.uint8], regions: Mapping[str, NDArray[np.float64]]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of a picture with all values, and its upper left corner.

    Sides are multiples of 8 where the picture has room for that: even ones are halved several times faster.
    """
    points = np.concatenate([np.empty((0, 2)), *regions.values()])
    points = points[np.isfinite(points).all(1)]
    if not len(points):
        return image, np.zeros(2)
    most = np.array(image.shape[1::-1])
    tall = max(float(np.ptp(quad, axis=0).min()) for quad in regions.values() if np.isfinite(quad).all())
    start = np.clip(np.floor(points.min(0) - _AROUND * tall), 0, most - 1).astype(int)
    end = np.clip(np.ceil(points.max(0) + _AROUND * tall), start + 1, most).astype(int)
    end = np.minimum(end + (start - end) % 8, most)
    start = np.maximum(start - (start - end) % 8, 0)
    part = image[start[1] : end[1], start[0] : end[0]]
    return part, start.astype(np.float64)


def _surest(pyramid: ImagePyramid, boxes: Sequence[NDArray[np.float64]], models: Models) -> Line:
    """Recognize the first box; the next one where a character is not sure."""
    lines: list[Line] = []
    for box in boxes:
        lines.append(recognize_box(pyramid, box, models, extend=False))
        if all(char.confidence >= _SURE for char in lines[-1].chars):
            break
    return max(lines, key=lambda line: line.confidence)


def _grown(box: NDArray[np.float64], along: float, down: float) -> NDArray[np.float64]:
    """Move the sides of a box outward, by pixels along and across the text."""
    right, below = box[1] - box[0], box[3] - box[0]
    right, below = along * right / np.linalg.norm(right), down * below / np.linalg.norm(below)
    return np.array([box[0] - right - below, box[1] + right - below, box[2] + right + below, box[3] - right + below])


def _as_read(card_type: str, regions: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Corners as a reader of the card sees them, however it lies: start and end of the upper edge, end and start of the lower."""
    layouts = LAYOUTS[card_type]
    stacked = [np.full((1, len(layout.fields), 4, 2), np.nan) for layout in layouts]
    for fields, layout in zip(stacked, layouts, strict=True):
        for place, field in enumerate(layout.fields):
            if field in regions:
                fields[0, place] = regions[field]
    best = min(range(len(layouts)), key=lambda i: float(misfit(stacked[i], layouts[i])[0])) if len(layouts) > 1 else 0
    known = dict(zip(layouts[best].fields, corners_as_read(stacked[best], layouts[best])[0], strict=True))
    quads = {
        field: known[field] if field in known and np.isfinite(known[field]).all() else polygon.ordered(points[None])[0]
        for field, points in regions.items()
    }
    turned = {field: quad[[0, 3, 2, 1]] for field, quad in quads.items() if np.isfinite(quad).all()}
    return {field: q for field, q in turned.items() if abs(np.linalg.det(q[[1, 3]] - q[0])) >= 1}


def _within(points: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions along and across a box, 0 to 1 inside; its sides need not be perpendicular."""
    sides = np.array([box[1] - box[0], box[3] - box[0]])
    return np.asarray((points - box[0]) @ np.linalg.inv(sides), np.float64)


def _height(box: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(box[3] - box[0]))


def _rows(
    image: NDArray[np.uint8],
    pyramid: ImagePyramid,
    box: NDArray[np.float64],
    models: Models,
    *,
    usual: float,
    row: float,
    above: Sequence[float],
) -> list[Line]:
    """Recognize the rows of a value, from the first to the last."""
    around = _grown(box, usual, usual)
    left, top = np.maximum(np.floor(around.min(0)), 0).astype(int)
    right, bottom = np.maximum(np.ceil(around.max(0)), (left + 1, top + 1)).astype(int)
    part = image[top:bottom, left:right]
    if not part.size:
        return []
    ink = ink_channel(np.ascontiguousarray(part[:, :, 0]), np.ascontiguousarray(part[:, :, 1]))
    along, down = box[1] - box[0], box[3] - box[0]
    longer = max(float(np.linalg.norm(around[1] - around[0])), _height(around))
    side = round(min(longer * row / max(usual, 1.0), _MOST_SIDE))
    found = detect_within(ink, around[[0, 1, 3]] - (left, top), models, side)
    rows = found.boxes + np.array([left, top])
    against = (rows[:, 1] - rows[:, 0]) @ along < 0
    rows = np.where(against[:, None, None], rows[:, [2, 3, 0, 1]], rows)
    place, level = _within(rows.mean(1), box).T
    rows = rows[(level > 0) & (level < 1) & (place > 0) & (place < 1)]
    # The detector may take the frame of a seal for one more text.
    heights = np.linalg.norm(rows[:, 3] - rows[:, 0], axis=1)
    usual_height = heights < _TALL * np.median(heights) if len(rows) else np.ones(0, bool)
    rows, heights = rows[usual_height], heights[usual_height]
    boxes = [[_grown(row, 0.1 * high, part * high) for part in above] for row, high in zip(rows, heights, strict=True)]
    lines = models.map(lambda several: _surest(pyramid, several, models), boxes)
    # Rows of one level are parts of a row: from left to right.
    places = [(np.array(line.corners[0]) + np.array(line.corners[2])) / 2 for line in lines]
    tall = float(np.median([np.linalg.norm(np.subtract(*line.corners[::2])) for line in lines])) if lines else 1.0
    unit_down, unit_along = down / np.linalg.norm(down), along / np.linalg.norm(along)
    order = sorted(range(len(lines)), key=lambda i: float(places[i] @ unit_down))
    levels: list[list[int]] = []
    for i in order:
        if levels and float((places[i] - places[levels[-1][0]]) @ unit_down) < tall / 2:
            levels[-1].append(i)
        else:
            levels.append([i])
    return [lines[i] for row in levels for i in sorted(row, key=lambda i: float(places[i] @ unit_along))]


def _chars(field: str, card_type: str, lines: Sequence[Line], quad: NDArray[np.float64]) -> list[Char]:
    """Characters of a value: without neighbors, watermarks, and the label where the polygon includes it."""
    placed = [one for row in place_chars(lines) if row for one in without_marks(row)]
    centers = np.array([one.center for one in placed]).reshape(-1, 2)
    inside = np.flatnonzero((abs(_within(centers, quad) - 0.5) < _SLACK).all(1))
    chars = [placed[i].char for i in inside.tolist()]
    red = [c for c in chars if c.redness > _RED]
    if field == "issuing_authority" and 2 * len(red) > len(chars):  # a seal over the labels next to it
        chars = red
    text = "".join(c.text if len(c.text) == 1 else " " for c in chars)
    for layout in LAYOUTS[card_type]:
        label = layout.fields[field].label if field in layout.fields else ""
        if label and text.startswith(label):
            return chars[len(label) :]
    return chars
