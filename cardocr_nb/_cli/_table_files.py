"""The tables of cards that commands read and write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb.errors import CardOCRError, DecodeError, InvalidRequestError, missing_extra

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

WRITABLE = (".parquet", ".feather", ".csv", ".xlsx")
_TABLES = (*WRITABLE, ".csv.gz")
READABLE = (*_TABLES, ".sqlite")


def is_table(path: Path) -> bool:
    """Whether a file is a table of cards by its name."""
    return path.name.lower().endswith(_TABLES)


def read(path: Path) -> pd.DataFrame:
    """Read a table of `write`, or the ledger of a run.

    Raises
    ------
    InvalidRequestError
        The ending names no format that can be read.
    DecodeError
        The file is damaged, or in another format than its ending says.
    """
    from cardocr_nb.frame import read_table, to_frame
    from cardocr_nb.report import from_excel

    if not path.name.lower().endswith(READABLE):
        raise InvalidRequestError(f"{path}: must end in {', '.join(READABLE)}")
    try:
        if path.suffix.lower() == ".sqlite":
            return to_frame(path)
        if path.suffix.lower() == ".xlsx":
            return from_excel(path)
        return read_table(path)
    except (CardOCRError, OSError):
        raise
    except Exception as e:  # noqa: BLE001 - readers of damaged files raise errors of many types; texts stay out
        raise DecodeError(f"{path}: not a readable {path.suffix} table ({type(e).__name__})") from None


def check_writable(path: Path) -> None:
    """Raise before anything is read or paid for if the extra is missing that writes a format.

    Raises
    ------
    MissingExtraError
    """
    if path.suffix.lower() == ".xlsx":
        try:
            import xlsxwriter  # noqa: F401 - whether it is there
        except ImportError as e:
            missing_extra("to_excel", "excel", e)


def write(cards: pd.DataFrame, path: Path) -> None:
    """Write in the format that the path's ending names."""
    from cardocr_nb.frame import to_csv, to_feather, to_parquet
    from cardocr_nb.report import to_excel

    if path.suffix.lower() == ".csv":
        to_csv(cards, path)
    elif path.suffix.lower() == ".xlsx":
        to_excel(cards, path)
    elif path.suffix.lower() == ".feather":
        to_feather(cards, path)
    else:
        to_parquet(cards, path)
