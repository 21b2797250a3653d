"""Cut the lines on a card into segments, at labels, other print of the form, wide gaps and the edges of the card."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._double_chars import without_doubles
from cardocr_nb.local.engine._form_print import (
    of_another_color,
    pale_chars,
    print_of_labels,
    printed_by_form,
    without_specimen,
)
from cardocr_nb.local.engine._segments import ink_height, segment
from cardocr_nb.local.engine._tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._label_places import LabelPlace
    from cardocr_nb.local.engine._placed_chars import PlacedChar
    from cardocr_nb.local.engine._segments import Segment

_NUMBER_CHARS, _NUMBER_LENGTH, _NUMBER_BEYOND = "0123456789X", 14, 12.0
"""Characters of a number, how many show that a line is one, and millimeters by which it may end beyond the edge of the card."""


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
    for row in map(without_specimen, rows):
        if not row or not _runs_along(row, pose, height):
            continue
        if not _mostly_inside(row, pose):
            continue
        left_out, start = printed_by_form(row, pose)
        valid_from = start or valid_from
        free = [c if (c.line, c.place) not in used and i not in left_out else None for i, c in enumerate(row)]
        pale = pale_chars(row) | of_another_color(row)
        segments += _cut([c if i not in pale else None for i, c in enumerate(free)], pose)
        segments += _cut([c if i in pale else None for i, c in enumerate(free)], pose, pale=True)
    return without_doubles(segments), valid_from


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
    return (
        (slant < TOLERANCES.slant or short)
        and heights.max() > low * height
        and median(heights.tolist()) < high * height
    )


def _cut(row: Sequence[PlacedChar | None], pose: CardPose, *, pale: bool = False) -> Iterator[Segment]:
    """Cut a line at what is left out, at wide gaps and at the edges of the card."""
    margin = TOLERANCES.margin
    width, high = pose.layout.size
    chars = [char for char in row if char is not None]
    if not chars:
        return
    placed = pose.on_card(np.concatenate([char.corners for char in chars])).reshape(-1, 4, 2)
    centers = placed.mean(1)
    # In perspective the end of a number may be beyond the edge of the card as its labels show it.
    beyond = _NUMBER_BEYOND if sum(char.char.text in _NUMBER_CHARS for char in chars) > _NUMBER_LENGTH else margin
    inside = ((centers > -margin) & (centers < (width + beyond, high + margin))).all(1).tolist()
    on_card = {char.place: corners for char, corners, within in zip(chars, placed, inside, strict=True) if within}
    run: list[tuple[PlacedChar, NDArray[np.float64]]] = []
    for char in (*row, None):
        corners = None if char is None else on_card.get(char.place)
        if run and corners is not None:
            tall = max(ink_height(corners), ink_height(run[-1][1]), 1.2)
            if corners[:, 0].min() - run[-1][1][:, 0].max() > TOLERANCES.word_gap * tall:
                yield segment(run, pale=pale)
                run = []
        if corners is None:
            if run:
                yield segment(run, pale=pale)
            run = []
        elif char is not None:
            run.append((char, corners))
