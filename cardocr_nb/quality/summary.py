"""What a frame holds, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame.schema import UNREADABLE, conform
from cardocr_nb.frame.shapes import card_numbers, fields_of
from cardocr_nb.wire.models import JobState

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTCOMES = ("ok", "nothing found", "failed", "unreadable", "under way", "cancelled", "unknown")
"""How a card can stand: fields were read; no card on the image; refused; the saved response is spoiled; not ended yet;
cancelled; the service does not know the job."""

_QUANTILES = {"min": 0.0, "q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95, "max": 1.0}
_BY_STATE = {
    str(JobState.FAILED): "failed",
    UNREADABLE: "unreadable",
    str(JobState.SUBMITTED): "under way",
    str(JobState.RUNNING): "under way",
    str(JobState.PAUSE): "under way",
    str(JobState.CANCEL): "cancelled",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a frame; holds no text of a card.

    Attributes
    ----------
    cards : int
    outcomes : Series of int
        Cards by outcome, see `OUTCOMES`; all seven, also those that did not occur.
    codes : Series of int
        Failed cards by the service's code.
    fields : DataFrame
        One row a field, in the order of the cards: ``cards`` that should have it (of those that were read), ``read``
        with a text, ``missing``, and of the scores ``min, q05, q25, median, q75, q95, max`` (0 to 100).
    """

    cards: int
    outcomes: pd.Series
    codes: pd.Series
    fields: pd.DataFrame

    @property
    def ok(self) -> int:
        """Cards of which something was read."""
        return int(self.outcomes["ok"])

    @property
    def failed(self) -> int:
        """Cards that the service refused."""
        return int(self.outcomes["failed"])

    @property
    def not_found(self) -> int:
        """Images on which no card was found."""
        return int(self.outcomes["nothing found"])

    def __str__(self) -> str:
        seen = ", ".join(f"{count} {name}" for name, count in self.outcomes.items() if count)
        codes = "".join(f"\n  {code}: {count}" for code, count in self.codes.items())
        fields = f"\n{self.fields.to_string(na_rep='-')}" if len(self.fields) else ""
        return f"{self.cards} cards: {seen or 'none'}{codes}{fields}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        seen = ", ".join(f"{count} {name}" for name, count in self.outcomes.items() if count)
        codes = self.codes.to_frame("cards").to_html() if len(self.codes) else ""
        return f"<p><b>{self.cards} cards</b>: {seen or 'none'}</p>{codes}{self.fields.to_html(na_rep='–')}"


def outcomes(df: pd.DataFrame) -> pd.Series:
    """Tell how each card stands.

    Returns
    -------
    Series of category
        One of `OUTCOMES` a card, in order of appearance.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire.models import CardResult
    >>> outcomes(to_frame(CardResult(key="front/0001.jpg"))).tolist()
    ['nothing found']
    """
    frame = conform(df)
    return _outcomes(frame, card_numbers(frame))


def _outcomes(frame: pd.DataFrame, card: NDArray[np.intp]) -> pd.Series:
    first = np.unique(card, return_index=True)[1]
    read = np.zeros(len(first), dtype=bool)
    read[card[frame["field"].notna().to_numpy()]] = True
    state = frame["state"].take(first).astype("str").reset_index(drop=True)
    result = state.map(_BY_STATE).fillna("unknown")
    done = (state == JobState.SUCCESS).to_numpy()
    result[done & read] = "ok"
    result[done & ~read] = "nothing found"
    return result.astype(pd.CategoricalDtype(pd.Index(OUTCOMES, dtype="str"))).rename("outcome")


def summary(df: pd.DataFrame) -> Summary:
    """Count cards, outcomes and fields.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.

    Returns
    -------
    Summary

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire.models import CardResult, Field
    >>> found = summary(to_frame(CardResult((Field("姓名", "样本", 98), Field("性别")), key="front/0001.jpg")))
    >>> found.ok, found.failed
    (1, 0)
    >>> found.fields[["cards", "read", "missing", "median"]]
            cards  read  missing  median
    field
    name        1     1        0    98.0
    gender      1     0        1     NaN
    """
    frame = conform(df)
    card = card_numbers(frame)
    outcome = _outcomes(frame, card)
    first = np.unique(card, return_index=True)[1]
    failed = (outcome == "failed").to_numpy()
    codes = frame["code"].take(first[failed]).astype("str").fillna("no code").value_counts()
    return Summary(
        cards=len(first),
        outcomes=outcome.value_counts(sort=False).reindex(OUTCOMES, fill_value=0).rename("cards"),
        codes=codes.rename("cards"),
        fields=_fields(frame.assign(card=card)),
    )


def _fields(frame: pd.DataFrame) -> pd.DataFrame:
    read = frame[frame["field"].notna()]
    card, written = read["card"].to_numpy(), read["text"].notna().to_numpy()
    n = int(frame["card"].max()) + 1 if len(frame) else 0

    def cards(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        there = np.zeros(n, dtype=bool)
        there[card[rows]] = True
        return there

    kinds = {kind: cards((read["card_type"] == kind).to_numpy()) for kind in CardType}
    table = pd.DataFrame(index=pd.Index(fields_of(frame), name="field", dtype="str"))
    for field in table.index:
        rows = (read["field"] == field).to_numpy()
        # A card should have the fields of its type, and has those that were read, be its type known or not.
        should = np.logical_or.reduce([cards(rows), *(kinds[k] for k in CardType if field in expected_fields(k))])
        table.loc[field, ["cards", "read"]] = [should.sum(), cards(rows & written).sum()]
    table = table.reindex(columns=["cards", "read"]).astype(np.int64)
    table["missing"] = table["cards"] - table["read"]
    scores = read["score"].astype("Float64").groupby(read["field"], observed=True)
    quantiles = pd.DataFrame({name: scores.quantile(q) for name, q in _QUANTILES.items()}).astype(np.float64)
    return table.join(quantiles.set_axis(quantiles.index.astype("str")))
