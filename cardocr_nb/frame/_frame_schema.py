"""A table from anywhere as a frame of this package: its columns, in order, with their dtypes."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cardocr_nb._text_safety import shown_names
from cardocr_nb.cards import KNOWN_FIELDS
from cardocr_nb.frame._frame_columns import COLUMNS, DTYPES
from cardocr_nb.frame._polygon_dtype import PolygonDtype
from cardocr_nb.frame._score_scale import refuse_scores
from cardocr_nb.frame._table_origin import with_texts
from cardocr_nb.frame._typed_columns import series

if TYPE_CHECKING:
    from collections.abc import Hashable

_NEEDED = ("key", "field", "text", "score", "polygon")
_ENDS_OF_MERGE = re.compile("_(?:x|y|left|right)$")
"""What `pandas.merge` and `join` in their documentation put behind names that both frames have."""


def conform(df: pd.DataFrame) -> pd.DataFrame:
    """Give a frame the columns and dtypes of this package.

    For frames that come from elsewhere (CSV, a database) or that have lost their categories in ``pandas.concat``.
    Columns that are missing come in empty, others are kept at the end. Texts that are empty or blank (spaces of any width, U+200B,
    U+FEFF) become missing: nothing was read there.

    Texts that a spreadsheet changed are restored, or left out where they are lost, and counted: cells of the column ``text``
    that are numbers or dates, and texts of a table that another program has read from a CSV file or a workbook, which is
    seen from its polygons, if they are texts. The marks of `to_csv` are removed from such a table. Other texts stay as they are:
    a service may read ``?`` or a number that ends with zeros.

    Parameters
    ----------
    df : DataFrame
        Of pandas; or a table of another tool with ``__arrow_c_stream__``, ``to_arrow_table``, ``collect`` or ``arrow``: frames of
        polars, lazy ones as well, tables and readers of Arrow, relations of DuckDB.

    Raises
    ------
    TypeError
        It is not a table.
    ValueError
        Two columns have one name, a column cannot get its dtype, a score is below 0 or above 100, or a column that every frame needs
        is missing and another has nearly its name, as after a merge.

    Warns
    -----
    ExcelDamageWarning
        A spreadsheet changed texts; they are restored or left out, and counted.

    Examples
    --------
    >>> import pandas as pd
    >>> conform(pd.DataFrame({"key": ["a.jpg"], "score": [99.0]})).score.dtype
    Int16Dtype()
    """
    df = with_columns_of_the_index(of_pandas(df))
    _refuse_renamed(df)
    frame = restore(df)
    refuse_scores(frame["score"])
    return frame


def _refuse_renamed(df: pd.DataFrame) -> None:
    """Raise if columns were renamed, since `conform` would add empty ones in their place."""
    for wanted in _NEEDED:
        if wanted in df.columns:
            continue
        similar = [str(name) for name in df.columns if _ENDS_OF_MERGE.sub("", str(name).strip().lower()) == wanted]
        if similar:
            rename = f"df.rename(columns={{{similar[0]!r}: {wanted!r}}})"
            raise ValueError(
                f"the frame has no column {wanted!r}, but {', '.join(similar)}; rename the one that holds it: {rename}"
            )


def restore(df: pd.DataFrame) -> pd.DataFrame:
    """Give a frame the columns and dtypes of this package as `conform` does, and keep the scores of a service that breaks its contract.

    For what this package has written itself: ledgers and files can be read also if a score is out of range.
    """
    df = with_columns_of_the_index(of_pandas(df))
    refuse_doubled_columns(df)
    df = with_texts(_without_empty_texts(df))
    columns: dict[Hashable, pd.Series] = {
        name: series(name, df[name]) if name in df.columns else _no_values(name).reindex(df.index) for name in COLUMNS
    }
    columns |= {name: df[name] for name in df.columns if name not in DTYPES}
    # Columns that fit stay where they are: pandas copies one when somebody writes into it.
    return pd.DataFrame(columns, index=df.index, copy=False)


def of_pandas(df: Any) -> pd.DataFrame:
    """Return a table of another tool as a frame of pandas.

    Raises
    ------
    TypeError
        It is not a table.

    Examples
    --------
    >>> of_pandas(pa.table({"key": ["a.jpg"]}))["key"].tolist()
    ['a.jpg']
    """
    if isinstance(df, pd.DataFrame):
        return df
    if hasattr(df, "dask") and hasattr(df, "columns"):
        frame: pd.DataFrame = df
        return frame
    if not hasattr(df, "__arrow_c_stream__") and hasattr(df, "collect"):  # lazy frames of polars
        df = df.collect()
    if not hasattr(df, "__arrow_c_stream__") and hasattr(df, "fetch_arrow_table"):  # relations of DuckDB before 1.1
        df = df.fetch_arrow_table()
    if not hasattr(df, "__arrow_c_stream__") or isinstance(df, pd.Series):
        raise TypeError(
            f"a frame of pandas is needed, got {type(df).__name__}; convert it: .to_pandas() of polars and Arrow, .df() of DuckDB"
        )
    table = pa.RecordBatchReader.from_stream(df).read_all()
    # Categories of other tools have other dtypes, and unsigned codes or views, which older Arrow converts neither to pandas nor to texts.
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            texts = [part.dictionary.cast(pa.large_string()).take(part.indices) for part in table.column(place).chunks]
            table = table.set_column(place, field.name, pa.chunked_array(texts, pa.large_string()))
    found: pd.DataFrame = table.to_pandas()
    return found


def with_columns_of_the_index(df: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the columns of this package that are in its index, such as ``key`` after ``set_index("key")``.

    Levels of other names stay in the index, and so does a level that is a column as well.

    Examples
    --------
    >>> with_columns_of_the_index(pd.DataFrame({"text": ["李"]}, index=pd.Index(["a.jpg"], name="key"))).columns.tolist()
    ['key', 'text']
    """
    names = getattr(df.index, "names", ())  # Dask has no levels
    levels = [name for name in names if isinstance(name, str) and name in DTYPES and name not in df.columns]
    return df.reset_index(level=levels) if levels else df


