"""Which images a run reads, and under which key each one stands in the bucket."""

from __future__ import annotations

import filecmp
import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def plan(
    images: str | Path | Iterable[str | Path], *, upload: bool = True, prefix: str = "", folder: Path | None = None
) -> list[Item]:
    """List the images of a run, each once, in the order given.

    Parameters
    ----------
    images : str, Path or iterable of them
        Files, folders (all images below them, sorted) and patterns with ``*``. With ``upload=False``, keys.
    upload : bool, default True
        False when the objects are in the bucket already.
    prefix : str, default ""
        Put in front of the key of every file that is uploaded. The rest of the key is its path below the folder that
        all of them share.
    folder : Path, optional
        The folder that serves as bucket; a file below it is an object already.

    Returns
    -------
    list of Item
        A file that is not there has its item too, so that its absence is told.

    Raises
    ------
    InvalidRequestError
        There is nothing to read, or one image would take the place of another.

    Examples
    --------
    >>> [item.key for item in plan(["a/1.jpg", "b/1.jpg"], prefix="june/")]
    ['june/a/1.jpg', 'june/b/1.jpg']
    """
    given = [images] if isinstance(images, str | Path) else list(images)
    if not upload:
        items = [Item(str(key), None, upload=False) for key in given]
    else:
        paths = [path for one in given for path in _files(one)]
        common = _common_folder([path for path in paths if not _inside(path, folder)])
        items = [_item(path, folder, common, prefix) for path in paths]
    if not items:
        shown = ", ".join(repr(str(one)) for one in given[:3]) or "nothing"
        raise InvalidRequestError(f"no images found in {shown}; pass image files, folders that hold some, or patterns")
    unique: dict[str, Item] = {}
    for item in items:
        _refuse_overwriting(item, unique.setdefault(item.key, item), folder)
    return list(unique.values())


def shared_folder(images: Iterable[str | Path]) -> Path:
    """Give the folder that all images stand below, to serve as bucket where they lie.

    Examples
    --------
    >>> shared_folder(["/photos/front/1.jpg", "/photos/back/1.jpg"]).as_posix()
    '/photos'
    """
    given = list(images)
    if len(given) == 1 and Path(given[0]).is_dir():
        return _absolute(Path(given[0]))
    return _common_folder([path for one in given for path in _files(one)])


def _refuse_overwriting(item: Item, first: Item, folder: Path | None) -> None:
    there = first.path
    if item is first and folder is not None and item.upload and (folder / item.key).exists():
        there = folder / item.key
    if item.path is None or there is None or _same(item.path, there):
        return
    raise InvalidRequestError(
        f"{str(item.path)!r} and {str(there)!r} would both be the object {item.key!r}; pass prefix= to keep them apart"
    )


def _same(path: Path, other: Path) -> bool:
    if _absolute(path) == _absolute(other):
        return True
    return path.is_file() and other.is_file() and filecmp.cmp(path, other, shallow=False)


def _files(one: str | Path) -> list[Path]:
    path = Path(one)
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not path.exists() and glob.has_magic(str(one)):
        found = glob.glob(str(one), recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        return [Path(p) for p in sorted(found) if Path(p).is_file()]
    return [path]


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links, and the name given is the key


def _inside(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder)


def _common_folder(paths: list[Path]) -> Path:
    parents = [str(_absolute(path).parent) for path in paths]
    return Path(os.path.commonpath(parents)) if parents else Path()


def _item(path: Path, folder: Path | None, common: Path, prefix: str) -> Item:
    if folder is not None and _inside(path, folder):
        return Item(path.resolve().relative_to(folder).as_posix(), path, upload=False)
    return Item(prefix + _absolute(path).relative_to(common).as_posix(), path, upload=True)
