"""One page of a bucket's objects."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._service_fault import ServiceFault, method_not_allowed, parse_int
from cardocr_nb.wire._admin_encode import ObjectEntry, ObjectPage
from cardocr_nb.wire._limits import UNFIT_FOR_XML

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local._object_headers import ObjectTable

_KNOWN = frozenset({"prefix", "marker", "delimiter", "max-keys", "encoding-type"})
_MAX_KEYS = 1000


def list_objects(bucket: Bucket, params: Mapping[str, str], objects: ObjectTable) -> ObjectPage:
    """List the objects of a bucket.

    Parameters
    ----------
    bucket : Bucket
    params : dict of str to str
        ``prefix``, ``marker``, ``delimiter``, ``max-keys`` (0 to 1000, default 1000), ``encoding-type`` (``url``).
    objects : ObjectTable

    Raises
    ------
    ServiceFault
        An argument is unknown or invalid.
    """
    if set(params) - _KNOWN:
        raise method_not_allowed()
    prefix, marker, delimiter = (params.get(name, "") for name in ("prefix", "marker", "delimiter"))
    encoding = params.get("encoding-type", "")
    if encoding not in ("", "url"):
        raise ServiceFault(400, "InvalidArgument", "encoding-type must be url.")
    if not encoding and any(UNFIT_FOR_XML.search(text) for text in (prefix, marker, delimiter)):
        raise ServiceFault(400, "InvalidArgument", "prefix, marker and delimiter must not contain control characters.")
    limit = parse_int(params.get("max-keys") or str(_MAX_KEYS), "max-keys", 0, _MAX_KEYS)
    keys = bucket.keys()
    names, more = _page([k for k in keys if k.startswith(prefix)], prefix, marker, delimiter, limit)
    entries = [entry for name, is_object in names if is_object and (entry := _entry(bucket, name, objects)) is not None]
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
    """Return names after the marker, each with True for an object or False for a common prefix, and whether more follow."""
    names: list[tuple[str, bool]] = []
    for key in keys[bisect_right(keys, marker.encode("utf-8", "replace"), key=str.encode) :]:
        rest = key[len(prefix) :]
        common = prefix + rest[: rest.index(delimiter) + len(delimiter)] if delimiter and delimiter in rest else None
        if common is not None and ((names and names[-1][0] == common) or marker == common):
            continue
        if len(names) == limit:
            return names, True
        names.append((key, True) if common is None else (common, False))
    return names, False


def _entry(bucket: Bucket, key: str, objects: ObjectTable) -> ObjectEntry | None:
    """Describe an object; return None if it has been deleted in the meantime."""
    try:
        path = bucket.path(key)
        status = path.stat()
        return ObjectEntry(key, objects.get(bucket, key).etag or bucket.etag(path), status.st_size, status.st_mtime)
    except (InvalidRequestError, FileNotFoundError):
        return None
