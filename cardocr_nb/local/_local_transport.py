"""The embedded service inside this process, as a transport."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb.errors import TransportError

if TYPE_CHECKING:
    from pathlib import Path

    from cardocr_nb._transport import Request, Response
    from cardocr_nb.local._service import Service


class LocalTransport:
    """Passes requests to a service in this process.

    Parameters
    ----------
    service : Service
    bucket : str
        Name of the bucket that all requests go to.

    Examples
    --------
    >>> import tempfile
    >>> from cardocr_nb import Client
    >>> from cardocr_nb.local import Bucket, LocalTransport, Service, StubReader
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     service = Service([Bucket(folder, name="cards-1")], StubReader())
    ...     with Client(LocalTransport(service, "cards-1")) as client:
    ...         client.list_jobs()
    []
    """

    def __init__(self, service: Service, bucket: str) -> None:
        self.service, self.bucket = service, bucket
        self._closed = False

    def __repr__(self) -> str:
        return f"LocalTransport(bucket={self.bucket!r})"

    @property
    def folder(self) -> Path:
        """The folder that serves as the bucket."""
        return self.service.buckets[self.bucket].folder

    @property
    def jobs_end_with_process(self) -> bool:
        """Whether the job table is in memory, so that no job of an earlier process can be found."""
        return self.service.jobs_in_memory

    def send(self, request: Request) -> Response:
        """Answer a request as the cloud does.

        Raises
        ------
        TransportError
            The service has been closed, or an injected fault cut the connection.
        """
        if self._closed:
            raise TransportError("the embedded service has been closed; open another client", maybe_accepted=False)
        return self.service.handle(self.bucket, request)

    def close(self) -> None:
        """End the service's threads and close its files."""
        if not self._closed:
            self._closed = True
            self.service.close()
