"""The service: dispatch from a request to its response, the same in this process and over HTTP."""

from __future__ import annotations

import logging
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from cardocr_nb._transport import Response
from cardocr_nb.errors import InvalidRequestError, TransportError
from cardocr_nb.local._admin_calls import AdminCalls
from cardocr_nb.local._bucket_root import BucketRoot
from cardocr_nb.local._bucket_settings import SettingsTable
from cardocr_nb.local._callback_delivery import RETRY_DELAYS, CallbackQueue
from cardocr_nb.local._fault_injection import FaultInjector, FaultyReader
from cardocr_nb.local._job_calls import JobCalls
from cardocr_nb.local._job_table import JobTable
from cardocr_nb.local._object_calls import FileResponse, ObjectCalls
from cardocr_nb.local._object_headers import ObjectTable
from cardocr_nb.local._retention import Retention
from cardocr_nb.local._service_fault import ServiceFault, method_not_allowed, no_such_bucket, no_such_resource
from cardocr_nb.local._store import Store
from cardocr_nb.local._url_guard import UrlGuard
from cardocr_nb.local._worker import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from cardocr_nb._transport import Host, Request
    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local.engine import Reader
    from cardocr_nb.wire._records import Job

log = logging.getLogger(__name__)

QUEUE_LIMIT = 10_000
"""Number of jobs that may wait in one queue: ``MaxSize`` of the vendor's queues."""
KEEP_DAYS = 7.0


