"""Frames in files: read with every check, written so that every version and tool opens them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from cardocr_nb._keywords import why_missing
from cardocr_nb._text_safety import shown_names, shown_path
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._frame_columns import DTYPES
from cardocr_nb.frame._frame_schema import with_columns_of_the_index, writable
from cardocr_nb.frame._polygon_dtype import PolygonDtype
from cardocr_nb.frame._polygon_forms import PolygonError
from cardocr_nb.frame._score_scale import ScoreError
from cardocr_nb.frame._table_memory import feather_size, read_parquet, refuse_expansion, refuse_too_large
from cardocr_nb.frame._table_origin import with_texts

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

_SUFFIXES = (".parquet", ".feather")
_OTHER_READERS = {
    ".xlsx": "cardocr_nb.report.from_excel reads workbooks",
    ".sqlite": "cardocr_nb.to_frame reads ledgers",
    ".xml": "cardocr_nb.read_responses reads saved responses",
    ".json": "cardocr_nb.read_responses reads saved responses",
    ".jsonl": "cardocr_nb.read_responses reads saved responses",
}


def target(path: str | os.PathLike[str], suffix: str, function: str) -> Path:
    """Return the path of a table to write.

    Raises
    ------
    ValueError
        It has another suffix, by which no reader would know the format.
    FileNotFoundError
        Its folder does not exist.
    """
    found = Path(path)
    if found.suffix.lower() != suffix:
        raise ValueError(
            f"{function} writes {suffix}, got {shown_path(path)}; change the suffix, by which readers know the format"
        )
    if not found.parent.is_dir():
        raise FileNotFoundError(f"the folder {shown_path(found.parent)} of path does not exist; create it")
    return found


def source(path: str | os.PathLike[str], suffixes: tuple[str, ...]) -> Path:
    """Return the path of a table to read.

    Raises
    ------
    ValueError
        It has another suffix.
    FileNotFoundError
        There is no such file.
    """
    found = Path(path)
    suffix = found.suffix.lower()
    if not found.name.lower().endswith(suffixes):
        other = f"; {_OTHER_READERS[suffix]}" if suffix in _OTHER_READERS else ""
        raise ValueError(f"a table of cards is read from {', '.join(suffixes)}, got {shown_path(path)}{other}")
    if not found.is_file():
        why = "it is a folder" if found.is_dir() else why_missing(path)
        raise FileNotFoundError(f"there is no file {shown_path(path)} ({why})")
    return found


def to_parquet(df: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a Parquet file that every pyarrow from 18 on, polars, DuckDB and pandas without this package open.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it; further columns are kept, the index is not, but for its levels that are named like columns of the frame.
    path : str or path
        Ends in ``.parquet``; replaced when it is there.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        Another suffix, or Arrow has no type for a column of your own.
    FileNotFoundError
        The folder does not exist.

    See Also
    --------
    pandas.DataFrame.to_parquet : Keeps the index; plain pandas does not open the file, see `PolygonDtype`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from cardocr_nb.frame import empty, read_table
    >>> with TemporaryDirectory() as folder:
    ...     len(read_table(to_parquet(empty(), f"{folder}/cards.parquet")))
    0
    """
    import pyarrow.parquet

    written = target(path, ".parquet", "to_parquet")
    pyarrow.parquet.write_table(to_table(df), written)
    return written


