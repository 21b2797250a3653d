"""Pictures from files, arrays, Pillow, bytes, a folder, or the bucket through a client."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import numpy as np

from cardocr_nb._images import load_upright
from cardocr_nb.errors import NotFoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

Picture: TypeAlias = "str | os.PathLike[str] | bytes | NDArray[np.uint8] | Image"
Images: TypeAlias = "str | os.PathLike[str] | Mapping[str, Picture] | Bucket"


@runtime_checkable
class Bucket(Protocol):
    """An object that downloads an object of the bucket into a file, such as `cardocr_nb.Client`."""

    def download(self, key: str, path: str | Path) -> Path:
        """Write the object to `path`, which may be a folder, and return the file."""


def pixels_of(image: Picture) -> NDArray[np.uint8]:
    """Pixels of a picture as people see it.

    Parameters
    ----------
    image : path, bytes, ndarray or PIL image
        The EXIF orientation of all but an array is applied.

    Returns
    -------
    ndarray of shape (height, width), (height, width, 3) or (height, width, 4), uint8

    Raises
    ------
    ValueError
        An array has another shape.
    ImageError
        The file or the bytes are not a picture.

    Examples
    --------
    >>> pixels_of(np.zeros((54, 85, 3), dtype=np.uint8)).shape
    (54, 85, 3)
    """
    if isinstance(image, (str, os.PathLike)):
        return load_upright(Path(image))
    if isinstance(image, bytes):
        return load_upright(image)
    if isinstance(image, np.ndarray):
        if image.ndim not in (2, 3):
            raise ValueError(f"an image array must have the shape (height, width[, 3 or 4]), got {image.shape}")
        return image
    from PIL import ImageOps

    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def fetched(key: str, bucket: Bucket) -> NDArray[np.uint8]:
    """Pixels of an object of the bucket.

    Raises
    ------
    NotFoundError
        The bucket does not contain the key.
    ImageError
        The object is not a picture.
    """
    with tempfile.TemporaryDirectory() as folder:
        return load_upright(bucket.download(key, Path(folder) / "object"))


def find_picture(key: str, images: Images) -> NDArray[np.uint8] | None:
    """Pixels of the picture with a key.

    Parameters
    ----------
    key : str
        Name of the image in the bucket.
    images : path, mapping or client
        Folder of the images, mapping from keys to pictures, or an object with a method ``download(key, path)``.

    Returns
    -------
    ndarray of shape (height, width[, 3 or 4]), uint8, or None
        None if the picture is missing, or the key leads out of the folder.

    Raises
    ------
    ImageError
        The file is not a picture.

    Examples
    --------
    >>> picture = np.zeros((54, 85, 3), dtype=np.uint8)
    >>> find_picture("a.jpg", {"a.jpg": picture}).shape, find_picture("b.jpg", {"a.jpg": picture})
    ((54, 85, 3), None)
    """
    if isinstance(images, Mapping):
        return pixels_of(images[key]) if key in images else None
    if isinstance(images, Bucket):
        try:
            return fetched(key, images)
        except NotFoundError:
            return None
    folder = Path(images)
    path = folder / key
    # A key is a name from outside and may try to leave the folder.
    return load_upright(path) if path.is_file() and path.resolve().is_relative_to(folder.resolve()) else None
