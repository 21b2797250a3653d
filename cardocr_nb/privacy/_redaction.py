"""Redact the picture of one card: cover its fields and its portrait."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb._field_words import listed_fields
from cardocr_nb._images import load_upright
from cardocr_nb._text_safety import shown_choice
from cardocr_nb.cards import card_type as checked_card_type
from cardocr_nb.errors import ImageError, InvalidRequestError
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.privacy._continued_print import continued_print, text_direction
from cardocr_nb.privacy._coverage import MULTILINE, Place, places_of, required_fields
from cardocr_nb.privacy._neighbor_print import neighbor_print
from cardocr_nb.privacy._picture_files import FileId, file_ids, format_of, refuse_existing, save
from cardocr_nb.privacy._picture_match import refuse_other_picture
from cardocr_nb.privacy._portrait import portrait_corners
from cardocr_nb.privacy._pose import card_pose
from cardocr_nb.privacy._service_texts import FieldNames
from cardocr_nb.privacy._valid_from import valid_from_areas

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from PIL.Image import Image

    from cardocr_nb.local.engine import Engine
    from cardocr_nb.polygon._corners import Floats

Method: TypeAlias = Literal["box", "blur"]
Picture: TypeAlias = "str | os.PathLike[str] | bytes | NDArray[np.uint8] | Image"

METHODS = ("box", "blur")
_MARGIN = 0.4
"""Margin around a polygon in heights of its print: polygons fit the glyphs tightly, and JPEG leaves traces around them."""
_MIN_MARGIN = 4.0
_INK = (24, 24, 24)
_MIN_BLOCK = 12.0
_WORKING_BYTES = 12
"""Bytes of a pixel that covering and encoding hold in addition to the picture: a copy of 4, masks, what is written."""
_REPEATED = frozenset({"name", "licence_number", "id_number"})
"""Fields that other pages repeat."""


@dataclass(frozen=True, slots=True)
class RedactionOptions:
    """Options of `redact`, checked."""

    fields: tuple[str, ...] | None
    method: Method
    card_type: str | None
    complete: bool
    portrait: bool
    engine: Engine | None

    @classmethod
    def checked(
        cls,
        fields: Iterable[str] | None,
        method: str,
        card_type: str | None,
        *,
        complete: bool,
        portrait: bool | None,
        verify: bool,
    ) -> RedactionOptions:
        """Check the arguments; the engine is made if `verify` asks for it."""
        if method not in METHODS:
            raise InvalidRequestError(f"method must be 'box' or 'blur', got {shown_choice(method, METHODS)}")
        chosen = None if fields is None else (fields,) if isinstance(fields, str) else tuple(map(str, fields))
        engine = None
        if verify:
            from cardocr_nb.local.engine import Engine

            engine = Engine()
        return cls(
            chosen,
            "box" if method == "box" else "blur",
            None if card_type is None else str(checked_card_type(card_type)),
            complete,
            chosen is None if portrait is None else bool(portrait),
            engine,
        )


def redact(
    image: Picture,
    cards: pd.DataFrame,
    *,
    fields: Iterable[str] | None = None,
    method: Method = "box",
    key: str | None = None,
    card_type: str | None = None,
    complete: bool = True,
    portrait: bool | None = None,
    verify: bool = False,
    out: str | os.PathLike[str] | None = None,
) -> Image:
    """Cover the fields and the portrait of one card on its picture.

    The picture is refused, and nothing is written, unless each text to hide has a polygon that can cover it. The checks
    compare the area of a polygon with the length of its text and with the print of the whole card, and the places with
    the print on the picture. Print that continues a text beyond its polygon is covered with it, since a reading that lost
    characters has a polygon that lost them as well. The older form of the license has a date "valid from" left of the valid period, which is
    covered with it. Where other print lies next to the card, such as the second page of an open license, which
    repeats name and number, that side is covered as well, as far as one more card reaches. Other texts that were not read
    are not known: `verify` looks for them with the engine.

    Parameters
    ----------
    image : str, Path, bytes, ndarray or PIL image
        The picture that was read, in its size. Its EXIF orientation is applied.
    cards : DataFrame
        As `cardocr_nb.to_frame` makes it; ``key, card_type, field, text, polygon`` are read. If several jobs read the
        picture, the polygons of all of them are covered.
    fields : iterable of str, optional
        Canonical names of the fields to cover. By default all: those in the frame and those printed on the card type.
    method : {"box", "blur"}, default "box"
        ``box`` fills the places with one dark color: nothing of them is left. Use it for pictures that are passed on.
        ``blur`` averages squares as high as the field, then blurs: the text is not readable, but some brightness is left,
        from which a text out of a short list can be guessed.
    key : str, optional
        Key of the card; by default the only one in the frame.
    card_type : {"IDCard", "DriverLicense"}, optional
        Needed if the frame does not say it, as after ``recognize``.
    complete : bool, default True
        Refuse a card if a field to cover has no polygon: its text may be on the picture unread. False covers the polygons
        that exist, for cards that lack a field: what was not read stays visible, and if fewer than three fields agree on
        how the card lies, no page next to it is looked for. A text without a polygon is refused in both cases.
    portrait : bool, optional
        Cover the portrait, whose place follows from the places of at least three fields. By default True, and False if
        `fields` names what to cover.
    verify : bool, default False
        Read the redacted picture with the embedded engine (extra ``local``), and refuse it if a covered field, or a part
        of its text, is read again. Takes about a second.
    out : str or Path, optional
        Also write the picture to this file, in the format of its suffix. A file that exists is replaced only if it shows
        the same redaction, so that no original is overwritten.

    Returns
    -------
    PIL image
        RGB, upright, without metadata: no EXIF, thumbnail, XMP, color profile, comment or text of the file is kept.

    Raises
    ------
    InvalidRequestError
        A text would stay readable, an argument is wrong, or `out` is an original. Nothing was written.
    ImageError
        The file is not a picture, or damaged.
    MissingExtraError
        ``verify=True`` without the extra ``local``.

    See Also
    --------
    redact_folder : Redact the pictures of many cards.

    Examples
    --------
    >>> from PIL import Image
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> box = ((20, 20), (20, 60), (100, 60), (100, 20))
    >>> cards = to_frame(CardResult((Field("姓名", "样本", 98, box),), key="1.png"))
    >>> redact(Image.new("RGB", (120, 80), "white"), cards, fields=["name"]).getpixel((60, 30))
    (24, 24, 24)
    """
    options = RedactionOptions.checked(fields, method, card_type, complete=complete, portrait=portrait, verify=verify)
    target = None if out is None else (Path(out), format_of(Path(out)))
    originals = file_ids([image, getattr(image, "filename", None)])
    return redact_checked(image, cards, options, key=key, out=target, originals=originals)[0]


def redact_checked(
    image: Picture,
    cards: pd.DataFrame,
    options: RedactionOptions,
    *,
    key: str | None,
    out: tuple[Path, str] | None,
    originals: set[FileId],
) -> tuple[Image, tuple[str, ...]]:
    """Redact one picture with checked options and write it to a path in a format, unless it is one of `originals`.

    Returns the picture and the names of what was covered.
    """
    from PIL import Image

    rows = _rows_of_card(_conform(cards), key)
    known_type = _card_type(rows, options.card_type)
    pixels = _pixels(image)
    chosen, required = required_fields(rows, options.fields, known_type, complete=options.complete)
    places = places_of(rows, chosen, required, (pixels.shape[1], pixels.shape[0]))
    refuse_other_picture(pixels, _all_corners(rows))
    areas = _areas_without_fields(pixels, rows, known_type, options)
    places += _continued(pixels, rows, places, known_type)
    result, cover = _cover_places(pixels, places, [corners for _, corners in areas], options.method)
    if options.engine is not None:
        from cardocr_nb.privacy._verification import refuse_readable

        refuse_readable(result, rows, chosen, known_type, options.engine)
    if out is not None:
        refuse_existing(out[0], originals, pixels, result, cover)
    image_of_result = Image.fromarray(result)
    if out is not None:
        save(image_of_result, *out)
    names = FieldNames(reveal=False, words=True)
    return image_of_result, tuple(
        dict.fromkeys([*(names(place.field) for place in places), *(name for name, _ in areas)])
    )


def _areas_without_fields(
    pixels: NDArray[np.uint8], rows: pd.DataFrame, card_type: str | None, options: RedactionOptions
) -> list[tuple[str, Floats]]:
    """Names and corners of the portrait, of the date left of a valid period, and of print next to the card, such as a second page."""
    if options.portrait and card_type is None:
        raise InvalidRequestError(
            "the frame does not say which card the picture shows, so the place of the portrait is unknown; "
            "pass card_type=, or leave the portrait with portrait=False"
        )
    pose = None if card_type is None else card_pose(rows, card_type)
    areas = [("portrait", portrait_corners(pose))] if options.portrait else []
    if options.fields is None or "valid_period" in options.fields:
        areas += [("date valid from", corners) for corners in valid_from_areas(rows, pose)]
    if options.fields is None or not _REPEATED.isdisjoint(options.fields):
        if pose is not None:
            areas += [("print next to the card", corners) for corners in neighbor_print(pixels, pose)]
        elif options.fields is None and options.complete:
            raise InvalidRequestError(
                "too few fields agree on how the card lies, so that a second page next to it would not be noticed; "
                "cut the photo to the card and read it again, or pass complete=False"
            )
    return areas


def _continued(
    pixels: NDArray[np.uint8], rows: pd.DataFrame, places: list[Place], card_type: str | None
) -> list[Place]:
    """Places of print that continues the texts beyond their polygons."""
    from PIL import Image

    quads = _all_corners(rows)
    pose = None if card_type is None else card_pose(rows, card_type)
    ends = [*quads] if pose is None else [*quads, pose.corners(pose.layout.portrait)]
    gray, direction = np.asarray(Image.fromarray(pixels).convert("L")), text_direction(quads)
    return [
        Place(place.field, corners, place.height, 0.0, whole=True)
        for place in places
        if not place.whole
        for corners in continued_print(
            gray,
            place.corners,
            place.height,
            direction,
            [end for end in ends if not np.array_equal(end, place.corners)],
            rows=place.field in MULTILINE,
        )
    ]


def _conform(cards: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(cards, pd.DataFrame):
        raise InvalidRequestError(f"cards must be a DataFrame as to_frame makes it, got {type(cards).__name__}")
    return conform(cards)


def _rows_of_card(frame: pd.DataFrame, key: str | None) -> pd.DataFrame:
    if key is not None:
        rows = frame[frame["key"] == str(key)]
        if rows.empty:
            raise InvalidRequestError("the frame has no card with this key, so that nothing can be hidden")
        return rows
    keys = frame["key"].nunique(dropna=False)
    if keys > 1:
        raise InvalidRequestError(f"the frame holds {keys} cards; pass key= with the key of the picture's card")
    return frame


def _card_type(rows: pd.DataFrame, given: str | None) -> str | None:
    found = [str(kind) for kind in rows["card_type"].dropna().unique()]
    if len(found) > 1 or (given is not None and found not in ([], [given])):
        raise InvalidRequestError(
            "the card has more than one card type; keep the rows of one job, or correct card_type="
        )
    return given or (str(checked_card_type(found[0])) if found else None)


def _all_corners(rows: pd.DataFrame) -> Floats:
    corners: Floats = polygon.ordered(rows["polygon"].dropna().array.to_points()).astype(np.float64)
    return corners


def _pixels(image: Any) -> NDArray[np.uint8]:
    if isinstance(image, (str, os.PathLike)):
        return load_upright(image if isinstance(image, str) else Path(image), _WORKING_BYTES)
    if isinstance(image, bytes):
        return load_upright(image, _WORKING_BYTES)
    if isinstance(image, np.ndarray):
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise ImageError("NotAnImage", "an array must have the shape (height, width, 3) and the dtype uint8")
        return image
    from PIL import Image, ImageOps

    if not isinstance(image, Image.Image):
        raise ImageError("NotAnImage", f"image must be a path, bytes, array or PIL image, got {type(image).__name__}")
    try:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, ValueError, SyntaxError) as fault:
        raise ImageError(
            "DamagedImage", f"the image is cut off or corrupt ({type(fault).__name__}); copy or save it again"
        ) from fault


def _cover_places(
    pixels: NDArray[np.uint8], places: list[Place], areas: list[Floats], method: Method
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the pixels of the redacted picture, and which of them were covered."""
    result, total = pixels.copy(), np.zeros(pixels.shape[:2], dtype=bool)
    for place in places:
        cover = _cover(total.shape, _lengthened(place), max(_MARGIN * place.height, _MIN_MARGIN))
        if cover is None:
            raise InvalidRequestError(
                f"the place of {listed_fields([place.field])} lies outside the picture; give the picture that was read"
            )
        region, mask = cover
        total[region] |= mask
        result[region][mask] = (
            _INK if method == "box" else _blurred(result[region], max(place.height, _MIN_BLOCK))[mask]
        )
    for corners in areas:
        cover = _cover(total.shape, corners, 0.0)
        if cover is None:
            raise InvalidRequestError("the portrait lies outside the picture; leave it with portrait=False")
        region, mask = cover
        total[region] |= mask
        result[region][mask] = _INK
    return result, total


