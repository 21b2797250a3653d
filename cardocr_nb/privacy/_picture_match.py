"""A check that polygons belong to a picture: print lies inside them, not around them.

Polygons of another version of the picture (enlarged, reduced, turned) miss the print, and redaction would leave the texts
readable. The check compares the strength of edges inside the polygons with that just above and below them, once as they
are and once for each other size and quarter turn. A picture is refused if the polygons miss the print as they are and fit
it clearly better at another size or turn. How well they fit there does not count: the print on a soft or open photo is weak
at every size. A picture without print passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.polygon._corners import Floats

_SIDE = 900
"""Longer side of the picture on which edges are measured, pixels: print of a card is 10 to 20 pixels high there."""
_SCALES = np.exp(np.arange(np.log(0.25), np.log(4.0), 0.02))
"""Sizes that are tried. Steps of 2 % move a polygon on a card by less than the height of its print."""
_SAME_SIZE = 0.05
_FITS = 1.0
"""Logarithm of the ratio of edges from which print lies in the polygons as they are. The 24 specimens have 1.39 to 2.8 at
their own size and -0.9 to 0.8 at eight others."""
_BETTER, _PRINT = 0.6, 0.9
"""Least gain, and least value, at another size that prove print there: the specimens gain 0.91 and more, to 1.16 and more."""


def _grid(u: Floats, v: Floats) -> Floats:
    across, down = np.meshgrid(u, v)
    return np.stack([across.ravel(), down.ravel()], axis=1)


_INSIDE = _grid(np.linspace(0.03, 0.97, 24), np.linspace(0.1, 0.9, 6))
_AROUND = _grid(np.linspace(0.03, 0.97, 24), np.array([-0.35, -0.25, 1.25, 1.35]))


def refuse_other_picture(pixels: NDArray[np.uint8], corners: Floats) -> None:
    """Raise if polygons fit the print of a picture only at another size or turn.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    corners : ndarray of shape (n, 4, 2)
        Polygons of all fields, pixels, in wire order.

    Raises
    ------
    InvalidRequestError
        The picture is another version of the one that was read.
    """
    edges, factor = _edges(pixels)
    small = corners * factor
    own = _fit(edges, small)
    if own >= _FITS:
        return
    least = max(_PRINT, own + _BETTER)
    scores = [_fit(edges, small * scale) for scale in _SCALES]
    best = int(np.argmax(scores))
    if scores[best] >= least and abs(_SCALES[best] - 1) > _SAME_SIZE:
        raise InvalidRequestError(
            f"the places fit a picture that is {1 / _SCALES[best]:.2f} times as large as this one; "
            "give the picture that was read, in its size"
        )
    height, width = edges.shape
    for turn, quads in enumerate(_turns(small, width, height), 1):
        if _fit(edges, quads) >= least:
            raise InvalidRequestError(
                f"the places fit this picture turned by {90 * turn} degrees; give the picture as it was read"
            )


def _edges(pixels: NDArray[np.uint8]) -> tuple[Floats, float]:
    from PIL import Image

    height, width = pixels.shape[:2]
    factor = min(1.0, _SIDE / max(height, width))
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    gray = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX).convert("L"), dtype=np.float64)
    edges = np.zeros_like(gray)
    edges[:, 1:] += np.abs(np.diff(gray, axis=1))
    edges[1:] += np.abs(np.diff(gray, axis=0))
    return edges, factor


def _fit(edges: Floats, quads: Floats) -> float:
    """Return the median over polygons of log(edges inside / edges around); 1 gray level is added to both.

    Polygons mostly outside the picture count as 0.
    """
    inside, around = (_mean_at(edges, quads, grid) for grid in (_INSIDE, _AROUND))
    return float(np.median(np.nan_to_num(np.log((inside + 1) / (around + 1)))))


def _mean_at(edges: Floats, quads: Floats, grid: Floats) -> Floats:
    """Mean edge strength at points of a grid over each polygon; NaN where most of them are outside the picture."""
    start, across, down = quads[:, :1], quads[:, 3:] - quads[:, :1], quads[:, 1:2] - quads[:, :1]
    points = np.rint(start + grid[None, :, :1] * across + grid[None, :, 1:] * down).astype(np.int64)
    x, y = points[..., 0], points[..., 1]
    inside = (x >= 0) & (y >= 0) & (x < edges.shape[1]) & (y < edges.shape[0])
    values = edges[np.where(inside, y, 0), np.where(inside, x, 0)]
    count = inside.sum(axis=1)
    mean: Floats = np.where(inside, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(2 * count > inside.shape[1], mean, np.nan)


def _turns(quads: Floats, width: int, height: int) -> list[Floats]:
    """Polygons as they lie if the picture was turned by 90, 180 and 270 degrees after it was read."""
    x, y = quads[..., 0], quads[..., 1]
    return [
        np.stack([width - y, x], axis=-1),
        np.stack([width - x, height - y], axis=-1),
        np.stack([y, height - x], axis=-1),
    ]
