"""Many saved responses → columns, without a Python object a field.

`read_columns` answers for every byte of a document or refuses it. What it refuses is read by `cardocr_nb.wire._decode`,
which gives the same values: the two are held against each other in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb._bulk._characters import (
    are_ampersands,
    bare,
    erase_other_references,
    odd_texts,
    replace_ampersands,
    replace_references,
)
from cardocr_nb._bulk._chunk import Chunk
from cardocr_nb._bulk._grammar import (
    FIELD_PATHS,
    JOB_PATHS,
    LEAF,
    N_FIELD,
    N_JOB,
    N_RESPONSE,
    RESULT_PATHS,
    SLOT_FIELD,
    SLOT_JOB,
    SLOT_POINT,
    SLOTS,
)
from cardocr_nb._bulk._numerals import NO_TIME, read_moments, read_numbers, read_points
from cardocr_nb._bulk._spans import Spans, arrow_texts, owners, taken
from cardocr_nb._bulk._tokens import Tokens, skip_prologs, slots
from cardocr_nb.wire._contract import FIELD_NODES, JOB_NODES, RESULT_NODES
from cardocr_nb.wire._records import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

TEXTS = {
    "job_id": "id",
    "state": "state",
    "code": "code",
    "message": "message",
    "queue_id": "queue_id",
    "bucket": "bucket",
    "key": "key",
    "region": "region",
    "card_type": "card_type",
    "user_data": "user_data",
    "result_state": "result_state",
    "result_code": "result_code",
    "result_message": "result_message",
    "result_key": "result_key",
}
"""Columns of texts of a card, and the attributes of `cardocr_nb.wire.Job` that they hold."""

NUMBERS = {"status": "result_status", "job_level": "job_level", "progress": "progress"}
"""Columns of numbers of a card, and their attributes."""

TIMES = ("created", "started", "ended")
"""Columns of times of a card, which are attributes as well."""

_SLOT_OF = {name: SLOTS[path] for path, name in (JOB_PATHS | RESULT_PATHS).items()}
_TEXT_SLOTS = [_SLOT_OF[name] for name in TEXTS.values()]
_NUMBER_SLOTS = [_SLOT_OF[name] for name in NUMBERS.values()]
_TIME_SLOTS = [_SLOT_OF[name] for name in TIMES]
_UNUSED_SLOTS = sorted(set(_SLOT_OF.values()) - {*_TEXT_SLOTS, *_NUMBER_SLOTS, *_TIME_SLOTS})
"""Texts that no column holds, but that must be UTF-8."""
_STRIPPED = [place for place, slot in enumerate(_TEXT_SLOTS) if slot != _SLOT_OF["user_data"]]
"""Places of the texts, among those of `TEXTS`, that the strict parser strips."""

_LABEL, _TEXT, _SCORE = (SLOTS[path] - N_JOB for path in FIELD_PATHS)
_MOST = np.array(
    [[(JOB_NODES | {f"result_{n}": v for n, v in RESULT_NODES.items()})[a].most] for a in NUMBERS.values()]
)
_MAX_SCORE = FIELD_NODES["score"].most
_STATES = pa.array([str(state) for state in JobState], pa.large_string())

REFUSED = -1

MISSING = -128
"""Marks a missing number; the others are 0 or more."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What documents hold: a row a card, and a row a field.

    Attributes
    ----------
    document : ndarray of shape (cards,), int64
        Place of the document among those given; `REFUSED` for a card of a refused one, whose values are not valid.
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


def read_columns(documents: Sequence[bytes]) -> tuple[Columns | None, list[int]]:
    """Read the responses and callbacks with jobs that are written in the service's own way.

    Parameters
    ----------
    documents : sequence of bytes
        A few hundred kilobytes to a few megabytes in all are read fastest.

    Returns
    -------
    columns : Columns or None
        None when every document was refused.
    refused : list of int
        Places of the documents that `cardocr_nb.wire.decode` has to read, in order.

    Examples
    --------
    >>> job = b"<Response><JobsDetail><JobId>j1</JobId><State>Running</State></JobsDetail></Response>"
    >>> columns, refused = read_columns([job, b"no document"])
    >>> columns.texts["state"].to_pylist(), refused
    (['Running'], [1])
    """
    chunk = Chunk(documents)
    odd = chunk.not_bare().tolist()
    if odd:
        documents = list(documents)
        for place in odd:
            documents[place] = bare(documents[place])
        chunk = Chunk(documents)
    chunk.erase(np.unique(chunk.documents(chunk.controls())))
    erase_other_references(chunk)
    skip_prologs(chunk)
    tokens = Tokens(chunk)
    at, slot = slots(tokens)
    if not tokens.kept.any():
        return None, list(range(len(documents)))
    reader = _Reader(chunk, tokens, at, slot)
    refused = ~(tokens.kept & reader.plain)
    if refused.all():
        return None, list(range(len(documents)))
    columns = reader.columns()
    document = np.where(refused.take(columns.document), REFUSED, columns.document)
    return replace(columns, document=document), np.flatnonzero(refused).tolist()


