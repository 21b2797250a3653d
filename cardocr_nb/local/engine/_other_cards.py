"""A second card of the type on a picture, known by its number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._digit_fields import is_valid_number
from cardocr_nb.local.engine._recognition import recognize_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._field_extraction import Extraction
    from cardocr_nb.local.engine._line_crops import ImagePyramid
    from cardocr_nb.local.engine._networks import Models
    from cardocr_nb.local.engine._recognition import Line

_SECOND_PAGE = re.compile("档案编|案编号|副页|^记录$")
"""Texts of the second page of a license."""
_ROOM = 10.0
"""Millimeters around the place of a second page within which its texts are: the fold or a gap is between the pages."""
_NUMBERS, _LENGTH = ("id_number", "licence_number"), 18
_NUMBER_SHAPE = 6.0, 22.0
"""Length over height of a box that may hold a number."""
_LIKE_OWN = 0.4, 1.3
"""The same over length over height of the ink of the number that was read; a box is higher than its ink, and may hold a label."""
_AT_A_TIME, _OTHER_NUMBERS = 2, 4
"""Boxes outside the card that are recognized to look for the number of a second card, those as long as the own number first."""


def shows_another_card(
    best: Extraction, lines: Sequence[Line], unread: NDArray[np.float64], pyramid: ImagePyramid, models: Models
) -> bool:
    """Whether another number of a card is among the boxes outside a card.

    Parameters
    ----------
    best : Extraction
        Of the card that was found.
    lines : sequence of Line
        All that was recognized: a second page of the card may be known by them.
    unread : ndarray of shape (n, 4, 2)
        Boxes that were not recognized, as in `Detection`.
    pyramid : ImagePyramid
    models : Models
    """
    if best.pose is None:
        return False
    number = next((best.fields[name] for name in _NUMBERS if name in best.fields), None)
    own = number.value.text if number is not None else ""
    if any(is_valid_number(text) and text != own for text in _numbers_outside(lines, best.pose)):
        return True
    if not len(unread):
        return False
    places = best.pose.on_card(unread.mean(1))
    own_pages = ((places > 0) & (places < best.pose.layout.size)).all(1) | _on_second_page(places, lines, best.pose)
    unread = unread[~own_pages]
    along = np.linalg.norm(unread[:, 1] - unread[:, 0], axis=1)
    high = np.maximum(np.linalg.norm(unread[:, 3] - unread[:, 0], axis=1), 1.0)
    low, most = _NUMBER_SHAPE
    length = np.inf
    if number is not None and len({c.line for c in number.chars}) == 1:
        ends = number.chars[0].corners, number.chars[-1].corners
        length = float(np.linalg.norm(ends[1][3] - ends[0][0]))
        shape = length / max(float(np.linalg.norm(ends[0][1] - ends[0][0])), 1.0)
        low, most = _LIKE_OWN[0] * shape, _LIKE_OWN[1] * shape
    like = (along / high > low) & (along / high < most)
    if np.isfinite(length):
        like_first = np.argsort(abs(np.log(np.maximum(along, 1.0) / length)), kind="stable")
        unread, like = unread[like_first], like[like_first]
    unread = unread[like][:_OTHER_NUMBERS]
    for some in np.split(unread, range(_AT_A_TIME, len(unread), _AT_A_TIME)):
        texts = [_number_of(line) for line in recognize_all(pyramid, some, models)]
        if any(is_valid_number(text) and text != own for text in texts):
            return True
        # The second page of the card repeats its number.
        if own in texts:
            return False
    return False


def _number_of(line: Line) -> str:
    return "".join(c.text for c in line.chars if c.text in "0123456789X")[-18:]


def _numbers_outside(lines: Sequence[Line], pose: CardPose) -> list[str]:
    """Numbers among the lines that were recognized outside a card and its second page: they are read before its place is known."""
    numbers = [(line, text) for line in lines if len(text := _number_of(line)) == _LENGTH]
    middles = np.array([np.add(line.corners[1], line.corners[2]) / 2 for line, _ in numbers]).reshape(-1, 2)
    places = pose.on_card(middles)
    outside = ((places < 0) | (places > pose.layout.size)).any(1) & ~_on_second_page(places, lines, pose)
    return [text for (_, text), is_outside in zip(numbers, outside, strict=True) if is_outside]


def _on_second_page(places: NDArray[np.float64], lines: Sequence[Line], pose: CardPose) -> NDArray[np.bool_]:
    """Mark the places, millimeters, on the second page of a license, which is next to the card and has labels of its own, shape (n,)."""
    size = np.array(pose.layout.size)
    marked = np.zeros(len(places), bool)
    for line in lines:
        if not _SECOND_PAGE.search("".join(char.text for char in line.chars)):
            continue
        _, end, below = np.array(line.corners)
        page = np.floor(pose.on_card(((end + below) / 2)[None])[0] / size)
        # Where the text of the label is, but not diagonally across from the card, is a page as large as that.
        if abs(page).sum() == 1:
            off = places - page * size
            marked |= ((off > -_ROOM) & (off < size + _ROOM)).all(1)
    return marked
