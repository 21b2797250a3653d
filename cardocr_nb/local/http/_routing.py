"""From the request line and ``Host`` to a call: bucket, kind of host, path and query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_to_bytes

from cardocr_nb.local._service_fault import ServiceFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb._transport import Host
    from cardocr_nb.local._bucket import Bucket

_VENDOR = re.compile(
    r"(?:(?P<bucket>[a-z0-9][a-z0-9-]*)\.)?(?P<kind>ci|cos)\.[a-z0-9-]+\.(?:myqcloud\.com|tencentcos\.cn)"
)
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)(/.*)?", re.DOTALL)
_JOB_IDS = re.compile(r"/(?:ai_)?jobs/a[0-9a-f]{32}(?:,a[0-9a-f]{32})*")
_QUEUE = re.compile(r"/ai_queue(?:/p[0-9a-f]{32})?")
_MAX_PARAMETERS = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a client.

    Attributes
    ----------
    method : str
    bucket : str
        Empty if the call names no bucket.
    host : {"ci", "cos", "region"}
    path : str
        Path within the bucket, not URL-encoded.
    signed_path : str
        Path as the client signed it: with the bucket in front if the client sent it there.
    params : dict of str to str
    signed_host : str
        The header ``Host``, with its port.
    bucket_in_host : bool
        True if ``Host`` has the vendor's form and names the bucket.
    """

    method: str
    bucket: str
    host: Host
    path: str
    signed_path: str
    params: Mapping[str, str]
    signed_host: str
    bucket_in_host: bool = False


def parse_target(raw_path: bytes, query: bytes) -> tuple[str, dict[str, str], str | None]:
    """Parse the target of a request line.

    Parameters
    ----------
    raw_path, query : bytes
        URL-encoded, as sent.

    Returns
    -------
    path : str
    params : dict of str to str
    host : str or None
        Host of a target that is a whole address, which clients send to a proxy.

    Raises
    ------
    ServiceFault
        The target is not a path, is not UTF-8, or has a parameter twice.

    Examples
    --------
    >>> parse_target(b"/a%20b+", b"prefix=x%2By&cancel")
    ('/a b+', {'prefix': 'x+y', 'cancel': ''}, None)
    """
    host = None
    if found := _ABSOLUTE.fullmatch(raw_path):
        host, raw_path = found[1].decode("latin-1"), found[2] or b"/"
    try:
        path = unquote_to_bytes(raw_path).decode()
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError:
        raise ServiceFault(400, "InvalidURI", "The path and query must be UTF-8, URL-encoded.") from None
    if not path.startswith("/"):
        raise ServiceFault(400, "InvalidURI", "The path must begin with a slash.")
    params = dict(pairs)
    if len({name.lower() for name in params}) != len(pairs):  # signatures ignore the case of names
        raise ServiceFault(400, "InvalidArgument", "A query parameter appears twice.")
    return path, params, host


def route(method: str, host: str, path: str, params: Mapping[str, str], buckets: Mapping[str, Bucket]) -> Call:
    """Return the call of a request.

    A ``Host`` of the vendor's form names bucket and kind. With any other host the bucket is the first part of the path;
    it may be left out if there is only one bucket.

    On the object host a few paths are job calls, since the official SDK sends all its calls there if it is set to an IP
    address. An object of exactly that name has precedence.

    Parameters
    ----------
    method, host, path, params
        Of the request, not URL-encoded.
    buckets : dict of str to Bucket
    """
    found = _VENDOR.fullmatch(host.rpartition(":")[0].lower() if re.search(r":[0-9]*$", host) else host.lower())
    if found and found["bucket"] is None:
        return Call(method, "", "region", path, path, params, host)
    if found and found["kind"] == "ci":
        return Call(method, found["bucket"], "ci", path, path, params, host)
    bucket, inner = (found["bucket"], path) if found else _by_path(path, buckets)
    if not bucket:
        kind: Host = "region" if inner == "/ai_bucket" else "cos"
    else:
        kind = "ci" if _is_job_call(method, inner, params) and not _is_object(buckets, bucket, inner) else "cos"
    return Call(method, bucket, kind, inner, path, params, host, bucket_in_host=found is not None)


def _by_path(path: str, buckets: Mapping[str, Bucket]) -> tuple[str, str]:
    first, slash, rest = path[1:].partition("/")
    if first in buckets:
        return first, f"/{rest}"
    if len(buckets) == 1:
        return next(iter(buckets)), path
    return ("", path) if path == "/ai_bucket" else (first, f"/{rest}" if slash else "/")


def _is_job_call(method: str, path: str, params: Mapping[str, str]) -> bool:
    if path in ("/jobs", "/ai_jobs"):
        return method == "POST" or (method == "GET" and "tag" in params)
    if path == "/ai_bucket":
        return method in ("GET", "POST", "DELETE")
    if _QUEUE.fullmatch(path):
        return method in ("GET", "PUT")
    return bool(_JOB_IDS.fullmatch(path)) and (method == "GET" or (method == "PUT" and "cancel" in params))


def _is_object(buckets: Mapping[str, Bucket], bucket: str, path: str) -> bool:
    found = buckets.get(bucket)
    return found is not None and found.has_object(path[1:])
