"""Changes from day to day, without truth: unread fields, failed checks and scores."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._text_safety import describe
from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame._dask_frame import is_dask, reduce
from cardocr_nb.frame._frame_columns import LEFT_OUT, PLANNED, UNREADABLE
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, fields_of, first_rows, ordered_fields
from cardocr_nb.quality._bootstrap import ALL
from cardocr_nb.quality._cells import one_job_an_image
from cardocr_nb.quality._check_results import CheckContext, run
from cardocr_nb.quality._checks import REGISTRY
from cardocr_nb.quality._complete_cards import cards_by_type
from cardocr_nb.quality._distribution_shift import ks, ks_probability, psi, psi_test
from cardocr_nb.quality._drift_alarms import LEAST_REFERENCE, cusum, deviations, rate_deviations
from cardocr_nb.quality._image_sizes import add_sizes
from cardocr_nb.quality._intervals import wilson
from cardocr_nb.wire._records import JobState

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = (
    "field", "day", "cases", "score", "share_missing", "low", "high", "share_failed",
    "ks", "p", "psi", "psi_expected", "psi_p", "evidence", "signal", "alarm",
)  # fmt: skip
"""Columns of the table that `drift` makes."""

_CELL = ["field", "day"]
_NOT_ENDED = (JobState.SUBMITTED, JobState.RUNNING, JobState.PAUSE, JobState.CANCEL, LEFT_OUT, PLANNED, UNREADABLE)
_RESAMPLES = 500
_COUNTED = ["cases", "written", "failed", "faults"]
_SUMS = ("score_sum", "scored", "squares")
_RATES = ("share_missing", "share_failed", "share_faults")
_DISTANCES = ("ks", "p", "psi", "psi_expected", "psi_p")
_SIGNALS = {"faults": 0.5, "unread": 0.125, "failed checks": 0.125, "scores": 0.25}
"""Signals of the row for all fields, with their parts of the false alarms of that row."""


class FewDaysWarning(UserWarning):
    """There are too few reference days to learn how much days vary."""


def drift(
    df: pd.DataFrame,
    reference: pd.DataFrame | int = LEAST_REFERENCE,
    *,
    confidence: float = 0.95,
    false_alarms: float = 0.4,
    finished: bool = False,
) -> pd.DataFrame:
    """Follow unread fields, failed checks and scores from day to day, and raise an alarm when they get worse.

    Parameters
    ----------
    df : DataFrame, of pandas or Dask
        As `cardocr_nb.to_frame` makes it; rows without the time at which the job was ``created`` are left out. An image that
        was read several times on a day counts once; of a Dask DataFrame, once in each of its parts.
    reference : int or DataFrame, default 10
        What days are compared with: so many of the first days with readings, or the days of another frame. Alarms need at
        least 10 days, from which the variation between days is learned.
    confidence : float, default 0.95
        Of the interval for the rate of unread fields (Wilson).
    false_alarms : float, default 0.4
        Expected number of false alarms in 200 days without any change, over the whole table, that the limit aims at: half of
        it for the rows ``all``, half for the single fields. Simulations with the default gave 0.26 to 0.64 for days that vary
        independently of each other, weekends included; days that resemble the day before give more.
    finished : bool, default False
        All cards of the last day are in the table. Otherwise more of them may come, so that the day is provisional.

    Returns
    -------
    DataFrame
        One row a field and day, and rows ``all`` for all fields together: ``field, day`` (by the clock of ``created``);
        ``cases``, cards that should have the field, with those on which nothing was found or that the service refused; ``score``, mean of its scores (0 to 100); ``share_missing``, rate of
        cases without a text, with its interval ``low, high``; ``share_failed``, rate of cases that failed a check of
        their text; ``ks`` with ``p``, and ``psi`` with ``psi_expected`` and ``psi_p``: distances of the scores from those
        of the reference, see `cardocr_nb.quality.compare`. They describe one day, take its cards as independent, and are
        no alarm. ``evidence``: how far the evidence has grown after this day, 1 is an alarm; ``signal``: what has changed
        most, ``faults`` (unread or failed), ``unread``, ``failed checks`` or ``scores``; ``alarm``. The last eight are
        missing for reference days. ``alarm`` is also missing for the last day unless it is `finished`: it is provisional until
        a card of a later day is in the table, and so is its ``evidence``.

    Warns
    -----
    FewDaysWarning
        There are fewer than 10 reference days: ``alarm`` is missing.

    Raises
    ------
    ValueError
        No row has a time, the reference is less than one day, or `false_alarms` is not above 0.

    Notes
    -----
    Each day is compared with the days before it, so that ordinary variation between days raises no alarm; the evidence is
    summed up over days (CUSUM). An alarm depends on its day and earlier ones, and is never taken back when days are
    added, or cards of the last day; only cards of a day before the last that come late may change it. An alarm means that photos, cards or service have changed; whether readings have become incorrect, an audit
    sample shows. Simulated figures: docs/concepts/promises.md.

    References
    ----------
    E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954; D. M. Hawkins, "Self-starting CUSUM charts for
    location and scale", The Statistician 36, 1987.

    Examples
    --------
    >>> days = pd.date_range("2026-03-01 09:00", periods=14, tz="+08:00").repeat(20)
    >>> cards = pd.DataFrame({"key": [f"{n}.jpg" for n in range(280)], "field": "name", "text": "样本", "created": days})
    >>> cards["score"] = [90 + n % 5 for n in range(240)] + [80 + n % 5 for n in range(40)]
    >>> table = drift(cards)
    >>> table.loc[table["alarm"].fillna(False) & (table["field"] == "name"), ["day", "score", "signal"]].head(1)
              day  score  signal
    12 2026-03-13   82.0  scores
    """
    if isinstance(reference, bool) or not (isinstance(reference, int) or hasattr(reference, "columns")):
        raise TypeError(f"reference must be a whole number of days or a DataFrame of them, got {describe(reference)}")
    if isinstance(reference, int) and reference < 1:
        raise ValueError(f"the reference must be one day or more, got {describe(reference)}")
    if not false_alarms > 0:
        raise ValueError(f"false_alarms must be above 0, got {describe(false_alarms)}")
    counts = _counts(df, by_day=True)
    if counts.cells.empty and counts.readings:
        raise ValueError("no reading says when it was created; drift needs times in the column created")
    first, before, own = _reference(counts, reference)
    table = _described(counts, first, own)
    table["low"], table["high"] = wilson(table["share_missing"] * table["cases"], table["cases"], confidence=confidence)
    table = _with_alarms(table, before, own, false_alarms)
    if not finished:
        table["alarm"] = table["alarm"].mask(table["day"] == table["day"].max())
    order = [*ordered_fields(list(CardType), [f for f in table["field"].unique() if f != ALL]), ALL]
    table["field"] = pd.Categorical(table["field"], pd.Index(order, dtype="str"))
    table["day"] = table["day"].astype("datetime64[us]")
    table = table.astype({"cases": np.int64, "signal": "str", "alarm": "boolean"})
    return table.sort_values(_CELL, ignore_index=True)[list(COLUMNS)]


def _reference(counts: _Counts, reference: pd.DataFrame | int) -> tuple[pd.Series, _Counts | None, pd.Index]:
    """Scores of the reference, its days where they are in another frame, and the days of the table that belong to it."""
    days = counts.cells.index.unique("day").sort_values()
    if isinstance(reference, int):
        own = days[:reference]
        return counts.scores[counts.scores.index.isin(own, level="day")], None, own
    timed = not is_dask(reference) and "created" in reference.columns and bool(reference["created"].notna().any())
    scores = _counts(reference, by_day=False).scores
    return scores, _counts(reference, by_day=True) if timed else None, days[:0]


def _described(counts: _Counts, first: pd.Series, own: pd.Index) -> pd.DataFrame:
    """One row a field and day, and the rows of all fields together."""
    usual = {str(field): _values(part) for field, part in first.groupby(level="field")}
    table = counts.cells.join(_score_sums(counts.scores)).fillna(dict.fromkeys(_SUMS, 0)).reset_index()
    table["share_missing"] = 1 - table["written"] / table["cases"]
    table["share_failed"] = table["failed"] / table["cases"]
    table["share_faults"] = table["faults"] / table["cases"]
    later = counts.scores[
        ~counts.scores.index.isin(own, level="day") & counts.scores.index.isin(list(usual), level="field")
    ]
    score, count = later.index.get_level_values("score").to_numpy(np.int64), later.to_numpy(np.int64)
    places: dict[Any, Any] = later.groupby(level=_CELL).indices
    found = {cell: _distances(usual[cell[0]], np.repeat(score[at], count[at])) for cell, at in places.items()}
    nothing = (np.nan,) * len(_DISTANCES)
    cells = zip(table["field"], table["day"], strict=True)
    table[list(_DISTANCES)] = np.reshape([found.get(cell, nothing) for cell in cells], (-1, len(_DISTANCES)))
    table = table[[*_CELL, "cases", *_SUMS, *_RATES, *_DISTANCES]]
    counted = table[["day", "cases", *_SUMS]].assign(**{r: table[r] * table["cases"] for r in _RATES})
    together = counted.groupby("day", as_index=False).sum()
    for rate in _RATES:
        together[rate] /= together["cases"]
    table = pd.concat([table, together.assign(field=ALL)], ignore_index=True) if len(table) else table
    table["score"] = table["score_sum"] / table["scored"].where(table["scored"] > 0)
    return table


def _score_sums(scores: pd.Series) -> pd.DataFrame:
    """Sum of the scores of each field and day, their number, and the sum of their squares."""
    score, count = scores.index.get_level_values("score").to_numpy(np.float64), scores.to_numpy(np.float64)
    sums = pd.DataFrame(dict(zip(_SUMS, (score * count, count, score**2 * count), strict=True)), scores.index)
    return sums.groupby(level=_CELL).sum()


def _distances(usual: NDArray[np.int64], here: NDArray[np.int64]) -> tuple[float, ...]:
    """Distances of the scores of a field and day from those of the reference, see `_DISTANCES`."""
    return (
        ks(usual, here), ks_probability(usual, here), psi(usual, here), *psi_test(usual, here, n_resamples=_RESAMPLES)
    )  # fmt: skip


def _with_alarms(table: pd.DataFrame, before: _Counts | None, own: pd.Index, false_alarms: float) -> pd.DataFrame:
    table = table.assign(evidence=np.nan, signal=None, alarm=pd.array([pd.NA] * len(table), dtype="boolean"))
    earlier = None if before is None else _described(before, before.scores.iloc[:0], own)
    n_reference = len(own) if earlier is None else earlier["day"].nunique()
    if n_reference < LEAST_REFERENCE:
        if len(table):
            warnings.warn(
                f"{n_reference} reference days are too few to learn how much days vary, so that there are no alarms; "
                f"pass reference={LEAST_REFERENCE} or more days",
                FewDaysWarning,
                stacklevel=3,
            )
        return table
    fields = max(table["field"].nunique() - 1, 1)
    for field, part in table.groupby("field"):
        days = part.sort_values("day")
        known = days["day"].isin(own).sum() if earlier is None else (earlier["field"] == field).sum()
        every = days if earlier is None else pd.concat([earlier[earlier["field"] == field].sort_values("day"), days])
        if known < LEAST_REFERENCE:
            continue
        whole = false_alarms / 2 if field == ALL else false_alarms / 2 / fields
        found = {name: cusum(d, whole * _SIGNALS[name]) for name, d in _streams(every, known)}
        # On a day without scores the other signals count.
        evidence = np.stack([e for e, _ in found.values()])
        largest = np.where(np.isnan(evidence), -1, evidence).argmax(axis=0)
        names = np.array(list(found), dtype=object)
        tail = slice(len(every) - len(days) + (known if earlier is None else 0), None)
        rows = days.index[known if earlier is None else 0 :]
        table.loc[rows, "evidence"] = evidence[largest, np.arange(len(every))][tail]
        table.loc[rows, "signal"] = names[largest][tail]
        table.loc[rows, "alarm"] = np.any([a for _, a in found.values()], axis=0)[tail]
    return table


def _streams(days: pd.DataFrame, reference: int) -> list[tuple[str, NDArray[np.float64]]]:
    """Deviations of each signal, positive where the readings get worse."""
    n = days["cases"].to_numpy(np.float64)
    streams = []
    for name, rate in (("faults", "share_faults"), ("unread", "share_missing"), ("failed checks", "share_failed")):
        streams.append((name, rate_deviations(days[rate].to_numpy(np.float64) * n, n, reference)))
    scored = days["scored"].to_numpy(np.float64)
    has = np.flatnonzero(scored > 0)
    if (has < reference).sum() >= LEAST_REFERENCE:
        total, squares, count = (days[c].to_numpy(np.float64)[has] for c in ("score_sum", "squares", "scored"))
        start = int((has < reference).sum())
        usual = (
            total[:start].sum() / count[:start].sum()
        )  # near the values, so that their differences keep their digits
        variance = squares[:start].sum() / count[:start].sum() - usual**2
        lower = np.full(len(days), np.nan)
        lower[has] = deviations(usual - total / count, np.sqrt(max(variance, 0.0) / count), count, start)
        streams.append(("scores", lower))
    return streams


@dataclass(frozen=True, slots=True)
class _Counts:
    """Counts of a part of a frame.

    Readings with a time or without; cards by field and day, those with a text, with a failed check, and unread or failed;
    frequency of each score.
    """

    readings: int
    cells: pd.DataFrame
    scores: pd.Series


def _counts(df: Any, *, by_day: bool) -> _Counts:
    count = partial(_count, by_day=by_day)
    return reduce(df, count, _merge) if is_dask(df) else count(df)


def _count(df: pd.DataFrame, *, by_day: bool) -> _Counts:
    frame = conform(df)
    readings = int(frame["field"].notna().sum())
    # A card on which nothing was found, or that the service refused, has a row without a field: all its fields are unread.
    frame = frame[frame["field"].notna() | ~frame["state"].isin(_NOT_ENDED)]
    frame = frame[frame["created"].notna() | (not by_day)].reset_index(drop=True)
    frame["day"] = frame["created"].dt.tz_localize(None).dt.normalize() if by_day else pd.Timestamp(0)
    frame = _once_a_day(frame) if by_day else frame
    card = card_numbers(frame)
    day = frame["day"].take(first_rows(card)).reset_index(drop=True)
    parts = [_cells(field, cards, day) for field, cards in _cards(frame, card).items()]
    cells = pd.concat(parts) if parts else pd.DataFrame(columns=_COUNTED, index=_no_cells())
    scored = frame.loc[frame["score"].notna() & frame["field"].notna(), [*_CELL, "score"]].astype(
        {"field": "str", "score": np.int64}
    )
    return _Counts(readings, cells, scored.value_counts([*_CELL, "score"]))


def _once_a_day(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of one reading of each image and day, as repeated readings are not independent."""
    cards = frame[["key", "day"]].take(first_rows(card_numbers(frame)))
    if not (cards.duplicated() & cards["key"].notna()).any():
        return frame
    images = frame["key"] + " " + frame["day"].astype("str")
    return frame[one_job_an_image(frame.assign(key=images))].reset_index(drop=True)


