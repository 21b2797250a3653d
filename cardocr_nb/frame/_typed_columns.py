"""A column of any kind with the dtype of the frame, or the rows that do not fit."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cardocr_nb.frame._blank_texts import without_blanks
from cardocr_nb.frame._frame_columns import CATEGORIES, DTYPES
from cardocr_nb.frame._polygon_dtype import PolygonDtype
from cardocr_nb.frame._polygon_forms import PolygonError
from cardocr_nb.frame._protected_cells import cell_texts
from cardocr_nb.frame._score_scale import ScoreError, whole_scores
from cardocr_nb.frame._service_times import TIME, times
from cardocr_nb.frame._spreadsheet_damage import ExcelDamageWarning

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_TRIED = 2000
"""Different cells of a column that are tried alone, to name those that do not fit."""

_LARGEST_EXACT = 10**15
"""Numbers of up to 15 digits come back from a float as they were (IEEE 754)."""

_HALF = re.compile("[\ud800-\udfff]")


def series(name: str, values: Iterable[Any] | pd.Series) -> pd.Series:
    """Make a column of the frame with its dtype.

    Parameters
    ----------
    name : str
        One of `COLUMNS`.
    values : iterable or Series
        None or NaN where missing.

    Raises
    ------
    ValueError
        The values are of another kind.

    Examples
    --------
    >>> series("score", [99, None]).dtype
    Int16Dtype()
    """
    dtype = DTYPES[name]
    column = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object if dtype is TIME else None)
    try:
        return _cast(name, column)
    except (ScoreError, PolygonError):
        raise
    except (TypeError, ValueError):
        # Said without what pandas says, which quotes the value.
        refuse_half_characters(column, f"the column {name!r}")
        raise ValueError(f"the column {name!r} cannot be made {dtype}; {_where(name, column)}") from None


def _where(name: str, column: pd.Series) -> str:
    """Say which rows of a column hold something else, without what they hold."""
    kinds = column.astype("str")
    different = np.flatnonzero((kinds.notna() & ~kinds.duplicated()).to_numpy())[:_MOST_TRIED].tolist()
    wrong = [kinds.iloc[row] for row in different if not _fits(name, column.iloc[[row]])]
    rows = np.flatnonzero(kinds.isin(wrong).to_numpy())
    if not len(rows) or len(rows) == kinds.notna().sum() > 1:
        return "are the columns of the frame named right?"
    return (
        f"{len(rows)} of {len(column)} rows hold something else, the first one is row {rows[0]}; correct or clear them: "
        f"df.iloc[{rows[0]}] shows it"
    )


def _fits(name: str, cells: pd.Series) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _cast(name, cells)
        except (TypeError, ValueError):
            return False
    return True


def refuse_half_characters(texts: Iterable[Any], place: str) -> None:
    """Raise if texts hold half of a surrogate pair, which no file and no Arrow array can store."""
    broken = sum(isinstance(text, str) and _HALF.search(text) is not None for text in texts)
    if broken:
        raise ValueError(
            f"{broken} texts of {place} hold half of a character (\\ud800 to \\udfff); replace it: "
            "text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')"
        ) from None


def _cast(name: str, column: pd.Series) -> pd.Series:
    dtype = DTYPES[name]
    if isinstance(column.dtype, pd.ArrowDtype):
        column = _from_arrow(name, column)
    if dtype is TIME and column.dtype != TIME:
        column = times(column)
    if name == "score" and column.dtype != dtype:
        column = whole_scores(column)
    elif dtype == "Int8" and pd.api.types.is_string_dtype(column.dtype):
        column = pd.to_numeric(column)  # pandas writes whole numbers with gaps as 1.0
    if dtype in ("str", "category") and pd.api.types.is_numeric_dtype(column.dtype):
        column = _texts_of_numbers(name, column)
    if dtype == "category":
        fixed = CATEGORIES.get(name, ())
        if column.dtype == "category" and tuple(column.cat.categories[: len(fixed)]) == fixed:
            return column.rename(name)
        column = column.astype("str")
        others = sorted(set(column.dropna().unique()) - set(fixed))
        dtype = pd.CategoricalDtype(pd.Index([*fixed, *others], dtype="str"))
    column = column.astype(dtype).rename(name)
    return without_blanks(column) if name == "text" else column


def _texts_of_numbers(name: str, column: pd.Series) -> pd.Series:
    """Return texts that a program read as numbers: those of a float without its fraction, and missing where digits are lost."""
    if not pd.api.types.is_float_dtype(column.dtype) or column.isna().all():
        return column.astype("str")
    numbers = column.astype("Float64")
    lost = (numbers.abs() >= _LARGEST_EXACT).fillna(value=False).to_numpy(bool)
    if lost.any():
        warnings.warn(
            f"{np.count_nonzero(lost)} texts of the column {name!r} were read as floats, which keep 15 digits; they are left out. Read "
            "the file with cardocr_nb.frame.read_table, or with dtype=str",
            ExcelDamageWarning,
            stacklevel=6,
        )
    return cell_texts(pd.Series(numbers.to_numpy(np.float64, na_value=np.nan), index=column.index).mask(lost))


def _from_arrow(name: str, column: pd.Series) -> pd.Series:
    """Return a column of ``dtype_backend="pyarrow"`` with the usual dtypes of pandas."""
    array = pa.chunked_array(column.array.__arrow_array__())
    if name == "polygon" and not pa.types.is_string(array.type):
        return pd.Series(PolygonDtype().__from_arrow__(array), index=column.index)
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        return column.astype("Int64" if pa.types.is_integer(array.type) else "Float64")
    if pa.types.is_timestamp(array.type):
        return pd.Series(array.to_pandas().array, index=column.index)
    return column.astype("str")
