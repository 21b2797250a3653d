"""Third step, second half: which characters belong to which field.

A character belongs to the field whose label stands in its row and nearest before it; a label that was not read is taken to
stand where the frame has it. What lies outside, runs in another direction or has another size is not the card's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from cardocr_nb.local.engine import _card_pose as frames
from cardocr_nb.local.engine._field_rules import settle
from cardocr_nb.local.engine._layout import LAYOUTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose, PlacedChar
    from cardocr_nb.local.engine._field_value import Value
    from cardocr_nb.local.engine._layout import FieldGeometry
    from cardocr_nb.local.engine._recognition import Line

_ROW = 3.4
_GAP = 4.5
"""Millimeters; a value is not torn apart as widely."""
_VOID = 16.0
"""Millimeters of a row that glare may hide: what follows within is worth a look at what lies between."""
_INDENT = 4.0
"""Millimeters by which a further line of a value may begin elsewhere than the first."""
_LEADING = 6.5
"""Millimeters from one line of a value to the next, at most."""
_SLANT = 0.2
_SIZES = 0.62, 2.2
"""Height of a value's characters over that of the labels'."""
_LETTER = 3.1
"""Millimeters that a character of a label takes where the label was not read."""
_SPILL = 6.0
"""Millimeters that a value may seem to run over on a tilted card."""
_LETTERS = re.compile("[A-Za-z.]*[a-z.]")
_TRUSTED = 0.6
_SAME = 0.6
"""Part of its width by which a character must be off to be another one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A field with the characters that it was made from.

    Attributes
    ----------
    field : str
        Canonical name.
    label : str
        As printed.
    value : Value
    glyphs : tuple of Glyph
        In reading order.
    """

    field: str
    label: str
    value: Value
    glyphs: tuple[PlacedChar, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a field's value must stand, though nothing good was read there.

    Attributes
    ----------
    field, label : str
    box : tuple of (float, float)
        Corners in pixels of the upright image, in the order of `Detection.boxes`.
    torn : bool
        Whether more of the value stands beyond: what the box says is one more line for `name`.
    """

    field: str
    label: str
    box: tuple[tuple[float, float], ...]
    torn: bool = False


@dataclass(frozen=True, slots=True)
class _Label:
    left: float
    right: float
    y: float


def name(lines: Sequence[Line], card_type: str) -> tuple[list[Reading], list[Gap]]:
    """Name what stands on a card; nothing where there is no card of the type.

    Parameters
    ----------
    lines : sequence of Line
    card_type : str
        ``IDCard`` or ``DriverLicense``.

    Returns
    -------
    readings : list of Reading
        In the card's order.
    gaps : list of Gap
        Worth a second look with `fill`.
    """
    rows = frames.glyphs(lines)
    card = frames.fit(rows, LAYOUTS[card_type])
    if card is None:
        return [], []
    labels, height = printed_labels(card)
    members = _members(rows, card, labels, height)
    readings, gaps = [], []
    for field, slot in card.layout.slots.items():
        ordered, tear = _in_order(members.get(field, []), one_row=not slot.block and slot.below <= _ROW)
        value = settle(field, card_type, [g.char for g, _ in ordered])
        if value is not None and value.lawful is None and tear and tear[1][1][0] < slot.right:
            gaps.append(Gap(field, slot.label, _between(*(glyph for glyph, _ in tear)), torn=True))
            value = replace(value, lawful=False)
        elif (value is None or value.lawful is False) and not slot.block:
            gaps.append(Gap(field, slot.label, _beside(field, card, labels, height)))
        if value is not None:
            readings.append(Reading(field, slot.label, value, tuple(ordered[i][0] for i in value.used)))
    return readings, gaps


def fill(gap: Gap, line: Line, card_type: str) -> Reading | None:
    """Make a field from a second look, or None where it shows nothing that can be trusted.

    Parameters
    ----------
    gap : Gap
        From `name`.
    line : Line
        What its box says.
    card_type : str
    """
    value = settle(gap.field, card_type, line.chars)
    if value is None or value.lawful is False or min(value.probs) < _TRUSTED:
        return None
    (row,) = frames.glyphs([line])
    return Reading(gap.field, gap.label, value, tuple(row[i] for i in value.used))


def _beside(field: str, card: CardPose, labels: dict[str, _Label], height: float) -> tuple[tuple[float, float], ...]:
    """Corners of the row beside a label, up to the next label or the value's end, in pixels."""
    import numpy as np

    label = labels[field]
    nexts = [o.left for o in labels.values() if o.left > label.right and abs(o.y - label.y) < _ROW]
    left, right = label.right + 0.3 * height, min([card.layout.slots[field].right, *(n - 0.3 * height for n in nexts)])
    top, bottom = label.y - height, label.y + height
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return tuple((float(x), float(y)) for x, y in card.on_picture(corners))


def _between(before: PlacedChar, after: PlacedChar) -> tuple[tuple[float, float], ...]:
    """Corners of the row from one character to another, both in it, in pixels."""
    import numpy as np

    start, end = before.corners, after.corners
    more = 0.2 * (start[1] - start[0])
    corners = np.array([start[0] - more, end[3] - more, end[2] + more, start[1] + more])
    return tuple((float(x), float(y)) for x, y in corners)


Placed = tuple["PlacedChar", "NDArray[np.float64]"]


