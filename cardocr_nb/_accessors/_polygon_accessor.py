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
    from_shapely = staticmethod(measures.from_shapely)
    to_numpy = data_method(measures.points_of)
    to_shapely = data_method(measures.to_shapely)

    area = measure_property(polygon.area, measures.apply_measure)
    perimeter = measure_property(polygon.perimeter, measures.apply_measure)
    width = measure_property(polygon.width, measures.apply_measure)
    height = measure_property(polygon.height, measures.apply_measure)
    angle = measure_property(polygon.angle, measures.apply_measure)
    bbox = measure_property(polygon.bbox, measures.apply_measures, "xmin", "ymin", "xmax", "ymax")
    centroid = measure_property(polygon.centroid, measures.apply_measures, "x", "y")
    is_convex = measure_property(polygon.is_convex, measures.apply_predicate)
    is_simple = measure_property(polygon.is_simple, measures.apply_predicate)
    is_degenerate = measure_property(polygon.is_degenerate, measures.apply_predicate)

    contains = measure_method(polygon.contains, measures.apply_predicate)
    iou = data_method(measures.overlap)
    ordered = measure_method(polygon.ordered, measures.apply_transform)
    scale = measure_method(polygon.scale, measures.apply_transform)
    shift = measure_method(polygon.shift, measures.apply_transform)
