"""Signs around a value and in its characters that something is missing or wrong: factors of its score."""

from __future__ import annotations

import re
from itertools import pairwise
from string import ascii_letters
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._block_shapes import is_square, rows_are_full, spacing_is_even
from cardocr_nb.local.engine._field_rules import words_of_permission
from cardocr_nb.local.engine._kind_costs import begins_with_region
from cardocr_nb.local.engine._placed_chars import is_han
from cardocr_nb.local.engine._segments import hole_between
from cardocr_nb.local.engine._surnames import begins_with_surname

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cardocr_nb.local.engine._candidates import Candidate
    from cardocr_nb.local.engine._label_places import LabelPlace
    from cardocr_nb.local.engine._placed_chars import PlacedChar
    from cardocr_nb.local.engine._segments import Segment

_RED = 0.4
_LATE = 0.75, 5.0
"""Heights by which an address that lost its beginning starts right of the values above it."""
_DOUBLE = 1.6
"""Usual widths of a character from which another one is in its ink."""
_EARLY = 0.9
"""Heights by which a name that has characters of another text in front begins left of the values below it."""
_SHORT_ROW = 7
"""Characters of a row of an address below which it is the last one, or was not read to its end."""
_WIDE_END, _WIDTHS = 1.35, 3
"""Width of the last character of a line over those before it from which it has the ink of another one, cut by a portrait, and how many
of those there must be."""
_BEYOND = 1.6
"""Steps of a row from the middle of its last but one Chinese character to the end of the ink, from which another character, cut by a
portrait, has ink there: 1.5 and less in 662 rows, 1.7 and more in 11 cut ones."""
_LEFT_OUT = 0.4
"""Widths of a character by which ink that was left out goes on after the last one that was kept."""
_OPEN_END = re.compile(r"[^\d-]\d{1,3}$")
"""An address whose last number has no 号, 室 or the like."""
_STRAY = re.compile("(?<![0-9A-Za-z附-])[A-Za-z](?![0-9A-Za-z座栋幢区楼单号室段院组排层门馆-])|小[0-9]")
"""A letter that names no part of a house, and a residential quarter (小区) without its second character."""
DOUBT_PLACE = 0.85
_DOUBT_DROPPED, _DOUBT_EDGE, _DOUBT_UNEVEN, _DOUBT_HOLE, DOUBT_LOST = 0.55, 0.6, 0.4, 0.6, 0.6
"""Factors of the score: an unsure place; text dropped next to the value, value at the edge of the picture, a row or a character
missing, an uneven row, signs that a character was lost or that an address does not begin with a region."""


