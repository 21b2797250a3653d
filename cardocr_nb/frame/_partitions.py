"""Cut saved responses into parts of about equal size, and read one part into a frame.

A part is a description: names, places and sizes. Whoever gets it reads the bytes, so that no document travels between
processes.
"""

from __future__ import annotations

import lzma
import os
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import pandas as pd

from cardocr_nb._bulk._templates import Templates
from cardocr_nb.frame._frame_builder import Builder
from cardocr_nb.frame._frame_schema import DTYPES, conform
from cardocr_nb.frame._responses import read_batch, read_responses
from cardocr_nb.frame._sources import SUFFIXES, Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Paths: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

BLOCKSIZE = 64 * 2**20
"""Bytes of input that make one part, where nothing else is said."""

_LINES = (".jsonl",)
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_PARQUET = (".parquet",)
_BROKEN = (OSError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError)
_BATCH_BYTES = 2**20
_BATCH_DOCUMENTS = 1024

Member: TypeAlias = tuple[str, int, int]
"""Name of a file in an archive; place and number of its bytes, the place known in a plain tar only."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is read at a time.

    Attributes
    ----------
    kind : {"files", "lines", "archive", "parquet"}
    paths : tuple of str
        What is opened; one file, but for ``files``.
    size : int
        Bytes to read.
    start : int
        ``lines``: those that begin in the `size` bytes from here on.
    members : tuple of (str, int, int)
        ``archive``: the members to read; all of them when there are none.
    """

    kind: Literal["files", "lines", "archive", "parquet"]
    paths: tuple[str, ...]
    size: int
    start: int = 0
    members: tuple[Member, ...] = ()


def plan(paths: Paths, *, blocksize: int = BLOCKSIZE) -> list[Part]:
    """Cut the input into parts of about `blocksize` bytes, from names and sizes alone.

    Parameters
    ----------
    paths : str, path, or list of these
        Files, folders or patterns, see `cardocr_nb.frame._dask_frame.read_dask`.
    blocksize : int, default 64 MiB

    Returns
    -------
    list of Part
        In the order given, sorted by name within a folder or a pattern.

    Raises
    ------
    FileNotFoundError
        A path or pattern fits no file.
    ValueError
        `blocksize` is less than 1.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("a.xml", "b.xml", "c.xml"):
    ...         _ = Path(folder, name).write_bytes(bytes(400))
    ...     [len(part.paths) for part in plan(folder, blocksize=1000)]
    [2, 1]
    """
    if blocksize < 1:
        raise ValueError(f"blocksize is a number of bytes, 1 or more, got {blocksize}")
    given = [paths] if isinstance(paths, str | os.PathLike) else paths
    parts: list[Part] = []
    loose: list[Member] = []
    for file in (file for path in given for file in _files(path)):
        name, size, suffix = str(file), file.stat().st_size, _suffix(file.name)
        if suffix not in (*_LINES, *_ARCHIVES, *_PARQUET):
            loose.append((name, 0, size))
            continue
        parts += _of_files(loose, blocksize)
        loose.clear()
        if suffix in _LINES:
            starts = range(0, size, blocksize)
            parts += [Part("lines", (name,), min(blocksize, size - start), start=start) for start in starts]
        elif suffix in _ARCHIVES:
            parts += _of_archive(name, suffix, size, blocksize)
        else:
            parts.append(Part("parquet", (name,), size))
    return parts + _of_files(loose, blocksize) or [Part("files", (), 0)]


def read_part(part: Part) -> pd.DataFrame:
    """Read a part into a frame; a document that cannot be read keeps a row with the state ``Unreadable``."""
    if part.kind == "files":
        return read_responses(*part.paths, errors="row", threads=1)
    if part.kind == "parquet":
        return conform(respelt(pd.read_parquet(part.paths[0])))
    builder, templates, batch, size = Builder(), Templates(), list[Document](), 0
    for document in _documents(part):
        batch.append(document)
        size += len(document.raw)
        if size > _BATCH_BYTES or len(batch) == _BATCH_DOCUMENTS:
            builder.add(read_batch(batch, templates)[0])
            batch, size = [], 0
    if batch:
        builder.add(read_batch(batch, templates)[0])
    return builder.frame()


