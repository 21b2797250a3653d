"""The ink of a line crop: where the line and its characters are, and the tone of each.

Ink is looked for in `ink_channel`, in which blue labels and red seals are dark and pale red marks nearly white.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._line_crops import ink_channel
from cardocr_nb.local.engine._networks import LINE_HEIGHT
from cardocr_nb.local.engine._quantiles import pixel_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_INK = 0.42
"""Ink is darker than its surroundings by this part of the line's contrast."""
_PALE = 0.3
"""Contrast of a line's palest part over that of its clearest."""
_LINE_GAP = 14
"""Pixels of a crop; ink beyond a wider gap does not belong to the line."""
_MARGIN = 6
"""Pixels of a crop left free before the first and after the last ink."""
_DEEPEST = 1.3
"""Absorption of green light from which a deeper one does not make an ink redder: black ink has a tinge in warm light."""
_TALL_INK, _AS_CLEAR = 0.5, 0.7
"""Part of the height of a crop from which the middle of the ink shows its color, and its contrast over that of all, at least."""
_LEAST_LIGHT = 8.0
"""Added to the light of a pixel, so that noise in black ink does not count."""
_CORE = 60
"""Pixels of the darkest ink: a part of the strokes of one character."""
_RISE = 0.33
"""Absorption of ink over that of the darkest of a crop, from where it is left out to where it is kept as it is."""


def whole_line(ink: NDArray[np.bool_], start: int, end: int) -> tuple[int, int]:
    """Find the ends of a line: a box that is too tight is extended as far as its ink continues.

    Parameters
    ----------
    ink : ndarray of shape (48, w)
        Of a crop longer than the line at both ends.
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
        elif column - right >= _LINE_GAP - _MARGIN:
            break
    left = start
    for column in range(start - 1, -1, -1):
        if inked[column]:
            left = column - _MARGIN
        elif left - column > _LINE_GAP - _MARGIN:
            break
    return int(np.clip(min(left, start - _MARGIN), 0, wide)), int(np.clip(max(right, end + _MARGIN), 0, wide))


def ink_ends(ink: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the columns a little before the first and behind the last ink of a crop, equal if there is none.

    Parameters
    ----------
    ink : ndarray of shape (48, w)
    """
    import numpy as np

    columns = np.flatnonzero(ink[_band(ink)].sum(0) >= 2)
    if not len(columns):
        return 0, 0
    return max(int(columns[0]) - 2 * _MARGIN, 0), min(int(columns[-1]) + 1 + 2 * _MARGIN, ink.shape[1])


def ink_boxes(ink: NDArray[np.bool_], centers: Sequence[float]) -> list[tuple[float, float, float, float]]:
    """Return the extent of the ink around each center, as parts of the crop; a character without ink takes all its room."""
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


