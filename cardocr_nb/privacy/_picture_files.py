"""Redacted pictures on disk: encoded first, written in one step, never over an original."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cardocr_nb._atomic import write_atomic
from cardocr_nb._images import inspect, load_upright
from cardocr_nb.errors import ImageError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

_OPTIONS: dict[str, dict[str, int]] = {
    "JPEG": {"quality": 92},
    "PNG": {},
    "BMP": {},
    "GIF": {},
    "WEBP": {"quality": 92},
}
_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".bmp": "BMP", ".gif": "GIF", ".webp": "WEBP"}
_SAME = 12.0
"""Mean difference in gray levels up to which two pictures are the same under the covers; JPEG changes 1 to 5."""

FileId = tuple[int, int]
Pixels: TypeAlias = "NDArray[np.uint8]"


def format_of(path: Path) -> str:
    """Return the format of a suffix: ``JPEG``, ``PNG``, ``BMP``, ``GIF`` or ``WEBP``."""
    found = _FORMATS.get(path.suffix.lower())
    if found is None:
        raise InvalidRequestError(f"out must end in {', '.join(_FORMATS)}")
    return found


def file_ids(paths: Iterable[object]) -> set[FileId]:
    """Return device and inode of the files that exist.

    Two names of one file share them: symbolic and hard links, relative paths, names in another case where the file system
    ignores case.
    """
    found = set()
    for path in paths:
        try:
            if isinstance(path, (str, os.PathLike)):
                status = os.stat(path)  # noqa: PTH116 - a mapping may hold str
                found.add((status.st_dev, status.st_ino))
        except (OSError, ValueError):
            continue
    return found


def refuse_nested(out: Path, images: Path) -> None:
    """Raise if one of two folders is the other or lies in it, by any name."""
    for inner, outer in ((out, images), (images, out)):
        if file_ids([outer]) & file_ids([inner.resolve(), *inner.resolve().parents]):
            raise InvalidRequestError(
                "out is the folder of the pictures themselves, or one lies in the other, so that originals could be "
                "overwritten; give a folder next to it"
            )


def refuse_existing(
    path: Path, originals: set[FileId], pixels: Pixels, redacted: Pixels, cover: NDArray[np.bool_]
) -> None:
    """Raise if a file to write exists, unless it shows the redacted picture already.

    So no original is overwritten, by any name and in any folder, and a redaction can be repeated.

    Parameters
    ----------
    path : Path
        File to write.
    originals : set of (device, inode)
        Files that were read.
    pixels, redacted : ndarray of shape (height, width, 3), uint8
        The picture before and after.
    cover : ndarray of shape (height, width), bool
        Where the two differ.
    """
    if not path.exists():
        return
    if file_ids([path]) & originals:
        raise InvalidRequestError("out is the original picture, by this or another name; give another name")
    height, width = pixels.shape[:2]
    try:
        info = inspect(path)
        existing = load_upright(path) if (info.width, info.height) == (width, height) else None
    except ImageError:
        existing = None
    if existing is not None and cover.any():
        shown = existing[cover].astype(np.int16)
        before, after = (float(np.abs(shown - other[cover]).mean()) for other in (pixels, redacted))
        if after < _SAME and 2 * after < before:
            return
    raise InvalidRequestError("out exists and does not show this redaction; it may be an original, give another name")


def save(image: Image, path: Path, kind: str) -> None:
    """Write a picture; the file is whole or not there, and a link is replaced, not followed."""
    encoded = io.BytesIO()
    image.save(encoded, kind, **_OPTIONS[kind])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, encoded.getvalue())
