"""Which boxes to recognize, and in which order.

Recognition takes most of the time, and much of what is detected is not asked for: translations of the labels, other things on
the desk. Once the anchors read so far show where the card is, only boxes on the card are recognized, without translations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb.local.engine._anchors import TITLE_CENTER
from cardocr_nb.local.engine._card_pose import estimate_pose
from cardocr_nb.local.engine._label_places import label_places
from cardocr_nb.local.engine._placed_chars import place_chars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._recognition import Line

_ANCHORS = 4
"""Anchors that show well enough where the card is."""
_SPREAD = 12.0
"""Millimeters from the uppermost to the lowermost of them."""
_MARGIN = 4.0
"""Millimeters around the card within which boxes are recognized."""
_SMALL = 1.95
"""Height of a box over that of the ink of labels, below which it may hold a translation: up to 1.92 on drawn licenses, values from 2.05."""
_TRANSLATED = 1.0, 4.2
"""Millimeters under a label between which its translation is."""
_FLUSH = 2.5
"""Millimeters by which a translation may begin elsewhere than its label."""
_LONG, _CENTRAL, _UNDER_TITLE, _ABOVE_NUMBER = 30.0, 7.0, (2.2, 6.0), 1.5
"""Millimeters of the translated title: its length, off the middle of the card, below the title, and above the number."""
_LEVEL_NUMBER = 2.2
"""Millimeters above or below its label up to which the number may be printed; the translated title is 3 mm above."""
_ABOVE_FIELDS = 2.2, 3.2
"""Millimeters above the first row of fields from which only the title is, if the number was read and if not."""
_MOST_LABELS = 5
"""Labels in their places, less those that are elsewhere, with which a license that has a portrait is known without its title."""
_HUGE = 5.0
"""Height of a box over that of the labels, beyond which it holds a picture."""
_LEVEL = 12.0
"""Degrees off the rows of the card beyond which a box is not of it."""
_ACROSS = 8.0
"""Degrees off the rows of the card from which a text on it may be a watermark."""
_SURE, _SAME_ENDS, _SAME_LEVEL = 0.9, 0.4, 0.25
"""Confidence of each character of a line that is not recognized again, and the heights by which its box may differ."""
_LONGEST = 20.0
"""Length over height of the longest row of a card: a number with its label, an address of a license."""
_SHORT_ROW = 10.0
"""Length over height up to which boxes are recognized first: labels and most values are."""
_UNDER, _SMALLER, _SHIFTED = 1.25, 0.85, 1.5
"""A translation under its label: distance and height over those of the label, and heights by which it begins elsewhere."""


def likely_first(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the boxes that may be of a card: short ones before long ones, those of the commonest height first, translations last.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4, 2)
    """
    if not len(boxes):
        return boxes
    heights = np.maximum(np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1), 1.0)
    shape = np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1) / heights
    order = np.lexsort((abs(np.log(heights / np.median(heights))), shape > _SHORT_ROW, next_to_larger(boxes)))
    return np.asarray(boxes[order[shape[order] < _LONGEST]])


def sure_pose(lines: Sequence[Line], card_type: str) -> CardPose | None:
    """Return the pose of the card if the lines recognized so far show it well enough to leave boxes out.

    Parameters
    ----------
    lines : sequence of Line
    card_type : str
    """
    pose = estimate_pose(place_chars(lines), LAYOUTS[card_type], card_type)
    return pose if pose is not None and is_sure(pose) else None


def is_sure(pose: CardPose) -> bool:
    """Whether so many anchors agree, in rows so far apart, that the place of the card is known."""
    # Dates alone are in several rows: they do not show which.
    if sum(not name.endswith("date:value") for name in pose.anchors) < _ANCHORS:
        return False
    return bool(np.ptp([pose.on_card(anchor.center[None])[0, 1] for anchor in pose.anchors.values()]) >= _SPREAD)


