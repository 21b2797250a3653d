"""Headers and ETags that clients gave to objects, kept in the store; the content itself is a plain file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardocr_nb.local._service_fault import ServiceFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local._store import Store

_KEPT = ("cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires")
_META = "x-cos-meta-"
_MAX_META_BYTES = 2048
"""Bytes of all ``x-cos-meta-`` headers of an object, names and values; the limit of the object store."""
_OVERRIDES = {f"response-{name}": name for name in _KEPT}


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those headers of an upload that belong to the object, with names in lower case.

    Raises
    ------
    ServiceFault
        The ``x-cos-meta-`` headers are too long.

    Examples
    --------
    >>> kept_headers({"Content-Type": "image/png", "X-Cos-Meta-Batch": "7", "Date": "today"})
    {'content-type': 'image/png', 'x-cos-meta-batch': '7'}
    """
    lower = {name.lower(): value for name, value in headers.items()}
    kept = {name: value for name, value in lower.items() if name in _KEPT or name.startswith(_META)}
    # SDKs frame a body of unknown length so; the frames are not part of the content.
    encodings = [text.strip() for text in kept.get("content-encoding", "").split(",")]
    if "content-encoding" in kept and (left := ", ".join(e for e in encodings if e not in ("aws-chunked", ""))):
        kept["content-encoding"] = left
    elif "content-encoding" in kept:
        del kept["content-encoding"]
    if sum(len(name) + len(value) for name, value in kept.items() if name.startswith(_META)) > _MAX_META_BYTES:
        raise ServiceFault(400, "InvalidArgument", f"x-cos-meta- headers have at most {_MAX_META_BYTES} bytes in all.")
    return kept


def overridden_headers(params: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that a download asks for by ``response-content-type`` and its siblings.

    Raises
    ------
    ServiceFault
        A value contains characters that no header can have.

    Examples
    --------
    >>> overridden_headers({"response-content-type": "text/plain", "response-x": "1"})
    {'content-type': 'text/plain'}
    """
    wanted = {_OVERRIDES[name.lower()]: value for name, value in params.items() if name.lower() in _OVERRIDES and value}
    for name, value in wanted.items():
        if not value.isascii() or not value.isprintable():
            raise ServiceFault(400, "InvalidArgument", f"response-{name} must be printable ASCII.")
    return wanted


@dataclass(frozen=True, slots=True)
class ObjectHeaders:
    """What a client gave to an object.

    Attributes
    ----------
    headers : dict of str to str
        Names in lower case.
    etag : str
        ETag of an object that was uploaded in parts; empty if it is the MD5 of the content.
    """

    headers: Mapping[str, str]
    etag: str = ""


class ObjectTable:
    """Headers and ETags of objects. They are valid as long as the file stays unchanged.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, bucket: Bucket, key: str) -> ObjectHeaders:
        """Return the headers of an object; none if it was stored or changed without the service."""
        rows = self._store.query(
            "SELECT version, etag, headers FROM objects WHERE bucket = ? AND key = ?", (bucket.name, key)
        )
        try:
            if not rows or rows[0][0] != _version(bucket, key):
                return ObjectHeaders({})
        except FileNotFoundError:
            return ObjectHeaders({})
        return ObjectHeaders(json.loads(rows[0][2]), rows[0][1])

    def set(self, bucket: Bucket, key: str, given: ObjectHeaders) -> None:
        """Replace the headers of an object, which exists."""
        row = (bucket.name, key, _version(bucket, key), given.etag, json.dumps(dict(given.headers)))
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO objects (bucket, key, version, etag, headers) VALUES (?, ?, ?, ?, ?)", row
            )

    def delete(self, bucket: Bucket, key: str) -> None:
        """Delete the headers of an object; there need not be any."""
        with self._store.transaction() as db:
            db.execute("DELETE FROM objects WHERE bucket = ? AND key = ?", (bucket.name, key))


def _version(bucket: Bucket, key: str) -> str:
    status = bucket.path(key).stat()
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"
