"""Where saved responses lie: files, folders, patterns, archives, JSON lines, addresses → documents, one after another.

Nothing is held but the document at hand. One that is larger than `WHOLE` is cut between its jobs.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from glob import glob, has_magic
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

from cardocr_nb.errors import missing_extra

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Source: TypeAlias = "str | os.PathLike[str] | bytes"

SUFFIXES = (".xml", ".json", ".jsonl")
"""Endings of the files that are read out of a folder or an archive."""

WHOLE = 8 * 2**20
"""Bytes of a document that is still read as one piece."""

_PIECE = 2**18
_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_BROKEN_ARCHIVE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError)
_OPENING, _CLOSING = b"<JobsDetail", b"</JobsDetail>"
_LEAVES = rb"(?:\s*<(\w+)>[^<>]*</\1>|\s*<\w+/>)*\s*"
_HEAD = re.compile(rb"\s*(?:<\?xml version=\"1\.0\"(?: encoding=\"(?:utf-8|UTF-8)\")?\?>\s*)?<Response>" + _LEAVES)
_TAIL = re.compile(_LEAVES + rb"</Response>\s*")


class Document(NamedTuple):
    """The bytes of one document, or why they cannot be had.

    Attributes
    ----------
    raw : bytes
    key : str or None
        The file, with the member's name behind it in an archive; None for bytes that were handed over.
    place : str
        Where in it, such as ``line 3``; empty for a whole file.
    fault : str
        Why there are no bytes.
    piece : bool
        Whether it was cut from a larger document, between two jobs.
    """

    raw: bytes
    key: str | None
    place: str = ""
    fault: str = ""
    piece: bool = False


class File(NamedTuple):
    """A file that can be opened, on this machine or, with `system`, wherever fsspec reaches."""

    key: str
    system: Any = None

    def open(self) -> IO[bytes]:
        """Open it for reading."""
        return Path(self.key).open("rb") if self.system is None else self.system.open(self.key, "rb")


def find(source: str | os.PathLike[str]) -> Iterable[File | Document]:
    """Give the files of a source, by name within a folder or a pattern.

    Parameters
    ----------
    source : str or path

    Raises
    ------
    FileNotFoundError
        A path or pattern fits no file.
    MissingExtraError
        An address is given and fsspec is not installed.
    """
    if isinstance(source, str) and "://" in source:
        return _remote(source)
    given = Path(source)
    if given.is_dir():
        return _below(str(given))
    if given.is_file():
        return (File(str(given)),)
    found = sorted(map(Path, glob(str(given), recursive=True))) if has_magic(str(given)) else []  # noqa: PTH207 - Path.glob takes no absolute pattern
    return [File(str(path)) for path in found if path.is_file()] or _nothing(source)


def _below(folder: str) -> Iterator[File | Document]:
    """Files of a folder and of those below, by name; one folder is listed after another."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as e:
        yield Document(b"", folder, fault=f"the folder cannot be listed: {e}")
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path)
        elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
            yield File(entry.path)


def _nothing(source: object) -> NoReturn:
    raise FileNotFoundError(
        f"no file fits {str(source)!r}; pass a file, a folder or a pattern such as 'responses/*.xml'"
    )


def _remote(address: str) -> list[File]:
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # it has no type hints
    except ImportError as e:
        missing_extra("reading from an address such as s3://…", "scale", e)
    system, path = url_to_fs(address)
    if has_magic(path):
        paths = sorted(found for found in system.glob(path) if system.isfile(found))
    elif system.isdir(path):
        paths = sorted(found for found in system.find(path) if found.lower().endswith(SUFFIXES))
    else:
        paths = [path] if system.exists(path) else []
    if not paths and not system.isdir(path):
        _nothing(address)
    return [File(system.unstrip_protocol(found), system) for found in paths]


def documents(files: Iterable[File | Document]) -> Iterator[Document]:
    """Read files one after another; what cannot be read comes as a document with a fault."""
    for file in files:
        if isinstance(file, Document):
            yield file
            continue
        try:
            with file.open() as stream:
                yield from _of_file(file.key, stream)
        except OSError as e:
            yield Document(b"", file.key, fault=str(e))


