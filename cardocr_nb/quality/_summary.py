"""What a frame holds, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb._failure_codes import remedy
from cardocr_nb._text_safety import shown_code
from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame._dask_frame import is_dask, reduce
from cardocr_nb.frame._frame_columns import LEFT_OUT, PLANNED, UNREADABLE
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, fields_of, first_rows, ordered_fields
from cardocr_nb.privacy._service_texts import with_shown_fields
from cardocr_nb.quality._complete_cards import cards_by_type
from cardocr_nb.wire._records import JobState

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NO_CODE = "no code"
OUTCOMES = (
    "ok",
    "places only",
    "nothing found",
    "failed",
    "left out",
    "unreadable",
    "under way",
    "not submitted",
    "cancelled",
    "unknown",
)
"""Outcomes of a card: texts were read; fields were found, but no text of them; no card on the image; refused; not submitted because of ``min_quality``; the saved response is spoiled; not ended yet;
planned in the ledger of a run; cancelled; the service does not know the job, or it is unknown whether it was accepted."""

_QUANTILES = {"min": 0.0, "q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95, "max": 1.0}
_BY_STATE = {
    str(JobState.FAILED): "failed",
    LEFT_OUT: "left out",
    UNREADABLE: "unreadable",
    str(JobState.SUBMITTED): "under way",
    str(JobState.RUNNING): "under way",
    str(JobState.PAUSE): "under way",
    PLANNED: "not submitted",
    str(JobState.CANCEL): "cancelled",
}


_OTHER_CARD = (
    ": no card of the type that was asked for is seen on the photo; perhaps it shows the other type or the back"
)


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a frame; holds no text of a card.

    Attributes
    ----------
    cards : int
    outcomes : Series of int
        Cards by outcome, see `OUTCOMES`; all ten, also those that did not occur.
    codes : Series of int
        Failed cards by the service's code.
    fields : DataFrame
        One row a field, in the order of the cards: ``cards`` that should have it (of those that were read), ``read``
        with a text, ``missing``, and of the scores ``min, q05, q25, median, q75, q95, max`` (0 to 100).
    untyped : int
        Cards with fields whose type neither ``card_type`` nor a field that only one type has shows. Which of their fields
        are missing is not known, so that ``missing`` does not count them.
    remarked : int
        Cards whose job succeeded with a message, such as that the photo shows more than one card.
    """

    cards: int
    outcomes: pd.Series
    codes: pd.Series
    fields: pd.DataFrame
    untyped: int = 0
    remarked: int = 0

    @property
    def ok(self) -> int:
        """Cards with a text that was read."""
        return int(self.outcomes["ok"])

    @property
    def places_only(self) -> int:
        """Cards with places and no text; `cardocr_nb.rereading.complete` reads them."""
        return int(self.outcomes["places only"])

    @property
    def failed(self) -> int:
        """Cards that the service refused."""
        return int(self.outcomes["failed"])

    @property
    def left_out(self) -> int:
        """Photos that were not submitted, because their probability to be read whole was below ``min_quality``."""
        return int(self.outcomes["left out"])

    @property
    def not_found(self) -> int:
        """Images on which no card was found."""
        return int(self.outcomes["nothing found"])

    def _notes(self) -> list[str]:
        notes = []
        if self.untyped:
            notes.append(
                f"missing does not count fields without a row of {self.untyped} cards of unknown type; the column card_type names it"
            )
        if self.remarked:
            notes.append(f"successful, with a message in the column message: {self.remarked}")
        return notes

    def __str__(self) -> str:
        seen = ", ".join(f"{count} {name}" for name, count in self.outcomes.items() if count)
        codes = "".join(
            f"\n  {_shown(code)}: {count}{_ADVICE[remedy(str(code))]}" for code, count in self.codes.items()
        )
        if self.not_found:
            codes += f"\n  nothing found: {self.not_found}{_OTHER_CARD}"
        fields = f"\n{with_shown_fields(self.fields).to_string(na_rep='-')}" if len(self.fields) else ""
        fields += "".join(f"\n{note}" for note in self._notes())
        return f"{self.cards} card{'s' * (self.cards != 1)}: {seen or 'none'}{codes}{fields}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        seen = ", ".join(f"{count} {name}" for name, count in self.outcomes.items() if count)
        codes = self.codes.rename(_shown).to_frame("cards").to_html() if len(self.codes) else ""
        notes = "".join(f"<p>{note}</p>" for note in self._notes())
        return f"<p><b>{self.cards} card{'s' * (self.cards != 1)}</b>: {seen or 'none'}</p>{codes}{with_shown_fields(self.fields).to_html(na_rep='–')}{notes}"


