"""Print that goes on beyond a polygon: a reading that lost characters has a polygon that lost them as well.

From each end of a polygon the row is followed, window by window, as long as there are edges as strong as those inside it. A
text of several rows is followed to the rows above and below that begin (upside down: end) at the same place. What other polygons cover is
left to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cardocr_nb import polygon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cardocr_nb.polygon._corners import Floats

_DENSITY = 16
"""Samples per height of a row."""
_FARTHEST = 14.0
"""Heights by which a row is followed: an identity number is 11 high, a row of an address 12."""
_WINDOW, _STEP = 0.5, 0.25
"""Length of the windows and their distance, heights."""
_PRINT = 0.45
"""Least edges of a window with print, as a fraction of the middle window of the polygon."""
_GAP, _GAP_OF_ROWS = 2.2, 0.8
"""Longest gap within a text, heights: names of two characters are printed a character apart, and a paler 年 or 月 and spaces
lie between the numbers of a date. The same for fields of rows."""
_PITCHES = (1.1, 1.25, 1.4, 1.55, 1.7)
"""Distances of the rows of a text, heights."""
_FIRST = 0.9
"""Length of the beginning of a row, heights, in which a further row must have print: a character."""
_ROWS = 3
"""Rows that are followed at each side."""
_LONG = 2.5
"""Ratio of the sides from which a polygon says how the rows of its card run."""
_AS_DARK = 0.7
"""Least depth of the ink of a window left of a polygon, as a fraction of that inside: labels are printed paler than values."""
_HALF_AS_DARK = 0.5
"""The same for the beginning of a further row."""
_CALM = 0.5
"""Most edges before a further row, as a fraction of those at its beginning."""
_TEXTURE = 0.7
"""Edges above and below a polygon, as a fraction of those inside it, from which print cannot be distinguished from its background."""
_FLOOR = 3.0
"""Gray levels of an edge that is none: an even place inside a polygon makes nothing around it print."""


class _Row(NamedTuple):
    """A row of print, as an upright rectangle in coordinates of its own, in heights.

    Attributes
    ----------
    origin : ndarray of shape (2,)
        Top left corner, pixels.
    along, down : ndarray of shape (2,)
        One height along the row and down, pixels.
    length : float
        Heights.
    """

    origin: Floats
    along: Floats
    down: Floats
    length: float

    def corners(self, start: float, end: float) -> Floats:
        """Corners, shape (4, 2), of the row between two places along it, heights."""
        ends = [self.origin + place * self.along for place in (start, end)]
        return np.array([ends[0], ends[0] + self.down, ends[1] + self.down, ends[1]])

    def reversed(self) -> _Row:
        """The row from its other end: on a picture that is upside down the text begins there."""
        return self._replace(origin=self.origin + self.length * self.along, along=-self.along)

    def shifted(self, pitch: float) -> _Row:
        return self._replace(origin=self.origin + pitch * self.down)


def text_direction(quads: Floats) -> Floats:
    """Direction of the rows of a card, shape (2,), length 1: the middle one of its long polygons, or of all if none is long.

    Examples
    --------
    >>> text_direction(np.array([[(0, 0), (0, 10), (90, 10), (90, 0)], [(0, 20), (0, 30), (9, 30), (9, 20)]])).tolist()
    [1.0, 0.0]
    """
    sides = np.stack(
        [quads[:, 3] - quads[:, 0] + quads[:, 2] - quads[:, 1], quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]]
    )
    lengths = np.linalg.norm(sides, axis=2)
    long = sides[lengths.argmax(axis=0), np.arange(len(quads))]
    ratio = lengths.max(axis=0) / np.maximum(lengths.min(axis=0), 1e-9)
    chosen = long[ratio >= _LONG] if (ratio >= _LONG).any() else long
    angles = np.arctan2(chosen[:, 1], chosen[:, 0])
    # Directions are lines: twice the angle is what has a mean.
    turn = np.angle(np.exp(2j * angles).sum()) / 2
    turn += float(np.median((angles - turn + np.pi / 2) % np.pi - np.pi / 2))
    return np.array([np.cos(turn), np.sin(turn)])


def continued_print(
    gray: NDArray[np.uint8], corners: Floats, height: float, direction: Floats, others: Sequence[Floats], *, rows: bool
) -> list[Floats]:
    """Find print that continues a polygon along its rows, and further rows above and below.

    Parameters
    ----------
    gray : ndarray of shape (height, width), uint8
    corners : ndarray of shape (4, 2)
        The polygon, pixels.
    height : float
        Height of one row of its text, pixels.
    direction : ndarray of shape (2,)
        Of the rows, length 1.
    others : sequence of ndarray of shape (4, 2)
        Places at which following ends: other polygons and the portrait.
    rows : bool
        Texts of this field may have several rows.

    Returns
    -------
    list of ndarray of shape (4, 2)
        Corners of what to cover in addition.
    """
    normal = np.array([-direction[1], direction[0]])
    along, down = corners @ direction, corners @ normal
    tall = max(float(np.ptp(down)), 1.0)
    height = min(max(height, 1.0), tall)
    count = max(1, round((tall + 0.5 * height) / (1.5 * height))) if rows else 1
    step = (tall - height) / (count - 1) / height if count > 1 else 0.0
    size = height if count > 1 else tall
    first = _Row(
        along.min() * direction + down.min() * normal, size * direction, size * normal, float(np.ptp(along)) / size
    )
    lines = [first.shifted(n * step) for n in range(count)]
    inside = np.concatenate([_windows(gray, line, 0.0, line.length) for line in lines], axis=1)
    level = np.maximum(np.median(inside, axis=1), _FLOOR)
    around = [_windows(gray, line, 0.0, line.length)[0] for line in (lines[0].shifted(-1.1), lines[-1].shifted(1.1))]
    if min(float(np.median(edges)) for edges in around) > _TEXTURE * level[0]:
        return []
    stops = [polygon.ordered(other)[0] for other in others]
    gap = _GAP_OF_ROWS if rows else _GAP
    found = [_grown(gray, line, level, stops, gap) for line in lines]
    if rows:
        for side, line in ((-1, lines[0]), (1, lines[-1])):
            found += _further_rows(gray, line, side, level, stops)
    return [one for one in found if one is not None]


def _further_rows(gray: NDArray[np.uint8], row: _Row, side: int, level: Floats, stops: list[Floats]) -> list[Floats]:
    found = []
    for _ in range(_ROWS):
        best = max(
            (max(_begins(gray, one.shifted(side * pitch), level, stops) for one in (row, row.reversed())), pitch)
            for pitch in _PITCHES
        )
        if best[0] < _PRINT:
            break
        row = row.shifted(side * best[1])
        grown = _grown(gray, row, level, stops, _GAP_OF_ROWS)
        found.append(row.corners(0.0, row.length) if grown is None else grown)
    return found


def _begins(gray: NDArray[np.uint8], row: _Row, level: Floats, stops: list[Floats]) -> float:
    """Edges at the beginning of a row, as a fraction of `level`; 0 if it begins earlier, or where another polygon lies."""
    points = [row.origin + across * row.down + 0.5 * _FIRST * row.along for across in (0.1, 0.5, 0.9)]
    if any(_in_one(point, stops) for point in points):
        return 0.0
    (begin,), (depth,) = _windows(gray, row, 0.0, _FIRST, step=_FIRST, window=_FIRST)
    (before,), _ = _windows(gray, row, -0.3, -0.3 - _FIRST, step=_FIRST, window=_FIRST)
    return float(begin / level[0]) if before < _CALM * begin and depth >= _HALF_AS_DARK * level[1] else 0.0


def _grown(gray: NDArray[np.uint8], row: _Row, level: Floats, stops: list[Floats], gap: float) -> Floats | None:
    """Corners of a row with the print at both of its ends; None if there is none."""
    before = _reach(_windows(gray, row, 0.0, -_FARTHEST), row, level, stops, side=-1, gap=gap)
    after = _reach(_windows(gray, row, row.length, row.length + _FARTHEST), row, level, stops, side=1, gap=gap)
    return row.corners(-before, row.length + after) if before or after else None


def _reach(edges: Floats, row: _Row, level: Floats, stops: list[Floats], *, side: int, gap: float) -> float:
    """Heights by which print continues beyond an end of a row."""
    strong = edges[0] >= _PRINT * level[0]
    dark = strong & ((side > 0) | (edges[1] >= _AS_DARK * level[1]))
    reached = 0.0
    for n in range(len(strong)):
        near, far = n * _STEP, n * _STEP + _WINDOW
        place = row.length + far if side > 0 else -far
        if near - reached > gap or _in_one(row.origin + place * row.along + 0.5 * row.down, stops):
            break
        # What is touched is covered to its end: half a label may look like another character.
        if dark[n] or (strong[n] and 0 < near <= reached):
            reached = far
    return reached


def _windows(
    gray: NDArray[np.uint8], row: _Row, start: float, end: float, *, step: float = _STEP, window: float = _WINDOW
) -> Floats:
    """Edges and depth of ink along a row in windows from `start` to `end`, heights, the nearest first, shape (2, n); edges are 0 outside the picture."""
    side = 1.0 if end >= start else -1.0
    count = max(1, int((abs(end - start) - window) / step) + 1)
    u = start + side * np.arange(0, abs(end - start) + 1 / _DENSITY, 1 / _DENSITY)
    v = np.linspace(0.1, 0.9, _DENSITY)
    points = row.origin + u[:, None, None] * row.along + v[None, :, None] * row.down
    x, y = np.rint(points).astype(np.int64).transpose(2, 0, 1)
    known = (x >= 0) & (y >= 0) & (x < gray.shape[1]) & (y < gray.shape[0])
    values = np.where(known, gray[np.where(known, y, 0), np.where(known, x, 0)], 0).astype(np.float64)
    edges = (np.abs(np.diff(values, axis=0)) * (known[1:] & known[:-1])).mean(axis=1)
    length, hop = round(window * _DENSITY), step * _DENSITY
    pieces = [slice(round(n * hop), round(n * hop) + length) for n in range(count)]
    # A window may lie between two digits: the depth is that of the window with half a window on either side.
    wide = [values[max(piece.start - length // 2, 0) : piece.stop + length // 2] for piece in pieces]
    depth = [float(np.subtract(*np.percentile(piece, (75, 5)))) for piece in wide]
    return np.array([[edges[piece].mean() for piece in pieces], depth])


def _in_one(point: Floats, quads: list[Floats]) -> bool:
    for quad in quads:
        sides, to = np.roll(quad, -1, axis=0) - quad, point - quad
        turns = sides[:, 0] * to[:, 1] - sides[:, 1] * to[:, 0]
        if (turns >= 0).all() or (turns <= 0).all():
            return True
    return False
