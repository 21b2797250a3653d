"""Cards on which every expected field was recognized."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.cards import CardType, expected_fields

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def all_fields_read(frame: pd.DataFrame, card: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return for each card whether every expected field of its type has a text.

    Parameters
    ----------
    frame : DataFrame
        Conformed.
    card : ndarray of int
        Number of the card of each row, from 0.

    Returns
    -------
    ndarray of bool
        A card of unknown type needs one text, and no field without one.
    """
    n = int(card.max(initial=-1)) + 1
    written = frame["text"].notna().to_numpy(bool)
    field = frame["field"].astype("str")
    kind = frame["card_type"].astype("str")
    read = np.zeros(n, dtype=bool)
    read[card[written]] = True
    known = kind.isin([str(k) for k in CardType]).to_numpy(bool)
    for each in CardType:
        rows = (kind == each).to_numpy(bool)
        such = np.zeros(n, dtype=bool)
        such[card[rows]] = True
        for name in expected_fields(each):
            there = np.zeros(n, dtype=bool)
            there[card[rows & written & (field == name).to_numpy(bool)]] = True
            read &= there | ~such
    # Of cards of unknown type only the rows say which fields there are.
    read[card[~known & ~written]] = False
    return read
