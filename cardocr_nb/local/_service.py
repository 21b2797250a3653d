"""The calls of the service, answered: dispatch from a request to a reply, the same for every way in."""

from __future__ import annotations

import logging
import sqlite3
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cardocr_nb._transport import Response
from cardocr_nb.errors import InvalidRequestError, TransportError
from cardocr_nb.local._admin_calls import AdminCalls
from cardocr_nb.local._bucket_root import Root
from cardocr_nb.local._bucket_settings import Settings
from cardocr_nb.local._callback_delivery import PAUSES, Callbacks
from cardocr_nb.local._fault_injection import Disturbed, Faults
from cardocr_nb.local._job_calls import JobCalls
from cardocr_nb.local._job_table import JobTable
from cardocr_nb.local._object_calls import ObjectCalls, Stored
from cardocr_nb.local._service_fault import ServiceFault, no_such_bucket, no_such_call, not_allowed
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


class Service:
    """The embedded service.

    Parameters
    ----------
    buckets : iterable of Bucket, or Root
        With a `Root`, buckets can be made.
    reader : Reader
        The engine that reads a card.
    jobs : str or Path, default ":memory:"
        File of the job table; in memory the jobs end with the process.
    workers : int, default 1
        Threads that read; the engine uses all cores for one image already.
    ended : callable, optional
        Called with each job that a worker has ended.
    queue_limit : int, default 10000
        Jobs that may wait in one queue; one more is answered 503.
    latency : float, default 0
        Seconds that each image takes longer, as the network and the cloud's queue would.
    faults : Faults, optional
        What goes wrong on request.
    allow : iterable of str, optional
        Names of hosts beyond this machine that callbacks and ``detect-url`` may call.
    pauses : sequence of float, default (1, 5, 25, 120)
        Seconds before each further attempt at a callback.
    """

    def __init__(
        self,
        buckets: Iterable[Bucket] | Root,
        reader: Reader,
        *,
        jobs: str | Path = ":memory:",
        workers: int = 1,
        ended: Callable[[Job], None] | None = None,
        queue_limit: int = QUEUE_LIMIT,
        latency: float = 0.0,
        faults: Faults | None = None,
        allow: Iterable[str] = (),
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.buckets: Mapping[str, Bucket] = (
            buckets if isinstance(buckets, Mapping) else {bucket.name: bucket for bucket in buckets}
        )
        self._faults = faults or Faults({})
        self.reader = Disturbed(reader, latency, self._faults) if latency or faults else reader
        self._ended_too = ended
        reach = UrlGuard(allow)
        self._store = Store(jobs)
        table, settings = JobTable(self._store), Settings(self._store)
        self._callbacks = Callbacks(table, reach, self._faults, pauses=pauses)
        self._workers = Workers(table, self.buckets, self.reader, count=workers, ended=self._ended)
        self._jobs = JobCalls(
            table, settings, reach, queue_limit=queue_limit, added=self._workers.notify, ended=self._tell
        )
        self._admin = AdminCalls(self.buckets, settings, reach, size=queue_limit, workers=workers)
        self._objects = ObjectCalls(self.reader, reach, settings)

    def close(self) -> None:
        """Finish what is being read and give back threads and files; waiting jobs stay in the table."""
        self._workers.close()
        self._callbacks.close()
        self._store.close()

    def handle(self, bucket: str, request: Request) -> Response:
        """Answer one call for a bucket.

        Parameters
        ----------
        bucket : str
            Not looked at for the host ``region``, which is no bucket's.
        request : Request

        Returns
        -------
        Reply
            Of any status; refusals carry the vendor's XML.

        Raises
        ------
        TransportError
            The fault ``drop-before`` or ``drop-after`` struck; nothing else is raised for what a caller sends.
        """
        reply = self.answer(bucket, request)
        return reply.whole() if isinstance(reply, Stored) else reply

    def answer(self, bucket: str, request: Request) -> Response:
        """Answer one call as `handle` does, but give an object's content as an open file (`Stored`)."""
        request_id, resource = uuid.uuid4().hex, f"{bucket}{request.path}"
        submits = request.method == "POST" and request.host == "ci" and request.path == "/jobs"
        if submits and self._faults.strike("drop-before"):
            raise _dropped()
        try:
            self._faults.throttle()
            reply = self._dispatch(bucket, request, request_id)
        except ServiceFault as e:
            reply = e.reply(request_id, resource)
        except (OSError, sqlite3.Error) as e:
            log.error("call %s failed: %s", request_id, e)  # noqa: TRY400 - a full disk needs no trace
            reply = ServiceFault(500, "InternalError", "The service's disk or job table failed.").reply(
                request_id, resource
            )
        if submits and reply.status == 200 and self._faults.strike("drop-after"):
            raise _dropped()
        return identified(reply, request.host, request_id)

    def _dispatch(self, name: str, request: Request, request_id: str) -> Response:
        if request.host == "region":
            if request.path != "/ai_bucket":
                raise no_such_call()
            if request.method != "GET":
                raise not_allowed()
            return self._admin.ai_buckets(request.params, request_id)
        if request.host == "cos" and request.path == "/" and request.method == "PUT":
            return self._create(name)
        bucket = self.buckets.get(name)
        if bucket is None:
            raise no_such_bucket()
        if request.host == "cos":
            return self._objects.answer(bucket, request)
        if request.path.split("/")[1:2] == ["jobs"]:
            return self._jobs.answer(bucket, request)
        reply = self._admin.answer(bucket, request, request_id)
        if request.method == "PUT":
            self._workers.notify()
        return reply

    def _create(self, name: str) -> Response:
        if not isinstance(self.buckets, Root):
            raise not_allowed()
        try:
            self.buckets.create(name)
        except InvalidRequestError as e:
            raise ServiceFault(400, "InvalidBucketName", str(e)) from e
        except FileExistsError:
            raise ServiceFault(409, "BucketAlreadyOwnedByYou", "The bucket is there already.") from None
        return Response(200)

    def _tell(self, job: Job) -> None:
        self._callbacks.add(job.id)

    def _ended(self, job: Job) -> None:
        self._tell(job)
        if self._ended_too is not None:
            self._ended_too(job)


def identified(reply: Response, host: Host, request_id: str, more: Mapping[str, str] | None = None) -> Response:
    """Give a reply with the request id in the header that belongs to its host, and perhaps with more headers."""
    header = "x-cos-request-id" if host == "cos" else "x-ci-request-id"
    headers = {**reply.headers, header: request_id, **(more or {})}
    if isinstance(reply, Stored):
        return Stored(reply.status, headers, file=reply.file, length=reply.length)
    return Response(reply.status, headers, reply.body)


def _dropped() -> TransportError:
    return TransportError(
        "the connection was cut before the answer came, as was asked for (--fault drop-…)", maybe_accepted=True
    )
