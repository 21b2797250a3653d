"""What an error says about a call: whether it was refused, whether it cost something, whether to send it again."""

from __future__ import annotations

from enum import Enum, auto

from cardocr_nb.errors import (
    AuthenticationError,
    CardOCRError,
    ClockError,
    DecodeError,
    ImageError,
    NotActivatedError,
    NotFoundError,
    PermissionDeniedError,
    ServiceError,
    ThrottledError,
    TransientError,
    TransportError,
)

_EVERY_IMAGE = (AuthenticationError, ClockError, NotActivatedError, PermissionDeniedError)


class ErrorAction(Enum):
    """What to do about a submission that gave no job."""

    IMAGE = auto()
    """Refused, and would be again: it is the image's outcome."""
    ALL = auto()
    """Refused as every other would be: the run ends."""
    THROTTLED = auto()
    """Refused for now: later, and slower."""
    UNSENT = auto()
    """Never left this machine, or refused for its clock: later."""
    UNKNOWN = auto()
    """Nobody knows whether it was accepted: look for the job first."""


def verdict(error: CardOCRError, *, worked: bool = False) -> ErrorAction:
    """Judge the error of a submission.

    Parameters
    ----------
    error : CardOCRError
    worked : bool, default False
        Whether the service has answered well before: a clock that is wrong now was right then, and may be put right.

    Examples
    --------
    >>> verdict(TransportError("timed out", maybe_accepted=True))
    <ErrorAction.UNKNOWN: 5>
    """
    if isinstance(error, TransportError):
        return ErrorAction.UNKNOWN if error.maybe_accepted else ErrorAction.UNSENT
    if isinstance(error, DecodeError | TransientError):
        return ErrorAction.UNKNOWN
    if isinstance(error, ThrottledError):
        # Without the service's own body a 503 may come from something in between, after the service had accepted.
        return ErrorAction.UNKNOWN if error.code == "HTTP 503" else ErrorAction.THROTTLED
    if isinstance(error, ClockError) and worked:
        return ErrorAction.UNSENT
    if isinstance(error, _EVERY_IMAGE) or (isinstance(error, NotFoundError) and error.code == "NoSuchBucket"):
        return ErrorAction.ALL
    return ErrorAction.IMAGE


def code_of(error: CardOCRError) -> str:
    """Give the word for an error that stands in the column ``code``."""
    if isinstance(error, ImageError | ServiceError):
        return error.code
    if isinstance(error, TransportError):
        return "AnswerLost" if error.maybe_accepted else "NotSent"
    return "AnswerLost" if isinstance(error, DecodeError) else "InvalidArgument"


def status_of(error: CardOCRError) -> int | None:
    """Give the HTTP status of a refusal."""
    return error.status if isinstance(error, ServiceError) else None
