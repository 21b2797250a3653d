"""For any input the server answers in the vendor's words or closes, and continues to serve others."""

import contextlib
import gzip
import http.client
import socket
import time
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import REGION, SECRET_ID, SECRET_KEY, serving

from cardocr_nb.wire._decode import decode_error, decode_jobs
from cardocr_nb.wire._encode import request_xml
from cardocr_nb.wire._records import JobRequest
from cardocr_nb.wire._signature import sign

BUCKET = "cards-1250000000"
FUZZED = "fuzzed-1250000000"
CI = f"{BUCKET}.ci.{REGION}.myqcloud.com"
COS = f"{BUCKET}.cos.{REGION}.myqcloud.com"
ELSEWHERE = [f"ci.{REGION}.myqcloud.com", "127.0.0.1", f"missing-1.ci.{REGION}.myqcloud.com"]
JOB = request_xml(JobRequest("a.jpg", "IDCard"))


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """A server with short time limits."""
    root = tmp_path_factory.mktemp("impatient") / "root"
    (root / BUCKET).mkdir(parents=True)
    with serving(root, "--request-timeout", "1") as running:
        yield running
        assert "Traceback" not in running.log.read_text()


@pytest.fixture(scope="module")
def shared(server):
    for name in (BUCKET, FUZZED):
        server.bucket(name)
    return server


def authorization(method, path, params, headers, host, *, ahead=0):
    now = int(time.time()) + ahead
    return sign(
        method,
        path,
        params,
        {**headers, "host": host},
        secret_id=SECRET_ID,
        secret_key=SECRET_KEY,
        period=(now - 60, now + 900),
    )


def send(server, method, path, *, params=None, headers=None, body=b"", host=COS, quoted=None):
    """Send one signed request; gives status, headers and body."""
    params, headers = params or {}, headers or {}
    target = (quote(path) if quoted is None else quoted) + (f"?{urlencode(params)}" if params else "")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in {
            **headers,
            "Host": host,
            "Content-Length": str(len(body)),
            "Authorization": authorization(method, path, params, headers, host),
        }.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()


def code(answer):
    status, headers, body = answer
    error = decode_error(body)
    assert error.request_id == headers.get("x-cos-request-id", headers.get("x-ci-request-id"))
    return status, error.code


