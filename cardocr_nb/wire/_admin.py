"""Answers about the service itself → plain values: is it bound, is it switched on, which queues are there.

As in ``decode``: unknown nodes are passed over, and for any bytes, the only error is `DecodeError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._nodes import FaultError, container, repeated, shown, text
from cardocr_nb.wire._xml_tree import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from cardocr_nb.wire._xml_tree import Tree

T = TypeVar("T")

_CI_STATES = ("on", "off", "unbinding")


@dataclass(frozen=True, slots=True)
class AiBucket:
    """A bucket for which asynchronous AI recognition is switched on.

    Attributes
    ----------
    id, name, region : str or None
        ``id`` and ``name`` are both the bucket's full name in the vendor's sample.
    """

    id: str | None
    name: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of AI recognition jobs.

    Attributes
    ----------
    id : str
    name : str or None
    state : str or None
        ``Active``, or ``Paused``: its jobs are kept and not run.
    """

    id: str
    name: str | None = None
    state: str | None = None


def decode_ci_status(raw: bytes) -> str:
    """Read whether Cloud Infinite is bound to a bucket.

    Parameters
    ----------
    raw : bytes
        JSON (``{"CIStatus":"on"}``, the newer page of the vendor) or XML (``<CIStatus>on</CIStatus>``, the older).

    Returns
    -------
    str
        ``on``, ``off`` or ``unbinding``.

    Raises
    ------
    DecodeError

    Examples
    --------
    >>> decode_ci_status(b'{"CIStatus":"on"}'), decode_ci_status(b"<CIStatus>off</CIStatus>")
    ('on', 'off')
    """
    return _read(raw, _ci_status)


def decode_ai_buckets(raw: bytes) -> tuple[AiBucket, ...]:
    """Read the buckets for which AI recognition is on, out of ``Response/AiBucketList``.

    Raises
    ------
    DecodeError

    Examples
    --------
    >>> decode_ai_buckets(b"<Response><AiBucketList><BucketId>b-1</BucketId></AiBucketList></Response>")
    (AiBucket(id='b-1', name=None, region=None),)
    """
    return _read(raw, _ai_buckets)


def decode_queues(raw: bytes) -> tuple[Queue, ...]:
    """Read the queues out of ``Response/QueueList``.

    Raises
    ------
    DecodeError

    Examples
    --------
    >>> decode_queues(b"<Response><QueueList><QueueId>q</QueueId><State>Active</State></QueueList></Response>")
    (Queue(id='q', name=None, state='Active'),)
    """
    return _read(raw, _queues)


def _read(raw: bytes, reader: Callable[[Tree], T]) -> T:
    tree = parse(raw)
    try:
        return reader(tree)
    except FaultError as e:
        raise DecodeError(str(e), raw) from None


def _ci_status(tree: Tree) -> str:
    node = container(tree["Response"], "Response") if "Response" in tree else tree
    found = text(node, "CIStatus", "the answer")
    if found not in _CI_STATES:
        raise FaultError(f"CIStatus must be one of {', '.join(_CI_STATES)}, got {shown(found)}")
    return found


def _ai_buckets(tree: Tree) -> tuple[AiBucket, ...]:
    where = "AiBucketList"
    nodes = [container(node, where) for node in repeated(_response(tree), where)]
    return tuple(
        AiBucket(text(node, "BucketId", where), text(node, "Name", where), text(node, "Region", where))
        for node in nodes
    )


def _queues(tree: Tree) -> tuple[Queue, ...]:
    where = "QueueList"
    nodes = [container(node, where) for node in repeated(_response(tree), where)]
    return tuple(
        Queue(text(node, "QueueId", where) or "", text(node, "Name", where), text(node, "State", where))
        for node in nodes
    )


def _response(tree: Tree) -> Tree:
    if "Response" not in tree:
        raise FaultError(f"expected Response at the root, got {shown(next(iter(tree), None))}")
    return container(tree["Response"], "Response")
