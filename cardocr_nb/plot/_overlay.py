"""The fields of a card on its photo."""

from __future__ import annotations

import os
import textwrap
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb.plot._annotations import write_labels
from cardocr_nb.plot._image_sources import Bucket, Photo, Picture, find_picture, photo_of
from cardocr_nb.plot._picture_identity import refuse_other_version
from cardocr_nb.plot._plot_data import corners, need
from cardocr_nb.plot._plot_fonts import PlotLanguage, plot_language
from cardocr_nb.plot._row_selection import rows_of_image
from cardocr_nb.plot._style import figure_of, new_axes, new_grid, score_colors, score_norm
from cardocr_nb.privacy import mask_text

if TYPE_CHECKING:
    from typing import Literal

    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.path import Path as MplPath
    from numpy.typing import NDArray

    from cardocr_nb._settings import Lang
    from cardocr_nb.plot._image_sources import Images
    from cardocr_nb.plot._overlay_widget import OverlayWidget

_MOST_PIXELS = 2000
"""Pixels along a side above which a picture is subsampled for the screen."""


@overload
def plot_overlay(
    df: pd.DataFrame, image: Picture | Images, *, interactive: Literal[True], **options: Any
) -> OverlayWidget: ...
@overload
def plot_overlay(
    df: pd.DataFrame, image: list[Any] | Mapping[str, Picture], *, ax: NDArray[np.object_] | None = None, **options: Any
) -> NDArray[np.object_]: ...
@overload
def plot_overlay(df: pd.DataFrame, image: Picture | Images, *, ax: Axes | None = None, **options: Any) -> Axes: ...
def plot_overlay(
    df: pd.DataFrame,
    image: Picture | Images | list[Any],
    *,
    key: str | None = None,
    client: Bucket | None = None,
    ax: Axes | NDArray[np.object_] | None = None,
    text: bool = False,
    reveal: bool = False,
    truth: pd.DataFrame | None = None,
    colorbar: bool = True,
    interactive: bool = False,
    lang: Lang | None = None,
    **kwargs: Any,
) -> Axes | NDArray[np.object_] | OverlayWidget:
    """Draw the fields of one card on its picture, colored by score and labeled.

    A label is placed at the nearest position where it covers neither a field nor another label; if the picture has no
    room, next to it, in a smaller font if necessary.

    The picture is shown unmasked; `cardocr_nb.privacy.redact` blanks its fields.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it; the columns ``key``, ``field``, ``score`` (0–100) and ``polygon`` (pixels of the
        upright image, corners in any order) are read.
    image : str, Path, bytes, ndarray or PIL image; or a folder, client, list or mapping of them
        The picture. The EXIF orientation of a path, bytes or PIL image is applied; an array of shape (height, width),
        (height, width, 3) or (height, width, 4) is taken as it is. A folder of images and a client need the key of a card,
        or a frame of one card. A list of paths or keys, or a mapping from keys to pictures, is drawn as a grid.
    key : str, optional
        Key of the card; by default the only one, or the one whose key ends like the path of `image`.
    client : Client, optional
        Fetches the picture from the bucket, by ``download(key, path)``; `image` is then a key.
    ax : Axes, optional
        Where to draw; by default a new figure in the shape of the picture. For a grid an array of as many Axes as there
        are pictures.
    text : bool, default False
        Write the texts under the labels, masked.
    reveal : bool, default False
        Write them in full.
    truth : DataFrame, optional
        True places, in the columns ``field`` and ``polygon`` (and ``key``), drawn dashed.
    colorbar : bool, default True
        Show which color is which score.
    interactive : bool, default False
        Return a widget for JupyterLab instead: wheel zoom, details of a field on hover, keyboard. With a folder, list,
        mapping or client as `image` and no `key` it shows a whole run with a slider and filters.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    **kwargs
        For the `matplotlib.collections.PolyCollection` of the fields: ``linewidth``, ``cmap``, or ``norm``, which by
        default follows the scores of the whole frame.

    Returns
    -------
    Axes, ndarray of Axes, or OverlayWidget
        With the picture alone, and a warning, when the card has no polygon. For a list or mapping an array of shape (n,),
        one Axes a picture, with the key as its title.

    Raises
    ------
    ValueError
        A column is missing, it is not clear which card of the frame is meant, there are not as many axes as pictures, or
        the polygons do not fit on the picture: it has another size than the one that was read, or is a copy that was cropped,
        turned or mirrored.
    TypeError
        An array of Axes for one picture.
    NotFoundError
        The bucket does not contain the key.
    ImageError
        The file is not a picture.

    See Also
    --------
    plot_gallery : Crops of single fields of many cards.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> df = pd.DataFrame({"key": ["a.jpg"], "field": ["name"], "text": ["样本"], "score": [98]})
    >>> df["polygon"] = [np.array([(80, 40), (80, 60), (140, 60), (140, 40)])]
    >>> picture = np.full((120, 200, 3), 255, dtype=np.uint8)
    >>> ax = plot_overlay(df, picture, lang="en", ax=Figure().subplots())
    >>> [label.get_text() for label in ax.texts]
    ['Name 98']
    """
    need(df, "field", "score", "polygon", *(["text"] if text else []))
    if interactive:
        from cardocr_nb.plot._overlay_widget import overlay_widget

        if client is not None:
            image, key = client, str(image) if key is None else key
        return overlay_widget(df, image, key=key, reveal=reveal, lang=lang)
    kwargs = {"norm": score_norm(df["score"]), **kwargs}
    if isinstance(image, (list, Mapping)):
        options = {"text": text, "reveal": reveal, "truth": truth, **kwargs}
        return _grid(df, image, ax, colorbar=colorbar, client=client, lang=lang, **options)
    if isinstance(ax, np.ndarray):
        raise TypeError(f"one picture is drawn on one Axes, got {ax.size}; pass a list of pictures for a grid")
    rows, photo = _rows_and_photo(df, image, key, client)
    language = plot_language(lang, reveal=reveal)
    if ax is None:
        ax = new_axes(8.0, float(np.clip(7.2 * photo.size[1] / photo.size[0], 2.5, 10.0)))
    _draw_picture(ax, photo)
    if truth is not None:
        _draw_truth(ax, truth, key if key is not None else _only_key(rows))
    names = language.field_names(rows["field"], _card_type(rows))
    labels = _labels(rows, names, language, text=text, reveal=reveal)
    if not draw_fields(ax, rows, labels, language, dashed=truth is not None, colorbar=colorbar, **kwargs):
        warnings.warn("the card has no polygon to draw; only the picture is shown", UserWarning, stacklevel=2)
    return ax


