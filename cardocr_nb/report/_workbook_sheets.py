"""Sheets of a workbook: cells as texts, scores as numbers with colors, times as dates, crops of the fields."""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._text_safety import shown_names
from cardocr_nb.errors import ImageError
from cardocr_nb.frame._frame_columns import COLUMNS
from cardocr_nb.frame._protected_cells import escape_mark, text_of
from cardocr_nb.frame._spreadsheet_damage import undo_excel
from cardocr_nb.plot._field_crops import rectified
from cardocr_nb.plot._image_sources import find_picture, picture_source, warn_if_none
from cardocr_nb.plot._picture_identity import OtherVersions
from cardocr_nb.plot._reading_corners import reading_corners

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cardocr_nb.plot._image_sources import Images

_LONGEST_CELL = 32_767
_CROP_HEIGHT, _WIDEST_CROP = 40, 480  # pixels on the sheet
_TWO_ESCAPES = re.compile("_x[0-9A-Fa-f]{4}_x[0-9A-Fa-f]{4}_")
_PIECES = re.compile("(?:(?<=^<)|(?<=_x[0-9A-Fa-f]{4}))(?=r>|_)")
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_WIDEST = 60  # characters
_WIDTHS = {
    "image": 24,
    "key": 24,
    "field": 18,
    "text": 36,
    "address": 40,
    "checks": 44,
    "label": 16,
    "polygon": 34,
    "job_id": 34,
    "queue_id": 34,
    "created": 20,  # narrower columns show times as ###
    "started": 20,
    "ended": 20,
    "birth_date": 16,
    "licence_number": 22,
    "id_number": 22,
    "corrected": 36,
}


def _is_score(column: pd.Series) -> bool:
    name = str(column.name)
    return (name == "score" or name.endswith("_score")) and pd.api.types.is_numeric_dtype(column.dtype)


def cell_words(table: pd.DataFrame, fields: Iterable[str]) -> dict[str, list[str | None]]:
    """Return the cells of the columns that are neither scores nor times, by name.

    Readings that look like damage by a spreadsheet get a mark, which shows `from_excel` that they are as they were.
    """
    table = table.rename(columns=str)
    judged = {"text": table["field"].astype("str")} if "field" in table.columns else {
        name: pd.Series(field, index=table.index, dtype="str")
        for field in fields for name in (field, f"{field}_field") if name in table.columns
    }  # fmt: skip
    cells, unfit = {}, Counter[str]()
    for name, column in table.items():
        if _is_score(column) or isinstance(column.dtype, pd.DatetimeTZDtype):
            continue
        words = [None if (word := text_of(value)) is None else escape_mark(word) for value in column]
        if name in judged:
            texts = column.astype("str")
            odd = ~undo_excel(texts, judged[name])[0].eq(texts) & texts.notna()
            for row in np.flatnonzero(odd):
                words[row] = f"'{column.iloc[row]}"
        lost = sum(_does_not_fit(word) for word in words if word is not None)
        unfit.update({str(name): lost} if lost else {})
        cells[str(name)] = words
    if unfit:
        raise ValueError(
            f"{sum(unfit.values())} texts of the columns {shown_names(unfit, COLUMNS)} do not fit into a cell of a workbook: "
            f"more than {_LONGEST_CELL:,} characters, or control characters together with <r> or _x005F_x0041_; shorten or drop "
            "them, or write to_csv or to_parquet"
        )
    return cells


def _does_not_fit(word: str) -> bool:
    if len(word) > _LONGEST_CELL // 2 and len(word.encode("utf-16-le")) // 2 > _LONGEST_CELL:  # Excel counts in UTF-16
        return True
    return _is_odd(word) and _ESCAPED.search(word) is not None  # XlsxWriter escapes twice within pieces of a text


def _is_odd(word: str) -> bool:
    """Whether XlsxWriter takes a text for XML of its own, or escapes only one of two escapes that share an underscore."""
    return (word.startswith("<r>") and word.endswith("</r>")) or _TWO_ESCAPES.search(word) is not None


