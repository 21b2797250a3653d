"""The records in which the two halves of the package meet.

All are frozen. The repr of a record shows how much was read, never what: texts and user data stay out of tracebacks,
logs and notebook outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from cardocr_nb._text_safety import WordEnum, shown_code
from cardocr_nb.cards import known_field

SERVICE_TIME = timezone(timedelta(hours=8))
"""The offset of the times that the service writes, such as ``2022-06-27T14:44:10+0800``."""

Points = tuple[tuple[int, int], ...]


class JobState(WordEnum):
    """State of a job: ``Submitted`` → ``Running`` → ``Success`` or ``Failed``; also ``Pause`` and ``Cancel``.

    Examples
    --------
    >>> JobState("Success").final, JobState.RUNNING.final
    (True, False)
    """

    SUBMITTED = "Submitted"
    RUNNING = "Running"
    SUCCESS = "Success"
    FAILED = "Failed"
    PAUSE = "Pause"
    CANCEL = "Cancel"

    @property
    def final(self) -> bool:
        """Whether the state never changes again."""
        return self in (JobState.SUCCESS, JobState.FAILED, JobState.CANCEL)


def _veil(text: object) -> str:
    if text is None:
        return "None"
    return f"<{len(text)} characters>" if isinstance(text, str) else f"<{type(text).__name__}>"


def _number(value: object) -> str:
    """Show a number of at most three digits; a value of another type may be a text of the card."""
    short = isinstance(value, int | float) and abs(value) < 1000
    return repr(value) if value is None or short else f"<{type(value).__name__}>"


def _corners(points: object) -> str:
    """Show points that are pairs of numbers."""
    if points is None:
        return "None"
    numbers = isinstance(points, tuple) and all(
        isinstance(point, tuple) and all(isinstance(value, int | float) for value in point) for point in points
    )
    return repr(points) if numbers else f"<{type(points).__name__}>"


def _shown_label(label: object) -> str:
    """Quote a label that is printed on a card; any other may be a text in the wrong place."""
    return repr(label) if isinstance(label, str) and known_field(label) else _veil(label)


@dataclass(frozen=True, slots=True, repr=False)
class Field:
    """One field read from a card.

    Attributes
    ----------
    label : str
        Name as it came over the wire, in Chinese or English.
    text : str or None
        The text; None when there is none, never ``""``.
    score : int or None
        Confidence, 0 to 100.
    polygon : tuple of (int, int) or None
        Corners ``(x, y)`` in pixels of the upright image, x right, y down, in wire order; four of them in every
        document that follows the specification.
    """

    label: str
    text: str | None = None
    score: int | None = None
    polygon: Points | None = None

    def __repr__(self) -> str:
        return (
            f"Field(label={_shown_label(self.label)}, text={_veil(self.text)}, score={_number(self.score)}, "
            f"polygon={_corners(self.polygon)})"
        )


@dataclass(frozen=True, slots=True, repr=False)
class CardResult:
    """What was found on one image: the result of a job or the answer of a synchronous recognition.

    Attributes
    ----------
    fields : tuple of Field
        In wire order; empty when nothing was found.
    status : int or None
        1 a result was detected, 0 none was; None when the document does not say.
    state, code, message : str or None
        Of the result itself; `code` and `message` count only when `state` is ``Failed``.
    key, url : str or None
        Name and address of the input object.
    raw : bytes
        The document that this was read from.
    """

    fields: tuple[Field, ...] = ()
    status: int | None = None
    state: str | None = None
    code: str | None = None
    message: str | None = None
    key: str | None = None
    url: str | None = field(default=None, repr=False)  # may hold a signature
    raw: bytes = field(default=b"", repr=False, compare=False)

    def __repr__(self) -> str:
        failed = "" if self.code is None else f", code={shown_code(self.code)}"
        return f"<CardResult status={_number(self.status)} key={self.key!r}{failed}, {len(self.fields)} fields>"


@dataclass(frozen=True, slots=True, repr=False)
class Job:
    """One card OCR job as the service describes it.

    Attributes
    ----------
    id : str
    state : JobState
    key, bucket, region : str or None
        The input object's name, bucket and cloud region.
    card_type : str or None
        ``IDCard`` or ``DriverLicense``.
    code, message : str or None
        Why the job failed; they count only when `state` is ``Failed``.
    tag, queue_id : str or None
    created, started, ended : datetime or None
        With their offset, +0800 from the service; None while not known.
    user_data : str or None
        What was passed through.
    job_level : int or None
        Priority, 0 to 2.
    progress : int or None
        0 to 100, where the service reports it.
    result : CardResult or None
        There when the job has ended.
    raw : bytes
        The document that this was read from.
    """

    id: str
    state: JobState
    key: str | None = None
    card_type: str | None = None
    code: str | None = None
    message: str | None = None
    tag: str | None = None
    bucket: str | None = None
    region: str | None = None
    queue_id: str | None = None
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    user_data: str | None = None
    job_level: int | None = None
    progress: int | None = None
    result: CardResult | None = None
    raw: bytes = field(default=b"", repr=False, compare=False)

    def __repr__(self) -> str:
        read = "no result" if self.result is None else f"{len(self.result.fields)} fields"
        failed = f", code={shown_code(self.code)}" if self.state is JobState.FAILED else ""
        shown = f"{shown_code(str(self.state))} key={self.key!r} card_type={shown_code(self.card_type)}"
        return f"<Job {self.id} {shown}{failed}, {read}>"

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields read; empty when there are none or the job has not ended."""
        return () if self.result is None else self.result.fields


