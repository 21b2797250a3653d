"""Cards and fields as plain arrays: what both ways of reading make, and what a frame is put together from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb.wire._records import JobState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._bulk._columns import Columns

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

TEXTS = (
    "job_id", "key", "card_type", "state", "code", "message", "user_data", "queue_id", "bucket", "region",
)  # fmt: skip
"""Columns of a card that hold texts."""

NUMBERS = ("status", "job_level")
TIMES = ("created", "started", "ended")


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """A few hundred cards and their fields.

    Attributes
    ----------
    document : ndarray of shape (cards,)
        Which document each card came from; `cardocr_nb._bulk._columns.REFUSED` for a card that is left out.
    texts : dict of str to pyarrow.LargeStringArray
        For each name in `TEXTS`.
    numbers : dict of str to ndarray of int16
        For each name in `NUMBERS`; `cardocr_nb._bulk._columns.MISSING` where there is none.
    times : dict of str to ndarray of int64
        For each name in `TIMES`, as in `cardocr_nb._bulk._columns.Columns`.
    fields : ndarray of shape (cards,)
        How many fields each card has.
    label, text : pyarrow.LargeStringArray
        Of length fields.
    score : ndarray of int16
    points : ndarray of shape (fields, 4, 2), int32
    usable : ndarray of bool
        Which fields have four corners.
    unusable : ndarray of bool
        Which fields have other polygons.
    """

    document: Ints
    texts: dict[str, pa.LargeStringArray]
    numbers: dict[str, NDArray[np.int16]]
    times: dict[str, Ints]
    fields: Ints
    label: pa.LargeStringArray
    text: pa.LargeStringArray
    score: NDArray[np.int16]
    points: NDArray[np.int32]
    usable: Flags
    unusable: Flags


def record_batch(columns: Columns) -> RecordBatch:
    """Settle what two nodes may say: a job that succeeded with a refused result has failed."""
    given = columns.texts
    texts = {name: given[name] for name in TEXTS}
    if given["key"].null_count:
        texts["key"] = pc.coalesce(given["key"], given["result_key"])
    failed_job = _equal(given["state"], JobState.FAILED)
    failed = failed_job | _equal(given["result_state"], JobState.FAILED)
    rows = np.flatnonzero(failed)
    # Both nodes may say why; that of the job comes first where the job itself failed. A code counts only of a failure.
    own = given["code"].take(pa.array(rows, mask=~failed_job[rows]))
    code = pc.coalesce(own, given["result_code"].take(pa.array(rows)))
    texts["code"] = code.take(pa.array(np.cumsum(failed) - 1, mask=~failed))
    if given["result_message"].null_count < len(failed) or (failed & ~failed_job).any():
        own = given["message"].take(pa.array(np.arange(len(failed)), mask=failed & ~failed_job))
        texts["message"] = pc.coalesce(own, given["result_message"])
    if (failed & ~failed_job).any():
        texts["state"] = pc.if_else(pa.array(failed), JobState.FAILED.value, given["state"])
    return RecordBatch(
        document=columns.document,
        texts=texts,
        numbers={name: columns.numbers[name] for name in NUMBERS},
        times=columns.times,
        fields=columns.fields,
        label=columns.label,
        text=columns.text,
        score=columns.score,
        points=columns.points,
        usable=columns.corners == 4,
        unusable=(columns.corners != 4) & (columns.corners > 0),
    )


def _equal(texts: pa.LargeStringArray, word: str) -> Flags:
    """Whether each text is a word; a missing one is not."""
    flags: Flags = pc.fill_null(pc.equal(texts, word), False).to_numpy(zero_copy_only=False)
    return flags


def joined(one: RecordBatch, other: RecordBatch) -> RecordBatch:
    """Lay two batches one behind the other; documents that cannot be read have no fields."""

    def texts(a: pa.LargeStringArray, b: pa.LargeStringArray) -> pa.LargeStringArray:
        return pa.concat_arrays([a, b]) if len(b) else a

    def arrays(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([a, b]) if len(b) else a

    return RecordBatch(
        document=arrays(one.document, other.document),
        texts={name: texts(one.texts[name], other.texts[name]) for name in TEXTS},
        numbers={name: arrays(one.numbers[name], other.numbers[name]) for name in NUMBERS},
        times={name: arrays(one.times[name], other.times[name]) for name in TIMES},
        fields=arrays(one.fields, other.fields),
        label=texts(one.label, other.label),
        text=texts(one.text, other.text),
        score=arrays(one.score, other.score),
        points=arrays(one.points, other.points),
        usable=arrays(one.usable, other.usable),
        unusable=arrays(one.unusable, other.unusable),
    )
