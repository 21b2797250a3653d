"""No address leads the service to another host than the one that was checked."""

import contextlib
import itertools
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local import _url_guard
from cardocr_nb.local._url_guard import FetchError, UrlGuard


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.hosts.append(self.headers["Host"])
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *_):
        pass


def _halves(number):
    first, second, third, fourth = map(int, number.split("."))
    return f"{first * 256 + second:x}", f"{third * 256 + fourth:x}"


@contextlib.contextmanager
def serving(content=b"x" * 1000, address="127.0.0.1", port=0, tls=None):
    with ThreadingHTTPServer((address, port), Pages) as server:
        server.hosts, server.status, server.content, server.location = [], 200, content, ""
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def url_of(server, host="127.0.0.1", path="/a"):
    return f"http://{host}:{server.server_port}{path}"


@pytest.fixture
def names(monkeypatch):
    """Host names with the numbers that they resolve to, one list for each further resolution."""
    answers = {}
    system = socket.getaddrinfo

    def resolve(host, *arguments, **options):
        numbers = next(answers[host]) if host in answers else [host]
        return [entry for number in numbers for entry in system(number, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return answers


CONFUSING = [
    "http://192.0.2.7\\@127.0.0.1{port}/",
    "http://127.0.0.1{port}\\@192.0.2.7/",
    "http://127.0.0.1{port}@192.0.2.7/",
    "http://192.0.2.7@127.0.0.1{port}/",
    "http://allowed.test\\@192.0.2.7/",
    "http://user:password@127.0.0.1{port}/",
    "http://127.0.0.1{port}#@192.0.2.7/",
    "http://127.0.0.1{port}\t@192.0.2.7/",
    "http://127.0.0.1{port}\r\nHost: 192.0.2.7/",
    "http://127.0.0.1{port} /",
    " http://127.0.0.1{port}/",
    "http:///127.0.0.1{port}/",
    "http:127.0.0.1{port}/",
    "http://127.0.0.1:/",
    "http://127.0.0.1:{port}:80/",
    "http://%31%32%37.0.0.1{port}/",
    "http://127.0.0.1%2f@192.0.2.7/",
    "http://[127.0.0.1]{port}/",
    "http://[::1%25lo]{port}/",
    "http://[::1%lo]{port}/",
    "http://[::1]x{port}/",
    "http://①27.0.0.1{port}/",
    "http://127。0。0。1{port}/",
    "http://127.1{port}/",
    "http://2130706433{port}/",
    "http://0x7f000001{port}/",
    "http://0x7f.0.0.1{port}/",
    "http://017700000001{port}/",
    "http://127.0.0.01{port}/",
    "http://127.0.0.1.{port}/",
    "http://localhost.{port}/",
    "http://127..0.1{port}/",
    "ftp://127.0.0.1{port}/",
    "file:///etc/passwd",
    "http://",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:99999/",
    "x",
    "",
]


@pytest.mark.parametrize("pattern", CONFUSING)
def test_an_address_that_two_parsers_could_read_differently_is_refused(pattern):
    with serving() as server:
        url = pattern.replace("{port}", f":{server.server_port}")
        guard = UrlGuard(["allowed.test"])
        for call in (guard.check, lambda it: guard.fetch(it, 1000)):
            with pytest.raises(InvalidRequestError, match=r"must be http:// or https://|not this machine"):
                call(url)
        assert server.hosts == []


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://[::ffff:192.0.2.1]/",
        "http://[::ffff:7f00:1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
    ],
)
def test_a_number_of_another_machine_is_refused(url):
    with pytest.raises(InvalidRequestError, match="not this machine"):
        UrlGuard().check(url)


@given(st.text(st.sampled_from("htp:/@\\#?%[].127 0xlocalhost\t"), max_size=40).map("http://".__add__))
def test_any_text_is_refused_or_leads_to_this_machine(url):
    try:
        numbers = UrlGuard().check(url)
    except InvalidRequestError:
        return
    assert set(numbers) <= {"127.0.0.1", "::1"} or all(number.startswith("127.") for number in numbers)


