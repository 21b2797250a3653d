"""Send a request and turn a refusal into an error; the one place for all transports."""

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
        No response came back.
    ServiceError
        The service refused; the class says what to do.
    """
    response = transport.send(request)
    if 200 <= response.status < 300:
        return response
    try:
        error = decode_error(response.body)
    except DecodeError:
        error = Error("", f"the body of {len(response.body)} bytes is not the service's" if response.body else "")
    raise service_error(
        error.code,
        error.message,
        status=response.status,
        request_id=response.request_id or error.request_id,
        retry_after=_seconds(response.headers),
        raw=response.body,
    )


def _seconds(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None
