"""Saved responses → frame."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from tqdm.auto import tqdm

from cardocr_nb._ledger._tables import is_ledger
from cardocr_nb._progress_bar import is_hidden
from cardocr_nb._text_safety import describe, shown_choice, shown_path
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._batch_reader import FaultList, are_bytes, batches, read_batches
from cardocr_nb.frame._dask_frame import read_dask
from cardocr_nb.frame._dialect_rows import dialect_of, read_dialect
from cardocr_nb.frame._flatten import is_document, refuse_missing
from cardocr_nb.frame._frame_builder import FrameBuilder
from cardocr_nb.frame._ledger_rows import read_ledger
from cardocr_nb.frame._sources import SUFFIXES, find
from cardocr_nb.wire._xml_tree import to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from cardocr_nb.frame._dialects import Dialect

Source: TypeAlias = "str | os.PathLike[str] | bytes | Iterable[Source]"
Errors: TypeAlias = Literal["raise", "row"]


@overload
def read_responses(
    *sources: Source,
    errors: Errors = ...,
    threads: int = ...,
    engine: Literal["pandas"] = ...,
    dialect: str | Dialect | None = ...,
    keys: Callable[[str], str] = ...,
) -> pd.DataFrame: ...
@overload
def read_responses(*sources: Source, engine: Literal["dask"], blocksize: int = ...) -> Any: ...
def read_responses(
    *sources: Source,
    errors: Errors = "raise",
    threads: int = 2,
    engine: Literal["pandas", "dask"] = "pandas",
    blocksize: int = 2**26,
    dialect: str | Dialect | None = None,
    keys: Callable[[str], str] = str,
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
        Treatment of documents that cannot be read: one error that lists them all, after all were tried; or a row
        each, with the state ``Unreadable``, the file (and member) in ``key``, place and reason in ``message``.
    threads : int, default 2
        Number of batches that are read in parallel, 1 or more.
    engine : {"pandas", "dask"}, default "pandas"
        ``"dask"`` gives a Dask DataFrame that is read when it is computed, by its workers, see
        `cardocr_nb.frame._dask_frame.read_dask`; broken documents are rows there for each value of `errors`.
    blocksize : int, default 64 MiB
        Bytes of input a partition, for Dask.
    dialect : {"tencent", "baidu", "alibaba", "lines"} or callable, optional
        Service of the documents if it is another one (``lines``: general OCR), see `cardocr_nb.frame.Dialect`; all sources are then JSON documents of
        it. Their errors become failed rows. A document ``{"key": …, "response": …}`` names its image. Not with Dask.
    keys : callable, default str
        With `dialect`: from the file of a document to the key of its image, so that `compare` finds it in other frames.

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
        With ``errors="raise"``: some files are not documents of the service.
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
        raise ValueError(f"errors must be 'raise' or 'row', got {shown_choice(errors, ('raise', 'row'))}")
    if threads < 1:
        raise ValueError(f"threads must be 1 or more, got {describe(threads)}")
    if engine not in ("pandas", "dask"):
        raise ValueError(f"engine must be 'pandas' or 'dask', got {shown_choice(engine, ('pandas', 'dask'))}")
    if dialect is not None:
        dialect = dialect_of(dialect)
    given = _flat(sources)
    if len(given) == 1 and isinstance(given[0], str | Path) and is_ledger(given[0]):
        return read_ledger(given[0])
    if dialect is not None and engine == "dask":
        raise ValueError("dialect is for engine='pandas'; Dask reads documents of the service alone")
    if engine == "dask":
        files_only = [source for source in given if not isinstance(source, bytes)]
        if len(files_only) < len(given):
            raise ValueError(
                "engine='dask' reads files that its workers can see, got bytes; write them to a file first"
            )
        return read_dask(files_only, blocksize=blocksize)
    # Paths are looked up first, so that a wrong one is reported before anything is read.
    found: list[Any] = given if are_bytes(given) else [one if isinstance(one, bytes) else find(one) for one in given]
    builder, faults, tried = FrameBuilder(), FaultList(), 0
    with tqdm(desc="reading", unit=" documents", delay=2, disable=is_hidden()) as bar:
        if dialect is None:
            read = read_batches(batches(found), threads)
        else:
            function = dialect
            read = ((batch, read_dialect(batch, function, keys)) for batch in batches(found))
        for batch, (rows, unread) in read:
            faults.add(unread, batch)
            if errors == "row" or not faults.count:
                builder.add(rows)
            tried += len(batch)
            bar.update(len(batch))
    if not tried and any(not isinstance(source, bytes) for source in given):
        warnings.warn(
            f"no document was found in {', '.join(shown_path(one) for one in given[:3] if not isinstance(one, bytes))}; "
            f"files of a folder are read if they end in {', '.join(SUFFIXES)}",
            UserWarning,
            stacklevel=2,
        )
    if faults.count and errors == "raise":
        raise DecodeError(faults.message(tried))
    return builder.frame()


def _flat(sources: Iterable[Any]) -> list[bytes | str | os.PathLike[str]]:
    """List the sources of nested lists; a text that is a document becomes bytes."""
    flat: list[bytes | str | os.PathLike[str]] = []
    listed = list(sources)
    if are_bytes(listed):
        return listed
    for place, source in enumerate(listed, 1):
        if isinstance(source, bytes):
            flat.append(source)
        elif isinstance(source, str):
            flat.append(to_bytes(source) if is_document(source) else source)
        elif isinstance(source, os.PathLike):
            flat.append(source)
        elif isinstance(source, bytearray | memoryview | Mapping):
            flat.append(to_bytes(source))
        else:
            refuse_missing(source, place)
            try:
                inner = iter(source)
            except TypeError:
                raise TypeError(
                    f"read_responses takes paths, patterns, bytes and lists of these, got {type(source).__name__}; "
                    "for jobs and results use to_frame"
                ) from None
            flat += _flat(inner)
    return flat
