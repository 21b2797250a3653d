"""Image files: their format, size and upright pixels.

The limits are the service's: JPG, PNG, BMP, GIF or WebP of one frame, at most 20 MB, 250 million pixels in all and
30,000 a side (the vendor's page for ``POST /jobs`` with Tag ``ImageLicenseRec``). A size is taken from the header, so a
picture that is too large is refused before its pixels are decoded.
"""

from __future__ import annotations

import io
import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Exif, Image
    from PIL.ImageFile import ImageFile

MAX_BYTES = 20_000_000
MAX_PIXELS = 250_000_000
MAX_SIDE = 30_000
MAX_MEMORY = 3 << 29
"""Bytes that a picture may take while it is decoded and worked on: 30 kB can promise 250 million pixels."""

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
_ORIENTATION_TAG = 0x0112
_TIFF_LONG = 4
_XMP_ORIENTATION = re.compile(rb"""tiff:Orientation(?:\s*=\s*["']|>)\s*([1-8])\s*["'<]""")
_TRANSPOSED = 5
_STRIP_PIXELS = 4_000_000
_BYTES_IN_PILLOW = {"1": 1, "L": 1, "P": 1, "LA": 4, "PA": 4, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
"""Bytes of a pixel while Pillow holds it; 4 in all other modes."""
_BYTES_IN_DECODER = {"WEBP": 12, "HEIF": 8}
"""Bytes of a pixel that decoders hold in addition to the picture: libwebp's animation decoder two canvases, Pillow a copy;
libheif its planes, pillow_heif a copy."""
_BYTES_IN_PROGRESSIVE = 6
"""Bytes of a pixel that libjpeg holds for a progressive file: 16 bits for each of three channels, at any scale."""
_WIDE_GRAY = ("I", "I;16", "I;16B", "I;16L", "I;16N")


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
    name, data = _content(source)
    return _open(name, data)[1]


def load_upright(source: str | Path | bytes, working_bytes: int = 0) -> NDArray[np.uint8]:
    """Decode a picture as people see it.

    The EXIF orientation is applied, transparent parts become white, 16-bit gray is scaled to 8.

    Parameters
    ----------
    source : str, Path or bytes
        Path of a file, or its content.
    working_bytes : int, default 0
        Bytes that the caller needs for each pixel later, in addition to the result. A picture that does not fit into the
        memory with them is refused.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        Red, green, blue.

    Raises
    ------
    ImageError
        As `inspect`, with code ``DamagedImage`` where the pixels are cut off or corrupt, and with code ``ImageTooLarge``
        where the picture needs more than 1.6 GB, or more memory than is free.

    Examples
    --------
    >>> from io import BytesIO
    >>> from PIL import Image
    >>> file, rotated = BytesIO(), Image.Exif()
    >>> rotated[0x0112] = 6
    >>> Image.new("RGB", (85, 54)).save(file, "JPEG", exif=rotated)
    >>> load_upright(file.getvalue()).shape
    (85, 54, 3)
    """
    return _decoded(source, MAX_PIXELS, working_bytes)[0]


def load_reduced(source: str | Path | bytes, most_pixels: int) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Decode a picture as `load_upright` does, reduced while it is decoded if it is larger than needed.

    The mean of whole blocks of pixels is taken, and JPEG files are decoded at a half, quarter or eighth. A palette
    picture of 250 million pixels then takes 250 MB while it is decoded, not 1 GB.

    Parameters
    ----------
    source : str, Path or bytes
        Path of a file, or its content.
    most_pixels : int
        Pixels of the result, at most.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        Red, green, blue.
    size : tuple of (int, int)
        Width and height of the upright picture before the reduction.

    Raises
    ------
    ImageError
        As `load_upright`.

    Examples
    --------
    >>> from io import BytesIO
    >>> from PIL import Image
    >>> file = BytesIO()
    >>> Image.new("P", (851, 540)).save(file, "PNG")
    >>> pixels, size = load_reduced(file.getvalue(), 120_000)
    >>> pixels.shape, size
    ((270, 426, 3), (851, 540))
    """
    pixels, info = _decoded(source, most_pixels)
    return pixels, (info.width, info.height)


def load_gray(source: str | Path | bytes, most_pixels: int) -> tuple[NDArray[np.uint8], ImageInfo]:
    """Decode the brightness of a picture as `load_reduced` does; of a JPEG file the colors are not decoded.

    Parameters
    ----------
    source : str, Path or bytes
        Path of a file, or its content.
    most_pixels : int
        Pixels of the result, at most.

    Returns
    -------
    pixels : ndarray of shape (height, width), uint8
    info : ImageInfo
        Of the picture before the reduction.

    Raises
    ------
    ImageError
        As `load_upright`.

    Examples
    --------
    >>> from io import BytesIO
    >>> from PIL import Image
    >>> file = BytesIO()
    >>> Image.new("RGB", (1600, 1200)).save(file, "JPEG")
    >>> pixels, info = load_gray(file.getvalue(), 500_000)
    >>> pixels.shape, info.width
    ((600, 800), 1600)
    """
    return _decoded(source, most_pixels, gray=True)


def _decoded(
    source: str | Path | bytes, most_pixels: int, working_bytes: int = 0, *, gray: bool = False
) -> tuple[NDArray[np.uint8], ImageInfo]:
    import numpy as np

    name, data = _content(source)
    image, info = _open(name, data)
    try:
        factor = _reduction(image.size, most_pixels)
        if factor > 1 and info.format == "JPEG":
            # Pillow takes the largest of 1, 2, 4 and 8 that leaves this size or more.
            image.draft("L" if gray else image.mode, (image.width // factor, image.height // factor))
            factor = _reduction(image.size, most_pixels)
        elif gray and info.format == "JPEG":
            image.draft("L", image.size)
        _refuse_by_memory(name, image, info, factor, working_bytes)
        image.load()
        pixels = _gray(image, factor) if gray else _rgb(image, factor)
    except ImageError:
        raise
    except Exception as fault:  # noqa: BLE001 - readers raise anything on damaged files, AssertionError too
        _damaged(name, info.format, fault)
    if info.orientation >= _TRANSPOSED:
        pixels = pixels.swapaxes(0, 1)
    # Axes to mirror once the transposition is done; EXIF 2.32, table of tag 274.
    mirror = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(info.orientation, ())
    return np.ascontiguousarray(np.flip(pixels, mirror)), info


def _reduction(size: tuple[int, int], most_pixels: int) -> int:
    """Return the least side of square blocks so that a picture has at most so many of them.

    Examples
    --------
    >>> _reduction((1000, 1000), 1_000_000), _reduction((1001, 1000), 1_000_000), _reduction((5000, 1), 1000)
    (1, 2, 5)
    """
    width, height = size
    factor = 1
    while -(-width // factor) * -(-height // factor) > most_pixels and factor < max(size):
        factor += 1
    return factor


def _content(source: str | Path | bytes) -> tuple[str, bytes]:
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


def _open(name: str, data: bytes) -> tuple[ImageFile, ImageInfo]:
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
        _damaged(name, kind, fault)
    if too_large:
        raise ImageError(
            "ImageTooLarge",
            f"{name} has {width:,} x {height:,} pixels, at most {MAX_PIXELS:,} in all and {MAX_SIDE:,} a side are "
            "read; make it smaller, 2,000 pixels wide is plenty for a card",
        )
    if frames > 1:
        raise ImageError("AnimatedImage", f"{name} has more than one frame; save one of them as JPG or PNG")
    orientation = _orientation(image.info.get("exif") or b"")  # HEIF files without EXIF have None
    if orientation is None:
        orientation = 1 if kind == "HEIF" else _orientation_of_xmp(image)  # the decoder of HEIF turns pictures itself
    if orientation >= _TRANSPOSED:
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


def _damaged(name: str, kind: str, fault: Exception) -> NoReturn:
    raise ImageError(
        "DamagedImage", f"{name} is a {kind} file, but cut off or corrupt ({fault}); copy or save it again"
    ) from fault


def _orientation(exif: bytes) -> int | None:
    """Tag 274 of the first directory (EXIF 2.32, 4.6.4), SHORT or LONG; 1 for another value, None where there is none."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(f"{order}HH", tiff, entry)
            if tag == _ORIENTATION_TAG:
                (value,) = struct.unpack_from(f"{order}{'I' if kind == _TIFF_LONG else 'H'}", tiff, entry + 8)
                return value if value in range(1, 9) else 1
    except struct.error:
        return None
    return None


def _orientation_of_xmp(image: ImageFile) -> int:
    """The property ``tiff:Orientation`` (XMP, part 2, 3.2), which editors write without EXIF; 1 where there is none."""
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    found = _XMP_ORIENTATION.search(xmp if isinstance(xmp, bytes) else str(xmp).encode())
    return int(found[1]) if found else 1


def _gray(image: ImageFile, factor: int) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    if image.mode == "L" and not image.has_transparency_data:
        return np.asarray(image.reduce(factor) if factor > 1 else image)
    return np.asarray(Image.fromarray(_rgb(image, factor)).convert("L"))


def _rgb(image: ImageFile, factor: int) -> NDArray[np.uint8]:
    """Convert and reduce strip by strip, so that the copies that Pillow makes on the way have the size of a strip."""
    import numpy as np
    from PIL import Image

    if image.mode in ("P", "PA") and (image.palette is None or not image.palette.palette):
        raise ValueError("the palette is missing")  # a strip would get one of gray levels
    width, height = image.size
    pixels = np.empty((-(-height // factor), -(-width // factor), 3), dtype=np.uint8)
    rows = max(1, _STRIP_PIXELS // width // factor) * factor
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        strip = _rgb_strip(image.crop((0, top, width, bottom)))
        if factor > 1:
            strip = np.asarray(Image.fromarray(strip).reduce(factor))
        pixels[top // factor : -(-bottom // factor)] = strip
    return pixels


def _rgb_strip(strip: Image) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    if strip.mode in _WIDE_GRAY:
        gray = np.clip(np.asarray(strip) >> 8, 0, 255).astype(np.uint8)
        return np.repeat(gray[:, :, None], 3, axis=2)
    if strip.has_transparency_data:
        paper = Image.new("RGBA", strip.size, "white")
        return np.asarray(Image.alpha_composite(paper, strip.convert("RGBA")).convert("RGB"))
    return np.asarray(strip.convert("RGB"))


def _refuse_by_memory(name: str, image: ImageFile, info: ImageInfo, factor: int, working_bytes: int) -> None:
    """Raise if decoding a picture, or the work on its pixels, takes more memory than is allowed or free."""
    width, height = image.size
    result = 3 * (width // factor + 1) * (height // factor + 1)
    decoding = width * height * _BYTES_IN_PILLOW.get(image.mode, 4) + result
    if info.format in _BYTES_IN_DECODER:
        decoding += width * height * _BYTES_IN_DECODER[info.format]
    if image.info.get("progressive"):
        decoding += info.width * info.height * _BYTES_IN_PROGRESSIVE
    needed = max(decoding, result + width * height * working_bytes)
    free = _free_memory()
    if needed > MAX_MEMORY:
        raise ImageError(
            "ImageTooLarge",
            f"{name} has {width:,} x {height:,} pixels, which take {needed / 1e9:.1f} GB of memory, at most "
            f"{MAX_MEMORY / 1e9:.1f} GB are used; make it smaller, 2,000 pixels wide is plenty for a card",
        )
    if free is not None and needed > free:
        raise ImageError(
            "ImageTooLarge",
            f"{name} has {width:,} x {height:,} pixels, which take {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are "
            "free; make it smaller, 2,000 pixels wide is plenty for a card",
        )


def _free_memory() -> int | None:
    """Return the bytes that this process may still take; None where the system does not say."""
    free: list[int] = []
    with suppress(OSError, ValueError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
            free.append(limit - used)
    return max(0, min(free)) if free else None