def _of_file(key: str, stream: IO[bytes]) -> Iterator[Document]:
    name = key.lower()
    if not name.endswith((".zip", *_TARS)):
        yield from _of_stream(key, stream)
        return
    try:
        yield from _of_zip(key, stream) if name.endswith(".zip") else _of_tar(key, stream)
    except _BROKEN_ARCHIVE as e:
        yield Document(b"", key, fault=f"the archive cannot be read to its end: {type(e).__name__}: {e}")


def _of_zip(key: str, stream: IO[bytes]) -> Iterator[Document]:
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            if member.filename.lower().endswith(SUFFIXES):
                name = f"{key}/{member.filename}"
                try:
                    with archive.open(member) as opened:
                        yield from _of_stream(name, opened)
                except _BROKEN_ARCHIVE as e:
                    yield Document(b"", name, fault=f"the member cannot be read: {type(e).__name__}: {e}")


def _of_tar(key: str, stream: IO[bytes]) -> Iterator[Document]:
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            archive.members = []  # type: ignore[attr-defined]  # else it keeps them all; the stubs lack it
            opened = archive.extractfile(member) if member.isfile() else None
            if opened is not None and member.name.lower().endswith(SUFFIXES):
                yield from _of_stream(f"{key}/{member.name}", opened)


def _of_stream(key: str, stream: IO[bytes]) -> Iterator[Document]:
    if key.lower().endswith(".jsonl"):
        yield from _lines(key, stream)
        return
    head = stream.read(WHOLE + 1)
    if len(head) <= WHOLE:
        yield Document(head, key)
    else:
        yield from _pieces(key, head, stream)


def _lines(key: str, stream: IO[bytes]) -> Iterator[Document]:
    lines = io.BufferedReader(stream) if isinstance(stream, io.RawIOBase) else stream
    number = 0
    while line := lines.readline(WHOLE + 1):
        number += 1
        if len(line) > WHOLE:
            yield Document(
                b"", key, f"line {number}", f"the line is longer than {WHOLE} bytes; what follows is not read"
            )
            return
        if line.strip():
            yield Document(line, key, f"line {number}")


def _pieces(key: str, begun: bytes, stream: IO[bytes]) -> Iterator[Document]:
    """Cut a large document between its jobs; the nodes around them are read as a document of their own."""
    first = max(begun.find(_OPENING), 0)
    head, offset, held = begun[:first], first, b""
    if not _HEAD.fullmatch(head):
        reason = f"it is larger than {WHOLE} bytes and does not begin as a response with jobs does"
        yield Document(b"", key, fault=f"{reason}; save such documents one a line, as JSON lines")
        return
    for block in _blocks(begun[first:], stream):
        held += block
        cut = held.rfind(_CLOSING) + len(_CLOSING)
        if cut >= len(_CLOSING):
            yield Document(wrapped(held[:cut]), key, f"bytes {offset} to {offset + cut}", piece=True)
            held, offset = held[cut:], offset + cut
        elif len(held) > WHOLE:
            break
    if _TAIL.fullmatch(held):
        yield Document(head + held, key, "around the jobs")
    else:
        yield Document(b"", key, f"from byte {offset} on", "the document does not end as a response with jobs does")


def _blocks(begun: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    for at in range(0, len(begun), _PIECE):
        yield begun[at : at + _PIECE]
    while block := stream.read(_PIECE):
        yield block


def wrapped(jobs: bytes) -> bytes:
    """Make a document of jobs that were cut from one."""
    return b"<Response>" + jobs + b"</Response>"


def jobs_of(document: Document) -> Iterator[Document]:
    """Cut a piece into its jobs, so that one that is broken costs no other."""
    jobs = document.raw.removeprefix(b"<Response>").removesuffix(b"</Response>").split(_CLOSING)[:-1]
    for number, job in enumerate(jobs, 1):
        yield Document(wrapped(job + _CLOSING), document.key, f"{document.place}, job {number}")