def _rows_and_photo(df: pd.DataFrame, image: Any, key: str | None, client: Bucket | None) -> tuple[pd.DataFrame, Photo]:
    if client is not None:
        image, key = client, str(image) if key is None else key
    source: Any = image if isinstance(image, (str, os.PathLike)) and not Path(image).is_dir() else None
    rows = rows_of_image(df, source, key)
    rows = rows[rows["field"].notna()]
    if isinstance(image, Bucket) or (isinstance(image, (str, os.PathLike)) and Path(image).is_dir()):
        wanted = key if key is not None else _only_key(rows)
        photo = find_picture(str(wanted), image, _MOST_PIXELS**2, missing="raise")
    else:
        photo = photo_of(image, _MOST_PIXELS**2)
    _check_size(rows, *photo.size)
    quads = corners(rows["polygon"])
    file = rows["image"].iloc[0] if "image" in rows and len(rows) else None
    refuse_other_version(photo, quads[~np.isnan(quads).any(axis=(1, 2))], file)
    return rows, photo


def _check_size(rows: pd.DataFrame, width: int, height: int) -> None:
    """Raise when the polygons were read on a larger picture: they would be drawn at wrong places."""
    points = corners(rows["polygon"])
    points = points[~np.isnan(points).any(axis=(1, 2))]
    if not len(points):
        return
    centers = points.mean(axis=1)
    outside = ((centers < 0) | (centers > (width, height))).any(axis=1)
    if outside.mean() > 0.5:
        right, bottom = points.max(axis=(0, 1))
        raise ValueError(
            f"the polygons reach to ({right:g}, {bottom:g}) but the picture is {width} x {height}; pass the picture that was "
            "read, at its full size"
        )


