"""Candidates: the segments that may be the value of a field, by what they are and where they are.

A value chooses its field by its kind (a number with check digit, a date, a class, 男 or 女, a nation, the grammar of an
address) as well as by its place after a label that was read, or, where the label was not read, by the place that the layout
gives. Costs are squares of departures in units of `TOLERANCES`; a kind that fits takes some of the cost away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_letters
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._identity import ETHNIC_GROUPS, NATIONS
from cardocr_nb.local.engine._field_rules import apply_rules
from cardocr_nb.local.engine._segments import LabelPlace, Segment, beginning_at, is_han, segment_of
from cardocr_nb.local.engine._tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cardocr_nb._card_geometry import FieldGeometry
    from cardocr_nb.local.engine._card_pose import CardPose, PlacedChar
    from cardocr_nb.local.engine._field_value import Value

NO_VALUE = 5.0
"""Cost of a field without a value: a candidate must be cheaper."""
_MOST = 6
_BELOW = 1.0
"""Cost of a value below its label instead of next to it."""
_BEHIND = 6.0
"""Cost of another label between a label and its value."""
_REGION = re.compile("[省市区县州旗盟镇乡村]")
_FIRST_REGION = re.compile("[省市州县旗盟]|(?<!小)区|蒙古")
_NOT_A_NAME = re.compile(
    "[省市县镇街路号室楼栋]|公安|证件|中华|驾驶|样本|身份|民族|性别|出生|住址|姓名|国籍|日期|复印|无效|仅供"
)
_RED = 0.4
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


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What candidates are judged by: labels, layout and segments of a card.

    Attributes
    ----------
    card_type : str
    labels : dict of str to LabelPlace
    fields : dict of str to FieldGeometry
    segments : list of Segment
    width : float
        Of the card, millimeters.
    """

    card_type: str
    labels: dict[str, LabelPlace]
    fields: dict[str, FieldGeometry]
    segments: list[Segment]
    width: float


def candidates(field: str, around: Surroundings) -> list[Candidate]:
    """Return the likeliest candidates of a field, the likeliest first."""
    found = []
    for chain in _CHAINS.get(field, _rows)(field, around):
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
    kind = _kind_cost(field, value, chain, around)
    if kind is None:
        return None
    first = chain[0].chars[value.used[0]] if value.used and value.used[0] < len(chain[0].chars) else chain[0].chars[0]
    start = chain[0].places[chain[0].chars.index(first), 0] - chain[0].height / 2
    distance = _distance(field, start, chain[0], around)
    return Candidate(field, value, chars, tuple(chain), kind + distance, distance)


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


def _kind_cost(field: str, value: Value, chain: Sequence[Segment], around: Surroundings) -> float | None:
    """Cost (below 0: gain) of the kind of a value, or None where it cannot be of the field."""
    text, sure = value.text, around.labels[field].sure
    red = chain[0].redness > _RED
    whole = sum(len(s.chars) for s in chain)
    if field in ("id_number", "licence_number"):
        if value.is_valid:
            return -9.0
        return None if len(text) < 10 or whole - len(text) > 3 else (-2.0 if len(text) in (17, 18, 19) else 2.0)
    if field in ("birth_date", "first_issue_date", "valid_from"):
        return -3.0 if value.is_valid else (3.0 if sure and sum(c.isdigit() for c in text) > 3 else None)
    if field == "valid_period":
        if value.is_valid:
            return -5.0 if "至" in text else -2.5
        return 3.0 if sure and sum(c.isdigit() for c in text) > 3 and whole < 30 else None
    if field == "gender":
        return -2.5 if whole == 1 else (0.5 if whole <= 2 else None)
    if field == "vehicle_class":
        return -2.5 if value.is_valid and len(text) == whole else (2.5 if value.is_valid and whole < 8 else None)
    if red and field != "issuing_authority":
        return None
    extra = 0.5 * (whole - len(text))
    if field in ("ethnicity", "nationality"):
        if value.is_valid is False and (len(text) > 8 or _NOT_A_NAME.search(text) or text in "男女"):
            return None
        return (-3.0 if value.is_valid else 1.5) + extra
    if field == "name":
        return _name_cost(text, whole, extra)
    if field == "address":
        return _address_cost(text, chain)
    return _authority_cost(text, value, chain)


def _name_cost(text: str, whole: int, extra: float) -> float | None:
    if len(text) > 24 or whole - len(text) > 2 or _NOT_A_NAME.search(text):
        return None
    if len(text) == 1:
        return 2.5
    known = text in ETHNIC_GROUPS or text in NATIONS
    return extra + (-1.5 if len(text) <= 4 or "·" in text else 0.5) + (2.0 if known else 0.0)


def begins_with_region(text: str) -> bool:
    """Whether an address begins as addresses on cards do: with a province, a city, or a county."""
    return bool(_FIRST_REGION.search(text[1:9]))


