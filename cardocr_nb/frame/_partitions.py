"""Cut saved responses into parts of about equal size, and read one part into a frame.

A part is a description: names, positions and sizes. The worker that receives it reads the bytes, so that no document
travels between processes. The reader is the one of pandas, see `cardocr_nb.frame._documents`.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from cardocr_nb._text_safety import describe, shown_path
from cardocr_nb.frame._batch_reader import batches, read_batches
from cardocr_nb.frame._documents import BROKEN_ARCHIVE, open_tar
from cardocr_nb.frame._frame_builder import FrameBuilder
from cardocr_nb.frame._sources import LINES, SUFFIXES, TARS, ZIPS, Document, File, Member, find, suffix
from cardocr_nb.frame._text_tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    Paths: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

BLOCKSIZE = 64 * 2**20
"""Default bytes of input in one part: a hundred megabytes of memory for a worker, a second or two of work."""

_PARQUET = (".parquet",)
Kind: TypeAlias = Literal["files", "lines", "archive", "parquet"]


@dataclass(frozen=True, slots=True)
class Part:
    """Input of one partition.

    Attributes
    ----------
    kind : {"files", "lines", "archive", "parquet"}
    paths : tuple of str
        Files to open; one file unless the kind is ``files``.
    size : int
        Bytes to read.
    start : int
        ``lines``: those that begin in the `size` bytes from here on.
    members : tuple of (str, int, int)
        ``archive``: the members to read; empty for all of them.
    """

    kind: Kind
    paths: tuple[str, ...]
    size: int
    start: int = 0
    members: tuple[Member, ...] = ()

    def files(self) -> list[File]:
        """Return what the reader of documents opens."""
        if self.kind == "lines":
            return [File(self.paths[0], start=self.start, size=self.size)]
        return [File(path, members=self.members or None) for path in self.paths]


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
        A path or pattern matches no file.
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
        raise ValueError(f"blocksize is a number of bytes, 1 or more, got {describe(blocksize)}")
    given = [paths] if isinstance(paths, str | os.PathLike) else paths
    parts: list[Part] = []
    loose: list[Member] = []
    for file in (file for path in given for file in _files(path)):
        size, kind = Path(file).stat().st_size, suffix(file)
        if kind not in (*LINES, *ZIPS, *TARS, *_PARQUET):
            loose.append((file, 0, size))
            continue
        parts += _parts_of_files(loose, blocksize)
        loose.clear()
        if kind in LINES:
            starts = range(0, size, blocksize)
            parts += [Part("lines", (file,), min(blocksize, size - start), start=start) for start in starts]
        elif kind in _PARQUET:
            parts.append(Part("parquet", (file,), size))
        else:
            parts += _parts_of_archive(file, kind, size, blocksize)
    return parts + _parts_of_files(loose, blocksize) or [Part("files", (), 0)]


def read_part(part: Part) -> pd.DataFrame:
    """Read a part into a frame; a document that cannot be read keeps a row with the state ``Unreadable``."""
    if part.kind == "parquet":
        return read_table(part.paths[0])
    builder = FrameBuilder()
    for _, (rows, _) in read_batches(batches([part.files()])):
        builder.add(rows)
    return builder.frame()


def _files(path: str | os.PathLike[str]) -> list[str]:
    found = list(find(path, (*SUFFIXES, *_PARQUET)))
    failed = [file.fault for file in found if isinstance(file, Document)]
    if failed:
        raise OSError(failed[0])
    files = sorted(file.key for file in found if isinstance(file, File))
    if not files:
        raise FileNotFoundError(
            f"no file matches {shown_path(path)}; pass a file, a folder or a pattern such as 'responses/*.xml'"
        )
    return files


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


def _parts_of_files(loose: list[Member], blocksize: int) -> list[Part]:
    return [Part("files", tuple(m[0] for m in group), sum(m[2] for m in group)) for group in _grouped(loose, blocksize)]


def _parts_of_archive(name: str, kind: str, size: int, blocksize: int) -> list[Part]:
    members: list[Member] = []
    try:
        if kind in ZIPS:
            with zipfile.ZipFile(name) as archive:
                members = [(i.filename, 0, i.file_size) for i in archive.infolist()]
        elif kind == ".tar":
            with Path(name).open("rb") as stream, open_tar(stream, "r:") as tar:
                members = [(i.name, i.offset_data, i.size) for i in tar if i.isreg()]
    except (OSError, *BROKEN_ARCHIVE):
        members = []  # reading the part finds the fault again and keeps it as a row
    if not members:
        return [Part("archive", (name,), size)]
    wanted = [m for m in members if suffix(m[0]) in SUFFIXES]
    return [Part("archive", (name,), sum(m[2] for m in g), members=g) for g in _grouped(wanted, blocksize)]