def respelt(df: pd.DataFrame) -> pd.DataFrame:
    """Turn categories into texts, for `conform` to make them anew: files and Dask keep neither their order nor dtype."""
    return df.astype({name: "str" for name, dtype in DTYPES.items() if dtype == "category" and name in df.columns})


def _documents(part: Part) -> Iterator[Document]:
    path = part.paths[0]
    if part.kind == "lines":
        yield from _lines(path, part.start, part.size)
        return
    try:
        for name, content in _contents(path, part.members):
            key = f"{path}/{name}"
            if isinstance(content, Exception):
                yield Document(b"", key, fault=f"the member cannot be read: {type(content).__name__}: {content}")
            elif _suffix(name) in _LINES:
                lines = enumerate(content.splitlines(keepends=True), 1)
                yield from (Document(line, key, f"line {n}") for n, line in lines if line.strip())
            else:
                yield Document(content, key)
    except _BROKEN as e:
        yield Document(b"", path, fault=f"the archive cannot be read to its end: {type(e).__name__}: {e}")


def _files(path: str | os.PathLike[str]) -> list[Path]:
    given = Path(path)
    if given.is_dir():
        found = [file for file in given.rglob("*") if _suffix(file.name) in (*SUFFIXES, *_PARQUET)]
    elif given.is_file():
        found = [given]
    else:
        found = [Path(f) for f in glob(str(given), recursive=True)] if has_magic(str(given)) else []  # noqa: PTH207 - Path.glob takes no absolute pattern
    files = sorted(file for file in found if file.is_file())
    if not files:
        raise FileNotFoundError(
            f"no file fits {str(path)!r}; pass a file, a folder or a pattern such as 'responses/*.xml'"
        )
    return files


def _suffix(name: str) -> str:
    lower = name.lower()
    end = lower.rpartition("/")[2].rpartition(".")[2]
    return next((s for s in _ARCHIVES if lower.endswith(s)), f".{end}")


def _grouped(members: Iterable[Member], blocksize: int) -> Iterator[tuple[Member, ...]]:
    group: list[Member] = []
    size = 0
    for member in members:
        if group and size + member[2] > blocksize:
            yield tuple(group)
            group, size = [], 0
        group.append(member)
        size += member[2]
    if group:
        yield tuple(group)


def _of_files(loose: list[Member], blocksize: int) -> list[Part]:
    return [Part("files", tuple(m[0] for m in group), sum(m[2] for m in group)) for group in _grouped(loose, blocksize)]


def _of_archive(name: str, suffix: str, size: int, blocksize: int) -> list[Part]:
    members: list[Member] = []
    try:
        if suffix == ".zip":
            with zipfile.ZipFile(name) as archive:
                members = [(i.filename, 0, i.file_size) for i in archive.infolist()]
        elif suffix == ".tar":
            with tarfile.open(name, "r:") as tar:
                members = [(i.name, i.offset_data, i.size) for i in tar if i.isreg()]
    except _BROKEN:
        members = []  # whoever reads the part finds the fault again and keeps it as a row
    if not members:
        return [Part("archive", (name,), size)]
    wanted = [m for m in members if _suffix(m[0]) in SUFFIXES]
    return [Part("archive", (name,), sum(m[2] for m in g), members=g) for g in _grouped(wanted, blocksize)]


def _lines(path: str, start: int, size: int) -> Iterator[Document]:
    """Lines that begin from `start` on and before `start + size`."""
    with Path(path).open("rb") as file:
        if start:
            # The line before is over at the break at or after the byte in front of this range.
            file.seek(start - 1)
            file.readline()
        place = file.tell()
        while place < start + size and (line := file.readline()):
            if line.strip():
                yield Document(line, path, f"byte {place}")
            place += len(line)


def _contents(path: str, members: tuple[Member, ...]) -> Iterator[tuple[str, bytes | Exception]]:
    """Members of an archive, all of them when none is named; in the place of one that cannot be taken out the reason."""
    if _suffix(path) == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name, _, _ in members:
                try:
                    yield name, archive.read(name)
                except _BROKEN as e:
                    yield name, e
    elif members:
        with Path(path).open("rb") as file:
            for name, place, size in members:
                file.seek(place)
                yield name, file.read(size)
    else:
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                tar.members = []  # type: ignore[attr-defined]  # else it keeps them all
                content = tar.extractfile(member) if member.isreg() else None
                if content is not None and _suffix(member.name) in SUFFIXES:
                    yield member.name, content.read()
