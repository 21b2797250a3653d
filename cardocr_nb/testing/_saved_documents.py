"""What a test gives the service double to answer with: files, saved documents, failures, and a photo that shows nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb._keywords import why_missing
from cardocr_nb._special_files import refuse_special_file
from cardocr_nb._text_safety import describe, shown_path
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._worker import ReadingError
from cardocr_nb.wire._decode import decode_each
from cardocr_nb.wire._records import Callback, CardResult, JobList, JobState

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.\-]{0,63}")


def failure_of(code: str, message: str) -> ReadingError:
    """Return the failure of a job; raise `InvalidRequestError` unless the service can give it."""
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise InvalidRequestError(
            f"code must be a word such as InternalError, of letters, digits, dots and dashes, got {describe(code)}"
        )
    if not isinstance(message, str):
        raise InvalidRequestError(f"message must be a text, got {type(message).__name__}")
    return ReadingError(code, message)


def content_of(path: str | os.PathLike[str], taken: str) -> bytes:
    """Return the content of a file; the message for a missing one says what is `taken`."""
    refuse_special_file(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {shown_path(path)} ({why_missing(path)}); {taken}")
    return Path(path).read_bytes()


def document_of(given: bytes | str | os.PathLike[str]) -> bytes:
    """Return a document that is given as such, or as the path of its file."""
    if isinstance(given, str) and given.lstrip("\ufeff \t\r\n")[:1] in ("<", "{", "["):
        return given.encode()
    return given if isinstance(given, bytes) else content_of(given, "replay takes files and documents")


def results_of(raw: bytes) -> Iterable[CardResult]:
    """Yield the results of a response, a list of jobs or a callback; jobs that have not ended are passed over."""
    for document in decode_each(raw):
        if isinstance(document, CardResult):
            yield document
        elif isinstance(document, JobList | Callback):
            for job in document.jobs:
                if job.result is not None or job.state == JobState.FAILED:
                    result = job.result or CardResult(())
                    yield CardResult(
                        result.fields, key=job.key, state=job.state, code=job.code or "", message=job.message
                    )


def blank_photo() -> bytes:
    """Return a small JPEG file that shows nothing."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (428, 270), "white").save(file, "JPEG")
    return file.getvalue()
