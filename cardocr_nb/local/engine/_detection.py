"""First step: where text stands, and at which angle.

The detector's map becomes oriented boxes, as in DBNet (Liao et al. 2020, "Real-time scene text detection with
differentiable binarization", section 3.5): threshold, smallest rectangle around each region, grown by
``area * ratio / perimeter``. The detector finds lines at every angle, so a turned card needs no second look; small text does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._networks import Models

_THRESHOLD = 0.3
_BOX_THRESHOLD = 0.5
_GROWTH = 1.6
_MOST_BOXES = 200
_LONG = 2.5
"""Boxes this many times as long as high show the direction of the text."""
_FAN = 8.0
"""Degrees by which perspective lets lines differ."""
_THIN = 3.0
_USUAL = 0.45
"""Share of the lines that may be smaller than what is looked for: translations of labels are."""
_SMALL_TEXT = 17.0
"""Height of a line, in pixels of the detector's image, below which it looks again closer."""
_READABLE = 24.0
"""Height of a line then."""
_CLOSE_UP = 960


@dataclass(frozen=True, slots=True)
class Detection:
    """Where text stands.

    Attributes
    ----------
    boxes : ndarray of shape (n, 4, 2)
        Corners in pixels of the upright image: start and end of the upper edge, end and start of the lower edge, for a
        reader who sees the text at `angle`. Whether it is upside down is not known yet.
    angle : float
        Direction of most of the text, degrees clockwise from the x axis, -90 to 90.
    short : tuple of ndarray of shape (k, 2)
        Outlines of the text too short to show a direction of its own.
    """

    boxes: NDArray[np.float64]
    angle: float
    short: tuple[NDArray[np.float64], ...] = ()


def find(image: NDArray[np.uint8], models: Models, side: int) -> Detection:
    """Find the lines of text on a picture.

    Parameters
    ----------
    image : ndarray of shape (h, w), uint8
        The picture in one color. Red suits these cards: their labels are blue, and the marks across them red.
    models : Models
    side : int
        Longer side of the picture that the detector sees, in pixels.
    """
    import cv2
    import numpy as np

    height, width = image.shape
    scale = side / max(height, width)
    whole = np.array([[scale, 0, 0], [0, scale, 0]])
    regions = _detect(image, whole, (width * scale, height * scale), models)
    angle, level = _levelled(regions)
    if regions and np.quantile(_heights(level), _USUAL) * scale < _SMALL_TEXT:
        closer, size = _close_up(level, angle, scale)
        again = _detect(image, closer, size, models)
        if len(again) >= len(regions) // 2:
            regions = again
            angle, level = _levelled(again)
    short = tuple(region for region in regions if not _is_long(cv2.minAreaRect(region.astype(np.float32))[1]))
    return Detection(_turned(level, angle), angle, short)


def redirected(found: Detection, angle: float) -> NDArray[np.float64]:
    """Boxes of the short texts, where a card turned out to lie otherwise than most of the text on the picture.

    Parameters
    ----------
    found : Found
    angle : float
        Direction of the card's text, degrees clockwise from the x axis.

    Returns
    -------
    ndarray of shape (n, 4, 2)
    """
    return _turned(_level(found.short, angle), angle)


