"""CloudTransport over real connections: what arrives, what is retried, which failure is reported."""

import gc
import logging
import re
import socket
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from types import SimpleNamespace
from unittest import mock
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qcloud_cos import CosConfig
from qcloud_cos.cos_auth import CosS3Auth

from cardocr_nb._transport import Request, Transport
from cardocr_nb.cloud import CloudTransport, Credentials
from cardocr_nb.errors import InvalidRequestError, TransportError
from cardocr_nb.wire._signature import matches, read_authorization

SECRET_KEY = "key-of-the-tests"  # noqa: S105 - invented
POST = Request("POST", "/jobs", headers={"Content-Type": "application/xml"}, body=b"<Request/>")
JOB = Request("GET", "/jobs/j1")
RECOGNIZE = Request("GET", "/a.jpg", "cos", {"ci-process": "AILicenseRec", "CardType": "IDCard"})
PASSING = [429, 500, 502, 503, 504]
ONCE = [
    POST,
    Request("PUT", "/a.jpg", "cos", body=b"x"),
    Request("PUT", "/jobs/j1", params={"cancel": ""}),
    Request("DELETE", "/a.jpg", "cos"),
    RECOGNIZE,
]


def named(request):
    return f"{request.method} {request.path}"


def is_signed(seen, secret_key=SECRET_KEY):
    url = urlsplit(seen.target)
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    came = read_authorization(seen.headers["authorization"])
    return matches(came, seen.method, unquote(url.path), query, seen.headers, secret_key=secret_key)


def test_it_is_a_transport(connect, service):
    assert isinstance(connect(service.url), Transport)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("ci", "cards-1250000000.ci.ap-guangzhou.myqcloud.com"),
        ("cos", "cards-1250000000.cos.ap-guangzhou.myqcloud.com"),
        ("region", "ci.ap-guangzhou.myqcloud.com"),
    ],
)
def test_an_endpoint_gets_every_call_under_the_vendors_name(connect, service, host, name):
    connect(service.url).send(Request("GET", "/x", host))
    assert service.seen[0].headers["host"] == name
    assert [n.lower() for n, _ in service.seen[0].pairs].count("host") == 1
    assert is_signed(service.seen[0])


def test_an_own_domain_gets_its_calls_under_its_own_name_with_the_port(connect, service):
    transport = connect({"ci": service.url, "cos": service.url.replace("127.0.0.1", "localhost")})
    transport.send(Request("GET", "/x", "ci"))
    transport.send(Request("GET", "/x", "cos"))
    port = service.url.rpartition(":")[2]
    assert [s.headers["host"] for s in service.seen] == [f"127.0.0.1:{port}", f"localhost:{port}"]
    assert all(is_signed(s) for s in service.seen)


def test_a_submission_arrives_with_the_headers_that_the_service_asks_for(connect, service, credentials):
    connect(service.url).send(POST)
    (seen,) = service.seen
    assert (seen.method, seen.target, seen.body) == ("POST", "/jobs", b"<Request/>")
    assert seen.headers["content-length"] == "10"
    assert seen.headers["content-type"] == "application/xml"
    assert abs(parsedate_to_datetime(seen.headers["date"]).timestamp() - time.time()) < 60
    assert seen.headers["date"].endswith("GMT")
    assert seen.headers["accept-encoding"] == "identity"
    assert "transfer-encoding" not in seen.headers
    assert read_authorization(seen.headers["authorization"]).secret_id == credentials.secret_id


def test_the_host_and_signature_of_the_transport_replace_any_that_are_given(connect, service):
    given = {"host": "evil.example.com", "Authorization": "Bearer x", "DATE": "long ago"}
    connect(service.url).send(Request("GET", "/x", headers=given))
    (seen,) = service.seen
    assert seen.headers["host"].endswith("myqcloud.com")
    assert seen.headers["authorization"].startswith("q-sign-algorithm=")
    assert "evil" not in str(seen.pairs)


