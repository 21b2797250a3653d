"""Records of the wire → one row a field."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from cardocr_nb._bulk._columns import MISSING
from cardocr_nb._bulk._numerals import NO_TIME
from cardocr_nb.frame._frame_builder import Builder
from cardocr_nb.frame._frame_schema import UNREADABLE
from cardocr_nb.frame._long_rows import spread
from cardocr_nb.frame._record_batch import NUMBERS, TEXTS, TIMES, Block
from cardocr_nb.wire._decode import decode
from cardocr_nb.wire._records import Callback, CardResult, Error, Field, Job, JobList, JobState

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from cardocr_nb.wire._records import Points

Source: TypeAlias = "Job | CardResult | JobList | Callback | Error | bytes | Iterable[Source]"

_LOWEST, _HIGHEST = -(2**31), 2**31 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_frame(source: Source | str | Path) -> pd.DataFrame:
    """Make a frame of what was read: one row a field.

    A card that failed, has not ended or shows nothing keeps one row with ``field`` missing. Columns and dtypes are those
    of `cardocr_nb.frame._frame_schema`, also without rows.

    Parameters
    ----------
    source : Job, CardResult, JobList, Callback, Error, bytes, or an iterable of these; str or Path
        Bytes are a document of the service, XML or JSON. Ids that a `JobList` names as unknown, and an error body,
        come as a row with ``code`` and without fields. A path is the ledger of a run, see
        `cardocr_nb.frame._ledger_rows.read_ledger`; a run may be at work on it.

    Returns
    -------
    DataFrame

    Raises
    ------
    DecodeError
        Bytes are not a document of the service.
    LedgerError
        The path is no ledger.
    TypeError
        The source is something else.

    Warns
    -----
    UnknownLabelWarning
        Once, naming the labels that have never been seen.
    PolygonWarning
        Once, with the number of polygons that were left out.

    Examples
    --------
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> found = Field("姓名", "样本", 98, ((0, 0), (0, 10), (30, 10), (30, 0)))
    >>> to_frame(CardResult((found,), status=1, key="front/0001.jpg"))[["key", "field", "score", "polygon"]]
                  key field  score                polygon
    0  front/0001.jpg  name     98  0,0 0,10 30,10 30,0
    """
    if isinstance(source, str | Path):
        from cardocr_nb.frame._ledger_rows import read_ledger

        return read_ledger(source)
    rows = Rows()
    rows.add(source)
    builder = Builder()
    builder.add(spread(rows.block()))
    return builder.frame()


class Rows:
    """Cards and fields of records, gathered one by one."""

    def __init__(self) -> None:
        self._cards: list[dict[str, Any]] = []
        self._counts: list[int] = []
        self._fields: list[Field] = []

    def add(self, source: Source, *, key: str | None = None) -> None:
        """Take in records, see `to_frame`; `key` is for a result that does not name its image."""
        if isinstance(source, bytes | bytearray | memoryview):
            source = decode(bytes(source))
        if isinstance(source, Job):
            self._add_job(source)
        elif isinstance(source, CardResult):
            self._add_result(source, key)
        elif isinstance(source, JobList | Callback):
            for job in source.jobs:
                self._add_job(job)
            for job_id in getattr(source, "missing_ids", ()):
                self._add_card(job_id=job_id, code="NoSuchJob", message="the service does not know this job")
        elif isinstance(source, Error):
            self._add_card(key=key or source.resource, state=JobState.FAILED, code=source.code, message=source.message)
        elif isinstance(source, Iterable) and not isinstance(source, str):
            for part in source:
                self.add(part)
        else:
            raise TypeError(
                f"to_frame takes jobs, results, callbacks, the bytes of a response or the path of a ledger, got {type(source).__name__}. "
                "For files use read_responses"
            )

    def add_unreadable(self, key: str | None, reason: str) -> None:
        """Take in a document that could not be read."""
        self._add_card(key=key, state=UNREADABLE, message=reason)

    def _add_job(self, job: Job) -> None:
        result = job.result or CardResult()
        refused = result.state == JobState.FAILED
        failed = refused or job.state is JobState.FAILED
        self._add_card(
            result.fields,
            job_id=job.id,
            key=job.key or result.key,
            card_type=job.card_type,
            state=JobState.FAILED if failed else job.state,
            code=(job.code if job.state is JobState.FAILED else None) or result.code if failed else None,
            message=(job.message if job.state is JobState.FAILED else None) or result.message if failed else None,
            status=result.status,
            user_data=job.user_data,
            job_level=job.job_level,
            queue_id=job.queue_id,
            bucket=job.bucket,
            region=job.region,
            created=job.created,
            started=job.started,
            ended=job.ended,
        )

    def _add_result(self, result: CardResult, key: str | None) -> None:
        failed = result.state == JobState.FAILED
        self._add_card(
            result.fields,
            key=result.key or key,
            state=result.state or JobState.SUCCESS,
            code=result.code if failed else None,
            message=result.message if failed else None,
            status=result.status,
        )

    def _add_card(self, fields: tuple[Field, ...] = (), **card: Any) -> None:
        self._cards.append(card)
        self._counts.append(len(fields))
        self._fields.extend(fields)

    def __len__(self) -> int:
        return len(self._cards)

    def block(self, document: NDArray[np.int64] | None = None) -> Block:
        """Give what was gathered; `document` tells which document each card came from."""
        polygons = [f.polygon for f in self._fields]
        usable = np.fromiter((p is not None and _fits(p) for p in polygons), dtype=bool, count=len(polygons))
        points = np.zeros((len(polygons), 4, 2), dtype=np.int32)
        if usable.any():
            points[usable] = [p for p, fits in zip(polygons, usable, strict=True) if fits and p is not None]
        return Block(
            document=np.zeros(len(self), dtype=np.int64) if document is None else document,
            texts={name: _texts([card.get(name) for card in self._cards]) for name in TEXTS},
            numbers={name: _numbers([card.get(name) for card in self._cards]) for name in NUMBERS},
            times={name: _moments([card.get(name) for card in self._cards]) for name in TIMES},
            fields=np.array(self._counts, dtype=np.int64),
            label=pa.array([f.label for f in self._fields], pa.large_string()),
            text=_texts([f.text for f in self._fields]),
            score=_numbers([f.score for f in self._fields]),
            points=points,
            usable=usable,
            left_out=sum(p is not None for p in polygons) - int(usable.sum()),
        )


def _texts(values: list[Any]) -> pa.LargeStringArray:
    return pa.array([str(value) if value else None for value in values], pa.large_string())


def _numbers(values: list[int | None]) -> NDArray[np.int16]:
    return np.array([MISSING if value is None else value for value in values], dtype=np.int16)


def _moments(values: list[datetime | None]) -> NDArray[np.int64]:
    return np.array([NO_TIME if value is None else _microseconds(value) for value in values], dtype=np.int64)


def _microseconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def _fits(polygon: Points) -> bool:
    return len(polygon) == 4 and min(map(min, polygon)) >= _LOWEST and max(map(max, polygon)) <= _HIGHEST
