"""The frame in other shapes."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame.schema import CARD

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEPT = ("job_id", "key", "card_type", "state", "code", "message")


class DoubledFieldWarning(UserWarning):
    """A card has the same field twice, and only the first found a place."""


def card_numbers(df: pd.DataFrame) -> NDArray[np.intp]:
    """Number the cards of a frame from 0 in order of appearance; one number a row.

    Rows belong to one card when ``job_id`` and ``key`` agree, missing counting as a value.

    Examples
    --------
    >>> card_numbers(pd.DataFrame({"job_id": ["j1", "j1", "j2"], "key": ["a", "a", "a"]})).tolist()
    [0, 0, 1]
    """
    numbers = df.groupby(list(CARD), sort=False, dropna=False, observed=True).ngroup()
    return np.asarray(numbers, dtype=np.intp)


def fields_of(df: pd.DataFrame) -> list[str]:
    """Names of the fields that the cards of a frame have or should have, in the order of the cards.

    Examples
    --------
    >>> fields_of(pd.DataFrame({"card_type": ["IDCard"], "field": ["blood_group"]}))
    ['name', 'gender', 'ethnicity', 'birth_date', 'address', 'id_number', 'blood_group']
    """
    known = [str(c) for c in CardType]
    kinds = [c for c in known if c in set(df["card_type"].dropna().unique())]
    expected = [f for kind in kinds for f in expected_fields(kind)]
    seen = df["field"].dropna().unique()
    standing = [f for c in known for f in expected_fields(c) if f in set(seen)]
    return list(dict.fromkeys([*expected, *standing, *sorted(map(str, seen))]))


def wide(df: pd.DataFrame, *, scores: bool = False, polygons: bool = False) -> pd.DataFrame:
    """One row a card, the texts side by side.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    scores, polygons : bool, default False
        Also give ``<field>_score`` (0 to 100) and ``<field>_polygon``, beside the field's text.

    Returns
    -------
    DataFrame
        ``job_id, key, card_type, state, code, message``, then one column a field, in the order of the cards: all
        fields that a card of the types present should have, then others. The field of an unknown label that would hide
        one of the first columns gets ``_field`` behind its name.

    Warns
    -----
    DoubledFieldWarning
        Cards have a field twice; the first stands, the others are only in the long frame.

    Examples
    --------
    >>> from cardocr_nb.frame.flatten import to_frame
    >>> from cardocr_nb.wire.models import CardResult, Field
    >>> card = CardResult((Field("姓名", "样本", 98), Field("性别", "女", 91)), key="front/0001.jpg")
    >>> wide(to_frame(card), scores=True)[["key", "name", "name_score", "gender"]]
                  key name  name_score gender
    0  front/0001.jpg   样本          98      女
    """
    number = card_numbers(df)
    n = int(number.max()) + 1 if len(number) else 0
    first_of_card = np.unique(number, return_index=True)[1]
    result = df[list(_KEPT)].take(first_of_card).reset_index(drop=True)
    doubled = (
        pd.DataFrame({"card": number, "field": df["field"].to_numpy()}).duplicated() & df["field"].notna().to_numpy()
    )
    if doubled.any():
        cards = len(np.unique(number[doubled]))
        warnings.warn(
            f"{int(doubled.sum())} fields stand twice on their card ({cards} cards); the first of each is kept. "
            "See df.cardocr.check() for which",
            DoubledFieldWarning,
            stacklevel=2,
        )
    parts = {"": "text"} | ({"_score": "score"} if scores else {}) | ({"_polygon": "polygon"} if polygons else {})
    columns = {}
    for field in fields_of(df):
        rows = ((df["field"] == field).to_numpy() & ~doubled.to_numpy()).nonzero()[0]
        name = f"{field}_field" if field in _KEPT else field
        for suffix, column in parts.items():
            values = df[column].take(rows).set_axis(number[rows])
            columns[name + suffix] = values.reindex(range(n))
    return pd.concat([result, pd.DataFrame(columns, index=result.index)], axis=1)
