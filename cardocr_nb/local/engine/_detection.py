"""First step: detect text, each box at the angle of its own surroundings.

The map of the detector becomes oriented boxes, as in DBNet (Liao et al. 2020, "Real-time scene text detection with
differentiable binarization", section 3.5): threshold, smallest rectangle around each region, grown by
``area * ratio / perimeter``. The detector finds lines at every angle, so a turned card needs no second run; small text does.
A short text has no direction of its own and takes the one of the long lines near it, so that a card is cut correctly among
papers that lie at other angles.
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
_MOST_BOXES = 240
_LONG = 2.5
"""Boxes this many times as long as high have a direction of their own."""
_FAN = 9.0
"""Degrees by which perspective lets the lines of one card differ from their middle."""
_NEAR = 6.0
"""Heights of a long line within which a short text takes its direction."""
_THIN = 3.0
_USUAL = 0.45
"""Part of the lines that may be smaller than what is looked for: translations of labels are."""
_SMALL_TEXT = 17.0
"""Height of a line, in pixels of the detector's image, below which the detector runs again on an enlarged picture."""
_READABLE = 24.0
"""Height of a line then."""
_CLOSE_UP = 960


@dataclass(frozen=True, slots=True)
class Detection:
    """Boxes of text.

    Attributes
    ----------
    boxes : ndarray of shape (n, 4, 2)
        Corners in pixels of the upright image: start and end of the upper edge, end and start of the lower edge, for a
        reader who sees the text of the same group at `angles`. Whether it is upside down is not known yet.
    groups : ndarray of shape (n,), int
        Number of the direction that a box shares with others; 0 is the one of most text.
    angles : tuple of float
        Direction of each group, degrees clockwise from the x axis, -90 to 90.
    """

    boxes: NDArray[np.float64]
    groups: NDArray[np.intp]
    angles: tuple[float, ...]


def detect(image: NDArray[np.uint8], models: Models, side: int) -> Detection:
    """Detect the lines of text on a picture.

    Parameters
    ----------
    image : ndarray of shape (h, w), uint8
        The picture in one color, as from `ink_channel`.
    models : Models
    side : int
        Longer side of the picture that the detector sees, in pixels.
    """
    import cv2
    import numpy as np

    height, width = image.shape
    scale = side / max(height, width)
    whole = np.array([[scale, 0, 0], [0, scale, 0]])
    regions = _regions(image, whole, (width * scale, height * scale), models)
    if regions:
        rectangles = [cv2.minAreaRect(region.astype(np.float32)) for region in regions]
        angle = _main_angle(rectangles)
        level = _level(regions, angle)
        if np.quantile(_heights(level), _USUAL) * scale < _SMALL_TEXT:
            closer, size = _close_up(level, angle, scale)
            again = _regions(image, closer, size, models)
            if len(again) >= len(regions) // 2:
                regions = again
    return _oriented(regions)


def detect_within(image: NDArray[np.uint8], corners: NDArray[np.float64], models: Models, side: int) -> Detection:
    """Detect text on a part of a picture, seen straight and as large as the detector likes it.

    Parameters
    ----------
    image : ndarray of shape (h, w), uint8
    corners : ndarray of shape (3, 2)
        Upper left, upper right and lower left corner of the part, in pixels.
    models : Models
    side : int
        Longer side of the part as the detector sees it.
    """
    import cv2
    import numpy as np

    along, down = (float(np.linalg.norm(corner - corners[0])) for corner in corners[1:])
    zoom = side / max(along, down, 1.0)
    size = (along * zoom, down * zoom)
    target = np.array([(0, 0), (size[0], 0), (0, size[1])], np.float32)
    matrix = np.asarray(cv2.getAffineTransform(corners.astype(np.float32), target), np.float64)
    along_x, along_y = corners[1] - corners[0]
    return _oriented(_regions(image, matrix, size, models), float(np.degrees(np.arctan2(along_y, along_x))))


