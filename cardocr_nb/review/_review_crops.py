"""Pictures of the panel: a rectified field, and the whole card with the field outlined."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from cardocr_nb import polygon
from cardocr_nb.plot._field_crops import rectified
from cardocr_nb.plot._image_sources import find_picture, picture_source
from cardocr_nb.plot._picture_identity import refuse_other_version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray
    from PIL.Image import Image

    from cardocr_nb.plot._image_sources import Images, Photo

_MARGIN = 0.35
"""Margin on each side, in heights of the field: adjacent characters show whether the position is correct."""
_HEIGHT = 200
_SIDE = 1400
_MARK = (255, 0, 144)


class Pictures:
    """The pictures of a queue; the last one stays decoded, since fields of one card often follow one another.

    Parameters
    ----------
    images : path, mapping or client
        Folder of the images, mapping from keys to pictures, or an object with a method ``download(key, path)``.
    """

    def __init__(self, images: Images) -> None:
        self._images = picture_source(images)
        self._last: tuple[str, Photo] | None = None

    def photo(self, key: str, places: NDArray[np.float64] | None = None, image: str | None = None) -> Photo:
        """Return the picture of a card.

        Parameters
        ----------
        key : str
        places : ndarray of shape (n, 4, 2), optional
            Polygons of all fields of the card.
        image : str, optional
            File that was read.

        Raises
        ------
        ImageError
            The file is not a picture.
        FileNotFoundError
            The picture is missing.
        ValueError
            The picture is another version of the one that was read, so that the places are wrong on it.
        """
        if self._last is None or self._last[0] != key:
            photo = find_picture(key, self._images)
            if photo is None:
                raise FileNotFoundError(f"the picture of {key} is missing; pass the folder of the images as images=")
            if places is not None:
                refuse_other_version(photo, places, image)
            self._last = key, photo
        return self._last[1]


def crop(photo: Photo, points: ArrayLike) -> bytes:
    """Crop a field and rectify it.

    Parameters
    ----------
    photo : Photo
    points : array_like of shape (4, 2)
        Top-left, bottom-left, bottom-right, top-right of the text, pixels.

    Returns
    -------
    bytes
        PNG, 200 pixels high, with a margin of a third of the field's height; gray beyond the picture's edge.
    """
    from PIL import Image

    straight = rectified(photo.pixels, photo.scaled(points), height=_HEIGHT, margin=_MARGIN)
    return _encoded(Image.fromarray(straight), "PNG")


def outlined(photo: Photo, points: ArrayLike | None) -> bytes:
    """Draw the outline of a field on the whole picture.

    Parameters
    ----------
    photo : Photo
    points : array_like of shape (4, 2) or None
        None draws nothing.

    Returns
    -------
    bytes
        JPEG, at most 1,400 pixels a side.
    """
    from PIL import Image, ImageDraw

    image = Image.fromarray(photo.pixels).convert("RGB")
    scale = min(1.0, _SIDE / max(image.size))
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    if points is not None:
        corners = polygon.ordered(photo.scaled(points))[0] * scale
        loop = [tuple(corner) for corner in (*corners, corners[0], corners[1])]
        draw = ImageDraw.Draw(image)
        draw.line(loop, fill="white", width=7, joint="curve")
        draw.line(loop, fill=_MARK, width=4, joint="curve")
    return _encoded(image, "JPEG")


def _encoded(image: Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, quality=88) if kind == "JPEG" else image.save(file, kind)
    return file.getvalue()
