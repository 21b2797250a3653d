"""Texts for fields that have a place and no text."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb.cards import CardType
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers
from cardocr_nb.quality._cells import refuse_parts
from cardocr_nb.rereading._all_cores import engine_for, on_all_cores
from cardocr_nb.rereading._kept_readings import KeptReadings, fingerprint
from cardocr_nb.rereading._pictures import UnfinishedWarning, card_photo, not_found

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from cardocr_nb.plot._image_sources import Images

READ_BY = "read_by"
"""Column with the reader of each text: ``service`` or ``embedded``."""


def complete(
    df: pd.DataFrame,
    images: Images | None = None,
    *,
    results: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Recognize the fields for which the service gave a place and no text, with the embedded engine.

    The values are cut out along the polygons of the service and go through the recognizer, the field rules and the scores
    of the embedded engine. The card is not searched for: this takes about half the time of a full reading for ID cards and a third of
    it for licenses. Several cards are read at the same time.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    images : path, sequence, mapping or client, optional
        Folder below which the keys lie, list of files, picture of each key, or a client, which fetches them from its
        bucket. By default the files in the column ``image``.
    results : path, optional
        File in which the texts of the engine are kept. The same call reads only the cards that are not in it, also after the
        process was killed. It contains texts of cards; its mode is 0600.
    progress : bool, default True
        Show a bar.

    Returns
    -------
    DataFrame
        The same rows. ``text`` and ``score`` (0 to 100, of the embedded engine) are filled where the text was missing and
        there was a polygon; nothing else changes. The last column, ``read_by``, is ``service`` or ``embedded``, and missing
        where there is no text.

    Raises
    ------
    MissingExtraError
        The extra ``local`` is not installed.
    TypeError
        The frame is one of Dask.
    ValueError
        The file for results contains something else.

    Warns
    -----
    UnfinishedWarning
        Texts are missing and the frame has no polygon, pictures are missing or damaged, nothing was recognized within a polygon, or the call was interrupted. The frame
        contains all texts so far; called again on it, `complete` reads only what is still open.

    See Also
    --------
    cardocr_nb.run : With ``complete=True`` does this at the end.

    Examples
    --------
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> from cardocr_nb.specimen import draw
    >>> card = draw("IDCard", 7)
    >>> corners = tuple(tuple(map(int, p)) for p in card.polygons["name"])
    >>> places = to_frame(CardResult((Field("姓名", None, None, corners),), key="1.jpg")).assign(card_type="IDCard")
    >>> finished = complete(places, {"1.jpg": card.image}, progress=False)
    >>> bool(finished["text"].item() == card.texts["name"]), finished["read_by"].item()
    (True, 'embedded')
    """
    refuse_parts(df)
    frame = conform(df).copy()
    if READ_BY not in frame.columns:
        frame[READ_BY] = pd.Series("service", index=frame.index, dtype="str").where(frame["text"].notna())
    has_place = (frame["field"].notna() & frame["polygon"].notna()).to_numpy(bool)
    known = frame["card_type"].isin([str(kind) for kind in CardType]).to_numpy(bool)
    wanted = has_place & known & frame["text"].isna().to_numpy(bool)
    if wanted.any():
        trouble = _read_cards(frame, wanted, has_place, images, results, progress=progress)
    else:
        trouble = _why_nothing(frame, has_place)
    if trouble:
        warnings.warn(
            f"{trouble}; these rows keep their places, and complete() can be called again on the frame",
            UnfinishedWarning,
            stacklevel=3,
        )
    return frame


def _why_nothing(frame: pd.DataFrame, has_place: NDArray[np.bool_]) -> str:
    """Why no field of a frame can be read although texts are missing; empty if none is, or if the service gave places."""
    open_fields = (frame["field"].notna() & frame["text"].isna()).to_numpy(bool)
    if not open_fields.any():
        return ""
    if not has_place.any():
        return f"{open_fields.sum()} fields have no text, and the frame has no polygon to read them in"
    if unknown := int((open_fields & has_place).sum()):
        return f"{unknown} fields have a place and no text, but no card_type that says how to read them"
    return ""


def _read_cards(
    frame: pd.DataFrame,
    wanted: NDArray[np.bool_],
    has_place: NDArray[np.bool_],
    images: Images | None,
    results: str | os.PathLike[str] | None,
    *,
    progress: bool,
) -> str:
    """Fill the texts of the wanted rows, card by card; return what went wrong, empty if nothing."""
    from cardocr_nb.local.engine._region_reading import read_regions

    card = card_numbers(frame)
    rows_of = pd.Series(np.flatnonzero(has_place)).groupby(card[has_place]).agg(list)
    rows_of = rows_of[rows_of.index.isin(card[wanted])]
    corners = frame["polygon"].array.to_points()
    kind, field, keys, files = (frame[name].astype("str").tolist() for name in ("card_type", "field", "key", "image"))
    models = engine_for(len(rows_of)).loaded()
    found: dict[int, tuple[str, int]] = {}
    no_picture, trouble = 0, ""

    def read(rows: list[int]) -> dict[str, list[Any]] | None:
        """Text and score by field; None without a picture."""
        photo = card_photo(keys[rows[0]], files[rows[0]], images)
        if photo is None:
            return None
        pixels = photo.pixels
        regions = {field[row]: photo.scaled(corners[row]) for row in reversed(rows)}
        mark = fingerprint(pixels, "places", kind[rows[0]], {name: points.tolist() for name, points in regions.items()})
        texts: dict[str, list[Any]] | None = kept.get(mark)
        if texts is None:
            texts = {name: list(value) for name, value in read_regions(pixels, kind[rows[0]], regions, models).items()}
            kept.add(mark, texts)
        return texts

    with KeptReadings(results) as kept:
        cards = rows_of.tolist()
        try:
            for rows, texts in zip(
                cards, on_all_cores(read, cards, label="completing", progress=progress), strict=True
            ):
                no_picture += texts is None
                found |= {
                    row: (texts[field[row]][0], texts[field[row]][1])
                    for row in rows
                    if texts and wanted[row] and field[row] in texts
                }
        except KeyboardInterrupt:
            trouble = "interrupted"
    for place, name in enumerate(("text", "score")):
        column = frame[name].copy()
        column.iloc[list(found)] = [value[place] for value in found.values()]
        frame[name] = column
    by = frame[READ_BY].copy()
    by.iloc[list(found)] = "embedded"
    frame[READ_BY] = by
    empty = int(wanted.sum()) - len(found)
    if no_picture and not trouble:
        trouble = f"{no_picture} pictures are missing or damaged"
        if no_picture == len(cards):
            trouble += f": {not_found(frame[has_place], images)}"
    return trouble or (f"nothing was recognized within {empty} polygons" if empty else "")
