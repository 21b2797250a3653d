"""What a field's rules make of its characters, and the two ways of picking readings that all rules share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._recognition import Char

_LIKE_DIGITS = {
    **dict.fromkeys("OoQD", "0"),
    **dict.fromkeys("Il|i", "1"),
    **dict.fromkeys("Zz", "2"),
    **dict.fromkeys("Ss", "5"),
    **dict.fromkeys("Bb", "8"),
    **dict.fromkeys("gq", "9"),
    "G": "6",
    "T": "7",
}
_RIVAL = 0.1
"""Probability from which another reading of a character is worth taking."""


@dataclass(frozen=True, slots=True)
class Value:
    """A field's text after its rules.

    Attributes
    ----------
    text : str
    used : tuple of int
        Which of the characters stand in it.
    probs : tuple of float
        Their probabilities, as read.
    lawful : bool or None
        Whether the field's rules hold; None where there are none.
    """

    text: str
    used: tuple[int, ...]
    probs: tuple[float, ...]
    lawful: bool | None = None


def made(text: str, chars: Sequence[Char], used: Sequence[int], *, lawful: bool | None = None) -> Value | None:
    """Value of the characters used, or None where the text is empty."""
    return Value(text, tuple(used), tuple(chars[i].prob for i in used), lawful) if text else None


def best_within(char: Char, allowed: str) -> str | None:
    """The best reading of a character within an alphabet."""
    for text, _ in ((char.text, char.prob), *((t, p) for t, p in char.others if p > _RIVAL)):
        if text.upper() in allowed:
            return text.upper()
    like = _LIKE_DIGITS.get(char.text)
    return like if like and like in allowed else None