def _address_cost(text: str, chain: Sequence[Segment]) -> float | None:
    digits = sum(c.isdigit() for c in text)
    if len(text) < 4 or digits > 0.6 * len(text) or re.search(r"\d{4}年\d+月|\d{4}-\d\d-\d\d", text):
        return None
    start = -3.5 if begins_with_region(text) else -2.5 if _REGION.search(text[:8]) else 1.0
    return start - 0.4 * min(len(text) - 4, 6) / 6 - 0.6 * (len(chain) - 1)


def _authority_cost(text: str, value: Value, chain: Sequence[Segment]) -> float | None:
    red = all(s.redness > _RED for s in chain)
    if value.is_valid:
        # Of two parts of the same seal the larger one: a row left out in the middle does not show in the text.
        return -4.0 - red - 0.05 * len(text)
    office = re.search("公安|交通|管理|支队|总队|车辆", text)
    return (0.0 if red else 1.5) if office and len(text) > 3 else None


def _rows(field: str, around: Surroundings) -> Iterator[tuple[Segment, ...]]:
    """Segments next to each other in a row, each alone and joined; cut at where a label that was not read should end."""
    widest = _GAPS.get(field, 1.6)
    label = around.labels[field]
    for first in around.segments:
        chain = [first]
        yield (first,)
        if not label.sure or first.left < label.right - 0.5 < first.right:
            part = beginning_at(first, label.right - 0.3 * first.height)
            if part is not None and part is not first and abs(first.y - label.y) < 2.5 * TOLERANCES.level:
                yield (part,)
                chain = [part]
        while len(chain) < _JOINED.get(field, 2):
            after = next_in_row(chain[-1], around.segments, widest)
            if after is None or after in chain:
                break
            chain = [*chain, after]
            yield tuple(chain)


def next_in_row(last: Segment, segments: Sequence[Segment], widest: float) -> Segment | None:
    """Return the nearest segment that continues the row, at most so many heights away."""
    best, least = None, widest * last.height
    for other in segments:
        gap = other.left - last.right
        alike = 0.5 < other.height / last.height < 2.0
        level = abs(other.y - last.y) < TOLERANCES.row * max(last.height, other.height)
        if other is not last and alike and level and -0.5 * last.height < gap < least:
            best, least = other, gap
    return best


_GAPS = {"name": TOLERANCES.name_gap, "birth_date": 5.0, "valid_period": 6.0, "id_number": 3.0, "licence_number": 3.0}
"""Heights between two parts of a value in a row."""
_JOINED = {"name": 3, "birth_date": 6, "valid_period": 5, "id_number": 3, "licence_number": 3, "first_issue_date": 3}
"""Parts of a value in a row, at most."""


def _blocks(field: str, around: Surroundings) -> Iterator[tuple[Segment, ...]]:
    """Rows below each other, from any row on: the lines of an address belong together by their own geometry."""
    label, slot = around.labels[field], around.fields[field]
    rows = _text_rows(around, red=False)
    for first in rows:
        block = [first]
        part = None
        if not label.sure or first[0].left < label.right < first[-1].right:
            part = beginning_at(first[0], label.right - 0.3 * first[0].height)
            part = None if part is first[0] else part
        while True:
            yield tuple(s for row in block for s in row)
            if part is not None:
                yield (part, *(s for row in block for s in row if s is not first[0]))
            below = _row_below(block, rows)
            if below is None or len(block) >= 4:
                break
            block.append(_from_column(below, first[0]))
    if slot.label and label.sure and slot.block:
        return


def _from_column(row: Sequence[Segment], above: Segment) -> list[Segment]:
    """Return a row without the Latin letters that end left of the text above: the end of a label's translation."""
    han = [place[0] for char, place in zip(above.chars, above.places, strict=True) if is_han(char)]
    column = min(han, default=above.left + 0.5 * above.height) - 0.5 * above.height
    begin = row[0]
    while begin.chars[0].char.text in ascii_letters and begin.places[0, 0] < column:
        rest = beginning_at(begin, float(begin.places[0, 0]))
        if rest is None:
            return list(row)
        begin = rest
    return [begin, *row[1:]]


def _text_rows(around: Surroundings, *, red: bool) -> list[list[Segment]]:
    """Rows of a longer text: each segment with what follows it closely."""
    free = [s for s in around.segments if (s.redness > _RED) == red]
    rows = []
    for first in free:
        row = [first]
        while (after := next_in_row(row[-1], free, 2.2)) is not None and after not in row:
            row.append(after)
        rows.append(row)
    return rows


