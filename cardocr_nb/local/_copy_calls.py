"""Calls that copy objects inside the service, and the call that deletes many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._object_headers import ObjectHeaders, kept_headers
from cardocr_nb.local._object_xml import iso_time, read_nodes, xml_response
from cardocr_nb.local._service_fault import ServiceFault, no_such_bucket, no_such_key

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from cardocr_nb._transport import Request, Response
    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local._object_headers import ObjectTable

_SOURCE = re.compile(
    r"/?(?P<bucket>[a-z0-9][a-z0-9-]*)\.cos\.[a-z0-9-]+\.(?:myqcloud\.com|tencentcos\.cn)/(?P<key>[^?]+)", re.DOTALL
)
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{1,18})")
_MAX_DELETED = 1000
"""Number of keys in one delete call; the limit of the object store."""
COPY_SOURCE = "x-cos-copy-source"


class CopyCalls:
    """Answers calls that copy or delete objects.

    Parameters
    ----------
    buckets : dict of str to Bucket
    objects : ObjectTable
    replacing : Lock
        Held while an object is replaced together with its headers.
    """

    def __init__(self, buckets: Mapping[str, Bucket], objects: ObjectTable, replacing: threading.Lock) -> None:
        self._buckets, self._objects, self._replacing = buckets, objects, replacing

    def copy(self, bucket: Bucket, key: str, request: Request) -> Response:
        """Answer ``PUT`` with ``x-cos-copy-source``.

        Raises
        ------
        ServiceFault
        """
        headers = _lower(request.headers)
        source, source_key = self._source(headers)
        path = source.path(source_key)
        replaced = headers.get("x-cos-metadata-directive", "Copy").lower() == "replaced"
        with self._replacing:
            given = self._objects.get(source, source_key)
            onto_itself = source.name == bucket.name and source_key == key
            if onto_itself and not replaced:
                raise ServiceFault(
                    400, "InvalidRequest", "A copy onto itself must have x-cos-metadata-directive: Replaced."
                )
            etag = given.etag or source.etag(path)
            if not onto_itself:
                check_overwrite(bucket, key, headers)
                bucket.put(key, path)
            self._objects.set(
                bucket, key, ObjectHeaders(kept_headers(headers) if replaced else given.headers, given.etag)
            )
        return xml_response(
            "CopyObjectResult", {"ETag": etag, "LastModified": iso_time(bucket.path(key).stat().st_mtime)}
        )

    def part_source(self, request: Request) -> bytes | None:
        """Return the content of a part that is copied; None if the part is in the body.

        Raises
        ------
        ServiceFault
        """
        headers = _lower(request.headers)
        if COPY_SOURCE not in headers:
            return None
        source, key = self._source(headers)
        with source.path(key).open("rb") as file:
            if (text := headers.get(f"{COPY_SOURCE}-range")) is None:
                return file.read()
            match = _RANGE.fullmatch(text)
            if match is None or int(match[1]) > int(match[2]):
                raise ServiceFault(400, "InvalidArgument", "x-cos-copy-source-range must be bytes=first-last.")
            file.seek(int(match[1]))
            return file.read(int(match[2]) - int(match[1]) + 1)

    def delete_many(self, bucket: Bucket, request: Request) -> Response:
        """Answer ``POST /?delete``.

        Raises
        ------
        ServiceFault
        """
        body = request.body if isinstance(request.body, bytes) else request.body.read_bytes()
        content, nodes = read_nodes(body, "Delete", "Object")
        if len(nodes) > _MAX_DELETED:
            raise ServiceFault(400, "MalformedXML", f"Delete must have at most {_MAX_DELETED} Object nodes.")
        deleted, errors = [], []
        for node in nodes:
            key = str(node.get("Key") or "")
            try:
                self.delete(bucket, key)
                deleted.append({"Key": key})
            except InvalidRequestError as e:
                errors.append({"Key": key, "Code": "InvalidArgument", "Message": str(e)})
        if str(content.get("Quiet") or "").strip().lower() == "true":
            deleted = []
        return xml_response("DeleteResult", {"Deleted": deleted, "Error": errors})

    def delete(self, bucket: Bucket, key: str) -> None:
        """Delete an object with its headers.

        Raises
        ------
        InvalidRequestError
            No object can have this key.
        """
        with self._replacing:
            bucket.delete(key)
            self._objects.delete(bucket, key)

    def _source(self, headers: Mapping[str, str]) -> tuple[Bucket, str]:
        match = _SOURCE.fullmatch(headers[COPY_SOURCE])
        if match is None:
            raise ServiceFault(
                400, "InvalidArgument", f"{COPY_SOURCE} must be <bucket>.cos.<region>.myqcloud.com/<key>, URL-encoded."
            )
        bucket = self._buckets.get(match["bucket"])
        if bucket is None:
            raise no_such_bucket()
        key = unquote(match["key"])
        if not bucket.has_object(key):
            raise no_such_key()
        etag = self._objects.get(bucket, key).etag or bucket.etag(bucket.path(key))
        wanted, unwanted = headers.get(f"{COPY_SOURCE}-if-match"), headers.get(f"{COPY_SOURCE}-if-none-match")
        if (wanted is not None and wanted.strip('"') != etag.strip('"')) or (
            unwanted is not None and unwanted.strip('"') == etag.strip('"')
        ):
            raise ServiceFault(412, "PreconditionFailed", "The source does not have the ETag of the condition.")
        return bucket, key


def check_overwrite(bucket: Bucket, key: str, headers: Mapping[str, str]) -> None:
    """Raise if a request forbids to overwrite an object that exists; call it while `replacing` is held.

    Raises
    ------
    ServiceFault
    """
    if _lower(headers).get("x-cos-forbid-overwrite", "").lower() == "true" and bucket.path(key).exists():
        raise ServiceFault(409, "FileAlreadyExists", "An object has this key, and it must not be overwritten.")


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
