"""Texts for fields that have a place and no text."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from cardocr_nb.cards import CardType
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers
from cardocr_nb.plot._image_sources import picture_source
from cardocr_nb.plot._picture_identity import FOLDER, Identity, by_print, condemned, identity
from cardocr_nb.plot._reading_corners import reading_corners
from cardocr_nb.quality._cells import refuse_parts
from cardocr_nb.rereading._all_cores import engine_for, on_all_cores
from cardocr_nb.rereading._kept_readings import KeptReadings, fingerprint
from cardocr_nb.rereading._pictures import UnfinishedWarning, card_photo, not_found, others_found
from cardocr_nb.rereading._same_card import OTHER_NUMBER, same_card

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from cardocr_nb.plot._image_sources import Images

READ_BY = "read_by"
"""Column with the reader of each text: ``service`` or ``embedded``."""
LEFT_OPEN = "left_open"
"""Column with the reason why a field with a place still has no text."""
NO_PICTURE, OTHER_PICTURE, NOTHING, NOT_READ = "no picture", "other picture", "nothing recognized", "interrupted"
NO_PLACE, NO_TYPE, MIRRORED = "no place", "no card type", "mirrored picture"

_DOUBTFUL = 40
"""Median score of a card below which it is read as its mirror image, too. Mirrored specimens have 21 at most, right ones 99."""
_CLEARER = 30
"""Points by which the median score of a mirror image is higher if the picture is mirrored."""


def complete(
    df: pd.DataFrame,
    images: Images | None = None,
    *,
    results: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Recognize the fields for which the service gave a place and no text, with the embedded engine.

    The values are cut out along the polygons of the service and go through the recognizer, the field rules and the scores
    of the embedded engine. The card is not searched for: this takes less than half the time of a full reading. Several cards are read at
    the same time. The networks are loaded in the first call and kept.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    images : path, files, mapping or client, optional
        Folder below which the keys lie, list or column of files, picture of each key, or a client, which fetches them from
        its bucket. By default the files in the column ``image``.
    results : path, optional
        File in which the texts of the engine are kept. The same call reads only the cards that are not in it, also after the
        process was killed. It contains texts of cards; its mode is 0600.
    progress : bool, default True
        Show a bar.

    Returns
    -------
    DataFrame
        The same rows. ``text`` and ``score`` (0 to 100, of the embedded engine) are filled where the text was missing or empty
        and there was a polygon; nothing else changes. Two columns are added: ``read_by`` is ``service`` or ``embedded``, and
        missing where there is no text; ``left_open`` is ``no picture``, ``other picture``, ``nothing recognized``,
        ``mirrored picture``, ``interrupted``, ``no place`` or ``no card type`` where a field still has no text.

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
        Fields have neither a text nor a place, pictures are missing, damaged, mirrored or others than the service read, nothing
        was recognized within a polygon, or the call was interrupted. The frame contains all texts so far; called again on it,
        `complete` reads only what is still open.

    Notes
    -----
    A picture is the right one if it is the file in the column ``image`` and that has not changed since the job was created.
    Otherwise it is another one if that file shows other fields, if places lie outside it, if the number that the service read is
    that of another person, if the places fit the print clearly better after a shift, a turn or another size, or if print goes on
    beyond the ends of two places. Where at least two, and a quarter of the pictures that are not proven to be right, are others, none of these is read. A single
    picture of another card with texts of the same length in the same places is noticed only by the number, or by an unchanged
    file in the column ``image``.

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
    images = images if images is None else picture_source(images)
    frame = conform(df).copy()
    frame["text"] = frame["text"].where(frame["text"].str.strip() != "")
    if READ_BY not in frame.columns:
        frame[READ_BY] = pd.Series("service", index=frame.index, dtype="str").where(frame["text"].notna())
    has_place = (frame["field"].notna() & frame["polygon"].notna()).to_numpy(bool)
    known = frame["card_type"].isin([str(kind) for kind in CardType]).to_numpy(bool)
    wanted = has_place & known & frame["text"].isna().to_numpy(bool)
    frame[LEFT_OPEN] = pd.Series(None, index=frame.index, dtype="str")
    trouble = _read_cards(frame, wanted, has_place, images, results, progress=progress) if wanted.any() else ""
    trouble = "; ".join(filter(None, (trouble, _without_place_or_type(frame, has_place, known))))
    if trouble:
        warnings.warn(
            f"{trouble}; these rows keep their places, and complete() can be called again on the frame",
            UnfinishedWarning,
            stacklevel=3,
        )
    return frame


def completed(frame: pd.DataFrame) -> pd.Series:
    """Which texts are those of the embedded engine that `complete` has filled in."""
    if READ_BY not in frame.columns:
        return pd.Series(False, index=frame.index)
    return frame[READ_BY].eq("embedded").fillna(False).astype(bool)


def _without_place_or_type(frame: pd.DataFrame, has_place: NDArray[np.bool_], known: NDArray[np.bool_]) -> str:
    """Give the reason to fields that cannot be read, and count them."""
    unread = (frame["field"].notna() & frame["text"].isna()).to_numpy(bool)
    said = []
    for why, rows, counted in (
        (NO_PLACE, unread & ~has_place, "fields have neither a text nor a polygon to read them in"),
        (
            NO_TYPE,
            unread & has_place & ~known,
            "fields have a place and no text, but no card_type (IDCard or DriverLicense) that says how to read them",
        ),
    ):
        if rows.any():
            frame.loc[rows, LEFT_OPEN] = why
            said.append(f"{rows.sum()} {counted}")
    return "; ".join(said)


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
    card = card_numbers(frame)
    rows_of = pd.Series(np.flatnonzero(has_place)).groupby(card[has_place]).agg(list)
    cards = rows_of[rows_of.index.isin(card[wanted])].tolist()
    done: list[_Read] = []
    interrupted = False
    with KeptReadings(results) as kept:
        read = _reader(frame, images, kept, workers=len(cards))
        try:
            done += on_all_cores(read, cards, label="completing", progress=progress)
        except KeyboardInterrupt:
            interrupted = True
    done = _without_doubtful(done)
    field = frame["field"].astype("str").tolist()
    found: dict[int, list[Any]] = {}
    reasons = pd.Series(NOT_READ, index=range(len(frame)), dtype="str").where(wanted)
    for rows, one in zip(cards, done, strict=False):
        texts = one.texts or {}
        found |= {row: texts[field[row]] for row in rows if wanted[row] and field[row] in texts}
        reasons.iloc[[row for row in rows if wanted[row]]] = one.left_open or NOTHING
    reasons.iloc[list(found)] = None
    for place, name in enumerate(("text", "score")):
        column = frame[name].copy()
        column.iloc[list(found)] = [value[place] for value in found.values()]
        frame[name] = column
    by = frame[READ_BY].copy()
    by.iloc[list(found)] = "embedded"
    frame[READ_BY] = by
    frame[LEFT_OPEN] = reasons.set_axis(frame.index)
    if interrupted:
        return "interrupted"
    return "; ".join(filter(None, [_lost(done, frame[has_place], images), _unrecognized(reasons)]))


class _Read(NamedTuple):
    """Text and score by field of one card, or the reason why there are none."""

    known: Identity
    texts: dict[str, list[Any]] | None = None
    left_open: str = ""


def _reader(
    frame: pd.DataFrame, images: Images | None, kept: KeptReadings, *, workers: int
) -> Callable[[list[int]], _Read]:
    """Return a function from the rows of a card to its texts."""
    from cardocr_nb.local.engine._region_reading import read_regions

    corners = frame["polygon"].array.to_points()
    in_order = reading_corners(frame, frame)
    kind, field, keys, files = (frame[name].astype("str").tolist() for name in ("card_type", "field", "key", "image"))
    given = frame["text"].astype("str").tolist()
    created = frame["created"].tolist()
    models = engine_for(workers).loaded()

    def read(rows: list[int]) -> _Read:
        photo = card_photo(keys[rows[0]], files[rows[0]], images)
        if photo is None:
            return _Read(Identity(False), left_open=NO_PICTURE)
        known = identity(photo, corners[rows], files[rows[0]], images, created[rows[0]])
        known = by_print(known, photo, in_order[rows])
        if known.reason:
            return _Read(known, left_open=OTHER_PICTURE)
        pixels = photo.pixels
        regions = {field[row]: photo.scaled(corners[row]) for row in reversed(rows)}
        mark = fingerprint(pixels, "places", kind[rows[0]], {name: points.tolist() for name, points in regions.items()})
        texts: dict[str, list[Any]] | None = kept.get(mark)
        if texts is None:
            texts = {name: list(value) for name, value in read_regions(pixels, kind[rows[0]], regions, models).items()}
            if _is_mirrored(texts, lambda: read_regions(*_mirror_image(pixels, kind[rows[0]], regions), models)):
                return _Read(Identity(False), left_open=MIRRORED)
            kept.add(mark, texts)
        own = {name: value[0] for name, value in texts.items()}
        same = same_card({field[row]: given[row] for row in rows}, own, same_place=True)
        if same is False:
            return _Read(Identity(False, OTHER_NUMBER), left_open=OTHER_PICTURE)
        return _Read(Identity(known.proven or bool(same)), texts)

    return read


def _is_mirrored(
    texts: Mapping[str, Sequence[Any]], read_mirror_image: Callable[[], Mapping[str, Sequence[Any]]]
) -> bool:
    """Whether the mirror image of a picture on which next to nothing was recognized is read far better."""
    scores = [value[1] for value in texts.values()]
    if not scores or np.median(scores) >= _DOUBTFUL:
        return False
    clear = [value[1] for value in read_mirror_image().values()]
    return bool(clear) and bool(np.median(clear) >= np.median(scores) + _CLEARER)


def _mirror_image(
    pixels: NDArray[np.uint8], kind: str, regions: Mapping[str, NDArray[np.float64]]
) -> tuple[NDArray[np.uint8], str, dict[str, NDArray[np.float64]]]:
    last = pixels.shape[1] - 1
    turned = {name: np.array([last, 0]) + points * (-1, 1) for name, points in regions.items()}
    return np.ascontiguousarray(pixels[:, ::-1]), kind, turned


def _without_doubtful(done: list[_Read]) -> list[_Read]:
    """Drop the texts of unproven pictures if many others of the same source are wrong."""
    with_picture = [one.known for one in done if one.left_open != NO_PICTURE]
    if not condemned(with_picture):
        return done
    doubtful = _Read(Identity(False, FOLDER), left_open=OTHER_PICTURE)
    return [doubtful if one.texts is not None and not one.known.proven else one for one in done]


def _lost(done: list[_Read], placed: pd.DataFrame, images: Images | None) -> str:
    """Count the cards without a picture, and with another one."""
    said = []
    if missing := sum(one.left_open == NO_PICTURE for one in done):
        where = f": {not_found(placed, images)}" if missing == len(done) else ""
        said.append(f"{missing} pictures are missing or damaged{where}")
    if mirrored := sum(one.left_open == MIRRORED for one in done):
        said.append(
            f"{mirrored} pictures are mirrored, so that the service saw no text; pass photos that were not mirrored to it"
        )
    if others := [one.known.reason for one in done if one.left_open == OTHER_PICTURE]:
        said.append(others_found(others))
    return "; ".join(said)


def _unrecognized(reasons: pd.Series) -> str:
    empty = int((reasons == NOTHING).sum())
    return f"nothing was recognized within {empty} polygons" if empty else ""
