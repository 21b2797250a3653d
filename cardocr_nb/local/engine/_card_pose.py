"""Third step: the pose of the card, estimated from all that shows where it is.

Two anchors give a similarity; the one that most other anchors agree with wins, over all arrangements of the card. A mild affine
map and the slope of the long lines then follow what perspective leaves. Anchors that do not agree, and all that is outside
the card, belong to something else on the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cardocr_nb._card_geometry import pair_similarities
from cardocr_nb.local.engine._anchors import anchors_of, confirmed_births, joined, values_of
from cardocr_nb.local.engine._tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb._card_geometry import Layout
    from cardocr_nb.local.engine._anchors import Anchor
    from cardocr_nb.local.engine._placed_chars import PlacedChar

_ENOUGH = 3
_CONFIRMED = 2
"""Anchors that are enough where one is the number of an identity card and another the date of birth that it confirms."""
_LONG = 5
"""Characters of a line whose direction can be relied on."""
_MOST_ANCHORS = 120
_UNMISTAKABLE = 1.0
"""Agreement that a title or a number counts more than a label or a date in the choice of a pose: each is on a card once."""
_STEADY_LABELS = 4
"""Labels from which values do not bend the pose: they are printed off the form by up to 2 mm."""

_ROUNDS, _ASTRAY = 3, 2.5
"""Times that a pose is bent, and millimeters from its place by which a label counts half then: rows may be in another order."""


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
    known : dict
        What was computed from the pose, for the next time that it is asked for.
    """

    layout: Layout
    matrix: NDArray[np.float64]
    anchors: dict[str, Anchor]
    moved: dict[str, Anchor] = field(default_factory=dict)
    lean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    agreement: float = 0.0
    known: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

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


def of_other_lines(pose: CardPose) -> CardPose:
    """Return a pose whose anchors belong to no line of a new look at the picture: their lines have numbers below 0."""

    def renumbered(anchor: Anchor) -> Anchor:
        return replace(anchor, chars=tuple(replace(char, line=-1 - char.line) for char in anchor.chars))

    anchors, moved = ({name: renumbered(a) for name, a in each.items()} for each in (pose.anchors, pose.moved))
    return replace(pose, anchors=anchors, moved=moved)


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
    chains = list(joined(rows))
    anchors = anchors_of(chains, layouts, card_type)
    pose = _best_pose(rows, layouts, anchors, _ENOUGH)
    if pose is None and card_type == "IDCard":
        # Most labels may be outside the picture, or too small to be read.
        births = confirmed_births(chains, layouts)
        if any(births):
            pose = _best_pose(rows, layouts, [a + b for a, b in zip(births, anchors, strict=True)], _CONFIRMED)
    return pose


def _best_pose(
    rows: Sequence[Sequence[PlacedChar]], layouts: Sequence[Layout], anchors: Sequence[list[Anchor]], enough: int
) -> CardPose | None:
    best: CardPose | None = None
    every: dict[str, list[Anchor]] = {}
    for layout, found in zip(layouts, anchors, strict=True):
        stiff = _agreement(found[:_MOST_ANCHORS], layout, enough)
        if stiff is not None and (best is None or _evidence(stiff) > _evidence(best) + 1e-6):
            best = stiff
            every = {}
            for anchor in found:
                every.setdefault(anchor.name, []).append(anchor)
    if best is None:
        return None
    bent = replace(best, matrix=_bent(best))
    leaning = replace(bent, lean=_lean(bent, rows))
    return replace(leaning, moved=_moved_labels(leaning, every))


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
        for anchor in values_of([*row], layout, card_type) if row else ():
            if not anchor.length:
                continue
            factor = anchor.length / _run(anchor)
            shift = complex(*anchor.target) - factor * complex(*anchor.center)
            matrix = np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])
            return CardPose(layout, matrix, {anchor.name: anchor})
    return None


