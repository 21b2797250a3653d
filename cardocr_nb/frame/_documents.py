"""Files → documents, one after another: whole files, lines, members of archives, jobs of large documents.

This is the one reader of saved responses; pandas and Dask both use it. Memory holds one document at a time, and each
thing read has a limit: `WHOLE` bytes for a document or a line, `MAX_HEADER` bytes for a header of a tar. A document that
is larger than `WHOLE` is cut between its jobs.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any, NoReturn

from cardocr_nb.frame._sources import GZIPPED, LINES, SUFFIXES, TARS, ZIPS, Document, File, suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WHOLE = 8 * 2**20
"""Most bytes of a document that is read as one; a card takes 3 kB, so that this is a few thousand cards."""

MAX_HEADER = 2**20
"""Most bytes of an extended header in a tar. Names are at most 4096 bytes on Linux; headers hold a few of them."""

MAX_MEMBER = 2**34
"""Most bytes that a member of a tar may claim: tarfile skips what is not there block by block, for hours at 2**60 bytes."""

BROKEN_ARCHIVE = (
    zipfile.BadZipFile, tarfile.TarError, UnicodeDecodeError, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError, TypeError,
    MemoryError,
)  # fmt: skip
"""Errors of the standard library for archives that are damaged, encrypted or of an unknown kind; a gzip header that is cut off
is a TypeError of tarfile, an LZMA dictionary of gigabytes a MemoryError."""

_PIECE = 2**18
_SMALL, _USUAL = 2**15, 2**13
"""Bytes of a document that is read without a buffer, and of most documents, for which less memory is asked for."""
_PLAIN = (".xml", ".json")
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_OPENING, _CLOSING = b"<JobsDetail", b"</JobsDetail>"
_LEAVES = rb"(?:\s*<(\w+)>[^<>]*</\1>|\s*<\w+/>)*\s*"
_HEAD = re.compile(rb"\s*(?:<\?xml version=\"1\.0\"(?: encoding=\"(?:utf-8|UTF-8)\")?\?>\s*)?<Response>" + _LEAVES)
_TAIL = re.compile(_LEAVES + rb"</Response>\s*")


def documents(files: Iterable[File | Document]) -> Iterator[Document]:
    """Read files one after another; a file that cannot be read becomes a document with a fault."""
    for file in files:
        if isinstance(file, Document):
            yield file
            continue
        try:
            raw = _read_small(file)
            if raw is not None:
                yield Document(raw, file.key)
                continue
            with file.open() as stream:
                yield from _read_file(file, stream)
        except OSError as e:
            yield Document(b"", file.key, fault=str(e))


def _read_small(file: File) -> bytes | None:
    """Read a document of this machine whole, without the buffers that cost more than the reading; None if it is large."""
    if file.system is not None or not file.key.endswith(_PLAIN):
        return None
    descriptor = os.open(file.key, _READ)
    try:
        raw = os.read(descriptor, _USUAL)
        if rest := os.read(descriptor, _SMALL):
            raw += rest
            return raw if len(raw) < _SMALL and not os.read(descriptor, 1) else None
        return raw
    finally:
        os.close(descriptor)


def _read_file(file: File, stream: IO[bytes]) -> Iterator[Document]:
    kind = suffix(file.key)
    if kind in LINES and file.size >= 0:
        yield from _lines_of_range(file, stream)
        return
    if kind in GZIPPED:
        try:
            yield from _read_stream(file.key, stream)
        except BROKEN_ARCHIVE as e:
            yield Document(b"", file.key, fault=f"it cannot be decompressed to its end: {type(e).__name__}: {e}")
        return
    if kind not in ZIPS + TARS:
        yield from _read_stream(file.key, stream)
        return
    try:
        if kind in ZIPS:
            yield from _read_zip(file, stream)
        elif file.members:
            yield from _read_tar_members(file, stream)
        else:
            yield from _read_tar(file, stream)
    except BROKEN_ARCHIVE as e:
        yield Document(b"", file.key, fault=f"the archive cannot be read to its end: {type(e).__name__}: {e}")


def _read_zip(file: File, stream: IO[bytes]) -> Iterator[Document]:
    with zipfile.ZipFile(stream) as archive:
        listed: Any = archive.infolist() if file.members is None else [member[0] for member in file.members]
        for member in listed:
            name = member if isinstance(member, str) else member.filename
            if suffix(name) in SUFFIXES:
                key = f"{file.key}/{name}"
                try:
                    with archive.open(member) as opened:
                        yield from _read_stream(key, opened)
                except BROKEN_ARCHIVE as e:
                    yield Document(b"", key, fault=f"the member cannot be read: {type(e).__name__}: {e}")


def _read_tar_members(file: File, stream: IO[bytes]) -> Iterator[Document]:
    """Read members of a plain tar at their positions."""
    for name, position, size in file.members or ():
        stream.seek(position)
        yield from _read_stream(f"{file.key}/{name}", _Section(stream, size))


class _Section(io.RawIOBase):
    """The next `size` bytes of a stream."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream, self._left = stream, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(min(len(buffer), self._left))
        self._left -= len(block)
        buffer[: len(block)] = block
        return len(block)


