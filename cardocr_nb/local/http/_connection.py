"""One connection: uvicorn's own, plus a deadline for the head and error answers in the vendor's words."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cardocr_nb.local._service_fault import ServiceFault

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from cardocr_nb.local.http._connection_limit import ConnectionLimit

ABORT = "abort"
_OWN_CASE = {"etag": "ETag", "content-md5": "Content-MD5"}


def wire_headers(headers: Mapping[str, str], length: int | None) -> list[tuple[bytes, bytes]]:
    """Return headers as they are sent.

    HTTP ignores the case of names, but the official SDK looks for ``Content-Type`` and ``ETag`` exactly.

    Parameters
    ----------
    headers : dict of str to str
        Names in lower case.
    length : int or None
        Length of the body, used unless `headers` has ``content-length``.

    Examples
    --------
    >>> wire_headers({"etag": '"1"', "x-cos-request-id": "2"}, 3)
    [(b'ETag', b'"1"'), (b'x-cos-request-id', b'2'), (b'Content-Length', b'3')]
    """
    names = dict(headers)
    if length is not None:
        names.setdefault("content-length", str(length))
    return [
        (_OWN_CASE.get(n, n if n.startswith("x-") else n.title()).encode(), value.encode("latin-1"))
        for n, value in names.items()
    ]


class Connection(H11Protocol):
    """A connection that is cut when a head, or the rest of a refused body, does not come in time.

    ``request.state.abort`` closes the connection at once. The application's attribute ``request_timeout`` is the number
    of seconds to wait.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._timeout: float = self.config.app.request_timeout  # type: ignore[union-attr]
        self._limit: ConnectionLimit = self.config.app.limit  # type: ignore[union-attr]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the deadline of the first request."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, ABORT: transport.abort}
        self._start_deadline()
        self._limit.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadline."""
        self._cancel_deadline()
        self._limit.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data; the body of a request that is being answered has a deadline of its own."""
        super().data_received(data)
        if self._is_responding():
            self._cancel_deadline()

    def on_response_complete(self) -> None:
        """Start the deadline of the next request."""
        self._start_deadline()
        self._limit.touch(self)
        super().on_response_complete()
        if self._is_responding():
            self._cancel_deadline()

    def send_400_response(self, msg: str) -> None:
        """Answer data that is not HTTP in the vendor's words."""
        if self._is_responding():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            request_id = uuid.uuid4().hex
            response = ServiceFault(400, "InvalidRequest", msg).response(request_id, "/")
            headers = wire_headers(
                {**response.headers, "x-cos-request-id": request_id, "connection": "close"}, len(response.body)
            )
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=response.body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def is_idle(self) -> bool:
        """Return whether no request is being answered: the next one has not arrived, or not in full."""
        return not self._is_responding()

    def _is_responding(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.disconnected

    def _start_deadline(self) -> None:
        self._cancel_deadline()
        self._deadline = self.loop.call_later(self._timeout, self._on_deadline)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _on_deadline(self) -> None:
        if self._is_responding() or self.transport.is_closing():
            return
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self.send_400_response(f"The request did not arrive within {self._timeout:g} s.")
        else:
            self.transport.abort()