def _draw_picture(ax: Axes, photo: Photo) -> None:
    pixels, (width, height) = photo
    step = -(-max(pixels.shape[:2]) // _MOST_PIXELS)
    cmap = "gray" if pixels.ndim == 2 else None
    ax.imshow(pixels[::step, ::step], cmap=cmap, extent=(-0.5, width - 0.5, height - 0.5, -0.5))
    ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
    ax.spines[:].set_visible(False)


def draw_fields(
    ax: Axes,
    rows: pd.DataFrame,
    labels: list[str],
    language: PlotLanguage,
    *,
    dashed: bool = False,
    colorbar: bool = False,
    **kwargs: Any,
) -> bool:
    """Draw and label the fields of a card on axes in pixels; return False if none has a polygon."""
    quads = polygon.ordered(corners(rows["polygon"]))
    placed = np.array([not np.isnan(quad).any() for quad in quads], dtype=bool)
    names = language.field_names(rows["field"], _card_type(rows))
    notes = _notes([names[f] for f in rows["field"].to_numpy()[~placed]], language, dashed=dashed)
    if placed.any():
        scores = rows["score"].to_numpy(dtype=float, na_value=np.nan)[placed]
        boxes = _draw_boxes(ax, quads[placed], scores, kwargs)
        if colorbar:
            scale = ax.inset_axes((1.02, 0.0, 0.025, 1.0))
            figure_of(ax).colorbar(boxes, cax=scale, extend="min")
            language.label_axes(scale, y="score")
        ax.set_xlabel("\n".join(notes))
        language.apply_font([ax.xaxis.label])
        shown = [label for label, has_place in zip(labels, placed, strict=True) if has_place]
        left_out = write_labels(ax, quads[placed], shown, boxes, language)
        notes += [language.message("no_room", left_out)] if left_out else []
    ax.set_xlabel("\n".join(notes))
    language.apply_font([ax.xaxis.label])
    return bool(placed.any())


def _card_type(rows: pd.DataFrame) -> str | None:
    kinds = list(rows["card_type"].dropna().unique()) if "card_type" in rows else []
    return str(kinds[0]) if len(kinds) == 1 else None


def _grid(
    df: pd.DataFrame,
    images: list[Any] | Mapping[str, Picture],
    axes: Axes | NDArray[np.object_] | None,
    *,
    colorbar: bool,
    lang: Lang | None,
    **options: Any,
) -> NDArray[np.object_]:
    """One picture an Axes, one color bar for all."""
    pairs = list(images.items()) if isinstance(images, Mapping) else [(None, image) for image in images]
    given = new_grid(len(pairs)) if axes is None else np.ravel(np.asarray(axes, dtype=object))
    if len(given) != len(pairs):
        raise ValueError(f"there are {len(pairs)} pictures and {len(given)} axes; pass as many axes as pictures")
    for (key, image), ax in zip(pairs, given, strict=True):
        plot_overlay(df, image, key=key, ax=ax, colorbar=False, lang=lang, **options)
        named = key if key is not None else str(image) if options["client"] is not None else Path(image).name
        ax.set_title(named, fontsize="small")
    drawn = [c for ax in given for c in ax.collections if c.get_label() == "fields"]
    if colorbar and drawn:
        scale = figure_of(given[0]).colorbar(drawn[0], ax=list(given), extend="min", shrink=0.8).ax
        plot_language(lang).label_axes(scale, y="score")
    return given


def _only_key(rows: pd.DataFrame) -> str | None:
    return None if "key" not in rows or rows.empty else str(rows["key"].iloc[0])


def _notes(without_place: list[str], language: PlotLanguage, *, dashed: bool) -> list[str]:
    notes = [language.message("dashed")] if dashed else []
    if without_place:
        fields = language.messages("lead.and").join(without_place)
        notes.append("\n".join(textwrap.wrap(language.message("without_place", fields=fields), 90)))
    return notes


def _draw_truth(ax: Axes, truth: pd.DataFrame, key: str | None) -> None:
    from matplotlib.collections import PolyCollection

    need(truth, "polygon")
    rows = truth[truth["key"] == key] if key is not None and "key" in truth else truth
    quads = polygon.ordered(corners(rows["polygon"]))
    quads = quads[~np.isnan(quads).any(axis=(1, 2))]
    look: dict[str, Any] = {"facecolors": "none", "edgecolors": "#000000", "linewidths": 1.0, "linestyles": "--"}
    ax.add_collection(PolyCollection([*quads], zorder=2.5, label="truth", **look), autolim=False)


def _draw_boxes(
    ax: Axes, quads: NDArray[np.float64], scores: NDArray[np.float64], kwargs: dict[str, Any]
) -> PolyCollection:
    from matplotlib.collections import PolyCollection

    halo = PolyCollection([*quads], facecolors="none", edgecolors="white", linewidths=4.0, alpha=0.6, label="halo")
    ax.add_collection(halo, autolim=False)
    # Inside the polygons it would cover the characters.
    halo.set_clip_path(_outside(ax, quads), transform=ax.transData)
    look: dict[str, Any] = {"cmap": score_colors(), "linewidth": 1.8, "label": "fields"}
    scored = np.ma.masked_invalid(scores)
    boxes = PolyCollection([*quads], facecolors="none", array=scored, zorder=2.2, **{**look, **kwargs})
    ax.add_collection(boxes, autolim=False)
    return boxes


def _outside(ax: Axes, quads: NDArray[np.float64]) -> MplPath:
    """All of the axes but the polygons, which run in the opposite direction."""
    from matplotlib.path import Path as MplPath

    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    wide, tall = abs(right - left), abs(high - low)
    x0, x1, y0, y1 = left - wide, right + 2 * wide, min(low, high) - tall, max(low, high) + tall
    around = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    return MplPath.make_compound_path(*(MplPath(c, closed=True) for c in _closed([around, *quads])))


def _closed(rings: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    return [np.vstack([ring, ring[:1]]) for ring in rings]


def _labels(
    rows: pd.DataFrame, names: dict[str, str], language: PlotLanguage, *, text: bool, reveal: bool
) -> list[str]:
    labels = []
    for field, score in zip(rows["field"], rows["score"], strict=True):
        labels.append(f"{names[field]} {'–' if pd.isna(score) else f'{score:g}'}")
    if not text:
        return labels
    for i, (field, read) in enumerate(zip(rows["field"], rows["text"], strict=True)):
        if not pd.isna(read):
            shown = str(read) if reveal else mask_text(str(read), field)
            labels[i] += "\n" + language.printable(textwrap.fill(shown, 18))
    return labels
