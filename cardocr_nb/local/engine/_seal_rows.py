"""The rows of a red seal, found by its ink: the detector often takes several rows for one, or none.

A seal is a square of 13 to 25 mm with a frame and evenly spaced rows of large characters. Its red ink is found by color, relative to
the light on the card; its rows are where cuts through the square cross the least ink. A seal in a photocopy has no red ink: there
the detector's boxes are all that is known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cardocr_nb.local.engine._field_rules import apply_rules
from cardocr_nb.local.engine._recognition import recognize_box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._field_value import Value
    from cardocr_nb.local.engine._line_crops import ImagePyramid
    from cardocr_nb.local.engine._networks import Models
    from cardocr_nb.local.engine._recognition import Line

_PER_MM = 6.0
"""Pixels for each millimeter of the card in which the seal is looked for."""
_SIDES = 12.0, 26.0
"""Millimeters of a side of a seal."""
_SQUARE = 1.45
"""Longer over shorter side of a seal, at most."""
_TRIES = (19, 0.07), (49, 0.07), (0, 0.07), (49, 0.03)
"""Pixels then from which something red is wider than a stroke (0: all that is red), and absorption of green over that of red
light, natural logarithm, from which ink counts as red: under a sleeve it is pale."""
_INK, _CLEAREST = 0.35, 0.975
"""Part of the redness of clear print, and which part of the card is paler than that."""
_FILLED = 0.5
"""Part of the square within the outline of its ink, at least."""
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
_EDGE, _BLACK = 0.2, 0.3
"""Part of the side that a line of black print may reach into a seal, and redness below which a line is black."""
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
    square = seal_square(image, pose)
    if square is None:
        return None
    best, most = None, 0.0
    for boxes in row_boxes(image, square):
        lines = tuple(models.map(lambda box: recognize_box(pyramid, box, models, extend=False), boxes))
        value = apply_rules("issuing_authority", "DriverLicense", [char for line in lines for char in line.chars])
        if value is None or not _reads_well(value):
            continue
        counts = [len(line.chars) for line in lines]
        full = len(set(counts[:-1])) <= 1 and counts[-1] <= counts[0]
        worth = float(np.mean(value.confidences)) * (1.0 if value.is_valid else _UNUSUAL) * (1.0 if full else _UNUSUAL)
        if worth > most:
            best, most = Seal(square, tuple(line for line in lines if line.chars), bool(value.is_valid)), worth
        if full and min(value.confidences) > _SURE:
            break
    return best


def _reads_well(value: Value) -> bool:
    """Whether a text can be that of a whole seal."""
    office = re.search("公安|交通|交警|车辆|车管", value.text)
    return bool(value.is_valid or (office and len(value.text) > _SHORTEST and np.mean(value.confidences) > _CLEAR))


def outside(lines: Sequence[Line], square: NDArray[np.float64]) -> tuple[Line, ...]:
    """Leave out the characters of lines that are within a seal, but for lines of black print that reach into its edge.

    Parameters
    ----------
    lines : sequence of Line
    square : ndarray of shape (4, 2)
        From `seal_square`.
    """
    import cv2

    outline = square.astype(np.float32)
    edge = _EDGE * float(np.linalg.norm(square[1] - square[0]))
    kept = []
    for line in lines:
        start, end, below = np.array(line.corners)
        middles = [((c.box[0] + c.box[2]) / 2, (c.box[1] + c.box[3]) / 2) for c in line.chars]
        centers = start + np.array(middles).reshape(-1, 2) @ np.array([end - start, below - start])
        black = np.median([c.redness for c in line.chars]) < _BLACK if line.chars else False
        deep = [cv2.pointPolygonTest(outline, (float(x), float(y)), measureDist=True) for x, y in centers]
        inside = [d > (edge if black else 0) for d in deep]
        if not any(inside):
            kept.append(line)
        elif not all(inside):
            kept.append(replace(line, chars=tuple(c for c, i in zip(line.chars, inside, strict=True) if not i)))
    return tuple(kept)


def beyond(boxes: NDArray[np.float64], square: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the boxes whose middle is not within a seal, or so near its edge that they may hold a line of print, shape (n,).

    Parameters
    ----------
    boxes : ndarray of shape (n, 4, 2)
    square : ndarray of shape (4, 2)
        From `seal_square`.
    """
    import cv2

    outline = square.astype(np.float32)
    edge = 0.5 * _EDGE * float(np.linalg.norm(square[1] - square[0]))
    middles = boxes.mean(1)
    return np.array(
        [cv2.pointPolygonTest(outline, (float(x), float(y)), measureDist=True) <= edge for x, y in middles], bool
    )


