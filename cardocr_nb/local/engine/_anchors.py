"""Anchors: texts that show where the card is.

Labels are anchors, but also values that can be known by themselves: a number with its check digit, dates, the title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cardocr_nb.local.engine._digit_fields import is_valid_number
from cardocr_nb.local.engine._field_value import best_within
from cardocr_nb.local.engine._placed_chars import longest_match

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb._card_geometry import Layout
    from cardocr_nb.local.engine._placed_chars import PlacedChar

TITLE = "中华人民共和国机动车驾驶证"
TITLE_CENTER = (44.0, 5.8)
"""Millimeters on the license."""
_TITLE_NEEDED = 7
_TITLE_PITCH = 4.4
"""Millimeters from one character to the next."""
_NUMBER_LENGTH = {"IDCard": 46.0, "DriverLicense": 35.5}
"""Millimeters from the beginning of the number to its end."""
_NUMBER_FIELD = {"IDCard": "id_number", "DriverLicense": "licence_number"}
_NUMBER = re.compile(r"(?=(\d{17}[\dX]))")
_NUMBER_CHARS = 18
_IN_ANY_ORDER = frozenset({"birth_date", "first_issue_date", "vehicle_class"})
"""Fields of the license below each other, whose order differs between printers."""
_OTHER_ROW = 0.2
"""What the place of another one of them counts as, in parts of a label that were not read."""
_DATE = re.compile(r"\d{4}[-./]?\d\d[-./]?\d\d")
_BIRTH = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
"""As an identity card has it; the number has the same digits from its seventh on."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A text that shows where the card is.

    Attributes
    ----------
    name : str
        Field of a label; ``field:value`` for a value; ``title``.
    chars : tuple of PlacedChar
    target : (float, float)
        Its center on the card, millimeters.
    missing : float
        Part of the text that was not recognized, 0 to 1.
    length : float
        Millimeters from its beginning to its end, where they are known; 0 elsewhere.
    """

    name: str
    chars: tuple[PlacedChar, ...]
    target: tuple[float, float]
    missing: float = 0.0
    length: float = 0.0

    @property
    def center(self) -> NDArray[np.float64]:
        """Middle of its first and last character, shape (2,)."""
        middle: NDArray[np.float64] = (self.chars[0].center + self.chars[-1].center) / 2
        return middle


def anchors_of(chains: Sequence[list[PlacedChar]], layouts: Sequence[Layout], card_type: str) -> list[list[Anchor]]:
    """Return all anchors of each layout in chains of lines, those that are surest first; each text once."""
    found: list[dict[object, Anchor]] = [{} for _ in layouts]
    # Layouts share most of their labels, so each text is looked for once.
    every = dict.fromkeys((slot.label, slot.needed) for layout in layouts for slot in layout.fields.values())
    for chain in chains:
        labels = _labels_in(chain, every)
        values = [*_value_texts(chain, card_type)]
        if not labels and not values:
            continue
        for layout, own in zip(layouts, found, strict=True):
            in_place = [
                Anchor(name, chars, slot.center, 1 - len(chars) / len(slot.label))
                for name, slot in layout.fields.items()
                for chars in labels.get((slot.label, slot.needed), ())
            ]
            in_place += [value.anchor(layout) for value in values]
            for anchor in (*in_place, *(other for each in in_place for other in _in_other_rows(each, layout))):
                key = anchor.name, anchor.chars[0].line, anchor.chars[0].place, len(anchor.chars), anchor.target
                if key not in own or anchor.missing < own[key].missing:
                    own[key] = anchor
    return [sorted(own.values(), key=lambda a: a.missing) for own in found]


def confirmed_births(chains: Sequence[list[PlacedChar]], layouts: Sequence[Layout]) -> list[list[Anchor]]:
    """Return for each layout of an identity card the dates of birth that a number among the chains confirms."""
    numbers = [value for chain in chains for value in _value_texts(chain, "IDCard")]
    born = {"".join(best_within(c.char, "0123456789X") or "?" for c in value.chars)[6:14] for value in numbers}
    births = [
        _ValueText("birth_date", tuple(chain[found.start() : found.end()]), 0.2)
        for chain in (chains if numbers else ())
        for found in _BIRTH.finditer("".join(c.char.text if len(c.char.text) == 1 else "?" for c in chain))
        if found[1] + found[2].zfill(2) + found[3].zfill(2) in born
    ]
    return [[value.anchor(layout) for value in births] for layout in layouts]


def _in_other_rows(anchor: Anchor, layout: Layout) -> Iterator[Anchor]:
    """Yield the same anchor at the other places that it has where the rows are in another order."""
    field = anchor.name.removesuffix(":value")
    if field not in _IN_ANY_ORDER or not layout.fields.keys() >= _IN_ANY_ORDER:
        return
    x, y = anchor.target
    for other in _IN_ANY_ORDER - {field}:
        level = y + layout.fields[other].center[1] - layout.fields[field].center[1]
        yield Anchor(anchor.name, anchor.chars, (x, level), anchor.missing + _OTHER_ROW, anchor.length)


def anchor_names(rows: Sequence[Sequence[PlacedChar]], layouts: Sequence[Layout], card_type: str) -> frozenset[str]:
    """Return the names of all anchors among some lines, whether they agree or not.

    Parameters
    ----------
    rows : sequence of sequences of PlacedChar
    layouts : sequence of Layout
    card_type : str
    """
    return frozenset(a.name for found in anchors_of(list(joined(rows)), layouts, card_type) for a in found)


def joined(rows: Sequence[Sequence[PlacedChar]]) -> Iterator[list[PlacedChar]]:
    """Yield lines, each followed by what is next in the same row: labels are often cut in two."""
    import numpy as np

    rows = [row for row in rows if row]
    begins = np.array([row[0].center for row in rows])
    for number, row in enumerate(rows):
        chain, joined = list(row), [number]
        along = row[-1].corners[3] - row[-1].corners[0] + row[-1].center - row[0].center
        along = along / max(float(np.linalg.norm(along)), 1e-9)
        for _ in range(2):
            high = max(float(np.linalg.norm(chain[-1].corners[1] - chain[-1].corners[0])), 1.0)
            step = begins - chain[-1].center
            ahead, aside = step @ along, abs(step @ (along[1], -along[0]))
            near = (ahead > 0) & (ahead < 4 * high) & (aside < 0.6 * high)
            near[joined] = False
            if not near.any():
                break
            joined.append(int(np.where(near, ahead, np.inf).argmin()))
            chain += rows[joined[-1]]
        yield chain


def _labels_in(
    row: list[PlacedChar], labels: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], list[tuple[PlacedChar, ...]]]:
    """Places in a row where labels may be, by label and the number of its characters that are needed."""
    read = frozenset[str]().union(*(char.candidates for char in row))
    found = {}
    for label, needed in labels:
        letters = frozenset(label)
        if not label or len(letters & read) < needed:
            continue
        reach = len(label) + (len(label) > 2)
        matches = []
        for start, char in enumerate(row):
            if char.candidates.isdisjoint(letters):
                continue
            matched = longest_match(row[start : start + reach], label, needed)
            if len(matched) >= needed and matched[0] is char:
                matches.append(tuple(matched))
        if matches:
            found[label, needed] = matches
    return found


class _ValueText(NamedTuple):
    """A text that shows its field by itself, or the title; `target` is None where it depends on the layout."""

    field: str
    chars: tuple[PlacedChar, ...]
    missing: float
    length: float = 0.0
    target: tuple[float, float] | None = None

    def anchor(self, layout: Layout) -> Anchor:
        if self.target is not None:
            return Anchor(self.field, self.chars, self.target, self.missing, self.length)
        place = layout.fields[self.field].value.middle
        return Anchor(f"{self.field}:value", self.chars, place, self.missing, self.length)


def values_of(row: list[PlacedChar], layout: Layout, card_type: str) -> Iterator[Anchor]:
    """Find values that show by themselves which field they are, and the title."""
    return (value.anchor(layout) for value in _value_texts(row, card_type))


def _value_texts(row: list[PlacedChar], card_type: str) -> Iterator[_ValueText]:
    # Only the line itself: what follows in the row is a chain of its own.
    row = [char for char in row if char.line == row[0].line]
    text = "".join(best_within(c.char, "0123456789X") or "?" for c in row) if len(row) >= _NUMBER_CHARS else ""
    for found in _NUMBER.finditer(text):
        if is_valid_number(found[1]):
            chars = tuple(row[found.start() : found.start() + _NUMBER_CHARS])
            yield _ValueText(_NUMBER_FIELD[card_type], chars, 0.0, _NUMBER_LENGTH[card_type])
    if card_type == "IDCard":
        return
    plain = "".join(c.char.text if len(c.char.text) == 1 else "?" for c in row)
    dates = [*_DATE.finditer(plain)]
    if dates and "至" in plain:
        yield _ValueText("valid_period", tuple(row[dates[0].start() :]), 0.2)
    if len(dates) == 1 and "至" not in plain:
        chars = tuple(row[dates[0].start() : dates[0].end()])
        for name in ("birth_date", "first_issue_date"):
            yield _ValueText(name, chars, 0.2)
    title = _title(row)
    if title is not None and not plain.rstrip("?").endswith(("副页", "页")):
        yield title


def _title(row: list[PlacedChar]) -> _ValueText | None:
    """Title of the license, or the part of it that was read."""
    matched = longest_match(row[: len(TITLE) + 2], TITLE, _TITLE_NEEDED)
    if len(matched) < _TITLE_NEEDED:
        return None
    first = min(TITLE.index(c) for c in matched[0].candidates if c in TITLE)
    last = max(TITLE.rindex(c) for c in matched[-1].candidates if c in TITLE)
    middle = TITLE_CENTER[0] + ((first + last) / 2 - (len(TITLE) - 1) / 2) * _TITLE_PITCH
    length = (last - first + 1) * _TITLE_PITCH
    return _ValueText("title", tuple(matched), 1 - len(matched) / len(TITLE), length, (middle, TITLE_CENTER[1]))
