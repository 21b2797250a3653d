"""What a spreadsheet does to a table: cells that it would change are protected, changes that it made are found."""

from __future__ import annotations

import re
import warnings
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._bulk._arrow_text import arrow, spans
from cardocr_nb.cards import id_check_character
from cardocr_nb.errors import DecodeError, missing_extra
from cardocr_nb.frame._frame_files import read_checked

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

DATE_FIELDS = ("birth_date", "first_issue_date")
"""Fields whose text is one date."""

NUMBER_FIELDS = ("id_number", "licence_number")
"""Fields whose text is a number of 18 characters, or of 15 on cards before 1999."""

# Excel, LibreOffice and WPS turn a cell into a formula after these; tab and carriage return are skipped before them.
_FORMULA = r"[=+\-@\t\r\n＝＋－＠]"
# Digits with what may be in numbers, dates and times: a spreadsheet would round them or store them as a date.
_NUMBER_LIKE = r"[0-9.,][0-9eE+.,:/ \-]*"
_CHANGED = re.compile(rf"'*(?:{_FORMULA}.*|{_NUMBER_LIKE})", re.DOTALL)

# Excel shows numbers of 12 digits and more so.
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?(?:1[1-9]|[2-9][0-9])")
_ROUNDED = re.compile(r"[0-9]{15}0{2,5}(?:\.0)?")
_DATE_AND_TIME = re.compile(r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[ T]00:00(?::00(?:\.0+)?)?")
_SERIAL = re.compile(r"(?P<day>[0-9]{3,5})(?:\.0)?")
_YEAR_LAST = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}")
_SHORTER = re.compile(r"[0-9]{14}|[0-9]{16,17}")  # than 15 or 18; what lacks more digits may be another kind of number
_FIRST_DAY = np.datetime64("1899-12-30")  # day 0 of Excel's date system of 1900, from March 1900 on
_LAST_DAY = 73_050  # 2099-12-31
_LONGEST_SERIAL = len("73050.0")
_LARGEST_EXACT = 10**15

_ENCODINGS = ("utf-8-sig", "utf-16", "gb18030")
_LARGEST_FILE = 1 << 30
_UNPACKED_ALWAYS = 1 << 26
_UNPACKED_RATIO = 100
"""Bytes of a workbook's XML that are read in any case, and per byte of the file; workbooks of cards have a ratio of 5 to 20."""
_MOST_COLUMNS = 256

SCIENTIFIC = "in scientific notation (digits are lost; left out)"
ROUNDED = "with zeros after the 15th digit (digits are lost; left out)"
DATE_AND_TIME = "a date with a time (date kept)"
SERIAL = "a date as number of days (date restored)"
YEAR_LAST = "with day and month in an unknown order (left out)"
SHORTER = "with fewer digits than on the card (leading zeros are lost; left out)"
KEY = "without leading zeros in the key (restored)"


class ExcelDamageWarning(UserWarning):
    """A spreadsheet changed texts of a table; they are restored or left out, and counted."""


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
    inner = words.str.slice(1)
    return words.mask(words.str.startswith("'", na=False) & inner.str.fullmatch(_CHANGED, na=False), inner)


def read_text_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table of texts: CSV in UTF-8, UTF-16 or GB18030, XLSX, Parquet or Feather.

    Parameters
    ----------
    path : str or Path
        The suffix names the format: ``.xlsx``, ``.parquet``, ``.feather``; anything else is read as CSV.

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
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".feather"):
        return read_checked(path)
    if suffix in (".xlsx", ".xlsm"):
        return read_sheet(path)
    return _read_csv(path)


def read_sheet(path: Path, sheet: str | None = None) -> pd.DataFrame:
    """Read a sheet of an XLSX file as texts, the first one by default."""
    try:
        import openpyxl
        from openpyxl.utils.escape import unescape
    except ImportError as e:
        missing_extra("reading XLSX", "excel", e)
    if path.stat().st_size > _LARGEST_FILE:
        raise DecodeError(f"{path.name} is larger than {_LARGEST_FILE >> 20} MiB; split it into several files")
    try:
        _refuse_unpacked_size(path)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        with closing(book):
            found = sheet is None or sheet in book.sheetnames
            table = _table_of(book[sheet or book.sheetnames[0]], unescape) if found else pd.DataFrame()
    except (DecodeError, PermissionError):
        raise
    except Exception:  # noqa: BLE001 - zipfile, its decompressors, expat and openpyxl raise anything on damaged files
        raise DecodeError(f"{path.name} is not an XLSX file, or is damaged; save it again as .xlsx") from None
    if not found:
        raise DecodeError(f"{path.name} has no sheet {sheet!r}; was the sheet renamed?")
    return table.apply(unprotect) if len(table) else table


