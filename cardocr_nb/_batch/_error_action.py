"""What an error means for a call: refused or perhaps accepted, for this image or for all, now or for good."""

from __future__ import annotations

from enum import Enum, auto

from cardocr_nb.errors import (
    AuthenticationError,
    CardOCRError,
    ClockError,
    DecodeError,
    ImageError,
    NotActivatedError,
    PermissionDeniedError,
    ServiceError,
    ThrottledError,
    TransientError,
    TransportError,
)

_ACCOUNT_ERRORS = (AuthenticationError, ClockError, NotActivatedError, PermissionDeniedError)
_ACCOUNT_CODES = frozenset({"NoSuchBucket", "QueueNotFound", "QueueNumLimit", "InvalidHost", "PermanentRedirect"})
_ACCOUNT_STATUSES = frozenset({301, 308, 401, 407, 451})
"""Moved for good (the region is wrong), not authorized, the proxy wants a login, blocked for legal reasons."""

_REFUSALS = frozenset(
    # The vendor's error page of job calls, and its general one.
    [
        "InvalidUrl",
        "InvalidContent",
        "MissingAuthorization",
        "InvalidAuthorization",
        "SignatureExpired",
        "InvalidArgument",
        "MissingContent",
        "InvalidHost",
        "AccessDenied",
        "SecretidNotExist",
        "InvalidContentType",
        "ResourceNotFound",
        "QueueNotFound",
        "MediaBucketUnBinded",
        "QueueNumLimit",
        "ExpiredToken",
        "InvalidToken",
        "AccountProblem",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "InvalidSecretId",
        "RequestTimeTooSkewed",
        "RequestIsExpired",
        "NoSuchBucket",
        "NoSuchKey",
        "MalformedXML",
        "MethodNotAllowed",
        "UnauthorizedOperation",
        "CIBucketUnbinded",
        "BucketNotBound",
        "AIBucketNotOpened",
        "ServiceNotActivated",
        "PermanentRedirect",
        "EntityTooLarge",
        "InvalidRequest",
        "InvalidURI",
        "NoSuchResource",
        "NoSuchQueue",
    ]
)
_THROTTLING = frozenset({"SlowDown", "RequestLimitExceeded"})
_PASSING_STATUSES = frozenset({403, 408, 409, 425, 429, 499})
"""Without the service's own body these come from something in between, and another attempt may pass."""


class ErrorAction(Enum):
    """What to do about a call that failed."""

    IMAGE = auto()
    """Refused, and would be again: it is the image's outcome."""
    ALL = auto()
    """Refused as every other call would be: the run ends."""
    THROTTLED = auto()
    """Refused for now: again later, and slower."""
    UNSENT = auto()
    """No byte of it has left, or it was refused for a clock that was right before: again later."""
    UNKNOWN = auto()
    """It may have been accepted: look for the job first."""
    ALL_UNKNOWN = auto()
    """It may have been accepted, and no other call will be: the run ends, the next one looks for the job."""


def submission_action(error: CardOCRError, *, worked: bool = False) -> ErrorAction:
    """Return what to do about a submission that returned no job.

    A submission counts as refused only if the service says so itself: with its own XML error body, and a code that means
    refusal. A proxy, a login page or a broken gateway may answer anything after the service has accepted.

    Parameters
    ----------
    error : CardOCRError
    worked : bool, default False
        Whether the service has accepted a call of this run. Then a clock that is wrong was right before, and may be put
        right.

    Examples
    --------
    >>> submission_action(TransportError("timed out", maybe_accepted=True))
    <ErrorAction.UNKNOWN: 5>
    """
    if isinstance(error, TransportError):
        return ErrorAction.UNKNOWN if error.maybe_accepted else ErrorAction.UNSENT
    if not isinstance(error, ServiceError):
        return ErrorAction.UNKNOWN if isinstance(error, DecodeError) else ErrorAction.IMAGE
    if error.own_body and error.code in _THROTTLING:
        return ErrorAction.THROTTLED
    refused = error.own_body and error.code in _REFUSALS and 300 <= error.status < 500
    if _concerns_account(error):
        if not refused:
            return ErrorAction.ALL_UNKNOWN
        return ErrorAction.UNSENT if isinstance(error, ClockError) and worked else ErrorAction.ALL
    return ErrorAction.IMAGE if refused else ErrorAction.UNKNOWN


def upload_action(error: CardOCRError, *, worked: bool = False) -> ErrorAction:
    """Return what to do about an upload that failed; an upload is not paid for, so it can be repeated.

    Parameters
    ----------
    error : CardOCRError
    worked : bool, default False
        As for `submission_action`.
    """
    if isinstance(error, TransportError | DecodeError | TransientError):
        return ErrorAction.UNSENT
    if isinstance(error, ThrottledError):
        return ErrorAction.THROTTLED
    if not isinstance(error, ServiceError):
        return ErrorAction.IMAGE
    # A HEAD has no body: its 403 is the service's.
    if _concerns_account(error) or isinstance(error, PermissionDeniedError):
        return ErrorAction.UNSENT if isinstance(error, ClockError) and worked else ErrorAction.ALL
    if error.status < 400 or (not error.own_body and error.status in _PASSING_STATUSES):
        return ErrorAction.UNSENT
    return ErrorAction.IMAGE


def query_ends_run(error: CardOCRError, *, worked: bool = False) -> bool:
    """Whether every other query would be refused too.

    Parameters
    ----------
    error : CardOCRError
    worked : bool, default False
        As for `submission_action`.
    """
    if not isinstance(error, ServiceError) or (isinstance(error, ClockError) and worked):
        return False
    return _concerns_account(error)


def _concerns_account(error: ServiceError) -> bool:
    if not error.own_body:
        return error.status in _ACCOUNT_STATUSES
    return (
        isinstance(error, _ACCOUNT_ERRORS)
        or error.code in _ACCOUNT_CODES
        or error.status in _ACCOUNT_STATUSES - {401}  # a 401 with a code that is not listed may concern one object
    )


def code_of(error: CardOCRError) -> str:
    """Return the code of an error for the column ``code``."""
    if isinstance(error, ImageError | ServiceError):
        return error.code
    if isinstance(error, TransportError):
        return "AnswerLost" if error.maybe_accepted else "NotSent"
    return "AnswerLost" if isinstance(error, DecodeError) else "InvalidArgument"


def status_of(error: CardOCRError) -> int | None:
    """Return the HTTP status of a refusal."""
    return error.status if isinstance(error, ServiceError) else None
