"""The pandas array behind a polygon column: an int32 array of shape (n, 4, 2) and a mask of missing rows."""

# ruff: noqa: SLF001 - arrays of this class read one another's rows
from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.extensions import ExtensionArray, take
from pandas.api.indexers import check_array_indexer

from cardocr_nb.frame._polygon_dtype import Polygon, PolygonDtype
from cardocr_nb.frame._polygon_forms import PolygonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from cardocr_nb.frame._polygon_forms import Corners

_ROW = np.dtype("V32")


def _is_missing(value: object) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))  # type: ignore[call-overload]  # any scalar will do


def _polygon(value: object) -> Polygon:
    if isinstance(value, Polygon):
        return value
    return Polygon.parse(value) if isinstance(value, str) else Polygon(value)  # type: ignore[arg-type]  # it checks


def _polygons(values: list[Any], rows: NDArray[np.intp]) -> list[Corners]:
    found = []
    for row in rows.tolist():
        try:
            found.append(_polygon(values[row]).points)
        except ValueError as e:
            raise PolygonError.of_row(row, str(e)) from None
    return found


def _short(value: object) -> str:
    """The text of a polygon in a printed table: its first corner."""
    if not isinstance(value, Polygon):
        return str(value)
    x, y = value.points[0]
    return f"{x},{y} … {len(value.points)} corners"


