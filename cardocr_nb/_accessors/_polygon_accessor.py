"""``series.polygon`` on a column of polygons."""

from __future__ import annotations

import pandas as pd

from cardocr_nb import polygon
from cardocr_nb._accessors._methods import data_method, measure_method, measure_property
from cardocr_nb.frame import _polygon_measures as measures


@pd.api.extensions.register_series_accessor("polygon")
class PolygonAccessor:
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
    >>> column.polygon.shift(5, 1)[0].points
    ((5, 1), (5, 11), (35, 11), (35, 1))
    """

    def __init__(self, column: pd.Series) -> None:
        measures.array_of(column)
        self._data = column

    from_numpy = staticmethod(measures.from_numpy)
    to_numpy = data_method(measures.points_of)
    to_shapely = data_method(measures.to_shapely)

    area = measure_property(polygon.area, measures.measured)
    perimeter = measure_property(polygon.perimeter, measures.measured)
    width = measure_property(polygon.width, measures.measured)
    height = measure_property(polygon.height, measures.measured)
    angle = measure_property(polygon.angle, measures.measured)
    bbox = measure_property(polygon.bbox, measures.measured_columns, "xmin", "ymin", "xmax", "ymax")
    centroid = measure_property(polygon.centroid, measures.measured_columns, "x", "y")
    is_convex = measure_property(polygon.is_convex, measures.judged)
    is_simple = measure_property(polygon.is_simple, measures.judged)
    is_degenerate = measure_property(polygon.is_degenerate, measures.judged)

    contains = measure_method(polygon.contains, measures.judged)
    iou = data_method(measures.overlap)
    ordered = measure_method(polygon.ordered, measures.moved)
    scale = measure_method(polygon.scale, measures.moved)
    shift = measure_method(polygon.shift, measures.moved)
