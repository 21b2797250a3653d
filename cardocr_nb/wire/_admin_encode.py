"""Answers about the service itself and about the objects of a bucket, as the embedded service gives them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import xmltodict

from cardocr_nb.wire._records import SERVICE_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cardocr_nb.wire._admin import AiBucket
    from cardocr_nb.wire._queue_update import Notify

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A queue as it is listed.

    Attributes
    ----------
    id, name : str
    state : str
        ``Active`` or ``Paused``.
    notify : Notify
        Where callbacks go for jobs that name no address of their own.
    size : int
        Jobs that may wait.
    workers : int
        Jobs that run at the same time.
    created, updated : float
        Unix seconds.
    """

    id: str
    name: str
    state: str
    notify: Notify
    size: int
    workers: int
    created: float
    updated: float


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """An object as it is listed.

    Attributes
    ----------
    key, etag : str
    size : int
        Bytes.
    modified : float
        Unix seconds.
    """

    key: str
    etag: str
    size: int
    modified: float


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """One page of a bucket's objects.

    Attributes
    ----------
    bucket, prefix, marker, delimiter : str
        As asked.
    limit : int
        Entries asked for.
    objects : tuple of ObjectEntry
    prefixes : tuple of str
        Beginnings of keys up to the delimiter, each for all the keys that begin with it.
    next_marker : str or None
        None on the last page.
    encoded : bool
        Whether names are given URL-encoded.
    """

    bucket: str
    prefix: str
    marker: str
    delimiter: str
    limit: int
    objects: tuple[ObjectEntry, ...] = ()
    prefixes: tuple[str, ...] = ()
    next_marker: str | None = None
    encoded: bool = False


def ci_status_json(status: str) -> bytes:
    """Answer whether Cloud Infinite is bound to a bucket.

    Examples
    --------
    >>> ci_status_json("on")
    b'{"CIStatus":"on"}'
    """
    return json.dumps({"CIStatus": status}, separators=(",", ":")).encode()


def ai_buckets_xml(
    buckets: Sequence[AiBucket], created: Sequence[float], *, page: tuple[int, int], total: int, request_id: str
) -> bytes:
    """Answer for which buckets AI recognition is on.

    Parameters
    ----------
    buckets : sequence of AiBucket
        Those of the page.
    created : sequence of float
        When each was switched on, Unix seconds.
    page : (int, int)
        Number and size.
    total : int
        Buckets on all pages.
    request_id : str
    """
    entries = [
        {"BucketId": bucket.id, "Name": bucket.name, "Region": bucket.region, "CreateTime": _time(moment)}
        for bucket, moment in zip(buckets, created, strict=True)
    ]
    return _xml("Response", {**_paging(page, total, request_id), "AiBucketList": entries})


def ai_bucket_xml(bucket: AiBucket, created: float, *, request_id: str) -> bytes:
    """Answer to switching AI recognition on."""
    entry = {"BucketId": bucket.id, "Name": bucket.name, "Region": bucket.region, "CreateTime": _time(created)}
    return _xml("Response", {"RequestId": request_id, "AiBucket": entry})


def queues_xml(
    queues: Iterable[QueueEntry], missing: Sequence[str], *, page: tuple[int, int], total: int, request_id: str
) -> bytes:
    """Answer which queues there are.

    Parameters
    ----------
    queues : iterable of QueueEntry
        Those of the page.
    missing : sequence of str
        Ids asked for that are not there.
    page : (int, int)
        Number and size.
    total : int
        Queues on all pages.
    request_id : str
    """
    tree = {**_paging(page, total, request_id), "QueueList": [_queue(queue) for queue in queues]}
    if missing:
        tree["NonExistPIDs"] = {"QueueId": list(missing)}
    return _xml("Response", tree)


def queue_xml(queue: QueueEntry, *, request_id: str) -> bytes:
    """Answer to changing a queue."""
    return _xml("Response", {"RequestId": request_id, "Queue": _queue(queue)})


def objects_xml(page: ObjectPage) -> bytes:
    """Answer to listing a bucket: ``ListBucketResult/Contents`` and ``CommonPrefixes`` repeated.

    Examples
    --------
    >>> b"<IsTruncated>false</IsTruncated>" in objects_xml(ObjectPage("cards-1", "", "", "", 1000))
    True
    """

    def shown(name: str) -> str:
        return quote(name, safe="/") if page.encoded else name

    tree: Tree = {
        "Name": page.bucket,
        "Prefix": shown(page.prefix),
        "Marker": shown(page.marker),
        "MaxKeys": str(page.limit),
        "IsTruncated": "false" if page.next_marker is None else "true",
    }
    if page.encoded:
        tree["EncodingType"] = "url"
    if page.delimiter:
        tree["Delimiter"] = shown(page.delimiter)
    if page.next_marker is not None:
        tree["NextMarker"] = shown(page.next_marker)
    tree["Contents"] = [
        {
            "Key": shown(entry.key),
            "LastModified": datetime.fromtimestamp(entry.modified, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "ETag": entry.etag,
            "Size": str(entry.size),
            "StorageClass": "STANDARD",
        }
        for entry in page.objects
    ]
    tree["CommonPrefixes"] = [{"Prefix": shown(prefix)} for prefix in page.prefixes]
    return _xml("ListBucketResult", tree)


def _xml(root: str, tree: Tree) -> bytes:
    text: str = xmltodict.unparse({root: tree}, short_empty_elements=True)
    return text.encode()


def _paging(page: tuple[int, int], total: int, request_id: str) -> Tree:
    number, size = page
    return {"RequestId": request_id, "TotalCount": str(total), "PageNumber": str(number), "PageSize": str(size)}


def _queue(queue: QueueEntry) -> Tree:
    notify = queue.notify
    return {
        "QueueId": queue.id,
        "Name": queue.name,
        "State": queue.state,
        "NotifyConfig": {
            "Url": notify.url,
            "State": notify.state,
            "Type": notify.type,
            "Event": notify.event,
            "ResultFormat": notify.format,
        },
        "MaxSize": str(queue.size),
        "MaxConcurrent": str(queue.workers),
        "UpdateTime": _time(queue.updated),
        "CreateTime": _time(queue.created),
        "Category": "AIProcess",
    }


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, SERVICE_TIME).strftime("%Y-%m-%dT%H:%M:%S%z")
