"""Uploads in parts and headers of objects, in this process: what no well-behaved SDK sends."""

import base64
import hashlib
import os
import threading

import pytest
import xmltodict

from cardocr_nb._transport import Request
from cardocr_nb.local import Bucket, BucketRoot, Service, StubReader
from cardocr_nb.wire._decode import decode_error


class Caller:
    def __init__(self, service, bucket="cards-1"):
        self.service, self.bucket = service, bucket

    def __call__(self, method, path, params=None, **kwargs):
        return self.service.handle(self.bucket, Request(method, path, "cos", params or {}, **kwargs))

    def code(self, *arguments, **kwargs):
        response = self(*arguments, **kwargs)
        return response.status, decode_error(response.body).code

    def start(self, path, **kwargs):
        body = self("POST", path, {"uploads": ""}, **kwargs).body
        return xmltodict.parse(body)["InitiateMultipartUploadResult"]["UploadId"]

    def part(self, path, upload, number, body, **kwargs):
        return self("PUT", path, {"uploadId": upload, "partNumber": str(number)}, body=body, **kwargs)

    def complete(self, path, upload, *parts):
        nodes = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in parts)
        body = f"<CompleteMultipartUpload>{nodes}</CompleteMultipartUpload>".encode()
        return self("POST", path, {"uploadId": upload}, body=body)


@pytest.fixture
def call(tmp_path):
    (tmp_path / "root/cards-1").mkdir(parents=True)
    service = Service(BucketRoot(tmp_path / "root"), StubReader())
    yield Caller(service)
    service.close()


def test_parts_are_put_together_in_the_order_of_their_numbers_and_the_last_one_of_a_number_counts(call, tmp_path):
    upload = call.start("/a.jpg")
    tags = {}
    for number, body in ((10, b"c"), (2, b"old"), (1, b"a"), (2, b"b")):
        tags[number] = call.part("/a.jpg", upload, number, body).headers["etag"]
    assert call.complete("/a.jpg", upload, *sorted(tags.items())).status == 200
    assert call("GET", "/a.jpg").body == b"abc"
    assert [file.name for file in (tmp_path / "root/cards-1").iterdir()] == ["a.jpg"]


def test_parts_that_are_not_named_are_left_out(call):
    upload = call.start("/a.jpg")
    tags = [call.part("/a.jpg", upload, number, b"%d" % number).headers["etag"] for number in (1, 2, 3)]
    call.complete("/a.jpg", upload, (1, tags[0]), (3, tags[2].strip('"')))
    assert call("GET", "/a.jpg").body == b"13"


def test_an_upload_belongs_to_its_key_and_bucket(call, tmp_path):
    (tmp_path / "root/other-1").mkdir()
    upload = call.start("/a.jpg")
    tag = call.part("/a.jpg", upload, 1, b"x").headers["etag"]
    for path in ("/b.jpg", "/a.jpg/b"):
        response = call.part(path, upload, 2, b"x")
        assert (response.status, decode_error(response.body).code) == (404, "NoSuchUpload")
    call.bucket = "other-1"
    response = call.complete("/a.jpg", upload, (1, tag))
    assert (response.status, decode_error(response.body).code) == (404, "NoSuchUpload")


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x", "", "1.5", "１"])
def test_a_part_number_outside_1_to_10000_is_refused(call, number):
    params = {"uploadId": call.start("/a.jpg"), "partNumber": number}
    assert call.code("PUT", "/a.jpg", params, body=b"x") == (400, "InvalidArgument")


@pytest.mark.parametrize("upload", ["", "x", "../../etc", "a" * 32, "A" * 32, "." * 32])
def test_an_unknown_upload_id_is_no_path(call, upload):
    for method in ("PUT", "POST", "GET", "DELETE"):
        params = {"uploadId": upload} | ({"partNumber": "1"} if method == "PUT" else {})
        assert call.code(method, "/a.jpg", params, body=b"x") == (404, "NoSuchUpload")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"<CompleteMultipartUpload/>",
        b"<CompleteMultipartUpload><Part>1</Part></CompleteMultipartUpload>",
        b"<Other><Part><PartNumber>1</PartNumber></Part></Other>",
        b"[]",
    ],
)
def test_a_malformed_completion_is_refused_and_the_upload_stays(call, body):
    upload = call.start("/a.jpg")
    tag = call.part("/a.jpg", upload, 1, b"x").headers["etag"]
    assert call.code("POST", "/a.jpg", {"uploadId": upload}, body=body) == (400, "MalformedXML")
    assert call.complete("/a.jpg", upload, (1, tag)).status == 200


def test_a_part_that_arrived_changed_is_refused(call):
    upload = call.start("/a.jpg")
    md5 = base64.b64encode(hashlib.md5(b"x").digest()).decode()  # noqa: S324 - the wire's
    assert call.part("/a.jpg", upload, 1, b"x", headers={"Content-MD5": md5}).status == 200
    response = call.part("/a.jpg", upload, 1, b"y", headers={"Content-MD5": md5})
    assert (response.status, decode_error(response.body).code) == (400, "BadDigest")