@dataclass(frozen=True, slots=True)
class JobList:
    """Jobs of one answer.

    Attributes
    ----------
    jobs : tuple of Job
    missing_ids : tuple of str
        Ids asked for that the service does not know.
    next_token : str or None
        Hand it to the next list call; None on the last page.
    """

    jobs: tuple[Job, ...] = ()
    missing_ids: tuple[str, ...] = ()
    next_token: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Callback:
    """What the service sends when jobs end.

    Attributes
    ----------
    event : str
        ``TaskFinish``.
    jobs : tuple of Job
    """

    event: str
    jobs: tuple[Job, ...] = ()

    def __repr__(self) -> str:
        return f"<Callback {shown_code(self.event)}, {len(self.jobs)} jobs>"


@dataclass(frozen=True, slots=True, repr=False)
class Error:
    """Body of a refused call.

    Attributes
    ----------
    code, message : str
    resource, request_id, trace_id : str or None
    """

    code: str
    message: str = ""
    resource: str | None = None
    request_id: str | None = None
    trace_id: str | None = None

    def __repr__(self) -> str:
        return f"<Error {shown_code(self.code)}, message of {len(self.message)} characters>"


@dataclass(frozen=True, slots=True)
class MqConfig:
    """Where callbacks of type ``TDMQ`` go.

    Attributes
    ----------
    region : str
        ``sh``, ``bj``, ``gz``, ``cd`` or ``hk``.
    name : str
    mode : str, default "Queue"
        ``Queue`` or ``Topic``.
    """

    region: str
    name: str
    mode: str = "Queue"


@dataclass(frozen=True, slots=True, repr=False)
class JobRequest:
    """The arguments of one submission, each within the limits of the specification.

    Attributes
    ----------
    key : str
        The object to read.
    card_type : str
        ``IDCard`` or ``DriverLicense``.
    user_data : str or None
        Printable ASCII, at most 1024 characters.
    job_level : int or None
        0, 1 or 2; higher goes first.
    callback : str or None
        Address, or ``no`` for none; None leaves it to the queue.
    callback_format : str or None
        ``XML`` or ``JSON``.
    callback_type : str or None
        ``Url`` or ``TDMQ``.
    callback_mq : MqConfig or None
        Required with ``TDMQ``.
    queue_id : str or None
    """

    key: str
    card_type: str
    user_data: str | None = None
    job_level: int | None = None
    callback: str | None = None
    callback_format: str | None = None
    callback_type: str | None = None
    callback_mq: MqConfig | None = None
    queue_id: str | None = None

    def __repr__(self) -> str:
        return (
            f"JobRequest(key={self.key!r}, card_type={shown_code(self.card_type)}, user_data={_veil(self.user_data)})"
        )
