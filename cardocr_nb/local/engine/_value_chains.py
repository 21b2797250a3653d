"""Chains of segments that may make the value of a field: next to each other in a row, or rows below each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_letters
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._placed_chars import is_han
from cardocr_nb.local.engine._region_names import begins_with_province
from cardocr_nb.local.engine._segments import beginning_at, part_of
from cardocr_nb.local.engine._tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cardocr_nb._card_geometry import FieldGeometry
    from cardocr_nb.local.engine._label_places import LabelPlace
from cardocr_nb.local.engine._segments import Segment

_RED = 0.4
_GAPS = {"name": TOLERANCES.name_gap, "birth_date": 5.0, "valid_period": 6.0, "id_number": 3.0, "licence_number": 3.0}
"""Heights between two parts of a value in a row."""
_JOINED = {"name": 3, "birth_date": 6, "valid_period": 5, "id_number": 3, "licence_number": 3, "first_issue_date": 3}
"""Parts of a value in a row, at most."""
_FIGURES = 0.72
"""Height of figures and Latin capitals over that of Chinese characters in the same size, in most fonts 0.7 to 0.75."""
_OTHER_VALUE = re.compile(r"[\dXx]{15,}|\d{4}.\d\d.\d\d.*|[ABCDE]\d.?|\d{4}年.*")
"""A row that does not continue an address: a number, a date, a class."""
_SEAL_ROW = 8
"""Characters in a row of a seal, at most."""


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


def _blocks(field: str, around: Surroundings) -> Iterator[tuple[Segment, ...]]:
    """Rows below each other, from any row on: the lines of an address belong together by their own geometry."""
    label = around.labels[field]
    rows = _text_rows(around, red=False)
    for first in (row for row in rows if sum(len(s.chars) for s in row) > 1):
        starts = [first]
        if not label.sure or first[0].left < label.right < first[-1].right:
            part = beginning_at(first[0], label.right - 0.3 * first[0].height)
            starts += [[part, *first[1:]]] if part is not None and part is not first[0] else []
        if (
            len(first[0].chars) > 1
            and begins_with_province(first[0].text[1:])
            and not begins_with_province(first[0].text)
        ):
            starts.append([part_of(first[0], range(1, len(first[0].chars))), *first[1:]])
        for start in starts:
            block = [start]
            while True:
                yield tuple(s for row in block for s in row)
                below = _row_below(block, rows)
                if below is None or len(block) >= 4:
                    break
                block.append(_from_column(below, start[0]))


def _from_column(row: Sequence[Segment], above: Segment) -> list[Segment]:
    """Return a row without the Latin letters that end left of the text above: the end of a label's translation."""
    column = _column(above)
    begin = row[0]
    while begin.chars[0].char.text in ascii_letters and begin.places[0, 0] < column:
        rest = beginning_at(begin, float(begin.places[0, 0]))
        if rest is None:
            return list(row)
        begin = rest
    return [begin, *row[1:]]


def _column(row: Segment) -> float:
    """Return where the Chinese characters of a row begin: what is left of them may be the end of a label."""
    han = [float(place[0]) for char, place in zip(row.chars, row.places, strict=True) if is_han(char)]
    return min(han, default=row.left + 0.5 * row.height) - 0.5 * row.height


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
    above = _line_height(block[-1])
    best, least = None, np.inf
    for row in rows:
        down = row[0].y - last.y
        aside = min(abs(row[0].left - first.left), abs(row[0].left - _column(first)))
        if not 0 < down < high * above or down + aside >= least or aside >= TOLERANCES.indent * above:
            continue
        # Of the two heights the smaller one: ink of a neighbor makes the other too large.
        own = _line_height(row[:1])
        tall = min(above, own)
        alike = above < 1.7 * tall > 0.6 * own
        # A last row of figures is lower than what it follows.
        far = max(tall, min(above, tall / _FIGURES))
        if not (alike and low * tall < down < high * far and aside < TOLERANCES.indent * tall):
            continue
        if not _OTHER_VALUE.fullmatch("".join(s.text for s in row)):
            best, least = row, down + aside
    return best


def _line_height(row: Sequence[Segment]) -> float:
    """Return the height of a Chinese character of the row, whose figures and Latin letters are lower."""
    tallest = max(s.height for s in row)
    if not any(is_han(c) for s in row for c in s.chars):
        return tallest / _FIGURES
    # As high as wide, where ink of the rows above and below makes it seem higher.
    chars = [list(zip(s.chars, s.places[:, 0].tolist(), strict=True)) for s in row]
    steps = [right - left for pairs in chars for (a, left), (b, right) in pairwise(pairs) if is_han(a) and is_han(b)]
    return min(tallest, float(np.median(steps))) if len(steps) > 1 else tallest


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


def _is_seal_row(row: Sequence[Segment]) -> bool:
    text = "".join(s.text for s in row)
    return "样" not in text[:1] or len(text) > 2


_CHAINS: dict[str, Callable[[str, Surroundings], Iterator[tuple[Segment, ...]]]] = {
    "address": _blocks,
    "issuing_authority": _seal_rows,
}


def chains_of(field: str, around: Surroundings) -> Iterator[tuple[Segment, ...]]:
    """Return the chains of segments that may make the value of a field."""
    return _CHAINS.get(field, _rows)(field, around)
