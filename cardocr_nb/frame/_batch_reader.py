"""Documents in batches → long rows: the fast reader of bytes first, the strict parser for what it refuses."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cardocr_nb._bulk._columns import read_columns
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._documents import documents, split_jobs
from cardocr_nb.frame._long_rows import LongRows, to_long_rows
from cardocr_nb.frame._record_batch import joined, record_batch
from cardocr_nb.frame._record_rows import RecordRows
from cardocr_nb.frame._sources import Document
from cardocr_nb.wire._decode import FOREIGN, read_each
from cardocr_nb.wire._xml_tree import REPAIRED, RepairedFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cardocr_nb.frame._sources import File

_BATCH_BYTES = 4 * 2**20
"""Bytes read at once. On one thread, 2 to 8 MiB differ by less than a twentieth."""

_FILES_BYTES = 2 * _BATCH_BYTES
"""The same for files: threads that open and threads that read wait less for each other when each has more to do."""

_BATCH_DOCUMENTS = 8192
_HEAP = 31 * 2**20
_FAULTS_NAMED = 20

Fault: TypeAlias = tuple[Document, str]
"""A document that could not be read, and the reason."""


class BytesBatch:
    """Documents in memory. `Document` objects are made only for those that the fast reader refuses."""

    def __init__(self, raws: list[bytes], first: int) -> None:
        self.raws, self._first = raws, first

    def __len__(self) -> int:
        return len(self.raws)

    def __getitem__(self, place: int) -> Document:
        return Document(self.raws[place], None, f"source {self._first + place}")


Batch: TypeAlias = BytesBatch | list[Document]


def are_bytes(sources: list[Any]) -> bool:
    """Whether all sources are documents in memory; they can be many, and their types are looked at quickly."""
    return set(map(type, sources)) == {bytes}


def batches(sources: Iterable[bytes | Iterable[File | Document]]) -> Iterator[Batch]:
    """Yield the documents of all sources in order, a few megabytes at a time."""
    if isinstance(sources, list) and are_bytes(sources):
        yield from batches_of_bytes(sources)
        return
    number = 1
    for in_memory, group in groupby(sources, key=lambda source: isinstance(source, bytes)):
        given: list[Any] = list(group)
        if in_memory:
            yield from batches_of_bytes(given, number)
        else:
            yield from batches_of_documents(chain.from_iterable(map(documents, given)))
        number += len(given)


def batches_of_bytes(raws: list[bytes], first: int = 1) -> Iterator[BytesBatch]:
    """Yield documents in memory; `first` is the number of the first one in messages."""
    ends = np.cumsum(np.fromiter(map(len, raws), dtype=np.int64, count=len(raws)))
    begin, before = 0, 0
    while begin < len(raws):
        fit = int(np.searchsorted(ends, before + _BATCH_BYTES, side="right"))
        end = min(max(fit, begin + 1), begin + _BATCH_DOCUMENTS)
        yield BytesBatch(raws[begin:end], first + begin)
        begin, before = end, int(ends[end - 1])


def batches_of_documents(given: Iterable[Document]) -> Iterator[list[Document]]:
    """Yield documents from files."""
    batch: list[Document] = []
    size = 0
    for document in given:
        size += len(document.raw)
        if batch and (size > _FILES_BYTES or len(batch) == _BATCH_DOCUMENTS):
            yield batch
            batch, size = [], len(document.raw)
        batch.append(document)
    if batch:
        yield batch


def read_batches(given: Iterator[Batch], threads: int = 1) -> Iterator[tuple[Batch, tuple[LongRows, list[Fault]]]]:
    """Read batches in parallel and yield them in order; a few are held at a time, so that memory has a limit."""
    _keep_heap()
    if threads == 1:
        for batch in given:
            yield batch, read_batch(batch)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[tuple[Batch, Future[tuple[LongRows, list[Fault]]]]] = deque()
        for batch in given:
            waiting.append((batch, pool.submit(read_batch, batch)))
            if len(waiting) > threads:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()


def _keep_heap() -> None:
    # glibc keeps freed memory up to the size of the largest block ever freed, at most 32 MiB. Without this the arrays of
    # each batch return to the system and come back page by page, which takes three tenths of the time in a process that
    # has not freed such a block before. The second block is part of the heap, and numpy asks the system for large pages
    # for it, which save a twentieth. Nothing is written here; other allocators ignore it.
    for _ in range(2):
        np.empty(_HEAP, dtype=np.uint8)


def read_batch(batch: Batch) -> tuple[LongRows, list[Fault]]:
    """Read a batch; a document that cannot be read becomes a row with the state ``Unreadable`` and a fault."""
    raws = batch.raws if isinstance(batch, BytesBatch) else [document.raw for document in batch]
    columns, refused = read_columns(raws)
    if columns is not None and not refused:
        return to_long_rows(record_batch(columns)), []
    rows, places, faults = RecordRows(), [], []
    files = RepairedFiles()
    token = REPAIRED.set(files)
    for place in refused:
        before = len(rows)
        files.reading = batch[place].key
        faults += _read_strictly(batch[place], rows)
        places += [place] * (len(rows) - before)
    REPAIRED.reset(token)
    strict = rows.batch(np.array(places, dtype=np.int64))
    return to_long_rows(strict if columns is None else joined(record_batch(columns), strict)), faults


def _read_strictly(document: Document, rows: RecordRows) -> list[Fault]:
    fault = document.fault
    if not fault:
        try:
            for record in read_each(document.raw):
                rows.add(record, key=document.key)
        except DecodeError as e:
            fault = str(e)
    if not fault:
        return []
    if document.piece:
        return [found for job in split_jobs(document) for found in _read_strictly(job, rows)]
    rows.add_unreadable(document.key, f"{document.place}: {fault}" if document.place else fault)
    return [(document, fault)]


class FaultList:
    """Counts documents that could not be read and keeps the first few for the message."""

    def __init__(self) -> None:
        self.count = 0
        self._whole_files = True
        self._named: list[Fault] = []

    def add(self, found: list[Fault], batch: Batch) -> None:
        """Append the faults of a batch."""
        self.count += len(found)
        self._named += found[: _FAULTS_NAMED - len(self._named)]
        self._whole_files &= isinstance(batch, list) and not any(document.place for document in batch)

    def message(self, tried: int) -> str:
        """List the faults, one a line."""
        what = "files" if self._whole_files else "documents"
        lines = [f"  {', '.join(filter(None, (d.key, d.place)))}: {reason}" for d, reason in self._named]
        if self.count > len(lines):
            lines.append(f"  and {self.count - len(lines)} more")
        if any(FOREIGN in reason for _, reason in self._named):
            lines.append("answers of another service are read by read_responses(..., dialect='tencent' or another)")
        head = f"{self.count} of {tried} {what} could not be read; errors='row' keeps them as rows:"
        return "\n".join([head, *lines])
