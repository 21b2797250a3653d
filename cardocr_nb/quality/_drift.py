"""Do the readings of later days still look like those of the first? Without truth, by scores and missing texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame._dask_frame import is_dask, reduce
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, fields_of, first_rows, ordered_fields
from cardocr_nb.quality._distribution_shift import holm, ks, ks_probability, psi
from cardocr_nb.quality._intervals import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = ("field", "day", "cases", "score", "share_missing", "low", "high", "ks", "psi", "p", "adjusted")
"""Columns of the table that `drift` makes."""

_CELL = ["field", "day"]


def drift(df: pd.DataFrame, reference: pd.DataFrame | int = 3, *, confidence: float = 0.95) -> pd.DataFrame:
    """Follow each field's scores and missing texts from day to day.

    Parameters
    ----------
    df : DataFrame, of pandas or Dask
        As `cardocr_nb.to_frame` makes it; rows that do not say when the job was ``created`` are left out.
    reference : int or DataFrame, default 3
        What each day is compared with: so many of the first days on which there are readings, or the readings of
        another frame.
    confidence : float, default 0.95
        Of the interval for the share of missing texts (Wilson).

    Returns
    -------
    DataFrame
        One row a field and day: ``field, day`` (by the clock of the column ``created``); ``cases``, cards that were read
        and bear the field; ``score``, mean of its scores (0 to 100); ``share_missing``, share of the cases without a text,
        with its interval ``low, high``; ``ks`` and ``psi``, how far the scores lie from those of the reference, see
        `cardocr_nb.quality._distribution_shift`; ``p``, the chance of such a ``ks`` where nothing has changed; ``adjusted``, the same
        for all rows of the table together (Holm): where it is below 0.05, even the chance that any row of a table
        without drift looks like that is below 0.05. The last four are missing for the reference's own days.

    Raises
    ------
    ValueError
        No row says when it was created, or the reference is less than one day.

    Notes
    -----
    The readings are taken as independent. Fields of one card are not, so that several rows of one day may be one event.
    A shift tells that photos, cards or service have changed, not that readings have become wrong.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-03-01 09:00+08:00"] * 20 + ["2026-03-02 09:00+08:00"] * 20)
    >>> cards = pd.DataFrame({"key": [f"{n}.jpg" for n in range(40)], "field": "name", "text": "样本", "created": days})
    >>> cards["score"] = [90 + n % 5 for n in range(20)] + [80 + n % 5 for n in range(20)]
    >>> drift(cards, 1)[["field", "day", "cases", "score", "ks"]]
      field        day  cases  score   ks
    0  name 2026-03-01     20   92.0  NaN
    1  name 2026-03-02     20   82.0  1.0
    """
    if isinstance(reference, int) and reference < 1:
        raise ValueError(f"the reference must be one day or more, got {reference}")
    counts = _counts(df, by_day=True)
    if counts.cells.empty and counts.readings:
        raise ValueError("no reading says when it was created; drift needs times in the column created")
    days = counts.cells.index.unique("day").sort_values()
    own = days[:reference] if isinstance(reference, int) else days[:0]
    if isinstance(reference, int):
        first = counts.scores[counts.scores.index.isin(own, level="day")]
    else:
        first = _counts(reference, by_day=False).scores
    told = {str(field): _values(part) for field, part in first.groupby(level="field")}
    scores = {cell: _values(part) for cell, part in counts.scores.groupby(level=_CELL)}
    nothing = np.empty(0, dtype=np.int64)
    rows = []
    for cell, (cases, written) in zip(counts.cells.index, counts.cells.to_numpy(), strict=True):
        field, day = cell
        here, there = scores.get(cell, nothing), nothing if day in own else told.get(field, nothing)
        mean = here.mean() if len(here) else np.nan
        rows.append(
            [
                field,
                day,
                cases,
                mean,
                1 - written / cases,
                ks(there, here),
                psi(there, here),
                ks_probability(there, here),
            ]
        )
    table = pd.DataFrame(rows, columns=[c for c in COLUMNS if c not in ("low", "high", "adjusted")])
    table["low"], table["high"] = wilson(table["share_missing"] * table["cases"], table["cases"], confidence=confidence)
    table["adjusted"] = holm(table["p"].to_numpy(np.float64))
    order = ordered_fields(list(CardType), table["field"].unique())
    table["field"] = pd.Categorical(table["field"], pd.Index(order, dtype="str"))
    table["day"] = table["day"].astype("datetime64[us]")
    return table.astype({"cases": np.int64}).sort_values(_CELL, ignore_index=True)[list(COLUMNS)]


@dataclass(frozen=True, slots=True)
class _Counts:
    """What a part of a frame adds.

    Readings with a time or without; cards, and those with a text, by field and day; how often each score is there.
    """

    readings: int
    cells: pd.DataFrame
    scores: pd.Series


def _counts(df: Any, *, by_day: bool) -> _Counts:
    count = partial(_count, by_day=by_day)
    return reduce(df, count, _merge) if is_dask(df) else count(df)


def _count(df: pd.DataFrame, *, by_day: bool) -> _Counts:
    frame = conform(df)
    frame = frame[frame["field"].notna()]
    readings = len(frame)
    frame = frame[frame["created"].notna() | (not by_day)].reset_index(drop=True)
    frame["day"] = frame["created"].dt.tz_localize(None).dt.normalize() if by_day else pd.Timestamp(0)
    card = card_numbers(frame)
    day = frame["day"].take(first_rows(card)).reset_index(drop=True)
    parts = [_cells(field, cards, day) for field, cards in _cards(frame, card).items()]
    cells = pd.concat(parts) if parts else pd.DataFrame(columns=["cases", "written"], index=_no_cells())
    scored = frame.loc[frame["score"].notna(), [*_CELL, "score"]].astype({"field": "str", "score": np.int64})
    return _Counts(readings, cells, scored.value_counts([*_CELL, "score"]))


def _no_cells() -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([pd.Index([], dtype="str"), pd.DatetimeIndex([])], names=_CELL)


def _cards(frame: pd.DataFrame, card: NDArray[np.intp]) -> dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """By field: which cards bear it, by their type or because it was read, and on which it has a text."""

    def having(rows: pd.Series) -> NDArray[np.bool_]:
        there = np.zeros(card.max(initial=-1) + 1, dtype=bool)
        there[card[rows.to_numpy()]] = True
        return there

    kinds = {kind: having(frame["card_type"] == kind) for kind in CardType}
    found = {}
    for field in fields_of(frame):
        rows = frame["field"] == field
        bearing = np.logical_or.reduce([having(rows), *(kinds[k] for k in CardType if field in expected_fields(k))])
        found[field] = bearing, having(rows & frame["text"].notna())
    return found


def _cells(field: str, cards: tuple[NDArray[np.bool_], NDArray[np.bool_]], day: pd.Series) -> pd.DataFrame:
    bearing, written = cards
    counted = pd.DataFrame({"cases": bearing, "written": written}).groupby(day.to_numpy())[["cases", "written"]].sum()
    counted = counted[counted["cases"] > 0]
    index = pd.MultiIndex.from_arrays([pd.Index([field] * len(counted), dtype="str"), counted.index], names=_CELL)
    return counted.set_axis(index)


def _merge(counts: list[_Counts]) -> _Counts:
    cells = pd.concat([c.cells for c in counts])
    scores = pd.concat([c.scores for c in counts])
    return _Counts(
        sum(c.readings for c in counts), cells.groupby(level=_CELL).sum(), scores.groupby(level=[*_CELL, "score"]).sum()
    )


def _values(counts: pd.Series) -> NDArray[np.int64]:
    return np.repeat(counts.index.get_level_values("score").to_numpy(np.int64), counts.to_numpy(np.int64))