def ink_of(crop: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels of a crop are ink.

    Parameters
    ----------
    crop : ndarray of shape (48, w, 3), uint8, BGR
    """
    import cv2
    import numpy as np

    gray = cv2.GaussianBlur(ink_channel(crop[:, :, 2], crop[:, :, 1]), (3, 3), 0)
    paper = cv2.blur(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((25, 25), np.uint8)), (25, 25))
    darker = paper.astype(np.float32) - gray
    nearly_all = int(0.97 * (darker.size - 1))
    whole = float(np.partition(darker, nearly_all, axis=None)[nearly_all])
    # Under glare a part of the line is much paler than the rest.
    here = cv2.blur(cv2.dilate(darker, np.ones((LINE_HEIGHT, LINE_HEIGHT), np.uint8)), (LINE_HEIGHT, LINE_HEIGHT))
    return np.asarray(darker > np.maximum(_INK * np.clip(here, _PALE * whole, whole), 6.0))


def ink_tones(crop: NDArray[np.uint8], boxes: Sequence[tuple[float, float, float, float]]) -> list[tuple[float, float]]:
    """Return contrast and redness of the ink in each box.

    Parameters
    ----------
    crop : ndarray of shape (48, w, 3), uint8, BGR
    boxes : sequence of tuple of float
        As from `ink_boxes`.

    Returns
    -------
    list of (float, float)
        Contrast: 0 for no ink to 1 for black on white. Redness: 0 for black ink, 1 for ink that absorbs no red light.

    Examples
    --------
    >>> import numpy as np
    >>> crop = np.full((48, 90, 3), 240, np.uint8)
    >>> crop[10:30, 20:40] = (60, 60, 225)
    >>> [(contrast, redness)] = ink_tones(crop, [(0.2, 0.2, 0.5, 0.7)])
    >>> round(contrast, 2), round(redness, 1)
    (0.75, 1.0)
    """
    import numpy as np

    if not boxes:
        return []
    high, wide = crop.shape[:2]
    colors = np.ascontiguousarray(crop[:, :, 1:].transpose(2, 0, 1))  # green and red
    paper = _upper(colors[:, 4:-4].reshape(2, -1), 0.8) if high > 8 else np.full(2, 255.0)
    around, ink, middle = np.empty((len(boxes), 2)), np.empty((len(boxes), 2)), np.empty((len(boxes), 2))
    for number, (left, top, right, bottom) in enumerate(boxes):
        x0, x1 = int(left * wide), max(int(right * wide + 0.999), int(left * wide) + 1)
        y0, y1 = int(top * high), max(int(bottom * high + 0.999), int(top * high) + 1)
        part = colors[:, y0:y1, x0:x1].reshape(2, -1)
        around[number] = _upper(part, 0.9)
        ink[number] = middle[number] = _darkest(part)
        if y1 - y0 > _TALL_INK * high:
            middle[number] = _darkest(colors[:, y0 + (y1 - y0) // 5 : y1 - (y1 - y0) // 5, x0:x1].reshape(2, -1))
    around = np.maximum(around, 0.6 * paper)
    contrast, redness = _tones(around, ink)
    # Ink of a frame above or below may touch the character: its own color is that of the middle, if ink is there.
    clear, color = _tones(around, middle)
    redness = np.where(clear > _AS_CLEAR * contrast, np.minimum(redness, color), redness)
    return [(float(c), float(r)) for c, r in zip(contrast.round(3), redness.round(3), strict=True)]


def print_contrast(crop: NDArray[np.uint8]) -> float:
    """Return the contrast of the darkest ink of a crop with the paper, 0 to 1.

    Parameters
    ----------
    crop : ndarray of shape (48, w, 3), uint8, BGR

    Examples
    --------
    >>> import numpy as np
    >>> crop = np.full((48, 400, 3), 240, np.uint8)
    >>> crop[12:36, 20:60] = 40
    >>> round(print_contrast(crop), 2), print_contrast(crop[:, 60:])
    (0.83, 0.0)
    """
    light = ink_channel(crop[:, :, 2], crop[:, :, 1])
    ink, paper = (pixel_quantile(light, part) for part in (0.003, 0.8))
    return 1 - (ink + 1) / (paper + 1)


def darkest_ink(crop: NDArray[np.uint8], paler: float) -> NDArray[np.uint8]:
    """Keep only the darkest ink of a crop: a value that is printed over a gray label, without the label.

    Parameters
    ----------
    crop : ndarray of shape (48, w, 3), uint8, BGR
    paler : float
        Absorption over that of the darkest ink, 0 to 1, up to which ink is left out.

    Examples
    --------
    >>> import numpy as np
    >>> crop = np.full((48, 90, 3), 240, np.uint8)
    >>> crop[10:30, 10:40], crop[20:40, 30:60] = 90, 20
    >>> darkest_ink(crop, 0.6)[[15, 35], [20, 50], 0].tolist()
    [255, 30]
    """
    import cv2
    import numpy as np

    light = cv2.GaussianBlur(ink_channel(crop[:, :, 2], crop[:, :, 1]), (3, 3), 0).astype(np.float32) + _LEAST_LIGHT
    absorbed = np.log(float(np.quantile(light, 0.85)) / light)
    darkest = max(float(np.partition(absorbed, -_CORE, axis=None)[-_CORE]), 0.05)
    kept = np.clip((absorbed / darkest - paler) / _RISE, 0, 1)
    return np.repeat((255 - 225 * kept).astype(np.uint8)[..., None], 3, axis=2)


def _darkest(part: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean color of the darkest sixth of the pixels, shape (2, n)."""
    import numpy as np

    sixth = part.shape[1] // 6
    darkest = part[:, np.argpartition(part[0], sixth)[: sixth + 1]]
    return np.asarray(np.add.reduce(darkest, 1, np.uint64) / (sixth + 1))


def _tones(around: NDArray[np.float64], ink: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Contrast and redness of inks by their green and red light, and that around them."""
    import numpy as np

    absorbed = np.log((around + 1) / (ink + 1))
    contrast = np.clip(1 - (ink[:, 0] + 1) / (around[:, 0] + 1), 0, 1)
    return contrast, np.clip(1 - absorbed[:, 1] / np.clip(absorbed[:, 0], 0.05, _DEEPEST), 0, 1)


def _upper(levels: NDArray[np.uint8], part: float) -> NDArray[np.float64]:
    """Quantile of each row as `numpy.quantile` has it, which takes ten times as long for short rows."""
    import numpy as np

    place = part * (levels.shape[1] - 1)
    low = int(place)
    high = min(low + 1, levels.shape[1] - 1)
    ordered = np.partition(levels, (low, high), axis=1)[:, [low, high]].tolist()
    return np.array([one + (place - low) * (other - one) for one, other in ordered])


def _band(ink: NDArray[np.bool_]) -> slice:
    """Rows of the line itself: neighbors above and below leave a gap, or at least a thin place."""
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