def test_a_name_that_changes_its_number_after_the_check_is_not_followed(names):
    with serving(b"mine") as mine, serving(b"secret", "127.0.0.2", mine.server_port) as other:
        names["rebinding.test"] = iter([["127.0.0.1"], *[["127.0.0.2"]] * 9])
        assert UrlGuard().fetch(url_of(mine, "rebinding.test"), 1000) == b"mine"
        assert other.hosts == []
        assert mine.hosts == [f"rebinding.test:{mine.server_port}"]


def test_a_name_with_one_number_elsewhere_is_refused(names):
    names["mixed.test"] = itertools.repeat(["127.0.0.1", "192.0.2.1"])
    with pytest.raises(InvalidRequestError, match="not this machine"):
        UrlGuard().check("http://mixed.test/")


def test_an_allowed_host_is_called_at_the_number_that_was_checked(names):
    names["Allowed.test".lower()] = iter([["192.0.2.1"]])
    assert UrlGuard(["Allowed.test"]).check("http://allowed.TEST/") == ["192.0.2.1"]
    with serving(b"hello") as server:
        names["allowed.test"] = iter([["127.0.0.1"], ["192.0.2.1"]])
        assert UrlGuard(["allowed.test"]).fetch(url_of(server, "allowed.test"), 1000) == b"hello"


SECRET = [
    "127.0.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.23",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",  # noqa: S104 - refused
]
# By the text forms of RFC 4291, 6052, 8215, 3056 and 4380, with {0} {1} as the two halves of the IPv4 number in hexadecimal.
INSIDE = [
    "::{0}:{1}",
    "::ffff:{0}:{1}",
    "::ffff:0:{0}:{1}",
    "64:ff9b::{0}:{1}",
    "64:ff9b:1::{0}:{1}",
    "2002:{0}:{1}::1",
]
# Behind a prefix of the network's own: RFC 5214 (ISATAP), 5969 (6rd) and the six lengths of RFC 6052, which skip bits 64 to 71.
PREFIXED = [
    "2001:db8:1:2:0:5efe:{0}:{1}",
    "2001:db8:1:2:200:5efe:{0}:{1}",
    "2001:db8:1:2:3:4:{0}:{1}",
    "2001:db8:{0}:{1}::",
]
TRANSLATED = {
    "169.254.169.254": ["2001:db8:12a9:fea9:fe::", "2001:db8:1:a9fe:a9:fe00::", "2001:db8:1:2a9:fe:a9fe::", "2001:db8:1:2:a9:fea9:fe00::"],
    "100.100.100.200": ["2001:db8:1264:6464:c8::", "2001:db8:1:6464:64:c800::", "2001:db8:1:264:64:64c8::", "2001:db8:1:2:64:6464:c800::"],
}  # fmt: skip
NEVER = [
    *(form.format(*_halves(number)) for form in PREFIXED for number in SECRET if number != "0.0.0.0"),  # noqa: S104
    *itertools.chain.from_iterable(TRANSLATED.values()),
    "2001:db8::5efe:808:808",
    "2001:db8:1:2:0:5efe:10.0.0.1",
    *(number for number in SECRET if not number.startswith("127.")),
    *(form.format(*_halves(number)) for form in INSIDE for number in SECRET),
    *(f"2001:0:{_halves(number)[0]}:{_halves(number)[1]}::1" for number in SECRET),
    *("fe80::1", "ff02::1", "::", "224.0.0.1", "255.255.255.255", "0.1.2.3"),
    *("192.0.0.192", "fd00:ec2::254", "fd00:42::42", "fd20:ce::254", "64:ff9b:1:a9fe:a9:fe00::"),
]


@pytest.mark.parametrize("number", NEVER)
def test_an_allowed_host_must_not_lead_to_secrets_of_a_cloud_in_any_form_of_their_number(names, number):
    names["allowed.test"] = itertools.repeat([number])
    shown = f"[{number}]" if ":" in number else number
    for url in ("http://allowed.test/", f"http://{shown}/"):
        with pytest.raises(InvalidRequestError, match="has a number that is never called"):
            UrlGuard(["allowed.test", number]).check(url)
    with pytest.raises(InvalidRequestError, match="not this machine"):
        UrlGuard().check(f"http://{shown}/")


