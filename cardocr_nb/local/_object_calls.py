"""Calls about single objects and their list, and synchronous recognition; the start of all calls of the object host."""

from __future__ import annotations

import base64
import binascii
import hashlib
import mimetypes
import os
import re
import threading
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote

from cardocr_nb._images import MAX_BYTES
from cardocr_nb._transport import Response
from cardocr_nb.cards import CardType
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._bucket import REGION, DigestError, check_md5
from cardocr_nb.local._copy_calls import COPY_SOURCE, CopyCalls, check_overwrite
from cardocr_nb.local._multipart_calls import MultipartCalls
from cardocr_nb.local._object_headers import ObjectHeaders, kept_headers, overridden_headers
from cardocr_nb.local._object_listing import list_objects
from cardocr_nb.local._object_xml import xml_response
from cardocr_nb.local._service_fault import XML, ServiceFault, method_not_allowed, no_such_key
from cardocr_nb.local._url_guard import FetchError
from cardocr_nb.local._worker import ReadingError, read_card, read_content
from cardocr_nb.wire._admin_encode import objects_xml
from cardocr_nb.wire._encode import recognition_xml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb._transport import Request
    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local._bucket_settings import SettingsTable
    from cardocr_nb.local._object_headers import ObjectTable
    from cardocr_nb.local._url_guard import UrlGuard
    from cardocr_nb.local.engine import Reader

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_MULTIPART = frozenset({"uploadId", "partNumber", "max-parts", "part-number-marker", "encoding-type"})
_CARRIED = ("x-cos-", "x-ci-", "response-")
_RECOGNITION = frozenset({"ci-process", "CardType", "detect-url"})
_MAX_ENCODINGS = 3


@dataclass(frozen=True, slots=True)
class FileResponse(Response):
    """A response whose body is the next `length` bytes of an open file.

    Attributes
    ----------
    file : file
        The receiver of the response closes it.
    length : int
    """

    file: IO[bytes] = field(kw_only=True, repr=False)
    length: int = field(kw_only=True)

    def read(self) -> Response:
        """Return the response with its body in memory."""
        with self.file:
            return Response(self.status, self.headers, self.file.read(self.length))


