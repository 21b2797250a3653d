"""Pictures from files, arrays, Pillow, bytes, a folder, or the bucket through a client."""

from __future__ import annotations

import glob
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, overload, runtime_checkable

import numpy as np

from cardocr_nb._argument_kinds import is_missing, members
from cardocr_nb._images import load_reduced
from cardocr_nb._key_forms import file_below, missing_pictures
from cardocr_nb._text_safety import describe
from cardocr_nb.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray
    from PIL.Image import Image

Picture: TypeAlias = "str | os.PathLike[str] | bytes | NDArray[np.uint8] | Image | Photo"
MOST_PIXELS = 25_000_000
"""Pixels to which a picture is reduced while it is decoded: as many as the embedded engine looks at."""

Images: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | Mapping[str, Picture] | Bucket"


@runtime_checkable
class Bucket(Protocol):
    """An object that downloads an object of the bucket into a file, such as `cardocr_nb.Client`."""

    def download(self, key: str, path: str | Path) -> Path:
        """Write the object to `path`, which may be a folder, and return the file."""


class Photo(NamedTuple):
    """A picture for the screen or for crops.

    Attributes
    ----------
    pixels : ndarray of shape (height, width), (height, width, 3) or (height, width, 4), uint8
        Upright, reduced if the picture is large.
    size : tuple of (int, int)
        Width and height of the whole picture, to which polygons refer.
    """

    pixels: NDArray[np.uint8]
    size: tuple[int, int]

    def scaled(self, points: ArrayLike) -> NDArray[np.float64]:
        """Points of the whole picture, shape (..., 2), in pixels of `pixels`.

        Examples
        --------
        >>> Photo(np.zeros((20, 40, 3), np.uint8), (80, 40)).scaled([(80, 40), (8, 4)]).tolist()
        [[40.0, 20.0], [4.0, 2.0]]
        """
        scaled: NDArray[np.float64] = np.asarray(points, dtype=np.float64) * self._factors
        return scaled

    def unscaled(self, points: ArrayLike) -> NDArray[np.float64]:
        """Points of `pixels`, shape (..., 2), in pixels of the whole picture."""
        whole: NDArray[np.float64] = np.asarray(points, dtype=np.float64) / self._factors
        return whole

    @property
    def _factors(self) -> NDArray[np.float64]:
        return np.array([self.pixels.shape[1] / self.size[0], self.pixels.shape[0] / self.size[1]])


def photo_of(image: Picture, most_pixels: int = MOST_PIXELS) -> Photo:
    """Read a picture as people see it.

    Parameters
    ----------
    image : path, bytes, ndarray, PIL image or Photo
        The EXIF orientation of paths, bytes and PIL images is applied.
    most_pixels : int, default 25,000,000
        A file with more pixels is reduced while it is decoded.

    Returns
    -------
    Photo

    Raises
    ------
    TypeError
        The image is something else, or an array has another dtype.
    ValueError
        An array has another shape.
    ImageError
        The file or the bytes are not a picture.

    Examples
    --------
    >>> photo_of(np.zeros((54, 85, 3), dtype=np.uint8)).size
    (85, 54)
    """
    if isinstance(image, Photo):
        return image
    if isinstance(image, (str, os.PathLike)):
        return Photo(*load_reduced(image if isinstance(image, str) else Path(image), most_pixels))
    if isinstance(image, bytes):
        return Photo(*load_reduced(image, most_pixels))
    if isinstance(image, np.ndarray):
        if image.ndim not in (2, 3):
            raise ValueError(f"an image array must have the shape (height, width[, 3 or 4]), got {image.shape}")
        if image.dtype != np.uint8:
            advice = "; levels from 0 to 1 are (255 * image).astype('uint8')" if image.dtype.kind == "f" else ""
            raise TypeError(f"an image array must have the dtype uint8, 0 to 255, got {image.dtype}{advice}")
        return Photo(image, (image.shape[1], image.shape[0]))
    from PIL import Image, ImageOps

    if not isinstance(image, Image.Image):
        raise TypeError(f"a picture must be a path, bytes, an array or an image of Pillow, got {describe(image)}")
    upright = ImageOps.exif_transpose(image).convert("RGB")
    return Photo(np.asarray(upright), upright.size)


