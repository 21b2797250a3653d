"""Checks of whole cards: which fields are there, under which labels, with which scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from cardocr_nb._bulk._arrow_text import arrow
from cardocr_nb.cards import CardType, expected_fields, known_field
from cardocr_nb.frame._reshape import first_rows
from cardocr_nb.quality._checks import register
from cardocr_nb.quality._complete_cards import cards_by_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW_SCORES = 3
_ENOUGH_CASES = 30
_STUCK = 0.95
_OF_RESIDENTS = r"^\s*8[123]\d{15}[\dXx]\s*$"
_OF_FOREIGNERS = r"^\s*(?:9(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])\d{14}[\dXx]|[A-Za-z]{3}\d{12})\s*$"
"""Numbers of residence permits (since 2018), and of permanent residence cards of foreigners since 2023 and before."""


@dataclass(frozen=True, slots=True)
class Detection:
    """The rows of a frame that hold a field.

    Attributes
    ----------
    frame : DataFrame
    row : ndarray of int
        Position in the frame.
    cell : ndarray of int
        A number for each card and field: those of one card follow one another, in the order of the categories.
    """

    frame: pd.DataFrame
    row: NDArray[np.intp]
    cell: NDArray[np.intp]


def found(df: pd.DataFrame) -> Detection:
    """Number the fields of a frame's cards."""
    code = np.asarray(df["field"].cat.codes)
    row = np.flatnonzero(code >= 0)
    cell = df["card"].to_numpy() * len(df["field"].cat.categories) + code
    return Detection(df, row, cell if len(row) == len(df) else cell[row])


def _judged(row: NDArray[np.intp], passed: NDArray[np.bool_]) -> pd.DataFrame:
    return pd.DataFrame({"row": row, "passed": passed}, copy=False)


@register(severity="error", detail="no field was recognized", transform=found)
def card_was_read(fields: Detection) -> pd.DataFrame:
    """Something was read; asked of cards that have not failed and are not under way."""
    card = fields.frame["card"].to_numpy()
    first = first_rows(card)
    read = np.zeros(len(first), dtype=bool)
    read[card[fields.row]] = True
    ended = (fields.frame["state"].take(first) == "Success").to_numpy()
    named = pd.Categorical.from_codes(np.full(np.count_nonzero(ended), -1), fields.frame["field"].cat.categories)
    return _judged(first[ended], read[ended]).assign(field=named)


@register(severity="error", detail="fields were found, but no text of them", transform=found)
def card_has_texts(fields: Detection) -> pd.DataFrame:
    """At least one text was read; applies to cards with a field. Otherwise the service gave places only."""
    card = fields.frame["card"].to_numpy()
    first = first_rows(card)
    located, written = np.zeros(len(first), dtype=bool), np.zeros(len(first), dtype=bool)
    located[card[fields.row]] = True
    written[card[fields.row[fields.frame["text"].notna().to_numpy()[fields.row]]]] = True
    named = pd.Categorical.from_codes(np.full(np.count_nonzero(located), -1), fields.frame["field"].cat.categories)
    return _judged(first[located], written[located]).assign(field=named)


@register(severity="error", detail="the field or its text is missing", transform=found)
def field_is_there(fields: Detection) -> pd.DataFrame:
    """Each expected field was read; applies to cards with a field, and to no field that the number says the card lacks."""
    df = fields.frame
    card, names, written = df["card"].to_numpy(), df["field"].cat.categories, df["text"].notna().to_numpy()
    cards = card.max(initial=-1) + 1
    row, passed, named = ([np.empty(0, dtype=kind)] for kind in (np.intp, bool, np.intp))
    for kind, of_type in cards_by_type(df, card).items():
        such = of_type[card[fields.row]]
        rows = fields.row[such]
        first = np.full(cards, -1, dtype=np.intp)
        first[card[rows[::-1]]] = rows[::-1]
        there = np.zeros((cards, len(names)), dtype=bool)
        there.ravel()[fields.cell[such & written[fields.row]]] = True
        lacking = _lacking(fields, cards) if kind is CardType.ID_CARD else {}
        for name, at in zip(expected_fields(kind), names.get_indexer(pd.Index(expected_fields(kind))), strict=True):
            asked = np.flatnonzero((first >= 0) & ~lacking.get(name, np.False_))
            row.append(first[asked])
            passed.append(there[asked, at])
            named.append(np.full(len(asked), at))
    field = pd.Categorical.from_codes(np.concatenate(named), names)
    return _judged(np.concatenate(row), np.concatenate(passed)).assign(field=field)