class _Reader:
    """Reads the values of all slots; a node that is absent has an empty text.

    Attributes
    ----------
    plain : ndarray of bool
        Which documents of the chunk hold values that this reader knows; the others must be left out.
    """

    def __init__(self, chunk: Chunk, tokens: Tokens, at: Ints, slot: NDArray[np.uint8]) -> None:
        self._chunk, self._tokens = chunk, tokens
        self.plain = np.ones(len(tokens.kept), dtype=bool)
        jobs, fields = np.flatnonzero(slot == SLOT_JOB), np.flatnonzero(slot == SLOT_FIELD)
        job, field = owners(jobs, len(at)), owners(fields, len(at))
        self._job_document = tokens.document(at.take(jobs))
        self._field_job = job.take(fields)
        self._fields = np.bincount(self._field_job, minlength=len(jobs))
        self._n_low = chunk.count_low()
        # Bytes above 0x20 in tags and texts; the spaces in texts are taken off again when the texts are read.
        self._n_above = int(chunk.outside[tokens.kept].sum()) + tokens.n_above_space()
        if len(chunk.references):
            self._replace_references()
        self._text_end = np.where(tokens.tag >= LEAF, tokens.following, tokens.end)
        self._jobs = Spans(chunk, N_JOB, tokens.end.take(at.take(jobs)))
        self._infos = Spans(chunk, N_FIELD - N_JOB, tokens.end.take(at.take(fields)))
        for spans, chosen, owner, first in (
            (self._jobs, np.flatnonzero(slot < N_JOB), job, 0),
            (self._infos, np.flatnonzero((slot >= N_JOB) & (slot < N_FIELD)), field, N_JOB),
        ):
            places = at.take(chosen)
            key = spans.keys(slot.take(chosen) - first, owner.take(chosen))
            self._note_repeated(spans.fill(key, *self._texts_of(places)), places)
        self._check_response(at, slot)
        point = np.flatnonzero(slot == SLOT_POINT)
        self._read_points(*self._texts_of(at.take(point)), field.take(point))
        self._count(self._jobs.begin, self._jobs.end)
        self._count(self._infos.begin, self._infos.end)
        self._read_texts()
        self._numbers, self._score = self._read_numbers()
        self._times = self._read_times()
        self._check_gaps()

    def _replace_references(self) -> None:
        tokens, chunk = self._tokens, self._chunk
        refers = np.searchsorted(tokens.begin, chunk.references) - 1
        in_text = tokens.tag.take(refers) >= LEAF
        refers, places = refers.compress(in_text), chunk.references.compress(in_text)
        alone = np.diff(refers, prepend=-1, append=-1) != 0
        alone = alone[:-1] & alone[1:] & are_ampersands(chunk, places)
        several = np.unique(refers.compress(~alone))
        refers, places = refers.compress(alone), places.compress(alone)
        before = tokens.following[refers].sum() + tokens.following[several].sum()
        tokens.following[refers] = replace_ampersands(chunk, places, tokens.following[refers])
        if len(several):
            ends = replace_references(chunk, tokens.end[several], tokens.following[several])
            tokens.following[several] = ends
        self._n_above += int(before - tokens.following[refers].sum() - tokens.following[several].sum())

    def _texts_of(self, tags: Ints) -> tuple[Ints, Ints]:
        """Where the texts behind some tags begin and end; those of containers and empty tags are empty."""
        return self._tokens.end.take(tags), self._text_end.take(tags)

    def _note_repeated(self, repeated: Flags | None, tags: Ints) -> None:
        """Refuse documents in which a node appears twice in its job or field: invariant 5."""
        if repeated is not None:
            self.plain[self._tokens.document(tags[repeated])] = False

    def _check_response(self, at: Ints, slot: NDArray[np.uint8]) -> None:
        of_response = np.flatnonzero((slot >= N_FIELD) & (slot < N_RESPONSE))
        if len(of_response):
            document = self._tokens.document(at[of_response])
            key = document * N_RESPONSE + slot[of_response]
            _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
            self.plain[document[counts[inverse] > 1]] = False
            begin, end = self._texts_of(at[of_response])
            self._count(begin, end)
            self.plain[document[self._taken(begin, end)[2]]] = False

    def _count(self, begin: Ints, end: Ints) -> None:
        """Count the bytes of texts; white space in them is subtracted by `_taken` and `_subtract_spaces`."""
        self._n_above += int(end.sum() - begin.sum())

    def _subtract_spaces(self, begin: Ints, end: Ints, plain: Flags) -> None:
        """Subtract white space in the texts of numbers, times and points: only those that are not plain have some."""
        if not plain.all():
            _, data = taken(self._chunk, begin[~plain], end[~plain])
            self._n_above -= int(np.count_nonzero(data <= ord(" ")))

    def _taken(self, begin: Ints, end: Ints) -> tuple[Ints, NDArray[np.uint8], Ints]:
        """Copy texts out of the chunk; returns the numbers of those that break invariant 6 as well, which become ``?``."""
        ends, data = taken(self._chunk, begin, end)
        self._n_above -= int(np.count_nonzero(data <= ord(" ")))
        odd = odd_texts(ends, data)
        if len(odd):
            data = data.copy()
            for text in odd.tolist():
                data[ends[text] : ends[text + 1]] = ord("?")
        return ends, data, odd

    def _check_gaps(self) -> None:
        """Refuse documents with something else than white space between tags: invariant 3."""
        # Where no byte is left over between tags and texts, nothing has to be looked for.
        if self._n_above != len(self._chunk.data) - self._n_low:
            self.plain[self._tokens.badly_separated()] = False

    def _check_jobs(self, plain: Any) -> None:
        if not plain.all():
            self.plain[self._job_document[~plain]] = False

    def _check_fields(self, plain: Any) -> None:
        if not plain.all():
            self.plain[self._job_document[self._field_job[~plain]]] = False

    def _read_texts(self) -> None:
        of_job, plain = self._texts_in(self._jobs, _TEXT_SLOTS + _UNUSED_SLOTS, self._job_document)
        self._check_jobs(plain[_STRIPPED].all(axis=0))
        self._of_job = dict(zip(TEXTS, of_job, strict=False))
        self._check_jobs(self._of_job["job_id"].is_valid().to_numpy(zero_copy_only=False))
        known = pc.is_in(self._of_job["state"], value_set=_STATES)
        self._check_jobs(known.to_numpy(zero_copy_only=False))
        self._of_field, plain = self._texts_in(self._infos, [_LABEL, _TEXT], self._job_document.take(self._field_job))
        self._check_fields(plain.all(axis=0))

    def _texts_in(self, spans: Spans, rows: list[int], document: Ints) -> tuple[list[pa.LargeStringArray], Flags]:
        """Texts of some slots, and whether each neither begins nor ends with white space, which the strict parser removes.

        `document` holds the document of each job or field.
        """
        begin, end = spans.begin[rows], spans.end[rows]
        ends, data, odd = self._taken(begin, end)
        plain = begin == end
        if len(data):
            first, last = data.take(ends[:-1], mode="clip"), data.take(ends[1:] - 1, mode="clip")
            plain |= ((first > ord(" ")) & (last > ord(" "))).reshape(plain.shape)
        self.plain[document[odd % len(document)]] = False
        return arrow_texts(ends, data, begin != end), plain

    def _read_numbers(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        cards = len(self._job_document) * len(NUMBERS)
        begin = np.concatenate([self._jobs.begin[_NUMBER_SLOTS].ravel(), self._infos.begin[_SCORE]])
        end = np.concatenate([self._jobs.end[_NUMBER_SLOTS].ravel(), self._infos.end[_SCORE]])
        values, plain = read_numbers(self._chunk, begin, end)
        plain[:cards] &= (values[:cards].reshape(len(NUMBERS), -1) <= _MOST).ravel()
        plain[cards:] &= values[cards:] <= _MAX_SCORE
        absent = begin == end
        plain |= absent
        self._subtract_spaces(begin, end, plain)
        self._check_jobs(plain[:cards].reshape(len(NUMBERS), -1).all(axis=0))
        self._check_fields(plain[cards:])
        kept = np.where(absent, MISSING, values).astype(np.int16)
        return kept[:cards].reshape(len(NUMBERS), -1), kept[cards:]

    def _read_times(self) -> Ints:
        begin, end = self._jobs.begin[_TIME_SLOTS], self._jobs.end[_TIME_SLOTS]
        values, plain = read_moments(self._chunk, begin, end)
        plain |= begin == end
        self._subtract_spaces(begin, end, plain)
        self._check_jobs(plain.all(axis=0))
        return np.where(begin == end, NO_TIME, values)

    def _read_points(self, begin: Ints, end: Ints, owner: Ints) -> None:
        self._count(begin, end)
        pairs, plain = read_points(self._chunk, begin, end)
        if not plain.all():
            self._subtract_spaces(begin, end, plain)
            self.plain[self._job_document[self._field_job[owner[~plain]]]] = False
        self._corners = np.bincount(owner, minlength=len(self._field_job))
        self._points = np.zeros((len(self._field_job), 4, 2), dtype=np.int32)
        four = self._corners == 4
        whole = pairs if 4 * np.count_nonzero(four) == len(owner) else pairs.compress(four.take(owner), axis=0)
        self._points[np.flatnonzero(four)] = whole.reshape(-1, 4, 2)

    def columns(self) -> Columns:
        """Return the values of all slots."""
        label, text = self._of_field
        return Columns(
            document=self._job_document,
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
