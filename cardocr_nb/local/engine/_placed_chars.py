"""Characters with their places on the picture, and texts of the form found among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._recognition import Char, Line

_LIKELY = 0.05
_VARIANTS = {"別": "别", "證": "证", "號": "号", "碼": "码", "國": "国", "領": "领", "車": "车", "單": "单", "駕": "驾"}
"""The recognizer knows traditional characters too; on labels they are misreadings."""


@dataclass(frozen=True, slots=True)
class PlacedChar:
    """A character with its place on the picture, in pixels of the upright image.

    Attributes
    ----------
    char : Char
    line, place : int
        Which line, and which of its characters.
    corners : ndarray of shape (4, 2)
        Of its ink: upper left, lower left, lower right, upper right as read.
    center : ndarray of shape (2,)
        Middle of the ink.
    candidates : frozenset of str
        What the recognizer holds for likely enough.
    """

    char: Char
    line: int
    place: int
    corners: NDArray[np.float64]
    center: NDArray[np.float64]
    candidates: frozenset[str]


def place_chars(lines: Sequence[Line]) -> list[list[PlacedChar]]:
    """Place the characters of each line on the picture."""
    import numpy as np

    counts = [len(line.chars) for line in lines]
    start, end, below = np.repeat(
        np.array([line.corners for line in lines]).reshape(-1, 3, 1, 2), counts, axis=0
    ).swapaxes(0, 1)
    boxes = np.array([char.box for line in lines for char in line.chars]).reshape(-1, 4)
    # Corners of each character as parts of the crop: across from the first or third bound, down from the others.
    corners = start + (boxes[:, [0, 0, 2, 2], None] * (end - start) + boxes[:, [1, 3, 3, 1], None] * (below - start))
    centers = corners.mean(1)
    placed, index = [], 0
    for number, line in enumerate(lines):
        row = []
        for place, char in enumerate(line.chars):
            likely = [_VARIANTS.get(char.text, char.text), *(t for t, p in char.alternatives if p > _LIKELY)]
            row.append(PlacedChar(char, number, place, corners[index], centers[index], frozenset(likely)))
            index += 1
        placed.append(row)
    return placed


def is_han(char: PlacedChar) -> bool:
    """Whether a character is as wide as a Chinese one."""
    return len(char.char.text) == 1 and char.char.text > "\u2e80"


def longest_match(window: Sequence[PlacedChar], text: str, needed: int = 0) -> list[PlacedChar]:
    """Return the longest run of the characters of a text in their order, gaps allowed; nothing where `needed` cannot be reached."""
    if sum(not char.candidates.isdisjoint(text) for char in window) < needed:
        return []
    best: list[list[list[PlacedChar]]] = [[[] for _ in range(len(text) + 1)] for _ in range(len(window) + 1)]
    for i, char in enumerate(window):
        for k, letter in enumerate(text):
            longer = max(best[i][k + 1], best[i + 1][k], key=len)
            if letter in char.candidates and len(best[i][k]) + 1 > len(longer):
                longer = [*best[i][k], char]
            best[i + 1][k + 1] = longer
    return best[-1][-1]
