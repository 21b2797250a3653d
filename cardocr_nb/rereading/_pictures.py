"""Pictures of the cards that the embedded engine reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.errors import CardOCRError
from cardocr_nb.plot._image_sources import find_picture, pixels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.plot._image_sources import Images


class UnfinishedWarning(UserWarning):
    """Some cards or fields were not read; the message says why."""


def card_pixels(key: object, image: object, images: Images | None) -> NDArray[np.uint8] | None:
    """Upright pixels of a card, RGB; None if the picture is missing or damaged.

    Parameters
    ----------
    key : str
    image : str or missing
        File of the picture, if `images` is None.
    images : path, sequence, mapping or client, optional
    """
    try:
        if images is not None:
            pixels = find_picture(str(key), images)
        else:
            pixels = pixels_of(Path(image)) if isinstance(image, str) else None
    except (CardOCRError, OSError):
        return None
    if pixels is None:
        return None
    return np.stack([pixels] * 3, axis=2) if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, :3])
