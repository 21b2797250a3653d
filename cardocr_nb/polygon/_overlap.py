"""What polygons have in common with points and with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from cardocr_nb.polygon._corners import Bools, Floats, cross, following, is_convex, ordered
from cardocr_nb.polygon._measures import area, signed_area

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_ROWS_AT_ONCE = 1 << 16


def contains(points: ArrayLike, x: ArrayLike, y: ArrayLike) -> Bools:
    """Whether a point lies in the `ordered` polygon or on its border.

    Parameters
    ----------
    points : array_like of shape (n, 4, 2)
    x, y : array_like of shape (n,) or scalar
        Pixels; one point for all polygons, or one for each.

    Examples
    --------
    >>> contains([[0, 0], [0, 10], [30, 10], [30, 0]], 30, 5)
    array([ True])
    """
    p = ordered(points)
    q = np.stack(np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (x, y))), axis=-1)
    q = np.broadcast_to(q.reshape(-1, 2), (len(p), 2))[:, np.newaxis]
    a, b = p, following(p)
    where = cross(b - a, q - a)
    on_side = ((np.minimum(a, b) <= q) & (q <= np.maximum(a, b))).all(axis=2) & (where == 0)
    upwards = (a[..., 1] <= q[..., 1]) & (q[..., 1] < b[..., 1]) & (where > 0)
    downwards = (b[..., 1] <= q[..., 1]) & (q[..., 1] < a[..., 1]) & (where < 0)
    winding = upwards.sum(axis=1) - downwards.sum(axis=1)
    return cast("Bools", on_side.any(axis=1) | (winding != 0))


def iou(points: ArrayLike, other: ArrayLike) -> Floats:
    """Intersection over union of polygons, row by row, exact for convex ones.

    The intersection is found by clipping with each side in turn (Sutherland and Hodgman, "Reentrant polygon clipping",
    Communications of the ACM 17, 1974).

    Parameters
    ----------
    points, other : array_like of shape (n, 4, 2)
        In pixels of the same image, corners in any order. One of the two may be a single polygon.

    Returns
    -------
    ndarray of shape (n,)
        0 to 1. NaN where one of the two is not convex even when ordered, or both have no area.

    Examples
    --------
    >>> square = [[0, 0], [0, 10], [10, 10], [10, 0]]
    >>> iou(square, [[5, 0], [5, 10], [15, 10], [15, 0]]).round(3)
    array([0.333])
    """
    a, b = ordered(points), ordered(other)
    n = max(len(a), len(b)) if min(len(a), len(b)) else 0
    try:
        a, b = np.broadcast_to(a, (n, 4, 2)), np.broadcast_to(b, (n, 4, 2))
    except ValueError:
        raise ValueError(f"iou pairs polygons row by row, got {len(a)} and {len(b)} rows") from None
    parts = [_iou(a[k : k + _ROWS_AT_ONCE], b[k : k + _ROWS_AT_ONCE]) for k in range(0, n, _ROWS_AT_ONCE)]
    return np.concatenate(parts) if parts else np.empty(0)


def _iou(a: Floats, b: Floats) -> Floats:
    area_a, area_b = area(a), area(b)
    shared = _clipped_area(a, b)
    union = area_a + area_b - shared
    ratio = np.divide(shared, union, out=np.full(len(a), np.nan), where=union > 0)
    fit = (is_convex(a) | (area_a == 0)) & (is_convex(b) | (area_b == 0))
    return np.where(fit, np.clip(ratio, 0, 1), np.nan)


def _clipped_area(subject: Floats, clip: Floats) -> Floats:
    # Each side adds at most one corner to a convex polygon; rows with fewer repeat a corner, which adds no area.
    p = subject - clip[:, :1]
    sides = clip - clip[:, :1]
    for k in range(4):
        start, along = sides[:, k : k + 1], sides[:, (k + 1) % 4 : (k + 1) % 4 + 1] - sides[:, k : k + 1]
        # Ordered corners run anticlockwise on the screen: inside is where the cross product is not positive.
        depth = -cross(along, p - start)
        before, depth_before = np.roll(p, 1, axis=1), np.roll(depth, 1, axis=1)
        inside, crosses = depth >= 0, (depth >= 0) != (depth_before >= 0)
        gap = depth_before - depth
        share = np.divide(depth_before, gap, out=np.zeros_like(gap), where=crosses)
        met = before + share[..., np.newaxis] * (p - before)
        candidates = np.stack([met, p], axis=2).reshape(len(p), -1, 2)
        kept = np.stack([crosses, inside], axis=2).reshape(len(p), -1)
        first = np.argsort(~kept, axis=1, kind="stable")[:, : p.shape[1] + 1]
        p = np.take_along_axis(candidates, first[..., np.newaxis], axis=1)
        kept = np.take_along_axis(kept, first, axis=1)
        p = np.where(kept[..., np.newaxis], p, np.where(kept[:, :1, np.newaxis], p[:, :1], 0.0))
    return np.abs(signed_area(p))
