"""Readings that are compared with themselves: the same texts, scores and places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELL = ["key", "field"]


def same_values(left: pd.Series, right: pd.Series) -> NDArray[np.bool_]:
    """Return where both are equal, or both are missing."""
    equal = np.asarray(pd.array(left.array == right.array, dtype="boolean").fillna(False), dtype=bool)
    return equal | (left.isna().to_numpy(bool) & right.isna().to_numpy(bool))


def same_scores(left: pd.Series, right: pd.Series) -> bool:
    """Whether all scores are equal and not all alike, as those of two readers are not."""
    alike = bool(left.isna().all()) or left.min() == left.max()
    return not alike and bool(same_values(left, right).all())


def same_reader(df: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two frames hold the readings of one reader: equal texts, scores and places of every field that both have.

    Parameters
    ----------
    df, other : DataFrame
        Conformed, each field of a key once.
    """
    if df is other:
        return True
    sides = [
        side.loc[side["text"].notna(), [*_CELL, "text", "score", "polygon"]].astype({"field": "str"})
        for side in (df, other)
    ]
    pairs = sides[0].merge(sides[1], on=_CELL)
    if not (pairs["text_x"] == pairs["text_y"]).all():
        return False
    places = pairs["polygon_x"], pairs["polygon_y"]
    if not same_values(*places).all():
        return False
    return same_scores(pairs["score_x"], pairs["score_y"]) or (
        bool(places[0].notna().any()) and bool(same_values(pairs["score_x"], pairs["score_y"]).all())
    )
