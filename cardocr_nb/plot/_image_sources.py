"""Pictures from files, arrays, Pillow, bytes, a folder, or the bucket through a client."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, overload, runtime_checkable

import numpy as np

from cardocr_nb._images import load_upright
from cardocr_nb.errors import NotFoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

Picture: TypeAlias = "str | os.PathLike[str] | bytes | NDArray[np.uint8] | Image"
Images: TypeAlias = "str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Mapping[str, Picture] | Bucket"


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
        return load_upright(image if isinstance(image, str) else Path(image))
    if isinstance(image, bytes):
        return load_upright(image)
    if isinstance(image, np.ndarray):
        if image.ndim not in (2, 3):
            raise ValueError(f"an image array must have the shape (height, width[, 3 or 4]), got {image.shape}")
        return image
    from PIL import ImageOps

    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


@overload
def find_picture(key: str, images: Images) -> NDArray[np.uint8] | None: ...
@overload
def find_picture(key: str, images: Images, *, missing: Literal["raise"]) -> NDArray[np.uint8]: ...
def find_picture(key: str, images: Images, *, missing: Literal["none", "raise"] = "none") -> NDArray[np.uint8] | None:
    """Pixels of the picture with a key.

    Parameters
    ----------
    key : str
        Name of the image in the bucket.
    images : path, list, mapping or client
        Folder of the images, list of files, mapping from keys to pictures, or an object with a method
        ``download(key, path)``. A file of a list belongs to the key that ends like its path.
    missing : {"none", "raise"}, default "none"
        Return None, or raise, if the picture is missing.

    Returns
    -------
    ndarray of shape (height, width[, 3 or 4]), uint8, or None
        None if the picture is missing, or the key leads out of the folder.

    Raises
    ------
    NotFoundError
        The picture is missing and `missing` is "raise".
    ImageError
        The file is not a picture.

    Examples
    --------
    >>> picture = np.zeros((54, 85, 3), dtype=np.uint8)
    >>> find_picture("a.jpg", {"a.jpg": picture}).shape, find_picture("b.jpg", {"a.jpg": picture})
    ((54, 85, 3), None)
    """
    source = _locate(key, images)
    if source is None:
        if missing == "raise":
            raise NotFoundError("NoSuchKey", f"there is no picture of the key {key!r}", status=404)
        return None
    if isinstance(source, Bucket):
        try:
            with tempfile.TemporaryDirectory() as folder:
                return load_upright(source.download(key, Path(folder) / "object"))
        except NotFoundError:
            if missing == "raise":
                raise
            return None
    return pixels_of(source)


def _locate(key: str, images: Images) -> Picture | Bucket | None:
    if isinstance(images, Mapping):
        return images.get(key)
    if isinstance(images, Bucket):
        return images
    if isinstance(images, Sequence) and not isinstance(images, (str, bytes)):
        fitting = [image for image in images if same_ending(key, image)]
        return fitting[0] if len(fitting) == 1 else None
    folder = Path(images)
    path = folder / key
    # A key is a name from outside and may try to leave the folder.
    return path if path.is_file() and path.resolve().is_relative_to(folder.resolve()) else None


def same_ending(key: str, path: str | os.PathLike[str]) -> bool:
    """Whether the parts of a key and a path agree from the end, as far as both have parts.

    Examples
    --------
    >>> same_ending("front/1.jpg", "photos/front/1.jpg"), same_ending("front/1.jpg", "back/1.jpg")
    (True, False)
    """
    a, b = PurePosixPath(key).parts, Path(path).parts
    shared = min(len(a), len(b))
    return shared > 0 and a[-shared:] == b[-shared:]
