"""A check that polygons belong to a picture: no other place, size, turn or mirror image of them fits its print better.

Polygons of another version of the picture (shifted, cropped, enlarged, turned, mirrored) miss the print, and redaction would
leave texts readable. The fit of polygons is the strength of edges inside them against that just around them, on all four
sides, as a mean over the polygons. It is measured as they are, and as they lie after other movements: all shifts, in sizes
from half to double, turns by 90 degrees and mirror images by correlation, other sizes about the origin, and from the best of
these small changes of each number of an affine map. A picture is refused if a movement that leaves the covered places fits
clearly better. How well the places fit by themselves does not count, since print on a soft photo is weak everywhere; a
picture without print passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cardocr_nb import polygon
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.polygon._corners import Floats

_PRINT, _SIDE = 8.0, 1100
"""Height of print, and longest side of the picture, at which edges are measured, pixels."""
_PRINT_OF_SHIFTS, _SIDE_OF_SHIFTS = 5.0, 500
"""The same where all shifts are tried."""
_BETTER, _ALL_FIELDS = 0.3, 6
"""Least gain that proves a better place: logarithm of a ratio of edges, mean over the polygons. Places outside the cover gain
at most 0.12 on 150 unchanged photos (24 specimens, 126 cards drawn by others), 0.21 with corners off by 12 % of the height."""
_FEWER = 1.6
"""The least gain rises with this power of 6 / n for less than 6 polygons, which fit by chance elsewhere: unchanged photos gain
up to 0.57 with three polygons, 1.66 with two. One polygon proves nothing."""
_COVERED = 0.45
"""Heights of print around a polygon within which a better place is covered all the same."""
_SHIFTED_SIZES = np.exp(np.arange(np.log(0.5), np.log(2.01), 0.05))
_SIZES = np.exp(np.arange(np.log(0.2), np.log(5.0), 0.02))
"""Sizes that are tried with all shifts, and about the origin. Steps of 2 % move a polygon by less than the height of print."""
_BEST = 5
"""Movements that are improved."""
_FLOOR = 2.0
"""Gray levels that are added to edges, so that the noise of an even surface does not count."""


class _Places(NamedTuple):
    """Points in polygons and around them.

    Attributes
    ----------
    points : ndarray of shape (n, k, 2)
        Pixels.
    weights : ndarray of shape (n, k)
        Positive inside with the sum 1, negative around with the sum -1; 0 inside another polygon.
    """

    points: Floats
    weights: Floats

    @classmethod
    def of(cls, quads: Floats) -> _Places:
        right, down = quads[:, 3] - quads[:, 0], quads[:, 1] - quads[:, 0]
        width, height = (np.maximum(np.linalg.norm(side, axis=1), 1e-6) for side in (right, down))
        short = np.minimum(width, height)
        u, v = np.linspace(0.04, 0.96, 24), np.linspace(0.15, 0.85, 5)
        inside = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
        rows = []
        for distance in (0.3, 0.5):
            across, along = distance * short / width, distance * short / height
            rows += [_at(u, -along), _at(u, 1 + along)]
            rows += [_at(u[::4], end)[..., ::-1] for end in (-across, 1 + across)]
        around = np.concatenate(rows, axis=1)
        points = np.concatenate([_on(quads, inside[None]), _on(quads, around)], axis=1)
        weights = np.full(points.shape[:2], 1 / len(inside))
        others = np.zeros(around.shape[:2], dtype=bool)
        for n, quad in enumerate(quads):
            others |= within(quad, points[:, len(inside) :]) & (np.arange(len(quads)) != n)[:, None]
        weights[:, len(inside) :] = -1.0 * ~others / np.maximum((~others).sum(axis=1), 1)[:, None]
        return cls(points, weights)

    def moved(self, move: Floats) -> Floats:
        """Points after an affine map of shape (2, 3)."""
        points: Floats = self.points @ move[:, :2].T + move[:, 2]
        return points

    def fit(self, edges: Floats, move: Floats, empty: float) -> float:
        """How much stronger edges are in the polygons than around them, logarithm; outside the picture they are `empty`."""
        at = np.rint(self.moved(move)).astype(np.int64)
        x, y = at[..., 0], at[..., 1]
        known = (x >= 0) & (y >= 0) & (x < edges.shape[1]) & (y < edges.shape[0])
        values = np.where(known, edges[np.where(known, y, 0), np.where(known, x, 0)], empty)
        return float((values * self.weights).sum(axis=1).mean())


def refuse_other_picture(pixels: NDArray[np.uint8], corners: Floats) -> None:
    """Raise if polygons fit the print of a picture clearly better elsewhere.

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
    better = better_place(pixels, corners)
    if better is not None:
        raise InvalidRequestError(
            f"the places fit the print on this picture better after a {_described(better)}; give the picture that was read, "
            "not a copy that was resized, cropped, shifted, turned or mirrored since"
        )


