"""The one seam between this package and a service: a transport moves one request and returns the response.

The cloud (`cardocr_nb.cloud`) and the embedded service (`cardocr_nb.local`) are two transports that carry the same
bytes. A transport never interprets a status: the client turns refusals into errors, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Host = Literal["ci", "cos", "region"]


@dataclass(frozen=True, slots=True)
class Request:
    """A call before it is sent.

    Attributes
    ----------
    method : str
        Upper case.
    path : str
        Begins with ``/``, not URL-encoded.
    host : {"ci", "cos", "region"}
        Host name to call: the bucket's job host, the bucket's object host, or ``ci.<region>``, which belongs to no bucket.
    params : dict of str to str
        Query, not URL-encoded; an empty value makes a bare name such as ``?cancel``.
    headers : dict of str to str
    body : bytes or Path
        A path is streamed from the file.
    """

    method: str
    path: str
    host: Host = "ci"
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | Path = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers and body of an answer.

    Attributes
    ----------
    status : int
        HTTP status.
    headers : dict of str to str
        Names in lower case.
    body : bytes
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def request_id(self) -> str | None:
        """The id that the vendor's support asks for."""
        return self.headers.get("x-ci-request-id") or self.headers.get("x-cos-request-id")


@runtime_checkable
class Transport(Protocol):
    """Anything that carries requests to a service.

    ``send`` raises `cardocr_nb.errors.TransportError` when no response came back; a response of any status is returned.
    It may be called from several threads at once.
    """

    def send(self, request: Request) -> Response:
        """Send one request and return the response."""

    def close(self) -> None:
        """Release connections, threads and files."""
