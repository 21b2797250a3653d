"""Tables of texts in files that spreadsheets write: XLSX, and CSV in their encodings and with their separators."""

from __future__ import annotations

import csv
import gzip
import io
import re
import warnings
import zipfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_string_dtype

from cardocr_nb._keywords import why_missing
from cardocr_nb._special_files import refuse_special_file
from cardocr_nb._text_safety import shown_path
from cardocr_nb.cards import known_field
from cardocr_nb.errors import DecodeError, missing_extra
from cardocr_nb.frame._frame_columns import DTYPES
from cardocr_nb.frame._frame_files import categories_to_text, read_checked, source
from cardocr_nb.frame._frame_schema import restore, with_columns_of_the_index
from cardocr_nb.frame._json_tables import is_json, table_of_json
from cardocr_nb.frame._protected_cells import are_protected, text_of, typed, unprotected, with_plain_names
from cardocr_nb.frame._spreadsheet_damage import ExcelDamageWarning
from cardocr_nb.frame._table_origin import WORDS, without_damage
from cardocr_nb.frame._typed_columns import series

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

_ENCODINGS = ("utf-8-sig", "utf-16", "gb18030")
_CARDS = (".parquet", ".feather", ".csv", ".csv.gz")
"""Suffixes of files of cards that `read_table` takes."""
_LARGEST_FILE = 1 << 30
_ONLY = "cards"
"""Sheet of readings: a workbook with one sheet needs no such name."""
_UNPACKED_ALWAYS = 1 << 26
_UNPACKED_RATIO = 100
"""Bytes of a workbook's XML that are read in any case, and per byte of the file; workbooks of cards have a ratio of 5 to 20."""
_MOST_COLUMNS = 256
_GZIP = b"\x1f\x8b"
_SEPARATORS = (",", ";", "\t")
_NO_CSV = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")  # workbooks of XLSX and ODS; of Excel 97 and WPS; PDF
# Chinese in UTF-8 is a byte E3 to E9 and two of 80 to BF; this is what they are in Windows-1252, which has no five of them.
_CONTINUED = "".join(bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xC0)) + "\x80-\x9f\uf180-\uf19f"
_READ_AS_1252 = re.compile(f"[ã-é][{_CONTINUED}]{{2}}")
_MARK_AS_OTHER = re.compile("^(?:ï»¿|锘)")  # the byte order mark of UTF-8 as Windows-1252 and as GBK


def read_text_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table of texts: CSV or JSON in UTF-8, UTF-16 or GB18030, XLSX, Parquet or Feather.

    Parameters
    ----------
    path : str or Path
        The suffix names the format: ``.xlsx``, ``.parquet``, ``.feather``; anything else is JSON if it begins with a bracket,
        and CSV otherwise, perhaps with ``.gz``.

    Returns
    -------
    DataFrame
        Columns of str, empty cells missing, dates as ISO 8601; typed columns of Parquet and Feather as they are. Cells that
        `protect` marked are as they were.

    Raises
    ------
    FileNotFoundError
        The file does not exist.
    DecodeError
        The file is not such a table.
    MissingExtraError
        The extra ``excel`` is needed for XLSX and is not installed.
    """
    given, path = path, Path(path)
    refuse_special_file(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {shown_path(given)} ({why_missing(given)})")
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".feather"):
        return read_checked(path)
    if suffix in (".xlsx", ".xlsm"):
        return read_sheet(path)
    text = decode_text(_content(path), path.name)
    if is_json(text):
        return table_of_json(text, path.name)
    return _table_of_csv(text, path.name).pipe(with_plain_names).pipe(unprotected)


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a file of cards: Parquet or Feather of this package, pandas, polars or DuckDB, or CSV of this package or a spreadsheet.

    Parameters
    ----------
    path : str or path
        ``.parquet``, ``.feather``, ``.csv`` or ``.csv.gz``.

    Returns
    -------
    DataFrame
        With the columns and dtypes of `cardocr_nb.frame.DTYPES`.

    Raises
    ------
    DecodeError
        The file is damaged or is not such a table: it has neither ``key`` nor ``job_id``, or neither ``field`` nor ``text``.
    FileNotFoundError
        There is no file at the path.

    Warns
    -----
    ExcelDamageWarning
        A spreadsheet changed texts of a CSV file; they are restored or left out, and counted.
    """
    path = source(path, _CARDS)
    if path.suffix.lower() not in (".csv", ".gz"):
        return read_checked(path, lambda df: restore(categories_to_text(_of_cards(df, path))))
    table = _of_cards(with_plain_names(read_csv(path)), path)
    own = [name for name in table.columns if name not in DTYPES]
    marked = are_protected(column for name, column in table.items() if name in WORDS)
    kinds = {name: typed(table[name]) for name in own} if marked else {}
    if "text" in table.columns:
        table = without_damage(table, path.name)
    table = unprotected(table)  # after that: a text with a mark is as `to_csv` wrote it
    table = table.assign(**{name: kind for name, kind in kinds.items() if not is_string_dtype(kind)})
    return restore(table.assign(polygon=series("polygon", table["polygon"])) if "polygon" in table else table)