class PolygonArray(ExtensionArray):
    """Polygons of a column, contiguous in memory: 33 bytes a row.

    Parameters
    ----------
    points : ndarray of shape (n, 4, 2), int32
        Corners in pixels; rows that are missing hold zeros.
    missing : ndarray of shape (n,), bool
        Which rows are missing.

    Raises
    ------
    ValueError
        Shapes or dtypes are others. `from_numpy` takes what is near.

    Examples
    --------
    >>> array = PolygonArray.from_numpy([[[0, 0], [0, 10], [30, 10], [30, 0]]])
    >>> array[0]
    Polygon(0,0 0,10 30,10 30,0)
    """

    _dtype = PolygonDtype()

    def __init__(self, points: NDArray[np.int32], missing: NDArray[np.bool_]) -> None:
        n = len(points)
        if points.shape != (n, 4, 2) or points.dtype != np.int32 or missing.shape != (n,) or missing.dtype != np.bool_:
            raise ValueError(
                "PolygonArray takes points of shape (n, 4, 2), int32, and missing of shape (n,), bool; "
                f"got {points.shape}, {points.dtype} and {missing.shape}, {missing.dtype}. Use PolygonArray.from_numpy"
            )
        self._points, self._mask = points, missing

    @classmethod
    def from_numpy(cls, points: ArrayLike) -> Self:
        """Make a column from an array.

        Parameters
        ----------
        points : array_like of shape (n, 4, 2)
            Pixels; rounded to whole ones. A row with a NaN is missing.

        Raises
        ------
        ValueError
            The shape is another, or a coordinate does not fit into int32.
        """
        p = np.asarray(points)
        if p.ndim != 3 or p.shape[1:] != (4, 2):
            raise ValueError(f"polygons must be an array of shape (n, 4, 2), got shape {p.shape}")
        missing = np.isnan(p).any(axis=(1, 2)) if p.dtype.kind == "f" else np.zeros(len(p), dtype=bool)
        whole = np.where(missing[:, np.newaxis, np.newaxis], 0, np.rint(p) if p.dtype.kind == "f" else p)
        limits = np.iinfo(np.int32)
        if whole.size and not (limits.min <= whole.min() and whole.max() <= limits.max):
            raise ValueError(f"a coordinate lies outside {limits.min} to {limits.max}")
        return cls(whole.astype(np.int32), missing)

    @classmethod
    def from_arrow(cls, array: pa.Array | pa.ChunkedArray) -> Self:
        """Make a column from Arrow lists of eight whole numbers, of the polygon type or without it."""
        chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
        return cls._concat_same_type([cls._from_chunk(chunk) for chunk in chunks])

    @classmethod
    def _from_chunk(cls, chunk: pa.Array) -> Self:
        storage = chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk
        if pa.types.is_null(storage.type):
            storage = storage.cast(pa.list_(pa.int32()))
        if not pa.types.is_primitive(storage.type.value_type):  # lists of pairs, or of mappings
            return cls._from_sequence(storage.to_pylist())
        missing = storage.is_null().to_numpy(zero_copy_only=False)
        lengths = pc.fill_null(pc.list_value_length(storage), 8)
        if pc.any(pc.not_equal(lengths, 8)).as_py():
            raise ValueError("a polygon is a list of eight numbers in Arrow; a row has another length")
        values = pc.list_flatten(storage)
        if pa.types.is_floating(values.type):
            values = pc.round(values)
        values = values.cast(pa.int32())
        points = np.zeros((len(storage), 4, 2), dtype=np.int32)
        points[~missing] = values.fill_null(0).to_numpy(zero_copy_only=False).reshape(-1, 4, 2)
        if values.null_count:
            partly = np.zeros(len(storage), dtype=bool)
            partly[~missing] = values.is_null().to_numpy(zero_copy_only=False).reshape(-1, 8).any(axis=1)
            missing = missing | partly
            points[missing] = 0
        return cls(points, missing)

    @property
    def points(self) -> NDArray[np.int32]:
        """Corners, ndarray of shape (n, 4, 2), read-only; zeros where missing."""
        view = self._points.view()
        view.flags.writeable = False
        return view

    def to_points(self) -> NDArray[np.float64]:
        """Corners as a new float64 array of shape (n, 4, 2), NaN where missing."""
        points = self._points.astype(np.float64)
        points[self._mask] = np.nan
        return points

    @classmethod
    def _from_sequence(cls, scalars: Any, *, dtype: object = None, copy: bool = False) -> Self:
        del dtype  # there is only one
        if isinstance(scalars, cls):
            return scalars.copy() if copy else scalars
        if isinstance(scalars, np.ndarray) and scalars.ndim == 3:
            return cls.from_numpy(scalars)
        values = list(scalars)
        missing = np.fromiter((v.isspace() or not v if isinstance(v, str) else _is_missing(v) for v in values), dtype=bool,
                              count=len(values))  # fmt: skip
        points = np.zeros((len(values), 4, 2), dtype=np.int32)
        if not missing.all():
            points[~missing] = _polygons(values, np.flatnonzero(~missing))
        return cls(points, missing)

    @classmethod
    def _from_sequence_of_strings(cls, strings: Iterable[object], *, dtype: object, copy: bool = False) -> Self:
        return cls._from_sequence(strings, dtype=dtype, copy=copy)

    def __arrow_array__(self, type: pa.DataType | None = None) -> pa.Array:  # noqa: A002 - pyarrow's protocol
        """Return the Arrow array of lists of eight numbers; polars before 1.36 refuses files with an extension type."""
        present = ~self._mask
        values = pa.array(np.ascontiguousarray(self._points[present] if self._mask.any() else self._points).ravel())
        offsets = np.zeros(len(self) + 1, dtype=np.int32)
        np.cumsum(present * np.int32(8), out=offsets[1:])
        storage = pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(self._mask))
        return storage if type is None else storage.cast(type)

    @property
    def dtype(self) -> PolygonDtype:
        """The polygon dtype."""
        return self._dtype

    @property
    def nbytes(self) -> int:
        """Bytes held: 32 a row for the corners and one for the mask."""
        return self._points.nbytes + self._mask.nbytes

    def __len__(self) -> int:
        return len(self._mask)

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, tuple):
            if len(item) != 2 or Ellipsis not in item:
                raise IndexError("a polygon column has one axis; take corners from .polygon.to_numpy()")
            item = item[0] if item[1] is Ellipsis else item[1]
        item = check_array_indexer(self, item)
        if pd.api.types.is_integer(item):
            if self._mask[item]:
                return self.dtype.na_value
            return Polygon(self._points[item].tolist())
        part = type(self)(self._points[item], self._mask[item])
        # pandas marks arrays that must not be written through; a slice shares the memory.
        part._readonly = self._readonly and isinstance(item, slice)  # type: ignore[attr-defined]
        return part

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._readonly:  # type: ignore[attr-defined]  # pandas' own flag, see its ExtensionArray
            raise ValueError("Cannot modify read-only array")
        key = check_array_indexer(self, key)
        one = _is_missing(value) or isinstance(value, Polygon | str) or pd.api.types.is_integer(key)
        new = self._from_sequence([value] if one else value)
        self._points[key] = new._points[0] if one else new._points
        self._mask[key] = new._mask[0] if one else new._mask

    def isna(self) -> NDArray[np.bool_]:
        """Which rows are missing."""
        return self._mask.copy()

    def copy(self) -> Self:
        """Copy with its own memory."""
        return type(self)(self._points.copy(), self._mask.copy())

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: object = None) -> Self:
        """Take rows by position; with `allow_fill`, -1 takes `fill_value`, by default missing."""
        rows = np.asarray(take(np.arange(len(self)), np.asarray(indices), allow_fill=allow_fill, fill_value=-1))
        kept = rows >= 0
        result = type(self)(np.zeros((len(rows), 4, 2), dtype=np.int32), ~kept)
        result._points[kept] = self._points[rows[kept]]
        result._mask[kept] = self._mask[rows[kept]]
        if not (kept.all() or _is_missing(fill_value)):
            result[~kept] = fill_value
        return result

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[Self]) -> Self:
        if not to_concat:
            return cls(np.zeros((0, 4, 2), dtype=np.int32), np.zeros(0, dtype=bool))
        return cls(np.concatenate([a._points for a in to_concat]), np.concatenate([a._mask for a in to_concat]))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.object_]:
        if copy is False:
            raise ValueError("a polygon column becomes a numpy array of objects only by copying; leave copy out")
        objects = np.empty(len(self), dtype=object)
        objects[:] = list(self)
        return objects if dtype is None else objects.astype(dtype)

    def _values_for_factorize(self) -> tuple[NDArray[np.object_], float]:
        # The bytes of a row hash quickly and are comparable between columns, as merge needs.
        rows = np.ascontiguousarray(self._points).reshape(-1, 8).view(_ROW).ravel().astype(object)
        rows[self._mask] = np.nan
        return rows, np.nan

    @classmethod
    def _from_factorized(cls, values: NDArray[np.object_], original: Self) -> Self:
        del original
        missing = np.fromiter((not isinstance(v, bytes) for v in values), dtype=bool, count=len(values))
        points = np.zeros((len(values), 4, 2), dtype=np.int32)
        points[~missing] = np.frombuffer(b"".join(values[~missing]), dtype=np.int32).reshape(-1, 4, 2)
        return cls(points, missing)

    def _values_for_argsort(self) -> NDArray[np.intp]:
        return _ranks(self._points)

    def _values_for_json(self) -> NDArray[np.object_]:
        values = np.empty(len(self), dtype=object)
        values[:] = [None if gone else p for p, gone in zip(self._points.tolist(), self._mask, strict=True)]
        return values

    def _formatter(self, boxed: bool = False) -> Callable[[Any], str | None]:
        # Printed tables only: files, JSON and `astype(str)` have all corners, and need them to be read back.
        return _short if boxed else repr

    def _compare(self, other: object, op: Callable[[Any, Any], Any]) -> Any:
        if isinstance(other, pd.Series | pd.Index | pd.DataFrame):
            return NotImplemented
        equality = op in (operator.eq, operator.ne)
        try:
            if isinstance(other, Polygon) or _is_missing(other):
                other = self._from_sequence([other]).take(np.zeros(len(self), dtype=np.intp))
            elif pd.api.types.is_list_like(other):
                other = self._from_sequence(other)
            else:
                return np.full(len(self), op is operator.ne) if equality else NotImplemented
        except (TypeError, ValueError):
            if not equality:
                raise
            return np.full(len(self), op is operator.ne)
        if len(other) != len(self):
            raise ValueError(f"Lengths must match to compare, got {len(self)} and {len(other)}")
        result = op(*self._comparable(other, equality=equality))
        result[self._mask | other._mask] = op is operator.ne
        return result

    def _comparable(self, other: Self, *, equality: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        if equality:
            return (self._points == other._points).all(axis=(1, 2)), np.ones(len(self), dtype=bool)
        ranks = _ranks(np.concatenate([self._points, other._points]))
        return ranks[: len(self)], ranks[len(self) :]

    def __eq__(self, other: object) -> Any:
        return self._compare(other, operator.eq)

    def __ne__(self, other: object) -> Any:
        return self._compare(other, operator.ne)

    def __lt__(self, other: object) -> Any:
        return self._compare(other, operator.lt)

    def __le__(self, other: object) -> Any:
        return self._compare(other, operator.le)

    def __gt__(self, other: object) -> Any:
        return self._compare(other, operator.gt)

    def __ge__(self, other: object) -> Any:
        return self._compare(other, operator.ge)

    __hash__ = None  # type: ignore[assignment]  # arrays change, so they have no hash


def _ranks(points: NDArray[np.int32]) -> NDArray[np.intp]:
    """Rank of each row in the order of its coordinates, equal rows sharing one."""
    rows = points.reshape(-1, 8)
    order = np.lexsort(rows.T[::-1])
    steps = (rows[order[1:]] != rows[order[:-1]]).any(axis=1)
    ranks = np.empty(len(rows), dtype=np.intp)
    ranks[order[:1]] = 0
    ranks[order[1:]] = np.cumsum(steps)
    return ranks
