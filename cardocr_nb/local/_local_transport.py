"""The embedded service inside this process, as a transport."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb.errors import TransportError

if TYPE_CHECKING:
    from pathlib import Path

    from cardocr_nb._transport import Request, Response
    from cardocr_nb.local._service import Service


class LocalTransport:
    """Hands requests to a service in this process.

    Parameters
    ----------
    service : Service
    bucket : str
        Name of the bucket that the requests are for.
    """

    def __init__(self, service: Service, bucket: str) -> None:
        self.service, self.bucket = service, bucket
        self._closed = False

    def __repr__(self) -> str:
        return f"LocalTransport(bucket={self.bucket!r})"

    @property
    def folder(self) -> Path:
        """The folder that serves as bucket."""
        return self.service.buckets[self.bucket].folder

    def send(self, request: Request) -> Response:
        """Answer a request, as the cloud would.

        Raises
        ------
        TransportError
            The service has been closed, or a fault that was asked for cut the connection.
        """
        if self._closed:
            raise TransportError("the embedded service has been closed; open another client", maybe_accepted=False)
        return self.service.handle(self.bucket, request)

    def close(self) -> None:
        """End the service's threads and give back its files."""
        if not self._closed:
            self._closed = True
            self.service.close()
