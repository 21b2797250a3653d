"""The pixels of an image file as people see them, reduced while they are decoded where that is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb._images._decoding_memory import refuse_by_memory
from cardocr_nb._images._image_headers import MAX_PIXELS, TRANSPOSED, damaged, file_content, open_image
from cardocr_nb.errors import ImageError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from cardocr_nb._images._image_headers import ImageInfo

_STRIP_PIXELS = 4_000_000
_WIDE_GRAY = ("I", "I;16", "I;16B", "I;16L", "I;16N")


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

    name, data = file_content(source)
    image, info = open_image(name, data)
    try:
        factor = _reduction(image.size, most_pixels)
        if factor > 1 and info.format == "JPEG":
            # Pillow takes the largest of 1, 2, 4 and 8 that leaves this size or more.
            image.draft("L" if gray else image.mode, (image.width // factor, image.height // factor))
            factor = _reduction(image.size, most_pixels)
        elif gray and info.format == "JPEG":
            image.draft("L", image.size)
        refuse_by_memory(name, image, info, factor, working_bytes)
        image.load()
        pixels = _gray(image, factor) if gray else _rgb(image, factor)
    except ImageError:
        raise
    except Exception as fault:  # noqa: BLE001 - readers raise anything on damaged files, AssertionError too
        damaged(name, info.format, fault)
    if info.orientation >= TRANSPOSED:
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