def outcomes(df: pd.DataFrame) -> pd.Series:
    """Return the outcome of each card.

    Returns
    -------
    Series of category
        One of `OUTCOMES` a card, in order of appearance.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult
    >>> outcomes(to_frame(CardResult(key="front/0001.jpg"))).tolist()
    ['nothing found']
    """
    frame = conform(df)
    return _outcomes(frame, card_numbers(frame))


def _outcomes(frame: pd.DataFrame, card: NDArray[np.intp]) -> pd.Series:
    first = first_rows(card)
    read = np.zeros(len(first), dtype=bool)
    named = frame["field"].notna().to_numpy()
    read[card[named & frame["text"].notna().to_numpy()]] = True
    found = np.zeros(len(first), dtype=bool)
    found[card[named]] = True
    state = frame["state"].take(first).astype("str").reset_index(drop=True)
    result = state.map(_BY_STATE).fillna("unknown")
    done = (state == JobState.SUCCESS).to_numpy()
    result[done & read] = "ok"
    result[done & ~read & found] = "places only"
    result[done & ~found] = "nothing found"
    return result.astype(pd.CategoricalDtype(pd.Index(OUTCOMES, dtype="str"))).rename("outcome")


def summary(df: pd.DataFrame) -> Summary:
    """Count cards, outcomes and fields.

    Parameters
    ----------
    df : DataFrame, of pandas or Dask
        As `cardocr_nb.to_frame` or `cardocr_nb.read_responses` makes it. The figures of Dask are the same, exactly, as
        long as each card is in one partition.

    Returns
    -------
    Summary

    Notes
    -----
    Scores are whole numbers, so that their counts give every quantile; between two scores the quantile is
    interpolated linearly, as NumPy does by default.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> found = summary(to_frame(CardResult((Field("姓名", "样本", 98), Field("性别")), key="front/0001.jpg")))
    >>> found.ok, found.failed
    (1, 0)
    >>> found.fields[["cards", "read", "missing", "median"]]
            cards  read  missing  median
    field
    name        1     1        0    98.0
    gender      1     0        1     NaN
    """
    return _summary(reduce(df, _count, _merge) if is_dask(df) else _count(df))


_ADVICE = {
    "file": " (replace the file)",
    "again": " (run it again)",
    "settings": " (check the account, the bucket and the arguments)",
    "unknown": "",
}


@dataclass(frozen=True, slots=True)
class _Counts:
    """What a part of a frame adds to the summary: cards by outcome and code, fields by cards, scores one by one."""

    outcomes: pd.Series
    codes: pd.Series
    kinds: frozenset[str]
    fields: pd.DataFrame
    scores: pd.Series
    untyped: int
    remarked: int


def _count(df: pd.DataFrame) -> _Counts:
    frame = conform(df).reset_index(drop=True)
    card = card_numbers(frame)
    outcome = _outcomes(frame, card)
    first = first_rows(card)
    failed = first[(outcome == "failed").to_numpy()]
    succeeded = frame[["state", "message"]].take(first)
    codes = frame["code"].take(failed).astype("str").fillna(_NO_CODE).value_counts()
    fields, untyped = _fields(frame.assign(card=card))
    return _Counts(
        outcomes=outcome.value_counts(sort=False).reindex(OUTCOMES, fill_value=0),
        codes=codes,
        kinds=frozenset(map(str, frame["card_type"].dropna().unique())),
        fields=fields,
        scores=_score_counts(frame),
        untyped=untyped,
        remarked=int(((succeeded["state"] == JobState.SUCCESS) & succeeded["message"].notna()).sum()),
    )


