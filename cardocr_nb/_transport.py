"""The one seam between this package and a service: a transport moves one request and brings back the reply.

The cloud (`cardocr_nb.cloud`) and the embedded service (`cardocr_nb.local`) are two transports that carry the same
bytes. A transport never interprets a status: turning refusals into errors is the client's work, so that it is done once.
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
        Whose name is called: the bucket's job host, the bucket's object host, or ``ci.<region>``, which is no bucket's.
    params : dict of str to str
        Query, not URL-encoded; an empty value stands for a bare name such as ``?cancel``.
    headers : dict of str to str
    body : bytes or Path
        A path is streamed from the file.
    """

    method: str
    path: str
    host: Host = "ci"
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Path = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back.

    Attributes
    ----------
    status : int
        HTTP status.
    headers : dict of str to str
        Names in lower case.
    body : bytes
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    @property
    def request_id(self) -> str | None:
        """The id that the vendor's support asks for."""
        return self.headers.get("x-ci-request-id") or self.headers.get("x-cos-request-id")


@runtime_checkable
class Transport(Protocol):
    """Anything that speaks the wire.

    ``send`` raises `cardocr_nb.errors.TransportError` when no reply came back; a reply of any status is returned.
    It may be called from several threads at once.
    """

    def send(self, request: Request) -> Response:
        """Send one request and bring back the reply."""

    def close(self) -> None:
        """Give back connections, threads and files."""