def _no_cells() -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([pd.Index([], dtype="str"), pd.DatetimeIndex([])], names=_CELL)


def _cards(frame: pd.DataFrame, card: NDArray[np.intp]) -> dict[str, tuple[NDArray[np.bool_], ...]]:
    """By field: cards that should have it, by their type or because it was read, with a text, with a failed check."""

    def having(rows: pd.Series | NDArray[np.bool_]) -> NDArray[np.bool_]:
        there = np.zeros(card.max(initial=-1) + 1, dtype=bool)
        there[card[np.asarray(rows)]] = True
        return there

    failed = _failed_rows(frame, card)
    kinds = cards_by_type(frame, card)
    found: dict[str, tuple[NDArray[np.bool_], ...]] = {}
    for field in fields_of(frame):
        rows = (frame["field"] == field).to_numpy(bool)
        expected = np.logical_or.reduce([having(rows), *(kinds[k] for k in CardType if field in expected_fields(k))])
        found[field] = expected, having(rows & frame["text"].notna().to_numpy(bool)), having(rows & failed)
    return found


def _failed_rows(frame: pd.DataFrame, card: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Rows whose text failed a check."""
    failed = np.zeros(len(frame), dtype=bool)
    context = CheckContext(add_sizes(frame.assign(card=card), None))
    for each in REGISTRY.values():
        if each.fields:
            for result in run(each, context):
                failed[result.row[~result.passed]] = True
    return failed


def _cells(field: str, cards: tuple[NDArray[np.bool_], ...], day: pd.Series) -> pd.DataFrame:
    expected, written, failed = cards
    columns = {"cases": expected, "written": written, "failed": failed, "faults": expected & (~written | failed)}
    counted = pd.DataFrame(columns).groupby(day.to_numpy())[_COUNTED].sum()
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