def _score_counts(frame: pd.DataFrame) -> pd.Series:
    """Count the rows of each field and score, in one array."""
    code, score = frame["field"].cat.codes.to_numpy(), frame["score"]
    there = (code >= 0) & score.notna().to_numpy()
    value = score.to_numpy(np.int64, na_value=0)[there]
    lowest, highest = value.min(initial=0), value.max(initial=0)
    span = highest - lowest + 1
    counts = np.bincount(code[there] * span + (value - lowest))
    seen = np.flatnonzero(counts)
    names = frame["field"].cat.categories.take(seen // span)
    return pd.Series(counts[seen], pd.MultiIndex.from_arrays([names, seen % span + lowest], names=["field", "score"]))


def _merge(counts: list[_Counts]) -> _Counts:
    codes = pd.concat([c.codes for c in counts])
    scores = pd.concat([c.scores for c in counts])
    fields = pd.concat([c.fields for c in counts])
    return _Counts(
        outcomes=sum((c.outcomes for c in counts[1:]), counts[0].outcomes),
        codes=codes.groupby(codes.index, sort=False).sum(),
        kinds=frozenset().union(*(c.kinds for c in counts)),
        fields=fields.groupby(level=0, sort=False).sum(),
        scores=scores.groupby(level=[0, 1]).sum(),
        untyped=sum(c.untyped for c in counts),
        remarked=sum(c.remarked for c in counts),
    )


def _summary(counts: _Counts) -> Summary:
    order = ordered_fields(counts.kinds, counts.fields.index)
    table = counts.fields.reindex(pd.Index(order, name="field", dtype="str")).astype(np.int64)
    table["missing"] = table["cards"] - table["read"]
    return Summary(
        cards=int(counts.outcomes.sum()),
        outcomes=counts.outcomes.rename("cards"),
        codes=counts.codes.sort_index().sort_values(ascending=False, kind="stable").rename("cards"),
        fields=table.join(_quantiles(counts.scores)),
        untyped=counts.untyped,
        remarked=counts.remarked,
    )


def _fields(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Cards that should have each field, and those on which it was read; the number of cards with a field and without a type."""
    read = frame[frame["field"].notna()]
    card, written = read["card"].to_numpy(), read["text"].notna().to_numpy()
    n = int(frame["card"].max()) + 1 if len(frame) else 0

    def cards(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        there = np.zeros(n, dtype=bool)
        there[card[rows]] = True
        return there

    any_field = cards(np.ones(len(read), dtype=bool))
    kinds = {kind: such & any_field for kind, such in cards_by_type(frame, frame["card"].to_numpy()).items()}
    table = pd.DataFrame(index=pd.Index(fields_of(frame), name="field", dtype="str"))
    for field in table.index:
        rows = (read["field"] == field).to_numpy()
        # A card should have the fields of its type, and has those that were read, whether its type is known or not.
        should = np.logical_or.reduce([cards(rows), *(kinds[k] for k in CardType if field in expected_fields(k))])
        table.loc[field, ["cards", "read"]] = [should.sum(), cards(rows & written).sum()]
    untyped = np.count_nonzero(any_field & ~np.logical_or.reduce(list(kinds.values())))
    return table.reindex(columns=["cards", "read"]).astype(np.int64), int(untyped)


def _quantiles(scores: pd.Series) -> pd.DataFrame:
    """Quantiles of each field, from the number of times that each score occurs."""
    table = {}
    for field, counts in scores.sort_index().groupby(level=0):
        ends = counts.to_numpy().cumsum()
        place = np.array(list(_QUANTILES.values())) * (ends[-1] - 1)
        below = np.floor(place).astype(np.int64)
        values = counts.index.get_level_values(1).to_numpy()
        low, high = (values[np.searchsorted(ends, at, side="right")] for at in (below, np.ceil(place).astype(np.int64)))
        table[field] = low + (high - low) * (place - below)
    index = pd.Index(list(table), dtype="str")
    return pd.DataFrame(list(table.values()), index=index, columns=list(_QUANTILES), dtype=np.float64)


def _shown(code: object) -> str:
    return _NO_CODE if code == _NO_CODE else shown_code(code)
