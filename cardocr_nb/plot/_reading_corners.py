"""Corners of fields in the order in which their texts are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb.plot._card_coordinates import card_positions
from cardocr_nb.plot._plot_data import corners

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELL = ["job_id", "key", "field"]


def reading_corners(frame: pd.DataFrame, rows: pd.DataFrame) -> NDArray[np.float64]:
    """Corners of fields from the top left of their texts, also on a card that is turned.

    The corners of one field do not show which way up it is; the places of the other fields of its card do.

    Parameters
    ----------
    frame : DataFrame
        All fields of the cards.
    rows : DataFrame
        Some of them.

    Returns
    -------
    ndarray of shape (n, 4, 2)
        Top-left, bottom-left, bottom-right, top-right, pixels; NaN without a polygon. As `cardocr_nb.polygon.ordered`
        gives them where the places of a card do not agree with its type.
    """
    found = polygon.ordered(corners(rows["polygon"]))
    cards = frame[frame["key"].isin(rows["key"]) & frame["card_type"].isin([*LAYOUTS])]
    laid = [
        card_positions(cards, card_type=str(kind)).fields[[*_CELL, "polygon"]] for kind in cards["card_type"].unique()
    ]
    if not laid or rows.empty:
        return found
    known = pd.concat(laid).astype({"field": "str"}).drop_duplicates(_CELL)
    placed = corners(rows[_CELL].astype({"field": "str"}).merge(known, on=_CELL, how="left")["polygon"])
    return np.where(np.isnan(placed), found, placed)