def _members(
    rows: Sequence[Sequence[PlacedChar]], card: CardPose, labels: dict[str, _Label], height: float
) -> dict[str, list[Placed]]:
    """The characters of each field with their places on the card."""
    import numpy as np

    taken = {(g.line, g.place) for anchor in card.anchors.values() for g in anchor.glyphs}
    own = (row for row in map(_without_words, rows) if row and _of_the_card(row, card, height))
    rest = [glyph for row in own for glyph in row if (glyph.line, glyph.place) not in taken]
    members: dict[str, list[Placed]] = {}
    if not rest:
        return members
    places = card.on_card(np.array([glyph.center for glyph in rest]))
    slots = card.layout.slots
    costs = np.array([_costs(places, labels[field], slot) for field, slot in slots.items()])
    fields = list(slots)
    for glyph, place, cheapest, cost in zip(rest, places, costs.argmin(0).tolist(), costs.min(0).tolist(), strict=True):
        if cost < np.inf:
            members.setdefault(fields[cheapest], []).append((glyph, place))
    return members


def printed_labels(card: CardPose) -> tuple[dict[str, _Label], float]:
    """Where each label stands on the card, read or not, and how high the labels are."""
    import numpy as np

    labels, heights = {}, []
    for field, slot in card.layout.slots.items():
        anchor = card.anchors.get(field)
        if anchor is None:
            x, y = slot.center
            half = len(slot.label) * _LETTER / 2
            labels[field] = _Label(x - half, x + half, y)
            continue
        corners = card.on_card(np.concatenate([g.corners for g in anchor.glyphs]))
        labels[field] = _Label(
            float(corners[:, 0].min()), float(corners[:, 0].max()), float(card.on_card(anchor.center[None])[0, 1])
        )
        heights += [float(np.ptp(corners[4 * i : 4 * i + 2, 1])) for i in range(len(anchor.glyphs))]
    return labels, float(np.median(heights))


def _without_words(row: Sequence[PlacedChar]) -> list[PlacedChar]:
    """A line without words in Latin letters: labels are translated so, and a value may stand in one box with them."""
    text = "".join(g.char.text if len(g.char.text) == 1 else " " for g in row)
    words = [range(*found.span()) for found in _LETTERS.finditer(text) if sum(map(str.islower, found[0])) > 1]
    return [glyph for place, glyph in enumerate(row) if not any(place in word for word in words)]


def _of_the_card(row: Sequence[PlacedChar], card: CardPose, height: float) -> bool:
    """Whether a line runs along the card in a size that its values have."""
    import numpy as np

    first = card.on_card(row[0].corners)
    last = card.on_card(row[-1].corners)
    along = (last[2] + last[3] - first[0] - first[1]) / 2
    heights = np.linalg.norm([g.corners[1] - g.corners[0] for g in row] @ card.matrix[:, :2].T, axis=1)
    slant = abs(float(np.arctan2(along[1], along[0])))
    return slant < _SLANT and heights.max() > _SIZES[0] * height and float(np.median(heights)) < _SIZES[1] * height


def _costs(places: NDArray[np.float64], label: _Label, slot: FieldGeometry) -> NDArray[np.float64]:
    """How badly characters fit a field, infinite where they cannot belong to it."""
    import numpy as np

    x, y = places.T
    down = y - label.y
    if slot.block:
        return np.where((x > label.left - 2) & (x < slot.right) & (down > 2) & (down < slot.below), 1.5, np.inf)
    within = (x > label.right) & (x < slot.right + _SPILL) & (down > -_ROW) & (down < slot.below)
    return np.where(within, np.minimum(abs(down), 2.5) + 0.02 * (x - label.right), np.inf)


def _in_order(members: Sequence[Placed], *, one_row: bool) -> tuple[list[Placed], tuple[Placed, Placed] | None]:
    """Characters as they are read, up to the first wide gap of a row; a value of several lines ends where lines end.

    Also what stands on both sides of a gap that may have been text.
    """
    import numpy as np

    by_line: dict[int, list[Placed]] = {}
    for glyph, place in members:
        by_line.setdefault(glyph.line, []).append((glyph, place))
    lines = [(float(np.mean([p[1] for _, p in part])), part) for part in by_line.values()]
    rows: list[list[Placed]] = []
    level = -np.inf
    for y, part in sorted(lines, key=lambda line: line[0]):
        if one_row or (rows and y - level < 2):
            rows[-1:] = [[*rows[-1], *part]] if rows else [part]
        else:
            rows.append(part)
        level = y
    ordered: list[Placed] = []
    tear: tuple[Placed, Placed] | None = None
    begin: NDArray[np.float64] | None = None
    for row in rows:
        once = _once(sorted(row, key=lambda placed: float(placed[1][0])))
        first = once[0][1]
        if begin is not None and (abs(first[0] - begin[0]) > _INDENT or first[1] - begin[1] > _LEADING):
            break
        begin = first
        end = next((i for i, (one, two) in enumerate(pairwise(once), 1) if two[1][0] - one[1][0] > _GAP), len(once))
        ordered += once[:end]
        if end < len(once) - 1 and once[end][1][0] - once[end - 1][1][0] < _VOID:
            tear = once[end - 1], once[end]
    return ordered, tear


def _once(row: Sequence[Placed]) -> list[Placed]:
    """A row without the characters that two overlapping boxes both hold: the surer one stays."""
    import numpy as np

    kept: list[Placed] = []
    held: set[int] = set()
    for glyph, place in row:
        # A line that holds the last character already goes on with the next one, however near.
        if kept and glyph.line not in held:
            last = kept[-1][0]
            side, other = glyph.corners[3] - glyph.corners[0], last.corners[3] - last.corners[0]
            near = np.linalg.norm(glyph.center - last.center) < _SAME * max(np.linalg.norm(side), np.linalg.norm(other))
            if near:
                held.add(glyph.line)
                if glyph.char.prob > last.char.prob:
                    kept[-1] = glyph, place
                continue
        kept.append((glyph, place))
        held = {glyph.line}
    return kept