@pytest.mark.parametrize(
    "number",
    ["10.0.0.1", "100.64.0.1", "64:ff9b::808:808", "2606:4700::1111", "fd12::1", "::1", "2001:db8:64::808:808"],
)
def test_an_allowed_host_may_be_in_the_own_network_or_behind_nat64(names, number):
    names["allowed.test"] = itertools.repeat([number])
    assert UrlGuard(["allowed.test"]).check("http://allowed.test/") == [number]


def test_the_second_number_of_a_host_is_called_when_the_first_refuses(names):
    with serving(b"second", "127.0.0.2") as server:
        names["two.test"] = iter([["127.0.0.1", "127.0.0.2"]])
        assert UrlGuard().fetch(url_of(server, "two.test"), 1000) == b"second"


def test_a_redirect_is_not_followed():
    with serving(b"secret") as other, serving() as server:
        server.status, server.location = 302, url_of(other)
        with pytest.raises(FetchError, match="answered 302"):
            UrlGuard().fetch(url_of(server), 1000)
        assert other.hosts == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    with serving(b"proxy") as proxy, serving(b"server") as server:
        monkeypatch.setenv("HTTP_PROXY", url_of(proxy))
        monkeypatch.setenv("http_proxy", url_of(proxy))
        assert UrlGuard().fetch(url_of(server), 1000) == b"server"


def test_a_path_in_chinese_and_a_query_arrive_encoded_and_a_fragment_not_at_all():
    seen = []
    with serving() as server:
        get = Pages.do_GET
        server.RequestHandlerClass = type("Seen", (Pages,), {"do_GET": lambda it: (seen.append(it.path), get(it))})
        UrlGuard().fetch(url_of(server, path="/身份证/a%20b+.jpg?x=1&y=样#part"), 1000)
        UrlGuard().fetch(url_of(server, path="?x=1"), 1000)
    assert seen == ["/%E8%BA%AB%E4%BB%BD%E8%AF%81/a%20b+.jpg?x=1&y=%E6%A0%B7", "/?x=1"]


def test_a_certificate_is_checked_against_the_name_and_not_the_number(names, monkeypatch, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setattr(_url_guard.certifi, "where", lambda: str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("named.test").configure_cert(context)
    with serving(b"hello", tls=context) as server:
        for name in ("named.test", "other.test"):
            names[name] = itertools.repeat(["127.0.0.1"])
        assert UrlGuard().fetch(f"https://named.test:{server.server_port}/", 1000) == b"hello"
        with pytest.raises(FetchError, match="SSLCertVerificationError"):
            UrlGuard().fetch(f"https://other.test:{server.server_port}/", 1000)


def test_a_download_is_limited_in_length():
    with serving() as server:
        assert len(UrlGuard().fetch(url_of(server), 1000)) == 1000
        with pytest.raises(FetchError, match="longer than 999 bytes"):
            UrlGuard().fetch(url_of(server), 999)
    with pytest.raises(FetchError, match="cannot be read: ConnectionRefusedError"):
        UrlGuard().fetch(url_of(server), 1000)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["in the head", "in the body"])
def test_a_byte_now_and_then_does_not_extend_the_time_limit(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip():
            peer, _ = listener.accept()
            with peer, contextlib.suppress(OSError):
                peer.sendall(start)
                peer.settimeout(0.05)
                while True:
                    peer.sendall(b"x")
                    with contextlib.suppress(TimeoutError):
                        peer.recv(1 << 16)

        thread = threading.Thread(target=drip)
        thread.start()
        started = time.monotonic()
        with pytest.raises(FetchError, match=r"did not arrive within 0\.5 s"):
            UrlGuard().fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/", 10**6, seconds=0.5)
        assert time.monotonic() - started < 5
        thread.join()
