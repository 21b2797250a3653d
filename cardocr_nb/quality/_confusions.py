"""Which characters are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from rapidfuzz.distance import Levenshtein

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = ("field", "truth", "read", "count", "cards")
"""Columns of the table that `confusions` makes."""
LEAST_CARDS = 5
"""Cards on which a pair of characters must be confused to be shown: the confusions of one card spell its texts."""
_GENERAL = frozenset(("gender", "ethnicity"))
"""Fields whose texts are few and name no one: their cards are counted, not their texts."""


def confusions(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count the single edits from the true texts to the recognized ones.

    Parameters
    ----------
    pairs : DataFrame
        ``field, truth, text``, both texts there, in the form in which they are compared.

    Returns
    -------
    DataFrame
        ``field, truth, read, count, cards``, most frequent first: a character for another, put in (``truth`` is ``""``)
        or left out (``read`` is ``""``). The edits are fewest possible (Levenshtein); where several alignments have
        equally few, one counts. ``cards`` is the number of different true texts with the edit: six photos of one card
        count once. Of gender and ethnicity, whose texts name no one, it is the number of cards.

    Examples
    --------
    >>> pairs = pd.DataFrame({"field": "name", "truth": ["样本一", "样本"], "text": ["样木", "样木"]})
    >>> confusions(pairs)
      field truth read  count  cards
    0  name     本    木      2      2
    1  name     一           1      1
    """
    different = pairs.groupby(["field", "truth", "text"], observed=True, sort=False).size().reset_index(name="count")
    edits = [
        (row, truth, read)
        for row, (left, right) in enumerate(zip(different["truth"], different["text"], strict=True))
        for truth, read in _edits(left, right)
    ]
    table = pd.DataFrame(edits, columns=["row", "truth", "read"]).astype(
        {"row": "int64", "truth": "str", "read": "str"}
    )
    texts = different.take(table["row"].to_numpy())
    table["field"], table["count"], table["text"] = (
        texts["field"].array,
        texts["count"].to_numpy(),
        texts["truth"].array,
    )
    edit = ["field", "truth", "read"]
    counted = table.groupby(edit, observed=True)["count"].sum().reset_index()
    once = table.drop_duplicates([*edit, "row"])
    once["cards"] = once["count"].where(once["field"].isin(_GENERAL), ~once.duplicated([*edit, "text"]))
    counted["cards"] = once.groupby(edit, observed=True)["cards"].sum().astype("int64").to_numpy()
    return counted.sort_values("count", ascending=False, kind="stable", ignore_index=True)[list(COLUMNS)]


def frequent_confusions(table: pd.DataFrame) -> pd.DataFrame:
    """Return the edits that occurred on at least five cards with different texts.

    The confusions of a single card, or of five photos of it, would spell its texts; so would a digit that is confused five
    times in one number.

    Parameters
    ----------
    table : DataFrame
        As `confusions` makes it.

    Returns
    -------
    DataFrame
        The rows that may be shown to anyone; none if the table has no column ``cards``.

    Examples
    --------
    >>> pairs = pd.DataFrame({"field": "name", "truth": ["样一", "样二", "样三", "样四", "样五"]})
    >>> frequent_confusions(confusions(pairs.assign(text=pairs["truth"].str.replace("样", "祥").str.replace("一", "二"))))
      field truth read  count  cards
    0  name     样    祥      5      5
    """
    if "cards" not in table.columns:
        return table.head(0)
    return table[(table["cards"] >= LEAST_CARDS).fillna(value=False)]


def _edits(truth: str, read: str) -> Iterator[tuple[str, str]]:
    for edit in Levenshtein.editops(truth, read):
        yield (
            "" if edit.tag == "insert" else truth[edit.src_pos],
            "" if edit.tag == "delete" else read[edit.dest_pos],
        )
