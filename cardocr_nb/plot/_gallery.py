"""Crops of single fields with their texts."""

from __future__ import annotations

import unicodedata
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._text_safety import describe
from cardocr_nb.errors import ImageError
from cardocr_nb.plot._case_selection import Kind, pick_cases
from cardocr_nb.plot._field_crops import rectified
from cardocr_nb.plot._image_sources import Images, find_picture, picture_source, warn_if_none
from cardocr_nb.plot._picture_identity import OtherVersions
from cardocr_nb.plot._plot_data import corners, need
from cardocr_nb.plot._plot_fonts import PlotLanguage, plot_language
from cardocr_nb.plot._style import figure_of, new_axes
from cardocr_nb.privacy import mask_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from cardocr_nb._settings import Lang
    from cardocr_nb.quality._evaluation import Truth

_INCHES = 2.9
"""Width of a cell."""
_WIDE, _TALL, _LINE = 0.94, 0.16, 0.062
"""Width and height of a crop, and height of a line of its caption, in widths of a cell."""
_LINE_WIDTH = 46
"""Half widths of a Chinese character that fit into a line."""


def plot_gallery(
    df: pd.DataFrame,
    images: Images,
    *,
    kind: Kind = "scores",
    truth: Truth | None = None,
    other: pd.DataFrame | None = None,
    n: int = 12,
    columns: int = 3,
    ax: Axes | None = None,
    reveal: bool = False,
    lang: Lang | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw single fields, cropped along their polygons and rectified, with their texts.

    By default texts are masked, and a box with the size of the field replaces its crop: no pixel of it is shown.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it; fields without a polygon are skipped.
    images : path, mapping or client
        Folder of the images; mapping from keys to path, bytes, array or PIL image; or an object with a method
        ``download(key, path)``, such as a client.
    kind : {"scores", "worst", "checks", "flips"}, default "scores"
        Fields with the lowest scores; with the largest edit distance from `truth`; with a failed check; or with
        another text in `other`.
    truth : DataFrame or path of a CSV file, optional
        True texts, in the columns ``key``, ``field`` and ``text``; written below the recognized text.
    other : DataFrame, optional
        Another reading of the same images, for ``kind="flips"``.
    n : int, default 12
        Most fields to draw.
    columns : int, default 3
        Cells in a row.
    ax : Axes, optional
        Where to draw; by default a new figure as large as the cells need.
    reveal : bool, default False
        Show crops and texts as they are.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    **kwargs
        For `matplotlib.axes.Axes.imshow`.

    Returns
    -------
    Axes
        One image and one text a field. Empty, with a warning, if no field matches; without the crops of a picture that is another
        version of the one that was read, with a warning as well.

    Raises
    ------
    ValueError
        Unknown `kind`, its argument is missing, or `n` or `columns` is below 1.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> df = pd.DataFrame({"key": ["a.jpg"], "field": ["name"], "text": ["样本一"], "score": [70]})
    >>> df["polygon"] = [[(20, 20), (20, 40), (100, 40), (100, 20)]]
    >>> picture = np.full((100, 200, 3), 255, dtype=np.uint8)
    >>> ax = plot_gallery(df, {"a.jpg": picture}, lang="en", ax=Figure().subplots())
    >>> ax.texts[0].get_text().splitlines()[0]
    'Name 70  a.jpg'
    """
    if n < 1 or columns < 1:
        raise ValueError(f"n and columns must be 1 or more, got {describe(n)} and {describe(columns)}")
    need(df, "key", "field", "score", "text", "polygon")
    language = plot_language(lang, reveal=reveal)
    cases = pick_cases(df, kind, truth=truth, other=other, n=n)
    columns = min(columns, max(len(cases), 1))
    captions = [_caption(row, language, reveal=reveal) for _, row in cases.iterrows()]
    lines = max((len(c) for c in captions), default=1)
    height = _TALL + _LINE * (lines + 1.4)
    rows = max(1, -(-len(cases) // columns))
    if ax is None:
        ax = new_axes(columns * _INCHES, rows * height * _INCHES + 0.3)
    ax.set(xticks=[], yticks=[], xlim=(0, columns), ylim=(rows * height, 0))
    ax.spines[:].set_visible(False)
    if cases.empty:
        warnings.warn("no field of this kind has a polygon; the axes stay empty", UserWarning, stacklevel=2)
        return ax
    quads = corners(cases["polygon"])
    crops = _crops(cases["key"], quads, images, df) if reveal else []
    ax.set_aspect("equal")
    size = _font_size(ax)
    for i, caption in enumerate(captions):
        left, top = i % columns + 0.02, i // columns * height + 0.02
        if reveal:
            _draw_crop(ax, crops[i], (left, top), language, kwargs)
        else:
            _draw_box(ax, quads[i], (left, top))
        text = ax.text(left, top + _TALL + 0.3 * _LINE, "\n".join(caption), va="top", fontsize=size, linespacing=1.3)
        language.apply_font([text])
    ax.set_xlim(0, columns)
    ax.set_ylim(rows * height, 0)
    return ax


def _font_size(ax: Axes) -> float:
    """Font size in points with which a caption fits below its crop."""
    inches = ax.get_window_extent().width / figure_of(ax).dpi / (ax.get_xlim()[1] - ax.get_xlim()[0])
    return float(np.clip(10.0 * inches / _INCHES, 4.0, 9.0))


def _crops(
    keys: pd.Series, quads: NDArray[np.float64], images: Images, df: pd.DataFrame
) -> list[NDArray[np.uint8] | None]:
    """Crops of fields; each picture is decoded once, and one at a time."""
    crops: list[NDArray[np.uint8] | None] = [None] * len(keys)
    names = keys.astype("str").to_numpy()
    found, others, source = False, OtherVersions(), picture_source(images)
    for key in dict.fromkeys(names):
        try:
            photo = find_picture(key, source)
        except ImageError:
            found = True
            continue
        found |= photo is not None
        if photo is not None and not others.holds(photo, df[(df["key"] == key).to_numpy(bool, na_value=False)]):
            for place in np.flatnonzero(names == key):
                crops[place] = rectified(photo.pixels, photo.scaled(quads[place]))
    warn_if_none(found, names, source)
    others.warn()
    return crops


def _draw_crop(
    ax: Axes,
    crop: NDArray[np.uint8] | None,
    corner: tuple[float, float],
    language: PlotLanguage,
    kwargs: dict[str, Any],
) -> None:
    left, top = corner
    if crop is None:
        note = ax.text(left, top + _TALL / 2, language.message("no_picture"), va="center", fontsize="small")
        language.apply_font([note])
        return
    scale = min(_WIDE / crop.shape[1], _TALL / crop.shape[0])
    wide, tall = scale * crop.shape[1], scale * crop.shape[0]
    # Crops end where their captions begin, so that both are seen as one.
    bottom = top + _TALL
    ax.imshow(crop, **{"extent": (left, left + wide, bottom, bottom - tall), "interpolation": "auto", **kwargs})


def _draw_box(ax: Axes, quad: NDArray[np.float64], corner: tuple[float, float]) -> None:
    """Draw a box in the proportions of a field."""
    from matplotlib.patches import Rectangle

    left, top = corner
    width, height = (max(1.0, float(np.linalg.norm(quad[end] - quad[0]))) for end in (3, 1))
    scale = min(_WIDE / width, _TALL / height)
    wide, tall = scale * width, scale * height
    ax.add_patch(Rectangle((left, top + _TALL - tall), wide, tall, facecolor="#8080802e", edgecolor="#808080"))


def _caption(row: pd.Series, language: PlotLanguage, *, reveal: bool) -> list[str]:
    field = str(row["field"])
    kind = None if pd.isna(row["card_type"]) else str(row["card_type"])
    score = "–" if pd.isna(row["score"]) else f"{row['score']:g}"
    first = f"{language.field_names([field], kind)[field]} {score}  "
    lines = [first + _shortened(str(row["key"]), _LINE_WIDTH - _width(first), front=True)]
    for column in ("text", "other", "truth"):
        if column not in row.index:
            continue
        text = None if pd.isna(row[column]) else str(row[column])
        shown = language.message("nothing") if text is None else text if reveal else mask_text(text, field)
        lines.append(_shortened(_line(language, column, shown), _LINE_WIDTH))
    if "checks" in row.index:
        failed = ", ".join(language.messages.lookup("check", name) for name in str(row["checks"]).split(", "))
        lines.append(_shortened(_line(language, "failed", failed), _LINE_WIDTH))
    return [language.printable(line) for line in lines]


def _line(language: PlotLanguage, name: str, text: str) -> str:
    return language.message("line", name=language.message(name), text=text)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _shortened(text: str, width: int, *, front: bool = False) -> str:
    """A text cut to a width, in half widths of a Chinese character, at its end or at its front."""
    if _width(text) <= width:
        return text
    while text and _width(text) >= width:
        text = text[1:] if front else text[:-1]
    return f"…{text}" if front else f"{text}…"
