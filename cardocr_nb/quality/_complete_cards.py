"""Type of each card, and cards on which every expected field was recognized."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.cards import FIELDS, CardType, expected_fields
from cardocr_nb.frame._reshape import card_numbers

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


_SEVERAL = 10


class AbsentFieldsWarning(UserWarning):
    """Nothing passes: expected fields are on no card of the frame, or nothing says which fields its cards should have."""


@cache
def _own_fields(kind: CardType) -> tuple[str, ...]:
    """Fields that cards of one type have and cards of no other."""
    others = {name for each in FIELDS if each != kind for name in expected_fields(each)}
    return tuple(name for name in expected_fields(kind) if name not in others)


def cards_by_type(frame: pd.DataFrame, card: NDArray[np.intp]) -> dict[CardType, NDArray[np.bool_]]:
    """Return which cards are of each type: by ``card_type``, and where that names no known type by a field that only one has.

    Parameters
    ----------
    frame : DataFrame
        Conformed.
    card : ndarray of int
        Number of the card of each row, from 0.

    Returns
    -------
    dict of CardType to ndarray of bool
        One value a card. A card without a known type is of none if all its fields are on cards of both types, or if it has
        fields of both.

    Examples
    --------
    >>> import pandas as pd
    >>> from cardocr_nb.frame._frame_schema import conform
    >>> rows = conform(pd.DataFrame({"key": ["a.jpg", "b.jpg"], "field": ["ethnicity", "name"]}))
    >>> {str(kind): cards.tolist() for kind, cards in cards_by_type(rows, np.arange(2)).items()}
    {'IDCard': [True, False], 'DriverLicense': [False, False]}
    """
    n = int(card.max(initial=-1)) + 1

    def having(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        there = np.zeros(n, dtype=bool)
        there[card[rows]] = True
        return there

    given = {kind: having((frame["card_type"] == kind).to_numpy(bool)) for kind in CardType}
    typed = np.logical_or.reduce(list(given.values()))
    if typed.all():
        return given
    shown = {kind: having(frame["field"].isin(_own_fields(kind)).to_numpy(bool)) for kind in CardType}
    several = np.sum(list(shown.values()), axis=0) > 1
    return {kind: given[kind] | (shown[kind] & ~typed & ~several) for kind in CardType}


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
        A card without a type, or of one that this package does not know, needs all fields of one type: nothing else says
        which it should have.
    """
    n = int(card.max(initial=-1)) + 1
    written = frame["text"].notna().to_numpy(bool)
    field, kind = frame["field"].astype("str"), frame["card_type"].astype("str")
    unknown = np.ones(n, dtype=bool)
    unknown[card[kind.isin([str(each) for each in CardType]).to_numpy(bool)]] = False
    read = np.zeros(n, dtype=bool)
    for each in CardType:
        such = unknown.copy()
        such[card[(kind == each).to_numpy(bool)]] = True
        for name in expected_fields(each):
            there = np.zeros(n, dtype=bool)
            there[card[written & (field == name).to_numpy(bool)]] = True
            such &= there
        read |= such
    return read


def warn_of_absent_fields(frame: pd.DataFrame, passing: pd.Series, advice: str) -> None:
    """Warn if nothing passes since no card shows a type, or since a frame of several cards lacks expected fields altogether.

    Parameters
    ----------
    frame : DataFrame
        Conformed.
    passing : Series of bool
    advice : str
        What to do next.
    """
    there = set(frame["field"].dropna().unique())
    if not there or passing.any():
        return
    card = card_numbers(frame)
    n = int(card.max()) + 1
    kinds = [kind for kind, such in cards_by_type(frame, card).items() if such.any()]
    absent = [[name for name in expected_fields(kind) if name not in there] for kind in kinds]
    if not kinds:
        why = f"the type of the {n} cards is not known, and with it the fields that must be read; name it in the column card_type"
    # On a few cards a field may be unread by chance.
    elif n >= _SEVERAL and all(absent):
        names = ", ".join(absent[int(np.argmin([len(names) for names in absent]))])
        why = f"every expected field must be read and the frame has no row of {names}"
    else:
        return
    warnings.warn(f"nothing passes: {why}; {advice}", AbsentFieldsWarning, stacklevel=3)
