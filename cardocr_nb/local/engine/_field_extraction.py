"""Fourth step: extract the fields of the card from the lines on it.

Lines are cut into segments, each field gets its candidates among them, and the joint assignment that costs least wins. Labels
that were read are anchors, not conditions. What was dropped next to a value, or is cut by the edge of the picture, is
counted against it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb.local.engine._assignment import assign
from cardocr_nb.local.engine._candidates import (
    Candidate,
    Surroundings,
    candidates,
    next_in_row,
    rows_are_full,
    spacing_is_even,
)
from cardocr_nb.local.engine._card_pose import estimate_pose, place_chars
from cardocr_nb.local.engine._field_rules import apply_rules
from cardocr_nb.local.engine._segments import hole_between, label_places, segments_of
from cardocr_nb.local.engine._tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._card_pose import CardPose, PlacedChar
    from cardocr_nb.local.engine._field_value import Value
    from cardocr_nb.local.engine._recognition import Line
    from cardocr_nb.local.engine._segments import LabelPlace, Segment

_VOID = 16.0
"""Millimeters of a row that glare may hide: if text follows within, the gap is read again."""
_TRUSTED, _TRUSTED_NAME = 0.6, 0.45
_DOUBT_DROPPED, _DOUBT_EDGE, _DOUBT_UNEVEN, _DOUBT_HOLE, _DOUBT_PLACE = 0.55, 0.6, 0.4, 0.6, 0.85
"""Factors of the score: text dropped next to the value, value at the edge of the picture, a row or a character
missing, an unsure place."""

_FULL_LINE = 9.0
"""Heights of a single line of an address beyond which it may go on in another line."""
_LEADING = 1.4
"""Heights from one line to the next, where there is only one."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """A field with the characters that it was made from.

    Attributes
    ----------
    field : str
        Canonical name.
    label : str
        As the service names it.
    value : Value
    chars : tuple of PlacedChar
        In reading order.
    doubt : float
        Factor of the score for what is around the value, 0 to 1.
    """

    field: str
    label: str
    value: Value
    chars: tuple[PlacedChar, ...]
    doubt: float = 1.0


@dataclass(frozen=True, slots=True)
class Gap:
    """Where the value of a field must be, though nothing certain was read there.

    Attributes
    ----------
    field, label : str
    box : tuple of (float, float)
        Corners in pixels of the upright image, in the order of `Detection.boxes`.
    torn : bool
        Whether more of the value is beyond: the box holds one more line for `extract_fields`.
    """

    field: str
    label: str
    box: tuple[tuple[float, float], ...]
    torn: bool = False


@dataclass(frozen=True, slots=True)
class Extraction:
    """The fields of one card.

    Attributes
    ----------
    pose : CardPose or None
        None where no card of the type was found.
    fields : dict of str to Extracted
    gaps : tuple of Gap
        Worth a second look with `reread_gap`.
    unexplained : tuple of Segment
        Texts on the card that belong to no field.
    further : tuple of (float, float) or None
        Corners in pixels of the row under an address whose last line is full, where no text was detected.
    """

    pose: CardPose | None
    fields: dict[str, Extracted]
    gaps: tuple[Gap, ...] = ()
    unexplained: tuple[Segment, ...] = ()
    further: tuple[tuple[float, float], ...] | None = None


def extract_fields(
    lines: Sequence[Line], card_type: str, labels: dict[str, str], size: tuple[int, int] | None = None
) -> Extraction:
    """Extract the fields of a card.

    Parameters
    ----------
    lines : sequence of Line
    card_type : str
        ``IDCard`` or ``DriverLicense``.
    labels : dict of str to str
        Name of each field in the response.
    size : (int, int), optional
        Width and height of the picture: values at its edge may be cut.
    """
    rows = place_chars(lines)
    pose = estimate_pose(rows, LAYOUTS[card_type], card_type)
    if pose is None:
        return Extraction(None, {})
    places, height = label_places(pose)
    found, valid_from = segments_of(rows, pose, height)
    segments = [s for s in found if not s.pale]
    fields = dict(pose.layout.fields)
    if valid_from is not None:
        places, fields = places | {"valid_from": valid_from}, fields | {"valid_from": fields["valid_period"]}
    around = Surroundings(card_type, places, fields, segments, pose.layout.size[0])
    chosen = assign({field: candidates(field, around) for field in fields})
    used = {(c.chars[i].line, c.chars[i].place) for c in chosen.values() for i in c.value.used}
    rest = tuple(s for s in found if not s.ids & used)
    extracted, gaps = {}, []
    for field in pose.layout.fields:
        candidate = chosen.get(field)
        slot = fields[field]
        if candidate is None or candidate.value.is_valid is False:
            if slot.label and not slot.block:
                gaps.append(Gap(field, labels[field], _place_of_value(field, pose, places, height)))
            if candidate is None:
                continue
        chars = tuple(candidate.chars[i] for i in candidate.value.used)
        doubt = _doubt(candidate, rest, places[field], size)
        torn = _torn(candidate, segments, pose)
        if torn is not None:
            gaps.append(Gap(field, labels[field], torn, torn=True))
        extracted[field] = Extracted(field, labels[field], candidate.value, chars, doubt)
    further = _following_row(chosen["address"], segments, pose) if "address" in chosen else None
    return Extraction(pose, extracted, tuple(gaps), tuple(s for s in rest if not s.pale), further)


def _doubt(
    candidate: Candidate,
    rest: Sequence[Segment],
    label: LabelPlace,
    size: tuple[int, int] | None,
) -> float:
    """Factor of the score for what is around a value."""
    doubt = 1.0
    long = candidate.field in ("address", "issuing_authority", "name")
    if candidate.field in ("address", "issuing_authority") and hole_between(candidate.segments) is not None:
        doubt *= _DOUBT_HOLE
    for segment in candidate.segments if long else ():
        if any(_touches(segment, other) for other in rest if other.ids.isdisjoint(segment.ids)):
            doubt *= _DOUBT_DROPPED
            break
    if candidate.field == "issuing_authority" and not spacing_is_even(candidate.segments):
        doubt *= _DOUBT_UNEVEN
    if candidate.field == "issuing_authority" and len(candidate.segments) > 1 and not rows_are_full(candidate.segments):
        doubt *= _DOUBT_UNEVEN
    if not label.sure and candidate.distance > 2.0 and not candidate.value.is_valid:
        doubt *= _DOUBT_PLACE
    if size is not None:
        corners = np.concatenate([c.corners for c in candidate.chars])
        tall = float(np.median([np.linalg.norm(c.corners[1] - c.corners[0]) for c in candidate.chars]))
        near = 0.35 * tall
        at_edge = (corners < near).any() or (corners > np.array(size) - near).any()
        if at_edge and not candidate.value.is_valid:
            doubt *= _DOUBT_EDGE
    return doubt


def _touches(segment: Segment, other: Segment) -> bool:
    """Whether a text that belongs to no field is so near that it may be a part of a value."""
    tall = segment.height
    if not 0.45 < other.height / tall < 2.0 or (segment.redness > 0.4) != (other.redness > 0.4):
        return False
    level = abs(other.y - segment.y)
    adjacent = level < 0.5 * tall and -0.5 * tall < other.left - segment.right < 2.0 * tall
    overlap = min(segment.right, other.right) - max(segment.left, other.left)
    stacked = 0.7 * tall < level < 3.0 * tall and overlap > 0.5 * min(other.right - other.left, 3 * tall)
    return adjacent or (stacked and len(other.chars) > 1)


def _torn(candidate: Candidate, segments: Sequence[Segment], pose: CardPose) -> tuple[tuple[float, float], ...] | None:
    """Corners of a gap in the row of a value that may hide text, in pixels: a wide one, or one among even characters."""
    if candidate.value.is_valid and candidate.field not in ("name", "issuing_authority"):
        return None
    if candidate.field not in ("address", "name", "id_number", "licence_number", "issuing_authority"):
        return None
    hole = hole_between(candidate.segments) if candidate.field != "name" else None
    if hole is not None:
        return _between(*hole)
    if candidate.field == "address":
        missing = _missing_row(candidate, segments, pose)
        if missing is not None:
            return missing
    last = candidate.segments[-1]
    after = next_in_row(last, segments, _VOID / last.height)
    if after is None or len(after.chars) < 2 or after in candidate.segments or after.left > pose.layout.portrait[0]:
        return None
    if after.left - last.right < TOLERANCES.word_gap * last.height:
        return None
    return _between(last.chars[-1], after.chars[0])


def _missing_row(
    candidate: Candidate, segments: Sequence[Segment], pose: CardPose
) -> tuple[tuple[float, float], ...] | None:
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


def _following_row(
    candidate: Candidate, segments: Sequence[Segment], pose: CardPose
) -> tuple[tuple[float, float], ...] | None:
    """Corners of the row under an address whose last line is full, in pixels: the detector may have missed it."""
    levels = sorted({round(s.y, 1) for s in candidate.segments})
    first, last = candidate.segments[0], candidate.segments[-1]
    right = max(s.right for s in candidate.segments)
    full = last.right > right - 2.0 * last.height if len(levels) > 1 else right - first.left > _FULL_LINE * last.height
    if not full or len(levels) > 3:
        return None
    y = last.y + (levels[-1] - levels[0]) / (len(levels) - 1) if len(levels) > 1 else last.y + _LEADING * last.height
    if any(
        abs(other.y - y) < 0.6 * last.height and first.left - last.height < other.left < right for other in segments
    ):
        return None
    return _row_at(candidate, y, pose)


def _row_at(candidate: Candidate, y: float, pose: CardPose) -> tuple[tuple[float, float], ...]:
    """Corners of a row as long as an address, at a level of the card in millimeters, in pixels."""
    left, right, tall = (
        candidate.segments[0].left,
        max(s.right for s in candidate.segments),
        candidate.segments[-1].height,
    )
    low, high = y - 0.8 * tall, y + 0.8 * tall
    corners = pose.on_picture(np.array([(left, low), (right, low), (right, high), (left, high)]))
    return tuple((float(x), float(y)) for x, y in corners)


def _between(before: PlacedChar, after: PlacedChar) -> tuple[tuple[float, float], ...]:
    """Corners of the row from one character to another, both in it, in pixels."""
    start, end = before.corners, after.corners
    more = 0.2 * (start[1] - start[0])
    corners = np.array([start[0] - more, end[3] - more, end[2] + more, start[1] + more])
    return tuple((float(x), float(y)) for x, y in corners)


def reread_gap(gap: Gap, line: Line, card_type: str) -> Extracted | None:
    """Make a field from a second look, or return None where it shows nothing that can be trusted.

    Parameters
    ----------
    gap : Gap
        From `extract_fields`.
    line : Line
        The text of its box.
    card_type : str
    """
    value = apply_rules(gap.field, card_type, line.chars)
    if (
        value is None
        or value.is_valid is False
        or min(value.confidences) < (_TRUSTED_NAME if gap.field == "name" else _TRUSTED)
    ):
        return None
    if len(value.text) < len(line.chars) - 1 and not value.is_valid:
        return None
    (row,) = place_chars([line])
    return Extracted(gap.field, gap.label, value, tuple(row[i] for i in value.used), _DOUBT_PLACE)


def _place_of_value(
    field: str, pose: CardPose, labels: dict[str, LabelPlace], height: float
) -> tuple[tuple[float, float], ...]:
    """Corners of the row next to a label, up to the next label or the end of the value, in pixels."""
    label, slot = labels[field], pose.layout.fields[field]
    nexts = [o.left for o in labels.values() if o.left > label.right and abs(o.y - label.y) < 1.5 * height]
    end = slot.value.right + (20 if slot.value.long else 4) + (label.right - slot.center[0] - 1.1 * len(slot.label))
    left, right = label.right + 0.3 * height, min([end, pose.layout.size[0], *(n - 0.3 * height for n in nexts)])
    top, bottom = label.y - height, label.y + height
    corners = np.array(
        [(left, top), (max(right, left + height), top), (max(right, left + height), bottom), (left, bottom)]
    )
    return tuple((float(x), float(y)) for x, y in pose.on_picture(corners))


def with_field(extraction: Extraction, extracted: Extracted) -> Extraction:
    """Return an extraction with one more field."""
    return replace(extraction, fields={**extraction.fields, extracted.field: extracted})
