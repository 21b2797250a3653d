"""Many saved responses → columns, without a Python object a field.

`read_columns` answers for every byte of a document or refuses it. What it refuses is read by `cardocr_nb.wire._decode`,
which gives the same values: the two are held against each other in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb._bulk._characters import REFERENCES, bare, fine_documents
from cardocr_nb._bulk._chunk import Chunk
from cardocr_nb._bulk._match import Fit, Pieces
from cardocr_nb._bulk._numerals import NO_TIME, read_moments, read_numbers, read_points
from cardocr_nb._bulk._templates import INFO, JOB, POINT, Kind, Templates
from cardocr_nb.wire._records import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    _Placed = tuple[Ints, Ints, Ints]

_RESULT = "Operation/ImageLicenseRecResult/"
TEXTS = {
    "job_id": "JobId",
    "state": "State",
    "code": "Code",
    "message": "Message",
    "queue_id": "QueueId",
    "bucket": "Input/BucketId",
    "key": "Input/Object",
    "region": "Input/Region",
    "card_type": "Operation/ImageLicenseRec/CardType",
    "user_data": "Operation/UserData",
    "result_state": _RESULT + "State",
    "result_code": _RESULT + "Code",
    "result_message": _RESULT + "Message",
    "result_key": _RESULT + "InputObjectName",
}
"""Texts of a card and the nodes that hold them, below ``JobsDetail``."""

NUMBERS = {"status": (_RESULT + "Status", 1), "job_level": ("Operation/JobLevel", 2), "progress": ("Progress", 100)}
"""Numbers of a card, their nodes and the most that may stand there."""

TIMES = {"created": "CreationTime", "started": "StartTime", "ended": "EndTime"}
"""Times of a card and their nodes."""

_JOB_PATHS = tuple(
    f"{JOB}/{path}" for path in (*TEXTS.values(), *(path for path, _ in NUMBERS.values()), *TIMES.values())
)
_INFO_PATHS = (f"{INFO}/Name", f"{INFO}/DetectedText", f"{INFO}/Score")
# Where they stand among those paths.
_STRIPPED = [row for row, name in enumerate(TEXTS) if name != "user_data"]
_NUMBERS, _TIMES = slice(len(TEXTS), len(TEXTS) + len(NUMBERS)), slice(len(TEXTS) + len(NUMBERS), None)
_SCORE = 2
_MOST, _MAX_SCORE = np.array([[most] for _, most in NUMBERS.values()]), 100
_STATES = pa.array([str(state) for state in JobState], pa.large_string())
_NO_TEXTS = pa.array([], pa.large_string())

MISSING = -128
"""Stands for a missing number; the others are 0 or more."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What documents hold: a row a card, and a row a field.

    Attributes
    ----------
    document : ndarray of shape (cards,), int64
        Place of the document among those given.
    texts : dict of str to pyarrow.LargeStringArray
        Of length cards, for each name in `TEXTS`.
    numbers : dict of str to ndarray of int16
        For each name in `NUMBERS`; `MISSING` where there is none.
    times : dict of str to ndarray of int64
        For each name in `TIMES`; microseconds since 1970 in UTC, `NO_TIME` where there is none.
    fields : ndarray of shape (cards,), int64
        How many fields each card has.
    label, text : pyarrow.LargeStringArray
        Of length fields, in the order of the cards.
    score : ndarray of int16
    corners : ndarray of int64
        How many points each field has.
    points : ndarray of shape (fields, 4, 2), int32
        Zeros where a field has not four points.
    """

    document: Ints
    texts: dict[str, pa.LargeStringArray]
    numbers: dict[str, NDArray[np.int16]]
    times: dict[str, Ints]
    fields: Ints
    label: pa.LargeStringArray
    text: pa.LargeStringArray
    score: NDArray[np.int16]
    corners: Ints
    points: NDArray[np.int32]


def read_columns(documents: Sequence[bytes], templates: Templates | None = None) -> tuple[Columns | None, list[int]]:
    """Read the responses and callbacks with jobs that are written in the service's own way.

    Parameters
    ----------
    documents : sequence of bytes
        A few hundred kilobytes to a few megabytes in all are read fastest.
    templates : Templates, optional
        What was learnt from documents before; more is learnt from these.

    Returns
    -------
    columns : Columns or None
        None when every document was refused.
    refused : list of int
        Places of the documents that `cardocr_nb.wire._decode.decode` has to read, in order.

    Examples
    --------
    >>> job = b"<Response><JobsDetail><JobId>j1</JobId><State>Running</State></JobsDetail></Response>"
    >>> columns, refused = read_columns([job, b"no document"])
    >>> columns.texts["state"].to_pylist(), refused
    (['Running'], [1])
    """
    chunk, places = Chunk.of(documents), np.arange(len(documents))
    if not chunk.is_bare():
        bodies = bare(documents)
        places = np.array([place for place, body in enumerate(bodies) if body[:1] == b"<"], dtype=np.int64)
        chunk = Chunk.of([bodies[place] for place in places.tolist()])
    if not len(places):
        return None, list(range(len(documents)))
    pieces = Pieces(chunk, templates or Templates())
    fine = pieces.learn()
    fine &= fine_documents(chunk, *pieces.expected())
    while fine.any():
        reader = _Reader(chunk, pieces, fine)
        if reader.fine.all():
            read = np.zeros(len(documents), dtype=bool)
            read[places[fine]] = True
            return reader.columns(places), np.flatnonzero(~read).tolist()
        fine &= reader.fine
    return None, list(range(len(documents)))


class _Reader:
    """Takes the values of each node out of the pieces of some documents; an absent node has an empty text.

    Attributes
    ----------
    fine : ndarray of bool
        Which documents hold nothing that is left to the strict parser; all the others have to be left out.
    """

    def __init__(self, chunk: Chunk, pieces: Pieces, chosen: Flags) -> None:
        self._chunk = chunk
        kept, kind = chosen[pieces.document], pieces.kind
        is_job = kept & ((kind == Kind.JOB_TO_FIELDS) | (kind == Kind.WHOLE_JOB))
        is_info = kept & (kind == Kind.FIELD)
        job, info = np.cumsum(is_job) - 1, np.cumsum(is_info) - 1
        self._job_document, self._info_document = pieces.document[is_job], pieces.document[is_info]
        self._fields = np.bincount(job[is_info], minlength=len(self._job_document))
        # An absent text lies where its piece begins, so that the texts of one node are in order.
        self._jobs = _Spans(_JOB_PATHS, pieces.at[is_job])
        self._infos = _Spans(_INFO_PATHS, pieces.at[is_info])
        self._corners = np.zeros(len(self._info_document), dtype=np.int64)
        self._points = np.zeros((len(self._info_document), 4, 2), dtype=np.int32)
        self.fine = np.ones(len(chosen), dtype=bool)
        placed: list[_Placed] = []
        for fit in (fit.of(kept) for fit in pieces.fits):
            if fit.template.kind == Kind.FIELD:
                self._infos.take(fit, info[fit.pieces])
                placed += self._placed(fit, info[fit.pieces])
            else:
                self._jobs.take(fit, job[fit.pieces])
        if placed:
            self._read_points(placed)
        self._check_texts()
        self._numbers, self._score = self._read_numbers()
        self._times = self._read_times()

    def _check(self, fine: Any, documents: Ints) -> None:
        if not fine.all():
            self.fine[documents[~fine]] = False

    def _check_texts(self) -> None:
        """No text may begin or end with white space, of which only the strict parser knows what becomes."""
        for spans, rows, documents in (
            (self._jobs, _STRIPPED, self._job_document),
            (self._infos, slice(0, 2), self._info_document),
        ):
            begin, end = spans.begin[rows], spans.end[rows]
            first, last = self._chunk.data.take(begin), self._chunk.data.take(end - 1)
            self._check((((first > ord(" ")) & (last > ord(" "))) | (end == begin)).all(axis=0), documents)
        self._of_job = dict(zip(TEXTS, self._texts(self._jobs, list(range(len(TEXTS)))), strict=True))
        self._check(self._of_job["job_id"].is_valid().to_numpy(zero_copy_only=False), self._job_document)
        known = pc.is_in(self._of_job["state"], value_set=_STATES)
        self._check(known.to_numpy(zero_copy_only=False), self._job_document)

    def _read_numbers(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        cards = len(self._job_document) * len(NUMBERS)
        begin = np.concatenate([self._jobs.begin[_NUMBERS].ravel(), self._infos.begin[_SCORE]])
        end = np.concatenate([self._jobs.end[_NUMBERS].ravel(), self._infos.end[_SCORE]])
        values, fine = read_numbers(self._chunk, begin, end)
        fine[:cards] &= (values[:cards].reshape(len(NUMBERS), -1) <= _MOST).ravel()
        fine[cards:] &= values[cards:] <= _MAX_SCORE
        absent = begin == end
        fine |= absent
        self._check(fine[:cards].reshape(len(NUMBERS), -1).all(axis=0), self._job_document)
        self._check(fine[cards:], self._info_document)
        kept = np.where(absent, MISSING, values).astype(np.int16)
        return kept[:cards].reshape(len(NUMBERS), -1), kept[cards:]

    def _read_times(self) -> Ints:
        begin, end = self._jobs.begin[_TIMES], self._jobs.end[_TIMES]
        values, fine = read_moments(self._chunk, begin, end)
        self._check((fine | (begin == end)).all(axis=0), self._job_document)
        return np.where(begin == end, NO_TIME, values)

    def _placed(self, fit: Fit, owner: Ints) -> list[_Placed]:
        """Where the points of fields stand."""
        rows = [number for number, path in enumerate(fit.template.texts) if path == POINT]
        self._corners[owner] = len(rows)
        if not rows:
            return []
        begin, end = fit.texts(rows)
        return [(owner, begin.T, end.T)]

    def _read_points(self, placed: list[_Placed]) -> None:
        begin, end = (np.concatenate([part[side].ravel() for part in placed]) for side in (1, 2))
        pairs, fine = read_points(self._chunk, begin, end)
        at = 0
        for owner, places, _ in placed:
            shape = places.shape
            here = slice(at, at + places.size)
            self._check(fine[here].reshape(shape).all(axis=1), self._info_document[owner])
            if shape[1] == 4:
                self._points[owner] = pairs[here].reshape(-1, 4, 2)
            at += places.size

    def _texts(self, spans: _Spans, rows: list[int]) -> list[pa.LargeStringArray]:
        begin, end = spans.begin[rows], spans.end[rows]
        count = begin.shape[1]
        # Every second piece of the chunk is a text; the others, and one more to its end, are not wanted.
        offsets = np.append(np.stack([begin, end], axis=2).ravel(), self._chunk.starts[-1])
        every = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(self._chunk.raw))
        texts = every.take(pa.array(np.arange(0, len(offsets) - 1, 2), mask=(end == begin).ravel()))
        if self._chunk.refers:
            for reference, character in REFERENCES.items():
                texts = pc.replace_substring(texts, reference, character)
        return [texts.slice(number * count, count) for number in range(len(rows))]

    def columns(self, places: Ints) -> Columns:
        """Give what was read; `places` are those of the documents of the chunk."""
        label, text = self._texts(self._infos, [0, 1]) if len(self._corners) else [_NO_TEXTS, _NO_TEXTS]
        return Columns(
            document=places[self._job_document],
            texts=self._of_job,
            numbers=dict(zip(NUMBERS, self._numbers, strict=True)),
            times=dict(zip(TIMES, self._times, strict=True)),
            fields=self._fields,
            label=label.fill_null(""),
            text=text,
            score=self._score,
            corners=self._corners,
            points=self._points,
        )


class _Spans:
    """Where the texts of some nodes begin and end: a row a node, a column a card or a field."""

    def __init__(self, paths: Sequence[str], at: Ints) -> None:
        self._row = {path: row for row, path in enumerate(paths)}
        self.begin = np.tile(at, (len(paths), 1))
        self.end = self.begin.copy()

    def take(self, fit: Fit, owner: Ints) -> None:
        """Take in the texts of the pieces that fit a template, which belong to `owner`."""
        numbers = [number for number, path in enumerate(fit.template.texts) if path in self._row]
        if numbers:
            rows = np.array([self._row[fit.template.texts[number]] for number in numbers])[:, np.newaxis]
            self.begin[rows, owner], self.end[rows, owner] = fit.texts(numbers)
