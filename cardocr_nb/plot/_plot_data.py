"""Columns and polygons of a frame, for the plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb._text_safety import shown_names
from cardocr_nb.frame import PolygonDtype
from cardocr_nb.frame._frame_columns import COLUMNS
from cardocr_nb.frame._polygon_measures import points_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def need(df: pd.DataFrame, *columns: str) -> None:
    """Raise unless a frame has the columns.

    Raises
    ------
    ValueError
        Lists the missing columns.
    """
    absent = [c for c in columns if c not in df.columns]
    if absent:
        raise ValueError(
            f"the frame has no column {shown_names(absent, COLUMNS)}; it has {shown_names(df.columns, COLUMNS)}. "
            "Make it with cardocr_nb.to_frame() or name another column"
        )


def corners(polygons: pd.Series) -> NDArray[np.float64]:
    """Corners of a column of polygons, shape (n, 4, 2), pixels; NaN where there is none.

    The column has the dtype ``polygon``, or what `PolygonArray` takes: arrays or lists of four points, None.
    """
    return points_of(polygons.astype(PolygonDtype()))
