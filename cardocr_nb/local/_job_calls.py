"""Calls about jobs: submit, describe, list, cancel."""

from __future__ import annotations

import logging
import re
import uuid
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cardocr_nb._transport import Response
from cardocr_nb.errors import DecodeError, InvalidRequestError
from cardocr_nb.local._bucket import REGION
from cardocr_nb.local._job_table import CallbackTarget, JobQuery
from cardocr_nb.local._service_fault import XML, ServiceFault, method_not_allowed, parse_int, parse_time, slow_down
from cardocr_nb.wire._contract import TAG
from cardocr_nb.wire._decode import decode_request
from cardocr_nb.wire._encode import jobs_xml, joined_jobs
from cardocr_nb.wire._limits import check_page, check_request
from cardocr_nb.wire._records import SERVICE_TIME, Job, JobList, JobRequest, JobState

if TYPE_CHECKING:
    from collections.abc import Callable

    from cardocr_nb._transport import Request
    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local._bucket_settings import BucketSettings, SettingsTable
    from cardocr_nb.local._job_table import JobTable
    from cardocr_nb.local._url_guard import UrlGuard

log = logging.getLogger(__name__)

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NODES = {
    "key": "Input/Object",
    "card_type": "CardType",
    "user_data": "UserData",
    "job_level": "JobLevel",
    "queue_id": "QueueId",
    "callback": "CallBack",
    "callback_format": "CallBackFormat",
    "callback_type": "CallBackType",
    "callback_mq.region": "CallBackMqConfig/MqRegion",
    "callback_mq.mode": "CallBackMqConfig/MqMode",
    "callback_mq.name": "CallBackMqConfig/MqName",
}
"""XML node of each argument of `Client.submit`: the limits are checked by the same code on both sides."""
_OPEN = (JobState.SUBMITTED, JobState.RUNNING, JobState.PAUSE)