def _lengthened(place: Place) -> Floats:
    """Corners of a place with the missing length of its text added at both ends."""
    corners = place.corners.copy()
    pairs = ((0, 3), (1, 2)) if polygon.width(corners)[0] >= polygon.height(corners)[0] else ((0, 1), (3, 2))
    for start, end in pairs:
        along = place.corners[end] - place.corners[start]
        along = along / max(float(np.linalg.norm(along)), 1e-9)
        corners[start] -= place.missing_length * along
        corners[end] += place.missing_length * along
    return corners


def _cover(shape: tuple[int, ...], quad: Floats, margin: float) -> tuple[tuple[slice, slice], NDArray[np.bool_]] | None:
    """Return a region of a picture and which of its pixels are in a polygon of any shape or within a margin of it."""
    from PIL import Image, ImageDraw

    far = float(4 * max(shape))
    quad = np.clip(quad, -far, far)
    left, top = np.maximum(np.floor(quad.min(axis=0) - margin - 1), 0).astype(int).tolist()
    right, bottom = np.minimum(np.ceil(quad.max(axis=0) + margin + 2), shape[1::-1]).astype(int).tolist()
    if left >= right or top >= bottom:
        return None
    corners = [(float(x), float(y)) for x, y in quad - (left, top)]
    image = Image.new("1", (right - left, bottom - top))
    draw = ImageDraw.Draw(image)
    draw.polygon(corners, fill=1)
    if margin > 0:
        draw.line([*corners, corners[0]], fill=1, width=2 * round(margin) + 1)
        for x, y in corners:
            draw.ellipse((x - margin, y - margin, x + margin, y + margin), fill=1)
    mask = np.asarray(image)
    return ((slice(top, bottom), slice(left, right)), mask) if mask.any() else None


def _blurred(pixels: NDArray[np.uint8], block: float) -> NDArray[np.uint8]:
    from PIL import Image, ImageFilter

    region = Image.fromarray(pixels)
    blocks = (max(1, int(region.width / block)), max(1, int(region.height / block)))
    small = region.resize(blocks, Image.Resampling.BOX)
    return np.asarray(small.resize(region.size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(block / 2)))
