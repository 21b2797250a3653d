"""Records and documents of the service → one row a field."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._batch_reader import are_bytes, batches_of_bytes, read_batches
from cardocr_nb.frame._frame_builder import FrameBuilder
from cardocr_nb.frame._ledger_rows import read_ledger
from cardocr_nb.frame._long_rows import to_long_rows
from cardocr_nb.frame._record_rows import Record, RecordRows
from cardocr_nb.wire._decode import decode_each
from cardocr_nb.wire._xml_tree import to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from cardocr_nb.frame._sources import Document

Source: TypeAlias = "Record | bytes | Mapping[str, Any] | Iterable[Source]"


def to_frame(source: Source | str | Path) -> pd.DataFrame:
    """Make a frame with one row a field of jobs, results and documents of the service.

    A card that failed, has not ended or shows nothing keeps one row with ``field`` missing. Columns and dtypes are those
    of `cardocr_nb.frame.DTYPES`, also without rows.

    Parameters
    ----------
    source : Job, CardResult, JobList, Callback, Error, bytes, dict, or an iterable of these; str or Path
        Bytes are a document of the service, XML or JSON; a dict is such a document parsed, as the vendor's SDK returns
        it; a text that begins with ``<``, ``{`` or ``[`` is a document as well. Ids that a `JobList` names as unknown,
        and an error body, become a row with ``code`` and without fields. Other texts and paths name the ledger of a
        run; the run may still be writing it.

    Returns
    -------
    DataFrame

    Raises
    ------
    DecodeError
        Bytes are not a document of the service.
    LedgerError
        The path does not name a ledger.
    TypeError
        The source has another type.

    Warns
    -----
    UnknownLabelWarning
        Once, with the labels that this package does not know.
    PolygonWarning
        Once, with the number of polygons that were left out.

    See Also
    --------
    read_responses : Read files, folders and archives; keeps a row for each document that cannot be read.

    Examples
    --------
    >>> from cardocr_nb.wire import CardResult, Field
    >>> found = Field("姓名", "样本", 98, ((0, 0), (0, 10), (30, 10), (30, 0)))
    >>> to_frame(CardResult((found,), status=1, key="front/0001.jpg"))[["key", "field", "score", "polygon"]]
                  key field  score          polygon
    0  front/0001.jpg  name     98  0,0 … 4 corners
    """
    if isinstance(source, Path) or (isinstance(source, str) and not is_document(source)):
        return read_ledger(source)
    builder = FrameBuilder()
    for of_bytes, group in _groups(source):
        if of_bytes:
            raws: Any = list(group)
            for _, (rows, faults) in read_batches(batches_of_bytes(raws)):
                for document, _ in faults:
                    _raise_fault(document, len(raws))
                builder.add(rows)
        else:
            records = RecordRows()
            for record in group:
                records.add(record)  # type: ignore[arg-type]  # _flat returns bytes or records
            builder.add(to_long_rows(records.batch()))
    return builder.frame()


def _raise_fault(document: Document, of: int) -> None:
    """Raise the error of the strict parser, which holds the document, with the place among several."""
    try:
        decode_each(document.raw)
    except DecodeError as e:
        if of == 1:
            raise
        raise DecodeError(f"{document.place} of {of}: {e}", document.raw) from None


def is_document(text: str) -> bool:
    """Whether a text is a document of the service rather than a path.

    Examples
    --------
    >>> is_document(" <Response/>"), is_document("run.sqlite")
    (True, False)
    """
    return text.lstrip("\ufeff \t\r\n")[:1] in ("<", "{", "[")


def refuse_missing(source: object, place: int) -> None:
    """Raise for an element of a list that is None or NaN, as in a column with responses that never came."""
    if source is None or (isinstance(source, float) and math.isnan(source)):
        raise TypeError(
            f"element {place} of the responses is missing ({type(source).__name__}); leave such elements out, as "
            "Series.dropna does"
        )


def _groups(source: Any) -> Iterable[tuple[bool, Iterable[bytes | Record]]]:
    """Part a source into runs of documents and of records."""
    if isinstance(source, list) and are_bytes(source):
        return [(True, source)]
    return groupby(_flat(source), key=lambda item: isinstance(item, bytes))


def _flat(source: Any) -> Iterator[bytes | Record]:
    """Yield the records and documents of nested iterables, one after another."""
    if isinstance(source, bytes | Record):
        yield source
    elif isinstance(source, bytearray | memoryview | Mapping) or (isinstance(source, str) and is_document(source)):
        yield to_bytes(source)
    elif isinstance(source, Iterable) and not isinstance(source, str):
        for place, part in enumerate(source, 1):
            if isinstance(part, bytes):
                yield part
            else:
                refuse_missing(part, place)
                yield from _flat(part)
    else:
        raise TypeError(
            "to_frame takes jobs, results, callbacks, the bytes of a response or the path of a ledger, got "
            f"{type(source).__name__}. For files use read_responses"
        )
