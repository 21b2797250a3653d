"""Corners of polygons: their shape as an array, their order, and whether they make a polygon at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


def as_points(points: ArrayLike) -> Floats:
    """Check the shape of polygons and make them float64.

    Parameters
    ----------
    points : array_like of shape (n, 4, 2) or (4, 2)

    Returns
    -------
    ndarray of shape (n, 4, 2)

    Raises
    ------
    ValueError
        The shape is another.
    """
    p = np.asarray(points, dtype=np.float64)
    if p.shape == (4, 2):
        p = p[np.newaxis]
    if p.ndim != 3 or p.shape[1:] != (4, 2):
        raise ValueError(f"polygons must be an array of shape (n, 4, 2) or (4, 2), got shape {p.shape}")
    return p


def cross(u: Floats, v: Floats) -> Floats:
    """Z component of the cross product of vectors in the plane, last axis of length 2."""
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def following(p: Floats) -> Floats:
    """For each corner the next one round the polygon."""
    return np.roll(p, -1, axis=1)


def reading(p: Floats) -> Floats:
    """Twice the vector from the middle of the left side to the middle of the right one, corners in wire order."""
    return p[:, 2] + p[:, 3] - p[:, 0] - p[:, 1]


def ordered(points: ArrayLike) -> Floats:
    """Put the corners in wire order: top-left, bottom-left, bottom-right, top-right.

    The corners are sorted by their direction from their mean, anticlockwise as seen on the screen; the first is chosen
    so that the reading direction, from the middle of the left side to the middle of the right side, lies nearest to the
    x axis (of two at exactly 45° the falling one). The result does not depend on the order given, and a convex polygon
    keeps its shape. A text turned by more than 45° cannot be known from an upright one by its corners alone.

    Parameters
    ----------
    points : array_like of shape (n, 4, 2)

    Returns
    -------
    ndarray of shape (n, 4, 2)
        The same corners.

    Examples
    --------
    >>> ordered([[30, 0], [0, 0], [30, 10], [0, 10]])[0].tolist()
    [[0.0, 0.0], [0.0, 10.0], [30.0, 10.0], [30.0, 0.0]]
    """
    p = as_points(points)
    p = np.take_along_axis(p, np.lexsort((p[..., 1], p[..., 0]), axis=1)[..., np.newaxis], axis=1)
    # Four times the offset from the mean, so that whole pixels stay whole.
    offset = 4 * p - p.sum(axis=1, keepdims=True)
    turn = np.argsort(-np.arctan2(offset[..., 1], offset[..., 0]), axis=1, kind="stable")
    p = np.take_along_axis(p, turn[..., np.newaxis], axis=1)
    readings = np.stack([reading(np.roll(p, -k, axis=1)) for k in range(4)], axis=1)
    length = np.hypot(readings[..., 0], readings[..., 1])
    level = np.divide(readings[..., 0], length, out=np.zeros_like(length), where=length > 0)
    # Rounded, so that two readings at exactly 45° tie and the second key decides.
    best = np.lexsort((-readings[..., 1], -np.round(level, 12)), axis=1)[:, :1]
    corners = (best + np.arange(4)) % 4
    return np.take_along_axis(p, corners[..., np.newaxis], axis=1)


def is_degenerate(points: ArrayLike) -> Bools:
    """Whether the polygon is none: two corners coincide, or all four lie on one line.

    Examples
    --------
    >>> is_degenerate([[0, 0], [10, 0], [20, 0], [30, 0]])
    array([ True])
    """
    c = _corners_first(as_points(points))
    coincide = np.logical_or.reduce([(c[i] == c[j]).all(axis=0) for i, j in zip(*np.triu_indices(4, k=1), strict=True)])
    flat = (_turn(c[0], c[1], c[2]) == 0) & (_turn(c[0], c[1], c[3]) == 0) & (_turn(c[0], c[2], c[3]) == 0)
    return cast("Bools", coincide | flat)


def _corners_first(p: Floats) -> Floats:
    # Contiguous coordinates make the comparisons below several times faster.
    return np.ascontiguousarray(np.moveaxis(p, 0, -1))


def _turn(a: Floats, b: Floats, c: Floats) -> Floats:
    """Cross product of a-b and a-c; points of shape (2, n)."""
    return cast("Floats", (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _touch(a: Floats, b: Floats, c: Floats, d: Floats) -> Bools:
    """Whether the sides a-b and c-d have a point in common; points of shape (2, n)."""
    abc, abd, cda, cdb = (np.sign(_turn(*t)) for t in ((a, b, c), (a, b, d), (c, d, a), (c, d, b)))

    def between(p: Floats, q: Floats, r: Floats, side: Floats) -> Bools:
        inside = (np.minimum(p, q) <= r) & (r <= np.maximum(p, q))
        return cast("Bools", inside.all(axis=0) & (side == 0))

    apart = (abc * abd < 0) & (cda * cdb < 0)
    return apart | between(a, b, c, abc) | between(a, b, d, abd) | between(c, d, a, cda) | between(c, d, b, cdb)


def is_simple(points: ArrayLike) -> Bools:
    """Whether the sides, in the order given, neither cross nor touch; False also when the polygon is degenerate.

    Examples
    --------
    >>> is_simple([[0, 0], [30, 10], [30, 0], [0, 10]])
    array([False])
    """
    p = as_points(points)
    a, b, c, d = _corners_first(p)
    whole = ~np.isnan(p).any(axis=(1, 2))
    return whole & ~is_degenerate(p) & ~_touch(a, b, c, d) & ~_touch(b, c, d, a)


def is_convex(points: ArrayLike) -> Bools:
    """Whether the polygon, corners in the order given, is simple and nowhere bent inwards.

    Examples
    --------
    >>> is_convex([[[0, 0], [0, 10], [30, 10], [30, 0]], [[0, 0], [0, 10], [30, 10], [1, 9]]])
    array([ True, False])
    """
    p = as_points(points)
    sides = following(p) - p
    turns = cross(sides, following(sides))
    one_way = (turns >= 0).all(axis=1) | (turns <= 0).all(axis=1)
    return is_simple(p) & one_way
