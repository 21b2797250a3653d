"""The value of a field, and the ways of choosing characters that all field rules share."""

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
"""Confidence from which an alternative of a character is used."""


@dataclass(frozen=True, slots=True)
class Value:
    """A field's text after its rules.

    Attributes
    ----------
    text : str
    used : tuple of int
        Which of the characters are in it.
    confidences : tuple of float
        Confidence of each, as recognized.
    is_valid : bool or None
        Whether the rules of the field hold; None where there are none.
    """

    text: str
    used: tuple[int, ...]
    confidences: tuple[float, ...]
    is_valid: bool | None = None


def make_value(text: str, chars: Sequence[Char], used: Sequence[int], *, is_valid: bool | None = None) -> Value | None:
    """Make a value of the characters used, or return None where the text is empty."""
    return Value(text, tuple(used), tuple(chars[i].confidence for i in used), is_valid) if text else None


def best_within(char: Char, allowed: str) -> str | None:
    """Return the likeliest text of a character within an alphabet, or None."""
    for text, _ in ((char.text, char.confidence), *((t, p) for t, p in char.alternatives if p > _RIVAL)):
        if text.upper() in allowed:
            return text.upper()
    like = _LIKE_DIGITS.get(char.text)
    return like if like and like in allowed else None
