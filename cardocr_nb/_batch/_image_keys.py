"""The images of a run, each with its key in the bucket."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cardocr_nb._batch._image_files import FileSearch, listed, shown_path
from cardocr_nb._ledger import PlannedImage
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from cardocr_nb._batch._image_files import FoundFile, Images

_HASH_LENGTHS = (8, 16, 64)


def plan_images(
    images: Images,
    *,
    upload: bool = True,
    prefix: str = "",
    folder: Path | None = None,
    search: FileSearch | None = None,
) -> Iterator[PlannedImage]:
    """Yield the images of a run one after another, in the order given.

    Parameters
    ----------
    images : str, Path or iterable of them
        Files, folders (all images below them, by name) and patterns with ``*``. With ``upload=False``, keys.
    upload : bool, default True
        False when the objects are in the bucket already.
    prefix : str, default ""
        First part of the key of every file that is uploaded; the key of a file in the bucket must begin with it. The rest of the key is its path below the folder that all
        of them share; on several drives it begins with the drive.
    folder : Path, optional
        The folder that serves as bucket; a file below it is an object already.
    search : FileSearch, optional
        Counts what is skipped.

    Yields
    ------
    PlannedImage
        A file that does not exist or cannot be used has one too. An image that is given twice comes twice.

    Raises
    ------
    InvalidRequestError
        There is nothing to submit.

    Examples
    --------
    >>> [image.key for image in plan_images(["a/1.jpg", "b/1.jpg"], prefix="june/")]
    ['june/a/1.jpg', 'june/b/1.jpg']
    """
    given = listed(images)
    search = FileSearch() if search is None else search
    if upload:
        common = common_folder(file.path for file in FileSearch().find(given) if not _inside(file.path, folder))
        planned: Iterator[PlannedImage] = (_planned(file, folder, common, prefix) for file in search.find(given))
    else:
        planned = (PlannedImage(str(key), None, upload=False) for key in given)
    empty = True
    for image in planned:
        empty = False
        yield image
    if empty:
        shown = ", ".join(repr(str(one)) for one in given[:3]) or "nothing"
        raise InvalidRequestError(f"no images found in {shown}; pass image files, folders that hold some, or patterns")


def shared_folder(images: Images, prefix: str = "") -> Path:
    """Return the folder that contains all images, to serve as bucket.

    Parameters
    ----------
    images : str, Path or iterable of them
    prefix : str, default ""
        First part of the keys; its folders are left out of the result.

    Raises
    ------
    InvalidRequestError
        The images are on several drives, or the folder that contains them does not end with the prefix.

    Examples
    --------
    >>> shared_folder(["/photos/front/1.jpg", "/photos/back/1.jpg"]).as_posix()
    '/photos'
    >>> shared_folder(["/photos/front/1.jpg"], prefix="front/").as_posix()
    '/photos'
    """
    given = listed(images)
    if len(given) == 1 and Path(given[0]).is_dir():
        common: str | None = os.path.abspath(given[0])  # noqa: PTH100 - a link keeps its name
    else:
        common = common_folder(file.path for file in FileSearch().find(given))
    if common is None:
        raise InvalidRequestError("the images are on several drives, so no folder can serve as bucket; run them apart")
    folder, outer = Path(common), PurePosixPath(prefix).parts
    if not outer:
        return folder
    if not prefix.endswith("/") or folder.parts[-len(outer) :] != outer:
        raise InvalidRequestError(
            f"prefix= must be the end of the folder that contains the images, with / at its end, such as {folder.name}/: "
            "on this machine the keys are paths of the files"
        )
    return folder.parents[len(outer) - 1]


def common_folder(paths: Iterable[Path], system: ModuleType = os.path) -> str | None:
    r"""Return the deepest folder that contains all paths, or None if they are on several drives.

    Parameters
    ----------
    paths : iterable of Path
    system : module, default os.path
        Rules of paths: ``posixpath`` or ``ntpath``.

    Examples
    --------
    >>> import ntpath
    >>> common_folder(["C:/a/1.jpg", "C:/b/1.jpg"], ntpath), common_folder(["C:/a/1.jpg", "D:/1.jpg"], ntpath)
    ('C:\\', None)
    """
    common: str | None = None
    for path in paths:
        parent = system.dirname(system.abspath(path))
        if common is None or parent == common:
            common = parent
            continue
        try:
            common = system.commonpath([common, parent])
        except ValueError:  # on Windows, two drives
            return None
    return "." if common is None else common


def key_below(path: str | Path, common: str | None, system: ModuleType = os.path) -> str:
    """Return the path of a file below a folder as a key; without a folder, the key begins with the drive.

    Parameters
    ----------
    path : str or Path
    common : str or None
        From `common_folder`.
    system : module, default os.path
        Rules of paths: ``posixpath`` or ``ntpath``.

    Examples
    --------
    >>> import ntpath
    >>> key_below("C:/a/1.jpg", "C:/a", ntpath), key_below("D:/b/1.jpg", None, ntpath)
    ('1.jpg', 'D/b/1.jpg')
    """
    absolute = system.abspath(path)
    if common is not None:
        return str(system.relpath(absolute, common)).replace(system.sep, "/")
    drive, rest = system.splitdrive(absolute)
    return f"{drive.replace(':', '')}{rest}".replace(system.sep, "/").lstrip("/")


def alternative_keys(key: str, sha256: str) -> Iterator[str]:
    """Yield keys for a file whose key is taken by other content: with a short hash of the content, then longer ones.

    Examples
    --------
    >>> next(alternative_keys("front/1.jpg", "0123456789abcdef" * 4))
    'front/1-01234567.jpg'
    """
    stem, suffix = os.path.splitext(key)  # noqa: PTH122 - a key is not a path
    for length in _HASH_LENGTHS:
        yield f"{stem}-{sha256[:length]}{suffix}"


def _inside(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder)


def _planned(file: FoundFile, folder: Path | None, common: str | None, prefix: str) -> PlannedImage:
    if file.problem is not None:
        return PlannedImage(file.image, None, upload=False, image=file.image, problem=file.problem)
    if folder is not None and _inside(file.path, folder):
        key = file.path.resolve().relative_to(folder).as_posix()
        if not key.startswith(prefix):
            raise InvalidRequestError(
                "prefix= is for files that are uploaded; the keys of these files are their paths below the folder of the "
                f"embedded service, {shown_path(folder)}, and do not begin with it. Open the service on the folder in which "
                "the keys begin"
            )
        return PlannedImage(key, file.path, upload=False, image=file.image)
    return PlannedImage(prefix + key_below(file.path, common), file.path, upload=True, image=file.image)