def _refuse_unpacked_size(path: Path) -> None:
    """Raise if a workbook unpacks to much more than its size. ``zipfile`` unpacks at most the sizes that are declared."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > max(_UNPACKED_ALWAYS, _UNPACKED_RATIO * path.stat().st_size):
        raise DecodeError(
            f"{path.name} unpacks to {unpacked >> 20} MiB, more than {_UNPACKED_RATIO} times its size; save it again as .xlsx"
        )


def _table_of(sheet: Any, unescape: Any) -> pd.DataFrame:
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


def to_csv(df: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a frame as CSV that spreadsheets open without changing it.

    UTF-8 with a byte order mark, so that Excel finds the encoding; texts that a spreadsheet would change get an
    apostrophe in front, which every reader of this package removes.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    path : str or Path
        File to write.
    """
    words = {name: protect(df[name].astype("str")) for name in df.columns if _is_text(df[name])}
    df.assign(**words).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def undo_excel(texts: pd.Series, fields: pd.Series, *, true: bool = False) -> tuple[pd.Series, dict[str, int]]:
    """Restore the texts that a spreadsheet changed, or remove them where digits are lost.

    Parameters
    ----------
    texts : Series of str
        Texts of cards, from a table that a spreadsheet may have saved.
    fields : Series of str
        Canonical name of the field of each text.
    true : bool, default False
        The texts are those of the cards, not readings: a number that is too short is then damage as well. A service may
        read 17 of 18 digits.

    Returns
    -------
    texts : Series of str
        Dates without a time; missing where digits are lost.
    counts : dict of str to int
        Number of texts for each kind of change that was found.

    Examples
    --------
    >>> texts, counts = undo_excel(
    ...     pd.Series(["1.10101E+17", "1974-12-01 00:00:00", "27364"]),
    ...     pd.Series(["id_number", "birth_date", "birth_date"]),
    ... )
    >>> texts.tolist(), sum(counts.values())
    ([nan, '1974-12-01', '1974-12-01'], 3)
    """
    rows = _suspects(texts, fields, true=true)
    if not len(rows):
        return texts, {}
    words = texts.take(rows).astype("str").str.strip().reset_index(drop=True)
    is_date = fields.take(rows).isin(DATE_FIELDS).to_numpy()
    scientific = words.str.fullmatch(_SCIENTIFIC, na=False).to_numpy(bool)
    # A number may really end in zeros; then its check digit is right.
    rounded = words.str.fullmatch(_ROUNDED, na=False).to_numpy(bool, copy=True)
    rounded[rounded] = [not _is_valid_number(str(word).removesuffix(".0")) for word in words[rounded]]
    timed = words.str.fullmatch(_DATE_AND_TIME, na=False).to_numpy(bool)
    days = words.where(is_date & words.str.fullmatch(_SERIAL, na=False)).str.removesuffix(".0").astype("Int64")
    serial = days.between(1, _LAST_DAY).to_numpy(bool, na_value=False)
    year_last = is_date & words.str.fullmatch(_YEAR_LAST, na=False).to_numpy(bool)
    shorter = words.str.fullmatch(_SHORTER, na=False).to_numpy(bool) & ~rounded & true
    shorter &= fields.take(rows).isin(NUMBER_FIELDS).to_numpy()
    found = {
        SCIENTIFIC: scientific,
        ROUNDED: rounded,
        DATE_AND_TIME: timed,
        SERIAL: serial,
        YEAR_LAST: year_last,
        SHORTER: shorter,
    }
    damaged = np.logical_or.reduce(list(found.values()))
    if not damaged.any():
        return texts, {}
    changed = words.mask(scientific | rounded | year_last | shorter).astype(object)
    changed[timed] = words[timed].str.extract(_DATE_AND_TIME)["date"]
    changed[serial] = np.datetime_as_string(_FIRST_DAY + days[serial].to_numpy("int64").astype("timedelta64[D]"))
    result = texts.astype(object)
    result.iloc[rows[damaged]] = changed[damaged].to_numpy()
    return result.astype("str"), {kind: int(hit.sum()) for kind, hit in found.items() if hit.any()}