def better_place(pixels: NDArray[np.uint8], corners: Floats) -> Floats | None:
    """Find a movement of polygons after which they fit the print of a picture clearly better.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    corners : ndarray of shape (n, 4, 2)

    Returns
    -------
    ndarray of shape (2, 3) or None
        Affine map, pixels; None if no place is better, or all of it is covered.
    """
    print_height = float(np.median(np.minimum(polygon.width(corners), polygon.height(corners))))
    edges, factor = edge_levels(pixels, print_height, _PRINT, _SIDE)
    empty = float(np.percentile(edges, 20))
    quads = corners * factor
    places = _Places.of(quads)
    least = places.fit(edges, np.eye(2, 3), empty) + _BETTER * max(1.0, _ALL_FIELDS / len(quads)) ** _FEWER
    moves = [np.eye(2, 3) * size for size in _SIZES]
    by_fit = sorted(moves, key=lambda move: -places.fit(edges, move, empty))[:1]
    for move in [*by_fit, *_shifts(pixels, corners, print_height, factor)]:
        fit, best = _improved(places, edges, move, empty)
        if fit >= least and not _covers(quads, best):
            return np.column_stack([best[:, :2], best[:, 2] / factor])
    return None


def _shifts(pixels: NDArray[np.uint8], corners: Floats, print_height: float, factor: float) -> list[Floats]:
    """Movements of the best fits over all shifts, in pixels of a picture reduced by `factor`."""
    from scipy import fft  # type: ignore[import-untyped]  # scipy ships no type hints

    edges, small = edge_levels(pixels, print_height, _PRINT_OF_SHIFTS, _SIDE_OF_SHIFTS)
    height, width = edges.shape
    places = _Places.of(corners * small)
    shape = fft.next_fast_len(2 * height, real=True), fft.next_fast_len(2 * width, real=True)
    print_spectrum = fft.rfft2(edges - np.percentile(edges, 20).astype(np.float32), shape)
    middle = np.array([width / 2, height / 2])
    found = []
    for linear in _linear_maps():
        move = np.column_stack([linear, middle - linear @ middle])
        at = np.rint(places.moved(move)).astype(np.int64)
        kernel = np.zeros(shape, np.float32)
        np.add.at(kernel, (at[..., 1] % shape[0], at[..., 0] % shape[1]), places.weights / len(at))
        fits = fft.irfft2(print_spectrum * np.conj(fft.rfft2(kernel)), shape)
        best = np.unravel_index(int(fits.argmax()), shape)
        shift = [(n + size // 2) % size - size // 2 for n, size in zip(best, shape, strict=True)]
        found.append((float(fits[best]), np.column_stack([linear, (move[:, 2] + shift[::-1]) * factor / small])))
    found.sort(key=lambda pair: -pair[0])
    return [move for _, move in found[:_BEST]]


def _linear_maps() -> list[Floats]:
    """Turns by 90 degrees and mirror images, in all sizes."""
    turn, mirror = np.array([(0.0, -1.0), (1.0, 0.0)]), np.diag([-1.0, 1.0])
    turns = [np.linalg.matrix_power(turn, n) for n in range(4)]
    return [size * linear for linear in [*turns, *(turned @ mirror for turned in turns)] for size in _SHIFTED_SIZES]


def _improved(places: _Places, edges: Floats, move: Floats, empty: float) -> tuple[float, Floats]:
    """Change each number of an affine map in turn by smaller and smaller steps while the fit rises."""
    reach = max(8.0, float(np.ptp(places.points.reshape(-1, 2), axis=0).max()) / 2)
    middle = places.points.reshape(-1, 2).mean(axis=0)
    best, fit, step = move, places.fit(edges, move, empty), 0.06
    while step > 0.004:
        rose = False
        for change in np.concatenate([step * np.eye(6), -step * np.eye(6)]).reshape(-1, 2, 3):
            linear = best[:, :2] + change[:, :2]
            # Changes turn and stretch about the middle of the card.
            offset = best[:, :2] @ middle + best[:, 2] + change[:, 2] * reach - linear @ middle
            other = np.column_stack([linear, offset])
            value = places.fit(edges, other, empty)
            if value > fit + 1e-6:
                best, fit, rose = other, value, True
        if not rose:
            step /= 2
    return fit, best


def _covers(quads: Floats, move: Floats) -> bool:
    """Whether moved polygons lie in their former places and the margin around them."""
    right, down = quads[:, 3] - quads[:, 0], quads[:, 1] - quads[:, 0]
    short = np.minimum(np.linalg.norm(right, axis=1), np.linalg.norm(down, axis=1))
    moved = quads @ move[:, :2].T + move[:, 2] - quads[:, :1]
    for side in (right, down):
        length = np.maximum(np.linalg.norm(side, axis=1), 1e-6)
        along = (moved @ (side / length[:, None])[:, :, None])[..., 0]
        beyond = np.maximum(-along, along - length[:, None]).max(axis=1)
        if (beyond > _COVERED * short).any():
            return False
    return True


def edge_levels(pixels: NDArray[np.uint8], print_height: float, target: float, side: int) -> tuple[Floats, float]:
    """Logarithm of the edges of a reduced picture, means over 3 x 3 pixels, and the factor by which it was reduced."""
    from PIL import Image

    height, width = pixels.shape[:2]
    factor = min(1.0, target / max(print_height, 1e-6), side / max(height, width))
    size = (max(4, round(width * factor)), max(4, round(height * factor)))
    gray = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX).convert("L"), dtype=np.float32)
    edges = np.zeros_like(gray)
    edges[:, 1:] += np.abs(np.diff(gray, axis=1))
    edges[1:] += np.abs(np.diff(gray, axis=0))
    padded = np.pad(edges, 1, mode="edge")
    lines = padded[:-2] + padded[1:-1] + padded[2:]
    mean = (lines[:, :-2] + lines[:, 1:-1] + lines[:, 2:]) / 9
    return np.log(_FLOOR + mean), factor


