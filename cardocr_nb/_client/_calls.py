"""Send a request and hold the reply against the service's words: refusals become errors here, once for all transports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb.errors import DecodeError, service_error
from cardocr_nb.wire._decode import decode_error
from cardocr_nb.wire._records import Error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb._transport import Request, Response, Transport


def send(transport: Transport, request: Request) -> Response:
    """Send one request.

    Raises
    ------
    TransportError
        No reply came back.
    ServiceError
        The service refused; the class tells what has to be done.
    """
    reply = transport.send(request)
    if 200 <= reply.status < 300:
        return reply
    try:
        error = decode_error(reply.body)
    except DecodeError:
        error = Error("", f"the body of {len(reply.body)} bytes is not the service's" if reply.body else "")
    raise service_error(
        error.code,
        error.message,
        status=reply.status,
        request_id=reply.request_id or error.request_id,
        retry_after=_seconds(reply.headers),
        raw=reply.body,
    )


def _seconds(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None