class ObjectCalls:
    """Answers calls about objects.

    Parameters
    ----------
    buckets : dict of str to Bucket
    reader : Reader
    url_guard : UrlGuard
        Decides which addresses ``detect-url`` may name.
    settings : SettingsTable
    objects : ObjectTable
    """

    def __init__(
        self,
        buckets: Mapping[str, Bucket],
        reader: Reader,
        url_guard: UrlGuard,
        settings: SettingsTable,
        objects: ObjectTable,
    ) -> None:
        self._reader, self._url_guard, self._settings, self._objects = reader, url_guard, settings, objects
        self._replacing = threading.Lock()
        self._copies = CopyCalls(buckets, objects, self._replacing)
        self._multipart = MultipartCalls(objects, self._copies, self._replacing)

    def answer(self, bucket: Bucket, request: Request) -> Response:
        """Answer a call of the bucket's object host.

        Raises
        ------
        ServiceFault
        """
        if "ci-process" in request.params and request.method == "GET":
            return self._recognize(bucket, request)
        key = request.path.removeprefix("/")
        try:
            return self._object_call(bucket, key, request) if key else self._bucket_call(bucket, request)
        except DigestError as e:
            raise ServiceFault(400, "BadDigest", str(e)) from e
        except InvalidRequestError as e:
            raise ServiceFault(400, "InvalidArgument", str(e)) from e

    def _bucket_call(self, bucket: Bucket, request: Request) -> Response:
        names = set(request.params)
        match request.method:
            case "HEAD" if not names:
                return Response(200, {"x-cos-bucket-region": REGION})
            case "GET" if names == {"location"}:
                return xml_response("LocationConstraint", REGION)
            case "GET" if "uploads" in names:
                return self._multipart.list_uploads(bucket, request)
            case "GET":
                return Response(200, XML, objects_xml(list_objects(bucket, request.params, self._objects)))
            case "POST" if names == {"delete"}:
                if (md5 := _content_md5(request)) is not None:
                    check_md5(f'"{hashlib.md5(_body(request), usedforsecurity=False).hexdigest()}"', md5)
                return self._copies.delete_many(bucket, request)
        raise method_not_allowed()

    def _object_call(self, bucket: Bucket, key: str, request: Request) -> Response:
        bucket.path(key)
        named = {name for name in request.params if not name.lower().startswith(_CARRIED)}
        if named == {"uploads"} or (named and named <= _MULTIPART and "uploadId" in named):
            return self._multipart.answer(bucket, key, request, _content_md5(request))
        if named:
            raise method_not_allowed()
        match request.method:
            case "PUT" if _header(request.headers, COPY_SOURCE) is not None:
                return self._copies.copy(bucket, key, request)
            case "PUT":
                return self._put(bucket, key, request)
            case "DELETE":
                self._copies.delete(bucket, key)
                return Response(204)
            case "GET" | "HEAD":
                return self._get(bucket, key, request)
        raise method_not_allowed()

    def _put(self, bucket: Bucket, key: str, request: Request) -> Response:
        md5, headers = _content_md5(request), kept_headers(request.headers)
        with self._replacing:
            check_overwrite(bucket, key, request.headers)
            etag = bucket.put(key, request.body, md5)
            self._objects.set(bucket, key, ObjectHeaders(headers))
        return Response(200, {"etag": etag})

    def _get(self, bucket: Bucket, key: str, request: Request) -> Response:
        path = bucket.path(key)
        overrides = overridden_headers(request.params)
        try:
            file = path.open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise no_such_key() from None
        try:
            stored, file_status = self._objects.get(bucket, key), os.fstat(file.fileno())
            etag = stored.etag or bucket.etag(path)
            headers = {
                "etag": etag,
                "content-type": mimetypes.guess_type(key)[0] or "application/octet-stream",
                "last-modified": formatdate(file_status.st_mtime, usegmt=True),
                "accept-ranges": "bytes",
                **stored.headers,
                **overrides,
            }
            if etag in [t.strip() for t in (_header(request.headers, "if-none-match") or "").split(",")]:
                file.close()
                return Response(304, headers)
            status, start, length = _byte_range(_header(request.headers, "range"), file_status.st_size)
            if status == 206:
                headers["content-range"] = f"bytes {start}-{start + length - 1}/{file_status.st_size}"
            headers["content-length"] = str(length)
            if request.method == "HEAD":
                file.close()
                return Response(status, headers)
            file.seek(start)
        except BaseException:  # Ctrl-C too: the file has no other owner yet
            file.close()
            raise
        return FileResponse(status, headers, file=file, length=length)

    def _recognize(self, bucket: Bucket, request: Request) -> Response:
        params = request.params
        if params["ci-process"] != "AILicenseRec":
            raise ServiceFault(400, "InvalidArgument", "ci-process must be AILicenseRec.")
        if set(params) - _RECOGNITION - {n for n in params if n.lower().startswith(_CARRIED)}:
            raise method_not_allowed()
        card_type = params.get("CardType") or str(CardType.DRIVER_LICENSE)
        if card_type not in tuple(CardType):
            raise ServiceFault(400, "InvalidArgument", "CardType must be IDCard or DriverLicense.")
        if self._settings.get(bucket).ci != "on":
            raise ServiceFault(403, "CIBucketUnbinded", "Cloud Infinite is not bound to the bucket.")
        try:
            if params.get("detect-url"):
                content = self._url_guard.fetch(_decode_url(params["detect-url"]), MAX_BYTES)
                return Response(200, XML, recognition_xml(read_content(content, card_type, self._reader)))
            key = request.path.removeprefix("/")
            bucket.path(key)
            if not bucket.has_object(key):
                raise no_such_key()
            return Response(200, XML, recognition_xml(read_card(bucket, key, card_type, self._reader)))
        except ReadingError as e:
            raise ServiceFault(500 if e.code == "InternalError" else 400, e.code, str(e)) from e
        except FetchError as e:
            raise ServiceFault(400, "DownloadFailed", str(e)) from e
        except InvalidRequestError as e:
            raise ServiceFault(400, "InvalidArgument", str(e)) from e


def _body(request: Request) -> bytes:
    return request.body if isinstance(request.body, bytes) else request.body.read_bytes()


def _content_md5(request: Request) -> bytes | None:
    text = _header(request.headers, "content-md5")
    if text is None:
        return None
    try:
        md5 = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        md5 = b""
    if len(md5) != 16:
        raise ServiceFault(400, "InvalidDigest", "Content-MD5 must be the MD5 of the body in base64.")
    return md5


def _decode_url(url: str) -> str:
    """Undo the URL-encoding that the vendor's page asks for in addition to that of the query."""
    for _ in range(_MAX_ENCODINGS):
        if "://" in url:
            break
        url = unquote(url)
    return url


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for sent, value in headers.items() if sent.lower() == name), None)


def _byte_range(header: str | None, size: int) -> tuple[int, int, int]:
    """Return status, start and length for a Range header; several ranges, or an invalid one, mean the whole object."""
    match = _RANGE.fullmatch(header or "")
    if match is None or match[1] == match[2] == "":
        return 200, 0, size
    if match[1] == "":
        length = min(int(match[2]), size)
        start, end = size - length, size
    else:
        start = int(match[1])
        end = min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return 200, 0, size
    if start >= end:
        raise ServiceFault(
            416, "InvalidRange", "The requested range cannot be satisfied.", {"content-range": f"bytes */{size}"}
        )
    return 206, start, end - start
