"""Records → documents of the service: request XML, responses, callbacks and error bodies.

Requests are checked against every limit of the specification before a byte is written. Responses are
what the embedded service answers with, and what the tests hold `cardocr_nb.wire._decode` against.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._contract import FIELD, FIELD_NODES, JOB, JOB_NODES, POINT, RESULT_NODE, RESULT_NODES, TAG, Node
from cardocr_nb.wire._limits import UNFIT_FOR_XML, check_page, check_request
from cardocr_nb.wire._records import SERVICE_TIME, JobList

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from cardocr_nb.wire._records import Callback, CardResult, Error, Field, Job, JobRequest, MqConfig

Tree = dict[str, Any]


def request_xml(request: JobRequest) -> bytes:
    """Body of ``POST /jobs``.

    Parameters
    ----------
    request : JobRequest

    Returns
    -------
    bytes
        UTF-8 XML.

    Raises
    ------
    InvalidRequestError
        See `cardocr_nb.wire._limits.check_request`.

    Examples
    --------
    >>> from cardocr_nb.wire._records import JobRequest
    >>> b"<CardType>IDCard</CardType>" in request_xml(JobRequest("front/0001.jpg", "IDCard"))
    True
    """
    check_request(request)
    operation: Tree = {TAG: {"CardType": str(request.card_type)}}
    _put(operation, "UserData", request.user_data)
    _put(operation, "JobLevel", request.job_level)
    tree: Tree = {"Tag": TAG, "Input": {"Object": request.key}, "Operation": operation}
    _put(tree, "QueueId", request.queue_id)
    _put(tree, "CallBack", request.callback)
    _put(tree, "CallBackFormat", request.callback_format)
    _put(tree, "CallBackType", request.callback_type)
    if request.callback_mq is not None:
        tree["CallBackMqConfig"] = _mq_tree(request.callback_mq)
    return _xml("Request", tree)


def list_query(
    *,
    states: Iterable[str] = (),
    key: str | None = None,
    queue_id: str | None = None,
    size: int = 10,
    newest_first: bool = True,
    next_token: str | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> dict[str, str]:
    """Query of ``GET /jobs``.

    Parameters
    ----------
    states : iterable of str
        Job states to keep; empty keeps all.
    key : str, optional
        Only jobs of this object, by exact match.
    queue_id : str, optional
    size : int, default 10
        Jobs a page, 1 to 100.
    newest_first : bool, default True
    next_token : str, optional
        From the page before.
    created_after, created_before : datetime, optional
        With an offset.

    Returns
    -------
    dict of str to str

    Raises
    ------
    InvalidRequestError
        A value outside the limits.

    Examples
    --------
    >>> list_query(states=["Running"], size=100)
    {'tag': 'ImageLicenseRec', 'orderByTime': 'Desc', 'size': '100', 'states': 'Running'}
    """
    chosen = [states] if isinstance(states, str) else list(states)
    check_page(size, chosen)
    query: dict[str, str] = {"tag": TAG, "orderByTime": "Desc" if newest_first else "Asc", "size": str(size)}
    if chosen:
        query["states"] = ",".join(chosen)
    for name, moment in (("startCreationTime", created_after), ("endCreationTime", created_before)):
        if moment is not None:
            query[name] = _time(moment)
    _put(query, "inputObject", key)
    _put(query, "queueId", queue_id)
    _put(query, "nextToken", next_token)
    return query


def jobs_xml(reply: JobList) -> bytes:
    """Answer to submit, describe and list: ``Response/JobsDetail`` repeated.

    Examples
    --------
    >>> from cardocr_nb.wire._decode import decode_jobs
    >>> decode_jobs(jobs_xml(JobList(missing_ids=("j1", "j2")))).missing_ids
    ('j1', 'j2')
    """
    tree: Tree = {JOB: [_job_tree(job) for job in reply.jobs]}
    if reply.missing_ids:
        tree["NonExistJobIds"] = ",".join(reply.missing_ids)
    _put(tree, "NextToken", reply.next_token)
    return _xml("Response", tree)


def joined_jobs(documents: Iterable[bytes], missing_ids: Sequence[str] = (), next_token: str | None = None) -> bytes:
    """Answer with the jobs of several documents that `jobs_xml` made of one job each; nothing is encoded again.

    Examples
    --------
    >>> from cardocr_nb.wire._records import Job, JobState
    >>> one = jobs_xml(JobList((Job("j1", JobState.RUNNING),)))
    >>> joined_jobs([one]) == one
    True
    """
    rest = jobs_xml(JobList(missing_ids=tuple(missing_ids), next_token=next_token))
    head, _, tail = rest.replace(b"<Response/>", b"<Response></Response>").partition(b"<Response>")
    jobs = [document.partition(b"<Response>")[2].removesuffix(b"</Response>") for document in documents]
    return b"".join([head, b"<Response>", *jobs, tail])


def callback_bytes(callback: Callback, form: str = "XML") -> bytes:
    """What is sent to a callback address when jobs end.

    Parameters
    ----------
    callback : Callback
    form : {"XML", "JSON"}
    """
    tree = {"EventName": callback.event, JOB: [_job_tree(job) for job in callback.jobs]}
    if form == "JSON":
        return json.dumps(tree, ensure_ascii=False).encode()
    return _xml("Response", tree)


def recognition_xml(result: CardResult) -> bytes:
    """Answer to a synchronous recognition: ``Response/Status`` and ``Response/IdInfo`` repeated."""
    return _xml("Response", {"Status": _leaf(result.status), FIELD: [_field_tree(f) for f in result.fields]})


def error_xml(error: Error) -> bytes:
    """Body of a refused call.

    Examples
    --------
    >>> from cardocr_nb.wire._decode import decode_error
    >>> from cardocr_nb.wire._records import Error
    >>> decode_error(error_xml(Error("NoSuchKey", "The specified key does not exist."))).code
    'NoSuchKey'
    """
    tree: Tree = {"Code": _leaf(error.code), "Message": _leaf(error.message)}
    _put(tree, "Resource", error.resource)
    _put(tree, "RequestId", error.request_id)
    _put(tree, "TraceId", error.trace_id)
    return _xml("Error", tree)


def _xml(root: str, tree: Tree) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_node(root, tree)}'.encode()


def _node(name: str, value: Any) -> str:
    """Write a node, or one for each value of a list; names come from the contract, texts were checked by `_leaf`."""
    if isinstance(value, list):
        return "".join([_node(name, one) for one in value])
    inner = "".join([_node(*pair) for pair in value.items()]) if isinstance(value, dict) else escape(value or "")
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _leaf(value: object) -> str | None:
    if value is None:
        return None
    text = str(value)
    odd = UNFIT_FOR_XML.search(text)
    if odd:
        raise InvalidRequestError(f"a text holds U+{ord(odd[0]):04X}, which the wire does not carry; remove it")
    return text


def _put(tree: Tree, name: str, value: object) -> None:
    if value is not None and value != "":
        tree[name] = _leaf(value)


def _time(moment: datetime | None) -> str:
    if moment is None:
        return "-"
    if moment.tzinfo is None:
        raise InvalidRequestError(
            f"a time needs an offset, got {moment.isoformat()}; add tzinfo=timezone.utc or another"
        )
    text = moment.astimezone(SERVICE_TIME).isoformat(timespec="seconds")
    return text[:-3] + text[-2:]


def _mq_tree(mq: MqConfig) -> Tree:
    return {"MqRegion": mq.region, "MqMode": mq.mode, "MqName": mq.name}


def _job_tree(job: Job) -> Tree:
    tree = _record_tree(job, JOB_NODES)
    if job.result is not None:
        # The result comes between CardType and UserData.
        operation = tree["Operation"]
        tree["Operation"] = {TAG: operation.pop(TAG), RESULT_NODE: _result_tree(job.result), **operation}
    return tree


def _result_tree(result: CardResult) -> Tree:
    return _record_tree(result, RESULT_NODES) | {FIELD: [_field_tree(f) for f in result.fields]}


def _field_tree(field: Field) -> Tree:
    tree = _record_tree(field, FIELD_NODES)
    if field.polygon is not None:
        holder, name = POINT.split("/")
        tree[holder] = {name: [f"{x},{y}" for x, y in field.polygon]}
    return tree


def _record_tree(record: object, nodes: Mapping[str, Node]) -> Tree:
    """Write the nodes of a record in their order; nodes without a value only where the service writes them."""
    tree: Tree = {}
    for attribute, node in nodes.items():
        value = getattr(record, attribute)
        if node.kind == "time":
            value = _time(value)
        if node.always or (value is not None and value != ""):
            holder = tree
            for name in node.holders:
                holder = holder.setdefault(name, {})
            holder[node.name] = _leaf(value)
    return tree
