"""The HTTP server of a service, in a thread of this process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

import uvicorn

from cardocr_nb.errors import TransportError
from cardocr_nb.local.http._connection import Connection
from cardocr_nb.local.http._connection_limit import AcceptErrors
from cardocr_nb.local.http._server import address_of, listening, make_server

if TYPE_CHECKING:
    import socket

    from cardocr_nb.local.http._app import App

_START_SECONDS = 30.0


class _Server(uvicorn.Server):
    """Sets an event when it answers."""

    ready: threading.Event

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(AcceptErrors())
        await super().startup(sockets)
        self.ready.set()


class ServiceThread:
    """Opens a socket at a free port of 127.0.0.1; `start` answers there until `stop`."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        self._socket: Any = self._open.enter_context(listening("127.0.0.1", 0))
        self.url = address_of(self._socket)
        self._server: Any = None
        self._thread: threading.Thread | None = None

    def start(self, app: App) -> None:
        """Answer calls with the app.

        Raises
        ------
        TransportError
            The server does not start.
        """
        self._server = make_server(_Server, app, Connection)
        self._server.ready = threading.Event()
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="cardocr-service", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(_START_SECONDS):
            raise TransportError(f"the service did not start within {_START_SECONDS:g} s", maybe_accepted=False)

    def stop(self) -> None:
        """Finish the calls in progress and close the port."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._open.close()
