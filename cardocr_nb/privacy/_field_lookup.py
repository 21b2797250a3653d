"""The path of the picture that belongs to a key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cardocr_nb._key_forms import file_below

if TYPE_CHECKING:
    import os

Images: TypeAlias = "str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]]"


def image_path(key: str, images: Images) -> Path | None:
    """Find the picture of a card.

    Parameters
    ----------
    key : str
        Value of the column ``key``.
    images : str, Path or mapping of str to path
        Folder below which the keys are paths, or a mapping from key to path.

    Returns
    -------
    Path or None
        None if the file does not exist, or if the key leads out of the folder: keys come from outside.

    Examples
    --------
    >>> image_path("../../etc/passwd", ".") is None
    True
    """
    if isinstance(images, Mapping):
        path = Path(images[key]) if key in images else None
        return path if path is not None and path.is_file() else None
    return file_below(images, key)
