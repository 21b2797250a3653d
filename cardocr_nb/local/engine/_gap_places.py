"""Where to recognize once more: places of values that were not read, are torn, or share their box with something else."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb.local.engine._kind_costs import begins_with_region
from cardocr_nb.local.engine._label_places import LETTER, LabelPlace
from cardocr_nb.local.engine._placed_chars import is_han
from cardocr_nb.local.engine._segments import hole_between
from cardocr_nb.local.engine._tolerances import TOLERANCES
from cardocr_nb.local.engine._value_chains import next_in_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cardocr_nb.local.engine._candidates import Candidate
    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._placed_chars import PlacedChar
    from cardocr_nb.local.engine._segments import Segment

Corners = tuple[tuple[float, float], ...]
"""Of a box, in pixels of the upright image."""
_VOID = 16.0
"""Millimeters of a row that glare may hide: if text follows within, the gap is read again."""
_FULL_LINE = 9.0
"""Heights of a single line of an address beyond which it may go on in another line."""
_FULL_ROW = 9
"""Characters of a full row of an address, at least."""
_LEADING = 1.4
"""Heights from one line to the next, where there is only one."""
_LONGER = 12.0
"""Millimeters by which the place of a value is longer where its label was not read: it may be further right."""
_NUMBERS = "id_number", "licence_number"
_ALIKE = 3
"""Values next to labels that were read, from which the misprint of the card is known."""
UNSURE = 0.6
"""Confidence of all characters of a row together, below which it is recognized again, in a crop of its own."""
_LATE_ROW = 0.5
"""Heights by which a row of an address begins right of the first one, from which it lost a character: 1 and narrow figures less."""
_CROWDED = 1.3
"""Height of a name over that of other values from which it is recognized again without what touches it."""


def place_of_torn(candidate: Candidate, segments: Sequence[Segment], pose: CardPose) -> Corners | None:
    """Corners of a gap in the row of a value that may hide text, in pixels: a wide one, or one among even characters."""
    if candidate.value.is_valid and candidate.field not in ("name", "issuing_authority"):
        return None
    if candidate.field not in ("address", "name", "id_number", "licence_number", "issuing_authority"):
        return None
    hole = hole_between(candidate.segments) if candidate.field != "name" else None
    if candidate.field == "name":
        hole = _open_place([candidate.chars[i] for i in candidate.value.used])
    if hole is not None:
        return _between(*hole)
    if candidate.field == "address":
        missing = _missing_row(candidate, segments, pose)
        if missing is not None:
            return missing
        if not begins_with_region(candidate.value.text):
            return _row_at(candidate, candidate.segments[0].y - _LEADING * candidate.segments[0].height, pose)
    last = candidate.segments[-1]
    after = next_in_row(last, segments, _VOID / last.height)
    if after is None or len(after.chars) < 2 or after in candidate.segments or after.left > pose.layout.portrait[0]:
        return None
    if after.left - last.right < TOLERANCES.word_gap * last.height:
        return None
    return _between(last.chars[-1], after.chars[0])


def places_of_crowded(candidate: Candidate, chosen: Mapping[str, Candidate], pose: CardPose) -> Iterator[Corners]:
    """Upper and lower part of a name that shares its box with a second script, in pixels."""
    others = [
        s.height for field in ("address", "ethnicity", "gender") if field in chosen for s in chosen[field].segments
    ]
    first, last = candidate.segments[0], candidate.segments[-1]
    usual = float(np.median(others)) if others else first.height
    if first.height < _CROWDED * usual:
        return
    left, right = first.left - 0.3 * usual, last.right + 0.3 * usual
    for top in (first.y - first.height / 2 - 0.15 * usual, first.y + first.height / 2 - 1.15 * usual):
        bottom = top + 1.3 * usual
        yield _corners(pose, [(left, top), (right, top), (right, bottom), (left, bottom)])


def places_of_unsure(candidate: Candidate, pose: CardPose) -> Iterator[Corners]:
    """Corners of the rows of a value whose characters are unsure, in pixels: their box may hold two lines, or lie aslant."""
    if candidate.field == "issuing_authority" or (candidate.value.is_valid and candidate.field in _NUMBERS):
        return
    rows: dict[int, list[PlacedChar]] = {}
    for i in candidate.value.used:
        rows.setdefault(candidate.chars[i].line if candidate.field == "address" else 0, []).append(candidate.chars[i])
    for row in rows.values():
        if math.prod(char.char.confidence for char in row) > UNSURE:
            continue
        corners = np.array([pose.on_card(char.corners) for char in row])
        tall = float(np.median(np.ptp(corners[:, :, 1], axis=1)))
        y = float(np.median(corners[:, :, 1].mean(1)))
        left, right = corners[:, :, 0].min() - 0.3 * tall, corners[:, :, 0].max() + 0.3 * tall
        top, bottom = y - 0.8 * tall, y + 0.8 * tall
        yield _corners(pose, [(left, top), (right, top), (right, bottom), (left, bottom)])


def places_of_late_rows(candidate: Candidate, pose: CardPose) -> Iterator[Corners]:
    """Corners of the rows of an address that begin right of its first one, from its column on, in pixels.

    Their first character was lost to the translation of the label in front of it.
    """
    first = candidate.segments[0]
    for row in candidate.segments[1:]:
        tall = first.height
        begins_row = row.y - first.y > 0.6 * tall and all(
            abs(other.y - row.y) > 0.6 * tall or other.left >= row.left for other in candidate.segments
        )
        if begins_row and _LATE_ROW * tall < row.left - first.left < TOLERANCES.indent * tall:
            left, right = first.left - 0.3 * tall, row.right + 0.3 * tall
            low, high = row.y - 0.7 * tall, row.y + 0.7 * tall
            yield _corners(pose, [(left, low), (right, low), (right, high), (left, high)])


def _corners(pose: CardPose, box: Sequence[tuple[float, float]]) -> Corners:
    return tuple((float(x), float(y)) for x, y in pose.on_picture(np.array(box)))


def _open_place(chars: Sequence[PlacedChar]) -> tuple[PlacedChar, PlacedChar] | None:
    """Return two characters of a name with room for another one between them, or None; mostly there is only paper."""
    for one, two in pairwise(chars):
        if one.line != two.line or not (is_han(one) and is_han(two)):
            continue
        start, end = (one.corners[3] + one.corners[2]) / 2, (two.corners[0] + two.corners[1]) / 2
        if np.linalg.norm(end - start) > 0.9 * np.linalg.norm(one.corners[1] - one.corners[0]):
            return one, two
    return None


def _missing_row(candidate: Candidate, segments: Sequence[Segment], pose: CardPose) -> Corners | None:
    """Corners of the row between the last line of an address and a text two lines below it, in pixels."""
    first, last = candidate.segments[0], candidate.segments[-1]
    tall = last.height
    for other in segments:
        down = other.y - last.y
        if other in candidate.segments or abs(other.left - first.left) > TOLERANCES.indent * tall:
            continue
        if 2.1 * tall < down < 3.4 * tall and 0.6 < other.height / tall < 1.6:
            return _row_at(candidate, last.y + down / 2, pose)
    return None


def place_of_following(candidate: Candidate, segments: Sequence[Segment], pose: CardPose) -> Corners | None:
    """Corners of the row under an address whose last line is full, in pixels: the detector may have missed it."""
    levels = sorted({round(s.y, 1) for s in candidate.segments})
    first, last = candidate.segments[0], candidate.segments[-1]
    right = max(s.right for s in candidate.segments)
    full = last.right > right - 2.0 * last.height if len(levels) > 1 else right - first.left > _FULL_LINE * last.height
    # Some cards break an address after a number of characters, narrow ones too.
    full |= len(candidate.segments) > 1 and len(last.chars) >= max(len(first.chars), _FULL_ROW)
    if not full or len(levels) > 3:
        return None
    y = last.y + (levels[-1] - levels[0]) / (len(levels) - 1) if len(levels) > 1 else last.y + _LEADING * last.height
    if any(
        abs(other.y - y) < 0.6 * last.height and first.left - last.height < other.left < right for other in segments
    ):
        return None
    return _row_at(candidate, y, pose)


def _row_at(candidate: Candidate, y: float, pose: CardPose) -> Corners:
    """Corners of a row as long as an address, at a level of the card in millimeters, in pixels."""
    left, right = candidate.segments[0].left, max(s.right for s in candidate.segments)
    low, high = y - 0.8 * candidate.segments[-1].height, y + 0.8 * candidate.segments[-1].height
    return _corners(pose, [(left, low), (right, low), (right, high), (left, high)])


def _between(before: PlacedChar, after: PlacedChar) -> Corners:
    """Corners of the row from one character to another, both in it, in pixels."""
    start, end = before.corners, after.corners
    more = 0.2 * (start[1] - start[0])
    corners = np.array([start[0] - more, end[3] - more, end[2] + more, start[1] + more])
    return tuple((float(x), float(y)) for x, y in corners)


def misprint(chosen: Mapping[str, Candidate], labels: Mapping[str, LabelPlace]) -> float:
    """Millimeters by which values are below their labels: all values of a card are printed off the form alike."""
    downs = [
        c.segments[0].y - labels[f].y for f, c in chosen.items() if f in labels and labels[f].sure and c.distance < 3
    ]
    return float(np.median(downs)) if len(downs) >= _ALIKE else 0.0


def places_of_value(
    field: str, pose: CardPose, labels: dict[str, LabelPlace], height: float, shift: float
) -> Iterator[Corners]:
    """Where the value of a field may be, in pixels: with and without the misprint; for a number without a label as each form has it."""
    layouts = LAYOUTS["DriverLicense"] if field == "licence_number" and not labels[field].sure else (pose.layout,)
    for layout in sorted(layouts, key=lambda layout: layout is not pose.layout):
        slot = layout.fields[field]
        half = len(slot.label) * LETTER / 2
        place = LabelPlace(slot.center[0] - half, slot.center[0] + half, slot.center[1], sure=False)
        around = labels if layout is pose.layout else labels | {field: place}
        for by in (shift, 0.0):
            yield place_of_value(field, replace(pose, layout=layout), around, height, by)


def place_of_value(
    field: str,
    pose: CardPose,
    labels: dict[str, LabelPlace],
    height: float,
    shift: float = 0.0,
    *,
    over: bool = False,
) -> Corners:
    """Corners of the row next to a label, or `over` and next to it, up to the next label or the end of the value, in pixels; `shift` as from `misprint`."""
    label, slot = labels[field], pose.layout.fields[field]
    nexts = [o.left for o in labels.values() if o.left > label.right and abs(o.y - label.y) < 1.5 * height]
    end = slot.value.right + (20 if slot.value.long else 4) + (label.right - slot.center[0] - 1.1 * len(slot.label))
    end += _LONGER if (over or field == "licence_number") and not label.sure else 0.0
    # A single character printed off the form may touch its label and be taken for a part of it.
    begin = label.left + 1.6 * height if field == "gender" else label.right + 0.3 * height
    begin = label.left if over else begin
    left, right = begin, min([end, pose.layout.size[0], *(n - 0.3 * height for n in nexts)])
    top, bottom = label.y + shift - height, label.y + shift + height
    corners = np.array(
        [(left, top), (max(right, left + height), top), (max(right, left + height), bottom), (left, bottom)]
    )
    return tuple((float(x), float(y)) for x, y in pose.on_picture(corners))
