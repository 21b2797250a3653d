"""Calls about objects: put, get, head, delete, list, and synchronous recognition."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import os
import re
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote

from cardocr_nb._images import MAX_BYTES
from cardocr_nb._transport import Response
from cardocr_nb.cards import CardType
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._bucket import DigestError
from cardocr_nb.local._object_listing import list_objects
from cardocr_nb.local._service_fault import XML, ServiceFault, method_not_allowed
from cardocr_nb.local._url_guard import FetchError
from cardocr_nb.local._worker import ReadingError, read_card, read_content
from cardocr_nb.wire._admin_encode import objects_xml
from cardocr_nb.wire._encode import recognition_xml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb._transport import Request
    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local._bucket_settings import SettingsTable
    from cardocr_nb.local._url_guard import UrlGuard
    from cardocr_nb.local.engine import Reader

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
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
    reader : Reader
    url_guard : UrlGuard
        Decides which addresses ``detect-url`` may name.
    settings : SettingsTable
    """

    def __init__(self, reader: Reader, url_guard: UrlGuard, settings: SettingsTable) -> None:
        self._reader, self._url_guard, self._settings = reader, url_guard, settings

    def answer(self, bucket: Bucket, request: Request) -> Response:
        """Answer a call of the bucket's object host.

        Raises
        ------
        ServiceFault
        """
        if "ci-process" in request.params and request.method == "GET":
            return self._recognize(bucket, request)
        key = request.path.removeprefix("/")
        if not key:
            return self._bucket_call(bucket, request)
        unsupported = [n for n in request.params if not n.lower().startswith(_CARRIED)]
        if unsupported or any(name.lower() == "x-cos-copy-source" for name in request.headers):
            raise method_not_allowed()
        try:
            bucket.path(key)
            if request.method == "PUT":
                return self._put(bucket, key, request)
            if request.method == "DELETE":
                bucket.delete(key)
                return Response(204)
        except DigestError as e:
            raise ServiceFault(400, "BadDigest", str(e)) from e
        except InvalidRequestError as e:
            raise ServiceFault(400, "InvalidArgument", str(e)) from e
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        return self._get(bucket, key, request)

    def _bucket_call(self, bucket: Bucket, request: Request) -> Response:
        if request.method == "HEAD":
            return Response(200)
        if request.method == "GET":
            return Response(200, XML, objects_xml(list_objects(bucket, request.params)))
        raise method_not_allowed()

    def _put(self, bucket: Bucket, key: str, request: Request) -> Response:
        given = _header(request.headers, "content-md5")
        md5 = None
        if given is not None:
            try:
                md5 = base64.b64decode(given, validate=True)
            except (binascii.Error, ValueError):
                md5 = b""
            if len(md5) != 16:
                raise ServiceFault(400, "InvalidDigest", "Content-MD5 must be the MD5 of the body in base64.")
        return Response(200, {"etag": bucket.put(key, request.body, md5)})

    def _get(self, bucket: Bucket, key: str, request: Request) -> Response:
        path = bucket.path(key)
        try:
            file = path.open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise ServiceFault(404, "NoSuchKey", "The specified key does not exist.") from None
        try:
            etag, file_status = bucket.etag(path), os.fstat(file.fileno())
            headers = {
                "etag": etag,
                "content-type": mimetypes.guess_type(key)[0] or "application/octet-stream",
                "last-modified": formatdate(file_status.st_mtime, usegmt=True),
                "accept-ranges": "bytes",
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
        except BaseException:
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
                raise ServiceFault(404, "NoSuchKey", "The specified key does not exist.")
            return Response(200, XML, recognition_xml(read_card(bucket, key, card_type, self._reader)))
        except ReadingError as e:
            raise ServiceFault(500 if e.code == "InternalError" else 400, e.code, str(e)) from e
        except FetchError as e:
            raise ServiceFault(400, "DownloadFailed", str(e)) from e
        except InvalidRequestError as e:
            raise ServiceFault(400, "InvalidArgument", str(e)) from e


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
