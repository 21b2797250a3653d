"""Groups of cards by a column, a folder, a day or a mapping, and the columns by which tables may be sliced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from cardocr_nb._keywords import missing_columns
from cardocr_nb._text_safety import shown_word
from cardocr_nb.frame._frame_columns import COLUMNS
from cardocr_nb.frame._protected_cells import cell_texts
from cardocr_nb.frame._reshape import first_rows
from cardocr_nb.frame._spreadsheet_damage import KEY, restored_keys, warn_of_damage

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    Groups: TypeAlias = str | Mapping[str, Hashable] | pd.Series

GROUP = "group"
"""Column of the group of each card, where groups were named."""

FOLDER, DAY = "folder", "day"
"""Names of the groups that are the folders of `key`, and the days of `created`."""

ALONE = "card without a group "
"""Beginning of the group of a card that has none."""


def group_of_cards(first: pd.DataFrame, groups: Groups) -> pd.Series:
    """Return the group of each card, given its first row; times are grouped by day, cards without a group are alone.

    ``folder`` is that of `key`, ``day`` that of `created`, unless the frame has such a column.

    Raises
    ------
    ValueError
        There is no such column, or no card has a group.
    """
    if isinstance(groups, str) and groups == FOLDER and FOLDER not in first.columns:
        group = folders(first["key"])
    elif isinstance(groups, str):
        column = "created" if groups == DAY and DAY not in first.columns else groups
        if column not in first.columns:
            own = [
                name for name in first.columns if (name in COLUMNS and first[name].notna().any()) or name not in COLUMNS
            ]
            raise ValueError(
                f"{missing_columns([groups], [name for name in own if name != 'card'], COLUMNS)}. Groups are a column, 'folder' for that of "
                "`key`, 'day' for that of `created`, or map keys to groups"
            )
        group = first[column]
        if isinstance(group.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(group):
            group = group.dt.tz_localize(None).dt.normalize()
    elif isinstance(groups, pd.Series | Mapping):
        group = _mapped(first["key"], groups if isinstance(groups, pd.Series) else pd.Series(dict(groups)))
    else:
        raise TypeError(f"groups must be a column name or a mapping of keys to groups, got {type(groups).__name__}")
    group = group.astype(object).reset_index(drop=True)
    known = group.notna()
    if len(group) and not known.any():
        why = (
            f"{shown_word(groups)} has no value"
            if isinstance(groups, str)
            else "keys of the mapping must be spelled as in the frame"
        )
        raise ValueError(f"no card has a group: {why}")
    alone = ALONE + pd.Series(range(len(group))).astype("str")
    return group.astype("str").where(known, alone)


def groups_of_frame(frame: pd.DataFrame, card: NDArray[np.intp], groups: Groups) -> pd.Series:
    """Return the group of each card of a frame.

    Parameters
    ----------
    frame : DataFrame
        Conformed.
    card : ndarray of int
        Number of the card of each row, as `card_numbers` gives them.
    groups : str, mapping or Series

    Raises
    ------
    ValueError
        See `group_of_cards`, or a column has several values on a card. A job has one time, so that `created` never has.
    """
    first = frame.take(first_rows(card))
    name = "created" if isinstance(groups, str) and groups == DAY and DAY not in frame.columns else groups
    if isinstance(name, str) and name in frame.columns:
        value, several = value_of_cards(frame, card, name)
        if several and name != "created":
            raise ValueError(
                f"groups: the column {shown_word(groups)} has several values on {several} of {len(first)} cards, and a card "
                "is in one group; give each card one value, or map keys to groups"
            )
        first = first.assign(**{name: value.array})
    return group_of_cards(first, groups)


def value_of_cards(frame: pd.DataFrame, card: NDArray[np.intp], name: str) -> tuple[pd.Series, int]:
    """Return the value of each card in a column, and the number of cards with several values; times are compared by day.

    The first value that is neither missing nor blank decides, those of rows that count before others. As for the readings of an
    image, rows without a field do not count where a field was read, nor do rows without a job whose field the card has already.
    """
    value = frame[name]
    if isinstance(value.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(value):
        value = value.dt.tz_localize(None).dt.normalize()
    code, values = pd.factorize(value)
    blank = np.fromiter((isinstance(word, str) and not word.strip() for word in values), dtype=bool, count=len(values))
    code[np.append(blank, True)[code]] = -1
    n = int(card.max(initial=-1)) + 1
    read = frame["field"].notna().to_numpy(bool)
    counts = read | (np.bincount(card, weights=read, minlength=n) == 0)[card]
    jobless = np.flatnonzero(frame["job_id"].isna().to_numpy(bool))
    again = pd.DataFrame({"card": card[jobless], "field": frame["field"].take(jobless).array}).duplicated()
    counts[jobless[again.to_numpy(bool)]] = False
    rows = np.flatnonzero(code >= 0)
    rows = rows[np.argsort(~counts[rows], kind="stable")]
    own, start = np.unique(card[rows], return_index=True)
    decides = np.full(n, -1, dtype=np.intp)
    decides[own] = rows[start]
    rows = rows[counts[rows]]
    varying = np.unique(card[rows[code[rows] != code[decides[card[rows]]]]])
    return frame[name].take(np.maximum(decides, 0)).reset_index(drop=True).mask(decides < 0), len(varying)


_PERSONAL = ("name", "address", "id_number", "licence_number")
"""Fields whose texts name a person; a gender or a vehicle class is a usual slice."""


def refuse_texts(df: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse columns that contain names, addresses or numbers of the cards: tables and reprs show their values.

    Raises
    ------
    ValueError
    """
    known = [name for name in columns if name in df]
    if not known or "text" not in df or "field" not in df:
        return
    texts = set(df["text"][df["field"].astype("str").isin(_PERSONAL)].dropna())
    for name in known:
        if name == "text" or not texts.isdisjoint(df[name].dropna().astype("str").unique()):
            raise ValueError(
                f"the column {shown_word(name)} in by contains texts of the cards, which the tables would show; slice by a column "
                "without them, such as a folder or a day"
            )


def _mapped(keys: pd.Series, groups: pd.Series) -> pd.Series:
    """Return the group of each key; keys of the mapping that lost zeros in a spreadsheet, or became numbers, get them back."""
    names = pd.Index(cell_texts(pd.Series(groups.index)), dtype="str")
    names, count = restored_keys(names, keys)
    if count:
        warn_of_damage({KEY: count}, "the groups", stacklevel=6)
    return keys.map(groups.set_axis(names))


def folders(keys: pd.Series) -> pd.Series:
    """Return the folder of each key, missing where the key is."""
    return keys.astype("str").str.rpartition("/")[0]