def seal_square(image: NDArray[np.uint8], pose: CardPose) -> NDArray[np.float64] | None:
    """Find a red seal on a card.

    Parameters
    ----------
    image : ndarray of shape (h, w, 3), uint8, RGB
    pose : CardPose

    Returns
    -------
    ndarray of shape (4, 2) or None
        Corners in pixels: start and end of the upper edge, end and start of the lower edge. None where no seal shows.
    """
    import cv2

    width, height = pose.layout.size
    corners = pose.on_picture(np.array([(0, 0), (width, 0), (width, height), (0, height)], float))
    size = round(width * _PER_MM), round(height * _PER_MM)
    target = np.array([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), target), np.float64)
    card = _warped(image, matrix, size, float(np.linalg.norm(corners[1] - corners[0])))
    red = redness(card)
    left, top, right, bottom = (round(v * _PER_MM) for v in pose.layout.portrait)
    red[max(top, 0) : bottom, max(left, 0) : right] = 0
    best = None
    for wide, least in _TRIES:
        # Strokes only: the table at the edges and a face are wide. Where blur joins the strokes, so is the seal.
        strokes = cv2.morphologyEx(red, cv2.MORPH_TOPHAT, np.ones((wide, wide), np.uint8)) if wide else red
        best = best or _square(np.asarray(strokes, np.float32), least)
    if best is None:
        return None
    square = _upright(np.asarray(cv2.boxPoints(best), np.float64))
    return np.asarray(cv2.perspectiveTransform(square[None].astype(np.float64), np.linalg.inv(matrix))[0], np.float64)


def _square(red: NDArray[np.float32], least: float) -> tuple[Any, ...] | None:
    """Find the square that a seal fills in a map of redness, as `cv2.minAreaRect` gives it."""
    import cv2

    mask = (red > max(least, _INK * float(np.quantile(red, _CLEAREST)))).astype(np.uint8)
    joined = cv2.morphologyEx(cv2.medianBlur(mask, 3), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    contours, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    best, most = None, _FILLED
    for contour in contours:
        center, (w, h), angle = cv2.minAreaRect(contour)
        longer, shorter = max(w, h) / _PER_MM, min(w, h) / _PER_MM
        if not (_SIDES[0] < shorter <= longer < _SIDES[1] and longer < _SQUARE * shorter):
            continue
        filled = float(cv2.contourArea(contour)) / (w * h)
        if filled > most:
            best, most = (center, (w, h), angle), filled
    return best


def redness(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Absorption of green light less that of red light, natural logarithm, less the color of the light on the picture.

    Parameters
    ----------
    image : ndarray of shape (h, w, 3), uint8, RGB

    Examples
    --------
    >>> import numpy as np
    >>> page = np.full((20, 20, 3), (240, 220, 200), np.uint8)
    >>> page[5:8, 5:8] = (200, 60, 60)
    >>> red = redness(page)
    >>> bool(red[6, 6] > 0.8), float(red[15, 15])
    (True, 0.0)
    """
    import cv2

    light = cv2.GaussianBlur(image, (3, 3), 0).astype(np.float32) + 12
    ratio = np.log(light[:, :, 0]) - np.log(light[:, :, 1])
    return np.asarray(ratio - np.median(ratio), np.float32)


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
    flat = _warped(image, matrix, (_PIXELS, _PIXELS), float(np.linalg.norm(square[1] - square[0])))
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
        at = low + int(profile[low:up].argmin())
        cuts.append(at)
        crossed.append(float(profile[at]))
    return max(crossed), [*cuts, high]


def _warped(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[int, int], length: float
) -> NDArray[np.uint8]:
    """Warp a picture; one that shrinks much is averaged first. `length`: pixels of the picture along the upper edge."""
    import cv2

    while length > 2.0 * size[0]:
        image = np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = matrix @ np.diag([2.0, 2.0, 1.0])
        length /= 2
    return np.asarray(cv2.warpPerspective(image, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _upright(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of a nearly level square from the upper left one on, clockwise."""
    sums, differences = corners.sum(1), corners[:, 1] - corners[:, 0]
    order = [sums.argmin(), differences.argmin(), sums.argmax(), differences.argmax()]
    return np.asarray(corners[order], np.float64)
