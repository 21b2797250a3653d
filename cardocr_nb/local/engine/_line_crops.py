"""Strips: lines cut out of a picture, and where the ink on them is.

Ink is looked for in the red channel, where the blue of labels is dark and the red of stamps and marks is nearly white.
"""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._networks import LINE_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_LONGEST = 3200
_INK = 0.42
"""Ink is darker than its surroundings by this part of the line's contrast."""
_PALE = 0.3
"""Contrast of a line's palest part over that of its clearest."""
_TORN = 14
"""Pixels of a strip; a wider gap parts what belongs to a line from what does not."""
_MARGIN = 6
"""Pixels of a strip left free before the first and after the last ink."""


class ImagePyramid:
    """A picture from which strips are cut, kept in halved sizes so that cutting never skips pixels."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self._sizes = [image]
        self._lock = threading.Lock()

    def strip(self, corners: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Cut a strip of the recognizer's height.

        Parameters
        ----------
        corners : ndarray of shape (3, 2)
            As in `Line`.
        """
        import cv2
        import numpy as np

        start, end, below = corners
        height = max(float(np.linalg.norm(below - start)), 1.0)
        width = float(np.linalg.norm(end - start))
        level = int(np.clip(np.log2(height / LINE_HEIGHT) + 0.4, 0, 6))
        with self._lock:
            while len(self._sizes) <= level:
                last = self._sizes[-1]
                half = max(1, last.shape[1] // 2), max(1, last.shape[0] // 2)
                self._sizes.append(np.asarray(cv2.resize(last, half, interpolation=cv2.INTER_AREA), np.uint8))
        image = self._sizes[level]
        scale = np.array([image.shape[1] / self._sizes[0].shape[1], image.shape[0] / self._sizes[0].shape[0]])
        long = int(np.clip(round(width / height * LINE_HEIGHT), LINE_HEIGHT // 2, _LONGEST))
        target = np.array([[0, 0], [long, 0], [0, LINE_HEIGHT]], np.float32)
        matrix = cv2.getAffineTransform((corners * scale).astype(np.float32), target)
        cut = cv2.warpAffine(image, matrix, (long, LINE_HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cut, np.uint8)


def whole_line(ink: NDArray[np.bool_], start: int, end: int) -> tuple[int, int]:
    """Where a line really begins and ends: a box found too tight is let out as far as its ink goes on.

    Parameters
    ----------
    ink : ndarray of shape (48, w)
        Of a strip longer than the line at both ends.
    start, end : int
        Columns between which the line was found.

    Returns
    -------
    start, end : int
        Columns, a little beyond the first and the last ink.
    """
    import numpy as np

    inked = ink[_band(ink)].sum(0) >= 2
    wide = len(inked)
    right = end
    for column in range(end, wide):
        if inked[column]:
            right = column + _MARGIN
        elif column - right >= _TORN - _MARGIN:
            break
    left = start
    for column in range(start - 1, -1, -1):
        if inked[column]:
            left = column - _MARGIN
        elif left - column > _TORN - _MARGIN:
            break
    return int(np.clip(min(left, start - _MARGIN), 0, wide)), int(np.clip(max(right, end + _MARGIN), 0, wide))


def ink_boxes(ink: NDArray[np.bool_], centers: Sequence[float]) -> list[tuple[float, float, float, float]]:
    """Extent of the ink around each center, as parts of the strip; a character without ink takes all its room."""
    import numpy as np

    if not centers:
        return []
    high, wide = ink.shape
    rows = _band(ink)
    band = ink[rows]
    columns = band.sum(0)
    cuts = _cuts(columns, centers, high)
    starts, end = cuts[:-1], cuts[-1]
    inked = np.logical_or.reduceat(band[:, :end], starts, axis=1)
    across, down = np.arange(end), np.arange(len(band))[:, np.newaxis]
    bounds = np.array(
        [
            np.minimum.reduceat(np.where(columns[:end], across, wide), starts),
            np.where(inked, down, high).min(0) + rows.start,
            np.maximum.reduceat(np.where(columns[:end], across, -1), starts) + 1,
            np.where(inked, down, -1).max(0) + 1 + rows.start,
        ]
    )
    room = np.array([starts, np.full(len(starts), rows.start), cuts[1:], np.full(len(starts), rows.stop)])
    parts = np.where(inked.any(0), bounds, room).T / (wide, high, wide, high)
    return [(left, top, right, bottom) for left, top, right, bottom in np.round(parts, 4).tolist()]


def ink_of(strip: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels of a strip are ink.

    Parameters
    ----------
    strip : ndarray of shape (48, w, 3), uint8, BGR
    """
    import cv2
    import numpy as np

    gray = cv2.GaussianBlur(strip[:, :, 2], (3, 3), 0)
    paper = cv2.blur(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((25, 25), np.uint8)), (25, 25))
    darker = paper.astype(np.float32) - gray
    nearly_all = int(0.97 * (darker.size - 1))
    whole = float(np.partition(darker, nearly_all, axis=None)[nearly_all])
    # Under glare a part of the line is much paler than the rest.
    here = cv2.blur(cv2.dilate(darker, np.ones((LINE_HEIGHT, LINE_HEIGHT), np.uint8)), (LINE_HEIGHT, LINE_HEIGHT))
    return np.asarray(darker > np.maximum(_INK * np.clip(here, _PALE * whole, whole), 6.0))


def _band(ink: NDArray[np.bool_]) -> slice:
    """Rows of the line itself: neighbours above and below leave a gap, or at least a thin place."""
    import numpy as np

    rows = ink.sum(1)
    high = len(rows)
    thin = 0.06 * np.partition(rows, high * 9 // 10)[high * 9 // 10]
    top, bottom = high // 3, high - high // 3
    while top > 0 and rows[top - 1] > thin:
        top -= 1
    while bottom < high and rows[bottom] > thin:
        bottom += 1
    return slice(top, bottom)


def _cuts(columns: NDArray[np.int64], centers: Sequence[float], high: int) -> NDArray[np.int64]:
    """Where one character ends and the next begins: the emptiest column about half way."""
    import numpy as np

    wide = len(columns)
    cuts = [int(max(0, centers[0] - 0.75 * high))]
    for left, right in pairwise(centers):
        middle, reach = (left + right) / 2, max(1.0, (right - left) / 4)
        low, up = int(middle - reach), int(middle + reach) + 1
        span = columns[low:up]
        off = np.abs(np.arange(low, up) - middle) / (2 * reach)
        cuts.append(max(cuts[-1] + 1, low + int((span + off).argmin())))
    cuts.append(int(max(cuts[-1] + 1, centers[-1] + 0.75 * high)))
    return np.minimum(cuts, wide - np.arange(len(cuts))[::-1])
