"""The pictures of a report that need the frame or the photos: regions, times, and single cases."""

from __future__ import annotations

import io
import logging
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb._i18n import messages
from cardocr_nb.errors import ImageError
from cardocr_nb.plot._field_crops import coarse, rectified, unreadable
from cardocr_nb.plot._image_sources import find_picture
from cardocr_nb.plot._overlay import plot_overlay
from cardocr_nb.plot._plot_data import corners
from cardocr_nb.plot._style import style
from cardocr_nb.report._charts import Picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cardocr_nb._i18n import Messages
    from cardocr_nb.plot._image_sources import Images
    from cardocr_nb.report._report_summary import ReportSummary, WorstCase

_log = logging.getLogger(__name__)

_MOST = 6
_MOST_CROPS = 30
_CROP = 40
"""Height of a crop, pixels."""
_WIDEST = 640


@dataclass(frozen=True, slots=True)
class CasePictures:
    """Pictures of the worst cases.

    Attributes
    ----------
    crops : mapping of int to Picture
        The field of a case, by its place in `ReportSummary.worst`.
    cards : tuple of Picture
        Whole cards with their fields marked.
    """

    crops: Mapping[int, Picture] = field(default_factory=dict)
    cards: tuple[Picture, ...] = ()


def pictures_of(df: pd.DataFrame, summary: ReportSummary, images: Images, *, reveal: bool) -> CasePictures:
    """Crops of the worst cases, and overlays of their cards.

    Parameters
    ----------
    df : DataFrame
    summary : ReportSummary
        Of the same frame.
    images : path, mapping or client
        Folder under which the keys lie, the picture of each key, or a client to fetch them with. Pictures that are not
        there are left out.
    reveal : bool
        Show pictures and texts; otherwise pictures are made too coarse to be read.
    """
    t = messages(summary.lang)
    keys = list(dict.fromkeys(w.key for w in summary.worst[:_MOST_CROPS]))
    wanted = df[df["key"].isin(keys) & df["polygon"].notna()]
    crops: dict[int, Picture] = {}
    cards: list[Picture] = []
    for key in keys:
        rows = wanted[wanted["key"] == key]
        pixels = None if rows.empty else _pixels(key, images)
        if pixels is None:
            continue
        for i, case in enumerate(summary.worst[:_MOST_CROPS]):
            crop = _crop(case, rows, pixels, t, reveal=reveal) if case.key == key else None
            if crop is not None:
                crops[i] = crop
        if len(cards) < _MOST:
            rows = (
                rows[rows["job_id"].isna() | (rows["job_id"] == rows["job_id"].iloc[-1])] if "job_id" in rows else rows
            )
            cards.append(_card(rows, key, pixels if reveal else coarse(pixels), t, reveal=reveal))
    return CasePictures(crops, tuple(cards))


def _pixels(key: str, images: Images) -> NDArray[np.uint8] | None:
    try:
        return find_picture(key, images)
    except ImageError as problem:
        _log.warning("no picture of %s in the report: %s", key, problem)
        return None


def _crop(
    case: WorstCase, rows: pd.DataFrame, pixels: NDArray[np.uint8], t: Messages, *, reveal: bool
) -> Picture | None:
    from PIL import Image

    places = rows.loc[rows["field"] == case.field, "polygon"]
    if places.empty:
        return None
    corner = polygon.ordered(corners(places.iloc[:1]))[0]
    if np.isnan(corner).any():
        return None
    cut = rectified(pixels, corner, height=_CROP)[:, :_WIDEST]
    cut = cut if reveal else unreadable(cut)
    file = io.BytesIO()
    Image.fromarray(cut).save(file, "WEBP", quality=80)
    alt = t("worst.crop_shown" if reveal else "worst.crop", field=t.field(case.field), key=case.key)
    return Picture(_webp(file), "", alt)


def _card(rows: pd.DataFrame, key: str, pixels: NDArray[np.uint8], t: Messages, *, reveal: bool) -> Picture:
    from matplotlib.figure import Figure

    height, width = pixels.shape[:2]
    with style("light"):
        figure = Figure(figsize=(6.2, min(8.0, 6.2 * height / width)), layout="constrained", dpi=140)
        ax = plot_overlay(
            rows, pixels, key=key, ax=figure.subplots(), text=reveal, reveal=reveal, colorbar=False, lang=t.lang
        )
        ax.set_xlabel("")
        file = io.BytesIO()
        figure.savefig(file, format="webp", transparent=True, pil_kwargs={"quality": 80})
    low = rows["score"].min()
    score = t("worst.no_score") if pd.isna(low) else t("worst.lowest", score=f"{low:g}")
    fields = t("count.field", int(rows["polygon"].notna().sum()))
    alt = t("worst.card" if reveal else "worst.card_coarse", key=key, fields=fields, score=score)
    return Picture(_webp(file), "", alt, t("worst.below", key=key, score=score))


def _webp(file: io.BytesIO) -> str:
    return "data:image/webp;base64," + b64encode(file.getvalue()).decode("ascii")
