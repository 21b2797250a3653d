"""The rows of a red seal, recognized one by one: the detector often takes several rows for one, or none.

A seal is a square of 13 to 25 mm with a frame and evenly spaced rows of large characters. Its rows are where cuts through the
square cross the least ink. Without red ink the detector's boxes are all that is known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cardocr_nb.local.engine._field_rules import apply_rules
from cardocr_nb.local.engine._recognition import recognize_box
from cardocr_nb.local.engine._seal_square import redness, seal_square, warped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._field_value import Value
    from cardocr_nb.local.engine._line_crops import ImagePyramid
    from cardocr_nb.local.engine._networks import Models
    from cardocr_nb.local.engine._recognition import Line

_ROW_COUNTS = 3, 4
_FEW_ROWS = 2
"""A number of rows tried last: one cut through a seal crosses little ink for every number of rows."""
_SURE = 0.9
"""Confidence of each character from which no other number of rows is tried."""
_CLEAR, _SHORTEST, _UNUSUAL = 0.85, 6, 0.8
"""Mean confidence and characters from which a text without the grammar of an office is taken for one, and its worth against one
with it; the same where rows have not as many characters as the first."""
_FRAME = 0.045
"""Part of the side that the frame and the room inside it take."""
_INKED, _UPRIGHT = 0.25, 0.75
"""Part of the redness of the clearest ink from which a pixel is inked, and part of the height that a line of the frame inks."""
_ROOM = 0.12
"""Part of the height of a row by which its box is larger."""
_UNEVEN = 1.75
"""Height of the highest row over the lowest one, from which two rows were taken for one."""
_GRAY = 0.45
"""Redness by which a character of a watermark is below that of the seal."""
_RED = 0.15
"""Median redness of the characters of a seal, at least: 0.34 in 195 photos, 0 for black ones over a pale red mark."""
_FREE = 0.03
"""Ink over the mean one, beyond that of the emptiest place, up to which a cut may be elsewhere."""
_PIXELS = 120
"""Side of the seal on which rows are looked for."""


class Seal(NamedTuple):
    """A seal on a picture.

    Attributes
    ----------
    square : ndarray of shape (4, 2)
        Its corners, pixels.
    lines : tuple of Line
        Its rows.
    is_valid : bool
        Whether they read as an office does.
    """

    square: NDArray[np.float64]
    lines: tuple[Line, ...]
    is_valid: bool


def read_seal(image: NDArray[np.uint8], pyramid: ImagePyramid, pose: CardPose, models: Models) -> Seal | None:
    """Recognize the rows of the red seal on a card; None where there is none that reads as an office.

    Parameters
    ----------
    image : ndarray of shape (h, w, 3), uint8, RGB
    pyramid : ImagePyramid
        Of the same picture.
    pose : CardPose
    models : Models
    """
    reading = begin_seal(image, pyramid, pose, models)
    return None if reading is None else reading.result()


def begin_seal(image: NDArray[np.uint8], pyramid: ImagePyramid, pose: CardPose, models: Models) -> SealReading | None:
    """Find the square of a red seal and begin to recognize its rows, so that other work can be done; None without a square."""
    square = seal_square(image, pose)
    return None if square is None else SealReading(image, pyramid, square, models)


class SealReading:
    """The rows of a seal while they are recognized.

    Attributes
    ----------
    square : ndarray of shape (4, 2)
        Corners of the seal, pixels.
    """

    def __init__(
        self, image: NDArray[np.uint8], pyramid: ImagePyramid, square: NDArray[np.float64], models: Models
    ) -> None:
        self.square = square
        self._pyramid, self._models = pyramid, models
        self._tries = row_boxes(image, square)
        self._begun = self._begin()

    def _begin(self) -> tuple[NDArray[np.float64], Iterator[Line]] | None:
        boxes = next(self._tries, None)
        if boxes is None:
            return None
        pyramid, models = self._pyramid, self._models
        return boxes, models.begin(lambda box: recognize_box(pyramid, box, models, extend=False), boxes)

    def result(self) -> Seal | None:
        """Return the seal as the number of rows shows it that reads best; None where it does not read as an office."""
        best, most = None, 0.0
        while self._begun is not None:
            boxes, begun = self._begun
            lines = _red_ones([*begun])
            value = apply_rules("issuing_authority", "DriverLicense", [char for line in lines for char in line.chars])
            if value is not None and _reads_well(value) and _are_red(lines) and not _one_row_twice(lines):
                counts = [len(line.chars) for line in lines]
                high = np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
                full = len(set(counts[:-1])) <= 1 and counts[-1] <= counts[0] and high.max() < _UNEVEN * high.min()
                worth = float(np.mean(value.confidences))
                worth *= (1.0 if value.is_valid else _UNUSUAL) * (1.0 if full else _UNUSUAL)
                if worth > most:
                    rows = tuple(line for line in lines if line.chars)
                    best, most = Seal(self.square, rows, bool(value.is_valid)), worth
                if full and min(value.confidences) > _SURE:
                    break
            self._begun = self._begin()
        return best


def _red_ones(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Leave out the gray characters of red lines: a watermark over the seal."""
    red = [char.redness for line in lines for char in line.chars]
    least = float(np.median(red)) - _GRAY if red else 0.0
    return tuple(replace(line, chars=tuple(c for c in line.chars if c.redness >= least)) for line in lines)


