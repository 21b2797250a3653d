"""Third step: the pose of the card, estimated from all that shows where it is.

Anchors are labels, but also values that can be known by themselves: a number with its check digit, dates, the title. Two
anchors give a similarity; the one that most other anchors agree with wins, over all arrangements of the card. A mild affine
map and the slope of the long lines then follow what perspective leaves. Anchors that do not agree, and all that is outside
the card, belong to something else on the picture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cardocr_nb._card_geometry import pair_similarities
from cardocr_nb.local.engine._digit_fields import is_valid_number
from cardocr_nb.local.engine._field_value import best_within
from cardocr_nb.local.engine._tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb._card_geometry import Layout
    from cardocr_nb.local.engine._recognition import Char, Line

_ENOUGH = 3
_LONG = 5
"""Characters of a line whose direction can be relied on."""
_MOST_ANCHORS = 120
_LIKELY = 0.05
_STEADY_LABELS = 4
"""Labels from which values do not bend the pose: they are printed off the form by up to 2 mm."""
_VARIANTS = {"別": "别", "證": "证", "號": "号", "碼": "码", "國": "国", "領": "领", "車": "车", "單": "单", "駕": "驾"}
"""The recognizer knows traditional characters too; on labels they are misreadings."""
TITLE = "中华人民共和国机动车驾驶证"
_TITLE_CENTER = (44.0, 5.8)
"""Millimeters on the license."""
_TITLE_NEEDED = 7
_TITLE_PITCH = 4.4
"""Millimeters from one character to the next."""
_NUMBER_LENGTH = {"IDCard": 46.0, "DriverLicense": 35.5}
"""Millimeters from the beginning of the number to its end."""
_NUMBER_FIELD = {"IDCard": "id_number", "DriverLicense": "licence_number"}
_DATE = re.compile(r"\d{4}[-./]?\d\d[-./]?\d\d")


@dataclass(frozen=True, slots=True)
class PlacedChar:
    """A character with its place on the picture, in pixels of the upright image.

    Attributes
    ----------
    char : Char
    line, place : int
        Which line, and which of its characters.
    corners : ndarray of shape (4, 2)
        Of its ink: upper left, lower left, lower right, upper right as read.
    center : ndarray of shape (2,)
        Middle of the ink.
    candidates : frozenset of str
        What the recognizer holds for likely enough.
    """

    char: Char
    line: int
    place: int
    corners: NDArray[np.float64]
    center: NDArray[np.float64]
    candidates: frozenset[str]


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


@dataclass(frozen=True, slots=True)
class CardPose:
    """A card on the picture.

    Attributes
    ----------
    layout : Layout
    matrix : ndarray of shape (2, 3)
        From pixels to millimeters on the card.
    anchors : dict of str to Anchor
        Those that agree, by name.
    moved : dict of str to Anchor
        Labels on the card, but elsewhere than the layout has them.
    lean : (float, float, float)
        Slope of the rows at the upper edge of the card, its change for each millimeter down, and where it was measured.
        Labels are at the left; only long lines show how rows fan out to the right.
    agreement : float
        Number of anchors that agree, less for those that agree badly.
    """

    layout: Layout
    matrix: NDArray[np.float64]
    anchors: dict[str, Anchor]
    moved: dict[str, Anchor] = field(default_factory=dict)
    lean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    agreement: float = 0.0

    @property
    def labels(self) -> dict[str, Anchor]:
        """Labels that were read, in their place or moved, by field."""
        return self.moved | {name: a for name, a in self.anchors.items() if name in self.layout.fields}

    def on_card(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert pixels to millimeters, shape (n, 2)."""
        import numpy as np

        x, y = (points @ self.matrix[:, :2].T + self.matrix[:, 2]).T
        slope, change, start = self.lean
        return np.column_stack([x, y - (slope + change * y) * (x - start)])

    def on_picture(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert millimeters to pixels, shape (n, 2)."""
        import numpy as np

        x, y = places.T
        slope, change, start = self.lean
        leaning = np.column_stack([x, (y + slope * (x - start)) / (1 - change * (x - start))])
        return np.asarray((leaning - self.matrix[:, 2]) @ np.linalg.inv(self.matrix[:, :2]).T)


def place_chars(lines: Sequence[Line]) -> list[list[PlacedChar]]:
    """Place the characters of each line on the picture."""
    import numpy as np

    placed = []
    for number, line in enumerate(lines):
        start, end, below = np.array(line.corners)
        boxes = np.array([char.box for char in line.chars]).reshape(-1, 4)
        # Corners of each character as parts of the crop: across from the first or third bound, down from the others.
        parts = boxes[:, [[0, 1], [0, 3], [2, 3], [2, 1]]]
        corners = start + parts @ np.array([end - start, below - start])
        centers = corners.mean(1)
        row = []
        for place, char in enumerate(line.chars):
            likely = [_VARIANTS.get(char.text, char.text), *(t for t, p in char.alternatives if p > _LIKELY)]
            row.append(PlacedChar(char, number, place, corners[place], centers[place], frozenset(likely)))
        placed.append(row)
    return placed


def estimate_pose(rows: Sequence[Sequence[PlacedChar]], layouts: Sequence[Layout], card_type: str) -> CardPose | None:
    """Estimate the pose of a card, or return None where too few anchors agree.

    Parameters
    ----------
    rows : sequence of sequences of PlacedChar
        As from `place_chars`.
    layouts : sequence of Layout
        The arrangements that the card comes in.
    card_type : str
    """
    chains = list(_joined(rows))
    best: CardPose | None = None
    every: dict[str, list[Anchor]] = {}
    for layout in layouts:
        found = _anchors(chains, layout, card_type)
        stiff = _agreement(found[:_MOST_ANCHORS], layout)
        if stiff is not None and (best is None or stiff.agreement > best.agreement + 1e-6):
            best = stiff
            every = {}
            for anchor in found:
                every.setdefault(anchor.name, []).append(anchor)
    if best is None:
        return None
    bent = replace(best, matrix=_bent(best))
    leaning = replace(bent, lean=_lean(bent, rows))
    return replace(leaning, moved=_moved_labels(leaning, every))


def anchor_names(rows: Sequence[Sequence[PlacedChar]], layouts: Sequence[Layout], card_type: str) -> frozenset[str]:
    """Return the names of all anchors among some lines, whether they agree or not.

    Parameters
    ----------
    rows : sequence of sequences of PlacedChar
    layouts : sequence of Layout
    card_type : str
    """
    chains = list(_joined(rows))
    return frozenset(a.name for layout in layouts for a in _anchors(chains, layout, card_type))


def provisional_pose(rows: Sequence[Sequence[PlacedChar]], layout: Layout, card_type: str) -> CardPose | None:
    """Estimate a pose roughly from one text that is surely of a card: a number with its check digit, or the title.

    Parameters
    ----------
    rows : sequence of sequences of PlacedChar
    layout : Layout
    card_type : str
    """
    import numpy as np

    for row in rows:
        for anchor in _values([*row], layout, card_type) if row else ():
            if not anchor.length:
                continue
            factor = anchor.length / _run(anchor)
            shift = complex(*anchor.target) - factor * complex(*anchor.center)
            matrix = np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])
            return CardPose(layout, matrix, {anchor.name: anchor})
    return None


def _anchors(chains: Sequence[list[PlacedChar]], layout: Layout, card_type: str) -> list[Anchor]:
    """All anchors of a layout, those that are surest first; each text once."""
    found: dict[object, Anchor] = {}
    for chain in chains:
        for anchor in (*_labels(chain, layout), *_values(chain, layout, card_type)):
            key = anchor.name, anchor.chars[0].line, anchor.chars[0].place, len(anchor.chars)
            if key not in found or anchor.missing < found[key].missing:
                found[key] = anchor
    return sorted(found.values(), key=lambda a: a.missing)


def _joined(rows: Sequence[Sequence[PlacedChar]]) -> Iterator[list[PlacedChar]]:
    """Lines, each followed by what is next in the same row: labels are often cut in two."""
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


def _labels(row: list[PlacedChar], layout: Layout) -> Iterator[Anchor]:
    """Find every place in a row where a label may be."""
    everything = frozenset[str]().union(*(char.candidates for char in row))
    for name, slot in layout.fields.items():
        letters = frozenset(slot.label)
        if not slot.label or len(letters & everything) < slot.needed:
            continue
        reach = len(slot.label) + (len(slot.label) > 2)
        for start, char in enumerate(row):
            if char.candidates.isdisjoint(letters):
                continue
            matched = longest_match(row[start : start + reach], slot.label, slot.needed)
            if len(matched) >= slot.needed and matched[0] is char:
                yield Anchor(name, tuple(matched), slot.center, 1 - len(matched) / len(slot.label))


def longest_match(window: Sequence[PlacedChar], text: str, needed: int = 0) -> list[PlacedChar]:
    """Return the longest run of the characters of a text in their order, gaps allowed; nothing where `needed` cannot be reached."""
    if sum(not char.candidates.isdisjoint(text) for char in window) < needed:
        return []
    best: list[list[list[PlacedChar]]] = [[[] for _ in range(len(text) + 1)] for _ in range(len(window) + 1)]
    for i, char in enumerate(window):
        for k, letter in enumerate(text):
            longer = max(best[i][k + 1], best[i + 1][k], key=len)
            if letter in char.candidates and len(best[i][k]) + 1 > len(longer):
                longer = [*best[i][k], char]
            best[i + 1][k + 1] = longer
    return best[-1][-1]


def _values(row: list[PlacedChar], layout: Layout, card_type: str) -> Iterator[Anchor]:
    """Values that show by themselves which field they are, and the title."""
    # Only the line itself: what follows in the row is a chain of its own.
    row = [char for char in row if char.line == row[0].line]
    text = "".join(best_within(c.char, "0123456789X") or "?" for c in row)
    number = _NUMBER_FIELD[card_type]
    for start in range(len(text) - 17):
        if is_valid_number(text[start : start + 18]):
            place = layout.fields[number].value.middle
            yield Anchor(f"{number}:value", tuple(row[start : start + 18]), place, 0.0, _NUMBER_LENGTH[card_type])
    if card_type == "IDCard":
        return
    plain = "".join(c.char.text if len(c.char.text) == 1 else "?" for c in row)
    dates = [*_DATE.finditer(plain)]
    if len(dates) == 1 and "至" not in plain:
        chars = tuple(row[dates[0].start() : dates[0].end()])
        for name in ("birth_date", "first_issue_date"):
            yield Anchor(f"{name}:value", chars, layout.fields[name].value.middle, 0.2)
    title = _title(row)
    if title is not None and not plain.rstrip("?").endswith(("副页", "页")):
        yield title


def _title(row: list[PlacedChar]) -> Anchor | None:
    """Title of the license, or the part of it that was read."""
    matched = longest_match(row[: len(TITLE) + 2], TITLE, _TITLE_NEEDED)
    if len(matched) < _TITLE_NEEDED:
        return None
    first = min(TITLE.index(c) for c in matched[0].candidates if c in TITLE)
    last = max(TITLE.rindex(c) for c in matched[-1].candidates if c in TITLE)
    middle = _TITLE_CENTER[0] + ((first + last) / 2 - (len(TITLE) - 1) / 2) * _TITLE_PITCH
    length = (last - first + 1) * _TITLE_PITCH
    return Anchor("title", tuple(matched), (middle, _TITLE_CENTER[1]), 1 - len(matched) / len(TITLE), length)


def _agreement(anchors: Sequence[Anchor], layout: Layout) -> CardPose | None:
    """Find the similarity that most anchors agree with. All pairs are tried at once."""
    import numpy as np

    names = list(dict.fromkeys(a.name for a in anchors))
    if len(names) < _ENOUGH:
        return None
    centers = np.array([complex(*a.center) for a in anchors])
    places = np.array([complex(*a.target) for a in anchors])
    missing = np.array([a.missing for a in anchors])
    steps = np.array([_run(a) / len(a.chars) for a in anchors])
    number = np.array([names.index(a.name) for a in anchors])
    one, other = np.triu_indices(len(anchors), 1)
    apart = (number[one] != number[other]) & (abs(centers[other] - centers[one]) >= 1)
    one, other = one[apart], other[apart]
    factor, shift = pair_similarities(centers, places, one, other)
    seen = factor * steps[np.array([one, other])]
    low, high = TOLERANCES.pitch
    fits = ((abs(np.angle(seen)) <= TOLERANCES.turn) & (abs(seen) >= low) & (abs(seen) <= high)).all(0)
    factor, shift = factor[fits], shift[fits]
    off = abs(factor[:, np.newaxis] * centers + shift[:, np.newaxis] - places) / TOLERANCES.anchor
    misfits = np.where(off < 1, off + missing, np.inf)
    least = np.array([misfits[:, number == n].min(1) for n in range(len(names))]).reshape(len(names), -1)
    agreed = np.isfinite(least)
    own = np.array([name in layout.own or name == "title" or name.endswith("number:value") for name in names])
    enough = (agreed.sum(0) >= _ENOUGH) & agreed[own].any(0)
    if not enough.any():
        return None
    worth = np.where(enough, (agreed - np.where(agreed, least, 0) ** 2).sum(0), -np.inf)
    best = int(worth.argmax())
    chosen = {}
    for n in np.flatnonzero(agreed[:, best]).tolist():
        alike = np.flatnonzero(number == n)
        chosen[names[n]] = anchors[int(alike[misfits[best, alike].argmin()])]
    turned, shifted = factor[best], shift[best]
    matrix = np.array([[turned.real, -turned.imag, shifted.real], [turned.imag, turned.real, shifted.imag]])
    return CardPose(layout, matrix, chosen, agreement=float(worth[best]))


def _run(anchor: Anchor) -> complex:
    """From the beginning of an anchor to its end."""
    first, last = anchor.chars[0], anchor.chars[-1]
    return complex(*(last.center - first.center + first.corners[3] - first.corners[0]))


def _moved_labels(pose: CardPose, every: dict[str, list[Anchor]]) -> dict[str, Anchor]:
    """Whole labels on the card that are not where the layout has them: rows may be in another order."""
    import numpy as np

    width, height = pose.layout.size
    moved = {}
    for name, anchors in every.items():
        if name in pose.anchors or name not in pose.layout.fields:
            continue
        for anchor in anchors:
            if anchor.missing:
                continue
            ends = pose.on_card(np.array([anchor.chars[0].center, anchor.chars[-1].center]))
            run = ends[1] - ends[0]
            inside = (ends > 0).all() and (ends < (width, height)).all()
            if inside and run[0] > 0 and abs(run[1]) < TOLERANCES.slant * run[0]:
                moved[name] = anchor
                break
    return moved


def _bent(stiff: CardPose) -> NDArray[np.float64]:
    """Let an affine map follow the anchors, held near the similarity where they are few."""
    import numpy as np

    used = [a for name, a in stiff.anchors.items() if name in stiff.layout.fields]
    if len(used) < _STEADY_LABELS:
        used = list(stiff.anchors.values())
    places = stiff.on_card(np.array([a.center for a in used]))
    wanted = np.array([a.target for a in used])
    middle = places.mean(0)
    apart, off = places - middle, wanted - places
    held = TOLERANCES.stiffness * np.eye(2)
    linear = np.eye(2) + np.linalg.solve(apart.T @ apart + held, apart.T @ (off - off.mean(0))).T
    shift = wanted.mean(0) - linear @ middle
    return np.column_stack([linear @ stiff.matrix[:, :2], linear @ stiff.matrix[:, 2] + shift])


def _lean(pose: CardPose, rows: Sequence[Sequence[PlacedChar]]) -> tuple[float, float, float]:
    """Measure how the long lines on the card run, against the pose."""
    import numpy as np

    width, height = pose.layout.size
    seen = []
    for row in rows:
        if len(row) < _LONG:
            continue
        sides = np.array([row[0].corners[0], row[0].corners[3], row[-1].center, row[0].center])
        start, end, last, first = pose.on_card(sides)
        run, middle = end - start, (first + last) / 2
        slope = run[1] / run[0] if run[0] else np.inf
        if abs(slope) < TOLERANCES.turn and 0 < middle[0] < width and 2 < middle[1] < height:
            seen.append((1.0, middle[1], slope, np.hypot(*(last - first))))
    labels = float(np.mean([pose.on_card(a.center[None])[0, 0] for a in pose.anchors.values()]))
    if not seen:
        return 0.0, 0.0, labels
    terms, slopes, weight = np.array(seen)[:, :2], np.array(seen)[:, 2], np.array(seen)[:, 3]
    middle = np.average(terms[:, 1], weights=weight)
    terms[:, 1] -= middle
    # Two lines close together do not show how the slope changes: hold that back unless the lines are spread out.
    held = np.diag([1e-9, TOLERANCES.slope_spread * weight.sum()])
    at, change = np.linalg.solve((terms.T * weight) @ terms + held, (terms.T * weight) @ slopes)
    return float(at - change * middle), float(change), labels
