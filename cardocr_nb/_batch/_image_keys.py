"""Which images a run reads, and under which key each one stands in the bucket."""

from __future__ import annotations

import filecmp
import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Images: TypeAlias = str | Path | Iterable[str | Path]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".heic", ".heif"})


@dataclass(frozen=True, slots=True)
class Item:
    """One image of a run.

    Attributes
    ----------
    key : str
        Name in the bucket.
    path : Path or None
        The file; None when the object is in the bucket already and only its key is known.
    upload : bool
        Whether the file has to be put into the bucket first.
    """

    key: str
    path: Path | None
    upload: bool


def plan(images: Images, *, upload: bool = True, prefix: str = "", folder: Path | None = None) -> Iterator[Item]:
    """Give the images of a run one after another, in the order given; folders are walked, never listed whole.

    Parameters
    ----------
    images : str, Path or iterable of them
        Files, folders (all images below them, by name) and patterns with ``*``. With ``upload=False``, keys.
    upload : bool, default True
        False when the objects are in the bucket already.
    prefix : str, default ""
        Put in front of the key of every file that is uploaded. The rest of the key is its path below the folder that
        all of them share.
    folder : Path, optional
        The folder that serves as bucket; a file below it is an object already.

    Yields
    ------
    Item
        A file that is not there has its item too, so that its absence is told. One that is given twice comes twice.

    Raises
    ------
    InvalidRequestError
        There is nothing to read, or an upload would take the place of another object in `folder`.

    Examples
    --------
    >>> [item.key for item in plan(["a/1.jpg", "b/1.jpg"], prefix="june/")]
    ['june/a/1.jpg', 'june/b/1.jpg']
    """
    given = _listed(images)
    found = False
    if upload:
        common = _common_folder(path for path in _all_files(given) if not _inside(path, folder))
        items: Iterator[Item] = (_item(path, folder, common, prefix) for path in _all_files(given))
    else:
        items = (Item(str(key), None, upload=False) for key in given)
    for item in items:
        if folder is not None and item.path is not None and item.upload and (folder / item.key).exists():
            same_picture(item.key, str(item.path), str(folder / item.key))
        found = True
        yield item
    if not found:
        shown = ", ".join(repr(str(one)) for one in given[:3]) or "nothing"
        raise InvalidRequestError(f"no images found in {shown}; pass image files, folders that hold some, or patterns")


def same_picture(key: str, path: str, other: str) -> None:
    """Refuse two different files that would be one object.

    Raises
    ------
    InvalidRequestError
    """
    if not _same(Path(path), Path(other)):
        raise InvalidRequestError(
            f"{path!r} and {other!r} would both be the object {key!r}; pass prefix= to keep them apart"
        )


def shared_folder(images: Images) -> Path:
    """Give the folder that all images stand below, to serve as bucket where they lie.

    Examples
    --------
    >>> shared_folder(["/photos/front/1.jpg", "/photos/back/1.jpg"]).as_posix()
    '/photos'
    """
    given = _listed(images)
    if len(given) == 1 and Path(given[0]).is_dir():
        return _absolute(Path(given[0]))
    return _common_folder(_all_files(given))


def _listed(images: Images) -> Sequence[str | Path]:
    if isinstance(images, str | Path):
        return [images]
    return images if isinstance(images, list | tuple) else list(images)


def _same(path: Path, other: Path) -> bool:
    if _absolute(path) == _absolute(other):
        return True
    return path.is_file() and other.is_file() and filecmp.cmp(path, other, shallow=False)


def _all_files(given: Sequence[str | Path]) -> Iterator[Path]:
    for one in given:
        path = Path(one)
        if path.is_dir():
            yield from _below(path)
        elif not path.exists() and glob.has_magic(str(one)):
            found = glob.glob(str(one), recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
            yield from (Path(p) for p in sorted(found) if Path(p).is_file())
        else:
            yield path


def _below(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as listed:
        entries = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in listed)
    for name, is_folder in entries:
        if is_folder:
            yield from _below(folder / name)
        elif os.path.splitext(name)[1].lower() in SUFFIXES and (folder / name).is_file():  # noqa: PTH122 - a path for every name costs more than the rest
            yield folder / name


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links, and the name given is the key


def _inside(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder)


def _common_folder(paths: Iterable[Path]) -> Path:
    common: str | None = None
    for path in paths:
        parent = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120 - as in `_absolute`; and fast
        common = parent if common is None or parent == common else os.path.commonpath([common, parent])
    return Path(common) if common is not None else Path()


def _item(path: Path, folder: Path | None, common: Path, prefix: str) -> Item:
    if folder is not None and _inside(path, folder):
        return Item(path.resolve().relative_to(folder).as_posix(), path, upload=False)
    return Item(prefix + _absolute(path).relative_to(common).as_posix(), path, upload=True)
