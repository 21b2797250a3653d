"""Third step, first half: the card's frame, fitted to the labels that were read.

Two labels give a similarity; the one that most other labels agree with wins (Fischler and Bolles 1981, "Random sample
consensus", here over all pairs), and a mild affine map takes up what perspective leaves. Labels that do not fit, and all
that lies outside, belong to something else on the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._layout import Layout
    from cardocr_nb.local.engine._recognition import Char, Line

_TOLERANCE = 7.0
"""Millimeters between a label and its place in a first, stiff fit."""
_TURN = 0.25
"""Radians between the labels' own direction and the frame's."""
_ENOUGH = 3
_STIFFNESS = 400.0
"""Square millimeters; the larger, the less the frame bends towards its labels."""
_LETTER = 1.3, 7.0
"""Millimeters that one character of a label takes, spread out or not."""
_LONG = 5
"""Characters of a line whose direction can be relied on."""
_WIDEST = 88.0
_NEAR = 4.0
"""Millimeters beyond the first and the last row within which a line is the card's own."""
_HELD = 25.0
"""Square millimeters of spread below which rows count as parallel."""
_MOST_LABELS = 120
_LIKELY = 0.05
_VARIANTS = {"別": "别", "證": "证", "號": "号", "碼": "码", "國": "国", "領": "领", "車": "车", "單": "单", "駕": "驾"}
"""The recognizer knows traditional characters too; on labels they are misreadings."""


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
    readings : frozenset of str
        What the recognizer holds for likely enough.
    """

    char: Char
    line: int
    place: int
    corners: NDArray[np.float64]
    center: NDArray[np.float64]
    readings: frozenset[str]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A label that was read.

    Attributes
    ----------
    field : str
    glyphs : tuple of Glyph
    """

    field: str
    glyphs: tuple[PlacedChar, ...]

    @property
    def center(self) -> NDArray[np.float64]:
        """Middle of its first and last character, shape (2,)."""
        middle: NDArray[np.float64] = (self.glyphs[0].center + self.glyphs[-1].center) / 2
        return middle


