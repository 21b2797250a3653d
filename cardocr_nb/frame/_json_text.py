"""JSON of annotation tools, from a file or as text."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb._special_files import refuse_special_file
from cardocr_nb._text_safety import describe, shown_path
from cardocr_nb.errors import CardOCRError, DecodeError
from cardocr_nb.frame._polygon_forms import PolygonError
from cardocr_nb.frame._score_scale import ScoreError
from cardocr_nb.wire._encodings import as_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_BYTES = 2**30
"""Largest file that is read, bytes: a project of a million tasks has about a third of it."""


def read_json(source: str | os.PathLike[str]) -> Any:
    """Read JSON from a file, or from a text that begins with ``{`` or ``[``.

    Parameters
    ----------
    source : str or path

    Raises
    ------
    DecodeError
        The content is not JSON, or larger than 1 GiB. The message does not quote it.
    OSError
        The file cannot be read.
    """
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(f"JSON is read from a path or a str, got {describe(source)}")
    name = "the text"
    if isinstance(source, str) and source.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        raw = source.encode("utf-8", "surrogatepass")
    else:
        path, name = Path(source), shown_path(source)
        refuse_special_file(path)
        if path.stat().st_size > _MAX_BYTES:
            raise DecodeError(f"{name} has more than {_MAX_BYTES // 2**20} MiB; export the project in parts")
        raw = path.read_bytes()
    try:
        return json.loads(as_utf8(raw).decode("utf-8-sig"))
    except (ValueError, RecursionError):  # also of texts in another encoding
        pass
    raise DecodeError(f"{name} is not JSON in UTF-8, UTF-16 or GB18030; export it again from the annotation tool")


@contextmanager
def malformed_as_decode_error(what: str) -> Iterator[None]:
    """Raise `DecodeError` where the members of a document have other types or names than its format says."""
    try:
        yield
    except (CardOCRError, ScoreError, PolygonError):
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        raise DecodeError(f"{what} has members of another type or name than its format; export it again") from None
