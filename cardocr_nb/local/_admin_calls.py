"""Calls about the service itself: the binding, the switch for recognition, and the queue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from cardocr_nb._transport import Response
from cardocr_nb.errors import DecodeError, InvalidRequestError
from cardocr_nb.local._bucket import REGION
from cardocr_nb.local._service_fault import XML, ServiceFault, method_not_allowed, no_such_resource, parse_int
from cardocr_nb.wire._admin import AiBucket
from cardocr_nb.wire._admin_encode import (
    QueueEntry,
    ai_bucket_xml,
    ai_buckets_xml,
    ci_status_json,
    queue_xml,
    queues_xml,
)
from cardocr_nb.wire._queue_update import decode_queue_update

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb._transport import Request
    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local._bucket_settings import BucketSettings, SettingsTable
    from cardocr_nb.local._url_guard import UrlGuard
    from cardocr_nb.wire._queue_update import QueueUpdate

T = TypeVar("T")


class AdminCalls:
    """Answers calls about switches and queues.

    Parameters
    ----------
    buckets : dict of str to Bucket
    settings : SettingsTable
    url_guard : UrlGuard
        Which callback addresses a queue may have.
    size, workers : int
        Jobs that a queue holds, and that run at the same time.
    """

    def __init__(
        self,
        buckets: Mapping[str, Bucket],
        settings: SettingsTable,
        url_guard: UrlGuard,
        *,
        queue_limit: int,
        workers: int,
    ) -> None:
        self._buckets, self._settings, self._url_guard = buckets, settings, url_guard
        self._queue_limit, self._workers = queue_limit, workers

    def answer(self, bucket: Bucket, request: Request, request_id: str) -> Response:
        """Answer a call of a bucket's job host that is not about jobs.

        Raises
        ------
        ServiceFault
        """
        match request.method, request.path.split("/")[1:]:
            case "GET", [""]:
                return self._status(bucket)
            case "PUT", [""]:
                ci = "off" if "unbind" in request.params else "on"
                self._settings.update(bucket, lambda old: replace(old, ci=ci))
                return self._status(bucket)
            case "GET", ["ai_bucket"]:
                return self.ai_buckets(request.params, request_id)
            case "POST" | "DELETE", ["ai_bucket"]:
                return self._switch(bucket, request_id, on=request.method == "POST")
            case "GET", ["ai_queue"]:
                return self._queues(bucket, request.params, request_id)
            case "PUT", ["ai_queue", queue_id] if queue_id:
                return self._change_queue(bucket, queue_id, request, request_id)
            case _, ["" | "ai_bucket" | "ai_queue", *_]:
                raise method_not_allowed()
        raise no_such_resource()

    def ai_buckets(self, params: Mapping[str, str], request_id: str) -> Response:
        """Answer which buckets have recognition switched on.

        Raises
        ------
        ServiceFault
        """
        names = [n for n in params.get("bucketNames", "").split(",") if n]
        prefix = params.get("bucketName", "")
        regions = [r for r in params.get("regions", "").split(",") if r]
        matching = [
            (AiBucket(name, name, REGION), settings.since)
            for name, bucket in self._buckets.items()
            if name.startswith(prefix) and (not names or name in names) and (not regions or REGION in regions)
            if (settings := self._settings.get(bucket)).ai
        ]
        page, shown = _paged(matching, params)
        body = ai_buckets_xml(
            [b for b, _ in shown], [s for _, s in shown], page=page, total=len(matching), request_id=request_id
        )
        return Response(200, XML, body)

    def _status(self, bucket: Bucket) -> Response:
        return Response(200, {"content-type": "application/json"}, ci_status_json(self._settings.get(bucket).ci))

    def _switch(self, bucket: Bucket, request_id: str, *, on: bool) -> Response:
        settings = self._settings.get(bucket)
        if on and settings.ci != "on":
            raise ServiceFault(403, "CIBucketUnbinded", "Cloud Infinite is not bound to the bucket.")
        if on != settings.ai:
            settings = self._settings.update(bucket, lambda old: replace(old, ai=on))
        body = ai_bucket_xml(AiBucket(bucket.name, bucket.name, REGION), settings.since, request_id=request_id)
        return Response(200, XML, body)

    def _queues(self, bucket: Bucket, params: Mapping[str, str], request_id: str) -> Response:
        state = params.get("state") or "All"
        if state not in ("All", "Active", "Paused"):
            raise ServiceFault(400, "InvalidArgument", "state must be All, Active or Paused.")
        ids = [i for i in params.get("queueIds", "").split(",") if i]
        if any(not (i.isascii() and i.isalnum()) for i in ids):
            raise ServiceFault(400, "InvalidArgument", "queueIds must be letters and digits, separated by commas.")
        settings = self._settings.get(bucket)
        queues = [settings] if settings.ai else []
        matching = [s for s in queues if (not ids or s.queue_id in ids) and state in ("All", s.queue_state)]
        missing = [i for i in ids if i not in [s.queue_id for s in queues]]
        page, shown = _paged(matching, params)
        entries = [self._entry(s) for s in shown]
        return Response(200, XML, queues_xml(entries, missing, page=page, total=len(matching), request_id=request_id))

    def _change_queue(self, bucket: Bucket, queue_id: str, request: Request, request_id: str) -> Response:
        settings = self._settings.get(bucket)
        if not settings.ai or queue_id != settings.queue_id:
            raise ServiceFault(404, "NoSuchQueue", "The specified queue does not exist.")
        body = request.body if isinstance(request.body, bytes) else request.body.read_bytes()
        try:
            update = decode_queue_update(body)
        except DecodeError as e:
            raise ServiceFault(400, "MalformedXML", str(e)) from e
        try:
            if update.notify is not None and update.notify.state == "On" and update.notify.url is not None:
                self._url_guard.check(update.notify.url)
        except InvalidRequestError as e:
            raise ServiceFault(400, "InvalidArgument", str(e)) from e
        changed = self._settings.update(bucket, lambda old: _updated(old, update))
        return Response(200, XML, queue_xml(self._entry(changed), request_id=request_id))

    def _entry(self, settings: BucketSettings) -> QueueEntry:
        return QueueEntry(
            settings.queue_id,
            settings.queue_name,
            settings.queue_state,
            settings.notify,
            self._queue_limit,
            self._workers,
            settings.since,
            settings.updated,
        )


def _updated(old: BucketSettings, update: QueueUpdate) -> BucketSettings:
    return replace(
        old,
        queue_name=update.name or old.queue_name,
        queue_state=update.state,
        notify=update.notify or old.notify,
    )


def _paged(entries: list[T], params: Mapping[str, str]) -> tuple[tuple[int, int], list[T]]:
    number = parse_int(params.get("pageNumber") or "1", "pageNumber", 1, 10**6)
    size = parse_int(params.get("pageSize") or "10", "pageSize", 1, 100)
    return (number, size), entries[(number - 1) * size : number * size]