def _detect(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[float, float], models: Models
) -> list[NDArray[np.float64]]:
    """Outlines of the text on the picture seen through an affine map, in pixels of the picture."""
    import cv2
    import numpy as np

    width, height = (max(32, int(np.ceil(s / 32)) * 32) for s in size)
    shrink = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    reduced, matrix = _reduced(image, matrix, shrink)
    seen = cv2.warpAffine(reduced, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    text = models.text_map(np.asarray(cv2.merge([seen, seen, seen]), np.uint8))
    mask = cv2.dilate((text > _THRESHOLD).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    back = cv2.invertAffineTransform(matrix)
    scale = image.shape[1] / reduced.shape[1], image.shape[0] / reduced.shape[0]
    outlines: list[NDArray[np.float64]] = []
    for contour in contours:
        if len(outlines) < _MOST_BOXES and _is_text(contour, text):
            outlines.append((cv2.convexHull(contour)[:, 0] @ back[:, :2].T + back[:, 2]) * scale)
    return outlines


def _reduced(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], shrink: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Average pixels away before a map that shrinks much: it would only pick some of them."""
    import cv2
    import numpy as np

    if shrink > 2 / 3:
        return image, matrix
    height, width = image.shape
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    scaled = matrix.copy()
    scaled[:, :2] = matrix[:, :2] @ np.diag([width / size[0], height / size[1]])
    return np.asarray(small, np.uint8), scaled


def _is_text(contour: NDArray[Any], text: NDArray[np.float32]) -> bool:
    import cv2
    import numpy as np

    rectangle = cv2.minAreaRect(contour)
    if min(rectangle[1]) < _THIN:
        return False
    corners = cv2.boxPoints(rectangle)
    left, top = np.maximum(np.floor(corners.min(0)), 0).astype(int)
    right, bottom = np.ceil(corners.max(0)).astype(int) + 1
    part = text[top:bottom, left:right]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(inside, [(corners - (left, top)).astype(np.int32)], 1)
    return bool(cv2.mean(part, inside)[0] >= _BOX_THRESHOLD)


def _levelled(regions: Sequence[NDArray[np.float64]]) -> tuple[float, NDArray[np.float64]]:
    """Direction of the text, and the regions' boxes in axes along and across it, shape (n, 4, 2)."""
    import cv2
    import numpy as np

    angle = _angle([cv2.minAreaRect(region.astype(np.float32)) for region in regions])
    return angle, _level(regions, angle)


def _level(regions: Sequence[NDArray[np.float64]], angle: float) -> NDArray[np.float64]:
    """Boxes in axes along and across a direction, shape (n, 4, 2).

    A long region has a direction of its own. A short one is nearly a square, whose smallest rectangle may lie anyhow: it takes
    the one given.
    """
    import cv2
    import numpy as np

    turn = np.radians(angle)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    level = []
    for region in regions:
        center, (w, h), own = cv2.minAreaRect(region.astype(np.float32))
        off = (own - angle + (90 if h > w else 0) + 90) % 180 - 90
        if _is_long((w, h)):
            box = cv2.boxPoints((np.array(center) @ axes, (max(w, h) + _growth(w, h), min(w, h) + _growth(w, h)), off))
            start = 1  # boxPoints begins at the lower left
            level.append(np.roll(box, -start, axis=0))
            continue
        low, high = (region @ axes).min(0), (region @ axes).max(0)
        more = _growth(*(high - low)) / 2
        (x0, y0), (x1, y1) = low - more, high + more
        level.append(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))
    return np.array(level, float).reshape(-1, 4, 2)


def _is_long(size: Sequence[float]) -> bool:
    return max(size) > _LONG * min(size)


def _growth(width: float, height: float) -> float:
    return 2 * _GROWTH * width * height / max(2 * (width + height), 1e-9)


def _turned(level: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Back from axes along the text to the picture's."""
    import numpy as np

    turn = np.radians(angle)
    return np.asarray(level @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]))


def _angle(rectangles: list[Any]) -> float:
    """Direction that most of the long boxes share, by length, within -90 to 90 degrees."""
    import numpy as np

    if not rectangles:
        return 0.0
    sizes = np.array([size for _, size, _ in rectangles])
    turns = np.array([turn for _, _, turn in rectangles]) + np.where(sizes[:, 1] > sizes[:, 0], 90, 0)
    weight = sizes.max(1) * (sizes.max(1) > _LONG * sizes.min(1))
    if not weight.any():
        weight = sizes.max(1)
    apart = np.abs((turns[:, None] - turns[None] + 90) % 180 - 90)
    center = turns[(weight[:, None] * (apart < _FAN)).sum(0).argmax()]
    off = (turns - center + 90) % 180 - 90
    near = np.abs(off) < _FAN
    order = np.argsort(off[near])
    middle = np.searchsorted(np.cumsum(weight[near][order]), weight[near].sum() / 2)
    return float((center + off[near][order][middle] + 90) % 180 - 90)


def _heights(level: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(np.linalg.norm(level[:, 3] - level[:, 0], axis=1))


def _close_up(
    level: NDArray[np.float64], angle: float, scale: float
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Map onto the part of the picture that holds text, level, as large as the detector is asked to see it."""
    import numpy as np

    margin = 2 * float(np.median(_heights(level)))
    low, high = level.min((0, 1)) - margin, level.max((0, 1)) + margin
    zoom = min(_CLOSE_UP / (high - low).max(), 3 * scale, _READABLE / float(np.quantile(_heights(level), _USUAL)))
    turn = np.radians(angle)
    rotation = zoom * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    width, height = (high - low) * zoom
    return np.column_stack([rotation, -low * zoom]), (float(width), float(height))
