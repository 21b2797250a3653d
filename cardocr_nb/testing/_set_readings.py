"""A reader whose answers a test sets, by the key of the object."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeAlias

from cardocr_nb.cards import FIELDS, KNOWN_FIELDS, CardType, printed
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.local._worker import ReadingError, recognized
from cardocr_nb.wire._records import Field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine import Reader

Reading: TypeAlias = Mapping[str, str] | Sequence[Field]
"""Texts by field, or fields with scores and polygons."""


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
        self._lock = threading.Lock()

    def set(self, pattern: str, answer: Reading | ReadingError) -> None:
        """Set the answer for the keys that match a pattern; of several the one set last counts.

        Raises
        ------
        InvalidRequestError
            A mapping names a field that is on no card.
        """
        if isinstance(answer, Mapping) and (unknown := sorted(set(answer) - KNOWN_FIELDS)):
            raise InvalidRequestError(
                f"a reading is set by field names ({', '.join(sorted(KNOWN_FIELDS))}), got {len(unknown)} others; "
                "give Field objects for other labels"
            )
        with self._lock:
            self._answers.pop(pattern, None)
            self._answers[pattern] = answer

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
            found = [answer for pattern, answer in self._answers.items() if key and fnmatchcase(key, pattern)]
        if not found:
            return recognized(self._fallback, image, card_type, key)
        answer = found[-1]
        if isinstance(answer, ReadingError):
            raise ReadingError(answer.code, str(answer))
        return (_placed(answer, image, card_type) if isinstance(answer, Mapping) else tuple(answer)), ""


def _placed(texts: Mapping[str, str], image: NDArray[np.uint8], card_type: str) -> tuple[Field, ...]:
    """Give texts the label, score and polygon that the stub gives to its own."""
    stub = {
        f.name: shown
        for f, shown in zip(FIELDS[CardType(card_type)], StubReader().read(image, card_type), strict=False)
    }
    fields = []
    for name, text in texts.items():
        of_card = stub.get(name)
        label, polygon = (of_card.label, of_card.polygon) if of_card else (printed(name) or name, None)
        fields.append(Field(label, text, 99, polygon))
    return tuple(fields)
