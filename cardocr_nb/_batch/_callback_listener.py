"""``cardocr listen``: an address for callbacks that go into the ledger of a run."""

from __future__ import annotations

import logging
import secrets
import threading
from contextlib import closing
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

_PATIENCE = 20.0
_AT_ONCE = 32


class Listener(ThreadingHTTPServer):
    """Receives callbacks at one secret path.

    Parameters
    ----------
    ledger : Ledger
    address : (str, int)
        Host and port; port 0 picks a free one.
    client : Client, optional
        Asks the service about what was told; without it the run at work on the ledger does.
    secret : str, optional
        Last part of the address; default is made anew.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, ledger: Ledger, address: tuple[str, int], *, client: Client | None = None, secret: str | None = None
    ) -> None:
        self.ledger, self.client = ledger, client
        self.path = f"/{secret or secrets.token_urlsafe(18)}"
        self.room = threading.BoundedSemaphore(_AT_ONCE)
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """The address to hand to the service; who knows it can send callbacks."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}{self.path}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, so many at once at most; more are turned away."""
        if self.room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's
        """Say that a connection broke, without what was in it."""
        log.info("a connection broke off")


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    server_version = "cardocr"
    sys_version = ""
    timeout = _PATIENCE

    def do_POST(self) -> None:
        if not secrets.compare_digest(self.path.encode(), self.server.path.encode()):
            self._answer(HTTPStatus.NOT_FOUND)
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()):
            self._answer(HTTPStatus.LENGTH_REQUIRED)
        elif len(length) > 9 or int(length) > MAX_BODY:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._take(self.rfile.read(int(length)))

    def _take(self, body: bytes) -> None:
        try:
            taken = accept(self.server.ledger, body, client=self.server.client)
        except DecodeError:
            log.info("a body of %d bytes was no callback", len(body))
            self._answer(HTTPStatus.BAD_REQUEST)
        except LedgerError as e:
            log.error("%s", e)  # noqa: TRY400 - the message says it all
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
        except CardOCRError as e:
            log.warning("noted, but the service could not be asked: %s", type(e).__name__)
            self._answer(HTTPStatus.OK)
        else:
            log.info("a callback: %d jobs taken", len(taken))
            self._answer(HTTPStatus.OK)

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing of a request: its line holds the secret."""


def listen(
    path: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8087,
    client: Client | None = None,
    secret: str | None = None,
    ready: Callable[[str], object],
) -> None:
    """Receive callbacks into a ledger until interrupted.

    Parameters
    ----------
    path : str or Path
        Ledger of a run, made when it is missing.
    host, port : str, int
    client : Client, optional
        Asks the service about what was told; without it the run at work on the ledger does.
    secret : str, optional
        Last part of the address; default is made anew.
    ready : callable
        Called once with the address.

    Raises
    ------
    LedgerError
    OSError
        The address cannot be listened at.
    """
    with closing(Ledger(path)) as ledger, Listener(ledger, (host, port), client=client, secret=secret) as server:
        ready(server.url)
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            return