def test_a_response_of_any_status_is_returned_whole(connect, service):
    for status in (200, 204, 301, 400, 403, 404, 409, 418):
        service.script.append((status, {"X-CI-Request-Id": "r1", "ETag": '"e"'}, b"" if status == 204 else b"body"))
        reply = connect(service.url).send(POST)
        assert (reply.status, reply.request_id, reply.headers["etag"]) == (status, "r1", '"e"')
        assert reply.body == (b"" if status == 204 else b"body")
        assert all(name == name.lower() for name in reply.headers)


KEYS = [
    "/front/0001.jpg",
    "/身份证 样本/张 三+1%.jpg",
    "/a%20b.jpg",
    "/a+b",
    "/a//b",
    "//a",
    "/a/../b",
    "/a/./",
    "/?#[]@!$&'()*,;=:",
]


@pytest.mark.parametrize("path", KEYS)
def test_a_key_arrives_exactly_as_it_is(connect, service, path):
    connect(service.url).send(Request("PUT", path, "cos", body=b"x"))
    (seen,) = service.seen
    assert unquote(seen.target) == path
    assert is_signed(seen)


def test_parameters_arrive_exactly_as_they_are(connect, service):
    params = {"detect-url": "https://x.example/a b.jpg?c=d&e=样+%", "states": "All,Failed", "cancel": "", "a b+": "c"}
    connect(service.url).send(Request("GET", "/jobs", params=params))
    (seen,) = service.seen
    assert dict(parse_qsl(seen.target.partition("?")[2], keep_blank_values=True)) == params
    assert "&cancel&" in seen.target
    assert is_signed(seen)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE"]),
    key=st.text(st.sampled_from("ab /.+%样é~()&=?#"), max_size=15).filter(lambda k: k not in {".", ".."}),
    params=st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=8), max_size=3),
    body=st.binary(max_size=20),
)
def test_a_verifier_made_of_the_official_sdk_accepts_every_request(connect, service, method, key, params, body):
    headers = {"Content-Type": "image/jpeg", "x-cos-meta-a": "b c", "X-Other": "1"}
    transport = connect(service.url, credentials=Credentials("AKID", SECRET_KEY, "token"))
    service.seen.clear()
    transport.send(Request(method, f"/{key}", "cos", params, headers, body))
    (seen,) = service.seen
    came = read_authorization(seen.headers["authorization"])
    start, end = came.period
    url = urlsplit(seen.target)
    received = requests.Request(method, "http://unused/", headers=dict(seen.pairs)).prepare()
    received.headers = requests.structures.CaseInsensitiveDict(seen.pairs)
    conf = CosConfig(Region="ap-guangzhou", SecretId="AKID", SecretKey=SECRET_KEY)
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    with mock.patch("qcloud_cos.cos_auth.time", SimpleNamespace(time=lambda: start + 60)):
        CosS3Auth(conf, unquote(url.path), params=query, expire=end - start - 60)(received)
    assert received.headers["Authorization"] == seen.headers["authorization"]
    assert (unquote(url.path), query, seen.body) == (
        f"/{key}",
        params,
        b"" if method in ("GET", "HEAD") and not body else body,
    )


def test_a_file_is_streamed_with_its_length(connect, service, tmp_path):
    path = tmp_path / "样本.jpg"
    path.write_bytes(bytes(range(256)) * 4096 * 3)
    with mock.patch.object(type(path), "read_bytes", side_effect=AssertionError("read whole")):
        connect(service.url).send(Request("PUT", "/a.jpg", "cos", headers={"Content-Type": "image/jpeg"}, body=path))
    (seen,) = service.seen
    assert seen.body == path.read_bytes()
    assert seen.headers["content-length"] == str(256 * 4096 * 3)
    assert "transfer-encoding" not in seen.headers
    assert is_signed(seen)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_nothing_is_sent_as_nothing_with_the_length_zero(connect, service, tmp_path, method):
    path = tmp_path / "empty"
    path.touch()
    transport = connect(service.url)
    transport.send(Request(method, "/a", "cos", body=path))
    transport.send(Request(method, "/a", "cos"))
    for seen in service.seen:
        assert (seen.body, seen.headers["content-length"]) == (b"", "0")
        assert "transfer-encoding" not in seen.headers