def _suspects(texts: pd.Series, fields: pd.Series, *, true: bool) -> NDArray[np.intp]:
    """Return the rows whose length or last bytes are those of a number or time that a spreadsheet wrote; a cheap first look."""
    array = arrow(texts.astype("str"))
    starts, data = spans(array)
    length = np.diff(starts)
    if not len(data):
        return np.empty(0, dtype=np.intp)
    ends = starts[1:]
    last = [np.where(length >= back, data[np.maximum(ends - back, 0)], 0) for back in range(1, 6)]
    zeros = (last[0] == ord("0")) & ((last[1] == ord("0")) | (last[1] == ord(".")) | (last[1] == ord(":")))
    exponent = np.isin(last[2], list(b"eE")) | np.isin(last[3], list(b"eE"))
    short = (length <= _LONGEST_SERIAL) & fields.isin(DATE_FIELDS).to_numpy()
    padded = np.isin(last[0], list(b" \t"))
    slash = last[4] == ord("/")
    shorter = np.isin(length, (14, 16, 17)) & true
    return np.flatnonzero(zeros | exponent | short | padded | slash | shorter)


def restored_keys(keys: pd.Index, known: pd.Series) -> tuple[pd.Index, int]:
    """Put back the zeros that keys lost, where the keys of the frame are numbers of one length.

    Parameters
    ----------
    keys : Index of str
        Distinct keys of a table that a spreadsheet may have saved.
    known : Series of str
        Keys of the frame.

    Returns
    -------
    keys : Index of str
    count : int
        Number of keys that were restored.

    Examples
    --------
    >>> restored_keys(pd.Index(["17", "a.jpg"], dtype="str"), pd.Series(["0017", "0218"]))
    (Index(['0017', 'a.jpg'], dtype='str'), 1)
    """
    numbers = known[known.str.fullmatch("[0-9]+", na=False)].drop_duplicates()
    lengths = numbers.str.len().unique()
    if len(lengths) != 1:
        return keys, 0
    words = pd.Series(keys, dtype="str")
    padded = words.str.zfill(int(lengths[0]))
    lost = words.str.fullmatch("[0-9]+", na=False) & ~words.isin(known) & padded.isin(numbers)
    lost &= ~padded.isin(keys) & ~padded.where(lost).duplicated(keep=False)
    return pd.Index(words.mask(lost, padded), dtype="str"), int(lost.sum())


def warn_of_damage(counts: dict[str, int], table: str, *, stacklevel: int = 3) -> None:
    """Warn that a spreadsheet changed texts of a table, with the number of each kind of change."""
    if counts:
        kinds = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        warnings.warn(
            f"a spreadsheet changed {sum(counts.values())} texts of {table}: {kinds}. Format the columns as text before "
            "typing or pasting numbers, or begin with a file of df.cardocr.to_excel",
            ExcelDamageWarning,
            stacklevel=stacklevel,
        )


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


def _cell(value: object, unescape: Any) -> str | None:
    text = text_of(value)
    return unescape(text) if isinstance(value, str) and text and "_x" in text else text


def _column_names(header: list[str | None]) -> list[str]:
    names = [name if name is not None else f"column {i + 1}" for i, name in enumerate(header)]
    first = {name: i + 1 for i, name in reversed([*enumerate(names)])}
    again = next((i + 1 for i, name in enumerate(names) if first[name] <= i), None)
    if again is not None:
        raise DecodeError(f"columns {first[names[again - 1]]} and {again} of a sheet have the same name; rename one")
    return names


def _is_text(column: pd.Series) -> bool:
    return bool(pd.api.types.is_string_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype))


def _is_valid_number(text: str) -> bool:
    return len(text) == 18 and id_check_character(text[:17]) == text[17]


def _read_csv(path: Path) -> pd.DataFrame:
    data = path.read_bytes()
    if len(data) > _LARGEST_FILE:
        raise DecodeError(f"{path.name} is larger than {_LARGEST_FILE >> 20} MiB; write it as Parquet")
    text = decode_text(data, path.name)
    import io

    try:
        separator = "\t" if "\t" in text.split("\n", 1)[0] else ","
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row has more cells than the header
            table = pd.read_csv(
                io.StringIO(text), dtype="str", keep_default_na=False, na_values=[""], sep=separator, index_col=False
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning, ValueError, OverflowError):
        raise DecodeError(f"{path.name} is not a table in CSV; its first line must name the columns") from None
    return table.apply(unprotect) if len(table) else table


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
