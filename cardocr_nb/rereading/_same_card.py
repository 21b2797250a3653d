"""Whether two readings are of one card, by its number and by the places of its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cardocr_nb import polygon
from cardocr_nb.cards import id_check_character

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

NUMBERS = ("id_number", "licence_number")
OTHER_NUMBER = "the numbers are those of two people"

_FAR = 5
"""Characters in which two numbers differ, both with a right check character, that no reader mistakes for each other."""
_GARBLED = 8
"""Characters that a reader of the same place gets wrong only if the rest of the card cannot be read either."""
_OVERLAP = 0.4
"""Intersection over union of two polygons of one value; of rows that are off by two thirds of their height it is 0.2."""


def same_card(one: Mapping[str, Any], other: Mapping[str, Any], *, same_place: bool = False) -> bool | None:
    """Whether two readings are of one card, by its number.

    Parameters
    ----------
    one, other : dict of str to str
        Texts by field; other values are passed over.
    same_place : bool, default False
        The second reading is of the places of the first: a number that differs in 8 characters need not be valid.

    Returns
    -------
    bool or None
        True if the numbers are equal, False if both are valid and differ in 5 or more characters and the names differ too,
        None if that is not known.

    Examples
    --------
    >>> a, b = {"id_number": "990101197412010014"}, {"id_number": "990202199003070025"}
    >>> same_card(a, a), same_card(a, b), same_card(a, {"name": "样本"})
    (True, False, None)
    """
    from rapidfuzz.distance import Levenshtein

    for name in NUMBERS:
        left, right = (_number(texts.get(name)) for texts in (one, other))
        if not left or not right:
            continue
        if left == right:
            return True
        names = [texts.get("name") for texts in (one, other)]
        alike = isinstance(names[0], str) and names[0] == names[1]
        far = Levenshtein.distance(left, right)
        if not alike and (
            (far >= _FAR and _is_valid(left) and _is_valid(right))
            or (same_place and far >= _GARBLED and _is_valid(left))
        ):
            return False
    return None


def in_the_same_places(quads: Mapping[str, NDArray[np.float64]], others: Mapping[str, NDArray[np.float64]]) -> bool:
    """Whether another reader found most fields where they are known to be.

    Parameters
    ----------
    quads, others : dict of str to ndarray of shape (4, 2)
        Polygons by field, pixels of one picture.

    Examples
    --------
    >>> row = np.array([(10, 10), (10, 20), (90, 20), (90, 10)], float)
    >>> in_the_same_places({"name": row}, {"name": row + 1}), in_the_same_places({"name": row}, {"name": row + 7})
    (True, False)
    """
    fields = [name for name in quads if name in others]
    overlap = (
        polygon.iou([quads[name] for name in fields], [others[name] for name in fields]) if fields else np.empty(0)
    )
    return 2 * int((overlap >= _OVERLAP).sum()) > len(quads)


def _number(text: object) -> str:
    return "".join(text.split()).upper() if isinstance(text, str) else ""


def _is_valid(number: str) -> bool:
    return len(number) == 18 and number[:17].isascii() and number[:17].isdecimal() and (
        id_check_character(number[:17]) == number[17]
    )  # fmt: skip