def to_feather(df: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a Feather file (``.feather``); all else is as for `to_parquet`."""
    import pyarrow.feather

    written = target(path, ".feather", "to_feather")
    pyarrow.feather.write_feather(_with_usual_codes(to_table(df)), written)
    return written


def _with_usual_codes(table: pa.Table) -> pa.Table:
    """Return the table with codes of categories that every reader takes: signed ones, and 0 where the category is missing.

    polars refuses Feather files with the -1 of pandas under missing values; pandas takes the unsigned codes of polars only
    from pyarrow 23 on.
    """
    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            kind = pa.dictionary(pa.int32(), field.type.value_type, field.type.ordered)
            chunks = [
                pa.DictionaryArray.from_arrays(
                    chunk.indices.cast(pa.int32()).fill_null(0).to_numpy(),
                    chunk.dictionary,
                    mask=chunk.is_null().to_numpy(zero_copy_only=False),
                    ordered=field.type.ordered,
                )
                for chunk in table.column(i).chunks
            ]
            table = table.set_column(i, field.with_type(kind), pa.chunked_array(chunks, type=kind))
    return table


def to_table(df: pd.DataFrame) -> pa.Table:
    """Return the Arrow table that the files hold: polygons as lists, with a dtype that pandas knows without this package."""
    df = writable(df)
    try:
        table = pa.Table.from_pandas(df, preserve_index=False)
    except pa.ArrowException:
        odd = [name for name in df.columns if name not in DTYPES and not _fits_arrow(df[name])]
        if not odd:
            raise
        raise ValueError(
            f"Arrow has no type for the column {shown_names(odd, df.columns)}; convert it, such as by .astype('str'), or drop it"
        ) from None
    notes = json.loads(table.schema.metadata[b"pandas"])
    for column in notes["columns"]:
        if column["numpy_type"] == PolygonDtype.name:
            column["numpy_type"] = PolygonDtype.name_in_files
    return table.replace_schema_metadata({**table.schema.metadata, b"pandas": json.dumps(notes).encode()})


def _fits_arrow(column: pd.Series) -> bool:
    try:
        pa.array(column, from_pandas=True)
    except pa.ArrowException:
        return False
    return True


def read_checked(
    path: str | os.PathLike[str], finish: Callable[[pd.DataFrame], pd.DataFrame] = lambda df: df
) -> pd.DataFrame:
    """Read a Parquet or Feather file of any columns, with every check of its bytes.

    Parameters
    ----------
    path : str or path
    finish : callable, optional
        Changes the table; its errors are those of a damaged file, as well.

    Raises
    ------
    DecodeError, FileNotFoundError
        As `read_table` does.
    """
    path = source(path, _SUFFIXES)
    try:
        table = _open(path)
        # Arrow trusts offsets: without this check a damaged file ends the process.
        table.validate(full=True)
        refuse_expansion(table)
        return finish(_with_usual_codes(table).to_pandas())
    except DecodeError as e:
        raise DecodeError(f"{shown_path(str(path))}: {e}") from None
    except (ScoreError, PolygonError) as e:
        raise DecodeError(f"{shown_path(str(path))}: {e}") from None
    except MemoryError:
        raise DecodeError(f"{shown_path(str(path))}: the table asks for more memory than there is") from None
    except Exception as e:  # noqa: BLE001 - readers of damaged files raise errors of many types, and quote texts
        raise DecodeError(
            f"{shown_path(str(path))}: not a readable {path.suffix} table of cards ({type(e).__name__})"
        ) from None


def _open(path: Path) -> pa.Table:
    if path.suffix.lower() == ".feather":
        with pa.OSFile(str(path)) as file:
            refuse_too_large(feather_size(file))
            file.seek(0)
            return pa.ipc.open_file(file).read_all()
    return read_parquet(path)


def categories_to_text(df: pd.DataFrame) -> pd.DataFrame:
    """Turn categories into texts, for `conform` to make them again: files and Dask keep neither their order nor dtype."""
    return df.astype({name: "str" for name, dtype in DTYPES.items() if dtype == "category" and name in df.columns})


def plain(df: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with polygons as lists of four pairs, for tools that read frames of pandas directly.

    DuckDB, Altair, Plotly and ``DataFrame.to_json`` take the frame as it is; other tools that write JSON may not know dtypes of
    packages. Everything else in the frame stays as it is.

    Parameters
    ----------
    df : DataFrame

    Returns
    -------
    DataFrame
        A copy whose polygon columns hold lists, None where missing.

    Examples
    --------
    >>> df = pd.DataFrame({"polygon": pd.array([[(0, 0), (0, 9), (9, 9), (9, 0)], None], dtype="polygon")})
    >>> plain(df)["polygon"].tolist()
    [[[0, 0], [0, 9], [9, 9], [9, 0]], None]
    """
    df, columns = with_texts(with_columns_of_the_index(df)), {}
    for name in df.columns[df.dtypes == PolygonDtype()]:
        values = pd.Series(None, index=df.index, dtype=object)
        values[:] = [None if pd.isna(polygon) else polygon.tolist() for polygon in df[name]]
        columns[str(name)] = values
    return df.assign(**columns)
