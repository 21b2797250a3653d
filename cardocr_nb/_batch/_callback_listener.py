"""``cardocr listen``: an address for callbacks that go into the ledger of a run.

Anyone can connect. A connection belongs to a stranger until it has sent the secret path; strangers share a few slots. When all
are taken, a new one closes the oldest of the host that has the most. The head of a request has a time limit as a whole.
Callers that know the secret have slots of their own, which strangers cannot take.
"""

from __future__ import annotations

import io
import logging
import secrets
import socket
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from cardocr_nb._batch._accept import MAX_BODY, accept
from cardocr_nb._ledger import Ledger
from cardocr_nb.errors import CardOCRError, DecodeError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cardocr_nb._client import Client

log = logging.getLogger(__name__)

_HEAD_SECONDS = 5.0
_BODY_SECONDS = 20.0
_MAX_HEAD = 32 * 2**10  # bytes; the service's own head has less than one thousand
_STRANGERS = 64
_KNOWN = 32


class Listener(ThreadingHTTPServer):
    """Receives callbacks at one secret path.

    Parameters
    ----------
    ledger : Ledger
    address : (str, int)
        Host and port; port 0 selects a free one.
    client : Client, optional
        Client that describes the jobs of a callback; without it the run in progress does.
    secret : str, optional
        Last part of the address; default is a random one.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, ledger: Ledger, address: tuple[str, int], *, client: Client | None = None, secret: str | None = None
    ) -> None:
        self.ledger, self.client = ledger, client
        self.path = f"/{secret or secrets.token_urlsafe(18)}"
        self.known_slots = threading.BoundedSemaphore(_KNOWN)
        self._strangers: dict[socket.socket, str] = {}  # in order of arrival, with the host of the peer
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """The address to pass to the service; anyone who knows it can send callbacks."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}{self.path}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a connection in a thread of its own; if there are too many, close the oldest of the busiest host."""
        with self._lock:
            if len(self._strangers) >= _STRANGERS:
                busiest, _ = Counter(self._strangers.values()).most_common(1)[0]
                oldest = next(sock for sock, host in self._strangers.items() if host == busiest)
                del self._strangers[oldest]
                _cut(oldest)
            self._strangers[request] = client_address[0]
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a connection and free its slot."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.leave_strangers(request)

    def leave_strangers(self, request: Any) -> None:
        """Free the slot of a stranger whose connection ended or who has sent the secret path."""
        with self._lock:
            self._strangers.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's
        """Log that a connection broke, without its content."""
        log.info("a connection broke off")


class _TimedReader(io.RawIOBase):
    """Reads a socket until a moment and up to a number of bytes, however slowly they arrive."""

    def __init__(self, sock: socket.socket, seconds: float, limit: int) -> None:
        self._sock = sock
        self.allow(seconds, limit)

    def allow(self, seconds: float, limit: int) -> None:
        """Set the time and number of bytes that are left."""
        self._deadline, self._left = time.monotonic() + seconds, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        seconds = self._deadline - time.monotonic()
        if seconds <= 0 or self._left <= 0:
            raise TimeoutError
        self._sock.settimeout(seconds)
        count = self._sock.recv_into(buffer, min(len(buffer), self._left))
        self._left -= count
        return count


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    server_version = "cardocr"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._source = _TimedReader(self.connection, _HEAD_SECONDS, _MAX_HEAD)
        self.rfile = io.BufferedReader(self._source)

    def do_POST(self) -> None:
        if not secrets.compare_digest(self.path.encode("utf-8", "replace"), self.server.path.encode()):
            self._answer(HTTPStatus.NOT_FOUND)
            return
        self.server.leave_strangers(self.connection)
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()):
            self._answer(HTTPStatus.LENGTH_REQUIRED)
        elif len(length) > 9 or int(length) > MAX_BODY:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif not self.server.known_slots.acquire(blocking=False):
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            try:
                self._receive(int(length))
            finally:
                self.server.known_slots.release()

    def _receive(self, length: int) -> None:
        self._source.allow(_BODY_SECONDS, length)
        body = self.rfile.read(length)
        if len(body) == length:
            self._record(body)

    def _record(self, body: bytes) -> None:
        try:
            marked = accept(self.server.ledger, body, client=self.server.client)
        except DecodeError:
            log.info("a body of %d bytes was not a callback", len(body))
            self._answer(HTTPStatus.BAD_REQUEST)
        except LedgerError as e:
            log.error("%s", e)  # noqa: TRY400 - the message is complete
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
        except CardOCRError as e:
            log.warning("callback recorded, but the service cannot be reached: %s", type(e).__name__)
            self._answer(HTTPStatus.OK)
        else:
            log.info("a callback: %d jobs recorded", len(marked))
            self._answer(HTTPStatus.OK)

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing of a request: its line contains the secret."""


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # the peer or its thread closed it first
        sock.shutdown(socket.SHUT_RDWR)


def listen(
    path: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8087,
    client: Client | None = None,
    secret: str | None = None,
    on_ready: Callable[[str], object],
) -> None:
    """Receive callbacks into a ledger until interrupted.

    Parameters
    ----------
    path : str or Path
        Ledger of a run, created if it is missing.
    host, port : str, int
        Address to listen at; port 0 selects a free one.
    client : Client, optional
        Client that describes the jobs of a callback; without it the run in progress does.
    secret : str, optional
        Last part of the address; default is a random one.
    on_ready : callable
        Called once with the address.

    Raises
    ------
    LedgerError
        The ledger cannot be opened.
    OSError
        The server cannot listen at the address.
    """
    with closing(Ledger(path)) as ledger, Listener(ledger, (host, port), client=client, secret=secret) as server:
        on_ready(server.url)
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            return
