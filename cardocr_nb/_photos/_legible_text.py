"""How legible the text of a photo is, in one number, from the maps of `_legibility`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._photos._legibility import legibility

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]

_IS_TEXT = -0.4
"""Logarithm of the odds from which a cell counts as text: a probability of 0.4."""
_CLEAREST = 0.8
"""Rank of the cells that is taken. Labels, ornaments and the face are less legible than values on clean cards too, so lower ranks say less."""
_LEAST_CELLS = 2.0
MOST = 6.0
"""Logarithm of the odds; larger ones all mean that a character is read right."""


def legible_text(gray: Gray) -> float:
    """Return the logarithm of the odds that a character is read right, of the more legible text.

    Parameters
    ----------
    gray : ndarray of shape (height, width), uint8
        The part of the photo with the card; dark print on light paper.

    Returns
    -------
    float
        -6 to 6; the rank 0.8 of the cells of 16 pixels with text. -6 if there is none.

    Examples
    --------
    >>> legible_text(np.full((200, 300), 220, np.uint8))
    -6.0
    """
    text, legible = (odds.ravel().astype(np.float64) for odds in legibility(gray))
    weight = np.where(text > _IS_TEXT, 1 / (1 + np.exp(-text)), 0.0)
    if weight.sum() < _LEAST_CELLS:
        return -MOST
    order = np.argsort(legible)
    rank = np.cumsum(weight[order])
    found = legible[order][int(np.searchsorted(rank, _CLEAREST * rank[-1]))]
    return float(np.clip(found, -MOST, MOST))
