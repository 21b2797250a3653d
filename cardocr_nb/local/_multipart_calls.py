"""Calls about uploads in parts: initiate, upload a part, complete, abort, list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb._transport import Response
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._copy_calls import check_overwrite
from cardocr_nb.local._multipart_store import MAX_PARTS, MultipartStore
from cardocr_nb.local._object_headers import ObjectHeaders, kept_headers
from cardocr_nb.local._object_xml import encode_key, iso_time, read_nodes, xml_response
from cardocr_nb.local._service_fault import ServiceFault, method_not_allowed, parse_int

if TYPE_CHECKING:
    import threading

    from cardocr_nb._transport import Request
    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local._copy_calls import CopyCalls
    from cardocr_nb.local._object_headers import ObjectTable

_OWNER = {"ID": "local", "DisplayName": "local"}
_LIST_UPLOADS = frozenset({"uploads", "prefix", "delimiter", "max-uploads", "key-marker", "upload-id-marker"})


class MultipartCalls:
    """Answers calls about uploads in parts.

    Parameters
    ----------
    objects : ObjectTable
    copies : CopyCalls
        Reads the source of a part that is copied.
    replacing : Lock
        Held while an object is replaced together with its headers.
    """

    def __init__(self, objects: ObjectTable, copies: CopyCalls, replacing: threading.Lock) -> None:
        self._objects, self._copies, self._replacing = objects, copies, replacing

    def answer(self, bucket: Bucket, key: str, request: Request, md5: bytes | None) -> Response:
        """Answer a call with ``uploads`` or ``uploadId`` for a key.

        Raises
        ------
        ServiceFault
        """
        params = request.params
        store = MultipartStore(bucket)
        if "uploads" in params:
            if request.method != "POST":
                raise method_not_allowed()
            upload = store.start(key, kept_headers(request.headers))
            return xml_response(
                "InitiateMultipartUploadResult", {"Bucket": bucket.name, "Key": key, "UploadId": upload.id}
            )
        upload = store.get(params.get("uploadId", ""), key)
        match request.method:
            case "PUT":
                number = parse_int(params.get("partNumber", ""), "partNumber", 1, MAX_PARTS)
                copied = self._copies.part_source(request)
                etag = store.put_part(upload, number, request.body if copied is None else copied, md5)
                if copied is None:
                    return Response(200, {"etag": etag})
                return xml_response("CopyPartResult", {"ETag": etag, "LastModified": iso_time(upload.started)})
            case "POST":
                return self._complete(bucket, store, key, request)
            case "DELETE":
                store.remove(upload)
                return Response(204)
            case "GET":
                return self._list_parts(bucket, store, key, request)
        raise method_not_allowed()

    def _complete(self, bucket: Bucket, store: MultipartStore, key: str, request: Request) -> Response:
        body = request.body if isinstance(request.body, bytes) else request.body.read_bytes()
        _, nodes = read_nodes(body, "CompleteMultipartUpload", "Part")
        wanted = [
            (
                parse_int(str(node.get("PartNumber", "")).strip(), "PartNumber", 1, MAX_PARTS),
                str(node.get("ETag") or ""),
            )
            for node in nodes
        ]
        with self._replacing:
            # Looked up again: of two calls that complete the same upload the second must find none.
            upload = store.get(request.params["uploadId"], key)
            check_overwrite(bucket, key, request.headers)
            path, etag = store.join(upload, wanted)
            try:
                bucket.put(key, path)
            except InvalidRequestError as e:
                raise ServiceFault(400, "InvalidArgument", str(e)) from e
            self._objects.set(bucket, key, ObjectHeaders(upload.headers, etag))
            store.remove(upload)
        return xml_response(
            "CompleteMultipartUploadResult",
            {"Location": bucket.url(key), "Bucket": bucket.name, "Key": key, "ETag": etag},
        )

    def _list_parts(self, bucket: Bucket, store: MultipartStore, key: str, request: Request) -> Response:
        params = request.params
        upload = store.get(params["uploadId"], key)
        encoding = params.get("encoding-type", "")
        limit = parse_int(params.get("max-parts") or "1000", "max-parts", 1, 1000)
        marker = parse_int(params.get("part-number-marker") or "0", "part-number-marker")
        parts = [part for part in store.parts(upload) if part.number > marker]
        shown = parts[:limit]
        content = {
            "Bucket": bucket.name,
            "EncodingType": encoding or None,
            "Key": encode_key(key, encoding),
            "UploadId": upload.id,
            "Owner": _OWNER,
            "Initiator": _OWNER,
            "PartNumberMarker": str(marker),
            "NextPartNumberMarker": str(shown[-1].number) if shown else "0",
            "StorageClass": "STANDARD",
            "MaxParts": str(limit),
            "IsTruncated": str(len(parts) > limit).lower(),
            "Part": [
                {
                    "PartNumber": str(part.number),
                    "LastModified": iso_time(part.modified),
                    "ETag": part.etag,
                    "Size": str(part.size),
                }
                for part in shown
            ],
        }
        return xml_response("ListPartsResult", {name: value for name, value in content.items() if value is not None})

    def list_uploads(self, bucket: Bucket, request: Request) -> Response:
        """Answer which uploads of a bucket are unfinished.

        Raises
        ------
        ServiceFault
        """
        params = request.params
        if set(params) - _LIST_UPLOADS - {"encoding-type"} or params.get("delimiter"):
            raise method_not_allowed()
        encoding, prefix = params.get("encoding-type", ""), params.get("prefix", "")
        limit = parse_int(params.get("max-uploads") or "1000", "max-uploads", 1, 1000)
        key_marker, id_marker = params.get("key-marker", ""), params.get("upload-id-marker", "")
        uploads = [u for u in MultipartStore(bucket).uploads() if u.key.startswith(prefix)]
        if key_marker:
            after = [n for n, u in enumerate(uploads) if u.key == key_marker and u.id == id_marker]
            uploads = uploads[after[0] + 1 :] if after else [u for u in uploads if u.key.encode() > key_marker.encode()]
        shown = uploads[:limit]
        more = len(uploads) > limit
        content = {
            "Bucket": bucket.name,
            "EncodingType": encoding or None,
            "KeyMarker": key_marker,
            "UploadIdMarker": id_marker,
            "NextKeyMarker": encode_key(shown[-1].key, encoding) if more else None,
            "NextUploadIdMarker": shown[-1].id if more else None,
            "MaxUploads": str(limit),
            "IsTruncated": str(more).lower(),
            "Prefix": prefix,
            "Upload": [
                {
                    "Key": encode_key(upload.key, encoding),
                    "UploadId": upload.id,
                    "StorageClass": "STANDARD",
                    "Initiator": _OWNER,
                    "Owner": _OWNER,
                    "Initiated": iso_time(upload.started),
                }
                for upload in shown
            ],
        }
        return xml_response(
            "ListMultipartUploadsResult", {name: value for name, value in content.items() if value is not None}
        )
