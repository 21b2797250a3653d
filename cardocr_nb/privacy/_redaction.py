"""Redact the picture of one card: cover the polygons of its fields.

Everything outside the polygons stays visible, the portrait too.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb._images import load_upright
from cardocr_nb.cards import expected_fields
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame._frame_schema import conform

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from PIL.Image import Image

    from cardocr_nb.polygon._corners import Floats

Method: TypeAlias = Literal["box", "blur"]

METHODS = ("box", "blur")
_MARGIN = 0.4
"""Margin around a polygon in field heights: polygons fit the glyphs tightly, and JPEG leaves traces around them."""
_LEAST = 4.0
_INK = (24, 24, 24)
_BLOCK = 12.0
_SAVED: dict[str, dict[str, int]] = {"JPEG": {"quality": 92}, "PNG": {}, "BMP": {}, "GIF": {}, "WEBP": {"quality": 92}}
_SUFFIXES = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".bmp": "BMP", ".gif": "GIF", ".webp": "WEBP"}


def redact(
    image: str | Path | bytes | Image,
    cards: pd.DataFrame,
    *,
    fields: Iterable[str] | None = None,
    method: Method = "box",
    key: str | None = None,
    complete: bool = True,
    out: str | os.PathLike[str] | None = None,
) -> Image:
    """Fill the fields of one card on its picture.

    Parameters
    ----------
    image : str, Path, bytes or PIL image
        The picture that was read. Its EXIF orientation is applied.
    cards : DataFrame
        As `cardocr_nb.to_frame` makes it; ``key, card_type, field, polygon`` are read. Where several jobs read the
        picture, the places that any of them gave are filled.
    fields : iterable of str, optional
        Canonical names of the fields to fill, by default all.
    method : {"box", "blur"}, default "box"
        ``box`` fills them with one dark color: nothing of them is left. Use it for pictures that are passed on.
        ``blur`` averages squares as high as the field, then blurs: the text is not readable, but some brightness is left,
        from which a text out of a short list can be guessed.
    key : str, optional
        Which card of the frame; by default the only one.
    complete : bool, default True
        Refuse a card if a field printed on its card type has no polygon: its text may be on the picture unread. False
        covers the polygons that exist, for cards that lack a field.
    out : str or Path, optional
        Also write the picture there, in the format of the ending.

    Returns
    -------
    PIL image
        RGB, upright, without metadata: no EXIF, thumbnail, XMP, color profile, comment or text of the file is kept.

    Raises
    ------
    InvalidRequestError
        A field to fill has no place, or none on this picture: it would go out readable. Or the method or the ending is
        another, or it is not clear which card is meant. Nothing was written.
    ImageError
        The file is not a picture.

    Examples
    --------
    >>> from PIL import Image
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> box = ((20, 20), (20, 40), (100, 40), (100, 20))
    >>> cards = to_frame(CardResult((Field("姓名", "样本", 98, box),), key="1.png"))
    >>> redact(Image.new("RGB", (120, 80), "white"), cards, fields=["name"]).getpixel((60, 30))
    (24, 24, 24)
    """
    if method not in METHODS:
        raise InvalidRequestError(f"method must be 'box' or 'blur', got {method!r}")
    kind = "" if out is None else _kind(Path(out))
    pixels = _pixels(image)
    rows = _rows(conform(cards), key)
    done = _filled(pixels, _places(rows, fields, complete=complete), method)
    if out is not None:
        save(done, Path(out), kind)
    return done


def save(image: Image, path: Path, kind: str) -> None:
    """Write a picture as ``JPEG``, ``PNG``, ``BMP``, ``GIF`` or ``WEBP``; it is encoded before the file is touched."""
    file = io.BytesIO()
    image.save(file, kind, **_SAVED[kind])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getvalue())


def _kind(path: Path) -> str:
    kind = _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InvalidRequestError(f"{path} must end in {', '.join(_SUFFIXES)}")
    return kind


def _rows(frame: pd.DataFrame, key: str | None) -> pd.DataFrame:
    if key is not None:
        return frame[frame["key"] == key]
    keys = frame["key"].nunique(dropna=False)
    if keys > 1:
        raise InvalidRequestError(f"the frame holds {keys} cards; say by key= which of them the picture shows")
    return frame


def _pixels(image: str | Path | bytes | Image) -> NDArray[np.uint8]:
    if isinstance(image, (str, Path, bytes)):
        return load_upright(image)
    from PIL import ImageOps

    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def _places(rows: pd.DataFrame, fields: Iterable[str] | None, *, complete: bool) -> list[tuple[str, Floats]]:
    """Fields to fill, each with its corners in wire order, shape (4, 2)."""
    points = polygon.ordered(rows["polygon"].array.to_points())
    names = [None if pd.isna(name) else str(name) for name in rows["field"]]
    read = {name for name in names if name is not None}
    printed = {name for kind in rows["card_type"].dropna().unique() for name in expected_fields(str(kind))}
    asked = read | printed if fields is None else {fields} if isinstance(fields, str) else set(fields)
    places = [
        (name, quad)
        for name, quad in zip(names, points, strict=True)
        if name is not None and name in asked and not np.isnan(quad).any()
    ]
    needed = asked & (read | (printed or asked)) if complete else asked & read
    lacking = sorted(needed - {name for name, _ in places})
    if not places:
        raise InvalidRequestError("no field to hide has a place, so that nothing can be hidden; read the picture again")
    if lacking:
        raise InvalidRequestError(
            f"no place is known of {', '.join(lacking)}, which may be on the picture; read it again, or hide it by hand"
            + ("; complete=False if it is not on the card" if complete and not set(lacking) & read else "")
        )
    return places


def _filled(pixels: NDArray[np.uint8], places: list[tuple[str, Floats]], method: Method) -> Image:
    from PIL import Image

    done = Image.fromarray(pixels)
    for name, quad in places:
        short = float(min(polygon.width(quad)[0], polygon.height(quad)[0]))
        cover = _cover(done.size, quad, max(_MARGIN * short, _LEAST))
        region = cover.getbbox()
        if region is None:
            raise InvalidRequestError(f"the place of {name} lies outside the picture; give the picture that was read")
        if method == "box":
            done.paste(_INK, mask=cover)
        else:
            done.paste(_blurred(done.crop(region), max(short, _BLOCK)), region, cover.crop(region))
    return done


def _cover(size: tuple[int, int], quad: Floats, margin: float) -> Image:
    """Return a mask of all pixels inside a polygon of any shape or within a margin of it."""
    from PIL import Image, ImageDraw

    far = float(4 * max(size))
    corners = [(float(x), float(y)) for x, y in np.clip(quad, -far, far)]
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    draw.polygon(corners, fill=255)
    draw.line([*corners, corners[0]], fill=255, width=2 * round(margin) + 1)
    for x, y in corners:
        draw.ellipse((x - margin, y - margin, x + margin, y + margin), fill=255)
    return mask


def _blurred(region: Image, block: float) -> Image:
    from PIL import Image, ImageFilter

    blocks = (max(1, int(region.width / block)), max(1, int(region.height / block)))
    small = region.resize(blocks, Image.Resampling.BOX)
    return small.resize(region.size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(block / 2))