def _row_below(block: Sequence[Sequence[Segment]], rows: Sequence[Sequence[Segment]]) -> Sequence[Segment] | None:
    """Return the row that continues a block: as high, as far left, and one line further down."""
    first, last = block[0][0], block[-1][0]
    low, high = TOLERANCES.leading
    best, least = None, np.inf
    for row in rows:
        # Of the two heights the smaller one: ink of a neighbor makes the other too large.
        tall = min(_line_height(block[-1]), _line_height(row[:1]))
        down = row[0].y - last.y
        cost = down + abs(row[0].left - first.left)
        text = "".join(s.text for s in row)
        fits = abs(row[0].left - first.left) < TOLERANCES.indent * tall and _line_height(
            block[-1]
        ) < 1.7 * tall > 0.6 * _line_height(row[:1])
        other = re.fullmatch(r"[\dXx]{15,}|\d{4}.\d\d.\d\d.*|[ABCDE]\d.?|\d{4}年.*", text)
        if low * tall < down < high * tall and cost < least and fits and not other:
            best, least = row, cost
    return best


def _line_height(row: Sequence[Segment]) -> float:
    """Return the height of a Chinese character of the row, whose figures and Latin letters are lower."""
    tallest = max(s.height for s in row)
    return tallest if any(is_han(c) for s in row for c in s.chars) else tallest / _FIGURES


_FIGURES = 0.72
"""Height of figures and Latin capitals over that of Chinese characters in the same size, in most fonts 0.7 to 0.75."""


def _seal_rows(field: str, around: Surroundings) -> Iterator[tuple[Segment, ...]]:
    """Rows of a red seal, which has no label; black authorities come next to or below their label."""
    yield from _rows(field, around)
    yield from _blocks(field, around)
    for inked in (True, False):
        yield from _seal_block(around, red=inked)


def _seal_block(around: Surroundings, *, red: bool) -> Iterator[tuple[Segment, ...]]:
    """Rows of large characters below each other; in a photocopy they are not red."""
    tallest = max((s.height for s in around.segments), default=0.0)
    rows = _text_rows(around, red=red)
    if not red:
        rows = [r for r in rows if r[0].height > 0.7 * tallest and sum(len(s.chars) for s in r) <= _SEAL_ROW]
    yield from _stacked(rows)


def _stacked(rows: Sequence[list[Segment]]) -> Iterator[tuple[Segment, ...]]:
    red = sorted((r for r in rows if _is_seal_row(r)), key=lambda r: r[0].y)
    followers = {id(s) for row in red for s in row[1:]}
    red = [row for row in red if id(row[0]) not in followers]
    for begin in range(len(red)):
        block = [red[begin]]
        for row in red[begin + 1 :]:
            down, tall = row[0].y - block[-1][0].y, max(row[0].height, block[-1][0].height)
            if abs(row[0].left - block[0][0].left) < 1.6 * tall and 0.4 * tall < down < 2.6 * tall:
                block.append(row)
        yield tuple(s for row in block for s in row)


_SQUARE = 0.8
"""Height of the rows of a whole seal over their width, at least."""
_SEAL_ROW = 8
"""Characters in a row of a seal, at most."""


def _is_seal_row(row: Sequence[Segment]) -> bool:
    text = "".join(s.text for s in row)
    return "样" not in text[:1] or len(text) > 2


_CHAINS: dict[str, Callable[[str, Surroundings], Iterator[tuple[Segment, ...]]]] = {
    "address": _blocks,
    "issuing_authority": _seal_rows,
}


def rows_are_full(chain: Sequence[Segment]) -> bool:
    """Whether all rows of a seal but the last have as many characters: where one has fewer, a character is missing."""
    rows: dict[float, int] = {}
    for segment in chain:
        level = next((y for y in rows if abs(y - segment.y) < TOLERANCES.row * segment.height), segment.y)
        rows[level] = rows.get(level, 0) + len(segment.chars)
    counts = [rows[y] for y in sorted(rows)]
    return len(set(counts[:-1])) <= 1 and counts[-1] <= counts[0]


def is_square(chain: Sequence[Segment]) -> bool:
    """Whether the rows of a seal fill a square, as high as the widest row is wide: where a row is missing, they do not."""
    levels = [segment.y for segment in chain]
    pitch = [b - a for a, b in pairwise(sorted({round(y, 1) for y in levels})) if b - a > 0.5 * chain[0].height]
    if not pitch:
        return False
    wide = max(s.right for s in chain) - min(s.left for s in chain)
    return max(levels) - min(levels) + float(np.median(pitch)) > _SQUARE * wide


def spacing_is_even(chain: Sequence[Segment]) -> bool:
    """Whether the rows of a block follow each other evenly: a gap of two lines means that one is missing."""
    levels = sorted({round(s.y, 1): s.y for s in chain}.values())
    steps = [b - a for a, b in pairwise(levels) if b - a > 0.5 * chain[0].height]
    return len(steps) < 2 or max(steps) < 1.5 * min(steps)
