"""Columns and dtypes of the frame, in one place.

One row a field; a card that failed or on which nothing was found keeps one row with ``field`` missing.

========== ======================== ====================================================================
column     dtype                    holds
========== ======================== ====================================================================
image      str                      file of the photo that the row came from; missing where unknown
key        str                      name of the image in the bucket, or the file of an unreadable response
card_type  category                 ``IDCard`` or ``DriverLicense``
field      category                 canonical name, in the order of the card
label      category                 name of the field on the wire
text       str                      the text; missing where there is none, never empty or blank
score      Int16                    0 to 100
polygon    polygon                  four corners in pixels of the upright image
state      category                 state of the job, or ``Unreadable``, ``Planned``, ``Unknown``, ``LeftOut`` (see below); missing for
                                    a job that the service does not know
code       category                 code of the failure; missing otherwise
message    str                      reason of the failure in words, or what the service says of a success
status     Int8                     1 the service found text on the image, 0 it found none
job_id     str                      id of the job; missing for a synchronous recognition or a failed submission
user_data  str                      text that the submission passed through the service
job_level  Int8                     0 to 2
queue_id   category
bucket     category
region     category                 region of the cloud
created    datetime64[us, UTC+08:00]
started    datetime64[us, UTC+08:00]
ended      datetime64[us, UTC+08:00]
========== ======================== ====================================================================
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb._bulk._arrow_text import arrow, spans
from cardocr_nb._text_safety import remember, shown_names
from cardocr_nb.cards import FIELDS, CardType
from cardocr_nb.frame._polygon_dtype import PolygonDtype
from cardocr_nb.frame._polygon_forms import PolygonError
from cardocr_nb.frame._service_times import TIME, times
from cardocr_nb.frame._table_origin import with_texts
from cardocr_nb.wire._records import JobState

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from numpy.typing import NDArray

UNREADABLE = "Unreadable"
"""State of the row of a saved response that could not be read."""

PLANNED, UNKNOWN = "Planned", "Unknown"
"""States of images in the ledger of a run: not submitted; submitted, but without a reply that says whether the service accepted it."""

LEFT_OUT = "LeftOut"
"""State of a photo that a run did not submit, because its probability to be read whole was below ``min_quality``."""

CATEGORIES: dict[str, tuple[str, ...]] = {
    "card_type": tuple(str(c) for c in CardType),
    "state": (*(str(s) for s in JobState), UNREADABLE, PLANNED, UNKNOWN, LEFT_OUT),
    "field": tuple(dict.fromkeys(f.name for fields in FIELDS.values() for f in fields)),
}
"""Categories that are always there, in this order, so that frames of different runs have the same ones."""

DTYPES: dict[str, Any] = {
    "image": "str",
    "key": "str",
    "card_type": "category",
    "field": "category",
    "label": "category",
    "text": "str",
    "score": "Int16",
    "polygon": PolygonDtype(),
    "state": "category",
    "code": "category",
    "message": "str",
    "status": "Int8",
    "job_id": "str",
    "user_data": "str",
    "job_level": "Int8",
    "queue_id": "category",
    "bucket": "category",
    "region": "category",
    "created": TIME,
    "started": TIME,
    "ended": TIME,
}
"""Dtype of each column, in the frame's order."""

COLUMNS = tuple(DTYPES)
remember(COLUMNS)
"""The columns of the frame, in order."""

CARD = ("job_id", "key")
"""The columns that identify a card."""


_MOST_TRIED = 2000
"""Different cells of a column that are tried alone, to name those that do not fit."""

_HALF = re.compile("[\ud800-\udfff]")


_HIGHEST = 100
_LISTED = "cardocr_nb.frame.validate(df) lists the rows"


class ScoreError(ValueError):
    """Scores are not whole numbers from 0 to 100."""


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
        column = _whole_scores(column)
    elif dtype == "Int8" and pd.api.types.is_string_dtype(column.dtype):
        column = pd.to_numeric(column)  # pandas writes whole numbers with gaps as 1.0
    if dtype == "category":
        fixed = CATEGORIES.get(name, ())
        if column.dtype == "category" and tuple(column.cat.categories[: len(fixed)]) == fixed:
            return column.rename(name)
        column = column.astype("str")
        others = sorted(set(column.dropna().unique()) - set(fixed))
        dtype = pd.CategoricalDtype(pd.Index([*fixed, *others], dtype="str"))
    column = column.astype(dtype).rename(name)
    return without_blanks(column) if name == "text" else column


