"""Many photos of a card brought into the card's own frame at once, from where their fields were found.

A similarity through two fields that most others agree with (Fischler and Bolles, "Random sample consensus", 1981; here
over all pairs) says how the card lies. From there a plane homography is fitted to the corners by least squares, with the
weights of Geman and McClure (1985) against fields that were found elsewhere, and held towards the similarity, so that two
fields at one edge of the card do not bend it at the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cardocr_nb import polygon
from cardocr_nb._card_geometry._similarity import pair_similarities

if TYPE_CHECKING:
    from cardocr_nb._card_geometry._card_layouts import Layout

Floats: TypeAlias = NDArray[np.float64]
Complexes: TypeAlias = NDArray[np.complex128]
Bools: TypeAlias = NDArray[np.bool_]

_AT_ONCE = 4096
_FAR = 7.0
"""Millimeters beyond which one field is as wrong as any other in the first, stiff fit."""
_SCALES = (5.0, 4.0, 3.0, 2.5, 2.5)
"""Millimeters at which a field has a quarter of its weight, fit by fit."""
_UNIT = 50.0
"""Millimeters that count as 1 in the equations."""
_HOLD = np.array([0.04, 0.04, 1e-6, 0.04, 0.04, 1e-6, 0.09, 0.09])
"""Squares of (noise 0.03 / likely departure from a similarity): 0.15 for stretch and shear, 0.1 for tilt."""


class Fit(NamedTuple):
    """Cards in the frame of a template.

    Attributes
    ----------
    matrix : ndarray of shape (n, 3, 3)
        From pixels to millimeters; NaN for a card that cannot be placed.
    corners : ndarray of shape (n, f, 4, 2)
        The polygons, pixels, in wire order as the card is read, however it lies on the photo.
    places : ndarray of shape (n, f, 4, 2)
        The same on the card, millimeters.
    offset : ndarray of shape (n, f)
        How far a field lies from its place: root mean square over the edges that do not depend on what is written,
        millimeters.
    turn : ndarray of shape (n,)
        Direction of the rows on the photo, degrees, clockwise.
    """

    matrix: Floats
    corners: Floats
    places: Floats
    offset: Floats
    turn: Floats


def fit(quads: Floats, template: Layout) -> Fit:
    """Place cards by their fields.

    Parameters
    ----------
    quads : ndarray of shape (n, f, 4, 2), n at least 1
        Polygons in the order of the template's fields, corners in any order, pixels; NaN where a field was not found.
    template : Layout

    Returns
    -------
    Fit
        Cards with fewer than two fields are not placed.
    """
    parts = [_fit(quads[i : i + _AT_ONCE], template) for i in range(0, len(quads), _AT_ONCE)]
    return Fit(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def corners_as_read(quads: Floats, template: Layout) -> Floats:
    """Corners in wire order as the cards are read, however they lie: `Fit.corners` without the other columns.

    Parameters
    ----------
    quads, template
        As for `fit`.
    """
    return _turned(quads, _targets(template)[0])[1]


def misfit(quads: Floats, template: Layout) -> Floats:
    """How badly the fields lie for a template at best, shape (n,): square millimeters, summed over the fields."""
    return _similarity(*_middles(quads, _targets(template)[0]))[2]


def _middles(quads: Floats, targets: Floats) -> tuple[Complexes, Complexes]:
    return _complex(quads.mean(axis=2)), _complex(targets.mean(axis=1))


def _fit(quads: Floats, template: Layout) -> Fit:
    targets, firm = _targets(template)
    there, corners, known, s, b = _turned(quads, targets)
    middle = np.array(template.size) / 2
    bent = _homographies((there - middle) / _UNIT, (targets - middle) / _UNIT, firm)
    places = np.where(known[..., None, None], _UNIT * _moved(bent, (there - middle) / _UNIT) + middle, np.nan)
    to_unit = np.array([(1 / _UNIT, 0, -middle[0] / _UNIT), (0, 1 / _UNIT, -middle[1] / _UNIT), (0, 0, 1)])
    stiff = np.zeros((len(quads), 3, 3))
    stiff[:, 0, 0], stiff[:, 0, 1], stiff[:, 0, 2] = s.real, -s.imag, b.real
    stiff[:, 1, 0], stiff[:, 1, 1], stiff[:, 1, 2] = s.imag, s.real, b.imag
    stiff[:, 2, 2] = 1
    matrix = np.linalg.inv(to_unit) @ bent @ to_unit @ stiff
    return Fit(matrix, corners, places, _offsets(places, targets, firm), _turn(matrix, middle))


def _turned(quads: Floats, targets: Floats) -> tuple[Floats, Floats, Bools, Complexes, Complexes]:
    """Corners in wire order in millimeters and in pixels, which are known, and factor and shift of the similarity."""
    known = ~np.isnan(quads).any(axis=(2, 3))
    s, b, _ = _similarity(*_middles(quads, targets))
    known &= np.isfinite(s)[:, None]
    corners, there = np.full(quads.shape, np.nan), np.full(quads.shape, np.nan)
    laid = _complex(quads) * s[:, None, None] + b[:, None, None]
    laid_known = np.stack([laid.real, laid.imag], axis=-1)[known]
    order = _wire_order(laid_known)[..., None]
    there[known] = np.take_along_axis(laid_known, order, axis=1)
    corners[known] = np.take_along_axis(quads[known], order, axis=1)
    return there, corners, known, s, b


def _turn(matrix: Floats, middle: Floats) -> Floats:
    """Direction on the photo of the row through the middle of the card, degrees."""
    back = np.linalg.inv(matrix).astype(np.float64)
    row = np.tile(middle + np.array([(0.0, 0.0), (1.0, 0.0)]), (len(matrix), 1, 1)).astype(np.float64)
    start, end = np.moveaxis(_moved(back, row), 1, 0)
    turn: Floats = np.degrees(np.arctan2(end[:, 1] - start[:, 1], end[:, 0] - start[:, 0]))
    return turn


def _complex(points: Floats) -> Complexes:
    made: Complexes = points[..., 0] + 1j * points[..., 1]
    return made


def _targets(template: Layout) -> tuple[Floats, Floats]:
    """Corners of the template's boxes, shape (f, 4, 2), and 1 for each coordinate that can be relied on."""
    boxes = template.boxes.values()
    targets = [[(b.left, b.top), (b.left, b.bottom), (b.right, b.bottom), (b.right, b.top)] for b in boxes]
    firm = [[(1, 1), (1, not b.deep), (not b.long, not b.deep), (not b.long, 1)] for b in boxes]
    return np.array(targets, dtype=float), np.array(firm, dtype=float)


