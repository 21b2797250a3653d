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

import operator
import re
from functools import total_ordering
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
import pyarrow as pa
from pandas.api.extensions import ExtensionDtype, register_extension_dtype

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable

    from cardocr_nb.frame._polygon_array import PolygonArray

Corners: TypeAlias = tuple[tuple[int, int], ...]
_INT32 = np.iinfo(np.int32)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_NUMBERS = re.compile(r"[\[\](), .\d\-\s]{1,400}")
_WRITTEN = re.compile(r"\s*-?\d+,-?\d+(\s+-?\d+,-?\d+){3}\s*", re.ASCII)


def _pixel(value: Any) -> int:
    """Return a coordinate as a whole number; NaN, infinity and texts raise."""
    if isinstance(value, float | np.floating):
        return round(float(value))
    return operator.index(value)


@total_ordering
class Polygon:
    """Four corners of a field: one element of a polygon column.

    It is opaque to numpy and pandas (no length, no iteration), so that it is never taken for a list; the corners are in
    `points`. Two polygons are equal when their corners are, in the same order; they sort by their corners.

    Parameters
    ----------
    points : iterable of four (float, float), or of eight numbers as files have them
        Corners ``(x, y)`` in pixels, x right, y down, each within the range of int32; fractions are rounded.

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
        try:
            numbers = points.tolist() if isinstance(points, np.ndarray) else list(points)
            pairs = zip(numbers[::2], numbers[1::2], strict=True) if len(numbers) == 8 else numbers
            corners = tuple((_pixel(x), _pixel(y)) for x, y in pairs)
        except (TypeError, ValueError, OverflowError):
            corners = ()
        if len(corners) != 4:
            raise ValueError(
                "a polygon is made of four corners (x, y) in pixels: pass [(x, y), (x, y), (x, y), (x, y)]"
            )
        if not all(_INT32.min <= v <= _INT32.max for corner in corners for v in corner):
            raise ValueError(f"a coordinate lies outside {_INT32.min} to {_INT32.max}: {corners}")
        self._points = corners

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

    @classmethod
    def parse(cls, text: str) -> Polygon:
        """Read what ``str`` writes, four ``x,y`` with spaces between them, or a list of pairs as JSON has it.

        Raises
        ------
        ValueError
            The text is something else.

        Examples
        --------
        >>> Polygon.parse("0,0 0,10 30,10 30,0")
        Polygon(0,0 0,10 30,10 30,0)
        """
        if text.lstrip()[:1] == "[" and _NUMBERS.fullmatch(text):
            return cls([float(number) for number in _NUMBER.findall(text)])
        if not _WRITTEN.fullmatch(text):
            raise ValueError("a polygon is written as four 'x,y' with spaces between them, such as '0,0 0,9 30,9 30,0'")
        pairs = (pair.split(",") for pair in text.split())
        return cls((int(x), int(y)) for x, y in pairs)

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
