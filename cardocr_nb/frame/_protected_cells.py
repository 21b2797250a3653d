"""Cells that a spreadsheet would change, protected by an apostrophe; cells of any type as texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.frame._damage_forms import DATES, ERRORS

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from pathlib import Path

# Excel, LibreOffice and WPS turn a cell into a formula after these signs, in every width of them. Before them programs skip
# blanks and unseen characters (LibreOffice 7.4 drops NUL); here all except letters and digits counts as skipped.
_FORMULA = r"(?:[\t\r\n]|\W*[=+\-@＝＋－＠﹦﹢﹣﹫−])"
# Digits with what may be in numbers, dates and times: a spreadsheet would round them or store them as a date.
_NUMBER_LIKE = r"[0-9.,][0-9eET+.,:/ \-]*+%?"
_NAMED_MONTH = r"[0-9]{1,2}[/.\-][A-Za-z]{3}[/.\-][0-9]{2,4}"
_TRUTH_VALUE = r"(?i:true|false)"
# What a program writes in place of letters that its encoding lacks; the mark shows that the text is as it was.
_QUESTIONS = r"[ ->@-~]*+\?[ -~]*+"
# What spreadsheets take for an error, and pandas.read_csv for a missing value.
_MISSING = r"#(?:N/A(?: N/A)?|NA|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)|<NA>|1\.#(?:IND|QNAN)|(?i:n/?a|nan|null|none)"
# Parts that may overlap are possessive, so that the time is linear. The flag keeps pandas from Arrow's regular expressions.
_CHANGED = re.compile(
    rf"'*+(?:{_FORMULA}.*|\s*+(?:{_NUMBER_LIKE}|{_NAMED_MONTH}|{_TRUTH_VALUE}|{_MISSING}|{ERRORS}|{DATES}|{_QUESTIONS})\s*+)",
    re.DOTALL,
)
_RUN = re.compile(rf"{_FORMULA}.*", re.DOTALL)
_WRITTEN_NUMBER = r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,20})?(?:e[+-]?[0-9]{1,3})?"
_WRITTEN_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[+-][0-9]{2}:[0-9]{2})?)?"
_EXACT_DIGITS = 15
_LARGEST_EXACT = 10**_EXACT_DIGITS


def protect(texts: pd.Series) -> pd.Series:
    """Put an apostrophe before texts that a spreadsheet would run as a formula or store as a number or date.

    `unprotect` removes it. The apostrophe is the sign of spreadsheets themselves for "this cell is text".

    Examples
    --------
    >>> protect(pd.Series(["样本", "=1+1", "990101197412010010", "1974-12-01"])).tolist()
    ['样本', "'=1+1", "'990101197412010010", "'1974-12-01"]
    """
    words = texts.astype("str")
    return words.mask(words.str.fullmatch(_CHANGED, na=False), "'" + words)


def unprotect(texts: pd.Series) -> pd.Series:
    """Remove the apostrophe that `protect` put before a text.

    Examples
    --------
    >>> unprotect(pd.Series(["'=1+1", "样本", "'a"])).tolist()
    ['=1+1', '样本', "'a"]
    """
    words = texts.astype("str")
    marked = words.str.startswith("'", na=False)
    if not marked.any():
        return words
    inner = words.str.slice(1)
    return words.mask(marked & inner.str.fullmatch(_CHANGED, na=False), inner)


def are_protected(columns: Iterable[pd.Series]) -> bool:
    """Whether texts come from `to_csv`: some have a mark, and none lacks one that it would have put there.

    Examples
    --------
    >>> are_protected([pd.Series(["'1974", "样本"])]), are_protected([pd.Series(["'1974", "12"])])
    (True, False)
    """
    some = False
    for column in columns:
        words = column.dropna().astype("str").drop_duplicates()
        words = words[words.str.fullmatch(_CHANGED, na=False)]
        marked = words.str.startswith("'", na=False)
        if not marked.all():
            return False
        some |= bool(len(words))
    return some


def typed(column: pd.Series) -> pd.Series:
    """Return a column of a file of `to_csv` with its kind: texts that look like numbers or times have a mark there, others were none.

    Examples
    --------
    >>> typed(pd.Series(["7", "12"])).tolist(), typed(pd.Series(["'7", "12"])).tolist()
    ([7, 12], ["'7", '12'])
    """
    words = column.dropna()
    if len(words) and words.str.fullmatch(_WRITTEN_NUMBER).all():
        whole_numbers = words.str.fullmatch("-?[0-9]+")
        if whole_numbers.all():
            return column.astype("int64" if len(words) == len(column) else "Int64")
        return column if (whole_numbers & (words.str.len() > _EXACT_DIGITS)).any() else pd.to_numeric(column)
    if len(words) and words.str.fullmatch(_WRITTEN_TIME).all():
        try:
            return pd.to_datetime(column, format="ISO8601")
        except ValueError:  # of two zones, as in summer and winter, or no time at all
            return column
    whole = len(words) == len(column) > 0
    return (
        column.map({"True": True, "False": False}).astype(bool)
        if whole and words.isin(["True", "False"]).all()
        else column
    )


def unprotected(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of texts whose cells have no marks of `protect`; `with_plain_names` removes those of its columns."""
    return _changed(table, unprotect)


