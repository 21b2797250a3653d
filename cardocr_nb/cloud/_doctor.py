"""Check of every switch and permission that a submission needs, without costs and without a job."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal

from cardocr_nb._transport import Request, Response
from cardocr_nb.cloud._credentials import current
from cardocr_nb.errors import (
    AuthenticationError,
    CardOCRError,
    ClockError,
    DecodeError,
    InvalidRequestError,
    NotActivatedError,
    PermissionDeniedError,
    ServiceError,
    TransportError,
    service_error,
)
from cardocr_nb.wire._admin import decode_ai_buckets, decode_ci_status, decode_queues
from cardocr_nb.wire._decode import decode_error, decode_jobs
from cardocr_nb.wire._encode import list_query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cardocr_nb.cloud._https_transport import CloudTransport

State = Literal["ok", "off", "unbinding", "denied", "unknown"]

_TOLERATED = 60.0
_LAST_JOBS = 20
_HEAD_CODES = {403: "AccessDenied", 404: "NoSuchBucket"}
_BIND = "In the console of Cloud Infinite bind the bucket (Bucket management > Bind bucket)."
_SWITCH_ON = (
    "In the console switch on AI content recognition for the bucket; it is a step of its own after the binding."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one step of the check.

    Attributes
    ----------
    step : str
        ``credentials``, ``clock``, ``bucket``, ``Cloud Infinite``, ``AI recognition``, ``queue``, ``submit`` or ``texts``.
    state : str
        ``ok``; ``off``: it is not there or not switched on; ``denied``: these credentials may not see it;
        ``unknown``: it could not be asked; ``unbinding``: Cloud Infinite is being taken from the bucket.
    detail : str
        What was seen. Of ``texts``, the last recognitions: ``off`` if there are places without texts among them.
    advice : str
        What to do; empty where there is nothing to do.
    """

    step: str
    state: State
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes = b""
    trouble: CardOCRError | None = None
    ahead: float | None = None


def doctor(transport: CloudTransport, *, now: Callable[[], float] = time.time) -> list[Finding]:
    """Check everything that a submission needs, without submitting.

    Five calls are made; they cost nothing: ``HEAD /`` of the bucket, ``GET /``, ``GET /ai_queue`` and ``GET /jobs`` of its
    job host, ``GET /ai_bucket`` of the region.

    Parameters
    ----------
    transport : CloudTransport
    now : callable, default time.time
        This machine's clock, Unix seconds.

    Returns
    -------
    list of Finding
        Eight, in the order in which things depend on each other. Whether these credentials may submit cannot be asked
        for free: that step is never ``ok``, see `ready`. The last one, ``texts``, is about the jobs so far.

    Raises
    ------
    InvalidRequestError
        `transport` is something else.
    """
    if not hasattr(transport, "bucket"):
        raise InvalidRequestError(
            f"doctor looks at a CloudTransport, got {type(transport).__name__}; pass the one that the client was made with"
        )
    calls = {
        "bucket": Request("HEAD", "/", host="cos"),
        "ci": Request("GET", "/"),
        "ai": Request(
            "GET", "/ai_bucket", "region", {"bucketNames": transport.bucket, "pageNumber": "1", "pageSize": "1"}
        ),
        "queue": Request("GET", "/ai_queue", params={"pageNumber": "1", "pageSize": "10"}),
    }
    answers = {name: _ask(transport, request, now) for name, request in calls.items()}
    refused = next(
        (a.trouble for a in answers.values() if isinstance(a.trouble, AuthenticationError | ClockError)), None
    )
    findings = [
        _credentials(transport, list(answers.values())),
        _clock(list(answers.values())),
        _bucket(transport.bucket, answers["bucket"], refused),
        _ci(answers["ci"]),
        _ai(transport.bucket, answers["ai"]),
        _queue(answers["queue"]),
    ]
    last = Request("GET", "/jobs", params=list_query(states=["Success"], size=_LAST_JOBS))
    return [*findings, _submit(findings), _texts(_ask(transport, last, now))]


def ready(findings: Sequence[Finding]) -> bool:
    """Whether nothing was found that keeps a submission from being accepted; the steps ``submit`` and ``texts`` do not count.

    Examples
    --------
    >>> ready([Finding("queue", "ok", "1 active"), Finding("submit", "unknown", "cannot be asked for free")])
    True
    """
    return all(f.state == "ok" for f in findings if f.step not in ("submit", "texts"))