def on_card(boxes: NDArray[np.float64], pose: CardPose, margin: float = _MARGIN) -> NDArray[np.bool_]:
    """Mark the boxes on a card without pictures and without translations of texts already read, shape (n,)."""
    _, height = label_places(pose)
    corners = pose.on_card(boxes.reshape(-1, 2)).reshape(-1, 4, 2)
    middle = corners.mean(1)
    inside = ((middle > -margin) & (middle < np.array(pose.layout.size) + margin)).all(1)
    across = corners[:, 1] - corners[:, 0]
    level = abs(np.degrees(np.arctan2(across[:, 1], across[:, 0]))) < _LEVEL
    flat = np.ptp(corners[..., 1], axis=1) < _HUGE * height
    return np.asarray(inside & level & flat & ~translations(boxes, pose, read=True))


def translations(boxes: NDArray[np.float64], pose: CardPose, *, read: bool) -> NDArray[np.bool_]:
    """Mark the boxes where the form translates a label or the title, shape (n,).

    Parameters
    ----------
    boxes : ndarray of shape (n, 4, 2)
    pose : CardPose
    read : bool
        Whether the label or title itself was read. If not, its place is not sure: the mark is a reason to read the box later.
    """
    labels, height = label_places(pose)
    corners = pose.on_card(boxes.reshape(-1, 2)).reshape(-1, 4, 2)
    left, middle = corners[:, [0, 3], 0].mean(1), corners.mean(1)
    small = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1) < _SMALL * height
    marked = np.zeros(len(boxes), bool)
    for field, label in ((field, place) for field, place in labels.items() if place.sure == read):
        down = middle[:, 1] - label.y
        under = small & (down > _TRANSLATED[0]) & (down < _TRANSLATED[1]) & (abs(left - label.left) < _FLUSH)
        # A box that reaches the place of the value may hold it as well.
        slot = pose.layout.fields[field]
        value = slot.value.left + (label.left + label.right) / 2 - slot.center[0]
        marked |= under & (corners[:, [1, 2], 0].mean(1) < value + _FLUSH)
    title, number = pose.anchors.get("title"), pose.anchors.get("licence_number:value")
    known = number is not None and (title is not None or needs_no_title(pose))
    if known == read:
        # A long text in the middle between the title and the number.
        upper = TITLE_CENTER[1] if title is None else pose.on_card(title.center[None])[0, 1]
        down = middle[:, 1] - upper
        up = np.inf if number is None else pose.on_card(number.center[None])[0, 1] - middle[:, 1]
        wide = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1) > _LONG
        central = abs(middle[:, 0] - TITLE_CENTER[0]) < _CENTRAL
        marked |= wide & central & (down > _UNDER_TITLE[0]) & (down < _UNDER_TITLE[1]) & (up > _ABOVE_NUMBER)
    return marked


def headings(boxes: NDArray[np.float64], pose: CardPose) -> NDArray[np.bool_]:
    """Mark the boxes above all fields of a card, shape (n,): its title and the translation of that.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4, 2)
    pose : CardPose
    """
    labels, _ = label_places(pose)
    # The number is in the first row, and may be printed higher than its label.
    room = _ABOVE_FIELDS["licence_number:value" not in pose.anchors]
    return np.asarray(pose.on_card(boxes.mean(1))[:, 1] < min(label.y for label in labels.values()) - room)


def in_number_row(boxes: NDArray[np.float64], pose: CardPose) -> NDArray[np.bool_]:
    """Mark the long boxes level with the label of the number of a license, shape (n,): that is under the translated title.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4, 2)
    pose : CardPose
    """
    labels, _ = label_places(pose)
    if "licence_number" not in labels:
        return np.zeros(len(boxes), bool)
    corners = pose.on_card(boxes.reshape(-1, 2)).reshape(-1, 4, 2)
    wide = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1) > _LONG
    return np.asarray(wide & (abs(corners[..., 1].mean(1) - labels["licence_number"].y) < _LEVEL_NUMBER))


def in_seal(boxes: NDArray[np.float64], pose: CardPose) -> NDArray[np.bool_]:
    """Mark the boxes where the layout has a red seal, shape (n,): its ink may be too dull to be known by color.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4, 2)
    pose : CardPose
    """
    seal = pose.layout.fields.get("issuing_authority")
    if seal is None or not seal.block:
        return np.zeros(len(boxes), bool)
    x, y = pose.on_card(boxes.mean(1)).T
    place = seal.value
    return np.asarray((x > place.left) & (x < place.right) & (y > place.top) & (y < place.bottom))