def test_a_file_that_cannot_be_read_is_named_and_nothing_is_sent(connect, service, tmp_path):
    with pytest.raises(InvalidRequestError, match=r"gone\.jpg cannot be read: No such file"):
        connect(service.url).send(Request("PUT", "/a", "cos", body=tmp_path / "gone.jpg"))
    assert service.seen == []


@pytest.mark.parametrize(
    "headers", [{"X-A": "a\r\nX-B: b"}, {"X-A\n": "a"}, {"X-A": "样本"}, {"样": "a"}, {"X-A": " a"}, {"X-A": "a\n"}]
)
def test_a_header_that_is_no_plain_text_is_refused_before_anything_is_sent(connect, service, headers):
    with pytest.raises(InvalidRequestError, match="must be printable ASCII"):
        connect(service.url).send(Request("GET", "/a", headers=headers))
    assert service.seen == []


# what is repeated


@pytest.mark.parametrize("status", PASSING)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_reading_call_is_asked_again_after_a_passing_trouble(connect, service, method, status):
    service.script += [(status, {}, b""), (status, {}, b""), (200, {}, b"")]
    transport = connect(service.url)
    assert transport.send(Request(method, "/jobs/j1")).status == 200
    assert len(service.seen) == 3
    assert 0.25 <= transport.slept[0] <= 0.5 <= transport.slept[1] <= 1.0


@pytest.mark.parametrize("trouble", ["reset", "close"])
def test_a_reading_call_is_asked_again_after_a_lost_connection(connect, service, trouble):
    service.script += [trouble, (200, {}, b"found")]
    assert connect(service.url).send(JOB).body == b"found"
    assert len(service.seen) == 2


def test_the_last_answer_is_brought_back_when_patience_ends(connect, service):
    service.script += [(503, {"Retry-After": "1"}, b"busy")] * 9
    transport = connect(service.url, retries=2)
    reply = transport.send(JOB)
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (503, b"busy", "1")
    assert len(service.seen) == 3
    assert len(transport.slept) == 2


def test_with_no_retries_a_reading_call_is_sent_once(connect, service):
    service.script += [(503, {}, b"")] * 2
    assert connect(service.url, retries=0).send(JOB).status == 503
    assert len(service.seen) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 409, 501])
def test_a_refusal_is_not_asked_again(connect, service, status):
    service.script += [(status, {}, b"")]
    assert connect(service.url).send(JOB).status == status
    assert len(service.seen) == 1


@pytest.mark.parametrize("request_", ONCE, ids=named)
@pytest.mark.parametrize("status", PASSING)
def test_what_changes_or_costs_something_is_sent_once_for_any_answer(connect, service, request_, status):
    service.script += [(status, {"Retry-After": "0"}, b"busy")]
    transport = connect(service.url)
    reply = transport.send(request_)
    assert (reply.status, reply.body, len(service.seen), transport.slept) == (status, b"busy", 1, [])


@pytest.mark.parametrize("request_", ONCE, ids=named)
@pytest.mark.parametrize("trouble", ["reset", "close", "silent"])
def test_what_changes_or_costs_something_is_sent_once_when_the_answer_is_lost(connect, service, request_, trouble):
    service.script += [trouble]
    transport = connect(service.url, timeout=(5, 0.05 if trouble == "silent" else 5))
    with pytest.raises(TransportError, match="It may have arrived") as caught:
        transport.send(request_)
    assert caught.value.maybe_accepted
    assert (len(service.seen), transport.slept) == (1, [])


def test_a_stale_connection_does_not_make_a_second_submission(connect, service):
    transport = connect(service.url)
    transport.send(POST)
    service.script += ["close"]
    with pytest.raises(TransportError):
        transport.send(POST)
    assert len(service.seen) == 2
    assert service.seen[0].connection == service.seen[1].connection


@pytest.mark.parametrize("request_", [JOB, *ONCE], ids=named)
def test_a_redirect_is_brought_back_and_not_followed(connect, service, request_):
    service.script += [(307, {"Location": f"{service.url}/elsewhere"}, b"")]
    assert connect(service.url).send(request_).status == 307
    assert len(service.seen) == 1