def _similarity(found: Complexes, wanted: Complexes) -> tuple[Complexes, Complexes, Floats]:
    """Factor, shift and misfit that take the found middles of the fields, shape (n, f), to the wanted ones, shape (f,)."""
    n = len(found)
    best, least = np.full(n, np.nan, dtype=np.complex128), np.full(n, np.inf)
    shift = best.copy()
    one, other = np.triu_indices(len(wanted), 1)
    factors, shifts = pair_similarities(found, wanted, one, other)
    for pair, (i, j) in enumerate(zip(one.tolist(), other.tolist(), strict=True)):
        s, b = factors[:, pair], shifts[:, pair]
        gap = np.minimum(np.abs(s[:, None] * found + b[:, None] - wanted), _FAR) ** 2
        cost = np.where(np.isnan(s), np.inf, np.nansum(gap, axis=1))
        # Of pairs that agree as well, the one farther apart says more surely how the card lies.
        cost -= 1e-3 * np.abs(wanted[j] - wanted[i])
        better = cost < least
        best[better], shift[better], least[better] = s[better], b[better], cost[better]
    near = np.abs(best[:, None] * found + shift[:, None] - wanted) < _FAR
    return *_refined(found, wanted, near, (best, shift)), least


def _refined(
    found: Complexes,
    wanted: Complexes,
    near: Bools,
    first: tuple[Complexes, Complexes],
) -> tuple[Complexes, Complexes]:
    """The similarity of least squares through all fields that agree."""
    count = np.maximum(near.sum(axis=1), 1)
    a = np.where(near, found, 0)
    t = np.where(near, wanted, 0)
    mid_a, mid_t = a.sum(axis=1) / count, t.sum(axis=1) / count
    da, dt = np.where(near, a - mid_a[:, None], 0), np.where(near, t - mid_t[:, None], 0)
    spread = (np.abs(da) ** 2).sum(axis=1)
    s = np.divide((dt * da.conj()).sum(axis=1), spread, out=first[0].copy(), where=spread > 0)
    s[np.isnan(first[0])] = np.nan
    return s, mid_t - s * mid_a


