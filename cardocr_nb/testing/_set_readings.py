"""A reader whose answers a test sets, by the key of the object."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeAlias

from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.cards import FIELDS, KNOWN_FIELDS, CardType, known_field
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.local._worker import ReadingError, recognized
from cardocr_nb.wire._records import Field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine import Reader

Reading: TypeAlias = Mapping[str, str | None] | Sequence[Field]
"""Texts by field, None for a place without a text; or fields with scores and polygons."""


class SetReadings:
    """Returns the readings that were set, and otherwise those of another reader.

    Parameters
    ----------
    fallback : Reader
        Reads the images for which nothing was set.
    """

    def __init__(self, fallback: Reader) -> None:
        self._fallback = fallback
        self._answers: dict[str, Reading | ReadingError] = {}
        self._unmatched: dict[str, None] = {}
        self._invented: dict[str, None] = {}
        self._meant_to_fail: set[str | None] = set()
        self._lock = threading.Lock()

    def set(self, pattern: str, answer: Reading | ReadingError, *, expected: bool = True) -> None:
        """Set the answer for the key that is equal to a pattern, or for those that match it; of several the one set last counts.

        A pattern that is `expected` is in `unused` until a key matches it.

        Raises
        ------
        InvalidRequestError
            The pattern is not a text, or the service cannot give the answer.
        """
        if not isinstance(pattern, str) or not pattern:
            raise InvalidRequestError(f"key must be the key of an object or a pattern, got {describe(pattern)}")
        if not isinstance(answer, ReadingError):
            answer = checked_reading(answer)
        with self._lock:
            self._answers.pop(pattern, None)
            self._answers[pattern] = answer
            if expected:
                self._unmatched[pattern] = None

    def forget(self) -> None:
        """Take back what was set."""
        with self._lock:
            for seen in (self._answers, self._unmatched, self._invented, self._meant_to_fail):
                seen.clear()

    def unused(self) -> tuple[list[str], list[str]]:
        """Return the patterns that no object read so far matched, and the keys for which nothing was set."""
        with self._lock:
            return list(self._unmatched), list(self._invented)

    def has_failed(self, key: str | None) -> bool:
        """Whether the failure that was set for a key has occurred."""
        with self._lock:
            return key in self._meant_to_fail

    def read(self, image: NDArray[np.uint8], card_type: str) -> list[Field]:
        """Read an image that is in no bucket."""
        return list(self.read_object(image, card_type, None)[0])

    def read_object(self, image: NDArray[np.uint8], card_type: str, key: str | None) -> tuple[tuple[Field, ...], str]:
        """Return what was set for the key, or read the image.

        Raises
        ------
        ReadingError
            A failure was set.
        """
        with self._lock:
            found = [one for one in self._answers if key and (key == one or fnmatchcase(key, one))]
            for pattern in found:
                self._unmatched.pop(pattern, None)
            if key and not found:
                self._invented[key] = None
            answer = self._answers[found[-1]] if found else None
        if answer is None:
            return recognized(self._fallback, image, card_type, key)
        if isinstance(answer, ReadingError):
            with self._lock:
                self._meant_to_fail.add(key)
            raise ReadingError(answer.code, str(answer))
        return (_placed(answer, image, card_type) if isinstance(answer, Mapping) else tuple(answer)), ""


def checked_reading(reading: Any) -> Reading:
    """Return a copy of a reading, with labels as field names; raise unless the service can give it. No text is quoted.

    Examples
    --------
    >>> checked_reading({"姓名": "样本", "gender": "男"})
    {'name': '样本', 'gender': '男'}
    >>> checked_reading(Field("姓名", "样本"))
    Traceback (most recent call last):
        ...
    cardocr_nb.errors.InvalidRequestError: a reading must be a dict of texts by field name, or a list of Field objects, got Field; put it into a list
    """
    if isinstance(reading, Mapping):
        return _checked_texts(reading)
    if not isinstance(reading, Sequence) or isinstance(reading, str | bytes):
        more = "; put it into a list" if isinstance(reading, Field) else ""
        raise InvalidRequestError(
            f"a reading must be a dict of texts by field name, or a list of Field objects, got {type(reading).__name__}{more}"
        )
    for number, field in enumerate(reading):
        if wrong := _fault(field):
            raise InvalidRequestError(f"field {number} of the reading: {wrong}")
    return tuple(reading)


def _checked_texts(texts: Mapping[Any, Any]) -> dict[str, str | None]:
    named = {}
    for given, text in texts.items():
        name = given if given in KNOWN_FIELDS else known_field(given) if isinstance(given, str) else None
        if name is None:
            raise InvalidRequestError(
                f"a reading is set by names or labels of fields ({', '.join(sorted(KNOWN_FIELDS))}), got "
                f"{shown_choice(given, KNOWN_FIELDS)}; give Field objects for other labels"
            )
        if text is not None and not _is_text(text):
            raise InvalidRequestError(f"the text of {name} {_TEXT}, got {_type(text)}")
        if name in named:
            raise InvalidRequestError(f"the reading has {name} twice, by name and by label")
        named[name] = text
    return named


_TEXT = "must be a text without control characters, or None for a place without a text"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document can hold (XML 1.0, production 2)."""


def _is_text(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip()) and not _NO_XML.search(text)


def _type(value: object) -> str:
    return "an empty one" if isinstance(value, str) and not value.strip() else type(value).__name__


def _fault(field: object) -> str:
    """What is wrong with a field; empty if nothing is."""
    if not isinstance(field, Field):
        return f"must be a cardocr_nb.Field, got {type(field).__name__}"
    if not _is_text(field.label):
        return f"label must be a text, got {_type(field.label)}"
    if field.text is not None and not _is_text(field.text):
        return f"text {_TEXT}, got {_type(field.text)}"
    if field.score is not None and (type(field.score) is not int or not 0 <= field.score <= 100):
        return f"score must be a whole number from 0 to 100 or None, got {describe(field.score)}"
    if field.polygon is not None and not _is_polygon(field.polygon):
        return "polygon must be four points (x, y) of whole numbers, or None"
    return ""


def _is_polygon(points: object) -> bool:
    return (
        isinstance(points, Sequence)
        and len(points) == 4
        and all(isinstance(point, Sequence) and len(point) == 2 for point in points)
        and all(isinstance(value, int) and not isinstance(value, bool) for point in points for value in point)
    )


def _placed(texts: Mapping[str, str | None], image: NDArray[np.uint8], card_type: str) -> tuple[Field, ...]:
    """Give texts the label, score and polygon that the stub gives to its own; a card has no fields of another type."""
    stub = {
        f.name: shown for f, shown in zip(FIELDS[CardType(card_type)], StubReader().read(image, card_type), strict=True)
    }
    return tuple(
        Field(stub[name].label, text, None if text is None else 99, stub[name].polygon)
        for name, text in texts.items()
        if name in stub
    )