class _LimitedTarInfo(tarfile.TarInfo):
    """A tar header that refuses what `tarfile` would read into memory without limit.

    A 1.5 MB file can hold a member name of 1.5 GB; sparse maps grow in the same way.
    """

    _UNLIMITED = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE,
                  tarfile.SOLARIS_XHDTYPE)  # fmt: skip

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        if self.type in self._UNLIMITED and self.size > MAX_HEADER:
            raise tarfile.ReadError(f"a header has {self.size} bytes, at most {MAX_HEADER} are read")
        if not 0 <= self.size <= MAX_MEMBER:
            raise tarfile.ReadError(f"a member claims {self.size} bytes, at most {MAX_MEMBER} are read")
        if self.type == tarfile.GNUTYPE_SPARSE:
            _refuse_sparse()
        return super()._proc_member(archive)  # type: ignore[misc]  # the stubs lack it

    def _proc_gnusparse_10(self, *_: object) -> NoReturn:
        _refuse_sparse()


def _refuse_sparse() -> NoReturn:
    raise tarfile.ReadError("it holds a sparse file, which is not read; save it without --sparse")


def open_tar(stream: IO[bytes], mode: str) -> tarfile.TarFile:
    """Open a tar whose headers have a limit."""
    return tarfile.open(fileobj=stream, mode=mode, tarinfo=_LimitedTarInfo)  # type: ignore[call-overload,no-any-return]


def _read_tar(file: File, stream: IO[bytes]) -> Iterator[Document]:
    with open_tar(stream, "r|*") as archive:
        for member in archive:
            archive.members = []  # type: ignore[attr-defined]  # it would keep them all; the stubs lack it
            opened = archive.extractfile(member) if member.isfile() else None
            if opened is not None and suffix(member.name) in SUFFIXES:
                # Names that are not UTF-8 hold surrogates, which no column of texts takes.
                name = member.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
                yield from _read_stream(f"{file.key}/{name}", opened)


def _read_stream(key: str, stream: IO[bytes] | io.RawIOBase) -> Iterator[Document]:
    buffered: Any = io.BufferedReader(stream) if isinstance(stream, io.RawIOBase) else stream
    kind = suffix(key)
    if kind in GZIPPED:
        buffered = gzip.GzipFile(fileobj=buffered)
    if kind in (*LINES, *(f"{lines}.gz" for lines in LINES)):
        for number, (line, _) in enumerate(_lines(buffered), 1):
            yield from _document_of_line(line, key, f"line {number}")
        return
    head = buffered.read(WHOLE + 1)
    if len(head) <= WHOLE:
        yield Document(head, key)
    else:
        yield from _pieces(key, head, buffered)


def _lines_of_range(file: File, stream: IO[bytes]) -> Iterator[Document]:
    """Lines that begin in the range of a file, each named by its first byte."""
    place, lines = 0, _lines(stream)
    if file.start:
        # The line before ends at the first line break at or after the byte in front of this range.
        stream.seek(file.start - 1)
        place = file.start - 1 + next(lines, (b"", 0))[1]
    for line, size in lines:
        if place >= file.start + file.size:
            return
        yield from _document_of_line(line, file.key, f"byte {place}")
        place += size


def _lines(stream: IO[bytes]) -> Iterator[tuple[bytes | None, int]]:
    """Lines with their sizes, one after another; None in the place of one that is longer than `WHOLE`."""
    while line := stream.readline(WHOLE + 1):
        size = len(line)
        if size <= WHOLE:
            yield line, size
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(WHOLE)
            size += len(line)
        yield None, size


def _document_of_line(line: bytes | None, key: str, place: str) -> Iterator[Document]:
    if line is None:
        yield Document(b"", key, place, f"the line is longer than {WHOLE} bytes")
    elif line.strip():
        yield Document(line, key, place)


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
            yield Document(_response(held[:cut]), key, f"bytes {offset} to {offset + cut}", piece=True)
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


def _response(jobs: bytes) -> bytes:
    return b"<Response>" + jobs + b"</Response>"


def split_jobs(document: Document) -> Iterator[Document]:
    """Cut a piece into its jobs, so that a broken job costs no other."""
    jobs = document.raw.removeprefix(b"<Response>").removesuffix(b"</Response>").split(_CLOSING)[:-1]
    for number, job in enumerate(jobs, 1):
        yield Document(_response(job + _CLOSING), document.key, f"{document.place}, job {number}")