def render(findings: Sequence[Finding]) -> str:
    """Format findings as a table for a terminal, with the advice below it.

    Examples
    --------
    >>> print(render([Finding("queue", "off", "0 of 1 active", "Start it in the console.")]))
    queue  off  0 of 1 active
    <BLANKLINE>
    What to do
    - queue: Start it in the console.
    """
    steps = max((len(f.step) for f in findings), default=0)
    states = max((len(f.state) for f in findings), default=0)
    lines = [f"{f.step:<{steps}}  {f.state:<{states}}  {f.detail}".rstrip() for f in findings]
    todo = [f"- {f.step}: {f.advice}" for f in findings if f.advice]
    return "\n".join([*lines, "", "What to do", *todo] if todo else lines)


def _ask(transport: CloudTransport, request: Request, now: Callable[[], float]) -> _Answer:
    try:
        response = transport.send(request)
    except (TransportError, InvalidRequestError) as e:
        return _Answer(trouble=e)
    return _Answer(response.body, _refusal(request, response), _ahead(response, now()))


def _refusal(request: Request, response: Response) -> ServiceError | None:
    if 200 <= response.status < 300:
        return None
    try:
        error = decode_error(response.body)
        code, message = error.code, error.message
    except DecodeError:
        code, message = response.headers.get("x-cos-error-code", ""), ""
    if not code and request.method == "HEAD":
        code = _HEAD_CODES.get(response.status, "")
    # The service calls an outdated signature AccessDenied too; only the message distinguishes them.
    if code == "AccessDenied" and "expired" in message.lower():
        code = "RequestIsExpired"
    return service_error(code, message, status=response.status, request_id=response.request_id, raw=response.body)


def _ahead(response: Response, now: float) -> float | None:
    """Return the seconds by which this machine's clock is ahead of the service's."""
    try:
        there = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    return now - (there if there.tzinfo else there.replace(tzinfo=UTC)).timestamp()


def _credentials(transport: CloudTransport, answers: list[_Answer]) -> Finding:
    step = "credentials"
    try:
        shown = repr(current(transport.credentials))
    except InvalidRequestError as e:
        return Finding(step, "off", str(e), "Set the environment variables or give Credentials.")
    for trouble in (a.trouble for a in answers):
        if isinstance(trouble, AuthenticationError):
            return Finding(step, "denied", f"{shown}: the service answered {trouble.code}", trouble.advice)
    if any(a.trouble is None or (a.body and isinstance(a.trouble, PermissionDeniedError)) for a in answers):
        return Finding(step, "ok", f"{shown}: known to the service, and the signature fits")
    return Finding(
        step,
        "unknown",
        f"{shown}: no answer showed whether the service knows them",
        "First make the steps below answer.",
    )


def _clock(answers: list[_Answer]) -> Finding:
    step = "clock"
    measured = [a.ahead for a in answers if a.ahead is not None]
    ahead = min(measured, key=abs, default=None)
    seen = "" if ahead is None else f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the service's"
    for trouble in (a.trouble for a in answers):
        if isinstance(trouble, ClockError):
            return Finding(step, "off", f"the service answered {trouble.code}{seen and f'; {seen}'}", trouble.advice)
    if ahead is None:
        return Finding(step, "unknown", "no answer carried the service's time", "First make the steps below answer.")
    if abs(ahead) > _TOLERATED:
        return Finding(step, "off", seen, ClockError.advice)
    return Finding(step, "ok", seen)


def _bucket(bucket: str, answer: _Answer, refused: CardOCRError | None) -> Finding:
    # An answer to HEAD has no body: its 403 may mean the signature as well, which the other answers then name.
    if refused is not None and isinstance(answer.trouble, PermissionDeniedError):
        answer = _Answer(trouble=refused)
    found = _trouble("bucket", answer, "cos:HeadBucket", "Check name, APPID and region.")
    return found or Finding("bucket", "ok", f"{bucket} is there")


def _ci(answer: _Answer) -> Finding:
    step = "Cloud Infinite"
    if found := _trouble(step, answer, "ci:DescribeCIBuckets", _BIND):
        return found
    try:
        status = decode_ci_status(answer.body)
    except DecodeError as e:
        return _unreadable(step, e)
    if status == "on":
        return Finding(step, "ok", "bound to the bucket")
    if status == "unbinding":
        return Finding(step, "unbinding", "being unbound from the bucket; it is not off yet", f"Wait. {_BIND}")
    return Finding(step, "off", "not bound to the bucket", _BIND)