def _regions(
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
    """Average pixels before a map that shrinks much: it would only pick some of them."""
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


def _oriented(regions: Sequence[NDArray[np.float64]], direction: float | None = None) -> Detection:
    """Boxes of the regions in groups of a common direction; short ones take that of their surroundings, or the one given."""
    import cv2
    import numpy as np

    if not regions:
        return Detection(np.empty((0, 4, 2)), np.empty(0, np.intp), (0.0,))
    rectangles = [cv2.minAreaRect(region.astype(np.float32)) for region in regions]
    own = np.array([angle + (90 if h > w else 0) for _, (w, h), angle in rectangles])
    sizes = np.sort([size for _, size, _ in rectangles], axis=1)
    centers = np.array([center for center, _, _ in rectangles])
    long = sizes[:, 1] > _LONG * sizes[:, 0]
    groups, angles = _direction_groups(own, sizes[:, 1] * long if long.any() else sizes[:, 1])
    directions = own.copy()
    if direction is not None:
        off = [abs((angle - direction + 90) % 180 - 90) for angle in angles]
        angles = (*angles, direction) if min(off) > _FAN else angles
        own_group = int(np.argmin([*off, 90.0 if min(off) <= _FAN else -1.0]))
        directions[groups < 0] = direction
        groups[groups < 0] = own_group
    for i in np.flatnonzero(groups < 0):
        near = np.flatnonzero(long & (groups >= 0))
        away = np.linalg.norm(centers[near] - centers[i], axis=1) if len(near) else np.empty(0)
        votes = np.where(away < _NEAR * sizes[near, 0] + sizes[near, 1] / 2, sizes[near, 1] / (1 + away), 0)
        if not votes.sum():
            groups[i], directions[i] = 0, angles[0]
            continue
        groups[i] = np.bincount(groups[near], votes).argmax()
        alike = groups[near] == groups[i]
        off = (own[near[alike]] - angles[groups[i]] + 90) % 180 - 90
        directions[i] = angles[groups[i]] + np.average(off, weights=votes[alike] + 1e-9)
    boxes = np.empty((len(regions), 4, 2))
    for number, region in enumerate(regions):
        angle = angles[groups[number]]
        direction = float(angle + (directions[number] - angle + 90) % 180 - 90)
        boxes[number] = _turned(_level([region], direction), direction)[0]
    return Detection(boxes, groups, angles)


def _direction_groups(
    own: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.intp], tuple[float, ...]]:
    """Number of the common direction of each region that has weight, -1 for the others; and the directions."""
    import numpy as np

    groups = np.full(len(own), -1, np.intp)
    angles: list[float] = []
    while ((groups < 0) & (weight > 0)).any():
        left = np.where(groups < 0, weight, 0)
        apart = np.abs((own[:, None] - own[None] + 90) % 180 - 90)
        center = own[(left[None, :] * (apart < _FAN)).sum(1).argmax()]
        off = (own - center + 90) % 180 - 90
        near = (np.abs(off) < _FAN) & (left > 0)
        order = np.argsort(off[near])
        middle = np.searchsorted(np.cumsum(left[near][order]), left[near].sum() / 2)
        angle = center + off[near][order][middle]
        near = (np.abs((own - angle + 90) % 180 - 90) < 1.5 * _FAN) & (left > 0)
        groups[near] = len(angles)
        angles.append(float((angle + 90) % 180 - 90))
    total = np.array([weight[groups == g].sum() for g in range(len(angles))])
    order = np.argsort(-total, kind="stable")
    rank = np.argsort(order)
    return np.where(groups >= 0, rank[groups], -1), tuple(angles[i] for i in order)


def _level(regions: Sequence[NDArray[np.float64]], angle: float) -> NDArray[np.float64]:
    """Boxes of regions, shape (n, 4, 2): long ones at their own angle, short ones at the one given, in pixels turned by it."""
    import cv2
    import numpy as np

    turn = np.radians(angle)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    level = []
    for region in regions:
        center, (w, h), own = cv2.minAreaRect(region.astype(np.float32))
        off = (own - angle + (90 if h > w else 0) + 90) % 180 - 90
        if max(w, h) > _LONG * min(w, h):
            box = cv2.boxPoints((np.array(center) @ axes, (max(w, h) + _growth(w, h), min(w, h) + _growth(w, h)), off))
            level.append(np.roll(box, -1, axis=0))  # boxPoints begins at the lower left
            continue
        low, high = (region @ axes).min(0), (region @ axes).max(0)
        more = _growth(*(high - low)) / 2
        (x0, y0), (x1, y1) = low - more, high + more
        level.append(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))
    return np.array(level, float).reshape(-1, 4, 2)


def _growth(width: float, height: float) -> float:
    return 2 * _GROWTH * width * height / max(2 * (width + height), 1e-9)


def _turned(level: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Back from axes along the text to those of the picture."""
    import numpy as np

    turn = np.radians(angle)
    return np.asarray(level @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]))


def _main_angle(rectangles: list[Any]) -> float:
    """Direction that most of the long boxes share, by length, within -90 to 90 degrees."""
    import numpy as np

    own = np.array([angle + (90 if h > w else 0) for _, (w, h), angle in rectangles])
    sizes = np.sort([size for _, size, _ in rectangles], axis=1)
    long = sizes[:, 1] > _LONG * sizes[:, 0]
    return _direction_groups(own, sizes[:, 1] * long if long.any() else sizes[:, 1])[1][0]


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
