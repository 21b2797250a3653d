"""Check what a dialect returned: a function of the user's own may return anything."""

from __future__ import annotations

from typing import Any

from cardocr_nb._text_safety import shown_choice
from cardocr_nb.cards import CardType
from cardocr_nb.frame._dialects._dialect_reading import DialectReading
from cardocr_nb.wire._records import Field


def checked(reading: Any) -> DialectReading:
    """Return a reading as it is.

    Raises
    ------
    TypeError
        The reading or a member has another type; a score between 0 and 1 is a float, so it is refused as well.
    ValueError
        A score is outside 0 to 100, or the card type is unknown.

    Examples
    --------
    >>> checked(DialectReading((Field("姓名", "样本", 0.93),)))
    Traceback (most recent call last):
    TypeError: the score of field 1 that the dialect returned must be a whole number from 0 to 100 or None, got float; a score from 0 to 1 is multiplied by 100 and rounded
    """
    if not isinstance(reading, DialectReading):
        raise _wrong("a reading", "a DialectReading", reading, "; return DialectReading(fields=(Field(...), ...))")
    if not isinstance(reading.fields, tuple | list):
        raise _wrong("fields", "a tuple of Field", reading.fields)
    kinds = [kind.value for kind in CardType]
    if reading.card_type is not None and reading.card_type not in kinds:
        raise ValueError(
            f"the card_type that the dialect returned must be {', '.join(kinds)} or None, got "
            f"{shown_choice(reading.card_type, kinds)}"
        )
    for name in ("code", "message"):
        _require_text(name, getattr(reading, name))
    for number, field in enumerate(reading.fields, 1):
        if not isinstance(field, Field):
            raise _wrong(f"fields[{number - 1}]", "a Field", field)
        if not isinstance(field.label, str):
            raise _wrong(f"the label of field {number}", "a str", field.label)
        _require_text(f"the text of field {number}", field.text)
        _check_score(number, field.score)
    return reading


def _require_text(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise _wrong(name, "a str or None", value)


def _check_score(number: int, score: object) -> None:
    name = f"the score of field {number}"
    if score is None:
        return
    if isinstance(score, bool) or not isinstance(score, int):
        raise _wrong(name, "a whole number from 0 to 100 or None", score,
                     "; a score from 0 to 1 is multiplied by 100 and rounded")  # fmt: skip
    if not 0 <= score <= 100:
        raise ValueError(f"{name} that the dialect returned must be from 0 to 100, got another number")


def _wrong(name: str, expected: str, got: object, advice: str = "") -> TypeError:
    kind = "None" if got is None else type(got).__name__
    return TypeError(f"{name} that the dialect returned must be {expected}, got {kind}{advice}")