def _are_red(lines: Sequence[Line]) -> bool:
    """Whether the characters are of red ink: black ones may be over a red mark."""
    return bool(np.median([char.redness for line in lines for char in line.chars]) > _RED)


def _one_row_twice(lines: Sequence[Line]) -> bool:
    """Whether a row was cut into two that both show it."""
    texts = ["".join(char.text for char in line.chars) for line in lines]
    return any(one == other and len(one) > 2 for one, other in pairwise(texts))


def _reads_well(value: Value) -> bool:
    """Whether a text can be that of a whole seal."""
    office = re.search("公安|交通|交警|车辆|车管", value.text)
    return bool(value.is_valid or (office and len(value.text) > _SHORTEST and np.mean(value.confidences) > _CLEAR))


def row_boxes(image: NDArray[np.uint8], square: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Boxes of the rows of a seal for each number of rows that it may have, the likeliest number first.

    Parameters
    ----------
    image : ndarray of shape (h, w, 3), uint8, RGB
    square : ndarray of shape (4, 2)
        From `seal_square`.

    Yields
    ------
    ndarray of shape (n, 4, 2)
        As in `Detection.boxes`, from the first row to the last.
    """
    import cv2

    target = np.array([(0, 0), (_PIXELS, 0), (_PIXELS, _PIXELS), (0, _PIXELS)], np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(square.astype(np.float32), target), np.float64)
    flat = warped(image, matrix, (_PIXELS, _PIXELS), float(np.linalg.norm(square[1] - square[0])))
    edge = round(_FRAME * _PIXELS)
    ink = np.clip(redness(flat), 0, None)[edge:-edge, edge:-edge]
    profile = ink.mean(1)
    frame = (ink > _INKED * ink.max()).mean(0) > _UPRIGHT
    tries = [*sorted((_cuts(profile, count) for count in _ROW_COUNTS), key=lambda t: t[0]), _cuts(profile, _FEW_ROWS)]
    back = np.linalg.inv(matrix)
    for _, cuts in tries:
        rows = []
        for top, bottom in pairwise(cuts):
            peaks = ink[top:bottom].max(0)
            columns = np.flatnonzero((peaks > _INKED * peaks[~frame].max(initial=0.0)) & ~frame)
            if not len(columns):
                continue
            more = _ROOM * (bottom - top)
            left, right = max(columns[0] - more, 0) + edge, min(columns[-1] + 1 + more, len(profile)) + edge
            up, down = max(top - more / 2, 0) + edge, min(bottom + more / 2, len(profile)) + edge
            rows.append([(left, up), (right, up), (right, down), (left, down)])
        if rows:
            boxes = cv2.perspectiveTransform(np.array(rows, np.float64).reshape(1, -1, 2), back)[0]
            yield np.asarray(boxes.reshape(-1, 4, 2), np.float64)


def _cuts(profile: NDArray[np.float32], count: int) -> tuple[float, list[int]]:
    """Cut a profile of ink into rows where least ink is. Also returns the most ink that a cut crosses."""
    high = len(profile)
    pitch = high / count
    cuts, crossed = [0], []
    for number in range(1, count):
        low, up = round((number - 0.22) * pitch), round((number + 0.22) * pitch) + 1
        # The middle of the free room: rows are even.
        free = np.flatnonzero(profile[low:up] <= profile[low:up].min() + _FREE * float(profile.mean()))
        at = low + int(free.mean())
        cuts.append(at)
        crossed.append(float(profile[at]))
    return max(crossed), [*cuts, high]