def doubt_of(
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
        others = (other for other in rest if other.ids.isdisjoint(segment.ids))
        if any(touches(segment, other) and not is_the_ink_of(candidate.segments, other) for other in others):
            doubt *= _DOUBT_DROPPED
            break
    if candidate.field == "issuing_authority" and not spacing_is_even(candidate.segments):
        doubt *= _DOUBT_UNEVEN
    if candidate.field == "issuing_authority" and len(candidate.segments) > 1 and not rows_are_full(candidate.segments):
        doubt *= _DOUBT_UNEVEN
    if candidate.field == "issuing_authority" and all(s.redness > _RED for s in candidate.segments):
        doubt *= 1.0 if is_square(candidate.segments) else _DOUBT_UNEVEN
    if candidate.field == "address" and not begins_with_region(candidate.value.text):
        doubt *= DOUBT_LOST
    if candidate.field in ("name", "address"):
        doubt *= _doubt_of_characters(candidate)
    if not label.sure and candidate.distance > 2.0 and not candidate.value.is_valid:
        doubt *= DOUBT_PLACE
    if size is not None:
        corners = np.concatenate([c.corners for c in candidate.chars])
        tall = float(np.median([np.linalg.norm(c.corners[1] - c.corners[0]) for c in candidate.chars]))
        near = 0.35 * tall
        at_edge = (corners < near).any() or (corners > np.array(size) - near).any()
        if at_edge and not candidate.value.is_valid:
            doubt *= _DOUBT_EDGE
    return doubt


def starts_late(candidate: Candidate, chosen: Mapping[str, Candidate]) -> bool:
    """Whether an address begins a character or more right of the column in which the values above it begin."""
    if candidate.field != "address":
        return False
    first = candidate.segments[0]
    starts = [chosen[field].segments[0].left for field in ("name", "gender") if field in chosen]
    late = first.left - min(starts, default=first.left)
    return _LATE[0] * first.height < late < _LATE[1] * first.height


def starts_early(candidate: Candidate, chosen: Mapping[str, Candidate]) -> bool:
    """Whether the name of an identity card begins a character or more left of the column in which the values below it begin."""
    if candidate.field != "name":
        return False
    first = candidate.segments[0]
    starts = [chosen[f].segments[0].left for f in ("gender", "birth_date", "address") if f in chosen]
    return len(starts) > 1 and first.left < float(np.median(starts)) - _EARLY * first.height


def is_no_han_name(candidate: Candidate, chosen: Mapping[str, Candidate]) -> bool:
    """Whether the name of a Han person on an identity card begins with no surname: with print of the form, or a misread character."""
    group = chosen.get("ethnicity")
    if candidate.field != "name" or group is None or group.value.text != "汉":
        return False
    return not begins_with_surname(candidate.value.text)


def _ends_early(candidate: Candidate) -> bool:
    """Whether a row of an address that is not its last one has too few characters: the rest of it was not read."""
    rows: list[int] = []
    level = -np.inf
    for segment in candidate.segments:
        if abs(segment.y - level) > 0.6 * segment.height:
            rows.append(0)
            level = segment.y
        rows[-1] += len(segment.chars)
    return len(rows) > 1 and min(rows[:-1]) < _SHORT_ROW


def _ends_within_ink(used: Sequence[PlacedChar]) -> bool:
    """Whether the ink of a line goes on after its last Chinese character: the next one was not read."""
    by_line: dict[int, list[PlacedChar]] = {}
    for char in used:
        by_line.setdefault(char.line, []).append(char)
    for line in by_line.values():
        before = [_width(c) for c in line[:-1] if is_han(c)]
        if len(before) < _WIDTHS or not is_han(line[-1]):
            continue
        steps = [float(np.linalg.norm(b.center - a.center)) for a, b in pairwise(line) if is_han(a) and is_han(b)]
        end = (line[-1].corners[2] + line[-1].corners[3]) / 2
        reach = float(np.linalg.norm(end - line[-2].center)) if is_han(line[-2]) and len(steps) >= _WIDTHS else 0.0
        if _width(line[-1]) > _WIDE_END * float(np.median(before)) or reach > _BEYOND * float(
            np.median(steps or [1.0])
        ):
            return True
    return False


def _goes_on(candidate: Candidate, usual: float) -> bool:
    """Whether ink that was left out follows the last character of a value in its line."""
    last = candidate.chars[candidate.value.used[-1]]
    after = [c for c in candidate.chars[candidate.value.used[-1] + 1 :] if c.line == last.line]
    return bool(after) and float(np.linalg.norm(after[-1].corners[3] - last.corners[3])) > _LEFT_OUT * usual


def _width(char: PlacedChar) -> float:
    return float(np.linalg.norm(char.corners[3] - char.corners[0]))


def _doubt_of_characters(candidate: Candidate) -> float:
    """Factor of the score for signs that a character was lost: one as wide as two, one that was dropped, an open end."""
    used = [candidate.chars[i] for i in candidate.value.used]
    wide = np.array([_width(c) for c in used if is_han(c)])
    high = np.array([np.linalg.norm(c.corners[1] - c.corners[0]) for c in used if is_han(c)])
    doubt = 1.0
    if _ends_within_ink(used) or (len(wide) > 0 and _goes_on(candidate, float(np.median(wide)))):
        doubt *= DOUBT_LOST
    if len(wide) and wide.max() > _DOUBLE * min(float(np.median(wide)), 1.2 * float(np.median(high))):
        doubt *= DOUBT_LOST
    if candidate.field == "name" and len(used) < len(candidate.chars):
        left_out = [c for i, c in enumerate(candidate.chars) if i not in candidate.value.used]
        sizes = [_width(c) for c in left_out]
        if max(sizes) > 0.5 * float(np.median(wide)):
            doubt *= DOUBT_LOST
    if candidate.field == "address":
        text = candidate.value.text
        strange = _OPEN_END.search(text) is not None or _STRAY.search(text) is not None
        cut = strange or _ends_early(candidate) or words_of_permission([c.char for c in candidate.chars])
        doubt *= DOUBT_LOST if cut else 1.0
    return doubt


def touches(segment: Segment, other: Segment) -> bool:
    """Whether a text that belongs to no field is so near that it may be a part of a value."""
    tall = segment.height
    if not 0.45 < other.height / tall < 2.0 or (segment.redness > 0.4) != (other.redness > 0.4):
        return False
    level = abs(other.y - segment.y)
    adjacent = level < 0.5 * tall and -0.5 * tall < other.left - segment.right < 2.0 * tall
    before = level < 0.6 * tall and -0.3 * tall < segment.left - other.right < 0.8 * tall and not other.pale
    adjacent |= before and is_han(other.chars[-1])
    overlap = min(segment.right, other.right) - max(segment.left, other.left)
    stacked = 0.7 * tall < level < 3.0 * tall and overlap > 0.5 * min(other.right - other.left, 3 * tall)
    # Latin letters above or below a value are the translation of a label.
    return adjacent or (stacked and len(other.chars) > 1 and not set(other.text) <= set(ascii_letters))


def is_the_ink_of(segments: Sequence[Segment], other: Segment) -> bool:
    """Whether a text is within the ink of a value: the same characters in another box, as rows of a seal that was read row by row."""
    return any(
        s.left - 0.5 * s.height < other.left
        and other.right < s.right + 0.5 * s.height
        and abs(other.y - s.y) < 0.5 * max(s.height, other.height)
        for s in segments
    )