def test_the_service_is_given_the_time_that_it_asks_for(connect, service):
    service.script += [(429, {"Retry-After": "7"}, b""), (503, {"Retry-After": "0"}, b""), (200, {}, b"")]
    transport = connect(service.url)
    assert transport.send(JOB).status == 200
    assert 7 <= transport.slept[0] <= 7.7
    assert transport.slept[1] == 0


def test_the_time_may_be_given_as_a_date(connect, service):
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    service.script += [(503, {"Retry-After": until}, b""), (200, {}, b"")]
    transport = connect(service.url)
    transport.send(JOB)
    assert 25 <= transport.slept[0] <= 33


@pytest.mark.parametrize("asked", ["61", "3600", "9" * 5000, "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_an_answer_that_asks_for_too_long_is_brought_back_at_once(connect, service, asked):
    service.script += [(503, {"Retry-After": asked}, b"busy")]
    transport = connect(service.url)
    reply = transport.send(JOB)
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (503, b"busy", asked)
    assert (len(service.seen), transport.slept) == (1, [])


@pytest.mark.parametrize(
    "odd", ["soon", "-1", "1.5", "Mon, 99 Foo 2020", "٣", "Thu, 01 Jan 99999999999999 00:00:00 GMT"]
)
def test_a_time_that_is_none_is_passed_over(connect, service, odd):
    service.script += [(503, {"Retry-After": odd}, b""), (200, {}, b"")]
    transport = connect(service.url)
    assert transport.send(JOB).status == 200
    assert 0.25 <= transport.slept[0] <= 0.5


def test_a_date_that_has_passed_is_no_wait(connect, service):
    service.script += [(503, {"Retry-After": "Thu, 01 Jan 2015 00:00:00 -0000"}, b""), (200, {}, b"")]
    transport = connect(service.url)
    assert transport.send(JOB).status == 200
    assert transport.slept == [0.0]


def test_pauses_double_up_to_a_minute(connect, service):
    service.script += [(500, {}, b"")] * 10
    transport = connect(service.url, retries=9)
    transport.send(JOB)
    assert [round(s / 2**n, 3) <= 0.5 for n, s in enumerate(transport.slept)] == [True] * 9
    assert max(transport.slept) <= 60
    assert transport.slept[6] >= 16


# errors


@pytest.mark.parametrize("request_", [JOB, *ONCE], ids=named)
def test_a_refused_connection_is_known_to_have_sent_nothing(connect, closed_port, request_):
    with pytest.raises(TransportError, match=r"Connection refused\. Nothing was sent") as caught:
        connect(closed_port).send(request_)
    assert not caught.value.maybe_accepted


def test_a_name_that_is_unknown_is_known_to_have_sent_nothing(connect):
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with mock.patch("socket.getaddrinfo", side_effect=unknown):
        transport = connect(None)
        with pytest.raises(
            TransportError, match=r"myqcloud\.com: Name or service not known\. Nothing was sent"
        ) as caught:
            transport.send(POST)
    assert not caught.value.maybe_accepted
    assert transport.slept == []


def test_a_proxy_that_is_not_there_is_known_to_have_sent_nothing(connect, closed_port):
    with pytest.raises(TransportError, match="Nothing was sent") as caught:
        connect(None, proxies={"https": closed_port}).send(POST)
    assert not caught.value.maybe_accepted


def test_a_failure_is_judged_by_itself_and_not_by_the_one_before_it(connect, service, closed_port):
    for trouble in ("reset", "close", "silent"):
        service.script += [trouble]
        transport = connect(service.url, timeout=(5, 0.05 if trouble == "silent" else 5))
        try:
            connect(closed_port).send(POST)
        except TransportError:
            with pytest.raises(TransportError, match="It may have arrived") as caught:
                transport.send(POST)
        assert caught.value.maybe_accepted


def test_a_lost_reading_call_has_changed_nothing(connect, service):
    service.script += ["silent"]
    with pytest.raises(TransportError, match=r"timed out\. Nothing was changed: call again") as caught:
        connect(service.url, timeout=(5, 0.05), retries=0).send(JOB)
    assert not caught.value.maybe_accepted


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"Content-Length": "100"}, b"half"),
        ({"Content-Length": None, "Transfer-Encoding": "chunked"}, b"zz\r\n"),
        ({"Content-Encoding": "gzip"}, b"no gzip"),
    ],
)
def test_an_answer_that_breaks_off_or_cannot_be_read_counts_as_lost(connect, service, headers, content):
    headers = headers | {"Connection": "close"}
    transport = connect(service.url, retries=0, timeout=(5, 0.2))
    for request, expected in ((POST, True), (JOB, False)):
        service.script += [(200, headers, content)]
        with pytest.raises(TransportError) as caught:
            transport.send(request)
        assert caught.value.maybe_accepted is expected
    assert len(service.seen) == 2


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # urllib3 leaves this socket to the collector
def test_an_answer_of_two_lengths_counts_as_lost_and_not_as_never_sent(connect, service):
    service.script += [(200, {"Content-Length": "3, 4"}, b"")]
    with pytest.raises(TransportError, match="It may have arrived") as caught:
        connect(service.url).send(POST)
    assert caught.value.maybe_accepted
    del caught
    gc.collect()


