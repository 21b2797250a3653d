"""A real HTTP server between a client and the service that can change any answer after the service has acted."""

import contextlib
import http.client
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

CLOSE = object()
"""Answer of a rule: close the connection without an answer."""


@dataclass
class Middlebox:
    """What passes by. `rule` is called with method, path, status and body of each answer; None leaves it as it is."""

    service: str
    rule: object = lambda *_: None
    before: object = lambda *_: None
    requests: list = field(default_factory=list)
    url: str = ""

    def count(self, method, start):
        return sum(m == method and p.startswith(start) for m, p in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _pass(self):
        box = self.server.box
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        box.requests.append((self.command, self.path))
        answer = box.before(self.command, self.path)
        if answer is None:
            there = urlsplit(box.service)
            with contextlib.closing(http.client.HTTPConnection(there.hostname, there.port, timeout=30)) as line:
                line.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    line.putheader(name, value)
                line.endheaders(body)
                given = line.getresponse()
                content = given.read()
            headers = {n: v for n, v in given.getheaders() if n.lower() not in ("content-length", "connection", "date")}
            answer = box.rule(self.command, self.path, given.status, content)
            if self.command == "HEAD" and answer is None:
                headers["Content-Length"] = given.getheader("Content-Length") or "0"
            answer = (given.status, headers, content) if answer is None else answer
        if answer is CLOSE:
            self.close_connection = True
            return
        status, headers, content = answer
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815 - the names that http.server calls

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


@contextlib.contextmanager
def between(service):
    """Open a middlebox in front of a service's address."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.box = Middlebox(service, url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
