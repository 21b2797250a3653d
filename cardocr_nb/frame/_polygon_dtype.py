"""The pandas dtype ``"polygon"``, its scalar, and the Arrow type of old files.

Importing this module registers the dtype with pandas. In Arrow and in files a polygon is a list of eight int32, ``x, y``
for each corner, and a missing polygon is a missing list: every pyarrow, polars and DuckDB read that as it is, and pandas
makes the dtype again from its own notes in the file. `DataFrame.cardocr.to_parquet` writes notes that plain pandas
understands as well.
``DataFrame.to_parquet`` notes the name of the dtype in the file, for which pandas looks when it reads: in a process that has
not imported ``cardocr_nb``, call ``pyarrow.parquet.read_table(path).to_pandas(ignore_metadata=True)``, or with pyarrow 26
``pandas.read_parquet(path, dtype_backend="pyarrow")``.
"""

from __future__ import annotations

from functools import total_ordering
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionDtype, register_extension_dtype

from cardocr_nb.frame._polygon_forms import Corners, corners_of, parse
from cardocr_nb.frame._tool_adapters import is_altair_asking, is_duckdb_asking

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable

    from cardocr_nb.frame._polygon_array import PolygonArray


@total_ordering
class Polygon:
    """Four corners of a field: one element of a polygon column.

    It is opaque to numpy and pandas (no length, no iteration), so that it is never taken for a list; the corners are in
    `points`. Two polygons are equal when their corners are, in the same order; they sort by their corners.

    Parameters
    ----------
    points : iterable of four (float, float), or of eight numbers as files have them
        Corners ``(x, y)`` in pixels, x right, y down, each within the range of int32; fractions are rounded. Also mappings with
        ``x`` and ``y`` (or ``X`` and ``Y``), a ring whose fifth corner is the first, polygons of GeoJSON and shapely.

    Raises
    ------
    ValueError
        The points are not four pairs of numbers, or do not fit into int32.

    Examples
    --------
    >>> p = Polygon([(0, 0), (0, 10), (30, 10), (30, 0)])
    >>> p
    Polygon(0,0 0,10 30,10 30,0)
    >>> p.points[2]
    (30, 10)
    """

    # No dataclass: pandas spreads the fields of dataclass instances over the columns of a frame.
    __slots__ = ("_points",)
    _points: Corners

    def __init__(self, points: Iterable[Any]) -> None:
        self._points = corners_of(points)

    @property
    def points(self) -> Corners:
        """The four corners ``(x, y)`` in pixels."""
        return self._points

    def tolist(self) -> list[list[int]]:
        """Return the corners as a list of pairs, as JSON has them.

        Examples
        --------
        >>> Polygon([(0, 0), (0, 10), (30, 10), (30, 0)]).tolist()
        [[0, 0], [0, 10], [30, 10], [30, 0]]
        """
        return [list(corner) for corner in self._points]

    to_plotly_json = tolist

    @property  # type: ignore[misc]  # a class for those who ask an instance
    def __class__(self) -> builtins.type[Any]:
        """An array for Altair, which then calls `tolist`."""
        return np.ndarray if is_altair_asking() else Polygon

    @classmethod
    def parse(cls, text: str) -> Polygon:
        """Read what ``str`` writes, four ``x,y`` with spaces between them, or lists and mappings of JSON, or WKT.

        Raises
        ------
        ValueError
            The text is something else.

        Examples
        --------
        >>> Polygon.parse("0,0 0,10 30,10 30,0")
        Polygon(0,0 0,10 30,10 30,0)
        """
        polygon = cls.__new__(cls)
        polygon._points = parse(text)  # noqa: SLF001 - its own; corners are checked once
        return polygon

    def __eq__(self, other: object) -> bool:
        return self._points == other._points if isinstance(other, Polygon) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._points < other._points if isinstance(other, Polygon) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._points)

    def __reduce__(self) -> tuple[type[Polygon], tuple[Corners]]:
        return type(self), (self._points,)

    def __str__(self) -> str:
        return " ".join(f"{x},{y}" for x, y in self.points)

    def __repr__(self) -> str:
        return f"Polygon({self})"


@register_extension_dtype
class PolygonDtype(ExtensionDtype):
    """Dtype of polygon columns; its name is ``"polygon"``.

    Examples
    --------
    >>> import pandas as pd
    >>> pd.Series([[(0, 0), (0, 10), (30, 10), (30, 0)], None], dtype="polygon")
    0    0,0 … 4 corners
    1                NaN
    dtype: polygon
    """

    name = "polygon"
    name_in_files = "(4,2)i4"
    """A second name, which NumPy understands as well: pandas without this package reads such columns as lists."""
    type = Polygon
    kind = "O"
    na_value = np.nan

    @property  # type: ignore[misc]  # a class for those who ask an instance
    def __class__(self) -> builtins.type[Any]:
        """A dtype of Arrow for DuckDB, which then lets Arrow convert the frame."""
        return pd.ArrowDtype if is_duckdb_asking() else PolygonDtype

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) or (other is object and is_altair_asking())

    __hash__ = ExtensionDtype.__hash__

    def __reduce__(self) -> tuple[builtins.type[PolygonDtype], tuple[()]]:
        return PolygonDtype, ()  # without it pickle asks for the class, as DuckDB does

    @classmethod
    def construct_from_string(cls, string: str) -> Self:
        """Make the dtype from its name."""
        super().construct_from_string(cls.name if string == cls.name_in_files else string)
        return cls()

    @classmethod
    def construct_array_type(cls) -> builtins.type[PolygonArray]:
        """The array that holds such a column."""
        from cardocr_nb.frame._polygon_array import PolygonArray

        return PolygonArray

    def __repr__(self) -> str:
        return self.name

    def __from_arrow__(self, array: pa.Array | pa.ChunkedArray) -> PolygonArray:
        """Take over an Arrow array of the polygon type, or any list of eight whole numbers a row."""
        return self.construct_array_type().from_arrow(array)


class PolygonType(pa.ExtensionType):  # type: ignore[misc]  # pyarrow has no type hints
    """Arrow type ``cardocr_nb.polygon`` of files that releases before 0.2 wrote; it is only read.

    Parameters
    ----------
    storage : pyarrow.DataType, optional
        List of int32, or, in the oldest files, list of a fixed size of eight.
    """

    def __init__(self, storage: pa.DataType | None = None) -> None:
        super().__init__(pa.list_(pa.int32()) if storage is None else storage, "cardocr_nb.polygon")

    def __hash__(self) -> int:
        return hash((self.extension_name, self.storage_type))

    def __arrow_ext_serialize__(self) -> bytes:
        """Return no parameters."""
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: pa.DataType, _serialized: bytes) -> PolygonType:
        """Make the type when a schema is read."""
        return cls(storage)

    def to_pandas_dtype(self) -> PolygonDtype:
        """Name the dtype that ``Table.to_pandas`` uses."""
        return PolygonDtype()


pa.register_extension_type(PolygonType())
