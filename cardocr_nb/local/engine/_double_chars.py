"""Characters that two overlapping boxes both have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._placed_chars import is_han
from cardocr_nb.local.engine._segments import part_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cardocr_nb.local.engine._placed_chars import PlacedChar
    from cardocr_nb.local.engine._segments import Segment

_SAME, _SAME_PLACE = 0.6, 0.4
"""Part of its width by which a character must be off to be another one, if it reads the same and if it does not."""
_SAME_NEXT = 1.5
"""The same for a character next to another one that both boxes read alike."""
_READ_ALIKE = 0.2
"""Confidence that one more character of its text is worth for a character that two boxes read the same."""
_CUT = 0.65
"""Height of a character's ink over that of the same place in another box, below which its box cut it."""

_TWO_ROWS = 1.45
"""Height of a Chinese character's ink over its width, from which it has ink of another row."""


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
    near = near | _next_to_doubles(chars, near, off < _SAME_NEXT * np.maximum(widths[:, None], widths[None]))
    pairs = np.argwhere(np.triu(near))
    better = {
        (i, j): _better(chars[i], chars[j], (ink[i], ink[j]), (widths[i], widths[j]), segments)
        for i, j in pairs.tolist()
    }
    # Characters that two texts read alike all come from the same one: they are one word, and none is missing within it.
    votes: dict[tuple[int, int], float] = {}
    for (i, j), sure in better.items():
        if letters[i] == letters[j]:
            key = chars[i][2], chars[j][2]
            votes[key] = votes.get(key, 0.0) + np.sign(sure) + 1e-3 * sure
    dropped: dict[tuple[int, int], PlacedChar] = {}
    for (i, j), sure in better.items():
        (one, _, first), (other, _, second) = chars[i], chars[j]
        if (one.line, one.place) in dropped or (other.line, other.place) in dropped:
            continue
        first_stays = (votes[first, second] if letters[i] == letters[j] else sure) >= 0
        weaker, surer = (other, one) if first_stays else (one, other)
        dropped[weaker.line, weaker.place] = surer
    for place, surer in [*dropped.items()]:
        # What lost against a character next to this one is of another row, which its box reached into.
        winner = dropped.get((surer.line, surer.place))
        if winner is not None and (winner.line, abs(winner.place - place[1])) == (place[0], 1):
            del dropped[place]
    return _remaining(segments, dropped) if dropped else [*segments]


def _remaining(segments: Sequence[Segment], dropped: Mapping[tuple[int, int], PlacedChar]) -> list[Segment]:
    """Return the segments without the characters that were dropped: within a text, the surer character takes the place of the dropped one."""
    moved: set[tuple[int, int]] = set()
    repaired = []
    for s in segments:
        chars = list(s.chars)
        for i in range(1, len(chars) - 1):
            surer = dropped.get((chars[i].line, chars[i].place))
            around = [(chars[k].line, chars[k].place) for k in (i - 1, i + 1)]
            whole = not any(c in dropped for c in around)
            if surer is not None and whole and (surer.line, surer.place) not in dropped:
                moved.add((surer.line, surer.place))
                chars[i] = surer
        repaired.append(replace(s, chars=tuple(chars)))
    kept = []
    for old, s in zip(segments, repaired, strict=True):
        gone = {*dropped} | moved
        stay = [
            i
            for i, (was, now) in enumerate(zip(old.chars, s.chars, strict=True))
            if now is not was or (now.line, now.place) not in gone
        ]
        if len(stay) == len(s.chars):
            kept.append(s)
        elif stay:
            kept.append(part_of(s, stay))
    return kept


def _next_to_doubles(
    chars: Sequence[tuple[PlacedChar, NDArray[np.float64], int]], near: NDArray[np.bool_], reach: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Mark the characters next to doubles that read alike: they are the same one as well, though one box may have misread it."""
    index = {(c.line, c.place): number for number, (c, _, _) in enumerate(chars)}
    alone = np.asarray(~near.any(axis=1))
    marked = np.zeros(near.shape, bool)
    for i, j in np.argwhere(near).tolist():
        (one, _, _), (other, _, _) = chars[i], chars[j]
        for step in (-1, 1) if one.char.text == other.char.text else ():
            k, m = index.get((one.line, one.place + step)), index.get((other.line, other.place + step))
            if k is not None and m is not None and alone[k] and alone[m] and reach[k, m]:
                marked[k, m] = True
    return marked


def _better(
    first: tuple[PlacedChar, NDArray[np.float64], int],
    second: tuple[PlacedChar, NDArray[np.float64], int],
    ink: tuple[float, float],
    widths: tuple[float, float],
    segments: Sequence[Segment],
) -> float:
    """By how much a character is the better one of two at the same place, below 0 if the second one is: characters, and numbers of their segments."""
    (one, _, number), (other, _, another) = first, second
    if min(ink) < _CUT * max(ink) and is_han(one) and is_han(other):
        taller = 0 if ink[0] > ink[1] else 1
        # Ink of two rows is taller as well, and no whole character.
        return 1.0 if (taller == 0) == (ink[taller] < _TWO_ROWS * widths[taller]) else -1.0
    # Of two that are as sure, or read the same, the one of the longer text stays: it is less likely to be cut.
    longer = len(segments[number].chars) - len(segments[another].chars)
    sure = one.char.confidence - other.char.confidence
    return sure + (_READ_ALIKE if one.char.text == other.char.text else 1e-3) * longer
