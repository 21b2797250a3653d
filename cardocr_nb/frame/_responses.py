"""Saved responses → frame."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from tqdm.auto import tqdm

from cardocr_nb._bulk._columns import read_columns
from cardocr_nb._bulk._templates import Templates
from cardocr_nb._ledger._tables import is_ledger
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._flatten import Rows
from cardocr_nb.frame._frame_builder import Builder
from cardocr_nb.frame._long_rows import LongRows, spread
from cardocr_nb.frame._record_batch import block_of, merge
from cardocr_nb.frame._sources import Document, File, documents, find, jobs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from cardocr_nb.frame._sources import Source

_NAMED_AT_MOST = 20
_BATCH_BYTES = 4 * 2**20
_BATCH_DOCUMENTS = 4096
_HEAP = 31 * 2**20

Fault = tuple[Document, str]
Errors = Literal["raise", "row"]


@overload
def read_responses(
    *sources: Source, errors: Errors = ..., threads: int = ..., engine: Literal["pandas"] = ...
) -> pd.DataFrame: ...
@overload
def read_responses(*sources: Source, engine: Literal["dask"], blocksize: int = ...) -> Any: ...
def read_responses(
    *sources: Source,
    errors: Errors = "raise",
    threads: int = 2,
    engine: Literal["pandas", "dask"] = "pandas",
    blocksize: int = 2**26,
) -> Any:
    """Read saved responses and callbacks, XML or JSON, into one frame.

    Documents that are written as the service writes them are read many at once; all others by the strict parser, with
    the same result, a few megabytes at a time. A document larger than 8 MiB is read in pieces, between its jobs.

    Parameters
    ----------
    *sources : str, path or bytes
        Files, folders (all ``.xml``, ``.json`` and ``.jsonl`` files below), patterns such as ``"responses/*.xml"``,
        addresses such as ``"s3://bucket/responses/"`` (needs fsspec, from the extra ``scale``), or the bytes of a
        document. ``.zip`` and ``.tar`` archives (plain or compressed) are read member by member, ``.jsonl`` files
        line by line. The rows come in the order given, sorted by name within a folder or a pattern. The ledger of a
        run is read alone, as by `cardocr_nb.to_frame`.
    errors : {"raise", "row"}, default "raise"
        What becomes of documents that cannot be read: one error that lists them all, after all were tried; or a row
        each, with the state ``Unreadable``, the file (and member) in ``key``, place and reason in ``message``.
    threads : int, default 2
        How many batches are read beside one another, 1 or more.
    engine : {"pandas", "dask"}, default "pandas"
        ``"dask"`` gives a Dask DataFrame that is read when it is computed, by its workers, see
        `cardocr_nb.frame._dask_frame.read_dask`; broken documents are rows there whatever `errors` says.
    blocksize : int, default 64 MiB
        Bytes of input a partition, for Dask.

    Returns
    -------
    DataFrame
        As `to_frame` makes it. A synchronous reading that does not name its image, and an error body, have their file
        in ``key``.

    Raises
    ------
    FileNotFoundError
        A path or pattern fits no file.
    DecodeError
        With ``errors="raise"``: some files are no documents of the service.
    MissingExtraError
        An address was given and fsspec is not installed, or Dask was asked for and is not.
    ValueError
        `errors`, `threads` or `engine` is something else.

    Examples
    --------
    >>> job = b"<Response><JobsDetail><JobId>j1</JobId><State>Running</State></JobsDetail></Response>"
    >>> read_responses(job, b"<Response>", errors="row")[["job_id", "state"]]
      job_id       state
    0     j1     Running
    1    NaN  Unreadable
    """
    if errors not in ("raise", "row"):
        raise ValueError(f"errors must be 'raise' or 'row', got {errors!r}")
    if threads < 1:
        raise ValueError(f"threads must be 1 or more, got {threads}")
    if engine not in ("pandas", "dask"):
        raise ValueError(f"engine must be 'pandas' or 'dask', got {engine!r}")
    if len(sources) == 1 and isinstance(sources[0], str | Path) and is_ledger(sources[0]):
        from cardocr_nb.frame._ledger_rows import read_ledger

        return read_ledger(sources[0])
    if engine == "dask":
        from cardocr_nb.frame._dask_frame import read_dask

        files_only = [source for source in sources if not isinstance(source, bytes)]
        if len(files_only) < len(sources):
            raise ValueError(
                "engine='dask' reads files that its workers can see, got bytes; write them to a file first"
            )
        return read_dask(files_only, blocksize=blocksize)
    _keep_heap()
    # Paths are looked up at once, so that one that is wrong is told before anything is read.
    found = [bytes(s) if isinstance(s, bytes | bytearray | memoryview) else find(s) for s in sources]
    builder, faults, tried = Builder(), _Faults(), 0
    with tqdm(desc="reading", unit=" documents", delay=2) as bar:
        for batch, (block, unread) in _each(_batches(found), threads, Templates()):
            faults.add(unread, batch)
            if errors == "row" or not faults.count:
                builder.add(block)
            tried += len(batch)
            bar.update(len(batch))
    if faults.count and errors == "raise":
        raise DecodeError(faults.listed(tried))
    return builder.frame()


def _keep_heap() -> None:
    # glibc takes the largest block ever freed, up to 32 MiB, for what is worth keeping. Without this the arrays of each
    # batch go back to the system and come again page by page, which costs three tenths of the time in a process that
    # has not freed such a block before. Nothing is touched here; other allocators do not care.
    np.empty(_HEAP, dtype=np.uint8)


class _Handed:
    """Bytes that were handed over, as documents where one is asked for."""

    def __init__(self, raws: list[bytes], first: int) -> None:
        self.raws, self._first = raws, first

    def __len__(self) -> int:
        return len(self.raws)

    def __getitem__(self, place: int) -> Document:
        return Document(self.raws[place], None, f"source {self._first + place}")


Batch = _Handed | list[Document]


def _batches(found: list[bytes | Iterable[File | Document]]) -> Iterator[Batch]:
    """Documents of all sources in order, a few megabytes at a time."""
    number = 1
    for handed, group in groupby(found, key=lambda source: isinstance(source, bytes)):
        sources: list[Any] = list(group)
        if handed:
            yield from _handed(sources, number)
        else:
            yield from _gathered(chain.from_iterable(map(documents, sources)))
        number += len(sources)


def _handed(raws: list[bytes], first: int) -> Iterator[_Handed]:
    ends = np.cumsum(np.fromiter(map(len, raws), dtype=np.int64, count=len(raws)))
    begin, before = 0, 0
    while begin < len(raws):
        fit = int(np.searchsorted(ends, before + _BATCH_BYTES, side="right"))
        end = min(max(fit, begin + 1), begin + _BATCH_DOCUMENTS)
        yield _Handed(raws[begin:end], first + begin)
        begin, before = end, int(ends[end - 1])


def _gathered(given: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in given:
        size += len(document.raw)
        if batch and (size > _BATCH_BYTES or len(batch) == _BATCH_DOCUMENTS):
            yield batch
            batch, size = [], len(document.raw)
        batch.append(document)
    if batch:
        yield batch


Read = tuple[LongRows, list[Fault]]


def _each(batches: Iterator[Batch], threads: int, templates: Templates) -> Iterator[tuple[Batch, Read]]:
    """Read batches beside one another, giving them in order; a few at a time, so that memory stays bounded."""
    if threads == 1:
        for batch in batches:
            yield batch, read_batch(batch, templates)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[tuple[Batch, Future[Read]]] = deque()
        for batch in batches:
            waiting.append((batch, pool.submit(read_batch, batch, templates)))
            if len(waiting) > threads:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()


def read_batch(batch: Batch, templates: Templates | None = None) -> Read:
    """Read documents: fast what is written plainly, then strictly what is left, then a row for what is broken.

    Many batches are read faster with the same `templates`, which learn from each of them.
    """
    raws = batch.raws if isinstance(batch, _Handed) else [document.raw for document in batch]
    columns, refused = read_columns(raws, templates)
    if columns is not None and not refused:
        return spread(block_of(columns)), []
    rows, places, faults = Rows(), [], []
    for place in refused:
        before = len(rows)
        faults += _read_strictly(batch[place], rows)
        places += [place] * (len(rows) - before)
    strict = rows.block(np.array(places, dtype=np.int64))
    return spread(strict if columns is None else merge(block_of(columns), strict)), faults


def _read_strictly(document: Document, rows: Rows) -> list[Fault]:
    fault = document.fault
    if not fault:
        try:
            rows.add(document.raw, key=document.key)
        except DecodeError as e:
            fault = str(e)
    if not fault:
        return []
    if document.piece:
        return [found for job in jobs_of(document) for found in _read_strictly(job, rows)]
    rows.add_unreadable(document.key, f"{document.place}: {fault}" if document.place else fault)
    return [(document, fault)]


class _Faults:
    """Counts what could not be read and keeps the first few to be named."""

    def __init__(self) -> None:
        self.count = 0
        self._whole_files = True
        self._named: list[Fault] = []

    def add(self, found: list[Fault], batch: Batch) -> None:
        self.count += len(found)
        self._named += found[: _NAMED_AT_MOST - len(self._named)]
        self._whole_files &= isinstance(batch, list) and not any(document.place for document in batch)

    def listed(self, tried: int) -> str:
        """Say what could not be read."""
        what = "files" if self._whole_files else "documents"
        lines = [f"  {', '.join(filter(None, (d.key, d.place)))}: {reason}" for d, reason in self._named]
        if self.count > len(lines):
            lines.append(f"  and {self.count - len(lines)} more")
        head = f"{self.count} of {tried} {what} could not be read; errors='row' keeps them as rows:"
        return "\n".join([head, *lines])
