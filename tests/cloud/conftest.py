"""A real HTTP server on this machine with scripted answers that remembers every request."""

import contextlib
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from cardocr_nb.cloud import CloudTransport, Credentials

AUTHORITY = trustme.CA()


@pytest.fixture(scope="session")
def authority():
    """The certificate authority that the servers of these tests use."""
    return AUTHORITY


@dataclass(frozen=True)
class Seen:
    method: str
    target: str
    pairs: list
    body: bytes
    connection: tuple

    @property
    def headers(self):
        return {name.lower(): value for name, value in self.pairs}


@dataclass
class Service:
    """What to answer next, what came, and where."""

    script: list = field(default_factory=list)
    seen: list = field(default_factory=list)
    routes: dict = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def next(self, method, target):
        if self.script:
            return self.script.pop(0)
        return self.routes.get((method, target.partition("?")[0]), (200, {}, b""))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    disable_nagle_algorithm = True

    def answer(self):
        service = self.server.service
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        service.seen.append(Seen(self.command, self.path, self.headers.items(), body, self.client_address))
        step = service.next(self.command, self.path)
        if step == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        if step == "close":
            self.close_connection = True
            return
        if step == "silent":
            service.gate.wait(10)
            self.close_connection = True
            return
        if step == "endless" or step[0] == "drip":
            self.send_without_end(step)
            return
        if step[0] == "interim":
            _, statuses, step = step
            for status in [statuses] if isinstance(statuses, int) else statuses:
                self.wfile.write(b"HTTP/1.1 %d Wait\r\nLink: </x>\r\n\r\n" % status)
        status, headers, content = step
        self.send_response_only(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_without_end(self, step):
        """Send megabytes, or one byte every 50 ms, until the other side closes."""
        self.close_connection = True
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"
        if step == "endless" or step[1] == "body":
            self.wfile.write(head)
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(bytes(2**20) if step == "endless" else b"H")
                if step != "endless" and self.server.service.gate.wait(0.05):
                    return

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - the names that http.server calls

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


@contextlib.contextmanager
def serving(*, tls=False):
    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.service = Service(url=f"http{'s' * tls}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.service
    finally:
        server.service.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def service():
    with serving() as running:
        yield running


@pytest.fixture
def tls_service():
    with serving(tls=True) as running:
        yield running


@pytest.fixture
def certificate(tmp_path):
    path = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def credentials():
    return Credentials("AKIDTESTTESTTESTTEST", "key-of-the-tests")


@pytest.fixture
def connect(credentials):
    """Make transports that are closed at the end, and note how long they would have slept."""
    made = []

    def make(endpoint, **options):
        slept = []
        given = {"timeout": (5, 5), "sleep": slept.append} | options
        who = given.pop("credentials", credentials)
        transport = CloudTransport("cards-1250000000", "ap-guangzhou", who, endpoint=endpoint, **given)
        transport.slept = slept
        made.append(transport)
        return transport

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def closed_port():
    """The address of a port without a listener."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    return f"http://127.0.0.1:{port}"
