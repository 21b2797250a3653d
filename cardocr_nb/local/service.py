"""The calls of the service, answered: pure dispatch from a request to a reply, the same for every way in."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cardocr_nb.cards import CardType
from cardocr_nb.errors import DecodeError, InvalidRequestError
from cardocr_nb.local.bucket import REGION, etag
from cardocr_nb.local.jobs import JobTable, Page
from cardocr_nb.local.worker import ReadingError, Workers, read_card
from cardocr_nb.transport import Reply
from cardocr_nb.wire.decode import decode_request
from cardocr_nb.wire.encode import SERVICE_TIME, TAG, error_xml, jobs_xml, recognition_xml
from cardocr_nb.wire.limits import check_page, check_request
from cardocr_nb.wire.models import Error, Job, JobList, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cardocr_nb.local.bucket import Bucket
    from cardocr_nb.local.engine import Reader
    from cardocr_nb.transport import Request

XML = {"content-type": "application/xml"}


class Refusal(Exception):  # noqa: N818 - an answer of the service, not a fault of this program
    """A call is refused, in the vendor's words.

    Attributes
    ----------
    status : int
    code : str
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code = status, code
        super().__init__(message)


class Service:
    """The embedded service.

    Parameters
    ----------
    buckets : iterable of Bucket
    reader : Reader
        The engine that reads a card.
    jobs : str or Path, default ":memory:"
        File of the job table; in memory the jobs end with the process.
    workers : int, default 1
        Threads that read; the engine uses all cores for one image already.
    ended : callable, optional
        Called with the job and the body that asked for it when it has ended.
    """

    def __init__(
        self,
        buckets: Iterable[Bucket],
        reader: Reader,
        *,
        jobs: str | Path = ":memory:",
        workers: int = 1,
        ended: Callable[[Job], None] | None = None,
    ) -> None:
        self.buckets = {bucket.name: bucket for bucket in buckets}
        self.reader = reader
        self.table = JobTable(jobs)
        self._workers = Workers(self.table, self.buckets, reader, count=workers, ended=ended)

    def close(self) -> None:
        """Finish what is being read and give back threads and files; waiting jobs stay in the table."""
        self._workers.close()
        self.table.close()

    def handle(self, bucket: str, request: Request) -> Reply:
        """Answer one call for a bucket.

        Parameters
        ----------
        bucket : str
        request : Request

        Returns
        -------
        Reply
            Of any status; refusals carry the vendor's XML. Nothing is raised for what a caller sends.
        """
        request_id = uuid.uuid4().hex
        try:
            reply = self._dispatch(bucket, request)
        except Refusal as e:
            body = error_xml(
                Error(e.code, " ".join(str(e).split()), resource=None, request_id=request_id, trace_id=request_id)
            )
            reply = Reply(e.status, XML, body)
        header = "x-ci-request-id" if request.host == "ci" else "x-cos-request-id"
        return Reply(reply.status, {**reply.headers, header: request_id}, reply.body)

    def _dispatch(self, name: str, request: Request) -> Reply:
        bucket = self.buckets.get(name)
        if bucket is None:
            raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist.")
        return self._job_call(bucket, request) if request.host == "ci" else self._object_call(bucket, request)

    def _job_call(self, bucket: Bucket, request: Request) -> Reply:
        match request.method, request.path.split("/")[1:]:
            case "POST", ["jobs"]:
                return self._submit(bucket, request)
            case "GET", ["jobs"]:
                return self._list(bucket, request)
            case "GET", ["jobs", ids] if ids:
                return self._describe(bucket, ids.split(","))
            case "PUT", ["jobs", job_id] if job_id and "cancel" in request.params:
                return self._cancel(bucket, job_id)
            case _, ["jobs", *_]:
                raise Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        raise Refusal(404, "NoSuchResource", "There is no such call.")

    def _submit(self, bucket: Bucket, request: Request) -> Reply:
        body = request.body if isinstance(request.body, bytes) else request.body.read_bytes()
        try:
            asked = decode_request(body)
        except DecodeError as e:
            raise Refusal(400, "MalformedXML", str(e)) from e
        try:
            check_request(asked)
            bucket.path(asked.key)
        except InvalidRequestError as e:
            raise Refusal(400, "InvalidArgument", str(e)) from e
        job = Job(
            id="a" + uuid.uuid4().hex,
            state=JobState.SUBMITTED,
            key=asked.key,
            card_type=asked.card_type,
            code="Success",
            tag=TAG,
            bucket=bucket.name,
            region=REGION,
            queue_id=asked.queue_id or bucket.queue_id,
            created=datetime.now(SERVICE_TIME),
            user_data=asked.user_data,
            job_level=asked.job_level or 0,
        )
        self.table.add(job, body)
        self._workers.notify()
        return Reply(200, XML, jobs_xml(JobList((job,))))

    def _describe(self, bucket: Bucket, ids: list[str]) -> Reply:
        found = {job_id: self.table.get(bucket.name, job_id) for job_id in ids}
        return Reply(
            200,
            XML,
            jobs_xml(
                JobList(
                    jobs=tuple(job for job in found.values() if job is not None),
                    missing_ids=tuple(job_id for job_id, job in found.items() if job is None),
                )
            ),
        )

    def _list(self, bucket: Bucket, request: Request) -> Reply:
        query = request.params
        if query.get("tag") != TAG:
            raise Refusal(400, "InvalidArgument", f"tag must be {TAG}.")
        order = query.get("orderByTime") or "Desc"
        if order not in ("Desc", "Asc"):
            raise Refusal(400, "InvalidArgument", "orderByTime must be Desc or Asc.")
        states = tuple(s for s in (query.get("states") or "").split(",") if s)
        page = Page(
            bucket=bucket.name,
            states=() if "All" in states else states,
            queue_id=query.get("queueId") or None,
            size=_whole(query.get("size") or "10", "size"),
            newest_first=order == "Desc",
            after=_whole(query.get("nextToken") or "0", "nextToken"),
            created_after=_time(query.get("startCreationTime"), "startCreationTime"),
            created_before=_time(query.get("endCreationTime"), "endCreationTime"),
        )
        try:
            check_page(page.size, states)
        except InvalidRequestError as e:
            raise Refusal(400, "InvalidArgument", str(e)) from e
        jobs, more = self.table.page(page)
        return Reply(200, XML, jobs_xml(JobList(tuple(jobs), next_token=None if more is None else str(more))))

    def _cancel(self, bucket: Bucket, job_id: str) -> Reply:
        if self.table.get(bucket.name, job_id) is None:
            raise Refusal(404, "NoSuchJob", "The specified job does not exist.")
        now = datetime.now(SERVICE_TIME)
        waiting = (JobState.SUBMITTED, JobState.RUNNING, JobState.PAUSE)
        if self.table.change(job_id, waiting, lambda job: replace(job, state=JobState.CANCEL, ended=now)) is None:
            raise Refusal(400, "InvalidArgument", "The job has ended and cannot be cancelled.")
        return Reply(200)

    def _object_call(self, bucket: Bucket, request: Request) -> Reply:
        key = request.path.removeprefix("/")
        try:
            path = bucket.path(key)
        except InvalidRequestError as e:
            raise Refusal(400, "InvalidArgument", str(e)) from e
        if request.method == "PUT":
            return Reply(200, {"etag": bucket.put(key, request.body)})
        if request.method == "DELETE":
            bucket.delete(key)
            return Reply(204)
        if request.method not in ("GET", "HEAD"):
            raise Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        if not path.is_file():
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        if "ci-process" in request.params:
            return self._recognize(bucket, key, request)
        headers = {"etag": etag(path), "content-length": str(path.stat().st_size)}
        return Reply(200, headers, b"" if request.method == "HEAD" else path.read_bytes())

    def _recognize(self, bucket: Bucket, key: str, request: Request) -> Reply:
        if request.params["ci-process"] != "AILicenseRec":
            raise Refusal(400, "InvalidArgument", "ci-process must be AILicenseRec.")
        card_type = request.params.get("CardType") or str(CardType.DRIVER_LICENSE)
        if card_type not in tuple(CardType):
            raise Refusal(400, "InvalidArgument", "CardType must be IDCard or DriverLicense.")
        try:
            return Reply(200, XML, recognition_xml(read_card(bucket, key, card_type, self.reader)))
        except ReadingError as e:
            raise Refusal(400, e.code, str(e)) from e


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Refusal(400, "InvalidArgument", f"{name} must be a whole number.")
    return int(text)


def _time(text: str | None, name: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, "InvalidArgument", f"{name} must be a time such as 2001-01-01T00:00:00+0800.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=SERVICE_TIME)