def _ai(bucket: str, answer: _Answer) -> Finding:
    step = "AI recognition"
    if found := _trouble(step, answer, "ci:DescribeAiProcessBucket", _SWITCH_ON):
        return found
    try:
        buckets = decode_ai_buckets(answer.body)
    except DecodeError as e:
        return _unreadable(step, e)
    if any(bucket in (b.id, b.name) for b in buckets):
        return Finding(step, "ok", "switched on for the bucket")
    return Finding(step, "off", "not switched on for the bucket", _SWITCH_ON)


def _queue(answer: _Answer) -> Finding:
    step = "queue"
    if found := _trouble(step, answer, "ci:DescribeAiProcessQueues", _SWITCH_ON):
        return found
    try:
        queues = decode_queues(answer.body)
    except DecodeError as e:
        return _unreadable(step, e)
    active = sum(q.state == "Active" for q in queues)
    if active:
        return Finding(step, "ok", f"{active} of {len(queues)} active")
    if queues:
        return Finding(
            step, "off", f"0 of {len(queues)} active: jobs are accepted and wait", "Start the queue in the console."
        )
    return Finding(step, "off", "there is none", f"{_SWITCH_ON} That makes a queue.")


def _submit(findings: list[Finding]) -> Finding:
    step = "submit"
    states = {f.step: f.state for f in findings}
    stopped = [name for name, state in states.items() if state == "off"]
    if states["credentials"] == "denied":
        return Finding(step, "denied", "no call is accepted with these credentials")
    if stopped:
        return Finding(step, "off", f"fails or waits as long as this is off: {', '.join(stopped)}")
    return Finding(
        step,
        "unknown",
        "cannot be asked without a job that costs",
        "A sub-account needs ci:CreateMediaJobs and cam:PassRole; submit one image to see.",
    )


def _texts(answer: _Answer) -> Finding:
    """Whether the last recognitions have texts: some pages of the vendor promise places only."""
    step = "texts"
    if found := _trouble(step, answer, "ci:DescribeMediaJobs", _SWITCH_ON):
        return found
    try:
        results = [job.result for job in decode_jobs(answer.body).jobs]
    except DecodeError as e:
        return _unreadable(step, e)
    placed = [r for r in results if r is not None and any(f.polygon is not None or f.text for f in r.fields)]
    bare = sum(not any(f.text for f in r.fields) for r in placed)
    if not placed:
        return Finding(step, "unknown", "no recognized card among the last jobs", "Submit one image to see.")
    if bare:
        detail = f"{bare} of the last {len(placed)} recognized cards have places only, without texts"
        return Finding(
            step,
            "off",
            detail,
            "run(complete=True), or cards.cardocr.complete(), recognizes them with the embedded engine.",
        )
    return Finding(step, "ok", f"the last {len(placed)} recognized cards have texts")


def _trouble(step: str, answer: _Answer, action: str, switch: str) -> Finding | None:
    """Return the finding of a call that failed, or None where there is a body to parse."""
    trouble = answer.trouble
    if trouble is None:
        return None
    if isinstance(trouble, AuthenticationError | ClockError):
        return Finding(step, "unknown", f"could not be asked: the service answered {trouble.code}")
    if isinstance(trouble, PermissionDeniedError):
        advice = f"Have {action} granted to the account; it is only needed to look, not to submit."
        return Finding(step, "denied", f"the service answered {trouble.code}", advice)
    if isinstance(trouble, NotActivatedError) or (isinstance(trouble, ServiceError) and trouble.code == "NoSuchBucket"):
        return Finding(step, "off", f"the service answered {trouble.code}", switch)
    if isinstance(trouble, ServiceError):
        advice = "Check the region." if trouble.status < 400 else "Try again later."
        return Finding(step, "unknown", f"could not be asked: the service answered {trouble.code}", advice)
    said, _, advice = str(trouble).partition(". ")
    return Finding(step, "unknown", f"could not be asked: {said}", advice)


def _unreadable(step: str, error: DecodeError) -> Finding:
    return Finding(
        step, "unknown", f"the answer could not be read: {error}", "Check that the endpoint is the service's."
    )