def _at(u: Floats, v: Floats) -> Floats:
    """Points of shape (n, len(u), 2) at each u, and at one v of each polygon."""
    return np.stack(np.broadcast_arrays(u[None], v[:, None]), axis=-1)


def _on(quads: Floats, at: Floats) -> Floats:
    """Pixels of points in quadrilaterals: (0, 0) is the first corner, (1, 0) the fourth, (0, 1) the second."""
    u, v = at[..., :1], at[..., 1:]
    a, b, c, d = (quads[:, None, n] for n in range(4))
    points: Floats = (1 - u) * (1 - v) * a + (1 - u) * v * b + u * v * c + u * (1 - v) * d
    return points


def within(quad: Floats, points: Floats) -> NDArray[np.bool_]:
    """Whether points, shape (..., 2), are in a quadrilateral without a notch, shape (4, 2)."""
    sides = np.roll(quad, -1, axis=0) - quad
    to = points[..., None, :] - quad
    turns = sides[:, 0] * to[..., 1] - sides[:, 1] * to[..., 0]
    return np.asarray((turns >= 0).all(axis=-1) | (turns <= 0).all(axis=-1))


def _described(move: Floats) -> str:
    """A movement in words.

    Examples
    --------
    >>> _described(np.array([(0, -2.0, 0), (2.0, 0, 5)])), _described(np.array([(-1.0, 0, 9), (0, 1, 9)]))
    ('change of size by 2.00 and a turn by 90 degrees', 'mirror image')
    """
    linear = move[:, :2]
    area = float(np.linalg.det(linear))
    size = float(np.sqrt(abs(area)))
    words = [f"change of size by {size:.2f}"] if abs(np.log(max(size, 1e-6))) > 0.04 else []
    if area < 0:
        words.append("mirror image")
    else:
        angle = float(np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])))
        words += [f"turn by {abs(angle):.0f} degrees"] if abs(angle) > 2 else []
    return " and a ".join(words) or "shift"