def with_plain_names(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose cells keep their marks and whose columns have none."""
    return table.set_axis(pd.Index(unprotect(pd.Series(table.columns, dtype="str"))), axis=1)


def protect_formula(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run, or that `unprotect` would change; numbers stay.

    Examples
    --------
    >>> protect_formula("=1+1"), protect_formula("990101197412010010"), protect_formula("'=1")
    ("'=1+1", '990101197412010010', "''=1")
    """
    return f"'{text}" if _RUN.fullmatch(text) else escape_mark(text)


def escape_mark(text: str) -> str:
    """Put one more apostrophe before a text that `unprotect` would change, in a cell that needs no protection.

    Examples
    --------
    >>> escape_mark("'=1+1"), escape_mark("=1+1"), escape_mark("'a")
    ("''=1+1", '=1+1', "'a")
    """
    return f"'{text}" if text[:1] == "'" and _CHANGED.fullmatch(text, 1) else text


def to_csv(df: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a frame as CSV that spreadsheets open without changing it.

    UTF-8 with a byte order mark, so that Excel finds the encoding; texts that a spreadsheet would change get an
    apostrophe in front, which every reader of this package removes.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    path : str or Path
        File to write; ends in ``.csv``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        Another suffix.
    FileNotFoundError
        The folder does not exist.
    """
    from cardocr_nb.frame._frame_files import target
    from cardocr_nb.frame._frame_schema import writable

    written = target(path, ".csv", "to_csv")
    protected(writable(df)).to_csv(written, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    return written


def protected(df: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts and names of columns are protected, for a CSV file."""
    return _changed(df.rename(columns=str), protect).rename(columns=protect_formula)


def text_of(value: object) -> str | None:
    """Return the text of a cell of any type: dates as ISO 8601, whole numbers without a fraction, None where empty.

    Examples
    --------
    >>> import datetime
    >>> text_of(datetime.date(1974, 12, 1)), text_of(3.0), text_of("a"), text_of(None)
    ('1974-12-01', '3', 'a', None)
    """
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return None
    if hasattr(value, "isoformat"):
        written = str(value.isoformat())
        return written.replace("T", " ").removesuffix(" 00:00:00")
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        number = float(value)
        return str(int(number)) if abs(number) < _LARGEST_EXACT else f"{number:.14E}"
    return str(value) or None


def cell_texts(column: pd.Series) -> pd.Series:
    """Return the cells of a column of any type as texts.

    Examples
    --------
    >>> cell_texts(pd.Series([pd.Timestamp("1974-12-01"), 3, None], dtype=object)).tolist()
    ['1974-12-01', '3', nan]
    """
    if isinstance(column.dtype, pd.CategoricalDtype) or (
        pd.api.types.is_string_dtype(column.dtype) and column.dtype != object
    ):
        return column.astype("str")
    return pd.Series([text_of(value) for value in column], index=column.index, dtype="str")


def _changed(table: pd.DataFrame, change: Callable[[pd.Series], pd.Series]) -> pd.DataFrame:
    columns = {name: change(column) if _is_text(column) else column for name, column in table.items()}
    return pd.DataFrame(columns, index=table.index)


def _is_text(column: pd.Series) -> bool:
    return bool(pd.api.types.is_string_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype))
