"""Records of the wire → one row a field."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from cardocr_nb.cards import field_name, known_field
from cardocr_nb.frame.polygon_array import PolygonArray
from cardocr_nb.frame.schema import COLUMNS, UNREADABLE, series
from cardocr_nb.wire.decode import decode
from cardocr_nb.wire.models import Callback, CardResult, Error, Field, Job, JobList, JobState

if TYPE_CHECKING:
    from cardocr_nb.wire.models import Points

Source: TypeAlias = "Job | CardResult | JobList | Callback | Error | bytes | Iterable[Source]"

_NAMED_AT_MOST = 10
_LOWEST, _HIGHEST = -(2**31), 2**31 - 1


class UnknownLabelWarning(UserWarning):
    """A field came under a label that this package does not know; its row is kept, under a name made from the label."""


class PolygonWarning(UserWarning):
    """A field's polygon has not four corners, or one beyond any image; its row is kept, with the polygon missing."""


def to_frame(source: Source) -> pd.DataFrame:
    """Make a frame of what was read: one row a field.

    A card that failed, has not ended or shows nothing keeps one row with ``field`` missing. Columns and dtypes are those
    of `cardocr_nb.frame.schema`, also without rows.

    Parameters
    ----------
    source : Job, CardResult, JobList, Callback, Error, bytes, or an iterable of these
        Bytes are a document of the service, XML or JSON. Ids that a `JobList` names as unknown, and an error body,
        come as a row with ``code`` and without fields.

    Returns
    -------
    DataFrame

    Raises
    ------
    DecodeError
        Bytes are not a document of the service.
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
    >>> from cardocr_nb.wire.models import CardResult, Field
    >>> found = Field("姓名", "样本", 98, ((0, 0), (0, 10), (30, 10), (30, 0)))
    >>> to_frame(CardResult((found,), status=1, key="front/0001.jpg"))[["key", "field", "score", "polygon"]]
                  key field  score                polygon
    0  front/0001.jpg  name     98  0,0 0,10 30,10 30,0
    """
    rows = Rows()
    rows.add(source)
    return rows.frame()


class Rows:
    """Columns in the making: card by card, then put together once."""

    def __init__(self) -> None:
        self._cards: list[tuple[Any, ...]] = []
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
                f"to_frame takes jobs, results, callbacks or the bytes of a response, got {type(source).__name__}. "
                "For files use read_responses"
            )

    def add_unreadable(self, key: str, reason: str) -> None:
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
        self._cards.append(tuple(card.get(name) for name in _CARD_COLUMNS))
        self._counts.append(max(len(fields), 1))
        self._fields.extend(fields or (_NOTHING,))

    def frame(self) -> pd.DataFrame:
        """Put the columns together."""
        row_of_card = np.repeat(np.arange(len(self._cards)), self._counts)
        by_card = zip(*self._cards, strict=True) if self._cards else ((),) * len(_CARD_COLUMNS)
        columns = {
            name: series(name, [None if v == "" else v for v in values]).take(row_of_card).reset_index(drop=True)
            for name, values in zip(_CARD_COLUMNS, by_card, strict=True)
        }
        labels = pd.Series([f.label for f in self._fields], dtype="str")
        # The label "" is one that the wire left empty; a row without a field has the label None.
        nothing = np.fromiter((f is _NOTHING for f in self._fields), dtype=bool, count=len(self._fields))
        labels[nothing] = None
        columns["label"] = series("label", labels)
        columns["field"] = series("field", labels.map(_field_names(labels)))
        columns["text"] = series("text", [f.text or None for f in self._fields])
        columns["score"] = series("score", [f.score for f in self._fields])
        columns["polygon"] = pd.Series(_polygons([f.polygon for f in self._fields]))
        return pd.DataFrame({name: columns[name] for name in COLUMNS})


_NOTHING = Field("")
_CARD_COLUMNS = tuple(c for c in COLUMNS if c not in ("field", "label", "text", "score", "polygon"))


def _field_names(labels: pd.Series) -> dict[str, str]:
    seen = [str(label) for label in labels.dropna().unique()]
    unknown = [label for label in seen if known_field(label) is None]
    if unknown:
        named = ", ".join(repr(label) for label in unknown[:_NAMED_AT_MOST])
        more = f" and {len(unknown) - _NAMED_AT_MOST} more" if len(unknown) > _NAMED_AT_MOST else ""
        warnings.warn(
            f"{len(unknown)} unknown labels: {named}{more}. Their rows are kept, under field names made from them",
            UnknownLabelWarning,
            stacklevel=4,
        )
    return {label: field_name(label) for label in seen}


def _polygons(given: list[Points | None]) -> PolygonArray:
    usable = np.fromiter((p is not None and _fits(p) for p in given), dtype=bool, count=len(given))
    points = np.zeros((len(given), 4, 2), dtype=np.int32)
    if usable.any():
        points[usable] = [p for p, fits in zip(given, usable, strict=True) if fits and p is not None]
    left_out = sum(p is not None for p in given) - int(usable.sum())
    if left_out:
        warnings.warn(
            f"{left_out} polygons have not four corners within the range of int32; they are missing in the frame",
            PolygonWarning,
            stacklevel=4,
        )
    return PolygonArray(points, ~usable)


def _fits(polygon: Points) -> bool:
    return len(polygon) == 4 and min(map(min, polygon)) >= _LOWEST and max(map(max, polygon)) <= _HIGHEST
