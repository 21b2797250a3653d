"""Which way up a picture is, from EXIF or XMP."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_ORIENTATION_TAG = 0x0112
_TIFF_LONG = 4
_XMP_ORIENTATION = re.compile(rb"""tiff:Orientation(?:\s*=\s*["']|>)\s*([1-8])\s*["'<]""")


def exif_orientation(exif: bytes) -> int | None:
    """Return tag 274 of the first directory (EXIF 2.32, 4.6.4), SHORT or LONG; 1 for another value, None where there is none."""
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


def xmp_orientation(image: ImageFile) -> int:
    """Return the property ``tiff:Orientation`` (XMP, part 2, 3.2), which editors write without EXIF; 1 where there is none."""
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    found = _XMP_ORIENTATION.search(xmp if isinstance(xmp, bytes) else str(xmp).encode())
    return int(found[1]) if found else 1