def needs_no_title(pose: CardPose) -> bool:
    """Whether the labels of a license in their places show what its title would."""
    return sum(name in pose.layout.fields for name in pose.anchors) - len(pose.moved) >= _MOST_LABELS


def next_to_larger(boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the boxes directly above or below a larger one with an end or the middle in common, shape (n,).

    Translations of labels and of the title are.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4, 2)
        Of one direction.
    """
    if not len(boxes):
        return np.zeros(0, bool)
    along = np.median(boxes[:, 1] - boxes[:, 0], axis=0)
    along = along / max(float(np.linalg.norm(along)), 1e-9)
    placed = boxes @ np.column_stack([along, (-along[1], along[0])])
    high = np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
    ends = np.column_stack([placed[..., 0].min(1), placed[..., 0].max(1), placed[..., 0].mean(1)])
    apart = abs(placed[:, None, :, 1].mean(2) - placed[None, :, :, 1].mean(2))
    near = (apart > 0.4 * high) & (apart < _UNDER * high) & (high[:, None] < _SMALLER * high)
    flush = (abs(ends[:, None] - ends[None]) < _SHIFTED * high[None, :, None]).any(2)
    return np.asarray((near & flush).any(1))


def across(boxes: NDArray[np.float64], pose: CardPose) -> NDArray[np.bool_]:
    """Mark the boxes on a card that run in another direction than its rows, shape (n,)."""
    corners = pose.on_card(boxes.reshape(-1, 2)).reshape(-1, 4, 2)
    middle, along = corners.mean(1), corners[:, 1] - corners[:, 0]
    inside = ((middle > 0) & (middle < np.array(pose.layout.size))).all(1)
    turn = abs((np.degrees(np.arctan2(along[:, 1], along[:, 0])) + 90) % 180 - 90)
    return np.asarray(inside & (turn > _ACROSS))


def covered(boxes: NDArray[np.float64], lines: Sequence[Line]) -> NDArray[np.bool_]:
    """Mark the boxes that a sure line contains, since it was followed along its ink beyond its own box, shape (n,).

    Parameters
    ----------
    boxes : ndarray of shape (n, 4, 2)
    lines : sequence of Line
    """
    marked = np.zeros(len(boxes), bool)
    for line in lines:
        if min((char.confidence for char in line.chars), default=0.0) < _SURE:
            continue
        start, along, down, high = _axes(line)
        off = boxes - start
        x, y = off @ along, off @ down
        long = float((np.array(line.corners[1]) - start) @ along)
        level = (abs(y[:, [0, 1]]) < _SAME_LEVEL * high).all(1) & (abs(y[:, [2, 3]] - high) < _SAME_LEVEL * high).all(1)
        marked |= level & (x > -_SAME_ENDS * high).all(1) & (x < long + _SAME_ENDS * high).all(1)
    return marked


def _axes(line: Line) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """Upper left corner of a line, its directions along and down, and its height."""
    start, end, below = np.array(line.corners)
    high = max(float(np.linalg.norm(below - start)), 1e-9)
    return start, (end - start) / max(float(np.linalg.norm(end - start)), 1e-9), (below - start) / high, high


def known_lines(boxes: NDArray[np.float64], lines: Sequence[Line]) -> tuple[tuple[Line, ...], NDArray[np.bool_]]:
    """Return the lines that are sure and fill one of the boxes, and a mark for those boxes, shape (n,).

    Parameters
    ----------
    boxes : ndarray of shape (n, 4, 2)
        As in `Detection.boxes`, the right way up.
    lines : sequence of Line
    """
    kept, again = [], np.zeros(len(boxes), bool)
    for line in lines:
        if min((char.confidence for char in line.chars), default=0.0) < _SURE:
            continue
        _, along, down, high = _axes(line)
        off = boxes[:, [0, 1, 3]] - np.array(line.corners)
        same = (abs(off @ along) < _SAME_ENDS * high).all(1) & (abs(off @ down) < _SAME_LEVEL * high).all(1)
        if (same & ~again).any():
            again[np.flatnonzero(same & ~again)[0]] = True
            kept.append(line)
    return tuple(kept), again
