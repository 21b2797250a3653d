"""Measures of a polygon column, each a Series or frame with its index; the formulas are in `cardocr_nb.polygon`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb._text_safety import describe
from cardocr_nb.errors import missing_extra
from cardocr_nb.frame._polygon_array import PolygonArray

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import ArrayLike, NDArray


def array_of(column: pd.Series) -> PolygonArray:
    """Get the array behind a polygon column.

    Raises
    ------
    AttributeError
        The column has another dtype.
    """
    if not isinstance(column.array, PolygonArray):
        raise AttributeError(  # noqa: TRY004 - pandas asks this of accessors, so that tab completion goes on
            f".polygon is for columns of dtype 'polygon', got {column.dtype}; make one with astype('polygon'), "
            "and take the cell of a row with row['polygon']"
        )
    return column.array


def points_of(column: pd.Series) -> NDArray[np.float64]:
    """Corners of a polygon column, ndarray of shape (n, 4, 2), pixels, NaN where missing."""
    return array_of(column).to_points()


def from_numpy(points: ArrayLike, index: Any = None) -> pd.Series:
    """Make a polygon column from an array of corners.

    Parameters
    ----------
    points : array_like of shape (n, 4, 2)
        Corners in pixels, rounded to whole pixels. A row with NaN becomes a missing polygon.
    index : array_like, optional
        Index of the new column, by default 0 to n - 1.

    Returns
    -------
    Series of dtype polygon

    Examples
    --------
    >>> from_numpy([[[0, 0], [0, 10], [30, 10], [30, 0]]]).dtype.name
    'polygon'
    """
    polygons = PolygonArray.from_numpy(points)
    # Raised outside of the handler, since the error of pandas quotes the value and would be kept as context.
    with contextlib.suppress(TypeError, ValueError):
        return pd.Series(polygons, index=index, name="polygon")
    raise ValueError(f"index must hold {len(polygons)} labels, one for each polygon, got {describe(index)}")


def apply_measure(column: pd.Series, measure: Callable[..., Any]) -> pd.Series:
    """Apply a measure: a float Series, NaN where the polygon is missing."""
    return pd.Series(measure(points_of(column)), index=column.index, name=measure.__name__)


def apply_measures(column: pd.Series, measure: Callable[..., Any], *names: str) -> pd.DataFrame:
    """Apply a measure of several numbers: a frame of float columns, NaN where the polygon is missing."""
    return pd.DataFrame(measure(points_of(column)), index=column.index, columns=list(names))


def apply_predicate(column: pd.Series, predicate: Callable[..., Any], *arguments: Any) -> pd.Series:
    """Apply a predicate: a Series of dtype boolean, missing where the polygon is."""
    answers = pd.array(predicate(points_of(column), *arguments), dtype="boolean")
    answers[column.isna().to_numpy()] = pd.NA
    return pd.Series(answers, index=column.index, name=predicate.__name__)


def apply_transform(column: pd.Series, change: Callable[..., Any], *arguments: Any) -> pd.Series:
    """Apply a function that gives other polygons, rounded to whole pixels."""
    return pd.Series(
        PolygonArray.from_numpy(change(points_of(column), *arguments)), index=column.index, name=column.name
    )


def overlap(column: pd.Series, other: pd.Series) -> pd.Series:
    """Intersection over union with another polygon column, paired by position; missing where one of the two is.

    Raises
    ------
    ValueError
        The columns differ in length.
    """
    if len(column) != len(other):
        raise ValueError(f"iou pairs polygons row by row, got {len(column)} and {len(other)} rows")
    return pd.Series(polygon.iou(points_of(column), points_of(other)), index=column.index, name="iou")


def to_shapely(column: pd.Series) -> pd.Series:
    """Shapely polygons in a column of objects, None where missing.

    Raises
    ------
    MissingExtraError
        shapely is not installed; the embedded engine's extra brings it.
    """
    try:
        import shapely  # type: ignore[import-untyped]  # it ships no type hints
    except ImportError as e:
        missing_extra("to_shapely", "local", e)
    shapes = np.full(len(column), None, dtype=object)
    there = column.notna().to_numpy()
    shapes[there] = shapely.polygons(points_of(column)[there])
    return pd.Series(shapes, index=column.index, name=column.name, dtype=object)


def from_shapely(shapes: Iterable[Any], index: Any = None) -> pd.Series:
    """Make a polygon column from shapely polygons.

    Parameters
    ----------
    shapes : iterable of shapely.Polygon or None
        Polygons with four corners, in the order of their outer ring; missing where None or empty.
    index : array_like, optional
        Index of the new column, by default that of a Series, or 0 to n - 1.

    Returns
    -------
    Series of dtype polygon

    Raises
    ------
    ValueError
        A polygon has another number of corners.
    """
    own = shapes.index if isinstance(shapes, pd.Series) and index is None else index
    given = [None if getattr(shape, "is_empty", False) else shape for shape in shapes]
    return pd.Series(PolygonArray._from_sequence(given), index=own, name="polygon")  # noqa: SLF001 - pandas' name