def blank_rows(texts: pd.Series) -> NDArray[np.intp]:
    """Return the positions of texts that hold nothing visible, such as ``""`` or U+3000: nothing was read there.

    Examples
    --------
    >>> blank_rows(pd.Series(["样本", "", "\u3000\u200b", None], dtype="str")).tolist()
    [1, 2]
    """
    array = arrow(texts)
    starts, data = spans(array)
    # The first byte leaves few texts, and the first character mostly none, that can be blank.
    maybe = _first_bytes().take(data.take(starts[:-1], mode="clip")) if len(data) else np.ones(len(array), dtype=bool)
    maybe |= starts[1:] == starts[:-1]
    rows = np.flatnonzero(maybe)
    rows = rows[np.asarray(pc.is_in(pc.utf8_slice_codeunits(array.take(pa.array(rows)), 0, 1), value_set=_blanks()))]
    blank = set(_blanks().to_pylist())
    return np.array([row for row in rows.tolist() if set(array[row].as_py()) <= blank], dtype=np.intp)


def without_blanks(texts: pd.Series) -> pd.Series:
    """Return texts with those missing that hold nothing visible.

    Examples
    --------
    >>> without_blanks(pd.Series(["样本", "\u3000"], dtype="str")).notna().tolist()
    [True, False]
    """
    rows = blank_rows(texts)
    if not len(rows):
        return texts
    result = texts.copy()
    result.iloc[rows] = pd.NA
    return result


@cache
def _blanks() -> pa.Array:
    """Characters that show nothing: white space of every width, marks of no width, control characters; and no character."""
    kinds = ("Zs", "Zl", "Zp", "Cc", "Cf")
    return pa.array(["", *(c for c in map(chr, range(0x10000)) if unicodedata.category(c) in kinds)], pa.large_string())


@cache
def _first_bytes() -> NDArray[np.bool_]:
    """Whether a blank may begin with each byte."""
    first = np.zeros(256, dtype=bool)
    first[[word.encode()[0] for word in _blanks().to_pylist() if word]] = True
    return first


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


def _whole_scores(column: pd.Series) -> pd.Series:
    """Return whole scores; those with fractions are refused, since they would be cut off, and values of other kinds."""
    truth_values = column.dtype == object and any(isinstance(value, (bool, np.bool_)) for value in column)
    if column.notna().any() and (truth_values or pd.api.types.is_bool_dtype(column.dtype)):
        raise ScoreError("scores are whole numbers from 0 to 100, got True and False; is it the column of the scores?")
    try:
        numbers = pd.to_numeric(column).astype("Float64")
    except (TypeError, ValueError, OverflowError):
        # Said without what pandas says, which quotes the value.
        raise ScoreError(f"scores are whole numbers from 0 to 100, got texts or objects; {_LISTED}") from None
    known = numbers.dropna().to_numpy(np.float64)
    # pandas.read_csv makes floats of whole numbers with gaps; this dtype comes from a calculation, such as score / 100.
    if column.dtype == pd.Float64Dtype() and len(known) and known.max() == 1 and known.min() >= 0:
        raise ScoreError(
            "scores are 0 to 100, got a calculated column (Float64) whose largest value is 1; multiply it by 100 and round(), or, if "
            "they are whole scores of 0 and 1, .astype('Int16')"
        )
    if (np.abs(known) > np.iinfo(np.int16).max).any():
        raise ScoreError(
            "scores are whole numbers from 0 to 100, got numbers beyond 32767; is it the column of the scores?"
        )
    if (known != np.rint(known)).any():
        if known.min() >= 0 and known.max() <= 1:
            raise ScoreError("scores are 0 to 100, got values between 0 and 1; multiply them by 100 and round()")
        raise ScoreError(
            "scores are whole numbers from 0 to 100, got fractions; round() them, or keep them in a column of another name"
        )
    return numbers


def _refuse_scores(scores: pd.Series) -> None:
    """Raise if scores are below 0 or above 100.

    Raises
    ------
    ScoreError
    """
    numbers = scores.to_numpy(np.int16, na_value=0)
    outside = np.count_nonzero((numbers < 0) | (numbers > _HIGHEST))
    if outside:
        raise ScoreError(
            f"scores are whole numbers from 0 to 100, and {outside} of {scores.notna().sum()} are below or above; {_LISTED}, "
            'df["score"].where(df["score"].between(0, 100)) leaves them out'
        )


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
        Two columns have one name, a column cannot get its dtype, or a score is below 0 or above 100.

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
    frame = restore(df)
    _refuse_scores(frame["score"])
    return frame


def restore(df: pd.DataFrame) -> pd.DataFrame:
    """Give a frame the columns and dtypes of this package as `conform` does, and keep the scores of a service that breaks its contract.

    For what this package has written itself: ledgers and files can be read also if a score is out of range.
    """
    df = of_pandas(df)
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


def refuse_doubled_columns(df: pd.DataFrame) -> None:
    """Raise if two columns have one name, as after ``pandas.concat(axis=1)``."""
    if not df.columns.is_unique:
        names = shown_names(dict.fromkeys(df.columns[df.columns.duplicated()]), COLUMNS)
        raise ValueError(
            f"the frame has several columns with one name: {names}; keep one: df.loc[:, ~df.columns.duplicated()]"
        )


def usual_dtypes(df: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the dtypes of this package in columns of objects and of Arrow, which files and tools do not take."""
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