def raw(server, *pieces, timeout=20):
    """Send bytes as they are; gives all that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout) as sock:
        for piece in pieces:
            sock.sendall(piece)
        return until_closed(sock)


def until_closed(sock):
    received = b""
    while data := sock.recv(65536):
        received += data
    return received


def head(method, path, host=COS, **headers):
    """Head of a signed request."""
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    lines = [f"{method} {quote(path)} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in named.items()]
    lines.append(f"Authorization: {authorization(method, path, {}, {}, host)}")
    return "\r\n".join([*lines, "", ""]).encode()


def is_serving(server):
    return send(server, "GET", "/jobs", params={"tag": "ImageLicenseRec"}, host=CI)[0] == 200


@pytest.mark.parametrize(
    ("params", "headers", "body", "expected"),
    [
        ({"uploadId": "x"}, {}, b"", (404, "NoSuchUpload")),
        ({"uploads": "", "x": "1"}, {}, b"", (405, "MethodNotAllowed")),
        ({}, {}, b"", (405, "MethodNotAllowed")),
    ],
)
def test_a_post_that_belongs_to_no_upload_is_refused(shared, params, headers, body, expected):
    assert code(send(shared, "POST", "/a.jpg", params=params, headers=headers, body=body)) == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"<Delete/>", b"<Delete><Object/></Delete>", b"{}", b"<Delete><Object>a</Object></Delete>", b"<a>" * 100_000],
    ids=lambda body: repr(body[:24]),
)
def test_a_malformed_delete_of_many_is_refused(shared, body):
    assert code(send(shared, "POST", "/", params={"delete": ""}, body=body)) == (400, "MalformedXML")


def test_a_download_cannot_be_given_a_header_that_ends_the_head(shared):
    send(shared, "PUT", "/h.jpg", body=b"x")
    for value in ("a\r\nSet-Cookie: x", "样", "\0"):
        answer = send(shared, "GET", "/h.jpg", params={"response-content-type": value})
        assert code(answer) == (400, "InvalidArgument")
    headers = send(shared, "PUT", "/h.jpg", body=b"x", headers={"x-cos-meta-a": "x" * 2100})
    assert code(headers) == (400, "InvalidArgument")


texts = st.text(max_size=30)
paths = st.one_of(
    st.lists(
        st.sampled_from(["jobs", "ai_queue", "ai_bucket", "a" + "0" * 32, "..", ".", "", "a.jpg", "样"]), max_size=4
    ),
    st.lists(texts, max_size=3),
).map(lambda parts: "/" + "/".join(parts))
names = st.sampled_from(
    [
        "tag",
        "size",
        "states",
        "nextToken",
        "cancel",
        "unbind",
        "ci-process",
        "detect-url",
        "CardType",
        "prefix",
        "marker",
        "max-keys",
        "delimiter",
        "encoding-type",
        "pageNumber",
        "queueIds",
        "startCreationTime",
        "acl",
        "uploads",
        "uploadId",
        "partNumber",
        "delete",
        "location",
        "inputObject",
        "response-content-type",
    ]
)
values = texts | st.sampled_from(
    ["ImageLicenseRec", "AILicenseRec", "1", "0", "99999999999999999999", "http://127.0.0.1:1/"]
)
headers = st.dictionaries(
    st.sampled_from(
        [
            "Range",
            "Content-MD5",
            "If-None-Match",
            "Content-Type",
            "X-Any",
            "Date",
            "x-cos-copy-source",
            "Origin",
            "x-cos-meta-a",
        ]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
    | st.sampled_from(["bytes=5-1", "bytes=-0"]),
    max_size=3,
)
bodies = st.binary(max_size=60) | st.sampled_from(
    [
        JOB,
        JOB[:-9],
        b"<Request><State>Active</State></Request>",
        b"{}",
        b"<Delete><Object><Key>a</Key></Object></Delete>",
    ]
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "X-Y"]),
    path=paths,
    params=st.dictionaries(names | texts.filter(bool), values, max_size=4),
    headers=headers,
    body=bodies,
    host=st.sampled_from([*(f"{FUZZED}.{kind}.{REGION}.myqcloud.com" for kind in ("ci", "cos")), *ELSEWHERE]),
)
def test_no_call_makes_the_server_fail(shared, method, path, params, headers, body, host):
    answer = send(shared, method, path, params=params, headers=headers, body=body, host=host)
    assert answer[0] not in range(500, 600)
    if answer[0] >= 400 and method != "HEAD":
        assert code(answer)[1]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from(
        [b"", b"GET / HTTP/1.1\r\n", b"PUT /a HTTP/1.1\r\nHost: h\r\n", b"GET /%ff?%ff HTTP/1.1\r\nHost: h\r\n\r\n"]
    ),
    rest=st.binary(max_size=80),
)
def test_no_bytes_make_the_server_fail(shared, start, rest):
    with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as sock:
        sock.sendall(start + rest + b"\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while data := sock.recv(65536):
                received += data
    assert not received or received.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 "))
    assert b"Traceback" not in received


@pytest.mark.parametrize(
    ("quoted", "path"),
    [
        ("/../x", "/../x"),
        ("/%2e%2e/x", "/../x"),
        ("/a/..%2f..%2fx", "/a/../../x"),
        ("//etc/passwd", "//etc/passwd"),
        ("/%2Fetc/passwd", "//etc/passwd"),
        ("/a%00b", "/a\0b"),
        ("/..%5Cx", "/..\\x"),
        ("/./x", "/./x"),
        ("/.upload-x", "/.upload-x"),
        ("/" + "a" * 300, "/" + "a" * 300),
        ("/" + "a/" * 450 + "a", "/" + "a/" * 450 + "a"),
    ],
)
def test_a_key_never_leaves_its_folder(shared, quoted, path):
    before = sorted(p.name for p in shared.root.iterdir())
    for method in ("PUT", "GET", "DELETE"):
        assert code(send(shared, method, path, quoted=quoted, body=b"x" * (method == "PUT")))[0] == 400
    assert sorted(p.name for p in shared.root.iterdir()) == before
    assert not (shared.root / "x").exists()


@pytest.mark.parametrize(
    ("host", "path", "params", "body", "status"),
    [
        (f"new-1.cos.{REGION}.myqcloud.com", "/", {"cors": ""}, b"", 404),
        (f"new-1.cos.{REGION}.myqcloud.com", "/", {"acl": ""}, b"", 404),
        (f"new-1.cos.{REGION}.myqcloud.com", "/", {}, b"a photo", 400),
        (f"new-1.cos.{REGION}.myqcloud.com.evil.example", "/new-1", {}, b"", 404),
        (COS, "/", {"cors": ""}, b"<CORSConfiguration/>", 405),
        ("evil.example", "/", {}, b"", 404),
        ("evil.example", "/new-1", {}, b"", 404),
        ("evil.example", "/new-1/", {}, b"", 404),
        ("evil.example", "/new-1", {}, b"a photo", 404),
        ("127.0.0.1", "/new-1", {}, b"a photo", 404),
        ("localhost:8086", "/new-1/", {"cors": ""}, b"", 404),
    ],
)
def test_only_a_plain_put_under_the_vendors_host_makes_a_bucket(shared, host, path, params, body, status):
    assert send(shared, "PUT", path, params=params, body=body, host=host)[0] == status
    assert not (shared.root / "new-1").exists()


def test_a_plain_put_under_the_vendors_host_makes_a_bucket(shared):
    body = b"<CreateBucketConfiguration><BucketAZConfig>MAZ</BucketAZConfig></CreateBucketConfiguration>"
    for name, content in (("plain-1", b""), ("config-1", body)):
        assert send(shared, "PUT", "/", body=content, host=f"{name}.cos.{REGION}.myqcloud.com")[0] == 200
        assert (shared.root / name).is_dir()


def test_a_link_out_of_the_bucket_is_not_followed(shared, tmp_path):
    (tmp_path / "secret").write_text("secret")
    link = shared.root / BUCKET / "link"
    link.symlink_to(tmp_path / "secret")
    try:
        assert code(send(shared, "GET", "/link")) == (400, "InvalidArgument")
        assert b"link" not in send(shared, "GET", "/")[2]
    finally:
        link.unlink()


def test_an_object_and_a_folder_of_one_name_cannot_both_be(shared):
    assert send(shared, "PUT", "/both/a", body=b"x")[0] == 200
    assert code(send(shared, "PUT", "/both", body=b"x")) == (400, "InvalidArgument")
    assert code(send(shared, "PUT", "/both/a/b", body=b"x")) == (400, "InvalidArgument")
    assert code(send(shared, "GET", "/both")) == (404, "NoSuchKey")
    assert send(shared, "DELETE", "/both")[0] == 204
    assert send(shared, "DELETE", "/both/a/b")[0] == 204
    assert send(shared, "GET", "/both/a")[2] == b"x"


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><Request>&c;</Request>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><Request/>',
        b"<Request>" + b"<a>" * 200_000,
        b"<Request>" + b"<!--" * 200_000,
        b"<a>" * 100_000 + b"</b>" * 100_000,
        b"[" * 900_000,
        b'<?xml version="1.0" encoding="x-none"?>' + JOB,
        JOB.replace(b"a.jpg", b"\xff\xfe"),
        JOB.replace(b"<Tag>", b"<Tag>ImageLicenseRec</Tag><Tag>"),
        JOB.replace(b"</Input>", b"</Input><Input><Object>b</Object></Input>"),
        JOB.replace(b"</Operation>", b"<ImageLicenseRecResult><ImageLicenseRecResult></Operation>"),
        JOB.replace(b"<Tag>", b"</Message><Tag>"),
        b"",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_document_that_is_a_trap_or_broken_is_refused_at_once(shared, body):
    begun = time.monotonic()
    assert code(send(shared, "POST", "/jobs", body=body, host=CI)) == (400, "MalformedXML")
    assert time.monotonic() - begun < 10


def test_a_job_in_another_encoding_is_read(shared):
    body = '<?xml version="1.0" encoding="utf-16"?>' + JOB.decode().partition("?>")[2]
    status, _, answer = send(shared, "POST", "/jobs", body=body.encode("utf-16"), host=CI)
    assert (status, decode_jobs(answer).jobs[0].key) == (200, "a.jpg")


def test_a_compressed_job_is_refused_and_a_compressed_object_kept_as_it_is(shared):
    headers = {"Content-Encoding": "gzip"}
    refused = send(shared, "POST", "/jobs", body=gzip.compress(JOB), headers=headers, host=CI)
    assert code(refused) == (400, "InvalidArgument")
    assert send(shared, "PUT", "/a.gz", body=gzip.compress(JOB), headers=headers)[0] == 200
    assert gzip.decompress(send(shared, "GET", "/a.gz")[2]) == JOB


@pytest.mark.parametrize(
    ("given", "expected"),
    [("not base64", "InvalidDigest"), ("AAAA", "InvalidDigest"), ("AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest")],
)
def test_an_object_that_arrived_changed_is_refused(shared, given, expected):
    assert code(send(shared, "PUT", "/m.bin", body=b"x", headers={"Content-MD5": given})) == (400, expected)
    assert send(shared, "HEAD", "/m.bin")[0] == 404


def test_a_part_of_an_upload_or_a_copy_never_takes_the_place_of_an_object(shared):
    send(shared, "PUT", "/kept.bin", body=b"kept")
    for extra, expected in (
        ({"params": {"uploadId": "1", "partNumber": "1"}}, (404, "NoSuchUpload")),
        ({"params": {"uploadId": "../x", "partNumber": "1"}}, (404, "NoSuchUpload")),
        ({"params": {"partNumber": "1"}}, (405, "MethodNotAllowed")),
        ({"params": {"acl": ""}}, (405, "MethodNotAllowed")),
        ({"headers": {"x-cos-copy-source": "a"}}, (400, "InvalidArgument")),
        ({"headers": {"x-cos-copy-source": f"missing-1.cos.{REGION}.myqcloud.com/a"}}, (404, "NoSuchBucket")),
        ({"headers": {"x-cos-copy-source": f"{COS}/missing"}}, (404, "NoSuchKey")),
        ({"headers": {"x-cos-copy-source": f"{COS}/..%2F..%2Fetc/passwd"}}, (404, "NoSuchKey")),
    ):
        assert code(send(shared, "PUT", "/kept.bin", body=b"part", **extra)) == expected
    assert send(shared, "GET", "/kept.bin")[2] == b"kept"


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=1-2", 206, b"12"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=0-99", 206, b"0123456789"),
        ("bytes=2-1", 200, b"0123456789"),
        ("bytes=1-2,4-5", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
        ("bytes=10-", 416, None),
        ("bytes=-0", 416, None),
    ],
)
def test_a_range_is_honored_or_the_whole_object_is_returned(shared, asked, status, content):
    send(shared, "PUT", "/r.bin", body=b"0123456789")
    answer = send(shared, "GET", "/r.bin", headers={"Range": asked})
    assert answer[0] == status
    assert answer[2] == content if content else code(answer) == (416, "InvalidRange")
    head = send(shared, "HEAD", "/r.bin", headers={"Range": asked})
    assert (head[0], head[2]) == (status, b"")


def test_an_object_that_is_known_already_is_not_sent_again(shared):
    tag = send(shared, "PUT", "/known.bin", body=b"x")[1]["etag"]
    assert send(shared, "GET", "/known.bin", headers={"If-None-Match": tag})[::2] == (304, b"")


def test_a_body_that_is_announced_too_long_is_refused_without_taking_it(shared):
    before = shared.memory()
    job = raw(shared, head("POST", "/jobs", CI, Content_Length=1_000_001, Connection="close"))
    image = raw(shared, head("PUT", "/big.jpg", Content_Length=100_000_000, Connection="close", Expect="100-continue"))
    for answer in (job, image):
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"<Code>EntityTooLarge</Code>" in answer
        assert b"100 Continue" not in answer
    assert shared.memory() - before < 20


def test_an_endless_body_is_cut_at_the_limit_and_never_held(shared):
    before, most = shared.memory(), 0.0
    piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as sock:
        sock.sendall(head("PUT", "/endless.bin", Transfer_Encoding="chunked"))
        for _ in range(60):
            sock.sendall(piece)
            most = max(most, shared.memory())
        assert list((shared.root / BUCKET).glob(".upload-*"))
        sock.settimeout(20)
        answered = b""
        with contextlib.suppress(ConnectionError):
            for _ in range(4):
                sock.sendall(piece)
            while b"</Error>" not in answered:
                answered += sock.recv(65536)
    assert b"<Code>EntityTooLarge</Code>" in answered
    assert most - before < 30
    assert not list((shared.root / BUCKET).glob(".upload-*"))
    assert is_serving(shared)


def test_100_mb_of_unsigned_body_are_refused_unread(shared):
    lines = f"PUT /big.jpg HTTP/1.1\r\nHost: {COS}\r\nContent-Length: 100000000\r\nConnection: close\r\n\r\n"
    answer = raw(shared, lines.encode())
    assert b"<Code>AccessDenied</Code>" in answer


@pytest.mark.parametrize(
    "lines",
    [
        b"hello",
        b"GET / HTTP/1.1",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b",
        b"POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: ten",
        b"POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: -1",
        b"POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=lambda lines: repr(lines[-24:]),
)
def test_data_that_is_not_http_is_refused_in_the_vendors_words(shared, lines):
    answer = raw(shared, lines + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>InvalidRequest</Code>" in answer


def test_a_head_without_end_is_refused_or_cut(shared):
    with contextlib.suppress(ConnectionError):
        answer = raw(shared, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 600_000)
        assert b"<Code>InvalidRequest</Code>" in answer
    assert is_serving(shared)


def test_a_body_longer_than_announced_is_no_part_of_the_job(shared):
    answer = raw(shared, head("POST", "/jobs", CI, Content_Length=len(JOB)), JOB, b"more\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"<Code>InvalidRequest</Code>" in answer


def test_a_body_shorter_than_announced_makes_no_job_and_no_object(shared):
    before = send(shared, "GET", "/jobs", params={"tag": "ImageLicenseRec", "size": "100"}, host=CI)[2].count(
        b"<JobId>"
    )
    for path, host in (("/jobs", CI), ("/short.jpg", COS)):
        with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as sock:
            sock.sendall(head("POST" if host == CI else "PUT", path, host, Content_Length=len(JOB) + 5) + JOB)
    after = send(shared, "GET", "/jobs", params={"tag": "ImageLicenseRec", "size": "100"}, host=CI)[2].count(b"<JobId>")
    assert after == before
    assert send(shared, "HEAD", "/short.jpg")[0] == 404
    assert not list((shared.root / BUCKET).glob(".upload-*"))


def test_a_broken_chunk_is_refused_or_cut(shared):
    answer = raw(shared, head("PUT", "/chunk.bin", Transfer_Encoding="chunked"), b"5\r\nhello\r\nZZ\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert send(shared, "HEAD", "/chunk.bin")[0] == 404


def test_slow_senders_are_cut_and_block_no_one(impatient):
    with contextlib.ExitStack() as open_sockets:
        socks = [
            open_sockets.enter_context(socket.create_connection(("127.0.0.1", impatient.port), timeout=20))
            for _ in range(100)
        ]
        for sock in socks[:50]:
            sock.sendall(b"GET / HT")
        for sock in socks[50:]:
            sock.sendall(head("PUT", "/slow.jpg", Content_Length=100) + b"x" * 10)
        assert is_serving(impatient)
        answers = [until_closed(sock) for sock in socks]
        assert all(b"did not arrive within 1 s" in answer for answer in answers)
        assert all(b"<Code>RequestTimeout</Code>" in answer for answer in answers[50:])


def test_one_byte_now_and_then_does_not_stretch_the_time(impatient):
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=0.2) as sock:
        sock.sendall(head("PUT", "/drip.jpg", Content_Length=10_000))
        received = b""
        with contextlib.suppress(ConnectionError):
            while b"</Error>" not in received:
                assert time.monotonic() - begun < 10
                sock.sendall(b"x")
                with contextlib.suppress(TimeoutError):
                    received += sock.recv(65536)
    assert b"<Code>RequestTimeout</Code>" in received


def test_a_refused_body_that_goes_on_dripping_is_cut(impatient):
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=0.2) as sock:
        sock.sendall(f"PUT /x HTTP/1.1\r\nHost: {COS}\r\nContent-Length: 10000\r\n\r\n".encode())
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - begun < 10:
                sock.sendall(b"x")
                with contextlib.suppress(TimeoutError):
                    sock.recv(65536)
    assert time.monotonic() - begun < 8


def test_a_reader_that_stops_reading_is_cut_and_blocks_no_one(impatient):
    (impatient.root / BUCKET / "big.bin").write_bytes(b"x" * 30_000_000)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(20)
        sock.connect(("127.0.0.1", impatient.port))
        sock.sendall(head("GET", "/big.bin"))
        while b"\r\n\r\n" not in sock.recv(1024, socket.MSG_PEEK):
            pass
        begun = time.monotonic()
        while "cut: TimeoutError" not in impatient.log.read_text():
            assert is_serving(impatient)
            assert time.monotonic() - begun < 10
    assert len(send(impatient, "GET", "/big.bin")[2]) == 30_000_000
