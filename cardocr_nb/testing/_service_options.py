"""Options of the service double: what they may be, and the reader that one of them names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cardocr_nb._text_safety import describe, shown_choice, shown_word
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._stub_reader import StubReader

if TYPE_CHECKING:
    from cardocr_nb.local.engine import Reader

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{0,49}-[0-9]+")
_ENGINES = ("stub", "rapidocr")


def check_options(bucket: str, engine: str, **numbers: float) -> None:
    """Raise `InvalidRequestError` if an option is outside its range."""
    if not _BUCKET.fullmatch(bucket):
        raise InvalidRequestError(
            f"a bucket is named <name>-<appid>, such as cards-1250000000, got {shown_word(bucket)}"
        )
    if engine not in _ENGINES:
        raise InvalidRequestError(f"engine must be {' or '.join(_ENGINES)}, got {shown_choice(engine, _ENGINES)}")
    for name, value in numbers.items():
        least = 0 if name == "latency" else 1
        kind = int | float if name == "latency" else int
        if not isinstance(value, kind) or not value >= least:
            number = "a number of" if name == "latency" else "a whole number of"
            raise InvalidRequestError(f"{name} must be {number} at least {least}, got {describe(value)}")


def reader_of(engine: str, workers: int) -> Reader:
    """Return the reader of images without a reading of their own."""
    if engine == "stub":
        return StubReader()
    from cardocr_nb.local.engine import Engine

    return Engine.for_workers(workers)
