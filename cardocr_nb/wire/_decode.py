"""Documents of the service → records: responses, callbacks, recognitions, errors and requests.

Unknown nodes are passed over, so that a new node of the service breaks nothing. A node that is there and cannot be
read is an error that names it: nothing is lost silently. For any bytes, the only error is `DecodeError`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._contract import FIELD, FIELD_NODES, JOB, JOB_NODES, POINT, RESULT_NODE, RESULT_NODES, TAG, Node
from cardocr_nb.wire._nodes import (
    BLANK,
    NUMBER,
    FaultError,
    container,
    number,
    object_key,
    read_node,
    repeated,
    shown,
    text,
    verbatim,
)
from cardocr_nb.wire._records import (
    Callback,
    CardResult,
    Error,
    Field,
    Job,
    JobList,
    JobRequest,
    JobState,
    MqConfig,
)
from cardocr_nb.wire._xml_tree import RepairWarning, Tree, parse, parse_each, parse_list

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Document",
    "RepairWarning",
    "decode",
    "decode_callback",
    "decode_each",
    "decode_error",
    "decode_jobs",
    "decode_recognition",
    "decode_request",
]

Document = JobList | Callback | CardResult | Error

_POINT = re.compile(rf"[{BLANK}]*({NUMBER.pattern})[{BLANK}]*,[{BLANK}]*({NUMBER.pattern})[{BLANK}]*")
_MAX_LEVEL = 2
FOREIGN = "the document is none of the service's"
_CALLBACK = "a callback with EventName"

D = TypeVar("D", JobList, Callback, CardResult, Error)


def decode(raw: bytes) -> Document:
    """Read any document that the service sends.

    Parameters
    ----------
    raw : bytes
        XML or JSON: a response with jobs, a callback, the answer of a synchronous recognition, or an error body.

    Returns
    -------
    JobList, Callback, CardResult or Error

    Raises
    ------
    DecodeError
        The bytes are not such a document; the message names the place.

    Warns
    -----
    RepairWarning
        The document has a known mistake of the vendor's samples and was read as meant.

    Examples
    --------
    >>> decode(b"<Error><Code>NoSuchKey</Code><Message/></Error>")
    <Error NoSuchKey, message of 0 characters>
    """
    tree = parse(raw)
    try:
        return _document(tree, raw)
    except FaultError as e:
        raise DecodeError(str(e), raw) from None


def decode_each(raw: bytes) -> list[Document]:
    """Read a document, or a JSON list of documents such as callbacks that were collected, or one JSON document a line.

    Parameters
    ----------
    raw : bytes

    Returns
    -------
    list of JobList, Callback, CardResult or Error
        One element for a single document.

    Raises
    ------
    DecodeError
        The bytes, or an element of the list, are not such a document; the message names the place.

    Examples
    --------
    >>> [error.code for error in decode_each(b'[{"Error": {"Code": "NoSuchKey"}}, {"Error": {"Code": "Busy"}}]')]
    ['NoSuchKey', 'Busy']
    """
    return read_each(raw)


def read_each(raw: bytes) -> list[Document]:
    """Read as `decode_each`, which is public and wrapped: for a broken document the wrapper takes as long as the reading."""
    try:
        return [_document(tree, raw) for tree in parse_each(raw)]
    except FaultError as e:
        raise DecodeError(str(e), raw) from None


def decode_jobs(raw: bytes) -> JobList:
    """Read the answer to submit, describe or list.

    Raises
    ------
    DecodeError
    """
    return _expect(JobList, raw, "a response with JobsDetail")


def decode_callback(raw: bytes) -> Callback:
    """Read a callback's body, XML or JSON.

    Raises
    ------
    DecodeError
    """
    return _expect(Callback, raw, _CALLBACK)


def decode_callbacks(raw: bytes) -> list[Callback]:
    """Read a callback's body, or a JSON list of callbacks.

    Raises
    ------
    DecodeError
    """
    trees = parse_list(raw)
    if trees is None:
        return [decode_callback(raw)]
    try:
        documents = [_document(tree, raw) for tree in trees]
    except FaultError as e:
        raise DecodeError(str(e), raw) from None
    return [_expected(Callback, document, raw, _CALLBACK) for document in documents]


def decode_recognition(raw: bytes) -> CardResult:
    """Read the answer of a synchronous recognition.

    Raises
    ------
    DecodeError
    """
    return _expect(CardResult, raw, "a response with Status and IdInfo")


def decode_error(raw: bytes) -> Error:
    """Read the body of a refused call.

    Raises
    ------
    DecodeError
    """
    return _expect(Error, raw, "an error body")


def decode_request(raw: bytes) -> JobRequest:
    """Read the body of ``POST /jobs``, as the embedded service does. Limits are not checked here.

    Raises
    ------
    DecodeError
        Not such a request, or of another Tag.
    """
    tree = parse(raw, repair=False)
    try:
        return _request(tree)
    except FaultError as e:
        raise DecodeError(str(e), raw) from None


def _expect(kind: type[D], raw: bytes, wanted: str) -> D:
    return _expected(kind, decode(raw), raw, wanted)


def _expected(kind: type[D], document: Document, raw: bytes, wanted: str) -> D:
    if isinstance(document, kind):
        return document
    raise DecodeError(f"expected {wanted}, got {_described(document)}", raw)


def _described(document: Document) -> str:
    if isinstance(document, Error):
        return f"an error body with Code {document.code!r}"
    return {JobList: "a response with jobs", Callback: "a callback", CardResult: "a recognition"}[type(document)]


def _document(tree: Tree, raw: bytes) -> Document:
    if "Error" in tree:
        return _error(container(tree["Error"], "Error"))
    body = container(tree["Response"], "Response") if "Response" in tree else tree
    if "EventName" in body:
        return Callback(event=text(body, "EventName", "Response") or "", jobs=_jobs(body, raw))
    if JOB in body or "NonExistJobIds" in body or "NextToken" in body:
        missing = text(body, "NonExistJobIds", "Response") or ""
        return JobList(
            jobs=_jobs(body, raw),
            missing_ids=tuple(i for i in (part.strip(BLANK) for part in missing.split(",")) if i),
            next_token=text(body, "NextToken", "Response"),
        )
    if "Status" in body or FIELD in body:
        return _result(body, "Response", raw)
    if "Response" in tree and not body:
        return JobList()
    got = ", ".join(shown(name) for name in list(body)[:3]) or "no node"
    expected = "JobsDetail, EventName or Status in Response" if "Response" in tree else "Response or Error at its root"
    raise FaultError(f"{FOREIGN}: expected {expected}, got {got}")


def _jobs(body: Tree, raw: bytes) -> tuple[Job, ...]:
    return tuple(_job(container(node, JOB), raw) for node in repeated(body, JOB))


def _job(node: Tree, raw: bytes) -> Job:
    values = _values(node, JOB, JOB_NODES)
    if values["id"] is None:
        raise FaultError("JobsDetail has no JobId; check that the document is whole")
    values["state"] = _state(values["state"])
    holder = container(node.get("Operation"), "Operation")
    result = _result(container(holder.get(RESULT_NODE), RESULT_NODE), RESULT_NODE, raw)
    return Job(**values, result=None if result == CardResult() else result, raw=raw)


def _values(tree: Tree, where: str, nodes: Mapping[str, Node]) -> dict[str, Any]:
    """Read the nodes of a record below its own node `where`."""
    holders: dict[tuple[str, ...], tuple[Tree, str]] = {(): (tree, where)}
    values: dict[str, Any] = {}
    for attribute, node in nodes.items():
        around = node.holders
        if around not in holders:
            for depth in range(1, len(around) + 1):
                name = around[depth - 1]
                holders[around[:depth]] = container(holders[around[: depth - 1]][0].get(name), name), name
        values[attribute] = read_node(*holders[around], node)
    return values


def _state(found: str | None) -> JobState:
    try:
        return JobState(found or "")
    except ValueError:
        raise FaultError(f"State must be one of {', '.join(JobState)}, got {shown(found)}") from None


def _result(node: Tree, where: str, raw: bytes) -> CardResult:
    if RESULT_NODE in node:
        raise FaultError(f"{RESULT_NODE} is inside another; close the first one before UserData")
    fields = tuple(_field(container(info, FIELD)) for info in repeated(node, FIELD))
    return CardResult(fields=fields, **_values(node, where, RESULT_NODES), raw=raw)


def _field(node: Tree) -> Field:
    holder, name = POINT.split("/")
    points = tuple(_point(p) for p in repeated(container(node.get(holder), holder), name))
    values = _values(node, FIELD, FIELD_NODES)
    return Field(**values | {"label": values["label"] or ""}, polygon=points or None)


def _point(node: object) -> tuple[int, int]:
    found = _POINT.fullmatch(node) if isinstance(node, str) else None
    if found is None:
        raise FaultError(f"Point must be 'x,y' in pixels, got {shown(node)}")
    x, y = found.groups()
    return _whole(x), _whole(y)


def _whole(number: str) -> int:
    return round(float(number)) if "." in number else int(number)


def _error(node: Tree) -> Error:
    return Error(
        code=text(node, "Code", "Error") or "",
        message=text(node, "Message", "Error") or "",
        resource=text(node, "Resource", "Error"),
        request_id=text(node, "RequestId", "Error"),
        trace_id=text(node, "TraceId", "Error"),
    )


def _request(tree: Tree) -> JobRequest:
    if "Request" not in tree:
        raise FaultError("the document is not a request: expected Request at its root")
    node = container(tree["Request"], "Request")
    tag = text(node, "Tag", "Request")
    if tag != TAG:
        raise FaultError(f"Tag must be {TAG}, got {shown(tag)}")
    operation = container(node.get("Operation"), "Operation")
    mq = container(node.get("CallBackMqConfig"), "CallBackMqConfig")
    form = text(node, "CallBackType", "Request")
    return JobRequest(
        key=object_key(container(node.get("Input"), "Input"), "Object", "Input") or "",
        card_type=text(container(operation.get(TAG), TAG), "CardType", TAG) or "",
        user_data=verbatim(operation, "UserData", "Operation"),
        job_level=number(operation, "JobLevel", "Operation", _MAX_LEVEL),
        callback=text(node, "CallBack", "Request"),
        callback_format=text(node, "CallBackFormat", "Request"),
        callback_type="Url" if form == "URL" else form,
        callback_mq=MqConfig(
            region=text(mq, "MqRegion", "CallBackMqConfig") or "",
            name=text(mq, "MqName", "CallBackMqConfig") or "",
            mode=text(mq, "MqMode", "CallBackMqConfig") or "Queue",
        )
        if mq
        else None,
        queue_id=text(node, "QueueId", "Request"),
    )
