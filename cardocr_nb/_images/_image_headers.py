"""The header of an image file: format, size and orientation, checked against the limits."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cardocr_nb._images._orientation import exif_orientation, xmp_orientation
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Exif
    from PIL.ImageFile import ImageFile

MAX_BYTES = 20_000_000
MAX_PIXELS = 250_000_000
MAX_SIDE = 30_000
_SIGNATURES = (
    ("JPEG", 0, b"\xff\xd8\xff"),
    ("PNG", 0, b"\x89PNG\r\n\x1a\n"),
    ("GIF", 0, b"GIF87a"),
    ("GIF", 0, b"GIF89a"),
    ("WEBP", 8, b"WEBP"),
    ("BMP", 0, b"BM"),
    ("AVIF", 4, b"ftypavi"),
    ("HEIF", 4, b"ftyphei"),
    ("HEIF", 4, b"ftyphev"),
    ("HEIF", 4, b"ftypmif1"),
    ("HEIF", 4, b"ftypmsf1"),
    ("TIFF", 0, b"II*\0"),
    ("TIFF", 0, b"MM\0*"),
    ("PDF", 0, b"%PDF-"),
    ("PSD", 0, b"8BPS"),
    ("JPEG 2000", 4, b"jP  \r\n\x87\n"),
    ("ICO", 0, b"\0\0\1\0"),
)
_SIGNATURE_BYTES = 16
TRANSPOSED = 5
"""EXIF orientation from which width and height are exchanged."""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Format, size and orientation from the header of an image.

    Attributes
    ----------
    format : str
        ``JPEG``, ``PNG``, ``BMP``, ``GIF``, ``WEBP`` or ``HEIF``.
    width, height : int
        Pixels of the upright image, EXIF orientation applied.
    orientation : int
        EXIF orientation, 1 to 8; 1 where the file has none.
    size_bytes : int
        Length of the file.
    """

    format: str
    width: int
    height: int
    orientation: int
    size_bytes: int


def image_format(start: bytes) -> str | None:
    """Return the format of an image file from its first 16 bytes, or None if it is not a known one.

    Examples
    --------
    >>> image_format(b"GIF89a"), image_format(b"%PDF-1.7"), image_format(b"hello")
    ('GIF', 'PDF', None)
    """
    return next((kind for kind, at, mark in _SIGNATURES if start.startswith(mark, at)), None)


def inspect(source: str | Path | bytes) -> ImageInfo:
    """Return format, size and orientation of an image file from its header.

    Parameters
    ----------
    source : str, Path or bytes
        Path of a file, or its content.

    Raises
    ------
    ImageError
        ``code`` is ``NoSuchFile``, ``EmptyFile``, ``FileTooLarge``, ``NotAnImage``, ``UnsupportedFormat``,
        ``AnimatedImage``, ``ImageTooLarge`` or ``DamagedImage``. Damage behind the header shows in `load_upright`.

    Examples
    --------
    >>> from io import BytesIO
    >>> from PIL import Image
    >>> file = BytesIO()
    >>> Image.new("RGB", (85, 54)).save(file, "PNG")
    >>> inspect(file.getvalue())
    ImageInfo(format='PNG', width=85, height=54, orientation=1, size_bytes=...)
    """
    name, data = file_content(source)
    return open_image(name, data)[1]


def file_content(source: str | Path | bytes) -> tuple[str, bytes]:
    """Return the name of a file for messages, and its content."""
    if isinstance(source, bytes):
        name, size = "the image", len(source)
    else:
        path = Path(source)
        name = shown_path(source).strip("'")
        try:
            found, folder = path.is_file(), path.is_dir()
            size = path.stat().st_size if found else 0
        except (OSError, ValueError):  # a zero byte, a name that is too long, a folder without permission
            found = folder = False
            size = -1
        if size < 0:
            raise ImageError("NoSuchFile", f"{name} cannot be looked up; check the path")
        if not found:
            what = "is a folder" if folder else "does not exist"
            raise ImageError("NoSuchFile", f"{name} {what}; give the path of a JPG, PNG, BMP, GIF or WebP file")
    if size > MAX_BYTES:
        raise ImageError(
            "FileTooLarge",
            f"{name} has {size / 1e6:.1f} MB, at most {MAX_BYTES / 1e6:.0f} MB are read; save it as JPEG or smaller",
        )
    if isinstance(source, bytes):
        data = source
    else:
        try:
            data = Path(source).read_bytes()
        except OSError as fault:
            raise ImageError(
                "NoSuchFile", f"{name} cannot be opened ({fault.strerror}); check its permissions"
            ) from fault
    if not data:
        raise ImageError("EmptyFile", f"{name} is empty (0 bytes); copy or download it again")
    return name, data