def test_of_two_completions_at_once_one_succeeds(call):
    upload = call.start("/a.jpg")
    tag = call.part("/a.jpg", upload, 1, b"x" * 10**6).headers["etag"]
    statuses = []
    threads = [
        threading.Thread(target=lambda: statuses.append(call.complete("/a.jpg", upload, (1, tag)).status))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 404, 404, 404]


def test_unfinished_uploads_are_listed_in_pages_and_are_no_objects(call):
    keys = [f"样 {n % 3}.jpg" for n in range(7)]
    expected = sorted((key, call.start(f"/{key}")) for key in keys)
    seen, markers = [], {}
    while True:
        params = {"uploads": "", "max-uploads": "2", "prefix": "样", **markers}
        page = xmltodict.parse(call("GET", "/", params).body, force_list=("Upload",))["ListMultipartUploadsResult"]
        seen += [(one["Key"], one["UploadId"]) for one in page["Upload"]]
        if page["IsTruncated"] == "false":
            break
        markers = {"key-marker": page["NextKeyMarker"], "upload-id-marker": page["NextUploadIdMarker"]}
    assert sorted(seen) == expected
    assert "Contents" not in xmltodict.parse(call("GET", "/").body)["ListBucketResult"]


def test_uploads_older_than_a_week_are_removed_at_the_start(call, tmp_path):
    old, new = call.start("/old.jpg"), call.start("/new.jpg")
    folder = tmp_path / "root/cards-1"
    os.utime(folder / f".upload-{old}", (0, 0))
    (folder / ".upload-left").write_bytes(b"half")
    Bucket(folder).remove_unfinished_uploads()
    assert [file.name for file in folder.iterdir()] == [f".upload-{new}"]


def test_neither_a_completion_nor_a_copy_overwrites_an_object_if_that_is_forbidden(call):
    call("PUT", "/a.jpg", body=b"first")
    call("PUT", "/b.jpg", body=b"second")
    forbid = {"X-Cos-Forbid-Overwrite": "true"}
    upload = call.start("/a.jpg")
    tag = call.part("/a.jpg", upload, 1, b"x").headers["etag"]
    body = (
        f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part></CompleteMultipartUpload>"
    )
    expected = (409, "FileAlreadyExists")
    assert call.code("POST", "/a.jpg", {"uploadId": upload}, body=body.encode(), headers=forbid) == expected
    copy = forbid | {"x-cos-copy-source": "cards-1.cos.ap-x.myqcloud.com/b.jpg"}
    assert call.code("PUT", "/a.jpg", headers=copy) == expected
    assert call.code("PUT", "/a.jpg", headers=forbid, body=b"x") == expected
    assert call("GET", "/a.jpg").body == b"first"
    assert call("PUT", "/c.jpg", headers=copy).status == 200


def test_a_copy_onto_itself_needs_new_headers(call):
    call("PUT", "/a.jpg", body=b"x", headers={"Content-Type": "image/heic"})
    source = {"x-cos-copy-source": "cards-1.cos.ap-x.myqcloud.com/a.jpg"}
    assert call.code("PUT", "/a.jpg", headers=source) == (400, "InvalidRequest")
    replaced = source | {"x-cos-metadata-directive": "Replaced", "Content-Type": "image/png"}
    assert call("PUT", "/a.jpg", headers=replaced).status == 200
    headers = call("GET", "/a.jpg").headers
    assert (headers["content-type"], call("GET", "/a.jpg").body) == ("image/png", b"x")


def test_a_condition_on_the_source_of_a_copy_is_held(call):
    tag = call("PUT", "/a.jpg", body=b"x").headers["etag"]
    source = {"x-cos-copy-source": "/cards-1.cos.ap-x.myqcloud.com/a.jpg"}
    for name, value, status in (
        ("if-match", tag, 200),
        ("if-match", '"0"', 412),
        ("if-none-match", tag, 412),
        ("if-none-match", '"0"', 200),
    ):
        assert call("PUT", "/b.jpg", headers=source | {f"x-cos-copy-source-{name}": value}).status == status


@pytest.mark.parametrize("key", ["../secret", "%2e%2e/secret", "a%2F..%2F..%2Fsecret", ".upload-x", "%00"])
def test_a_copy_never_reads_outside_its_bucket(call, tmp_path, key):
    (tmp_path / "root/secret").write_text("secret")
    source = {"x-cos-copy-source": f"cards-1.cos.ap-x.myqcloud.com/{key}"}
    assert call.code("PUT", "/b.jpg", headers=source) == (404, "NoSuchKey")


def test_the_headers_of_an_object_that_was_replaced_or_deleted_are_gone(call):
    call("PUT", "/a.png", body=b"x", headers={"Content-Type": "image/heic", "x-cos-meta-a": "1"})
    call("PUT", "/a.png", body=b"y")
    assert call("HEAD", "/a.png").headers["content-type"] == "image/png"
    call("PUT", "/a.png", body=b"x", headers={"x-cos-meta-a": "1"})
    call("DELETE", "/a.png")
    call("PUT", "/a.png", body=b"z")
    assert "x-cos-meta-a" not in call("HEAD", "/a.png").headers
