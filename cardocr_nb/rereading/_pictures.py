"""Pictures of the cards that the embedded engine reads."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._key_forms import missing_pictures
from cardocr_nb.errors import CardOCRError
from cardocr_nb.plot._image_sources import find_picture, photo_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cardocr_nb.plot._image_sources import Images, Photo


_LOOKED_AT = 100


class UnfinishedWarning(UserWarning):
    """Some cards or fields were not read; the message says why."""


def not_found(frame: pd.DataFrame, images: Images | None) -> str:
    """Describe which pictures of a frame were looked for, and where, if none was found."""
    if images is None:
        if frame["image"].isna().all():
            return "the frame has no column image with files; pass images=, a folder below which the keys lie"
        return "the files in the column image are not there any more; pass images=, a folder below which the keys lie"
    said = missing_pictures(frame["key"].dropna().unique(), images)
    if any(isinstance(file, str) and Path(file).is_file() for file in frame["image"].unique()[:_LOOKED_AT]):
        return f"{said}; or leave out images=: the files in the column image are still there"
    return said


def others_found(reasons: Sequence[str]) -> str:
    """Describe pictures that are others than the service read, by reason.

    Examples
    --------
    >>> print(others_found(["places lie outside the picture"]))
    1 picture is not the one that the service read (1: places lie outside the picture); pass the folder of the pictures that were read, or remove the column image if its files have changed since
    """
    counted = ", ".join(f"{n}: {reason}" for reason, n in Counter(reasons).most_common())
    said = "1 picture is not the one" if len(reasons) == 1 else f"{len(reasons)} pictures are not those"
    return (
        f"{said} that the service read ({counted}); pass the folder of the pictures that were read, or remove the column "
        "image if its files have changed since"
    )


def card_photo(key: object, image: object, images: Images | None) -> Photo | None:
    """Return the picture of a card, RGB; None if it is missing or damaged.

    Parameters
    ----------
    key : str
    image : str or missing
        File of the picture, if `images` is None.
    images : path, sequence, mapping or client, optional
    """
    try:
        if images is not None:
            photo = find_picture(str(key), images)
        else:
            photo = photo_of(Path(image)) if isinstance(image, str) else None
    except (CardOCRError, OSError):
        return None
    if photo is None:
        return None
    pixels = photo.pixels
    colors = np.stack([pixels] * 3, axis=2) if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, :3])
    return photo._replace(pixels=colors)
