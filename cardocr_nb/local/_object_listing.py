"""One page of a bucket's objects."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._service_fault import ServiceFault, not_allowed, whole
from cardocr_nb.wire._admin_encode import ObjectEntry, ObjectPage
from cardocr_nb.wire._limits import UNFIT_FOR_XML

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb.local._bucket import Bucket

_KNOWN = frozenset({"prefix", "marker", "delimiter", "max-keys", "encoding-type"})
_MOST = 1000


def list_objects(bucket: Bucket, params: Mapping[str, str]) -> ObjectPage:
    """List the objects of a bucket.

    Parameters
    ----------
    bucket : Bucket
    params : dict of str to str
        ``prefix``, ``marker``, ``delimiter``, ``max-keys`` (0 to 1000, default 1000), ``encoding-type`` (``url``).

    Raises
    ------
    Refusal
        An argument that it does not know or take.
    """
    if set(params) - _KNOWN:
        raise not_allowed()
    prefix, marker, delimiter = (params.get(name, "") for name in ("prefix", "marker", "delimiter"))
    encoding = params.get("encoding-type", "")
    if encoding not in ("", "url"):
        raise ServiceFault(400, "InvalidArgument", "encoding-type must be url.")
    if not encoding and any(UNFIT_FOR_XML.search(text) for text in (prefix, marker, delimiter)):
        raise ServiceFault(400, "InvalidArgument", "prefix, marker and delimiter must hold no control character.")
    limit = whole(params.get("max-keys") or str(_MOST), "max-keys", 0, _MOST)
    there = bucket.keys()
    names, more = _page([k for k in there if k.startswith(prefix)], prefix, marker, delimiter, limit)
    entries = [entry for name, is_object in names if is_object and (entry := _entry(bucket, name)) is not None]
    return ObjectPage(
        bucket.name,
        prefix,
        marker,
        delimiter,
        limit,
        objects=tuple(entries),
        prefixes=tuple(name for name, is_object in names if not is_object),
        next_marker=names[-1][0] if more and names else None,
        encoded=bool(encoding),
    )


def _page(keys: list[str], prefix: str, marker: str, delimiter: str, limit: int) -> tuple[list[tuple[str, bool]], bool]:
    """Give names behind the marker, each an object or a common beginning, and whether there are more."""
    names: list[tuple[str, bool]] = []
    for key in keys[bisect_right(keys, marker.encode("utf-8", "replace"), key=str.encode) :]:
        rest = key[len(prefix) :]
        beginning = prefix + rest[: rest.index(delimiter) + len(delimiter)] if delimiter and delimiter in rest else None
        if beginning is not None and ((names and names[-1][0] == beginning) or marker == beginning):
            continue
        if len(names) == limit:
            return names, True
        names.append((key, True) if beginning is None else (beginning, False))
    return names, False


def _entry(bucket: Bucket, key: str) -> ObjectEntry | None:
    """Describe an object; None when it has gone meanwhile."""
    try:
        path = bucket.path(key)
        seen = path.stat()
        return ObjectEntry(key, bucket.digest(path), seen.st_size, seen.st_mtime)
    except (InvalidRequestError, FileNotFoundError):
        return None
