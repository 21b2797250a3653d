"""Files, folders, patterns and addresses of saved responses → the files to open, in order."""

from __future__ import annotations

import os
from glob import glob, has_magic
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

from cardocr_nb._keywords import why_missing
from cardocr_nb._special_files import refuse_special_file
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import missing_extra

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PathLike: TypeAlias = "str | os.PathLike[str]"

GZIPPED = (".xml.gz", ".json.gz", ".jsonl.gz")
"""Suffixes of documents that gzip has compressed."""

SUFFIXES = (".xml", ".json", ".jsonl", *GZIPPED)
"""Suffixes of the files that are read from a folder or an archive."""

ZIPS, TARS = (".zip",), (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
"""Suffixes of archives."""

LINES = (".jsonl",)
"""Suffixes of files with one document a line."""

Member: TypeAlias = tuple[str, int, int]
"""Name of a file in an archive, position of its first byte, number of bytes; the position is known in a plain tar only."""


class Document(NamedTuple):
    """The bytes of one document, or the reason why there are none.

    Attributes
    ----------
    raw : bytes
    key : str or None
        The file, followed by the member's name in an archive; None for bytes in memory.
    place : str
        The place in the file, such as ``line 3``; empty for a whole file.
    fault : str
        Why `raw` could not be read; empty when it could.
    piece : bool
        Whether it was cut from a larger document, between two jobs.
    """

    raw: bytes
    key: str | None
    place: str = ""
    fault: str = ""
    piece: bool = False


class File(NamedTuple):
    """A file to open, or a part of one.

    Attributes
    ----------
    key : str
        Path or address.
    system : fsspec file system, optional
        None for files of this machine.
    start, size : int
        Only the lines that begin in the `size` bytes from `start` on; a `size` of -1 is the whole file.
    members : tuple of Member, optional
        Only these members of an archive.
    """

    key: str
    system: Any = None
    start: int = 0
    size: int = -1
    members: tuple[Member, ...] | None = None

    def open(self) -> IO[bytes]:
        """Open the file for reading."""
        return Path(self.key).open("rb") if self.system is None else self.system.open(self.key, "rb")


def suffix(name: str) -> str:
    """Return the suffix of a file name in lower case, that of an archive whole.

    Examples
    --------
    >>> suffix("a.TAR.gz"), suffix("b/c.xml"), suffix(".tar/x"), suffix("a.json.gz")
    ('.tar.gz', '.xml', '', '.json.gz')
    """
    base = name.lower().replace("\\", "/").rpartition("/")[2]
    archive = next((s for s in (*TARS, *GZIPPED) if base.endswith(s)), None)
    return archive or "".join(base.rpartition(".")[1:] if "." in base else ())


def find(source: PathLike, suffixes: tuple[str, ...] = SUFFIXES) -> Iterable[File | Document]:
    """Return the files of a source, sorted by name within a folder or a pattern.

    Parameters
    ----------
    source : str or path
        File, folder, pattern, or address such as ``s3://bucket/responses/``.
    suffixes : tuple of str, default `SUFFIXES`
        Files of a folder that are read.

    Raises
    ------
    FileNotFoundError
        A path or pattern matches no file.
    MissingExtraError
        An address is given and fsspec is not installed.
    """
    if isinstance(source, str) and "://" in source:
        return _remote(source, suffixes)
    given = Path(source)
    if given.is_dir():
        return _below(str(given), suffixes)
    if given.is_file():
        return (File(str(given)),)
    refuse_special_file(given)
    found = sorted(map(Path, glob(str(given), recursive=True))) if has_magic(str(given)) else []  # noqa: PTH207 - Path.glob takes no absolute pattern
    return [File(str(path)) for path in found if path.is_file()] or _raise_not_found(source)


def _below(folder: str, suffixes: tuple[str, ...]) -> Iterator[File | Document]:
    """Files of a folder and of its subfolders by name; one folder is listed at a time."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as e:
        yield Document(b"", folder, fault=f"the folder cannot be listed: {e}")
        return
    for entry in entries:
        if entry.name.lower().endswith(suffixes) and entry.is_file():
            yield File(entry.path)
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, suffixes)


def _raise_not_found(source: object) -> NoReturn:
    at = "" if has_magic(str(source)) else f" ({why_missing(str(source))})"
    raise FileNotFoundError(
        f"no file matches {shown_path(source)}{at}; pass a file, a folder or a pattern such as 'responses/*.xml'"
    )


def _remote(address: str, suffixes: tuple[str, ...]) -> list[File]:
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # it has no type hints
    except ImportError as e:
        missing_extra("reading from an address such as s3://…", "scale", e)
    system, path = url_to_fs(address)
    if has_magic(path):
        paths = sorted(found for found in system.glob(path) if system.isfile(found))
    elif system.isdir(path):
        paths = sorted(found for found in system.find(path) if found.lower().endswith(suffixes))
    else:
        paths = [path] if system.exists(path) else []
    if not paths and not system.isdir(path):
        _raise_not_found(address)
    return [File(system.unstrip_protocol(found), system) for found in paths]
