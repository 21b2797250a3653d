"""The square of a red seal, found by its ink, and what is within it.

The red ink is found by color, relative to the light on the card. A seal in a photocopy has none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cardocr_nb.local.engine._quantiles import pixel_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
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
_PALE_TRIES = (19, 0.07), (19, 0.025), (49, 0.025)
"""The same where a red table beyond the edges of the card makes the clearest red of the seal look pale: without a comparison."""
_INK, _CLEAREST = 0.35, 0.975
"""Part of the redness of clear print, and which part of the card is paler than that."""
_LOGARITHMS = np.log(np.arange(256, dtype=np.float32) + 12)
"""Of the light that a pixel sends; the summand keeps the noise of dark ones down."""
_FILLED = 0.5
"""Part of the square within the outline of its ink, at least."""
_EMPTY, _PIXELS = 0.25, 120
"""Part of the usual ink of a row or column from which it is of the seal, and side of the square on which that is looked at."""
_SAMPLES, _RED_INK = (32, 8), 0.07
"""Samples of a box, across and down, and their mean redness over that of most boxes, from which the ink is red."""
_EDGE, _BLACK = 0.2, 0.3
"""Part of the side that a line of black print may reach into a seal, and redness below which a line is black."""


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
    card = warped(image, matrix, size, float(np.linalg.norm(corners[1] - corners[0])))
    whole = redness(card)
    left, top, right, bottom = (round(v * _PER_MM) for v in pose.layout.portrait)
    red = whole.copy()
    red[max(top, 0) : bottom, max(left, 0) : right] = 0
    best = None
    # The portrait is where the layout has it on most cards; on others a seal is there. Glare leaves a part of a frame.
    tries = (
        *((red, t, _INK, False) for t in _TRIES),
        (whole, _TRIES[0], _INK, False),
        (red, _TRIES[0], _INK, True),
        (whole, _TRIES[0], _INK, True),
        *((red, t, 0.0, False) for t in _PALE_TRIES),
    )
    for seen, (wide, least), part, torn in tries:
        # Strokes only: the table at the edges and a face are wide. Where blur joins the strokes, so is the seal.
        strokes = cv2.morphologyEx(seen, cv2.MORPH_TOPHAT, np.ones((wide, wide), np.uint8)) if wide else seen
        best = _square(np.asarray(strokes, np.float32), least, part, torn=torn)
        if best is not None:
            break
    if best is None:
        return None
    square = _trimmed(whole, _upright(np.asarray(cv2.boxPoints(best), np.float64)))
    return np.asarray(cv2.perspectiveTransform(square[None].astype(np.float64), np.linalg.inv(matrix))[0], np.float64)


def _square(red: NDArray[np.float32], least: float, part: float, *, torn: bool) -> tuple[Any, ...] | None:
    """Find the square that a seal fills in a map of redness, as `cv2.minAreaRect` gives it.

    Red ink has the least redness, and a part of that of the clearest ink.
    """
    import cv2

    mask = (red > max(least, part * pixel_quantile(red, _CLEAREST))).astype(np.uint8)
    joined = cv2.morphologyEx(cv2.medianBlur(mask, 3), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    contours, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    best, most = None, _FILLED
    for contour in contours:
        center, (w, h), angle = cv2.minAreaRect(contour)
        longer, shorter = max(w, h) / _PER_MM, min(w, h) / _PER_MM
        if not (_SIDES[0] < shorter <= longer < _SIDES[1] and longer < _SQUARE * shorter):
            continue
        filled = float(cv2.contourArea(cv2.convexHull(contour) if torn else contour)) / (w * h)
        if filled > most:
            best, most = (center, (w, h), angle), filled
    return best


def _trimmed(red: NDArray[np.float32], square: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move the sides of a square to the ink in it: grain of the picture or a line of the background may have made it larger."""
    import cv2

    target = np.array([(0, 0), (_PIXELS, 0), (_PIXELS, _PIXELS), (0, _PIXELS)], np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(square.astype(np.float32), target), np.float64)
    ink = np.clip(cv2.warpPerspective(red, matrix, (_PIXELS, _PIXELS)), 0, None)
    ends = []
    for axis in (0, 1):
        profile = ink.mean(axis)
        usual, least = float(np.median(profile)), float(profile.min())
        inked = np.flatnonzero(profile > least + _EMPTY * (usual - least))
        ends.append((float(inked[0]), float(inked[-1] + 1)) if len(inked) else (0.0, float(_PIXELS)))
    (left, right), (top, bottom) = ends
    corners = np.array([[(left, top), (right, top), (right, bottom), (left, bottom)]])
    return np.asarray(cv2.perspectiveTransform(corners, np.linalg.inv(matrix))[0], np.float64)


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

    light = cv2.LUT(cv2.GaussianBlur(image, (3, 3), 0), _LOGARITHMS)
    ratio = light[:, :, 0] - light[:, :, 1]
    return np.asarray(ratio - np.float32(pixel_quantile(ratio, 0.5)), np.float32)


def warped(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[int, int], length: float
) -> NDArray[np.uint8]:
    """Warp a picture; one that shrinks much is averaged first. `length`: pixels of the picture along the upper edge."""
    import cv2

    # A wrong pose may see a seal that is larger than any picture.
    while length > 2.0 * size[0] and min(image.shape[:2]) > 1:
        image = np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = matrix @ np.diag([2.0, 2.0, 1.0])
        length /= 2
    return np.asarray(cv2.warpPerspective(image, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _upright(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of a nearly level square from the upper left one on, clockwise."""
    sums, differences = corners.sum(1), corners[:, 1] - corners[:, 0]
    order = [sums.argmin(), differences.argmin(), sums.argmax(), differences.argmax()]
    return np.asarray(corners[order], np.float64)


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


def is_red(image: NDArray[np.uint8], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the boxes whose ink is redder than that of most others, shape (n,).

    Parameters
    ----------
    image : ndarray of shape (h, w, 3), uint8, RGB
    boxes : ndarray of shape (n, 4, 2)
    """
    if not len(boxes):
        return np.zeros(0, bool)
    across, down = (np.arange(n) + 0.5 for n in _SAMPLES)
    along = (boxes[:, 1] - boxes[:, 0])[:, None, None] * (across / _SAMPLES[0])[None, :, None, None]
    places = (
        boxes[:, 0][:, None, None] + along + (boxes[:, 3] - boxes[:, 0])[:, None, None] * (down / _SAMPLES[1])[:, None]
    )
    columns, rows = np.clip(places.round().astype(int), 0, (image.shape[1] - 1, image.shape[0] - 1)).transpose(
        3, 0, 1, 2
    )
    light = _LOGARITHMS[image[rows, columns, :2]]
    ratio = (light[..., 0] - light[..., 1]).mean((1, 2))
    return np.asarray(ratio > np.median(ratio) + _RED_INK)
