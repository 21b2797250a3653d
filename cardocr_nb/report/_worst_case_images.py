"""Pictures of the worst cases of a report."""

from __future__ import annotations

import io
import logging
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb._i18n import messages
from cardocr_nb.errors import ImageError
from cardocr_nb.plot._field_crops import rectified
from cardocr_nb.plot._image_sources import MOST_PIXELS, find_picture, picture_source, warn_if_none
from cardocr_nb.plot._overlay import draw_fields, plot_overlay
from cardocr_nb.plot._picture_identity import refuse_other_version
from cardocr_nb.plot._plot_fonts import plot_language
from cardocr_nb.plot._reading_corners import reading_corners
from cardocr_nb.plot._style import score_norm, style
from cardocr_nb.privacy._service_texts import FieldNames
from cardocr_nb.report._charts import Picture, draw_picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

    from cardocr_nb._i18n import Messages
    from cardocr_nb.plot._image_sources import Images, Photo
    from cardocr_nb.report._report_summary import ReportSummary, WorstCase

_log = logging.getLogger(__name__)

_MOST = 6
_MOST_CROPS = 30
_CROP = 40
"""Height of a crop, pixels."""
_WIDEST = 640
_FOR_SIZE = 10_000
"""Pixels to which a photo is reduced if only its size is used."""


@dataclass(frozen=True, slots=True)
class CasePictures:
    """Pictures of the worst cases.

    Attributes
    ----------
    crops : mapping of int to Picture
        Crop of a case, by its index in `ReportSummary.worst`.
    cards : tuple of Picture
        Whole cards with their fields outlined.
    """

    crops: Mapping[int, Picture] = field(default_factory=dict)
    cards: tuple[Picture, ...] = ()


def case_pictures(df: pd.DataFrame, summary: ReportSummary, images: Images, *, reveal: bool) -> CasePictures:
    """Pictures of the worst cases.

    Parameters
    ----------
    df : DataFrame
    summary : ReportSummary
        Of the same frame.
    images : path, list, mapping or client
        As for `cardocr_nb.report.report`. Missing pictures are left out.
    reveal : bool
        Show crops of the fields and the photos of their cards. Otherwise no pixel of a photo is used, only its size:
        the positions of the fields are drawn on an empty card.
    """
    t = messages(summary.lang)
    keys = list(dict.fromkeys(w.key for w in summary.worst[:_MOST_CROPS]))
    wanted = df[(df["key"].isin(keys) & df["polygon"].notna() & df["field"].notna()).to_numpy()]
    norm = score_norm(df["score"])
    crops: dict[int, Picture] = {}
    cards: list[Picture] = []
    looked_for: list[str] = []
    source = picture_source(images)
    for key in keys:
        rows = wanted[(wanted["key"] == key).to_numpy()]
        if len(cards) == _MOST and not reveal:
            break
        photo = None if rows.empty else _picture(key, source, MOST_PIXELS if reveal else _FOR_SIZE)
        looked_for += [] if rows.empty else [key]
        if photo is None or (reveal and _is_other_version(photo, rows, key)):
            continue
        if reveal:
            of_card = [(i, case) for i, case in enumerate(summary.worst[:_MOST_CROPS]) if case.key == key]
            found = {i: _crop(case, rows, photo, t) for i, case in of_card}
            crops |= {i: crop for i, crop in found.items() if crop is not None}
        if len(cards) < _MOST:
            one_job = rows[(rows["job_id"].isna() | (rows["job_id"] == rows["job_id"].iloc[-1])).to_numpy()]
            alt = _alt(one_job, key, t, reveal=reveal)
            if reveal:
                cards.append(_photo(one_job, photo, norm, t, alt))
            else:
                cards.append(_positions(one_job, photo.size, norm, t, alt))
    warn_if_none(bool(cards), looked_for, source)
    return CasePictures(crops, tuple(cards))