def test_an_error_shows_the_key_but_no_secret_and_no_query(connect, service, closed_port):
    signed = {"detect-url": "https://x.example/a.jpg?q-signature=hushhush", "ci-process": "AILicenseRec"}
    request = Request("GET", "/front/0001.jpg", "cos", signed, body=b"card text")
    who = Credentials("AKIDhiddenhiddenhidden", "hidden-key", "hidden-token")
    service.script += ["close"]
    for endpoint in (closed_port, service.url):
        with pytest.raises(TransportError) as caught:
            connect(endpoint, credentials=who).send(request)
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(request)
        assert "GET /front/0001.jpg from cards-1250000000.cos" in shown
        assert not re.search("hidden|hushhush|card text", str(caught.value))
        assert "hidden" not in shown
        assert "card text" not in shown


def test_nothing_secret_is_logged_at_any_level(connect, service, caplog):
    caplog.set_level(logging.DEBUG)
    who = Credentials("AKIDhiddenhiddenhidden", "hidden-key", "hidden-token")
    service.script += ["close", (503, {"x-ci-request-id": "r9"}, b""), (200, {"x-ci-request-id": "r9"}, b"answer text")]
    transport = connect(service.url, credentials=who)
    transport.send(JOB)
    transport.send(POST)
    signatures = [s.headers["authorization"] for s in service.seen]
    assert caplog.records
    assert "GET cards-1250000000.ci.ap-guangzhou.myqcloud.com/jobs/j1: 200, request id r9" in caplog.text
    for secret in ["hidden", "answer text", "<Request/>", *[s[-40:] for s in signatures]]:
        assert secret not in caplog.text


def test_the_repr_shows_no_secret(connect, service):
    assert repr(connect(service.url)) == "CloudTransport('cards-1250000000', 'ap-guangzhou')"


# the session