def _of_cards(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return a table that has the columns without which there are no readings."""
    table = with_columns_of_the_index(table)
    needed = {"key": ("key", "job_id"), "field": ("field", "text")}
    lacking = [name for name, others in needed.items() if not set(others) & set(table.columns)]
    if lacking:
        known = [name for name in table.columns if known_field(str(name)) is not None]
        remedy = "; a table with one row a card becomes one by cardocr_nb.frame.to_long" if known else ""
        raise DecodeError(
            f"{path.name} is not a table of cards, which has one row a field: it has no column {', '.join(lacking)}{remedy}"
        )
    return table


def read_sheet(path: Path, sheet: str | None = None, *, marks: bool = False) -> pd.DataFrame:
    """Read a sheet of an XLSX file as texts, the first one by default.

    The only sheet of a workbook is read for ``cards`` under any name. With `marks` the cells keep the apostrophe that `protect` put before them, as a sign that nothing changed them.
    """
    try:
        from cardocr_nb.frame._workbook_strings import load_values, unescape
    except ImportError as e:
        missing_extra("reading XLSX", "excel", e)
    if path.stat().st_size > _LARGEST_FILE:
        raise DecodeError(f"{path.name} is larger than {_LARGEST_FILE >> 20} MiB; split it into several files")
    try:
        _refuse_unpacked_size(path)
        with closing(load_values(path)) as book:
            if sheet == _ONLY and sheet not in book.sheetnames and len(book.sheetnames) == 1:
                sheet = book.sheetnames[0]  # spreadsheets name the only sheet of a CSV file after the file
            sheets = len(book.sheetnames)
            found = sheet is None or sheet in book.sheetnames
            table = _table_of(book[sheet or book.sheetnames[0]], unescape) if found else pd.DataFrame()
        lost = _formulas_without_value(path, sheet) if found else 0
    except (DecodeError, PermissionError):
        raise
    except Exception:  # noqa: BLE001 - zipfile, its decompressors, expat and openpyxl raise anything on damaged files
        raise DecodeError(f"{path.name} is not an XLSX file, or is damaged; save it again as .xlsx") from None
    if not found:
        raise DecodeError(f"{path.name} has no sheet {sheet!r} among its {sheets} sheets; was the sheet renamed?")
    _refuse_other_encoding(table, path.name)
    if lost:
        warnings.warn(
            f"{lost} cells of {path.name} hold a formula without a value and are read as empty; open the file in a "
            "spreadsheet program, replace the formulas by texts and save it",
            ExcelDamageWarning,
            stacklevel=4,
        )
    table = with_plain_names(table)
    return table if marks else unprotected(table)


def _formulas_without_value(path: Path, sheet: str | None) -> int:
    """Count the formulas without a value: a program that does not calculate wrote them, and they are read as empty cells."""
    import openpyxl

    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        if not any(_holds(archive, name, b"<f") for name in sheets):
            return 0
    with (
        closing(openpyxl.load_workbook(path, read_only=True)) as formulas,
        closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as values,
    ):
        name = sheet or formulas.sheetnames[0]
        both = (book[name].iter_rows(max_col=_MOST_COLUMNS, values_only=True) for book in (formulas, values))
        return sum(
            value is None and isinstance(given, str) and given.startswith("=")
            for row in zip(*both, strict=True)
            for given, value in zip(*row, strict=True)
        )


def _holds(archive: zipfile.ZipFile, name: str, found: bytes) -> bool:
    last = b""
    with archive.open(name) as content:
        while block := content.read(1 << 20):
            if found in last + block:
                return True
            last = block[-len(found) :]
    return False


def _refuse_unpacked_size(path: Path) -> None:
    """Raise if a workbook unpacks to much more than its size. ``zipfile`` unpacks at most the sizes that are declared."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > max(_UNPACKED_ALWAYS, _UNPACKED_RATIO * path.stat().st_size):
        raise DecodeError(
            f"{path.name} unpacks to {unpacked >> 20} MiB, more than {_UNPACKED_RATIO} times its size; save it again as .xlsx"
        )


def _table_of(sheet: Any, unescape: Callable[[str], str]) -> pd.DataFrame:
    """Read the columns that the first row names. A sheet may claim 17 billion cells, so that empty rows are not kept."""
    first = next(sheet.iter_rows(max_row=1, max_col=_MOST_COLUMNS + 1, values_only=True), ())
    header = [_cell(value, unescape) for value in first]
    width = max((i + 1 for i, name in enumerate(header) if name is not None), default=0)
    if width > _MOST_COLUMNS:
        raise DecodeError(f"a sheet has more than {_MOST_COLUMNS} columns; keep the columns of the cards")
    rows = sheet.iter_rows(min_row=2, max_col=width, values_only=True) if width else ()
    body = [[_cell(value, unescape) for value in row] for row in rows if any(value is not None for value in row)]
    table = pd.DataFrame(body, columns=_column_names(header[:width]), dtype="str")
    return table[table.notna().any(axis=1)].reset_index(drop=True)


def _cell(value: object, unescape: Callable[[str], str]) -> str | None:
    return unescape(value) or None if isinstance(value, str) else text_of(value)


def _column_names(header: list[str | None]) -> list[str]:
    names = [name if name is not None else f"column {i + 1}" for i, name in enumerate(header)]
    first = {name: i + 1 for i, name in reversed([*enumerate(names)])}
    again = next((i + 1 for i, name in enumerate(names) if first[name] <= i), None)
    if again is not None:
        raise DecodeError(f"columns {first[names[again - 1]]} and {again} of a sheet have the same name; rename one")
    return names


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file as texts, in every encoding and with every separator that spreadsheets write; empty cells are missing."""
    return _table_of_csv(decode_text(_content(path), path.name), path.name)


def _content(path: Path) -> bytes:
    """Read a file of texts, which may be compressed by gzip."""
    data = path.read_bytes()
    if data.startswith(_GZIP):
        try:
            with gzip.open(io.BytesIO(data)) as stream:
                data = stream.read(_LARGEST_FILE + 1)
        except (OSError, EOFError, zlib.error):
            raise DecodeError(f"{path.name} is compressed by gzip, and damaged; compress it again") from None
    if len(data) > _LARGEST_FILE:
        raise DecodeError(f"{path.name} is larger than {_LARGEST_FILE >> 20} MiB; write it as Parquet")
    if data.startswith(_NO_CSV):
        raise DecodeError(
            f"{path.name} is a workbook or an archive of another format; save it as .xlsx or as CSV UTF-8"
        )
    return data


def _table_of_csv(text: str, name: str) -> pd.DataFrame:
    options: dict[str, Any] = {"dtype": "str", "keep_default_na": False, "na_values": [""], "index_col": False}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row has more cells than the header
            table: pd.DataFrame = pd.read_csv(io.StringIO(text), **options, **_form(text))
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning, ValueError, OverflowError):
        raise DecodeError(
            _longer_line(text, name) or f"{name} is not a table in CSV; its first line must name the columns"
        ) from None
    _refuse_other_encoding(table, name)
    return table


def _longer_line(text: str, name: str) -> str | None:
    """Name the first row of a CSV text that has more cells than the first; None if there is none, or the csv module cannot read it."""
    form = _form(text)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=form["sep"])
    try:
        for _ in range(form["skiprows"]):
            next(rows)
        width = len(next(rows))
        cells = next((len(row) for row in rows if len(row) > width), None)
    except (csv.Error, StopIteration):
        return None
    if cells is None:
        return None
    return (
        f"line {rows.line_num} of {name} has {cells} cells, the first line names {width} columns; put quotes around texts that "
        "contain the separator"
    )


def _form(text: str) -> dict[str, Any]:
    """Return the separator of a CSV text, as options of pandas: the most frequent one outside quotes in the first line.

    Examples
    --------
    >>> _form("key;field;text"), _form("sep=;")
    ({'sep': ';', 'skiprows': 0}, {'sep': ';', 'skiprows': 1})
    """
    first = text.split("\n", 1)[0].rstrip("\r")
    if first[:4].lower() == "sep=" and len(first) == 5:  # a line of Excel for itself
        return {"sep": first[4], "skiprows": 1}
    outside = re.sub(r'"[^"]*"', "", first)
    return {"sep": max(_SEPARATORS, key=outside.count), "skiprows": 0}


def _refuse_other_encoding(table: pd.DataFrame, name: str) -> None:
    """Raise if a program read UTF-8 as Windows-1252 or GBK before it saved the table, so that letters are lost."""
    words = pd.concat([pd.Series(table.columns, dtype="str"), *(table[column] for column in table.columns)])
    words = words[words.str.contains(r"[^\x00-\x7f]", na=False)].head(1000)
    as_gbk = words.map(_is_utf8_as_gbk).astype(bool)  # true of 乡丁 as well: one text shows nothing
    other = words.str.contains(_READ_AS_1252) | (as_gbk & (as_gbk.sum() > 3))
    mark = _MARK_AS_OTHER.match(str(table.columns[0])) if len(table.columns) else None
    if mark or other.mean() > 0.5:
        raise DecodeError(
            f"{name} was opened in another encoding than UTF-8 and then saved, so that letters are lost; "
            "open the original file again as UTF-8"
        )


def _is_utf8_as_gbk(text: str) -> bool:
    """Whether most of a text seems to be Chinese in UTF-8 that a program read as GBK.

    Examples
    --------
    >>> _is_utf8_as_gbk("样本".encode().decode("gbk")), _is_utf8_as_gbk("样本")
    (True, False)
    """
    data = "".join(char for char in text if not char.isascii()).encode("gb18030", "replace")
    chinese = sum("\u2e80" < char < "\ufffd" for char in data.decode("utf-8", "ignore"))
    return chinese * 3 > len(data) * 0.6


def decode_text(data: bytes, name: str) -> str:
    """Decode the bytes of a text file: UTF-8, UTF-16 with a byte order mark, or GB18030, as Excel writes in China."""
    for encoding in _ENCODINGS:
        if encoding == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DecodeError(f"{name} is in none of UTF-8, UTF-16 and GB18030; save it as CSV UTF-8")
