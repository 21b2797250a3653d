"""A frame as an Excel workbook for people who check readings in a spreadsheet."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from cardocr_nb._text_safety import shown_choice, shown_path
from cardocr_nb.cards import known_field
from cardocr_nb.errors import DecodeError, missing_extra
from cardocr_nb.frame import DoubledFieldWarning, conform, to_long, wide
from cardocr_nb.frame._protected_cells import unprotected
from cardocr_nb.frame._record_batch import TIMES
from cardocr_nb.frame._reshape import card_numbers
from cardocr_nb.frame._spreadsheet_damage import (
    ExcelDamageWarning,
    birth_dates,
    undo_excel,
    warn_of_damage,
    warn_of_unnamed,
)
from cardocr_nb.frame._table_origin import without_damage
from cardocr_nb.frame._text_tables import read_sheet
from cardocr_nb.frame._typed_columns import series
from cardocr_nb.quality import check
from cardocr_nb.quality._truth import QUEUE
from cardocr_nb.report._workbook_sheets import cell_words, crops, write_sheet

if TYPE_CHECKING:
    import os

    import pandas as pd

    from cardocr_nb.plot._image_sources import Images

Layout = Literal["field", "card"]

CARDS, CORRECTIONS = "cards", "corrections"
_CELL_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
"""ECMA-376, part 1, 18.18.11: values of cells of the type error."""
_CORRECTION_COLUMNS = ("job_id", "key", "field", "text", "corrected", "reviewer")
_MOST_ROWS = 1_048_576 - 1  # of a sheet, below its header


def to_excel(
    df: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    layout: Layout = "field",
    images: Images | None = None,
    reveal: bool = False,
    low_score: float = 80,
) -> Path:
    """Write the cards as an Excel workbook.

    The sheet ``cards`` holds the readings, with failed checks and low scores in color. The sheet ``corrections`` lists
    the fields with a failed check or a low score, with an empty column ``corrected``; rows can be added.
    `from_excel` reads both back. Numbers, dates and texts that look like formulas are stored as texts, so that
    nothing is rounded or run; times of jobs are dates in the service's time (UTC+08:00). A reading that looks as if a
    spreadsheet had damaged it, such as ``1.10101E+17`` or ``?``, has an apostrophe in front, which `from_excel` removes.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    path : str or Path
        File to write, ``.xlsx``. It holds the texts as they were read: pass ``df.cardocr.mask()`` for a file that is
        handed on.
    layout : {"field", "card"}, default "field"
        One row a field, with all columns of the frame, or one row a card, with the texts and scores of its fields.
    images : path, mapping or client, optional
        Pictures of the cards, as for `cardocr_nb.plot.plot_gallery`. Each row of a field then shows its crop.
    reveal : bool, default False
        Crops are written only with ``reveal=True``, since they show the texts; without it, and with ``layout="card"``, a warning says
        that there are none.
    low_score : float, default 80
        Scores below it are colored and their fields listed for correction, 0 to 100.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        Another suffix or layout, a `low_score` that is not on the scale of 0 to 100, more rows than a sheet holds
        (1,048,575), or a text of more than 32,767 characters.
    MissingExtraError
        The extra ``excel`` is not installed.

    See Also
    --------
    from_excel : Read the file back.
    cardocr_nb.privacy.mask : Hide the texts.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> cards = to_frame(CardResult((Field("公民身份号码", "990101197412010014", 98),), key="1.jpg"))
    >>> with TemporaryDirectory() as folder:
    ...     from_excel(to_excel(cards, f"{folder}/cards.xlsx"))["text"].item()
    '990101197412010014'
    """
    try:
        import xlsxwriter
    except ImportError as e:
        missing_extra("to_excel", "excel", e)
    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        raise ValueError(f"to_excel writes .xlsx, got {shown_path(str(path))}; change its suffix")
    if layout not in ("field", "card"):
        raise ValueError(
            f"layout is 'field' (one row a field) or 'card' (one row a card), got {shown_choice(layout, ('field', 'card'))}"
        )
    if not (low_score == 0 or 1 < low_score <= 100):
        raise ValueError(f"low_score is 0 to 100, as scores are, got {low_score!r}; for 80 % pass 80")
    if images is not None and not (reveal and layout == "field"):
        why = "pass reveal=True, since they show the texts" if not reveal else "they need layout='field'"
        warnings.warn(f"no crops are written from images: {why}", UserWarning, stacklevel=2)
    frame = conform(df).reset_index(drop=True)
    failed = _failed_checks(frame)
    table = frame.assign(checks=failed) if layout == "field" else _one_row_a_card(frame, failed)
    doubtful = (frame["score"].lt(low_score).fillna(value=False) | failed.notna()) & frame["field"].notna()
    listed = frame.loc[doubtful, list(_CORRECTION_COLUMNS[:4])].assign(corrected=None, reviewer=None)
    for name, rows in ((CARDS, table), (CORRECTIONS, listed)):
        if len(rows) > _MOST_ROWS:
            raise ValueError(
                f"the sheet {name!r} would have {len(rows):,} rows, Excel holds {_MOST_ROWS:,}; write parts"
            )
    fields = frame["field"].dropna().unique()
    sheets = {CARDS: cell_words(table, fields), CORRECTIONS: cell_words(listed, fields)}
    pictures = crops(frame, images) if images is not None and reveal and layout == "field" else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        for name, rows in ((CARDS, table), (CORRECTIONS, listed)):
            own = pictures if name == CARDS else {}
            write_sheet(book, name, rows.rename(columns=str), sheets[name], low_score=low_score, images=own)
    return path


def from_excel(path: str | os.PathLike[str], *, sheet: Literal["cards", "corrections"] = "cards") -> pd.DataFrame:
    """Read a workbook of `to_excel`.

    Parameters
    ----------
    path : str or Path
        Workbook, also after it was saved by Excel, LibreOffice or WPS.
    sheet : {"cards", "corrections"}, default "cards"
        ``cards`` is the readings, or the only sheet of a workbook, such as a file of `cardocr_nb.frame.to_csv` that was saved as
        ``.xlsx``; ``corrections`` are the rows in which the column ``corrected`` was filled, for
        `cardocr_nb.review.correct`. They are fields that were found to be incorrect: `cardocr_nb.quality.evaluate` takes
        them as a truth, and refuses rates from them alone.

    Returns
    -------
    DataFrame
        The frame as `cardocr_nb.to_frame` makes it; or ``job_id, key, field, verdict, text, reviewer, selection``, one
        row a correction, ``selection`` is ``queue``; those whose text is lost are counted and left out.

    Raises
    ------
    DecodeError
        The file is not an XLSX workbook, or lacks the sheet or one of its columns.
    MissingExtraError
        The extra ``excel`` is not installed.

    Warns
    -----
    ExcelDamageWarning
        The spreadsheet changed texts; they are restored or left out, and counted.
    UserWarning
        Typed corrections lack their key or field; they are left out, and counted. One field of a card has two of them. Readings lack
        a key that others have, or have nothing but a key, as a row of totals; they are kept, and counted.

    See Also
    --------
    to_excel : Write the workbook.
    """
    path = Path(path)
    table = read_sheet(path, sheet, marks=sheet == CARDS).drop(columns=["crop", "checks"], errors="ignore")
    of_cards = ("key", "text") if "field" in table.columns else ("key",)
    needed = of_cards if sheet == CARDS else ("key", "field", "corrected")
    lacking = [name for name in needed if name not in table.columns]
    if lacking:
        raise DecodeError(
            f"the sheet {sheet!r} of {path.name} has no column {', '.join(lacking)}; was its header changed?"
        )
    if sheet == CORRECTIONS:
        table["corrected"] = _typed(table["corrected"], path.name)
        rows = table[table["corrected"].notna()].reset_index(drop=True)
        rows = rows[warn_of_unnamed(rows, ("key", "field"), f"the sheet {sheet!r}")].reset_index(drop=True)
        _warn_of_doubled(rows)
        texts, counts = undo_excel(
            rows["corrected"],
            rows["field"],
            true=True,
            born=lambda: birth_dates(rows["corrected"], rows["field"], rows["key"]),
        )
        warn_of_damage(counts, f"the sheet {sheet!r}")
        others = {name: rows.get(name) for name in ("job_id", "reviewer")}
        # Doubtful fields are listed, and people add what they find incorrect: a truth of a queue, whose rates are too low.
        found = rows[["key", "field"]].assign(text=texts, verdict="corrected", selection=QUEUE, **others)
        names = ["job_id", "key", "field", "verdict", "text", "reviewer", "selection"]
        return found.loc[texts.notna(), names].reset_index(drop=True)
    _warn_of_no_key(table, sheet)
    if "field" not in table.columns:
        return conform(unprotected(to_long(table)))
    # A text with a mark is as `to_excel` wrote it, however odd it looks.
    table = unprotected(without_damage(table, f"the sheet {sheet!r}"))
    if "polygon" in table.columns:  # its marks are removed, and polygons of the dtype say so
        table = table.assign(polygon=series("polygon", table["polygon"]))
    return conform(table.assign(**{name: _times(table[name]) for name in TIMES if name in table.columns}))


def _warn_of_no_key(table: pd.DataFrame, sheet: str) -> None:
    """Warn of rows without a key, job and image among others with a key, as under merged cells."""
    names = [name for name in ("key", "job_id", "image") if name in table.columns]
    empty = {
        name: (cells.isna() | cells.astype("str").str.strip().eq("")).to_numpy(bool) for name, cells in table.items()
    }
    lacking = np.logical_and.reduce([empty[name] for name in names])
    others = [name for name in ("job_id", "state", "code", "field", "text", "label") if name in table.columns]
    if "field" not in table.columns:
        others += [name for name in table.columns if known_field(str(name)) is not None]
    alone = np.logical_and.reduce([~lacking, *(empty[name] for name in others)])
    if "state" in table.columns and alone.any() and not empty["state"].all():
        warnings.warn(
            f"{alone.sum()} of {len(table)} rows of the sheet {sheet!r} hold a key, but neither a state nor a text, as a row of totals does; "
            "they become cards on which nothing was read. Delete rows of totals",
            UserWarning,
            stacklevel=3,
        )
    if lacking.any() and not lacking.all():
        warnings.warn(
            f"{lacking.sum()} of {len(table)} rows of the sheet {sheet!r} have no key and belong to no card; fill these cells, and undo "
            "merged cells",
            UserWarning,
            stacklevel=3,
        )


def _warn_of_doubled(rows: pd.DataFrame) -> None:
    """Warn of several corrections of one field with different texts: the last one counts."""
    texts = rows.groupby(["key", "field"])["corrected"].nunique()
    if (texts > 1).any():
        warnings.warn(
            f"{(texts > 1).sum()} fields have several corrections with different texts; the last one of each counts. Clear the others",
            UserWarning,
            stacklevel=3,
        )


def _times(cells: pd.Series) -> pd.Series:
    """Return the times of cells: without a zone as `to_excel` writes them, with one as a CSV file holds them."""
    try:
        return series(str(cells.name), cells)
    except ValueError:
        raise DecodeError(f"a cell of the column {cells.name} is not a time; correct it, or clear it") from None


def _typed(cells: pd.Series, name: str) -> pd.Series:
    """What people typed: neither blanks nor errors of the spreadsheet, which are counted."""
    texts = cells.astype("str").str.strip()
    wrong = cells.notna() & texts.isin(_CELL_ERRORS)
    if wrong.any():
        warnings.warn(
            f"{int(wrong.sum())} cells of the column 'corrected' of {name} hold an error of the spreadsheet, such as #N/A, and "
            "are left out",
            ExcelDamageWarning,
            stacklevel=3,
        )
    return cells.mask(wrong | (texts == ""))


def _failed_checks(frame: pd.DataFrame) -> pd.Series:
    """Return the names of the failed checks of each row; missing where none failed."""
    table = check(frame)
    failed = table.loc[~table["passed"].astype("bool") & table["field"].notna(), ["job_id", "key", "field", "check"]]
    rows = ["job_id", "key", "field"]
    names = (
        failed.astype("str").fillna("").groupby(rows, sort=False)["check"].agg(lambda c: ", ".join(dict.fromkeys(c)))
    )
    own = frame[rows].astype("str").fillna("")
    found = own.merge(names.rename("checks").reset_index(), on=rows, how="left")["checks"]
    return found.set_axis(frame.index).astype("str")


def _one_row_a_card(frame: pd.DataFrame, failed: pd.Series) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DoubledFieldWarning)  # the layout by field shows them
        table = wide(frame, scores=True)
    names = failed.groupby(card_numbers(frame)).agg(lambda c: ", ".join(dict.fromkeys(c.dropna())))
    return table.assign(checks=names.where(names != "").to_numpy())