def _wire_order(quads: Floats) -> NDArray[np.intp]:
    """Indices that put corners in wire order, shape (m, 4)."""
    wire = polygon.ordered(quads)
    gaps = np.abs(wire[:, :, None] - quads[:, None]).sum(axis=3)
    order: NDArray[np.intp] = gaps.argmin(axis=2)
    return order


def _homographies(here: Floats, there: Floats, firm: Floats) -> Floats:
    """Homographies near the identity from `here`, shape (n, f, 4, 2), to `there`, shape (f, 4, 2)."""
    n = len(here)
    known = ~np.isnan(here).any(axis=(2, 3))
    x, y = np.moveaxis(np.nan_to_num(here), -1, 0)
    zero, one = np.zeros_like(x), np.ones_like(x)
    u, v = there[..., 0], there[..., 1]
    rows = np.stack(
        [
            np.stack([x, y, one, zero, zero, zero, -x * u, -y * u], axis=-1),
            np.stack([zero, zero, zero, x, y, one, -x * v, -y * v], axis=-1),
        ],
        axis=-2,
    )
    gaps = there - np.stack([x, y], axis=-1)
    bent = np.broadcast_to(np.eye(3), (n, 3, 3)).copy()
    for scale in _SCALES:
        offset = _UNIT * _offsets(_moved(bent, here), there, firm)
        weight = np.where(known, 1 / (1 + (np.nan_to_num(offset) / scale) ** 2) ** 2, 0.0)
        weights = (weight[..., None, None] * firm).reshape(n, -1, 1)
        a = rows.reshape(n, -1, 8)
        normal = np.swapaxes(a * weights, 1, 2) @ a + np.diag(_HOLD)
        right = np.swapaxes(a * weights, 1, 2) @ gaps.reshape(n, -1, 1)
        change = np.linalg.solve(normal, right)[..., 0]
        bent = (np.concatenate([change, np.zeros((n, 1))], axis=1)).reshape(n, 3, 3) + np.eye(3)
    return bent


def _moved(matrix: Floats, points: Floats) -> Floats:
    """Points of shape (n, ..., 2) through homographies of shape (n, 3, 3)."""
    flat = points.reshape(len(points), -1, 2)
    whole = np.concatenate([flat, np.ones((*flat.shape[:2], 1))], axis=2) @ np.swapaxes(matrix, 1, 2)
    moved: Floats = (whole[..., :2] / whole[..., 2:]).reshape(points.shape)
    return moved


def _offsets(places: Floats, targets: Floats, firm: Floats) -> Floats:
    """Root mean square distance over the firm coordinates, a field; NaN where there is none."""
    square = (places - targets) ** 2 * firm
    offsets: Floats = np.sqrt(2 * square.sum(axis=(2, 3)) / firm.sum(axis=(1, 2)))
    return offsets