def refuse_doubled_columns(df: pd.DataFrame) -> None:
    """Raise if two columns have one name, as after ``pandas.concat(axis=1)``."""
    if not df.columns.is_unique:
        names = shown_names(dict.fromkeys(df.columns[df.columns.duplicated()]), (*COLUMNS, *KNOWN_FIELDS))
        raise ValueError(
            f"the frame has several columns with one name: {names}; keep one: df.loc[:, ~df.columns.duplicated()]"
        )


def usual_dtypes(df: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the dtypes of this package in columns of objects and of Arrow, which files and tools do not take."""
    df = with_columns_of_the_index(df)
    refuse_doubled_columns(df)
    df = with_texts(_without_empty_texts(df))
    odd = [name for name in DTYPES if name in df.columns and _is_foreign(df[name].dtype)]
    return df.assign(**{name: series(name, df[name]) for name in odd}) if odd else df


def _without_empty_texts(df: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with empty texts missing if a program read it from a file of texts: it has no polygons of the dtype."""
    if "polygon" in df.columns and df["polygon"].dtype == PolygonDtype():
        return df
    texts = [name for name, dtype in DTYPES.items() if dtype in ("str", "category") and name in df.columns]
    texts = [name for name in texts if pd.api.types.is_string_dtype(df[name].dtype)]
    empty = {name: df[name].isin([""]) for name in texts}
    return df.assign(**{name: df[name].mask(rows) for name, rows in empty.items() if rows.any()})


def writable(df: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the dtypes of this package; raise where no reader would take its scores back."""
    df = usual_dtypes(df)
    if "score" in df.columns:
        series("score", df["score"])
    return df


def _is_foreign(dtype: Any) -> bool:
    """Whether a column has a dtype in which comparisons with missing values are missing, or which files do not take."""
    nullable_text = isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA
    return bool(
        isinstance(dtype, pd.ArrowDtype) or nullable_text or (isinstance(dtype, np.dtype) and dtype.kind == "O")
    )


@cache
def _no_values(name: str) -> pd.Series:
    return series(name, [])


def empty() -> pd.DataFrame:
    """Make a frame without rows.

    Examples
    --------
    >>> empty().shape
    (0, 21)
    """
    return conform(pd.DataFrame())