@dataclass(frozen=True, slots=True)
class CardPose:
    """A card on the picture.

    Attributes
    ----------
    layout : Layout
    matrix : ndarray of shape (2, 3)
        From pixels to millimeters on the card, as the labels have it.
    anchors : dict of str to Anchor
        The labels that fit it, by field name.
    lean : (float, float, float)
        Slope of the rows at the card's upper edge, its change for each millimeter down, and where the labels stand.
        Labels stand at the left; how rows fan out to the right is seen from the long lines only.
    """

    layout: Layout
    matrix: NDArray[np.float64]
    anchors: dict[str, Anchor]
    lean: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def on_card(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Millimeters from pixels, shape (n, 2)."""
        import numpy as np

        x, y = (points @ self.matrix[:, :2].T + self.matrix[:, 2]).T
        slope, change, start = self.lean
        return np.column_stack([x, y - (slope + change * y) * (x - start)])

    def on_picture(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels from millimeters, shape (n, 2)."""
        import numpy as np

        x, y = places.T
        slope, change, start = self.lean
        leaning = np.column_stack([x, (y + slope * (x - start)) / (1 - change * (x - start))])
        return np.asarray((leaning - self.matrix[:, 2]) @ np.linalg.inv(self.matrix[:, :2]).T)


def glyphs(lines: Sequence[Line]) -> list[list[PlacedChar]]:
    """Place the characters of each line on the picture."""
    import numpy as np

    placed = []
    for number, line in enumerate(lines):
        start, end, below = np.array(line.corners)
        boxes = np.array([char.box for char in line.chars]).reshape(-1, 4)
        # Each character's corners as parts of the strip: across from the first or third bound, down from the others.
        parts = boxes[:, [[0, 1], [0, 3], [2, 3], [2, 1]]]
        corners = start + parts @ np.array([end - start, below - start])
        centers = corners.mean(1)
        row = []
        for place, char in enumerate(line.chars):
            likely = [_VARIANTS.get(char.text, char.text), *(t for t, p in char.others if p > _LIKELY)]
            row.append(PlacedChar(char, number, place, corners[place], centers[place], frozenset(likely)))
        placed.append(row)
    return placed


def fit(rows: Sequence[Sequence[PlacedChar]], layouts: Sequence[Layout]) -> CardPose | None:
    """Find the card, or None where too few labels agree.

    Parameters
    ----------
    rows : sequence of sequences of Glyph
        As from `glyphs`.
    layouts : sequence of Layout
        The arrangements that the card comes in.
    """
    chains = list(_joined(rows))
    best: tuple[float, CardPose] | None = None
    for layout in layouts:
        found = {(a.field, id(a.glyphs[0]), len(a.glyphs)): a for chain in chains for a in _labels(chain, layout)}
        stiff = _agreement(list(found.values())[:_MOST_LABELS], layout)
        if stiff is not None and (best is None or stiff[0] > best[0]):
            best = stiff
    if best is None:
        return None
    stiff_frame = best[1]
    bent = replace(stiff_frame, matrix=_bent(stiff_frame))
    return replace(bent, lean=_lean(bent, rows))


def _joined(rows: Sequence[Sequence[PlacedChar]]) -> Iterator[list[PlacedChar]]:
    """Lines, each followed by what stands next in the same row: labels are often cut in two."""
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
    """Every place in a row where a label may stand."""
    everything = frozenset[str]().union(*(glyph.readings for glyph in row))
    for field, slot in layout.slots.items():
        letters = frozenset(slot.label)
        if len(letters & everything) < slot.needed:
            continue
        reach = len(slot.label) + (len(slot.label) > 2)
        for start, glyph in enumerate(row):
            if glyph.readings.isdisjoint(letters):
                continue
            matched = _matched(row[start : start + reach], slot.label)
            if len(matched) >= slot.needed and matched[0] is glyph:
                yield Anchor(field, tuple(matched))


def _matched(window: Sequence[PlacedChar], label: str) -> list[PlacedChar]:
    """Longest run of a label's characters in their order, gaps allowed."""
    best: list[list[list[PlacedChar]]] = [[[] for _ in range(len(label) + 1)] for _ in range(len(window) + 1)]
    for i, glyph in enumerate(window):
        for k, letter in enumerate(label):
            longer = max(best[i][k + 1], best[i + 1][k], key=len)
            if letter in glyph.readings and len(best[i][k]) + 1 > len(longer):
                longer = [*best[i][k], glyph]
            best[i + 1][k + 1] = longer
    return best[-1][-1]


def _agreement(anchors: Sequence[Anchor], layout: Layout) -> tuple[float, CardPose] | None:
    """The similarity that most labels agree with, and how much they do.

    Points are complex numbers here: a similarity is ``turn * point + shift``. All pairs are tried at once.
    """
    import numpy as np

    centers = np.array([complex(*a.center) for a in anchors])
    places = np.array([complex(*layout.slots[a.field].center) for a in anchors])
    missing = np.array([1 - len(a.glyphs) / len(layout.slots[a.field].label) for a in anchors])
    letters = np.array([_run(a) / len(a.glyphs) for a in anchors])
    names = list(dict.fromkeys(a.field for a in anchors))
    if len(names) < _ENOUGH:
        return None
    field = np.array([names.index(a.field) for a in anchors])
    one, other = np.triu_indices(len(anchors), 1)
    apart = (field[one] != field[other]) & (abs(centers[other] - centers[one]) >= 1)
    one, other = one[apart], other[apart]
    turn = (places[other] - places[one]) / (centers[other] - centers[one])
    seen = turn * letters[np.array([one, other])]
    fits = ((abs(np.angle(seen)) <= _TURN) & (abs(seen) >= _LETTER[0]) & (abs(seen) <= _LETTER[1])).all(0)
    turn = turn[fits]
    shift = places[one[fits]] - turn * centers[one[fits]]
    off = abs(turn[:, np.newaxis] * centers + shift[:, np.newaxis] - places) / _TOLERANCE
    misfits = np.where(off < 1, off + missing, np.inf)
    least = np.array([misfits[:, field == n].min(1) for n in range(len(names))])
    agreed = np.isfinite(least)
    own = np.array([name in layout.own for name in names])
    enough = (agreed.sum(0) >= _ENOUGH) & agreed[own].any(0)
    if not enough.any():
        return None
    worth = np.where(enough, (agreed - np.where(agreed, least, 0) ** 2).sum(0), -np.inf)
    best = int(worth.argmax())
    chosen = {}
    for n in np.flatnonzero(agreed[:, best]).tolist():
        alike = np.flatnonzero(field == n)
        chosen[names[n]] = anchors[int(alike[misfits[best, alike].argmin()])]
    turned, shifted = turn[best], shift[best]
    matrix = np.array([[turned.real, -turned.imag, shifted.real], [turned.imag, turned.real, shifted.imag]])
    return float(worth[best]), CardPose(layout, matrix, chosen)


def _run(anchor: Anchor) -> complex:
    """From the beginning of a label to its end."""
    first, last = anchor.glyphs[0], anchor.glyphs[-1]
    return complex(*(last.center - first.center + first.corners[3] - first.corners[0]))


def _bent(stiff: CardPose) -> NDArray[np.float64]:
    """Let an affine map follow the labels, held near the similarity where they are few."""
    import numpy as np

    places = stiff.on_card(np.array([a.center for a in stiff.anchors.values()]))
    wanted = np.array([stiff.layout.slots[f].center for f in stiff.anchors])
    middle = places.mean(0)
    apart, off = places - middle, wanted - places
    linear = np.eye(2) + np.linalg.solve(apart.T @ apart + _STIFFNESS * np.eye(2), apart.T @ (off - off.mean(0))).T
    shift = wanted.mean(0) - linear @ middle
    return np.column_stack([linear @ stiff.matrix[:, :2], linear @ stiff.matrix[:, 2] + shift])


def _lean(card: CardPose, rows: Sequence[Sequence[PlacedChar]]) -> tuple[float, float, float]:
    """How the long lines on the card run, against the frame."""
    import numpy as np

    levels = [slot.center[1] for slot in card.layout.slots.values()]
    low, high = min(levels), max(levels)
    seen = []
    for row in rows:
        if len(row) < _LONG:
            continue
        sides = np.array([row[0].corners[0], row[0].corners[3], row[-1].center, row[0].center])
        start, end, last, first = card.on_card(sides)
        run, middle = end - start, (first + last) / 2
        slope = run[1] / run[0] if run[0] else np.inf
        if abs(slope) < _TURN and 0 < middle[0] < _WIDEST and low - _NEAR < middle[1] < high + _NEAR:
            seen.append((1.0, middle[1], slope, np.hypot(*(last - first))))
    labels = float(np.mean([card.on_card(a.center[None])[0, 0] for a in card.anchors.values()]))
    if not seen:
        return 0.0, 0.0, labels
    terms, slopes, weight = np.array(seen)[:, :2], np.array(seen)[:, 2], np.array(seen)[:, 3]
    middle = np.average(terms[:, 1], weights=weight)
    terms[:, 1] -= middle
    # Two lines close together say nothing of how the slope changes: hold that back unless the lines are spread out.
    held = np.diag([1e-9, _HELD * weight.sum()])
    at, change = np.linalg.solve((terms.T * weight) @ terms + held, (terms.T * weight) @ slopes)
    return float(at - change * middle), float(change), labels
