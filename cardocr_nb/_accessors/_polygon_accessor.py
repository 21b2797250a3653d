"""``series.polygon`` on a column of polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cardocr_nb import polygon
from cardocr_nb.frame import _polygon_measures as geometry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


@pd.api.extensions.register_series_accessor("polygon")
class PolygonSeries:
    """Measures of a polygon column, in pixels; the formulas are in `cardocr_nb.polygon`.

    Raises
    ------
    AttributeError
        The column has another dtype.

    Examples
    --------
    >>> column = pd.Series([[(0, 0), (0, 10), (30, 10), (30, 0)], None], dtype="polygon")
    >>> column.polygon.area.tolist()
    [300.0, nan]
    """

    def __init__(self, column: pd.Series) -> None:
        geometry.array_of(column)
        self._column = column

    @classmethod
    def from_numpy(cls, points: ArrayLike, index: Any = None) -> pd.Series:
        """Make a polygon column from an array of shape (n, 4, 2): ``pd.Series.polygon.from_numpy(points)``."""
        return geometry.from_numpy(points, index)

    def to_numpy(self) -> NDArray[np.float64]:
        """Corners, ndarray of shape (n, 4, 2), NaN where missing."""
        return geometry.points_of(self._column)

    def to_shapely(self) -> pd.Series:
        """Shapely polygons, None where missing; needs shapely."""
        return geometry.to_shapely(self._column)

    @property
    def area(self) -> pd.Series:
        """Square pixels, see `cardocr_nb.polygon.area`."""
        return geometry.measured(self._column, polygon.area)

    @property
    def perimeter(self) -> pd.Series:
        """Pixels, see `cardocr_nb.polygon.perimeter`."""
        return geometry.measured(self._column, polygon.perimeter)

    @property
    def width(self) -> pd.Series:
        """Pixels along the reading direction, see `cardocr_nb.polygon.width`."""
        return geometry.measured(self._column, polygon.width)

    @property
    def height(self) -> pd.Series:
        """Pixels across the reading direction, see `cardocr_nb.polygon.height`."""
        return geometry.measured(self._column, polygon.height)

    @property
    def angle(self) -> pd.Series:
        """Degrees of the reading direction, falling to the right positive, see `cardocr_nb.polygon.angle`."""
        return geometry.measured(self._column, polygon.angle)

    @property
    def bbox(self) -> pd.DataFrame:
        """Columns ``xmin, ymin, xmax, ymax`` in pixels, see `cardocr_nb.polygon.bbox`."""
        return geometry.measured_columns(self._column, polygon.bbox, "xmin", "ymin", "xmax", "ymax")

    @property
    def centroid(self) -> pd.DataFrame:
        """Columns ``x, y`` in pixels, see `cardocr_nb.polygon.centroid`."""
        return geometry.measured_columns(self._column, polygon.centroid, "x", "y")

    @property
    def is_convex(self) -> pd.Series:
        """Whether nowhere bent inwards, corners in the order given, see `cardocr_nb.polygon.is_convex`."""
        return geometry.judged(self._column, polygon.is_convex)

    @property
    def is_simple(self) -> pd.Series:
        """Whether the sides neither cross nor touch, see `cardocr_nb.polygon.is_simple`."""
        return geometry.judged(self._column, polygon.is_simple)

    @property
    def is_degenerate(self) -> pd.Series:
        """Whether it is no polygon but a line or less, see `cardocr_nb.polygon.is_degenerate`."""
        return geometry.judged(self._column, polygon.is_degenerate)

    def contains(self, x: ArrayLike, y: ArrayLike) -> pd.Series:
        """Whether a point in pixels lies in it or on its border, see `cardocr_nb.polygon.contains`."""
        return geometry.judged(self._column, polygon.contains, x, y)

    def iou(self, other: pd.Series) -> pd.Series:
        """Intersection over union, 0 to 1, paired by position, see `cardocr_nb.polygon.iou`."""
        return geometry.overlap(self._column, other)

    def ordered(self) -> pd.Series:
        """Corners top-left, bottom-left, bottom-right, top-right, see `cardocr_nb.polygon.ordered`."""
        return geometry.moved(self._column, polygon.ordered)

    def scale(self, x: float, y: float | None = None) -> pd.Series:
        """Coordinates times a factor, rounded to whole pixels, see `cardocr_nb.polygon.scale`."""
        return geometry.moved(self._column, polygon.scale, x, y)

    def shift(self, x: float, y: float) -> pd.Series:
        """Moved to the right and down, rounded to whole pixels, see `cardocr_nb.polygon.shift`."""
        return geometry.moved(self._column, polygon.shift, x, y)
