"""The ledger of a run → one row a field."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pandas as pd

from cardocr_nb._ledger import LOW_QUALITY, outcomes, split_user_data
from cardocr_nb.frame._batch_reader import batches_of_bytes, read_batches
from cardocr_nb.frame._frame_builder import FrameBuilder
from cardocr_nb.frame._frame_columns import COLUMNS, LEFT_OUT, PLANNED, UNKNOWN, UNREADABLE
from cardocr_nb.frame._frame_schema import restore
from cardocr_nb.wire._records import JobState

if TYPE_CHECKING:
    from pathlib import Path

    from cardocr_nb._ledger import Ledger, Outcome

_CHUNK = 2000
_STATES = {
    "planned": PLANNED,
    "intent": UNKNOWN,
    "unknown": UNKNOWN,
    "held": UNKNOWN,
    "sent": str(JobState.SUBMITTED),
    "failed": str(JobState.FAILED),
}
_LOST = "the answer to the submission was lost; the next run looks for the job"


def read_ledger(source: Ledger | str | Path, run: int | None = None) -> pd.DataFrame:
    """Read the ledger of a run, which may go on meanwhile.

    Parameters
    ----------
    source : Ledger, str or Path
    run : int, optional
        Only the images of this run.

    Returns
    -------
    DataFrame
        As `cardocr_nb.to_frame` makes it, the images in the order in which they were given first. State ``Planned`` is
        not submitted, ``LeftOut`` was left out by ``min_quality``, ``Unknown`` may have been accepted. A picture with two keys that was submitted once
        has its rows under both.

    Raises
    ------
    LedgerError
        The file does not exist, is not a ledger, or has another version.
    """
    given = outcomes(source, run)
    parts = []
    while chunk := list(islice(given, _CHUNK)):
        parts.append(_part(chunk))
    return restore(pd.concat(parts, ignore_index=True)) if parts else restore(pd.DataFrame())


def _part(chunk: list[Outcome]) -> pd.DataFrame:
    """Join the readings of some images to their rows."""
    rows = pd.DataFrame(
        {
            "image": pd.Series([o.image for o in chunk], dtype="str"),
            "key": [o.key for o in chunk],
            "card_type": [o.card_type for o in chunk],
            "own_state": [_state(o) for o in chunk],
            "own_code": [_code(o) for o in chunk],
            "own_message": [o.message if o.code or o.state != "intent" else _LOST for o in chunk],
            "job_id": pd.Series([o.job_id for o in chunk], dtype="str"),
        }
    )
    documents = {o.job_id: o.raw for o in chunk if o.raw is not None}
    builder = FrameBuilder()
    for _, (found, _) in read_batches(batches_of_bytes(list(documents.values()))):
        builder.add(found)
    readings = builder.frame().drop(columns=["image", "key", "card_type"])
    joined = rows.merge(readings[readings["job_id"].notna()], on="job_id", how="left")
    known = joined["own_state"].notna()
    for name in ("state", "code", "message"):
        joined[name] = joined[name].astype("str").where(~known, joined[f"own_{name}"])
    joined["state"] = joined["state"].fillna(UNREADABLE)
    own = {text: split_user_data(text)[1] for text in joined["user_data"].dropna().unique()}
    joined["user_data"] = joined["user_data"].map(own).astype("str")
    return joined[list(COLUMNS)]


def _state(outcome: Outcome) -> str | None:
    return LEFT_OUT if outcome.state == "failed" and outcome.code == LOW_QUALITY else _STATES.get(outcome.state)


def _code(outcome: Outcome) -> str | None:
    if outcome.state == "intent":
        return "AnswerLost"
    return None if outcome.state == "planned" else outcome.code