def _lacking(fields: Detection, cards: int) -> dict[str, NDArray[np.bool_]]:
    """Cards that do not have a field: residence permits for people from Hong Kong, Macau and Taiwan, cards of foreigners."""
    df = fields.frame
    rows = fields.row[(df["field"] == "id_number").to_numpy(bool)[fields.row]]
    texts, card = arrow(df["text"].take(rows)), df["card"].to_numpy()[rows]
    resident, foreign = np.zeros((2, cards), dtype=bool)
    for which, pattern in ((resident, _OF_RESIDENTS), (foreign, _OF_FOREIGNERS)):
        which[card[pc.match_substring_regex(texts, pattern).fill_null(False).to_numpy(zero_copy_only=False)]] = True
    return {"ethnicity": resident | foreign, "address": foreign}


@register(severity="error", detail="the field appears more than once", transform=found)
def field_is_single(fields: Detection) -> pd.DataFrame:
    """No field appears twice on a card; each after the first fails."""
    passed = np.bincount(fields.cell)[fields.cell] == 1
    several = np.flatnonzero(~passed)
    passed[several] = ~pd.Series(fields.cell[several]).duplicated()
    return _judged(fields.row, passed)


@register(severity="warning", detail="an unknown label", transform=found)
def label_is_known(fields: Detection) -> pd.DataFrame:
    """Label has been seen before; applies to fields with a label, which tables of other tools may lack."""
    label = fields.frame["label"].cat
    known = np.array([known_field(str(name)) is not None for name in label.categories], dtype=bool)
    code = np.asarray(label.codes)[fields.row]
    return _judged(fields.row[code >= 0], known[code[code >= 0]])


def _scores(df: pd.DataFrame) -> pd.Series:
    code = np.asarray(df["field"].cat.codes)
    there = df["score"].notna().to_numpy() & (code >= 0)
    score = df["score"].to_numpy(dtype=np.int64, na_value=0)
    lowest = score.min(initial=0)
    span = score.max(initial=0) - lowest + 1
    counts = np.bincount(code[there] * span + (score[there] - lowest))
    seen = np.flatnonzero(counts)
    names = df["field"].cat.categories.take(seen // span).astype("str")
    index = pd.MultiIndex.from_arrays([names, seen % span + lowest], names=["field", "score"])
    return pd.Series(counts[seen], index=index, name="count")


def _by_field(scores: pd.Series) -> pd.DataFrame:
    counts = scores.groupby(level="field").agg(["sum", "size", "max"])
    return counts[counts["sum"] >= _ENOUGH_CASES]


def _of_fields(counts: pd.DataFrame, passed: pd.Series) -> pd.DataFrame:
    return _judged(np.full(len(counts), -1), passed.to_numpy()).assign(field=counts.index.to_numpy())


@register(severity="warning", detail="three different scores or fewer on all cards", aggregate=_scores)
def scores_vary(scores: pd.Series) -> pd.DataFrame:
    """Scores of a field take more than three values; asked where there are 30 or more."""
    counts = _by_field(scores)
    return _of_fields(counts, counts["size"] > _FEW_SCORES)


@register(severity="warning", detail="nearly all readings have the same score", aggregate=_scores)
def scores_are_not_stuck(scores: pd.Series) -> pd.DataFrame:
    """No single score makes up 95 % of a field's; asked where there are 30 or more."""
    counts = _by_field(scores)
    return _of_fields(counts, counts["max"] < _STUCK * counts["sum"])
