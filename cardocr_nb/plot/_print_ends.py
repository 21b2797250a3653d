"""Whether print goes on where polygons end: a sign that they are those of shorter texts, on another card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb import polygon
from cardocr_nb.privacy._picture_match import edge_levels, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PRINT, _SIDE = 16.0, 2200
"""Height of print, and longest side of the picture, at which edges are measured, pixels."""
_BEYOND = np.linspace(0.35, 1.15, 12)
"""Places beyond the end, in heights of print: farther than a polygon is usually wider than its text, about a character long."""
_ACROSS = np.linspace(0.15, 0.85, 9)
_ONE_LINE = 1.7
"""Heights of print from which a polygon holds several lines, whose end shows nothing."""
_AS_STRONG = 0.2
"""Difference of the logarithms of edges within and beyond, below which there is as much print beyond. On 840 right pictures of
specimens, in ten conditions and with polygons up to 0.3 heights wider than the text, the least is 0.32, the median 1.7. Relative to the
edges of blank paper it separates less."""
_FEWEST = 2
"""Fields whose print goes on, of a picture of another card. One alone is on 2 of 18 right pictures with a watermark of the owner; at least two are
on 179 of 264 pictures of other specimens in the same layout, and 254 have them or fit better elsewhere (`better_place`)."""


def goes_on(pixels: NDArray[np.uint8], corners: NDArray[np.float64]) -> bool:
    """Whether the print of at least two fields goes on beyond the right end of their polygons.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    corners : ndarray of shape (n, 4, 2)
        Polygons of one card in reading order: top-left, bottom-left, bottom-right, top-right, pixels.

    Examples
    --------
    >>> page = np.full((160, 300, 3), 255, np.uint8)
    >>> page[20:40, 20:200:4] = page[100:120, 20:200:4] = 0
    >>> row = np.array([(20, 20), (20, 40), (200, 40), (200, 20)], float)
    >>> whole = np.stack([row, row + (0, 80)])
    >>> part = whole - [(0, 0), (0, 0), (50, 0), (50, 0)]
    >>> goes_on(page, whole), goes_on(page, part)
    (False, True)
    """
    height = np.minimum(polygon.width(corners), polygon.height(corners))
    print_height = float(np.median(height))
    edges, factor = edge_levels(pixels, print_height, _PRINT, _SIDE)
    quads = corners * factor
    longer = 0
    for n, quad in enumerate(quads):
        unit = factor * min(print_height, float(height[n]))
        length = float(np.linalg.norm(quad[3] - quad[0]))
        if height[n] > _ONE_LINE * print_height or length < unit:
            continue
        right = (quad[3] - quad[0]) / length
        inside = _points(quad[0], quad[1], np.linspace(0.2 * unit, length - 0.2 * unit, 24), right)
        beyond = _points(quad[3], quad[2], _BEYOND * unit, right)
        for other in np.delete(quads, n, axis=0):
            beyond = beyond[~within(other, beyond)]
        levels = [_levels(edges, points) for points in (inside, beyond)]
        if min(map(len, levels)):
            longer += bool(levels[0].mean() - levels[1].mean() < _AS_STRONG)
    return longer >= _FEWEST


def _points(
    top: NDArray[np.float64], bottom: NDArray[np.float64], along: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points at distances from one end of a polygon, over its height; shape (n, 2)."""
    points = top + along[:, None, None] * right + _ACROSS[None, :, None] * (bottom - top)
    found: NDArray[np.float64] = points.reshape(-1, 2)
    return found


def _levels(edges: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    at = np.rint(points).astype(np.int64)
    x, y = at[(at >= 0).all(axis=1) & (at < edges.shape[::-1]).all(axis=1)].T
    found: NDArray[np.float64] = edges[y, x]
    return found