def _picture(key: str, images: Images, most_pixels: int) -> Photo | None:
    try:
        return find_picture(key, images, most_pixels)
    except ImageError as problem:
        _log.warning("no picture of %s in the report: %s", key, problem)
        return None


def _is_other_version(photo: Photo, rows: pd.DataFrame, key: str) -> bool:
    """Whether the fields lie elsewhere on a picture, which then shows nothing right."""
    file = rows["image"].iloc[0] if "image" in rows else None
    try:
        refuse_other_version(photo, rows["polygon"].array.to_points(), file)
    except ValueError as problem:
        _log.warning("no picture of %s in the report: %s", key, problem)
        return True
    return False


def _crop(case: WorstCase, rows: pd.DataFrame, photo: Photo, t: Messages) -> Picture | None:
    from PIL import Image

    of_field = rows[(rows["field"] == case.field).to_numpy()]
    if of_field.empty:
        return None
    corner = reading_corners(rows, of_field.iloc[:1])[0]
    if np.isnan(corner).any():
        return None
    file = io.BytesIO()
    Image.fromarray(rectified(photo.pixels, photo.scaled(corner), height=_CROP)[:, :_WIDEST]).save(
        file, "WEBP", quality=80
    )
    return Picture(_webp(file), "", t("worst.crop_shown", field=t.field(case.field), key=case.key))


def _alt(rows: pd.DataFrame, key: str, t: Messages, *, reveal: bool) -> tuple[str, str]:
    """Alternative text and caption of the picture of a card."""
    low = rows["score"].min()
    score = t("worst.no_score") if pd.isna(low) else t("worst.lowest", score=f"{low:g}")
    alt = t("worst.card" if reveal else "worst.positions", key=key, fields=t("count.field", len(rows)), score=score)
    return alt, t("worst.below", key=key, score=score)


def _photo(rows: pd.DataFrame, photo: Photo, norm: Normalize, t: Messages, alt: tuple[str, str]) -> Picture:
    from matplotlib.figure import Figure

    width, height = photo.size
    with style("light"):
        figure = Figure(figsize=(6.2, min(8.0, 6.2 * height / width)), layout="constrained", dpi=140)
        ax = plot_overlay(
            rows, photo, ax=figure.subplots(), text=True, reveal=True, colorbar=False, lang=t.lang, norm=norm
        )
        ax.set_xlabel("")
        file = io.BytesIO()
        figure.savefig(file, format="webp", transparent=True, pil_kwargs={"quality": 80})
    return Picture(_webp(file), "", *alt)


def _positions(
    rows: pd.DataFrame, size: tuple[int, int], norm: Normalize, t: Messages, alt: tuple[str, str]
) -> Picture:
    """The fields on an empty rectangle of the size of the photo, labeled with score and length."""
    width, height = size
    shown = FieldNames(reveal=False)
    rows = rows[[shown(str(field)) == field for field in rows["field"]]]
    language = plot_language(t.lang)
    names = language.field_names(rows["field"])
    lengths = rows["text"].str.len().fillna(0).astype(int)
    labels = [
        language.message("field_length", name=names[field], score="–" if pd.isna(score) else f"{score:g}", n=length)
        for field, score, length in zip(rows["field"], rows["score"], lengths, strict=True)
    ]

    def draw(ax: Axes) -> None:
        from matplotlib.patches import Rectangle

        ax.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[], aspect="equal")
        ax.spines[:].set_visible(False)
        ax.add_patch(Rectangle((0, 0), width, height, facecolor="#80808018", edgecolor="#808080"))
        draw_fields(ax, rows, labels, language, norm=norm)
        ax.set_xlabel("")

    return draw_picture(draw, (6.2, min(8.0, 6.2 * height / width)), *alt, narrow=min(8.0, 4.4 * height / width))


def _webp(file: io.BytesIO) -> str:
    return "data:image/webp;base64," + b64encode(file.getvalue()).decode("ascii")
