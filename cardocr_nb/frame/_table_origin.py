"""Texts of a frame by the origin of the frame: a spreadsheet may have changed those of a file, and none of a frame in memory.

Three signs show that texts are not as the service returned them. A cell that is not a text but a number or a date comes from a
spreadsheet or from a program that guesses types; where polygons are texts, another program has read a CSV file or a workbook;
`cardocr_nb.frame.read_table` and `cardocr_nb.report.from_excel` know that they read a file. Texts of other frames stay as they
are, however odd: a service may read ``?`` or a number whose last digits are zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cardocr_nb.frame._polygon_dtype import PolygonDtype
from cardocr_nb.frame._protected_cells import are_protected, cell_texts, unprotect, unprotected
from cardocr_nb.frame._spreadsheet_damage import birth_dates, undo_excel, warn_of_damage

if TYPE_CHECKING:
    from collections.abc import Iterable

WORDS = ("image", "key", "card_type", "field", "label", "text", "state", "code", "message", "job_id", "user_data",
          "queue_id", "bucket", "region")  # fmt: skip
"""Columns of the frame whose cells `to_csv` protects."""

_CHECKS = "checks"
"""Column that the workbooks of `to_excel` have, which mark only odd readings; in CSV all texts like numbers have a mark."""


def with_texts(df: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with its texts as texts: what a spreadsheet changed restored or left out, and without marks of `to_csv`.

    Warns
    -----
    ExcelDamageWarning
        A spreadsheet changed texts.

    Examples
    --------
    >>> with_texts(pd.DataFrame({"field": ["birth_date"], "text": [pd.Timestamp("1974-12-01")]}))["text"].tolist()
    ['1974-12-01']
    """
    if "text" not in df.columns:
        return df
    df = _with_cells_as_texts(df)
    if not is_from_a_text_file(df):
        return df
    df = without_damage(df, "the frame", stacklevel=5)
    if _CHECKS in df.columns:
        return unprotected(df)
    words = [name for name in WORDS if name in df.columns and _holds_texts(df[name])]
    return df.assign(**{name: unprotect(df[name]) for name in words}) if are_protected(df[n] for n in words) else df


def is_from_a_text_file(df: pd.DataFrame) -> bool:
    """Whether another program has read the frame from CSV or a workbook: its polygons are texts, or all missing."""
    if "polygon" not in df.columns or df["polygon"].dtype == PolygonDtype():
        return False
    return all(isinstance(polygon, str) for polygon in df["polygon"].dropna().head(1))


def without_damage(table: pd.DataFrame, title: str, *, stacklevel: int = 3) -> pd.DataFrame:
    """Return a table of readings with the texts that a spreadsheet damaged restored or left out; they are counted in a warning.

    Parameters
    ----------
    table : DataFrame
        Columns ``text`` and, where known, ``field`` and ``key``. Texts with a mark of `to_csv` or `to_excel` are as they were.
    title : str
        Name of the table, for the warning.
    """
    fields, keys = _names(table, "field"), _names(table, "key")
    words = table["text"].astype("str")
    texts, counts = undo_excel(words, fields, by_column=True, born=lambda: birth_dates(words, fields, keys))
    warn_of_damage(counts, title, stacklevel=stacklevel + 1)
    return table.assign(text=texts) if counts else table


def is_of_the_package(columns: Iterable[pd.Series]) -> bool:
    """Whether a frame has dtypes that only frames of this package and its Parquet files have.

    Examples
    --------
    >>> is_of_the_package([pd.Series(["Success"], dtype="category")]), is_of_the_package([pd.Series(["Success"])])
    (True, False)
    """
    return any(isinstance(column.dtype, pd.CategoricalDtype) or column.dtype == PolygonDtype() for column in columns)


def _with_cells_as_texts(df: pd.DataFrame) -> pd.DataFrame:
    cells = df["text"]
    kind = "string" if _holds_texts(cells) else "mixed"
    if cells.dtype == object:
        kind = pd.api.types.infer_dtype(cells, skipna=True)
    if kind in ("string", "empty"):
        return df
    words, fields = cell_texts(cells), _names(df, "field")
    typed = words.notna().to_numpy(bool) & [not isinstance(cell, str) for cell in cells]
    texts, counts = undo_excel(
        words[typed],
        fields[typed],
        true=True,
        by_column=True,
        born=lambda: birth_dates(words, fields, _names(df, "key"))[typed],
    )
    warn_of_damage(counts, "the frame", stacklevel=6)
    whole = words.astype(object)
    whole[typed] = texts
    return df.assign(text=whole.astype("str"))


def _names(df: pd.DataFrame, column: str) -> pd.Series:
    return cell_texts(df[column]) if column in df.columns else pd.Series(None, index=df.index, dtype="str")


def _holds_texts(column: pd.Series) -> bool:
    return bool(pd.api.types.is_string_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype))
