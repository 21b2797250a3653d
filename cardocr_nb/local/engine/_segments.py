"""Segments: texts on a card without a wide gap, with their places in millimeters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._placed_chars import is_han
from cardocr_nb.local.engine._quantiles import quantile
from cardocr_nb.local.engine._tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._placed_chars import PlacedChar


@dataclass(frozen=True, slots=True)
class Segment:
    """Characters of one line without a wide gap.

    Attributes
    ----------
    chars : tuple of PlacedChar
    places : ndarray of shape (n, 2)
        Their centers, millimeters.
    left, right, y, height : float
        Extent, level and height of the ink, millimeters.
    redness : float
        0 for black ink, 1 for red.
    pale : bool
        Much paler than the rest of its line: a watermark, a mark under the text, or a character in glare.
    """

    chars: tuple[PlacedChar, ...]
    places: NDArray[np.float64]
    left: float
    right: float
    y: float
    height: float
    redness: float
    pale: bool = False

    @property
    def text(self) -> str:
        """Its characters as recognized."""
        return "".join(c.char.text for c in self.chars)

    @property
    def ids(self) -> frozenset[tuple[int, int]]:
        """Identity of its characters."""
        return frozenset((c.line, c.place) for c in self.chars)


def segment(run: Sequence[tuple[PlacedChar, NDArray[np.float64]]], *, pale: bool) -> Segment:
    """Make a segment of characters and their corners in millimeters."""
    corners = np.array([c for _, c in run])
    chars = tuple(char for char, _ in run)
    heights = [ink_height(c) for c in corners]
    level = median(((corners[:, :, 1].min(1) + corners[:, :, 1].max(1)) / 2).tolist())
    return Segment(
        chars,
        corners.mean(1),
        float(corners[..., 0].min()),
        float(corners[..., 0].max()),
        level,
        max(quantile(heights, 0.75), 0.8),
        median([c.char.redness for c in chars]),
        pale,
    )


def segment_of(row: Sequence[PlacedChar], pose: CardPose) -> Segment:
    """Make one segment of a whole line."""
    return segment([(char, pose.on_card(char.corners)) for char in row], pale=False)


def ink_height(corners: NDArray[np.float64]) -> float:
    """Return the height of a character's ink."""
    return float(abs(corners[1, 1] - corners[0, 1]))


def part_of(segment: Segment, indices: Sequence[int]) -> Segment:
    """Return some of the characters of a segment, in its order."""
    places = segment.places[list(indices)]
    half = segment.height / 2
    chars = tuple(segment.chars[i] for i in indices)
    left = segment.left if indices[0] == 0 else float(places[0, 0] - half)
    right = segment.right if indices[-1] == len(segment.chars) - 1 else float(places[-1, 0] + half)
    return Segment(
        chars, places, left, right, median(places[:, 1].tolist()), segment.height, segment.redness, segment.pale
    )


def beginning_at(segment: Segment, x: float) -> Segment | None:
    """Return the part of a segment right of a place, or None where nothing is."""
    stay = [i for i, place in enumerate(segment.places) if place[0] > x]
    if not stay:
        return None
    return segment if len(stay) == len(segment.chars) else part_of(segment, stay)


def hole_between(chain: Sequence[Segment]) -> tuple[PlacedChar, PlacedChar] | None:
    """Return the two Chinese characters of a value of several parts between which others seem to be missing, or None."""
    for segment in chain:
        inside = hole_in(segment)
        if inside is not None:
            return segment.chars[inside], segment.chars[inside + 1]
    for one, two in pairwise(chain):
        tall = max(one.height, two.height)
        same_row = abs(one.y - two.y) < TOLERANCES.row * tall
        if same_row and two.left - one.right > 0.7 * tall and is_han(one.chars[-1]) and is_han(two.chars[0]):
            return one.chars[-1], two.chars[0]
    return None


def hole_in(segment: Segment) -> int | None:
    """Return the index of a Chinese character after which one or more seem to be missing, or None.

    Chinese characters follow each other evenly, so a step much longer than the others shows a character that was not read.
    """
    han = np.array([is_han(c) for c in segment.chars])
    both = han[1:] & han[:-1]
    if both.sum() < 3:
        return None
    steps = np.diff(segment.places[:, 0])
    usual = float(np.median(steps[both]))
    wide = np.flatnonzero(both & (steps > 1.65 * usual))
    return int(wide[0]) if len(wide) else None