class Service:
    """The embedded service.

    Parameters
    ----------
    buckets : iterable of Bucket, or BucketRoot
        With a `BucketRoot`, clients can create buckets.
    reader : Reader
        The OCR engine.
    jobs : str or Path, default ":memory:"
        File of the job table; the default keeps jobs in memory, until the process ends.
    workers : int, default 1
        Number of images read at the same time; the engine uses all cores for one image already.
    on_job_ended : callable, optional
        Called with each job that a worker has ended.
    queue_limit : int, default 10000
        Number of jobs that may wait in one queue; a further one is answered 503, as in the cloud.
    latency : float, default 0
        Seconds added to each reading, to imitate the network and the cloud's queue.
    faults : FaultInjector, optional
        Failures to inject.
    allowed_hosts : iterable of str, optional
        Hosts other than this machine that callbacks and ``detect-url`` may call.
    retry_delays : sequence of float, default (1, 5, 25, 120)
        Seconds before each further attempt at a callback.
    keep_days : float or None, default 7
        Age in days from which jobs that have ended are deleted; None keeps all.

    See Also
    --------
    cardocr_nb.Client.local : The usual way to open it, on one folder in this process.
    LocalTransport : Connects a `Client` to it.

    Examples
    --------
    >>> import tempfile
    >>> from cardocr_nb.local import BucketRoot, Service, StubReader
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     service = Service(BucketRoot(folder), StubReader(), workers=2, keep_days=1)
    ...     list(service.buckets)
    ...     service.close()
    []
    """

    def __init__(
        self,
        buckets: Iterable[Bucket] | BucketRoot,
        reader: Reader,
        *,
        jobs: str | Path = ":memory:",
        workers: int = 1,
        on_job_ended: Callable[[Job], None] | None = None,
        queue_limit: int = QUEUE_LIMIT,
        latency: float = 0.0,
        faults: FaultInjector | None = None,
        allowed_hosts: Iterable[str] = (),
        retry_delays: Sequence[float] = RETRY_DELAYS,
        keep_days: float | None = KEEP_DAYS,
    ) -> None:
        self.buckets: Mapping[str, Bucket] = (
            buckets if isinstance(buckets, Mapping) else {bucket.name: bucket for bucket in buckets}
        )
        self._faults = faults or FaultInjector({})
        self.reader = FaultyReader(reader, latency, self._faults) if latency or faults else reader
        self._on_job_ended = on_job_ended
        url_guard = UrlGuard(allowed_hosts)
        self._store = Store(jobs)
        self._table = table = JobTable(self._store)
        self._settings = settings = SettingsTable(self._store)
        self._retention = Retention(table, keep_days)
        self._callbacks = CallbackQueue(table, url_guard, self._faults, retry_delays=retry_delays)
        self._workers = Workers(table, self.buckets, self.reader, count=workers, on_ended=self._job_ended)
        self._jobs = JobCalls(
            table,
            settings,
            url_guard,
            queue_limit=queue_limit,
            on_added=self._workers.notify,
            on_ended=self._queue_callback,
        )
        self._admin = AdminCalls(self.buckets, settings, url_guard, queue_limit=queue_limit, workers=workers)
        self._objects = ObjectCalls(self.buckets, self.reader, url_guard, settings, ObjectTable(self._store))

    @property
    def jobs_in_memory(self) -> bool:
        """Whether the jobs end with this process."""
        return self._store.in_memory

    def jobs(self) -> list[Job]:
        """Return every job of every bucket in the order in which they were accepted."""
        return self._table.all()

    def set_paused(self, bucket: str, *, paused: bool) -> None:
        """Let the jobs of a bucket wait, or go on with them."""
        state = "Paused" if paused else "Active"
        self._settings.update(self.buckets[bucket], lambda old: replace(old, queue_state=state))
        self._workers.notify()

    def close(self) -> None:
        """Finish the readings in progress and close threads and files; waiting jobs stay in the table."""
        self._retention.close()
        self._workers.close()
        self._callbacks.close()
        self._store.close()

    def handle(self, bucket: str, request: Request) -> Response:
        """Answer one call for a bucket.

        Parameters
        ----------
        bucket : str
            Name of the bucket; ignored for the host ``region``.
        request : Request

        Returns
        -------
        Response
            Of any status; error responses contain the vendor's XML.

        Raises
        ------
        TransportError
            An injected ``drop-before`` or ``drop-after`` occurred. No request raises anything else.
        """
        response = self.handle_streaming(bucket, request)
        return response.read() if isinstance(response, FileResponse) else response

    def handle_streaming(self, bucket: str, request: Request) -> Response:
        """Answer one call as `handle` does, but return an object's content as an open file (`FileResponse`)."""
        request_id, resource = uuid.uuid4().hex, f"{bucket}{request.path}"
        submits = request.method == "POST" and request.host == "ci" and request.path in ("/jobs", "/ai_jobs")
        if submits and self._faults.occurs("drop-before"):
            raise _dropped_connection()
        try:
            self._faults.raise_if_throttled()
            response = self._dispatch(bucket, request, request_id)
        except ServiceFault as e:
            response = e.response(request_id, resource)
        except (OSError, sqlite3.Error) as e:
            log.error("call %s failed: %s", request_id, e)  # noqa: TRY400 - a full disk needs no trace
            response = ServiceFault(500, "InternalError", "The service's disk or job table failed.").response(
                request_id, resource
            )
        if submits and response.status == 200 and self._faults.occurs("drop-after"):
            raise _dropped_connection()
        return with_request_id(response, request.host, request_id)

    def _dispatch(self, name: str, request: Request, request_id: str) -> Response:
        if request.host == "region":
            if request.path != "/ai_bucket":
                raise no_such_resource()
            if request.method != "GET":
                raise method_not_allowed()
            return self._admin.ai_buckets(request.params, request_id)
        if request.host == "cos" and request.path == "/" and request.method == "PUT" and not request.params:
            return self._create(name, request)
        bucket = self.buckets.get(name)
        if bucket is None:
            raise no_such_bucket()
        if request.host == "cos":
            return self._objects.answer(bucket, request)
        if request.path.split("/")[1:2] in (["jobs"], ["ai_jobs"]):
            return self._jobs.answer(bucket, request)
        response = self._admin.answer(bucket, request, request_id)
        if request.method == "PUT":
            self._workers.notify()
        return response

    def _create(self, name: str, request: Request) -> Response:
        if not isinstance(self.buckets, BucketRoot):
            raise method_not_allowed()
        body = request.body if isinstance(request.body, bytes) else request.body.read_bytes()
        if body.strip() and b"<CreateBucketConfiguration" not in body[:200]:
            raise ServiceFault(
                400, "InvalidArgument", "The key is empty; an object needs one, and a bucket has no content."
            )
        try:
            self.buckets.create(name)
        except InvalidRequestError as e:
            raise ServiceFault(400, "InvalidBucketName", str(e)) from e
        except FileExistsError:
            raise ServiceFault(409, "BucketAlreadyOwnedByYou", "The bucket exists already.") from None
        return Response(200)

    def _queue_callback(self, job: Job) -> None:
        self._callbacks.add(job.id)

    def _job_ended(self, job: Job) -> None:
        self._queue_callback(job)
        if self._on_job_ended is not None:
            self._on_job_ended(job)


def with_request_id(response: Response, host: Host, request_id: str, more: Mapping[str, str] | None = None) -> Response:
    """Return the response with the request id in the header of its host, and with `more` headers."""
    header = "x-cos-request-id" if host == "cos" else "x-ci-request-id"
    return with_headers(response, {header: request_id, **(more or {})})


def with_headers(response: Response, more: Mapping[str, str]) -> Response:
    """Return the response with `more` headers, which replace those of the same name."""
    return replace(response, headers={**response.headers, **more})


def _dropped_connection() -> TransportError:
    return TransportError(
        "an injected fault (--fault drop-…) cut the connection before the response", maybe_accepted=True
    )