def _agreement(anchors: Sequence[Anchor], layout: Layout, at_least: int) -> CardPose | None:
    """Find the similarity that most anchors agree with. All pairs are tried at once."""
    import numpy as np

    names = list(dict.fromkeys(a.name for a in anchors))
    if len(names) < at_least:
        return None
    ends = np.array([(a.chars[0].center, a.chars[-1].center) for a in anchors]) @ (1, 1j)
    side = np.array([a.chars[0].corners[[0, 3]] for a in anchors]) @ (1, 1j)
    centers = ends.mean(1)
    places = np.array([a.target for a in anchors]) @ (1, 1j)
    missing = np.array([a.missing for a in anchors])
    steps = (ends[:, 1] - ends[:, 0] + side[:, 1] - side[:, 0]) / [len(a.chars) for a in anchors]
    numbers = {name: n for n, name in enumerate(names)}
    number = np.array([numbers[a.name] for a in anchors])
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
    alike = np.argsort(number, kind="stable")
    firsts = np.searchsorted(number[alike], range(len(names)))
    least = np.minimum.reduceat(misfits[:, alike], firsts, axis=1).T
    agreed = np.isfinite(least)
    unmistakable = np.array([_is_unmistakable(name) for name in names])
    own = unmistakable | np.array([name in layout.own for name in names])
    enough = (agreed.sum(0) >= at_least) & agreed[own].any(0)
    if not enough.any():
        return None
    worth = np.where(enough, (agreed - np.where(agreed, least, 0) ** 2).sum(0), -np.inf)
    best = int((worth + _UNMISTAKABLE * agreed[unmistakable].sum(0)).argmax())
    chosen = {}
    for n in np.flatnonzero(agreed[:, best]).tolist():
        own_anchors = np.flatnonzero(number == n)
        chosen[names[n]] = anchors[int(own_anchors[misfits[best, own_anchors].argmin()])]
    turned, shifted = factor[best], shift[best]
    matrix = np.array([[turned.real, -turned.imag, shifted.real], [turned.imag, turned.real, shifted.imag]])
    return CardPose(layout, matrix, chosen, agreement=float(worth[best]))


def _is_unmistakable(name: str) -> bool:
    return name == "title" or name.endswith("number:value")


def _evidence(pose: CardPose) -> float:
    """How much speaks for a pose."""
    return pose.agreement + _UNMISTAKABLE * sum(map(_is_unmistakable, pose.anchors))


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
            # Along the crop: with a value printed off the form in the same box, the ink of a label is not level.
            run = np.diff(pose.on_card(anchor.chars[0].corners[[0, 3]]), axis=0)[0]
            inside = (ends > 0).all() and (ends < (width, height)).all()
            if inside and run[0] > 0 and abs(run[1]) < TOLERANCES.slant * run[0]:
                moved[name] = anchor
                break
    return moved


def _bent(stiff: CardPose) -> NDArray[np.float64]:
    """Let an affine map follow the print of the form, held near the similarity where it is little; labels that stray count less."""
    import numpy as np

    used = [a for name, a in stiff.anchors.items() if name in stiff.layout.fields or name == "title"]
    if len(used) < _STEADY_LABELS:
        used = list(stiff.anchors.values())
    places = stiff.on_card(np.array([a.center for a in used]))
    wanted = np.array([a.target for a in used])
    weight = np.ones(len(used))
    for _ in range(_ROUNDS):
        middle, off = np.average(places, axis=0, weights=weight), wanted - places
        apart = places - middle
        held = TOLERANCES.stiffness * np.eye(2)
        shift = np.average(off, axis=0, weights=weight)
        linear = np.eye(2) + np.linalg.solve((apart.T * weight) @ apart + held, (apart.T * weight) @ (off - shift)).T
        moved = middle + shift - linear @ middle
        astray = np.linalg.norm(places @ linear.T + moved - wanted, axis=1)
        weight = 1 / (1 + (astray / _ASTRAY) ** 2)
    return np.column_stack([linear @ stiff.matrix[:, :2], linear @ stiff.matrix[:, 2] + moved])


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