@overload
def find_picture(key: str, images: Images, most_pixels: int = ...) -> Photo | None: ...
@overload
def find_picture(key: str, images: Images, most_pixels: int = ..., *, missing: Literal["raise"]) -> Photo: ...
def find_picture(
    key: str, images: Images, most_pixels: int = MOST_PIXELS, *, missing: Literal["none", "raise"] = "none"
) -> Photo | None:
    """Read the picture with a key.

    Parameters
    ----------
    key : str
        Name of the image in the bucket.
    images : path, list, mapping or client
        Folder of the images, list or column of files, mapping from keys to pictures, or an object with a method
        ``download(key, path)``. A file of a list belongs to the key that ends like its path, one of a column to the key in
        the index, if that holds keys.
    most_pixels : int, default 25,000,000
        A file with more pixels is reduced while it is decoded.
    missing : {"none", "raise"}, default "none"
        Return None, or raise, if the picture is missing.

    Returns
    -------
    Photo or None
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
    >>> find_picture("a.jpg", {"a.jpg": picture}).size, find_picture("b.jpg", {"a.jpg": picture})
    ((85, 54), None)
    """
    source = _locate(key, images)
    if source is None:
        if missing == "raise":
            raise NotFoundError("NoSuchKey", f"there is no picture of the key {key!r}", status=404)
        return None
    if isinstance(source, Bucket):
        try:
            with tempfile.TemporaryDirectory() as folder:
                return photo_of(source.download(key, Path(folder) / "object"), most_pixels)
        except NotFoundError:
            if missing == "raise":
                raise
            return None
    return photo_of(source, most_pixels)


def _locate(key: str, images: Images) -> Picture | Bucket | None:
    source = picture_source(images)
    if isinstance(source, Mapping):
        return source.get(key)
    return source if isinstance(source, Bucket) else file_below(source, key)


def picture_source(images: Images) -> str | os.PathLike[str] | Mapping[str, Picture] | Bucket:
    """Return files as a mapping in which a key finds its file; other sources as they are.

    A function that looks for many pictures calls it once: files may be a generator, and are sorted by name here.

    Parameters
    ----------
    images : path, files, mapping or client
        Files are one file, a pattern, a list, a generator, an array, an index or a column of a table, whose index may hold
        the keys.

    Raises
    ------
    TypeError
        They are something else.

    Examples
    --------
    >>> picture_source(["photos/a/1.jpg", "photos/b/1.jpg"]).get("b/1.jpg")
    'photos/b/1.jpg'
    """
    if isinstance(images, str | os.PathLike):
        files = [images] if Path(images).is_file() else _matches(os.fspath(images))
        return _Files([(None, one) for one in files]) if files else images
    if isinstance(images, Mapping | Bucket):
        return images
    given = members(images)
    index: Any = None if hasattr(images, "columns") else getattr(images, "index", None)
    keys = index if len(getattr(index, "shape", ())) == 1 else [None] * len(given)
    known = [(key, one) for key, one in zip(keys, given, strict=True) if not is_missing(one)]
    wrong = next((one for _, one in known if not isinstance(one, str | os.PathLike)), None)
    if wrong is not None:
        what = f"a list with {describe(wrong)}" if wrong is not images else describe(wrong)
        advice = "; pass its column of files, such as cards['image']" if hasattr(wrong, "columns") else ""
        raise TypeError(
            f"images must be a folder, a list of files, a mapping from keys to pictures, or a client, got {what}{advice}"
        )
    return _Files(known)


def _matches(pattern: str) -> list[str]:
    return glob.glob(pattern, recursive=True) if glob.has_magic(pattern) and not Path(pattern).is_dir() else []  # noqa: PTH207


class _Files(Mapping[str, "str | os.PathLike[str]"]):
    """Files with a key, or without one: those belong to the key that ends like their path. Of several files none is taken."""

    def __init__(self, files: Iterable[tuple[object, str | os.PathLike[str]]]) -> None:
        self._paths: dict[str, set[str]] = {}
        self._of_name: dict[str, set[str]] = {}
        for key, file in files:
            if isinstance(key, str):
                self._paths.setdefault(key, set()).add(os.fspath(file))
            self._of_name.setdefault(Path(file).name, set()).add(os.fspath(file))

    def __getitem__(self, key: str) -> str:
        named = self._of_name.get(PurePosixPath(key).name, set())
        fitting = self._paths.get(key) or {path for path in named if same_ending(key, path)}
        if len(fitting) != 1:
            raise KeyError(key)
        return next(iter(fitting))

    def __iter__(self) -> Iterator[str]:
        return (Path(path).as_posix() for path in sorted(set().union(*self._of_name.values())))

    def __len__(self) -> int:
        return sum(map(len, self._of_name.values()))


def warn_if_none(found: bool, keys: Iterable[object], images: Images) -> None:
    """Warn if none of the pictures that are to be shown was found: the folder is another one."""
    keys = list(keys)
    if keys and not found:
        warnings.warn(f"no picture was found: {missing_pictures(keys, images)}", UserWarning, stacklevel=5)


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
