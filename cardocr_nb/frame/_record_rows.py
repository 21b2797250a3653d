"""Records of the wire, collected as rows: what the strict parser returns for one document at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from cardocr_nb._bulk._columns import MISSING
from cardocr_nb._bulk._numerals import NO_TIME
from cardocr_nb.frame._frame_columns import UNREADABLE
from cardocr_nb.frame._record_batch import NUMBERS, TEXTS, TIMES, RecordBatch
from cardocr_nb.frame._typed_columns import refuse_half_characters
from cardocr_nb.wire._records import Callback, CardResult, Error, Field, Job, JobList, JobState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.frame._dialects import DialectReading
    from cardocr_nb.wire._records import Points

Record: TypeAlias = Job | CardResult | JobList | Callback | Error

_LOWEST, _HIGHEST = -(2**31), 2**31 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RecordRows:
    """Cards and fields of records, in the order in which they are added."""

    def __init__(self) -> None:
        self._cards: list[dict[str, Any]] = []
        self._counts: list[int] = []
        self._fields: list[Field] = []

    def add(self, record: Record, *, key: str | None = None) -> None:
        """Append a record; `key` is for a result that does not name its image."""
        if isinstance(record, Job):
            self._add_job(record)
        elif isinstance(record, CardResult):
            self._add_result(record, key)
        elif isinstance(record, Error):
            self._add_card(key=key or record.resource, state=JobState.FAILED, code=record.code, message=record.message)
        else:
            for job in record.jobs:
                self._add_job(job)
            for job_id in getattr(record, "missing_ids", ()):
                self._add_card(job_id=job_id, code="NoSuchJob", message="the service does not know this job")

    def add_unreadable(self, key: str | None, reason: str) -> None:
        """Append a row for a document that could not be read."""
        self._add_card(key=key, state=UNREADABLE, message=reason)

    def add_reading(self, reading: DialectReading, key: str | None) -> None:
        """Append what another service read on an image."""
        if reading.code is not None:
            self._add_card(key=key, state=JobState.FAILED, code=reading.code, message=reading.message)
            return
        self._add_card(
            reading.fields,
            key=key,
            card_type=reading.card_type,
            state=JobState.SUCCESS,
            status=int(bool(reading.fields)),
            message=reading.message,
        )

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
            message=(None if failed and job.state is not JobState.FAILED else job.message) or result.message or None,
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
            message=result.message or None,
            status=result.status,
        )

    def _add_card(self, fields: tuple[Field, ...] = (), **card: Any) -> None:
        self._cards.append(card)
        self._counts.append(len(fields))
        self._fields.extend(fields)

    def __len__(self) -> int:
        return len(self._cards)

    def batch(self, document: NDArray[np.int64] | None = None) -> RecordBatch:
        """Return the rows; `document` holds the number of the document of each card."""
        polygons = [f.polygon for f in self._fields]
        usable = np.fromiter((p is not None and _fits(p) for p in polygons), dtype=bool, count=len(polygons))
        points = np.zeros((len(polygons), 4, 2), dtype=np.int32)
        if usable.any():
            points[usable] = [p for p, fits in zip(polygons, usable, strict=True) if fits and p is not None]
        return RecordBatch(
            document=np.zeros(len(self), dtype=np.int64) if document is None else document,
            texts={name: _texts([card.get(name) for card in self._cards]) for name in TEXTS},
            numbers={name: _numbers([card.get(name) for card in self._cards]) for name in NUMBERS},
            times={name: _moments([card.get(name) for card in self._cards]) for name in TIMES},
            fields=np.array(self._counts, dtype=np.int64),
            label=_arrow([f.label for f in self._fields]),
            text=_texts([f.text for f in self._fields]),
            score=_numbers([f.score for f in self._fields]),
            points=points,
            usable=usable,
            unusable=np.array([p is not None for p in polygons], dtype=bool) & ~usable,
        )


def _texts(values: list[Any]) -> pa.LargeStringArray:
    if not any(values):
        return pa.nulls(len(values), pa.large_string())
    return _arrow([str(value) if value else None for value in values])


def _arrow(texts: list[str | None] | list[str]) -> pa.LargeStringArray:
    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        refuse_half_characters(texts, "the cards")
        raise


def _numbers(values: list[int | None]) -> NDArray[np.int16]:
    return np.array([MISSING if value is None else value for value in values], dtype=np.int16)


def _moments(values: list[datetime | None]) -> NDArray[np.int64]:
    return np.array([NO_TIME if value is None else _microseconds(value) for value in values], dtype=np.int64)


def _microseconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def _fits(polygon: Points) -> bool:
    return len(polygon) == 4 and min(map(min, polygon)) >= _LOWEST and max(map(max, polygon)) <= _HIGHEST
