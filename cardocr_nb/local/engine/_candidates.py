"""Candidates: the segments that may be the value of a field, by what they are and where they are.

A value chooses its field by its kind (a number with check digit, a date, a class, 男 or 女, a nation, the grammar of an
address) as well as by its place after a label that was read, or, where the label was not read, by the place that the layout
gives. Costs are squares of departures in units of `TOLERANCES`; a kind that fits takes some of the cost away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._block_shapes import is_square
from cardocr_nb.local.engine._field_rules import apply_rules
from cardocr_nb.local.engine._kind_costs import kind_cost
from cardocr_nb.local.engine._segments import segment_of
from cardocr_nb.local.engine._tolerances import TOLERANCES
from cardocr_nb.local.engine._value_chains import chains_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._field_value import Value
    from cardocr_nb.local.engine._placed_chars import PlacedChar
    from cardocr_nb.local.engine._segments import Segment
    from cardocr_nb.local.engine._value_chains import Surroundings

NO_VALUE = 5.0
"""Cost of a field without a value: a candidate must be cheaper."""
_MOST = 6
_BELOW = 1.0
"""Cost of a value below its label instead of next to it."""
_BEHIND = 6.0
"""Cost of another label between a label and its value."""
_ANYWHERE = 5.0
"""Cost of the place of a value that shows by itself which field it is, at most."""
_SEAL_READ = -6.0
"""Cost of an authority that was read from the square of a seal."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a field may have.

    Attributes
    ----------
    field : str
    value : Value
    chars : tuple of PlacedChar
        Those that `value` may use, in reading order.
    segments : tuple of Segment
    cost : float
        The lower, the likelier.
    distance : float
        The part of the cost that comes from its place.
    """

    field: str
    value: Value
    chars: tuple[PlacedChar, ...]
    segments: tuple[Segment, ...]
    cost: float
    distance: float


def candidates(field: str, around: Surroundings) -> list[Candidate]:
    """Return the likeliest candidates of a field, the likeliest first."""
    found = []
    for chain in chains_of(field, around):
        candidate = _candidate(field, chain, around)
        if candidate is not None and candidate.cost < NO_VALUE:
            found.append(candidate)
    found.sort(key=lambda c: c.cost)
    return found[:_MOST]


def seal_candidates(rows: Sequence[Sequence[PlacedChar]], pose: CardPose) -> list[Candidate]:
    """Return the authority as the rows of a seal that was found by its ink have it."""
    chars = tuple(char for row in rows for char in row)
    value = apply_rules("issuing_authority", "DriverLicense", [c.char for c in chars])
    if value is None:
        return []
    return [Candidate("issuing_authority", value, chars, tuple(segment_of(row, pose) for row in rows), _SEAL_READ, 0.0)]


def _candidate(field: str, chain: Sequence[Segment], around: Surroundings) -> Candidate | None:
    chars = tuple(c for segment in chain for c in segment.chars)
    value = apply_rules(field, around.card_type, [c.char for c in chars])
    if value is None:
        return None
    kind = kind_cost(field, value, chain, sure=around.labels[field].sure)
    if kind is None:
        return None
    first = chain[0].chars[value.used[0]] if value.used and value.used[0] < len(chain[0].chars) else chain[0].chars[0]
    start = chain[0].places[chain[0].chars.index(first), 0] - chain[0].height / 2
    distance = _distance(field, start, chain[0], around)
    if not around.labels[field].sure and _shows_itself(field, value, chain):
        distance = min(distance, _ANYWHERE)
    return Candidate(field, value, chars, tuple(chain), kind + distance, distance)


def _shows_itself(field: str, value: Value, chain: Sequence[Segment]) -> bool:
    """Whether a value can be of no other field, wherever it is: a period, a class, a gender, a nation, an office in rows that fill a square."""
    if not value.is_valid:
        return False
    if field in ("vehicle_class", "gender", "nationality"):
        alone = len(value.text) == sum(len(s.chars) for s in chain)
        return alone and (field != "vehicle_class" or len(value.text) > 1)
    return "至" in value.text if field == "valid_period" else field == "issuing_authority" and is_square(chain)


def _distance(field: str, start: float, first: Segment, around: Surroundings) -> float:
    """Cost of the place of a value."""
    label, slot = around.labels[field], around.fields[field]
    t = TOLERANCES
    if not label.sure:
        rise = slot.value.top + 1.4 if slot.value.deep else slot.value.middle[1]
        across = (start - slot.value.left) / (1.5 * t.start_spread)
        down = max(0.0, abs(first.y - rise) - t.level) / (1.6 * t.level_spread)
        return float(across**2 + down**2) + 0.3
    gap, down = start - label.right, first.y - label.y
    across = max(0.0, gap - t.value_start) / t.start_spread if gap > 0 else -gap / 1.2
    next_to_label = across**2 + (max(0.0, abs(down) - t.level) / t.level_spread) ** 2
    for name, other in around.labels.items():
        if name != field and other.sure and label.right <= other.left < start and abs(other.y - label.y) < 2.5:
            next_to_label += _BEHIND
    below = _BELOW + ((start - label.left) / 3) ** 2 + (max(0.0, abs(down - 4.6) - 1.2) / 1.0) ** 2
    if slot.block:
        below -= _BELOW
    return float(min(next_to_label, below)) + 0.02 * max(gap, 0)
