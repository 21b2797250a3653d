"""Connections that know whether a byte of the request has left, and that end at a deadline.

``requests`` and ``urllib3`` report what failed, but not when: behind a proxy, a connection that closes after the request
looks like one that was never made. Here the connection itself notes the moment before the first byte leaves. The
``CONNECT`` of a proxy tunnel and the TLS handshake come before that moment, because they carry nothing of the request.
"""

from __future__ import annotations

import io
import threading
import time
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    import socket

    from requests import Response as RequestsResponse
    from urllib3 import PoolManager

_MOST_INTERIM = 20
"""Interim answers (102, 103) before the final one; a server that sends more does not mean to end."""


class Exchange(threading.local):
    """The exchange under way in this thread: whether a byte of the request has left, and when it must be over."""

    sent = False
    deadline = float("inf")

    def begin(self, seconds: float) -> None:
        """Begin an exchange that may take so many seconds."""
        self.sent, self.deadline = False, time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left.

        Raises
        ------
        TimeoutError
            There are none.
        """
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the whole exchange took too long")
        return seconds


EXCHANGE = Exchange()


class _DeadlineReader(io.RawIOBase):
    """Reads a socket so that no read waits beyond the deadline, however slowly the bytes drip."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket, self._inner = sock, sock.makefile("rb", buffering=0)
        self._timeout = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = EXCHANGE.remaining()
        self._socket.settimeout(remaining if self._timeout is None else min(remaining, self._timeout))
        return self._inner.readinto(buffer)

    def close(self) -> None:
        self._inner.close()
        super().close()


class _FinalResponse(HTTPResponse):
    """A response that skips interim ones (RFC 9110, section 15.2), which ``http.client`` takes for the answer."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock))

    def begin(self) -> None:
        for _ in range(_MOST_INTERIM):
            super().begin()
            if not 102 <= self.status < 200:
                return
            self.headers = self.msg = None  # type: ignore[assignment]
        raise HTTPException("more than 20 interim answers")


def _watched(kind: type[Any]) -> type[Any]:
    """Return a class of connections that notes when a request leaves, and keeps the deadline."""

    class Watched(kind):  # type: ignore[misc]
        response_class = _FinalResponse

        def endheaders(self, *args: Any, **kwargs: Any) -> None:
            if self.sock is None:
                self.connect()
            EXCHANGE.sent = True
            super().endheaders(*args, **kwargs)

        def send(self, data: Any) -> None:
            if self.sock is not None:
                remaining = EXCHANGE.remaining()
                timeout = self.timeout if isinstance(self.timeout, int | float) else remaining
                self.sock.settimeout(min(remaining, timeout))
            super().send(data)

    return Watched


class WatchedAdapter(HTTPAdapter):
    """An adapter of ``requests`` whose connections, direct or through any proxy, are watched."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the manager of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        _watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the manager of connections through a proxy."""
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not known:
            _watch(manager)
        return manager

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ARG002 - the base class's
        """Verify certificates for every address: ``requests`` leaves out a proxy over TLS for an ``http`` address."""
        super().cert_verify(conn, "https://", verify, cert)  # type: ignore[no-untyped-call]


def _watch(manager: PoolManager) -> None:
    pools: dict[str, Any] = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {
        scheme: type(f"Watched{pool.__name__}", (pool,), {"ConnectionCls": _watched(pool.ConnectionCls)})
        for scheme, pool in pools.items()
    }


class TooLargeError(OSError):
    """The body of a response has more bytes than are accepted."""


def read_body(response: RequestsResponse, most: int) -> bytes:
    """Read the body of a streamed response.

    Parameters
    ----------
    response : requests.Response
    most : int
        Maximum number of bytes.

    Raises
    ------
    TooLargeError
    TimeoutError
        The deadline of the exchange has passed.
    requests.RequestException
    """
    parts, size = [], 0
    for part in response.iter_content(65536):
        EXCHANGE.remaining()
        size += len(part)
        if size > most:
            raise TooLargeError(f"the answer has more than {most:,} bytes")
        parts.append(part)
    return b"".join(parts)
