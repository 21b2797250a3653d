"""The image files that a user means by files, folders and patterns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cardocr_nb._argument_kinds import is_missing, members
from cardocr_nb._images import image_format
from cardocr_nb._text_safety import describe
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Images: TypeAlias = str | Path | Iterable[str | Path]

_READ = "jpg jpeg jpe jfif jfi jif pjpeg pjp png apng bmp dib gif webp heic heics heif heifs hif"
_OTHER = "avif tif tiff jp2 j2k jpf jpx jxl dng cr2 cr3 crw nef nrw arw sr2 orf rw2 raf pef srw"
SUFFIXES = frozenset(f".{name}" for name in (*_READ.split(), *_OTHER.split()))
"""File names that a person calls a photo. The second half is formats that the service does not read: such a file gets a
row that says so."""

_SYSTEM_FOLDERS = frozenset(
    {"__macosx", ".trash", ".trashes", "$recycle.bin", "system volume information", "@eadir", ".thumbnails"}
)
"""Folders in which macOS, Windows, Linux desktops and Synology keep copies and thumbnails of photos."""

_APPLE_DOUBLE = b"\x00\x05\x16\x07"
"""First bytes of a ``._name`` file, in which macOS keeps attributes (RFC 1740, section 5)."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a user means, or a place that cannot be searched.

    Attributes
    ----------
    path : Path
    problem : (str, str) or None
        Code and message, if it cannot be used.
    """

    path: Path
    problem: tuple[str, str] | None = None

    @property
    def image(self) -> str:
        """The path for people; bytes that are not UTF-8 are escaped."""
        return shown_path(self.path)


@dataclass(slots=True)
class FileSearch:
    """Finds image files, and counts the system files that it skips.

    Attributes
    ----------
    skipped : int
        ``._name`` files of macOS, and folders of thumbnails and deleted files.

    Examples
    --------
    >>> [file.image for file in FileSearch().find(["a/1.jpg"])]
    ['a/1.jpg']
    """

    skipped: int = 0
    _open_folders: list[tuple[int, int]] = field(default_factory=list)

    def find(self, images: Sequence[str | Path]) -> Iterator[FoundFile]:
        """Yield files one after another: those named, all photos below folders by name, and matches of patterns.

        Folders are walked while the run goes on and never listed whole. Links to folders are followed, except to a folder
        that contains the link. A file that does not exist is yielded too, so that it gets a row.
        """
        for one in images:
            path = Path(one)
            if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises below a closed folder
                yield from self._below(path)
            elif not os.path.lexists(path) and glob.has_magic(str(one)):
                yield from self._matches(str(one))
            else:
                yield _found(path)

    def _matches(self, pattern: str) -> Iterator[FoundFile]:
        for name in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute pattern
            path = Path(name)
            if not os.path.isdir(path):  # noqa: PTH112 - as above
                if not self._is_system(path):
                    yield _found(path)
            elif "**" not in pattern:  # otherwise its files match themselves
                yield from self._below(path)

    def _below(self, folder: Path) -> Iterator[FoundFile]:
        try:
            seen = folder.stat()
            with os.scandir(folder) as listed:
                entries = sorted((entry.name, entry.is_dir()) for entry in listed)
        except OSError as e:
            said = f"the folder {shown_path(folder)!r} cannot be listed ({e.strerror}); check its permissions, then run again"
            yield FoundFile(folder, ("UnreadableFolder", said))
            return
        if (seen.st_dev, seen.st_ino) in self._open_folders:
            return  # a link to a folder that contains it
        self._open_folders.append((seen.st_dev, seen.st_ino))
        for name, is_folder in entries:
            path = folder / name
            if is_folder and name.lower() in _SYSTEM_FOLDERS:
                self.skipped += 1
            elif is_folder:
                yield from self._below(path)
            elif _is_photo_name(path) and not self._is_system(path):
                yield _found(path)
        self._open_folders.pop()

    def _is_system(self, path: Path) -> bool:
        if not path.name.startswith("._"):
            return False
        system = _first_bytes(path)[:4] in (_APPLE_DOUBLE, b"")
        self.skipped += system
        return system


def listed(images: Images) -> Sequence[str | Path]:
    """Return the images as a sequence.

    Raises
    ------
    InvalidRequestError
        One of them is something else than a path.

    Examples
    --------
    >>> import pandas as pd
    >>> listed(pd.DataFrame({"path": ["a.jpg", "b.jpg"]})["path"])
    ['a.jpg', 'b.jpg']
    """
    if isinstance(images, str | os.PathLike):
        return [images if isinstance(images, str) else Path(images)]
    if isinstance(images, Mapping):
        raise InvalidRequestError("images is a mapping; pass its files as a list, such as list(images.values())")
    if hasattr(images, "columns"):
        raise InvalidRequestError("images is a table; pass its column of files, such as table['image']")
    found = members(images)
    wrong = [at for at, one in enumerate(found) if not isinstance(one, str | os.PathLike)]
    if missing := [at for at in wrong if is_missing(found[at])]:
        raise InvalidRequestError(
            f"{len(missing)} of the {len(found)} images are missing, the first at place {missing[0]}; leave them out, "
            "such as with images.dropna()"
        )
    if wrong:
        raise InvalidRequestError(
            f"images must be files, folders, patterns or a list of them, got {_kind(found[wrong[0]])}"
        )
    return [one if isinstance(one, str) else Path(one) for one in found]


def _kind(value: object) -> str:
    """Describe a value that is not a path, with what to do if it is a picture."""
    is_picture = isinstance(value, bytes | bytearray) or (
        hasattr(value, "__array_interface__") and getattr(value, "shape", None) != ()
    )
    return f"{describe(value)}; save a picture to a file first" if is_picture else describe(value)


def shown_path(path: str | Path) -> str:
    r"""Return a path as text that can be stored; bytes that are not UTF-8 are escaped.

    Examples
    --------
    >>> shown_path("a/\udcd6.jpg")
    'a/\\xd6.jpg'
    """
    text = str(path)
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()


def _found(path: Path) -> FoundFile:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        said = (
            f"the name {shown_path(path)!r} is not valid UTF-8, so it cannot be a key; rename the file "
            "(names in GBK from a zip file: unzip -O GB18030, or convmv -f gb18030 -t utf8)"
        )
        return FoundFile(path, ("InvalidFileName", said))
    return FoundFile(path)


def _is_photo_name(path: Path) -> bool:
    """Whether a file is a photo by its name, or without a suffix by its first bytes."""
    suffix = os.path.splitext(path.name)[1].strip().lower()  # noqa: PTH122 - the suffix of ".jpg" is meant too
    return suffix in SUFFIXES if suffix else image_format(_first_bytes(path)) is not None


def _first_bytes(path: Path) -> bytes:
    try:
        if not path.is_file():  # reading a pipe would wait for ever
            return b""
        with path.open("rb") as file:
            return file.read(16)
    except OSError:
        return b""
