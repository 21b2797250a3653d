"""One connection: what uvicorn's own leaves open, which is a head that never ends and a mistake in the protocol."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cardocr_nb.local._service_fault import ServiceFault

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

ABORT = "abort"
_OWN_CASE = {"etag": "ETag", "content-md5": "Content-MD5"}


def written(headers: Mapping[str, str], length: int | None) -> list[tuple[bytes, bytes]]:
    """Give headers as they go over the wire.

    Their case means nothing to HTTP, but the official SDK looks for ``Content-Type`` and ``ETag`` in this one.

    Parameters
    ----------
    headers : dict of str to str
        Names in lower case.
    length : int or None
        Of the body, where ``content-length`` is not among them.

    Examples
    --------
    >>> written({"etag": '"1"', "x-cos-request-id": "2"}, 3)
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

    The application finds under ``request.state.abort`` what cuts the connection at once, and tells by its attribute
    ``patience`` how many seconds to wait.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._patience: float = self.config.app.patience  # type: ignore[union-attr]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, ABORT: transport.abort}
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; once a request is being answered, its body has a deadline of its own."""
        super().data_received(data)
        if self._busy():
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._wait()
        super().on_response_complete()
        if self._busy():
            self._stop_waiting()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, in the vendor's words."""
        if self._busy():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            request_id = uuid.uuid4().hex
            reply = ServiceFault(400, "InvalidRequest", msg).reply(request_id, "/")
            headers = written({**reply.headers, "x-cos-request-id": request_id, "connection": "close"}, len(reply.body))
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=reply.body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.disconnected

    def _wait(self) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(self._patience, self._too_late)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        if self._busy() or self.transport.is_closing():
            return
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self.send_400_response(f"The request did not come in {self._patience:g} s.")
        else:
            self.transport.abort()