class JobCalls:
    """Answers calls about jobs.

    Parameters
    ----------
    table : JobTable
    settings : SettingsTable
    url_guard : UrlGuard
        Decides which callback addresses are accepted.
    queue_limit : int
        Number of jobs that may wait in one queue.
    on_added : callable
        Called when a job was accepted.
    on_ended : callable
        Called with each job that was cancelled.
    """

    def __init__(
        self,
        table: JobTable,
        settings: SettingsTable,
        url_guard: UrlGuard,
        *,
        queue_limit: int,
        on_added: Callable[[], None],
        on_ended: Callable[[Job], None],
    ) -> None:
        self._table, self._settings, self._url_guard = table, settings, url_guard
        self._queue_limit, self._on_added, self._on_ended = queue_limit, on_added, on_ended

    def answer(self, bucket: Bucket, request: Request) -> Response:
        """Answer a call below ``/jobs`` or its second form, ``/ai_jobs``.

        Raises
        ------
        ServiceFault
        """
        match request.method, request.path.split("/")[2:]:
            case "POST", []:
                return self._submit(bucket, request)
            case "GET", []:
                return self._list(bucket, request)
            case "GET", [ids] if ids:
                return self._describe(bucket, ids.split(","))
            case "PUT", [job_id] if job_id and "cancel" in request.params:
                return self._cancel(bucket, job_id)
        raise method_not_allowed()

    def _submit(self, bucket: Bucket, request: Request) -> Response:
        settings = self._settings.get(bucket)
        if settings.ci != "on":
            raise ServiceFault(403, "CIBucketUnbinded", "Cloud Infinite is not bound to the bucket.")
        if not settings.ai:
            raise ServiceFault(403, "AIBucketNotOpened", "AI content recognition is not switched on for the bucket.")
        body = request.body if isinstance(request.body, bytes) else request.body.read_bytes()
        try:
            job_request = decode_request(body)
        except DecodeError as e:
            raise ServiceFault(400, "MalformedXML", str(e)) from e
        try:
            check_request(job_request)
            bucket.path(job_request.key)
            callback = self._callback(job_request, settings)
        except InvalidRequestError as e:
            raise ServiceFault(400, "InvalidArgument", _in_xml_terms(str(e))) from e
        job = Job(
            id="a" + uuid.uuid4().hex,
            state=JobState.SUBMITTED,
            key=job_request.key,
            card_type=job_request.card_type,
            code="Success",
            tag=TAG,
            bucket=bucket.name,
            region=REGION,
            queue_id=job_request.queue_id or settings.queue_id,
            created=datetime.now(SERVICE_TIME),
            user_data=job_request.user_data,
            job_level=job_request.job_level or 0,
        )
        if not self._table.add(job, callback, limit=self._queue_limit):
            raise slow_down(f"The queue is full: {self._queue_limit} jobs are waiting.")
        self._on_added()
        return Response(200, XML, jobs_xml(JobList((job,))))

    def _callback(self, request: JobRequest, settings: BucketSettings) -> CallbackTarget | None:
        """Return the callback address of the job: its own, or else that of its queue."""
        queue = settings.notify
        by_mq = request.callback_type == "TDMQ" or (
            request.callback_type is None and request.callback is None and queue.state == "On" and queue.type == "TDMQ"
        )
        if by_mq:
            log.info("a job asks for a callback by TDMQ, which the embedded service cannot deliver")
            return None
        if request.callback == "no":
            return None
        if request.callback is not None:
            self._url_guard.check(request.callback)
            return CallbackTarget(request.callback, request.callback_format or queue.format)
        if queue.state == "On" and queue.url is not None and "TaskFinish" in (queue.event or "TaskFinish"):
            return CallbackTarget(queue.url, request.callback_format or queue.format)
        return None

    def _describe(self, bucket: Bucket, ids: list[str]) -> Response:
        if not all(_ID.fullmatch(job_id) for job_id in ids):
            raise ServiceFault(400, "InvalidArgument", "job ids must be letters and digits, separated by commas.")
        found = self._table.documents(bucket.name, ids)
        missing = tuple(job_id for job_id in dict.fromkeys(ids) if job_id not in found)
        return Response(200, XML, joined_jobs(found.values(), missing))

    def _list(self, bucket: Bucket, request: Request) -> Response:
        query = request.params
        if query.get("tag") != TAG:
            raise ServiceFault(400, "InvalidArgument", f"tag must be {TAG}.")
        order = query.get("orderByTime") or "Desc"
        if order not in ("Desc", "Asc"):
            raise ServiceFault(400, "InvalidArgument", "orderByTime must be Desc or Asc.")
        states = tuple(s for s in (query.get("states") or "").split(",") if s)
        page = JobQuery(
            bucket=bucket.name,
            states=() if "All" in states else states,
            queue_id=query.get("queueId") or None,
            key=query.get("inputObject") or None,
            size=parse_int(query.get("size") or "10", "size"),
            newest_first=order == "Desc",
            after=parse_int(query.get("nextToken") or "0", "nextToken"),
            created_after=parse_time(query.get("startCreationTime"), "startCreationTime"),
            created_before=parse_time(query.get("endCreationTime"), "endCreationTime"),
        )
        try:
            check_page(page.size, states)
        except InvalidRequestError as e:
            raise ServiceFault(400, "InvalidArgument", str(e)) from e
        jobs, more = self._table.list_page(page)
        return Response(200, XML, joined_jobs(jobs, next_token=None if more is None else str(more)))

    def _cancel(self, bucket: Bucket, job_id: str) -> Response:
        if not self._table.documents(bucket.name, [job_id]):
            raise ServiceFault(404, "NoSuchJob", "The specified job does not exist.")
        now = datetime.now(SERVICE_TIME)
        job = self._table.update(job_id, _OPEN, lambda job: replace(job, state=JobState.CANCEL, ended=now))
        if job is None:
            raise ServiceFault(400, "InvalidArgument", "The job has ended and cannot be cancelled.")
        self._on_ended(job)
        return Response(200)


def _in_xml_terms(message: str) -> str:
    """Return the faults of `check_request` with the names of XML nodes.

    Examples
    --------
    >>> _in_xml_terms("job_level must be 0, 1 or 2, got 3; user_data must be printable ASCII")
    'JobLevel must be 0, 1 or 2, got 3; UserData must be printable ASCII'
    """
    message = message.replace("needs callback_mq=MqConfig(region, name)", "needs CallBackMqConfig")
    return re.sub(r"(?:^|(?<=; ))([a-z_.]+)(?= )", lambda match: _NODES.get(match[1], match[1]), message)
