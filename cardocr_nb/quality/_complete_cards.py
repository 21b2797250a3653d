"""Type of each card, and cards on which every expected field was recognized."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.cards import FIELDS, CardType, expected_fields

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


_SEVERAL = 10


class AbsentFieldsWarning(UserWarning):
    """Expected fields are on no card of the frame, so that nothing passes."""


@cache
def _own_fields(kind: CardType) -> tuple[str, ...]:
    """Fields that cards of one type have and cards of no other."""
    others = {name for each in FIELDS if each != kind for name in expected_fields(each)}
    return tuple(name for name in expected_fields(kind) if name not in others)


def cards_by_type(frame: pd.DataFrame, card: NDArray[np.intp]) -> dict[CardType, NDArray[np.bool_]]:
    """Return which cards are of each type: by ``card_type``, and where that is missing by a field that only one type has.

    Parameters
    ----------
    frame : DataFrame
        Conformed.
    card : ndarray of int
        Number of the card of each row, from 0.

    Returns
    -------
    dict of CardType to ndarray of bool
        One value a card. A card without a type is of none if all its fields are on cards of both types, or if it has
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
    typed = having(frame["card_type"].notna().to_numpy(bool))
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
        A card without a type needs all fields of one type, as a card lacks some if it is complete as neither. One of a
        type that this package does not know needs one text, and no field without one, and so do all cards of a frame
        in which neither ``card_type`` nor a field shows a type.
    """
    n = int(card.max(initial=-1)) + 1
    written = frame["text"].notna().to_numpy(bool)
    field = frame["field"].astype("str")
    kind = frame["card_type"].astype("str")
    untyped = np.ones(n, dtype=bool)
    untyped[card[kind.notna().to_numpy(bool)]] = False
    known = np.zeros(n, dtype=bool)
    known[card[kind.isin([str(k) for k in CardType]).to_numpy(bool)]] = True
    if known.any() or field.isin([f for k in CardType for f in _own_fields(k)]).any():
        shared = field.isin({f for k in CardType for f in expected_fields(k)}).to_numpy(bool)
        known[card[untyped[card] & shared]] = True
    read = np.zeros(n, dtype=bool)
    for each in CardType:
        such = untyped.copy()
        such[card[(kind == each).to_numpy(bool)]] = True
        for name in expected_fields(each):
            there = np.zeros(n, dtype=bool)
            there[card[written & (field == name).to_numpy(bool)]] = True
            such &= there
        read |= such
    # Of cards of other types only the rows say which fields there are.
    other = np.zeros(n, dtype=bool)
    other[card[written]] = True
    other[card[~written]] = False
    return np.where(known, read, other)


def warn_of_absent_fields(frame: pd.DataFrame, passing: pd.Series, advice: str) -> None:
    """Warn if nothing passes since a frame of several cards lacks expected fields altogether.

    Parameters
    ----------
    frame : DataFrame
        Conformed.
    passing : Series of bool
    advice : str
        What to do next.
    """
    there = set(frame["field"].dropna().unique())
    given = set(frame["card_type"].dropna().unique())
    kinds = [kind for kind in CardType if kind in given] if given else list(CardType)
    if not given and not there & {f for kind in kinds for f in _own_fields(kind)}:
        return  # nothing in the frame shows a type
    absent = [[name for name in expected_fields(kind) if name not in there] for kind in kinds]
    # On a few cards a field may be unread by chance.
    several = len(frame[["job_id", "key"]].drop_duplicates()) >= _SEVERAL
    if several and there and not passing.any() and given <= set(map(str, CardType)) and all(absent):
        names = ", ".join(absent[int(np.argmin([len(names) for names in absent]))])
        warnings.warn(
            f"nothing passes, as every expected field must be read and the frame has no row of {names}; {advice}",
            AbsentFieldsWarning,
            stacklevel=3,
        )
