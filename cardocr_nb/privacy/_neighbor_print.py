"""Print next to a card: the second page of an open license repeats the name and the number, and no polygon says where.

The surroundings of the card are brought upright to the card's scale. Rows of print have many upright edges, and calm strips
above and below; the texture of a desk has no such strips, and the edge of a sheet is a single one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.polygon._corners import Floats
    from cardocr_nb.privacy._pose import Pose

_SCALE = 5
"""Pixels per millimeter at which print is looked for: digits are 10 pixels high there."""
_WINDOW = (10, 40)
"""Height and width of a piece of a row, pixels: 2 mm and three characters."""
_STRIP, _GAP = 5, 3
"""Height of the strips that must be calm, and their distance from the row, pixels."""
_CALMER = 0.8
"""Least logarithm of the edges in a row over those in the strips. 20 specimens without a second page have at most 0.66
around the card, four with one 2.9 to 4.6."""
_STRENGTH = 0.3
"""Least edges of a row, as a fraction of the strong print on the card."""
_MIN_PLACES = 40
"""Places of the window that must hold print; a word of 8 mm has about 200, a second page 5,000 and more."""
_MARGIN = 2.0
"""Millimeters around the card that are left: its edge is known no better."""
_REACH = 12.0
"""Millimeters by which the areas next to the card are larger than one more card, for the gap between two pages."""


def neighbor_print(pixels: NDArray[np.uint8], pose: Pose) -> list[Floats]:
    """Find the sides of a card at which other print lies.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    pose : Pose
        How the card lies.

    Returns
    -------
    list of ndarray of shape (4, 2)
        Corners in pixels of each area, as large as one more card, right or left of the card, above or below it, with print
        along the rows of the card or across them.

    Raises
    ------
    InvalidRequestError
        An area with print reaches beyond the horizon of a photo taken from the side.
    """
    width, height = pose.layout.size
    origin = (-width - _REACH, -height - _REACH)
    upright, known = _upright(pixels, pose, origin, (3 * width + 2 * _REACH, 3 * height + 2 * _REACH))
    along, across = (_Rows.of(upright, known, origin, turned=turned) for turned in (False, True))
    own = float(np.percentile(along.inside[along.within((0, 0, width, height))], 90))
    found = []
    for box in _areas(width, height):
        if not any(rows.of_print(box, own) for rows in (along, across)):
            continue
        corners = pose.corners(box)
        if not np.isfinite(corners).all():
            raise InvalidRequestError(
                "other print lies next to the card, at a place that is not known well enough to cover it; "
                "cut the photo to the card and read it again"
            )
        found.append(corners)
    return found


class _Rows(NamedTuple):
    """Where rows of print can be, in one direction, over the places of the window.

    Attributes
    ----------
    inside, calmer : ndarray of shape (down, across)
        Mean edges in the window, and the logarithm of their ratio to the busier strip.
    start : tuple of (float, float)
        Millimeters on the card at which both axes begin.
    turned : bool
        Rows across those of the card: the axes are exchanged.
    """

    inside: Floats
    calmer: Floats
    start: tuple[float, float]
    turned: bool

    @classmethod
    def of(
        cls, upright: NDArray[np.uint8], known: NDArray[np.bool_], origin: tuple[float, float], *, turned: bool
    ) -> _Rows:
        """Measure the rows of an upright picture, or those across them."""
        edges = _edges(upright.T, known.T) if turned else _edges(upright, known)
        inside, calmer = _rows_of_print(edges)
        start = (origin[0], origin[1]) if turned else (origin[1], origin[0])
        return cls(inside, calmer, start, turned)

    def within(self, box: tuple[float, float, float, float]) -> tuple[slice, slice]:
        """Places at which the window lies in left, top, right, bottom in millimeters."""
        left, top, right, bottom = (box[1], box[0], box[3], box[2]) if self.turned else box
        down = (np.arange(self.inside.shape[0]) + _STRIP + _GAP) / _SCALE + self.start[0]
        across = np.arange(self.inside.shape[1]) / _SCALE + self.start[1]
        rows = np.searchsorted(down, (top, bottom - _WINDOW[0] / _SCALE))
        columns = np.searchsorted(across, (left, right - _WINDOW[1] / _SCALE))
        return slice(int(rows[0]), int(rows[1])), slice(int(columns[0]), int(columns[1]))

    def of_print(self, box: tuple[float, float, float, float], own: float) -> bool:
        """Whether enough of the windows in an area hold print as strong as that on the card, `own`."""
        place = self.within(box)
        return bool(((self.calmer[place] > _CALMER) & (self.inside[place] > _STRENGTH * own)).sum() >= _MIN_PLACES)


def _areas(width: float, height: float) -> list[tuple[float, float, float, float]]:
    """Left, top, right, bottom in millimeters of the areas around a card: right, left, above, below."""
    middle = (width / 2, height / 2)
    return [
        (width + _MARGIN, -middle[1], 2 * width + _REACH, height + middle[1]),
        (-width - _REACH, -middle[1], -_MARGIN, height + middle[1]),
        (-middle[0], -height - _REACH, width + middle[0], -_MARGIN),
        (-middle[0], height + _MARGIN, width + middle[0], 2 * height + _REACH),
    ]


def _upright(
    pixels: NDArray[np.uint8], pose: Pose, origin: tuple[float, float], size: tuple[float, float]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the card and its surroundings upright, in gray levels, and which pixels lie in the picture."""
    from PIL import Image

    square = pose.corners((0, 0, *pose.layout.size))
    fine = float(np.linalg.norm(square[3] - square[0])) / pose.layout.size[0] / _SCALE
    reduced = max(1, int(fine)) if np.isfinite(fine) else 1
    gray = Image.fromarray(pixels).convert("L").reduce(reduced)
    to_card = np.array([(1 / _SCALE, 0, origin[0]), (0, 1 / _SCALE, origin[1]), (0, 0, 1)])
    matrix = np.diag([1 / reduced, 1 / reduced, 1]) @ pose.matrix @ to_card
    matrix = (matrix / matrix[2, 2]).ravel()[:8].tolist()
    target = (round(size[0] * _SCALE), round(size[1] * _SCALE))
    upright, inside = (
        np.asarray(picture.transform(target, Image.Transform.PERSPECTIVE, matrix, Image.Resampling.BILINEAR))
        for picture in (gray, Image.new("L", gray.size, 255))
    )
    return upright, inside == 255


def _edges(gray: NDArray[np.uint8], known: NDArray[np.bool_]) -> Floats:
    """Edges across the rows, in gray levels; 0 outside the picture."""
    edges = np.zeros(gray.shape)
    edges[:, 1:] = np.abs(np.diff(gray.astype(np.float64), axis=1)) * (known[:, 1:] & known[:, :-1])
    return edges


def _rows_of_print(edges: Floats) -> tuple[Floats, Floats]:
    """Mean edges in the window at each place, and the logarithm of their ratio to the busier strip; 0.5 is added to both."""
    rows, strips = _means(edges, _WINDOW[0]), _means(edges, _STRIP)
    first, after = _STRIP + _GAP, _STRIP + 2 * _GAP + _WINDOW[0]
    count = strips.shape[0] - after
    inside = rows[first : first + count]
    busier = np.maximum(strips[:count], strips[after : after + count])
    calmer: Floats = np.log((inside + 0.5) / (busier + 0.5))
    return inside, calmer


def _means(values: Floats, height: int) -> Floats:
    """Means over all rectangles of a height and the width of the window."""
    width = _WINDOW[1]
    sums = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    total: Floats = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    return total / (height * width)