def _write_text(sheet: Any, place: tuple[int, int], word: str, form: Any, plain: Any) -> None:
    pieces = [piece for piece in _PIECES.split(word) if piece] if _is_odd(word) else [word]
    if len(pieces) > 1:
        sheet.write_rich_string(*place, *pieces[:-1], plain, pieces[-1], form)
    else:
        sheet.write_string(*place, word, form)


def write_sheet(
    book: Any, name: str, table: pd.DataFrame, texts: dict[str, list[str | None]], *, low_score: float, images: dict[int, bytes]
) -> None:  # fmt: skip
    """Write a sheet: a header, its cells, and pictures in a first column, by row."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    sheet = book.add_worksheet(name)
    header = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEF2F6"})
    text = book.add_format({"num_format": "@"})
    time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    low = book.add_format({"bg_color": "#FBE3D6", "font_color": "#8A3B12"})
    wrong = book.add_format({"num_format": "@", "bg_color": "#F7D4D4", "font_color": "#8A1C1C"})
    fill = book.add_format({"num_format": "@", "bg_color": "#FFF9DB"})
    columns = [*(["crop"] if images else []), *map(str, table.columns)]
    n = len(table)
    plain = book.add_format()
    for at, column in enumerate(columns):
        _write_text(sheet, (0, at), escape_mark(column), header, plain)
        sheet.set_column(at, at, min(_WIDTHS.get(column, max(10, len(column) + 2)), _WIDEST))
        if column == "crop":
            continue
        values = table[column]
        if _is_score(values):
            for row, value in enumerate(values, 1):
                if not pd.isna(value):
                    sheet.write_number(row, at, float(value))
            first = xl_rowcol_to_cell(1, at)
            formula = f"=AND(ISNUMBER({first}),{first}<{low_score})"  # an empty cell would count as 0
            rule = {"type": "formula", "criteria": formula, "format": low}
            sheet.conditional_format(1, at, max(n, 1), at, rule)
        elif isinstance(values.dtype, pd.DatetimeTZDtype):
            for row, value in enumerate(values, 1):
                if not pd.isna(value):
                    sheet.write_datetime(row, at, value.tz_localize(None).to_pydatetime(), time)
        else:
            form = {"checks": wrong, "corrected": fill}.get(column, text)
            for row, word in enumerate(texts[column], 1):
                if word is not None:
                    _write_text(sheet, (row, at), word, form, plain)
                elif column == "corrected":
                    sheet.write_blank(row, at, None, form)
    for row, picture in images.items():
        sheet.set_row_pixels(row + 1, _CROP_HEIGHT + 4)
        options = {"image_data": io.BytesIO(picture), "object_position": 1, "x_offset": 2, "y_offset": 2}
        sheet.insert_image(row + 1, 0, "crop.png", options)
    if images:
        sheet.set_column_pixels(0, 0, _WIDEST_CROP + 4)
    sheet.freeze_panes(1, 0)
    if n and columns:
        sheet.autofilter(0, 0, n, len(columns) - 1)


def crops(frame: pd.DataFrame, images: Images) -> dict[int, bytes]:
    """Return a PNG of each field that has a place on a picture that is found, by row."""
    from PIL import Image

    pictures = {}
    placed = frame[frame["polygon"].notna() & frame["key"].notna()]
    quads = dict(zip(placed.index, reading_corners(frame, placed), strict=True))
    found, others, source = False, OtherVersions(), picture_source(images)
    for key, rows in placed.groupby("key", sort=False):
        try:
            photo = find_picture(str(key), source)
            found |= photo is not None
        except ImageError:
            photo, found = None, True
        if photo is None or others.holds(photo, rows):
            continue
        for row in rows.index:
            file = io.BytesIO()
            crop = rectified(photo.pixels, photo.scaled(quads[row]), height=_CROP_HEIGHT)
            Image.fromarray(crop).save(file, "PNG")
            pictures[int(row)] = file.getvalue()
    warn_if_none(found, placed["key"].unique(), source)
    others.warn()
    return pictures
