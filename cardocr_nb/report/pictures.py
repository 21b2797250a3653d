"""The pictures of the worst cards, as a report may show them."""

from __future__ import annotations

import io
import logging
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cardocr_nb.errors import ImageError
from cardocr_nb.images import load_upright
from cardocr_nb.plot.overlay import plot_overlay
from cardocr_nb.plot.style import style
from cardocr_nb.report.figures import Picture
from cardocr_nb.report.words import plural

if TYPE_CHECKING:
    import os

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.report.summary import ReportSummary

_log = logging.getLogger(__name__)

_MOST = 6
_COARSE = 56
"""Pixels along the longer side of a picture that nobody shall read: a character is then one pixel or two."""


def pictures_of(
    df: pd.DataFrame,
    summary: ReportSummary,
    images: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]],
    *,
    reveal: bool,
) -> list[Picture]:
    """Overlays of the cards of the worst cases.

    Parameters
    ----------
    df : DataFrame
    summary : ReportSummary
        Of the same frame.
    images : str, Path or mapping of str to path
        Folder under which the keys lie, or where each key's picture lies. Pictures that are not there are left out.
    reveal : bool
        Show pictures and texts; otherwise the picture is made too coarse to be read.
    """
    pictures: list[Picture] = []
    for key in dict.fromkeys(w.key for w in summary.worst):
        rows = df[df["key"] == key]
        source = _path_of(key, images)
        if source is None or rows["polygon"].notna().sum() == 0:
            continue
        if "job_id" in rows:
            rows = rows[rows["job_id"].isna() | (rows["job_id"] == rows["job_id"].iloc[-1])]
        try:
            pixels = load_upright(source)
        except ImageError as problem:
            _log.warning("no picture of %s in the report: %s", key, problem)
            continue
        if not reveal:
            pixels = coarse(pixels)
        pictures.append(_picture(rows, key, pixels, reveal=reveal))
        if len(pictures) == _MOST:
            break
    return pictures


def coarse(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture at the same size in blocks, `_COARSE` along the longer side."""
    import numpy as np
    from PIL import Image

    image = Image.fromarray(pixels)
    small = image.copy()
    small.thumbnail((_COARSE, _COARSE))
    return np.asarray(small.resize(image.size, Image.Resampling.NEAREST))


def _path_of(key: str, images: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]]) -> Path | None:
    if isinstance(images, Mapping):
        return Path(images[key]) if key in images else None
    folder = Path(images)
    path = folder / key
    # A key is a name from outside and may try to leave the folder.
    return path if path.is_file() and path.resolve().is_relative_to(folder.resolve()) else None


def _picture(rows: pd.DataFrame, key: str, pixels: NDArray[np.uint8], *, reveal: bool) -> Picture:
    from matplotlib.figure import Figure

    height, width = pixels.shape[:2]
    with style("light"):
        figure = Figure(figsize=(6.2, min(8.0, 6.2 * height / width)), layout="constrained", dpi=140)
        ax = plot_overlay(rows, pixels, ax=figure.subplots(), text=reveal, reveal=reveal, colorbar=False)
        notes = ax.get_xlabel()
        ax.set_xlabel("")
        file = io.BytesIO()
        figure.savefig(file, format="webp", transparent=True, pil_kwargs={"quality": 80})
    score = rows["score"].min()
    told = "; ".join(filter(None, ["no score" if pd.isna(score) else f"lowest score {score:g}", notes]))
    how = "" if reveal else "; the picture is made too coarse to be read"
    return Picture(
        "data:image/webp;base64," + b64encode(file.getvalue()).decode("ascii"),
        "",
        f"The card {key} with {plural(int(rows['polygon'].notna().sum()), 'field')} marked, {told}{how}.",
        f"{key}, {told}",
    )
