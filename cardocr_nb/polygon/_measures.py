"""What can be measured of a polygon, and moving it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from cardocr_nb.polygon._corners import Floats, as_points, cross, following, ordered, reading

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def signed_area(p: Floats) -> Floats:
    """Area by the shoelace formula; negative when the corners run anticlockwise on the screen."""
    local = p - p[:, :1]
    return cast("Floats", cross(local, following(local)).sum(axis=1) / 2)


def area(points: ArrayLike) -> Floats:
    """Area by the shoelace formula, never negative.

    Parameters
    ----------
    points : array_like of shape (n, 4, 2)
        Corners in pixels, in order round the polygon. Of a polygon whose sides cross, the lobes cancel out:
        see `is_simple` and `ordered`.

    Returns
    -------
    ndarray of shape (n,)
        Square pixels.

    Examples
    --------
    >>> area([[0, 0], [0, 10], [30, 10], [30, 0]])
    array([300.])
    """
    return np.abs(signed_area(as_points(points)))


def perimeter(points: ArrayLike) -> Floats:
    """Sum of the lengths of the four sides, in pixels, corners in the order given.

    Examples
    --------
    >>> perimeter([[0, 0], [0, 10], [30, 10], [30, 0]])
    array([80.])
    """
    p = as_points(points)
    sides = following(p) - p
    return cast("Floats", np.hypot(sides[..., 0], sides[..., 1]).sum(axis=1))


def bbox(points: ArrayLike) -> Floats:
    """Smallest upright rectangle that holds the polygon.

    Returns
    -------
    ndarray of shape (n, 4)
        ``xmin, ymin, xmax, ymax`` in pixels.

    Examples
    --------
    >>> bbox([[5, 0], [0, 10], [30, 12], [30, 0]])
    array([[ 0.,  0., 30., 12.]])
    """
    p = as_points(points)
    return np.concatenate([p.min(axis=1), p.max(axis=1)], axis=1)


def angle(points: ArrayLike) -> Floats:
    """Angle of the reading direction against the x axis.

    The reading direction runs from the middle of the left side to the middle of the right side of the `ordered`
    corners. Since y points downwards, a positive angle is a text that falls to the right: clockwise on the screen.

    Returns
    -------
    ndarray of shape (n,)
        Degrees; -45 to 45 for a rectangle, up to 90 either way for a sheared shape, 0 where no direction can be known.
        A turn of the whole card by 90° or more does not show here.

    Examples
    --------
    >>> angle([[0, 0], [-10, 10], [20, 40], [30, 30]])
    array([45.])
    """
    along = reading(ordered(points))
    return np.degrees(np.arctan2(along[:, 1], along[:, 0]))


def _mean_side(p: Floats, first: tuple[int, int], second: tuple[int, int]) -> Floats:
    a, b = (p[:, i] - p[:, j] for i, j in (first, second))
    return (np.hypot(a[:, 0], a[:, 1]) + np.hypot(b[:, 0], b[:, 1])) / 2


def width(points: ArrayLike) -> Floats:
    """Mean length of the top and the bottom side, in pixels: the extent along the reading direction.

    Examples
    --------
    >>> width([[0, 0], [0, 10], [30, 10], [30, 0]])
    array([30.])
    """
    return _mean_side(ordered(points), (3, 0), (2, 1))


def height(points: ArrayLike) -> Floats:
    """Mean length of the left and the right side, in pixels: the extent across the reading direction.

    Examples
    --------
    >>> height([[0, 0], [0, 10], [30, 10], [30, 0]])
    array([10.])
    """
    return _mean_side(ordered(points), (0, 1), (3, 2))


def centroid(points: ArrayLike) -> Floats:
    """Center of the area of the `ordered` polygon; where it has no area, the mean of the corners.

    Returns
    -------
    ndarray of shape (n, 2)
        ``x, y`` in pixels.

    Examples
    --------
    >>> centroid([[0, 0], [0, 10], [30, 10], [30, 0]])
    array([[15.,  5.]])
    """
    p = ordered(points)
    mean = p.mean(axis=1)
    local = p - mean[:, np.newaxis]
    weight = cross(local, following(local))
    total = 3 * weight.sum(axis=1)
    moment = ((local + following(local)) * weight[..., np.newaxis]).sum(axis=1)
    shift_by = np.divide(moment, total[:, np.newaxis], out=np.zeros_like(moment), where=total[:, np.newaxis] != 0)
    return cast("Floats", mean + shift_by)


def scale(points: ArrayLike, x: float, y: float | None = None) -> Floats:
    """Multiply the coordinates, as when the image is resized.

    Parameters
    ----------
    points : array_like of shape (n, 4, 2)
    x : float
        Factor across.
    y : float, optional
        Factor down; the same as `x` by default.

    Examples
    --------
    >>> scale([[0, 0], [0, 10], [30, 10], [30, 0]], 0.5)[0].tolist()
    [[0.0, 0.0], [0.0, 5.0], [15.0, 5.0], [15.0, 0.0]]
    """
    return as_points(points) * np.array([x, x if y is None else y], dtype=np.float64)


def shift(points: ArrayLike, x: float, y: float) -> Floats:
    """Move the polygons by pixels to the right and down, as when the image is cropped or padded.

    Parameters
    ----------
    points : array_like of shape (n, 4, 2)
    x, y : float
        Pixels to the right and down.

    Examples
    --------
    >>> shift([[0, 0], [0, 10], [30, 10], [30, 0]], 5, -1)[0].tolist()
    [[5.0, -1.0], [5.0, 9.0], [35.0, 9.0], [35.0, -1.0]]
    """
    return as_points(points) + np.array([x, y], dtype=np.float64)
