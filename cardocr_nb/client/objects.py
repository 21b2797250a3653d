"""Objects of the bucket: what is sent is checked against what arrived."""

from __future__ import annotations

import hashlib
import mimetypes
from typing import TYPE_CHECKING

from cardocr_nb.client.calls import send
from cardocr_nb.errors import DecodeError, ImageError
from cardocr_nb.transport import Request

if TYPE_CHECKING:
    from pathlib import Path

    from cardocr_nb.transport import Transport


def upload(transport: Transport, path: Path, key: str | None = None) -> str:
    """Put a file into the bucket unless the same bytes are there already.

    Parameters
    ----------
    transport : Transport
    path : Path
        Streamed.
    key : str, optional
        Default the file's name.

    Returns
    -------
    str
        The key.

    Raises
    ------
    ImageError
        There is no such file.
    DecodeError
        The object arrived changed.
    """
    if not path.is_file():
        raise ImageError("NoSuchFile", f"no file {str(path)!r}; check the path and the folder it starts from")
    key = path.name if key is None else key
    digest = _md5(path)
    there = transport.send(Request("HEAD", f"/{key}", host="cos"))
    if there.status == 200 and _etag(there.headers.get("etag")) == digest:
        return key
    headers = {"Content-Type": mimetypes.guess_type(path.name)[0] or "application/octet-stream"}
    stored = _etag(
        send(transport, Request("PUT", f"/{key}", host="cos", headers=headers, body=path)).headers.get("etag")
    )
    if stored and stored != digest:
        raise DecodeError(f"the object {key!r} arrived changed: sent MD5 {digest}, stored {stored}; upload it again")
    return key


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _etag(header: str | None) -> str:
    return (header or "").strip('"')