def test_a_netrc_file_does_not_replace_the_signature(connect, service, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hush\ndefault login me password hush\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    connect(service.url).send(JOB)
    connect({"ci": service.url}).send(JOB)
    assert all(is_signed(s) for s in service.seen)
    assert len(service.seen) == 2


def test_cookies_are_not_kept(connect, service):
    service.script += [(200, {"Set-Cookie": "a=b; Path=/"}, b"")]
    transport = connect(service.url)
    transport.send(JOB)
    transport.send(JOB)
    assert "cookie" not in service.seen[1].headers


def test_this_machine_is_reached_without_the_proxy_of_the_environment(connect, service, closed_port, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, closed_port)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert connect(service.url).send(JOB).status == 200


def test_a_proxy_that_is_given_carries_the_call(connect, service):
    connect("http://cards.example.com", proxies={"http": service.url}).send(JOB)
    (seen,) = service.seen
    assert seen.target == "http://cards.example.com/jobs/j1"
    assert seen.headers["host"] == "cards-1250000000.ci.ap-guangzhou.myqcloud.com"


def test_a_certificate_of_an_unknown_authority_is_refused_before_anything_is_sent(connect, tls_service):
    with pytest.raises(TransportError, match="its certificate is not trusted") as caught:
        connect(tls_service.url).send(POST)
    assert not caught.value.maybe_accepted
    assert tls_service.seen == []


def test_the_environment_cannot_switch_off_the_check_of_certificates(connect, tls_service, monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    with pytest.raises(TransportError, match="not trusted"):
        connect(tls_service.url, retries=0).send(JOB)


def test_a_bundle_of_ones_own_is_trusted(connect, tls_service, certificate):
    connect(tls_service.url, ca_bundle=certificate).send(POST)
    assert is_signed(tls_service.seen[0])


def test_a_bundle_that_is_not_there_is_named(connect, service, tmp_path, monkeypatch, tls_service):
    with pytest.raises(InvalidRequestError, match="ca_bundle must be a file or folder with certificates"):
        connect(service.url, ca_bundle=tmp_path / "gone.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    with pytest.raises(TransportError, match="Nothing was sent") as caught:
        connect(tls_service.url).send(POST)
    assert not caught.value.maybe_accepted


def test_many_threads_share_a_transport_and_each_gets_its_own_answer(connect, service):
    calls = [f"/jobs/{n:03}" for n in range(240)]
    service.routes = {("GET", path): (200, {}, path.encode()) for path in calls}
    service.routes |= {("POST", path): (200, {}, path.encode()) for path in calls}
    transport = connect(service.url, connections=8)
    with ThreadPoolExecutor(16) as pool:
        methods = ["GET", "POST"] * 120
        replies = list(pool.map(lambda m, p: transport.send(Request(m, p, body=b"x" * (m == "POST"))), methods, calls))
    assert [r.body.decode() for r in replies] == calls
    assert len(service.seen) == 240
    assert all(is_signed(s) for s in service.seen)


def test_connections_are_used_again(connect, service):
    transport = connect(service.url)
    for _ in range(5):
        transport.send(JOB)
    assert len({s.connection for s in service.seen}) == 1


def test_each_call_is_signed_by_whoever_has_the_turn(connect, service):
    given = iter([Credentials("first", "1"), Credentials("second", "2", "token")])
    transport = connect(service.url, credentials=given.__next__)
    transport.send(JOB)
    transport.send(POST)
    assert [is_signed(s, key) for s, key in zip(service.seen, "12", strict=True)] == [True, True]
    assert service.seen[1].headers["x-cos-security-token"] == "token"


def test_credentials_that_cannot_be_had_keep_the_call_from_being_sent(connect, service):
    with pytest.raises(InvalidRequestError, match="credentials must be"):
        connect(service.url, credentials=lambda: None).send(POST)
    assert service.seen == []


def test_leaving_the_block_closes_the_connections(credentials):
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:

        def answer_once():
            peer, _ = listener.accept()
            peer.settimeout(5)
            peer.recv(1 << 16)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return peer

        accepted = threads.submit(answer_once)
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with CloudTransport("cards-1250000000", "ap-guangzhou", credentials, endpoint=endpoint) as transport:
            transport.send(JOB)
            peer = accepted.result()
            peer.setblocking(False)
            with pytest.raises(BlockingIOError):  # the connection is kept open for the next call
                peer.recv(1)
        with peer:
            peer.settimeout(5)
            assert peer.recv(1) == b""


def reachable(error):
    """Everything that the attributes of an error and of its causes lead to, as text."""
    seen, left, texts = set(), [error], []
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        texts.append(repr(one))
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list | tuple | set):
            left += one
        elif not isinstance(one, str | bytes | int | float | type):
            left += (
                [value for name, value in vars(one).items() if name != "__traceback__"]
                if hasattr(one, "__dict__")
                else []
            )
        if isinstance(one, BaseException):
            left += [one.__context__, one.__cause__, getattr(one, "__notes__", None), one.args]
    return "\n".join(texts)


@pytest.mark.parametrize("fault", ["reset", "refused"])
def test_an_error_does_not_lead_to_the_signature(connect, service, fault):
    if fault == "refused":
        with socket.create_server(("127.0.0.1", 0)) as closed:
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    else:
        service.script[:], url = ["reset"], service.url
    with pytest.raises(TransportError) as caught:
        connect(url).send(POST)
    assert caught.value.__context__ is None
    text = reachable(caught.value)
    for secret in ("q-signature", "Authorization", "q-ak"):
        assert secret not in text
