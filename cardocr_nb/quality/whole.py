"""Checks of whole cards: which fields are there, under which labels, with which scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.cards import CardType, expected_fields, known_field
from cardocr_nb.quality.checks import register

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW_SCORES = 3
_ENOUGH_CASES = 30
_STUCK = 0.95


def _judged(row: NDArray[np.intp], passed: NDArray[np.bool_]) -> pd.DataFrame:
    return pd.DataFrame({"row": row, "passed": passed}, copy=False)


def _fields(df: pd.DataFrame) -> NDArray[np.intp]:
    return np.flatnonzero(df["field"].notna().to_numpy())


def _firsts(card: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """The first of some rows for each card, -1 where there is none."""
    first = np.full(card.max(initial=-1) + 1, -1, dtype=np.intp)
    first[card[rows[::-1]]] = rows[::-1]
    return first


@register(severity="error", detail="one field or more")
def card_was_read(df: pd.DataFrame) -> pd.DataFrame:
    """Something was read; asked of cards that have not failed and are not under way."""
    card = df["card"].to_numpy()
    first = _firsts(card, np.arange(len(card)))
    found = np.zeros(len(first), dtype=bool)
    found[card[_fields(df)]] = True
    ended = (df["state"].take(first) == "Success").to_numpy()
    return _judged(first[ended], found[ended]).assign(field=None)


@register(severity="error", detail="the field, with a text")
def field_is_there(df: pd.DataFrame) -> pd.DataFrame:
    """Each field that such a card bears was read; asked of cards on which something was."""
    card, fields = df["card"].to_numpy(), df["field"].cat.categories
    code, written = np.asarray(df["field"].cat.codes), df["text"].notna().to_numpy()
    parts = []
    for kind in CardType:
        rows = np.flatnonzero((df["card_type"] == kind).to_numpy() & (code >= 0))
        first = _firsts(card, rows)
        cards = np.flatnonzero(first >= 0)
        there = np.zeros((len(fields), len(first)), dtype=bool)
        having = rows[written[rows]]
        there[code[having], card[having]] = True
        wanted = fields.get_indexer(pd.Index(expected_fields(kind))).astype(code.dtype)
        part = _judged(np.tile(first[cards], len(wanted)), there[wanted][:, cards].ravel())
        parts.append(part.assign(field=pd.Categorical.from_codes(np.repeat(wanted, len(cards)), fields)))
    return pd.concat(parts, ignore_index=True)


@register(severity="error", detail="each field once")
def field_is_single(df: pd.DataFrame) -> pd.DataFrame:
    """No field stands twice on a card; each of those after the first fails."""
    rows = _fields(df)
    cell = df["card"].to_numpy() * len(df["field"].cat.categories) + np.asarray(df["field"].cat.codes)
    return _judged(rows, _firsts(cell, rows)[cell[rows]] == rows)


@register(severity="warning", detail="a label of the cards' fields")
def label_is_known(df: pd.DataFrame) -> pd.DataFrame:
    """Label has been seen before."""
    rows = _fields(df)
    known = np.array([*(known_field(str(label)) is not None for label in df["label"].cat.categories), False])
    return _judged(rows, known[np.asarray(df["label"].cat.codes)[rows]])


def _scores(df: pd.DataFrame) -> pd.Series:
    rows = np.flatnonzero((df["field"].notna() & df["score"].notna()).to_numpy())
    score = df["score"].to_numpy(dtype=np.int64, na_value=0)[rows]
    lowest = score.min(initial=0)
    span = score.max(initial=0) - lowest + 1
    counts = np.bincount(np.asarray(df["field"].cat.codes)[rows].astype(np.int64) * span + score - lowest)
    found = np.flatnonzero(counts)
    names = df["field"].cat.categories.take(found // span).astype("str")
    index = pd.MultiIndex.from_arrays([names, found % span + lowest], names=["field", "score"])
    return pd.Series(counts[found], index=index, name="count")


def _by_field(scores: pd.Series) -> pd.DataFrame:
    counts = scores.groupby(level="field").agg(["sum", "size", "max"])
    return counts[counts["sum"] >= _ENOUGH_CASES]


def _of_fields(counts: pd.DataFrame, passed: pd.Series) -> pd.DataFrame:
    return _judged(np.full(len(counts), -1), passed.to_numpy()).assign(field=counts.index.to_numpy())


@register(severity="warning", detail="scores that differ from card to card", counts=_scores)
def scores_vary(scores: pd.Series) -> pd.DataFrame:
    """Scores of a field take more than three values; asked where there are 30 or more."""
    counts = _by_field(scores)
    return _of_fields(counts, counts["size"] > _FEW_SCORES)


@register(severity="warning", detail="no score that nearly all readings have", counts=_scores)
def scores_are_not_stuck(scores: pd.Series) -> pd.DataFrame:
    """No single score makes up 95 % of a field's; asked where there are 30 or more."""
    counts = _by_field(scores)
    return _of_fields(counts, counts["max"] < _STUCK * counts["sum"])
