"""Second step, its order: the boxes most likely to be the card's own come first, and what can be of no field waits.

Reading takes most of the time, and much of what is found is not asked for: a title, translations of the labels, other
things on the desk. Once the labels read so far show where the card lies, only boxes in the place of a field are read; what
may be the translation of a label not read yet waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb.local.engine import _card_pose as frames
from cardocr_nb.local.engine._field_extraction import printed_labels
from cardocr_nb.local.engine._layout import LAYOUTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._recognition import Line

_ASTRAY = 12.0
"""Degrees off the text's direction beyond which a box lies beside the card."""
_LABELS = 4
"""Labels that show well enough where the card lies."""
_SPREAD = 12.0
"""Millimeters from the uppermost to the lowermost of them."""
_ROW = 4.0
"""Millimeters above and below a label's row within which its value is looked for."""
_BESIDE = 4.0
"""Millimeters by which a value under its label may begin before it."""
_UNDER = 3.0
"""Millimeters under its label at which it begins; a translation stands nearer."""
_SPILL = 8.0
"""Millimeters beyond the end of a value's place."""
_MISSED = 5.0
"""Millimeters about a label that was not read within which it may still be found."""
_SMALL = 1.35
"""Height of a box over that of the labels' ink, below which it may hold a translation."""
_TRANSLATED = 1.0, 4.2
"""Millimeters under a label between which its translation stands."""
_FLUSH = 2.5
"""Millimeters by which a translation may begin elsewhere than its label."""
_HUGE = 5.0
"""Height of a box over that of the labels, beyond which it holds a picture."""


def in_turn(boxes: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """The same boxes, those of the commonest height and of the text's own direction first.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4, 2)
    angle : float
        As in `Detection`.
    """
    import numpy as np

    if not len(boxes):
        return boxes
    along, down = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 0]
    off = (np.degrees(np.arctan2(along[:, 1], along[:, 0])) - angle + 90) % 180 - 90
    straight = abs(off) < _ASTRAY
    heights = np.maximum(np.linalg.norm(down, axis=1), 1.0)
    unusual = abs(np.log(heights / np.median(heights[straight] if straight.any() else heights)))
    return boxes[np.lexsort((unusual, ~straight))]


def worth_reading(
    lines: Sequence[Line], boxes: NDArray[np.float64], card_type: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Which boxes may hold a field or a label of the card, or None while its place is not known.

    Parameters
    ----------
    lines : sequence of Line
        What was read so far.
    boxes : ndarray of shape (n, 4, 2)
        Those not read yet, the same way up as the lines.
    card_type : str

    Returns
    -------
    wanted, waiting : ndarray of shape (n,), bool
        Those that are wanted, and those that need not be when more of the labels have been read.
    """
    import numpy as np

    card = frames.fit(frames.glyphs(lines), LAYOUTS[card_type])
    if card is None or len(card.anchors) < _LABELS:
        return None
    rows = [card.on_card(anchor.center[None])[0, 1] for anchor in card.anchors.values()]
    if np.ptp(rows) < _SPREAD:
        return None
    labels, height = printed_labels(card)
    corners = card.on_card(boxes.reshape(-1, 2)).reshape(-1, 4, 2)
    left, right = corners[:, [0, 3], 0].mean(1), corners[:, [1, 2], 0].mean(1)
    middle = corners[..., 1].mean(1)
    small = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1) < _SMALL * height
    wanted, waiting, translation = np.zeros((3, len(boxes)), bool)
    for field, slot in card.layout.slots.items():
        label = labels[field]
        down = middle - label.y
        if slot.block:
            beside = (left > label.left - _BESIDE) & (left < slot.right) & (down > _UNDER)
        else:
            beside = (left > (label.left + label.right) / 2) & (left < slot.right + _SPILL) & (down > -_ROW)
        beside &= down < slot.below + _ROW
        if field in card.anchors:
            under = (down > _TRANSLATED[0]) & (down < _TRANSLATED[1])
            translation |= small & under & (abs(left - label.left) < _FLUSH)
        else:
            about = (right > label.left - _MISSED) & (left < label.right + _MISSED) & (abs(down) < _MISSED)
            waiting |= small & about & (down > 0)
            beside |= about
        wanted |= beside
    across = corners[:, 1] - corners[:, 0]
    level = abs(np.degrees(np.arctan2(across[:, 1], across[:, 0]))) < _ASTRAY
    wanted &= ~translation & level & (np.ptp(corners[..., 1], axis=1) < _HUGE * height)
    return wanted, waiting
