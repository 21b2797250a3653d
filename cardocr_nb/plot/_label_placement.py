"""Positions of labels that cover neither each other nor the polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Floats: TypeAlias = NDArray[np.float64]

_ROUND_ABOUT = 150
_STEPS = np.linspace(0.0, 1.0, 7)


def place(quads: ArrayLike, sizes: ArrayLike, area: tuple[float, float, float, float], *, gap: float = 4.0) -> Floats:
    """Find the nearest free place for the label of each polygon.

    Free is a place inside the area where the label, grown by `gap`, meets no polygon and no label placed before. Of places
    equally near, one whose leader line crosses no other polygon is taken.

    Parameters
    ----------
    quads : array_like of shape (n, 4, 2)
        Polygons, in order round their edge; one unit in x and y, y in either direction.
    sizes : array_like of shape (n, 2)
        Width and height of each label.
    area : (x0, y0, x1, y1)
        Area for the labels.
    gap : float, default 4
        Least distance between a label and anything else.

    Returns
    -------
    ndarray of shape (n, 2)
        Centers of the labels; NaN if no position is free.

    Examples
    --------
    >>> place([[(40, 40), (40, 50), (60, 50), (60, 40)]], [(20, 8)], (0, 0, 100, 100)).tolist()
    [[50.0, 32.0]]
    """
    quads, sizes = np.asarray(quads, dtype=float), np.asarray(sizes, dtype=float)
    centers = np.full((len(quads), 2), np.nan)
    taken = list(quads)
    for i in np.lexsort((quads[:, :, 0].min(axis=1), quads[:, :, 1].mean(axis=1))):
        half = sizes[i] / 2
        tried = _candidates(quads[i], half, area, gap)
        free = ~np.any([overlaps(tried, half + gap, q) for q in taken], axis=0)
        tried = tried[free]
        if len(tried) == 0:
            continue
        center = tried[_best(tried, half, quads, i)]
        centers[i] = center
        taken.append(center + half * [(-1, -1), (-1, 1), (1, 1), (1, -1)])
    return centers


def overlaps(centers: Floats, half: Floats, quad: Floats) -> NDArray[np.bool_]:
    """Whether upright rectangles meet a convex polygon, by the separating axes of both.

    Parameters
    ----------
    centers : ndarray of shape (m, 2)
    half : ndarray of shape (2,)
        Half the width and half the height of the rectangles.
    quad : ndarray of shape (4, 2)

    Returns
    -------
    ndarray of shape (m,), bool
        Touching counts as apart. A polygon with a dent may be taken for larger than it is, never for smaller.
    """
    sides = np.roll(quad, -1, axis=0) - quad
    axes = np.vstack([np.eye(2), np.column_stack([sides[:, 1], -sides[:, 0]])])
    spread = quad @ axes.T
    reach = np.abs(axes) @ half
    at = centers @ axes.T
    apart = (at + reach <= spread.min(axis=0)) | (at - reach >= spread.max(axis=0))
    meet: NDArray[np.bool_] = ~(apart & axes.any(axis=1)).any(axis=1)
    return meet


def leader(quad: Floats, centers: Floats) -> Floats:
    """Points on the edge of a polygon that are nearest to others, shape (m, 2) like `centers`."""
    start, side = quad, np.roll(quad, -1, axis=0) - quad
    length = (side**2).sum(axis=1)
    reach = ((centers[:, None] - start) * side).sum(axis=2)
    along = np.divide(reach, length, out=np.zeros(reach.shape), where=length > 0)
    feet = start + np.clip(along, 0, 1)[..., None] * side
    nearest = ((feet - centers[:, None]) ** 2).sum(axis=2).argmin(axis=1)
    foot: Floats = feet[np.arange(len(centers)), nearest]
    return foot


def _candidates(quad: Floats, half: Floats, area: tuple[float, float, float, float], gap: float) -> Floats:
    """A grid over the area, and the positions next to the polygon, aligned with its sides and its center."""
    (left, low), (right, high) = quad.min(axis=0), quad.max(axis=0)
    away = half + gap
    xs = (left + half[0], right - half[0], (left + right) / 2)
    adjacent = [(x, y) for y in (low - away[1], high + away[1]) for x in xs]
    adjacent += [(x, (low + high) / 2) for x in (right + away[0], left - away[0])]
    x0, y0, x1, y1 = area
    step = max(half[1], 2.0)
    grid = np.meshgrid(
        np.arange(x0 + half[0], x1 - half[0] + 1e-9, step), np.arange(y0 + half[1], y1 - half[1] + 1e-9, step)
    )
    tried = np.vstack([adjacent, np.column_stack([g.ravel() for g in grid])])
    inside = (tried >= np.array([x0, y0]) + half) & (tried <= np.array([x1, y1]) - half)
    return tried[inside.all(axis=1)]


def _best(tried: Floats, half: Floats, quads: Floats, own: int) -> int:
    """Index of the nearest place; a leader line over another polygon counts as far."""
    low, high = quads[own].min(axis=0), quads[own].max(axis=0)
    short = np.maximum(0, np.maximum(low - half - tried, tried - half - high))
    distance = np.hypot(*short.T)
    # A hundredth of the way to the middle breaks ties towards the middle of the polygon.
    cost = distance + 0.01 * np.hypot(*(tried - (low + high) / 2).T)
    # On a card the printed label of a field is on its left.
    cost += np.where(tried[:, 0] + half[0] < low[0], half[0], 0)
    nearest = np.argsort(cost, kind="stable")[:_ROUND_ABOUT]
    others = np.delete(quads, own, axis=0)
    feet = leader(quads[own], tried[nearest])
    points = feet[:, None] + _STEPS[None, :, None] * (tried[nearest] - feet)[:, None]
    for quad in others:
        hit = overlaps(points.reshape(-1, 2), np.zeros(2), quad).reshape(len(nearest), -1).any(axis=1)
        cost[nearest] += np.where(hit, 4 * half.sum(), 0)
    return int(nearest[cost[nearest].argmin()])
