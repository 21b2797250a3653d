"""Checks of whole cards: which fields are there, under which labels, where on the image, with which scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb.cards import CardType, expected_fields, known_field
from cardocr_nb.quality.checks import register

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW_SCORES = 3
_ENOUGH_CASES = 30


def _judged(row: NDArray[np.intp], field: object, passed: NDArray[np.bool_]) -> pd.DataFrame:
    return pd.DataFrame({"row": row, "field": field, "passed": passed})


def _fields(df: pd.DataFrame) -> NDArray[np.intp]:
    return np.flatnonzero(df["field"].notna())


@register(severity="error", detail="one field or more")
def card_was_read(df: pd.DataFrame) -> pd.DataFrame:
    """Something was read; asked of cards that have not failed and are not under way."""
    found = df["field"].notna().groupby(df["card"]).any().to_numpy()
    first = np.unique(df["card"].to_numpy(), return_index=True)[1]
    ended = (df["state"].take(first) == "Success").to_numpy()
    return _judged(first[ended], None, found[ended])


@register(severity="error", detail="the field, with a text")
def field_is_there(df: pd.DataFrame) -> pd.DataFrame:
    """Each field that such a card bears was read; asked of cards on which something was."""
    parts = []
    read = df[df["field"].notna()]
    for kind in CardType:
        rows = read[(read["card_type"] == kind).to_numpy()]
        cards, first = np.unique(rows["card"].to_numpy(), return_index=True)
        for field in expected_fields(kind):
            having = rows["card"].to_numpy()[((rows["field"] == field) & rows["text"].notna()).to_numpy()]
            parts.append(_judged(rows.index.to_numpy()[first], field, np.isin(cards, having)))
    return pd.concat(parts, ignore_index=True)


@register(severity="error", detail="each field once")
def field_is_single(df: pd.DataFrame) -> pd.DataFrame:
    """No field stands twice on a card; each of those after the first fails."""
    rows = _fields(df)
    part = df[["card", "field"]].take(rows)
    return _judged(rows, part["field"].array, ~part.duplicated().to_numpy())


@register(severity="warning", detail="a label of the cards' fields")
def label_is_known(df: pd.DataFrame) -> pd.DataFrame:
    """Label has been seen before."""
    rows = _fields(df)
    labels = df["label"].take(rows)
    known = [label for label in labels.dropna().unique() if known_field(str(label))]
    return _judged(rows, df["field"].take(rows).array, labels.isin(known).to_numpy())


@register(severity="warning", detail="four corners that span an area")
def polygon_has_area(df: pd.DataFrame) -> pd.DataFrame:
    """Polygon is no line or point; asked where there is one."""
    rows, points = _polygons(df)
    return _judged(rows, df["field"].take(rows).array, ~polygon.is_degenerate(points))


@register(severity="warning", detail="sides that do not cross")
def polygon_is_simple(df: pd.DataFrame) -> pd.DataFrame:
    """Sides of the polygon do not cross; asked where it spans an area."""
    rows, points = _polygons(df)
    spans = ~polygon.is_degenerate(points)
    return _judged(rows[spans], df["field"].take(rows[spans]).array, polygon.is_simple(points[spans]))


def _scores(df: pd.DataFrame) -> pd.Series:
    scored = df[["field", "score"]][df["field"].notna() & df["score"].notna()]
    return scored.astype({"field": "str", "score": np.int64}).value_counts(["field", "score"])


@register(severity="warning", detail="scores that differ from card to card", counts=_scores)
def scores_vary(scores: pd.Series) -> pd.DataFrame:
    """Scores of a field take more than three values; asked where there are 30 or more."""
    counts = scores.groupby(level="field").agg(["sum", "size"])
    counts = counts[counts["sum"] >= _ENOUGH_CASES]
    return _judged(np.full(len(counts), -1), counts.index.to_numpy(), (counts["size"] > _FEW_SCORES).to_numpy())


def _polygons(df: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    rows = np.flatnonzero(df["field"].notna() & df["polygon"].notna())
    return rows, df["polygon"].take(rows).array.to_points()
