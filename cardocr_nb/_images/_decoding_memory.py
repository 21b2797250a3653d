"""The memory that a picture takes while it is decoded and worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb._free_memory import free_memory
from cardocr_nb.errors import ImageError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from cardocr_nb._images._image_headers import ImageInfo

MAX_MEMORY = 3 << 29
"""Bytes that a picture may take while it is decoded and worked on: 30 kB can promise 250 million pixels."""
_LITTLE = 16 << 20
"""Bytes that are taken without asking what is free: asking reads a dozen files of the system for each picture."""
_BYTES_IN_PILLOW = {"1": 1, "L": 1, "P": 1, "LA": 4, "PA": 4, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
"""Bytes of a pixel while Pillow holds it; 4 in all other modes."""
_BYTES_IN_DECODER = {"WEBP": 12, "HEIF": 8}
"""Bytes of a pixel that decoders hold in addition to the picture: libwebp's animation decoder two canvases, Pillow a copy;
libheif its planes, pillow_heif a copy."""
_BYTES_IN_PROGRESSIVE = 6
"""Bytes of a pixel that libjpeg holds for a progressive file: 16 bits for each of three channels, at any scale."""


def refuse_by_memory(name: str, image: ImageFile, info: ImageInfo, factor: int, working_bytes: int) -> None:
    """Raise if decoding a picture, or the work on its pixels, takes more memory than is allowed or free."""
    width, height = image.size
    result = 3 * (width // factor + 1) * (height // factor + 1)
    decoding = width * height * _BYTES_IN_PILLOW.get(image.mode, 4) + result
    if info.format in _BYTES_IN_DECODER:
        decoding += width * height * _BYTES_IN_DECODER[info.format]
    if image.info.get("progressive"):
        decoding += info.width * info.height * _BYTES_IN_PROGRESSIVE
    needed = max(decoding, result + width * height * working_bytes)
    free = free_memory() if needed > _LITTLE else None
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
