"""Characters that two overlapping boxes both have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._placed_chars import is_han
from cardocr_nb.local.engine._segments import part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._segments import Segment

_SAME, _SAME_PLACE = 0.6, 0.4
"""Part of its width by which a character must be off to be another one, if it reads the same and if it does not."""
_READ_ALIKE = 0.2
"""Confidence that one more character of its text is worth for a character that two boxes read the same."""
_CUT = 0.65
"""Height of a character's ink over that of the same place in another box, below which its box cut it."""


def without_doubles(segments: Sequence[Segment]) -> list[Segment]:
    """Leave out characters that two overlapping boxes both have: the surer one stays, or the whole one if a box cut the other."""
    chars = [(c, p, n) for n, s in enumerate(segments) for c, p in zip(s.chars, s.places, strict=True)]
    if not chars:
        return []
    places = np.array([p for _, p, _ in chars])
    widths = np.array([np.linalg.norm(c.corners[3] - c.corners[0]) for c, _, _ in chars])
    heights = np.array([segments[n].height for _, _, n in chars])
    ink = np.array([np.linalg.norm(c.corners[1] - c.corners[0]) for c, _, _ in chars])
    lines = np.array([c.line for c, _, _ in chars])
    pixels = np.array([c.center for c, _, _ in chars])
    off = np.linalg.norm(pixels[:, None] - pixels[None], axis=2)
    letters = np.array([c.char.text for c, _, _ in chars])
    reach = np.where(letters[:, None] == letters[None], _SAME, _SAME_PLACE)
    near = (off < reach * np.maximum(widths[:, None], widths[None])) & (lines[:, None] != lines[None])
    near &= np.abs(places[:, None, 1] - places[None, :, 1]) < 0.5 * np.maximum(heights[:, None], heights[None])
    dropped: set[tuple[int, int]] = set()
    for i, j in np.argwhere(np.triu(near)):
        (one, _, first), (other, _, second) = chars[i], chars[j]
        if (one.line, one.place) in dropped or (other.line, other.place) in dropped:
            continue
        # Of two that are as sure, or read the same, the one of the longer text stays: it is less likely to be cut.
        sure = (
            one.char.confidence
            - other.char.confidence
            + (_READ_ALIKE if one.char.text == other.char.text else 1e-3)
            * (len(segments[first].chars) - len(segments[second].chars))
        )
        cut = min(ink[i], ink[j]) < _CUT * max(ink[i], ink[j]) and is_han(one) and is_han(other)
        weaker = other if (ink[i] > ink[j] if cut else sure >= 0) else one
        dropped.add((weaker.line, weaker.place))
    if not dropped:
        return [*segments]
    kept = []
    for s in segments:
        stay = [i for i, c in enumerate(s.chars) if (c.line, c.place) not in dropped]
        if len(stay) == len(s.chars):
            kept.append(s)
        elif stay:
            kept.append(part_of(s, stay))
    return kept
