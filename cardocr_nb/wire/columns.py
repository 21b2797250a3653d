"""Many saved responses → columns, without a Python object a field: the second half of the fast reader.

`read_columns` answers for every byte of a document or refuses it. What it refuses is read by `cardocr_nb.wire.decode`,
which gives the same values: the two are held against each other in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb.wire.characters import REFERENCES, bare, check_characters, check_gaps, check_references
from cardocr_nb.wire.models import JobState
from cardocr_nb.wire.numerals import NO_TIME, read_moments, read_number, read_points
from cardocr_nb.wire.tokens import NODES, NUMBER, UNKNOWN, Chunk, Form, RefusedError, Tags, code, read_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_RESULT = "Operation/ImageLicenseRecResult/"
_INFO = _RESULT + "IdInfo"
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

_JOB_DEPTH = 2
_STATES = pa.array([str(state) for state in JobState])

MISSING = -128
"""Stands for a missing number; the others are 0 or more."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What documents hold: a row a card, and a row a field.

    Attributes
    ----------
    document : ndarray of shape (cards,), int64
        Place of the document among those given.
    texts : dict of str to pyarrow.StringArray
        Of length cards, for each name in `TEXTS`.
    numbers : dict of str to ndarray of int16
        For each name in `NUMBERS`; `MISSING` where there is none.
    times : dict of str to ndarray of int64
        For each name in `TIMES`; microseconds since 1970 in UTC, `NO_TIME` where there is none.
    fields : ndarray of shape (cards,), int64
        How many fields each card has.
    label, text : pyarrow.StringArray
        Of length fields, in the order of the cards.
    score : ndarray of int16
    corners : ndarray of int64
        How many points each field has.
    points : ndarray of shape (fields, 4, 2), int32
        Zeros where a field has not four points.
    """

    document: Ints
    texts: dict[str, pa.StringArray]
    numbers: dict[str, NDArray[np.int16]]
    times: dict[str, Ints]
    fields: Ints
    label: pa.StringArray
    text: pa.StringArray
    score: NDArray[np.int16]
    corners: Ints
    points: NDArray[np.int32]


def read_columns(documents: Sequence[bytes]) -> tuple[Columns | None, list[int]]:
    """Read the responses and callbacks with jobs that are written in the service's own way.

    Parameters
    ----------
    documents : sequence of bytes
        A few hundred kilobytes in all are read fastest.

    Returns
    -------
    columns : Columns or None
        None when every document was refused.
    refused : list of int
        Places of the documents that `cardocr_nb.wire.decode.decode` has to read, in order.

    Examples
    --------
    >>> job = b"<Response><JobsDetail><JobId>j1</JobId><State>Running</State></JobsDetail></Response>"
    >>> columns, refused = read_columns([job, b"no document"])
    >>> columns.texts["state"].to_pylist(), refused
    (['Running'], [1])
    """
    left = {place: body for place, raw in enumerate(documents) if (body := bare(raw))}
    while left:
        places = np.fromiter(left, dtype=np.int64, count=len(left))
        try:
            columns = _read(Chunk.of(list(left.values())), places)
        except RefusedError as e:
            for place in places[e.documents].tolist():
                del left[place]
        else:
            return columns, [place for place in range(len(documents)) if place not in left]
    return None, list(range(len(documents)))


def _read(chunk: Chunk, places: Ints) -> Columns:
    tags = read_tags(chunk)
    check_characters(chunk)
    check_gaps(chunk, tags)
    return _Reader(chunk, tags).columns(places)


class _Reader:
    """Takes the values of each node out of a chunk whose tags are known."""

    def __init__(self, chunk: Chunk, tags: Tags) -> None:
        self._chunk, self._tags = chunk, tags
        # Sorting the tags once by their code is quicker than looking for each code in turn.
        self._by_code = np.argsort(tags.code, kind="stable")
        self._bounds = np.append(0, np.cumsum(np.bincount(tags.code, minlength=UNKNOWN + 1)))
        offsets = np.empty(2 * len(tags.text), dtype=np.int32)
        offsets[::2], offsets[1::2] = tags.text, tags.end
        # Every second piece of the chunk is a text, the others are tags.
        self._pieces = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(chunk.raw))
        self._refers = check_references(chunk)
        self._jobs = self._find(NUMBER[""])
        self._infos = self._find(NUMBER[_INFO])
        self._job = _owners(self._jobs, len(tags.code))
        self._info = _owners(self._infos, len(tags.code))

    def _find(self, node: int, form: Form = Form.OPEN) -> Ints:
        """The tags of a node, in order."""
        wanted = code(node, form)
        return self._by_code[self._bounds[wanted] : self._bounds[wanted + 1]]

    def columns(self, places: Ints) -> Columns:
        """Read every node.

        Raises
        ------
        RefusedError
        """
        chunk, at_jobs = self._chunk, self._tags.text[self._jobs]
        documents = chunk.documents(at_jobs)
        self._check_repeats()
        texts = self._job_texts()
        chunk.check(texts["job_id"].is_valid().to_numpy(zero_copy_only=False), at_jobs)
        chunk.check(pc.is_in(texts["state"], value_set=_STATES).to_numpy(zero_copy_only=False), at_jobs)
        corners, points = self._points()
        return Columns(
            document=places[documents],
            texts=texts,
            numbers={name: self._numbers(self._of_jobs(path), most) for name, (path, most) in NUMBERS.items()},
            times={name: self._moments(self._of_jobs(path)) for name, path in TIMES.items()},
            fields=np.bincount(self._job[self._infos], minlength=len(self._jobs)),
            label=self._texts(self._of_infos("Name")).fill_null(""),
            text=self._texts(self._of_infos("DetectedText")),
            score=self._numbers(self._of_infos("Score"), 100),
            corners=corners,
            points=points,
        )

    def _job_texts(self) -> dict[str, pa.StringArray]:
        # All at once: a call costs as much as some hundred texts.
        count = len(self._jobs)
        joined = self._texts(np.concatenate([self._of_jobs(path) for path in TEXTS.values()]))
        return {name: joined.slice(place * count, count) for place, name in enumerate(TEXTS)}

    def _check_repeats(self) -> None:
        for node in NODES:
            if node.repeats or node.parent < 0:
                continue
            at, empty = self._find(node.number), self._find(node.number, Form.EMPTY)
            if len(empty):
                at = np.sort(np.concatenate([at, empty]))
            if node.depth > _JOB_DEPTH:
                owners = (self._info if _INFO in node.path else self._job)[at]
            else:
                owners = self._chunk.documents(self._tags.text[at])
            self._chunk.check(owners[1:] > owners[:-1], self._tags.text[at[1:]])

    def _of_jobs(self, path: str) -> Ints:
        """The opening tag of a node in each job, -1 where it is absent or empty."""
        return self._of(path, self._job, len(self._jobs))

    def _of_infos(self, name: str) -> Ints:
        return self._of(f"{_INFO}/{name}", self._info, len(self._infos))

    def _of(self, path: str, owner: Ints, count: int) -> Ints:
        at = self._find(NUMBER[path])
        at = at[self._tags.end[at] > self._tags.text[at]]
        found = np.full(count, -1)
        found[owner[at]] = at
        return found

    def _texts(self, at: Ints) -> pa.StringArray:
        none = at < 0
        texts = self._pieces.take(pa.array(at * 2, mask=none) if none.any() else pa.array(at * 2))
        if self._refers:
            for reference, character in REFERENCES.items():
                texts = pc.replace_substring(texts, reference, character)
        return texts

    def _numbers(self, at: Ints, most: int) -> NDArray[np.int16]:
        values = np.full(len(at), MISSING, dtype=np.int16)
        there = np.flatnonzero(at >= 0)
        text = self._tags.text[at[there]]
        values[there], fine = read_number(self._chunk, text, self._tags.end[at[there]])
        self._chunk.check(fine & (values[there] <= most), text)
        return values

    def _moments(self, at: Ints) -> Ints:
        values = np.full(len(at), NO_TIME)
        there = np.flatnonzero(at >= 0)
        text = self._tags.text[at[there]]
        values[there], fine = read_moments(self._chunk, text, self._tags.end[at[there]])
        self._chunk.check(fine, text)
        return values

    def _points(self) -> tuple[Ints, NDArray[np.int32]]:
        at = self._find(NUMBER[f"{_INFO}/Location/Point"])
        text = self._tags.text[at]
        pairs, fine = read_points(self._chunk, text, self._tags.end[at])
        self._chunk.check(fine, text)
        owner = self._info[at]
        corners = np.bincount(owner, minlength=len(self._infos))
        points = np.zeros((len(self._infos), 4, 2), dtype=np.int32)
        points[corners == 4] = pairs[corners[owner] == 4].reshape(-1, 4, 2)
        return corners, points


def _owners(opening: Ints, count: int) -> Ints:
    """Number of the node of one kind that stands open, or stood open last, at each tag; -1 before the first."""
    spans = np.diff(opening, prepend=0, append=count)
    return np.repeat(np.arange(-1, len(opening)), spans)
