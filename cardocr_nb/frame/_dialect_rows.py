"""Documents of other services → long rows."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb._text_safety import shown_choice
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._dialects import DIALECTS
from cardocr_nb.frame._dialects._checked_reading import checked
from cardocr_nb.frame._long_rows import to_long_rows
from cardocr_nb.frame._record_rows import RecordRows
from cardocr_nb.wire._encodings import as_utf8
from cardocr_nb.wire._xml_tree import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from cardocr_nb.frame._batch_reader import Batch, Fault
    from cardocr_nb.frame._dialects import Dialect
    from cardocr_nb.frame._long_rows import LongRows


def dialect_of(dialect: str | Dialect) -> Dialect:
    """Return the function of a dialect.

    Raises
    ------
    ValueError
        The name is unknown.
    """
    if callable(dialect):
        return dialect
    if dialect not in DIALECTS:
        raise ValueError(f"dialect must be {', '.join(DIALECTS)} or a function, got {shown_choice(dialect, DIALECTS)}")
    return DIALECTS[dialect]


def read_dialect(batch: Batch, dialect: Dialect, keys: Callable[[str], str]) -> tuple[LongRows, list[Fault]]:
    """Read a batch of documents; one that cannot be read becomes a row with the state ``Unreadable`` and a fault."""
    rows, faults = RecordRows(), []
    for place in range(len(batch)):
        document = batch[place]
        key = None if document.key is None else keys(document.key)
        fault = document.fault
        if not fault:
            try:
                named, body = _unwrapped(_parsed(document.raw))
                rows.add_reading(checked(_called(dialect, body)), named or key)
            except DecodeError as e:
                fault = str(e)
        if fault:
            rows.add_unreadable(document.key, f"{document.place}: {fault}" if document.place else fault)
            faults.append((document, fault))
    return to_long_rows(rows.batch()), faults


def _called(dialect: Dialect, body: dict[str, Any]) -> Any:
    """Call a dialect; an exception of it is a fault of the document, described without its message, which may quote the card."""
    try:
        return dialect(body)
    except DecodeError:
        raise
    except Exception as e:  # noqa: BLE001 - any fault of the user's function
        steps = traceback.extract_tb(e.__traceback__)[1:]
        where = f" in line {steps[-1].lineno} of {Path(steps[-1].filename).name}" if steps else ""
        raise DecodeError(f"the dialect raised {type(e).__name__}{where}") from None


def _parsed(raw: bytes) -> dict[str, Any]:
    """Read a JSON object; a list or null, which general OCR returns, becomes its member ``lines``."""
    raw = as_utf8(raw)
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"<"):
        return parse(raw, repair=False)
    try:
        found = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise DecodeError("the document is not JSON in UTF-8, UTF-16 or GB18030", raw) from None
    if found is not None and not isinstance(found, list):
        raise DecodeError(f"the document must be a JSON object or list, got {type(found).__name__}", raw)
    return {"lines": found}


def _unwrapped(tree: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return the key and the response of a document that was saved together with the name of its image."""
    if set(tree) == {"key", "response"} and isinstance(tree["key"], str):
        response = tree["response"]
        if isinstance(response, str):  # a body that was saved as a text
            response = _parsed(response.encode())
        if response is None or isinstance(response, list):
            return tree["key"], {"lines": response}
        if isinstance(response, dict):
            return tree["key"], response
    return None, tree