def open_image(name: str, data: bytes) -> tuple[ImageFile, ImageInfo]:
    """Open a file without decoding its pixels; `name` is for messages."""
    from PIL import Image

    kind = image_format(data[:_SIGNATURE_BYTES])
    if kind is None:
        raise ImageError("NotAnImage", f"{name} is not a picture; give a JPG, PNG, BMP, GIF or WebP file")
    opener = _heif_opener() if kind == "HEIF" else _openers().get(kind)
    if opener is None and kind == "HEIF":
        raise ImageError(
            "UnsupportedFormat",
            f"{name} is a HEIC or HEIF file, which needs the extra 'heif': pip install 'cardocr_nb[heif]'; "
            "or save it as JPG",
        )
    if opener is None:
        raise ImageError("UnsupportedFormat", f"{name} is a {kind} file; save it as JPG, PNG, BMP, GIF or WebP")
    try:
        image = opener(io.BytesIO(data), "")
        width, height = image.size
        too_large = width * height > MAX_PIXELS or max(width, height) > MAX_SIDE
        frames = 1 if kind == "HEIF" or too_large else 1 + bool(getattr(image, "is_animated", False))
    except Image.DecompressionBombError:
        raise ImageError(
            "ImageTooLarge", f"{name} is larger than Pillow opens safely; make it smaller, 2,000 pixels wide is plenty"
        ) from None
    except Exception as fault:  # noqa: BLE001 - as in `load_upright`
        damaged(name, kind, fault)
    if too_large:
        raise ImageError(
            "ImageTooLarge",
            f"{name} has {width:,} x {height:,} pixels, at most {MAX_PIXELS:,} in all and {MAX_SIDE:,} a side are "
            "read; make it smaller, 2,000 pixels wide is plenty for a card",
        )
    if frames > 1:
        raise ImageError("AnimatedImage", f"{name} has more than one frame; save one of them as JPG or PNG")
    orientation = exif_orientation(image.info.get("exif") or b"")  # HEIF files without EXIF have None
    if orientation is None:
        orientation = 1 if kind == "HEIF" else xmp_orientation(image)  # the decoder of HEIF turns pictures itself
    if orientation >= TRANSPOSED:
        width, height = height, width
    return image, ImageInfo(kind, width, height, orientation, len(data))


@cache
def _openers() -> dict[str, Callable[[io.BytesIO, str], ImageFile]]:
    """Pillow's readers, past ``Image.open``, whose limit is lower and can be changed for the whole process only."""
    from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    class Jpeg(JpegImagePlugin.JpegImageFile):
        def getexif(self) -> Exif:
            # Pillow looks here for the resolution, and warns about each oddity that it meets on the way.
            return Image.Exif()

    return {
        "JPEG": Jpeg,
        "PNG": PngImagePlugin.PngImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "WEBP": WebPImagePlugin.WebPImageFile,
    }


@cache
def _heif_opener() -> Callable[[io.BytesIO, str], ImageFile] | None:
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        return None
    opener: Callable[[io.BytesIO, str], ImageFile] = HeifImageFile
    return opener


def damaged(name: str, kind: str, fault: Exception) -> NoReturn:
    """Raise the error of a damaged file."""
    raise ImageError(
        "DamagedImage", f"{name} is a {kind} file, but cut off or corrupt ({fault}); copy or save it again"
    ) from fault
