"""Segments: the texts on a card between labels, translations and wide gaps, with their places in millimeters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._card_pose import TITLE, longest_match
from cardocr_nb.local.engine._tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose, PlacedChar

_WORDS = re.compile("[A-Za-z.'’]*[a-z.]")
_OTHER_PRINT = {"valid_from": "有效起始日期", "title": TITLE, "second page": "机动车驾驶证副页", "file": "档案编号"}
"""What the license prints besides the labels of its fields."""
_MARK = frozenset("样本")
_RED = 0.4
_SAME, _SAME_PLACE = 0.6, 0.4
"""Part of its width by which a character must be off to be another one, if it reads the same and if it does not."""
_READ_ALIKE = 0.2
"""Confidence that one more character of its text is worth for a character that two boxes read the same."""
_LETTER = 2.3
"""Millimeters that a character of a label takes where the label was not read."""


@dataclass(frozen=True, slots=True)
class LabelPlace:
    """A label on the card, millimeters.

    Attributes
    ----------
    left, right, y : float
        Ends, and level of its middle.
    sure : bool
        It was read; otherwise the layout says where it is.
    """

    left: float
    right: float
    y: float
    sure: bool


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


def label_places(pose: CardPose) -> tuple[dict[str, LabelPlace], float]:
    """Return where each label is, read or not, and the height of the labels, millimeters."""
    labels, heights = {}, []
    read = pose.labels
    for field, slot in pose.layout.fields.items():
        anchor = read.get(field)
        if anchor is None:
            x, y = slot.center
            half = len(slot.label) * _LETTER / 2
            labels[field] = LabelPlace(x - half, x + half, y, sure=False)
            continue
        corners = pose.on_card(np.concatenate([c.corners for c in anchor.chars]))
        level = float(pose.on_card(anchor.center[None])[0, 1])
        labels[field] = LabelPlace(float(corners[:, 0].min()), float(corners[:, 0].max()), level, sure=True)
        heights += [float(np.ptp(corners[4 * i : 4 * i + 2, 1])) for i in range(len(anchor.chars))]
    return labels, float(np.median(heights)) if heights else _LETTER


def segments_of(
    rows: Sequence[Sequence[PlacedChar]], pose: CardPose, height: float
) -> tuple[list[Segment], LabelPlace | None]:
    """Cut the lines on the card into segments. Also returns the label of the older form's first day of validity.

    Parameters
    ----------
    rows : sequence of sequences of PlacedChar
    pose : CardPose
    height : float
        Of the labels, millimeters.
    """
    used = {(c.line, c.place) for anchor in pose.labels.values() for c in anchor.chars}
    used |= print_of_labels(rows, pose, height)
    segments: list[Segment] = []
    valid_from = None
    for row in rows:
        if not row or not _runs_along(row, pose, height):
            continue
        if not _mostly_inside(row, pose):
            continue
        left_out, start = _printed(row, pose)
        valid_from = start or valid_from
        free = [c if (c.line, c.place) not in used and i not in left_out else None for i, c in enumerate(row)]
        pale = _pale(row) | _of_another_color(row)
        segments += _cut([c if i not in pale else None for i, c in enumerate(free)], pose)
        segments += _cut([c if i in pale else None for i, c in enumerate(free)], pose, pale=True)
    return _without_doubles(segments), valid_from


def print_of_labels(rows: Sequence[Sequence[PlacedChar]], pose: CardPose, height: float) -> set[tuple[int, int]]:
    """Characters of labels that another box, mostly that of a value, has as well; in a row of a seal they may be misread."""
    again: set[tuple[int, int]] = set()
    chars = [c for row in rows for c in row]
    if not chars:
        return again
    seals = {row[0].line for row in rows if row and np.quantile([c.char.redness for c in row], 0.6) > _RED}
    corners = pose.on_card(np.concatenate([c.corners for c in chars])).reshape(-1, 4, 2)
    places, tall = corners.mean(1), np.ptp(corners[:, :2, 1], axis=1)
    for name, anchor in pose.labels.items():
        printed = pose.on_card(np.array([c.center for c in anchor.chars]))
        letters = frozenset(pose.layout.fields[name].label)
        low, up = printed[:, 0].min() - 0.7 * height, printed[:, 0].max() + 0.7 * height
        near = (places[:, 0] > low) & (places[:, 0] < up)
        near &= abs(places[:, 1] - printed[:, 1].mean()) < 0.35 * (height + tall)
        again |= {
            (chars[i].line, chars[i].place)
            for i in np.flatnonzero(near)
            if chars[i].char.text in letters or (chars[i].line in seals and chars[i].char.redness < _RED)
        }
    return again


def _printed(row: Sequence[PlacedChar], pose: CardPose) -> tuple[set[int], LabelPlace | None]:
    """Indices of Latin words and of other texts that the form prints; and the label of the first day of validity."""
    text = _text(row)
    out = _words(row)
    start = None
    for name, printed in _OTHER_PRINT.items():
        for begin in range(len(row)):
            if row[begin].candidates.isdisjoint(printed):
                continue
            matched = longest_match(row[begin : begin + len(printed) + 1], printed, int(0.7 * len(printed)))
            if len(matched) > 0.7 * len(printed) and matched[0] is row[begin]:
                out |= {row.index(c) for c in matched}
                if name == "valid_from":
                    corners = pose.on_card(np.concatenate([c.corners for c in matched]))
                    left, right = float(corners[:, 0].min()), float(corners[:, 0].max())
                    start = LabelPlace(left, right, float(corners[:, 1].mean()), sure=True)
                break
    if "SPECIMEN" in text or set(text) <= _MARK:
        out |= set(range(len(row)))
    return out, start


def _text(row: Sequence[PlacedChar]) -> str:
    return "".join(c.char.text if len(c.char.text) == 1 else " " for c in row)


def _words(row: Sequence[PlacedChar]) -> set[int]:
    """Indices of Latin words, which labels in two languages have."""
    return {
        i
        for found in _WORDS.finditer(_text(row))
        if sum(map(str.islower, found[0])) > 1 or re.fullmatch("No?[.:]?", found[0])
        for i in range(*found.span())
    }


def _pale(row: Sequence[PlacedChar]) -> set[int]:
    """Indices of characters much paler than the others of their line: a watermark, the mark 样本, lines of the background."""
    tones = np.array([c.char.contrast for c in row])
    thin = np.array([np.ptp(c.corners[:, 0]) + np.ptp(c.corners[:, 1]) for c in row])
    # A character at the end of its crop may have lost its ink box: its tone says nothing.
    tones[thin < 0.3 * np.median(thin)] = np.inf if len(row) > 1 else tones.max()
    return set(np.flatnonzero(tones < TOLERANCES.pale * np.quantile(tones[np.isfinite(tones)], 0.75)).tolist())


def without_marks(row: Sequence[PlacedChar]) -> list[PlacedChar]:
    """Leave out the characters of a line that belong to a watermark, a mark under the text, or a label in Latin letters."""
    left_out = _pale(row) | _of_another_color(row) | _words(row)
    return [char for place, char in enumerate(row) if place not in left_out]


def _of_another_color(row: Sequence[PlacedChar]) -> set[int]:
    """Indices of gray characters in a line of red ones: a watermark over a seal."""
    red = np.array([c.char.redness for c in row])
    return set(np.flatnonzero(red < np.median(red) - 0.45).tolist()) if np.median(red) > 0.5 else set()


def _mostly_inside(row: Sequence[PlacedChar], pose: CardPose) -> bool:
    """Whether at least half of a line is on the card: lines of other papers end below it."""
    centers = pose.on_card(np.array([c.center for c in row]))
    width, height = pose.layout.size
    margin = TOLERANCES.margin
    inside = (centers > -margin).all(1) & (centers < (width + margin, height + margin)).all(1)
    return bool(inside.mean() >= 0.5)


def _runs_along(row: Sequence[PlacedChar], pose: CardPose, height: float) -> bool:
    """Whether a line runs along the card in a size that its values have."""
    # Along the crop: ink of labels and values in one box is not level, since values are printed off the form.
    side = row[0].corners[3] - row[0].corners[0]
    unit = side / max(float(np.linalg.norm(side)), 1e-9) * float(np.linalg.norm(row[-1].corners[3] - row[0].corners[0]))
    start, end = pose.on_card(np.array([row[0].corners[0], row[0].corners[0] + unit]))
    along = end - start
    heights = np.linalg.norm([c.corners[1] - c.corners[0] for c in row] @ pose.matrix[:, :2].T, axis=1)
    slant = abs(float(np.arctan2(along[1], along[0])))
    low, high = TOLERANCES.sizes
    short = len(row) == 1
    return (slant < TOLERANCES.slant or short) and heights.max() > low * height and np.median(heights) < high * height


def _cut(row: Sequence[PlacedChar | None], pose: CardPose, *, pale: bool = False) -> Iterator[Segment]:
    """Cut a line at what is left out, at wide gaps and at the edges of the card."""
    margin = TOLERANCES.margin
    width, high = pose.layout.size
    run: list[tuple[PlacedChar, NDArray[np.float64]]] = []
    for char in (*row, None):
        corners = None if char is None else pose.on_card(char.corners)
        if corners is not None:
            center = corners.mean(0)
            inside = (center > -margin).all() and center[0] < width + margin and center[1] < high + margin
            corners = corners if inside else None
        if run and corners is not None:
            tall = max(_height(corners), _height(run[-1][1]), 1.2)
            if corners[:, 0].min() - run[-1][1][:, 0].max() > TOLERANCES.word_gap * tall:
                yield _segment(run, pale=pale)
                run = []
        if corners is None:
            if run:
                yield _segment(run, pale=pale)
            run = []
        elif char is not None:
            run.append((char, corners))


def _height(corners: NDArray[np.float64]) -> float:
    return float(np.ptp(corners[:2, 1]))


def segment_of(row: Sequence[PlacedChar], pose: CardPose) -> Segment:
    """Make one segment of a whole line."""
    return _segment([(char, pose.on_card(char.corners)) for char in row], pale=False)


def _segment(run: Sequence[tuple[PlacedChar, NDArray[np.float64]]], *, pale: bool) -> Segment:
    corners = np.array([c for _, c in run])
    chars = tuple(char for char, _ in run)
    heights = [_height(c) for c in corners]
    level = float(np.median((corners[:, :, 1].min(1) + corners[:, :, 1].max(1)) / 2))
    return Segment(
        chars,
        corners.mean(1),
        float(corners[..., 0].min()),
        float(corners[..., 0].max()),
        level,
        max(float(np.quantile(heights, 0.75)), 0.8),
        float(np.median([c.char.redness for c in chars])),
        pale,
    )


_CUT = 0.65
"""Height of a character's ink over that of the same place in another box, below which its box cut it."""


def _without_doubles(segments: Sequence[Segment]) -> list[Segment]:
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
            kept.append(_part(s, stay))
    return kept


def _part(segment: Segment, indices: Sequence[int]) -> Segment:
    places = segment.places[list(indices)]
    half = segment.height / 2
    chars = tuple(segment.chars[i] for i in indices)
    left = segment.left if indices[0] == 0 else float(places[0, 0] - half)
    right = segment.right if indices[-1] == len(segment.chars) - 1 else float(places[-1, 0] + half)
    return Segment(
        chars, places, left, right, float(np.median(places[:, 1])), segment.height, segment.redness, segment.pale
    )


def beginning_at(segment: Segment, x: float) -> Segment | None:
    """Return the part of a segment right of a place, or None where nothing is."""
    stay = [i for i, place in enumerate(segment.places) if place[0] > x]
    if not stay:
        return None
    return segment if len(stay) == len(segment.chars) else _part(segment, stay)


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


def is_han(char: PlacedChar) -> bool:
    """Whether a character is as wide as a Chinese one."""
    return len(char.char.text) == 1 and char.char.text > "\u2e80"


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
