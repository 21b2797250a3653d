"""Everything that this package raises.

.. code-block:: text

    CardOCRError
    ├── MissingExtraError(ImportError)     an optional part is not installed
    ├── InvalidRequestError(ValueError)    an argument outside the specification; nothing was sent
    │   └── KeyTakenError                  another object has this key; .key
    ├── ImageError(ValueError)             not a picture that the service reads; .code
    ├── DecodeError(ValueError)            bytes that are not a document of the service; .raw
    ├── TransportError                     no answer came back; .maybe_accepted
    ├── LedgerError                        the ledger of a run cannot be used
    ├── WaitTimeoutError(TimeoutError)     the deadline of ``wait`` passed; .jobs
    └── ServiceError                       the service refused; .code .status .request_id .raw
        ├── AuthenticationError            the credentials or the signature
        │   └── ExpiredTokenError          temporary credentials that have ended
        ├── ClockError                     the clock of this machine
        ├── PermissionDeniedError          the account may not do this
        │   └── AccountError               the account is blocked or in arrears
        ├── NotActivatedError              a switch in the console
        ├── NotFoundError                  bucket, object or job
        ├── ThrottledError                 too many calls; .retry_after
        └── TransientError                 the service's own trouble

A message says what was wrong, what was got and what to do next. It never contains texts
and numbers of a card, or secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from cardocr_nb._failure_codes import remedy

if TYPE_CHECKING:
    from collections.abc import Sequence


class CardOCRError(Exception):
    """Base of every error of this package. Each can be pickled and copied with all that it carries."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, vars(self).copy())


def _restored(kind: type[CardOCRError], args: tuple[Any, ...], state: dict[str, Any]) -> CardOCRError:
    error = kind.__new__(kind)
    error.args = args
    vars(error).update(state)
    return error


class MissingExtraError(CardOCRError, ImportError):
    """An optional part of the package is needed and not installed.

    Parameters
    ----------
    what : str
        Subject of the message's sentence, such as "The panel".
    extra : str
        The extra that brings it: ``local``, ``lab``, ``scale``, ``fonts``, ``heif`` or ``all``.
    """

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(
            f"{what} needs the extra '{extra}', which is not installed. Run: pip install 'cardocr_nb[{extra}]'"
        )


class InvalidRequestError(CardOCRError, ValueError):
    """An argument is outside what the specification allows; nothing was sent."""


class KeyTakenError(InvalidRequestError):
    """An object with other content has the key of an upload; the object was left as it is.

    Attributes
    ----------
    key : str
    """

    def __init__(self, message: str, key: str) -> None:
        self.key = key
        super().__init__(message)


class ImageError(CardOCRError, ValueError):
    """A file is not a picture that the service reads.

    Attributes
    ----------
    code : str
        Short reason, as in the column ``code``: ``NoSuchFile``, ``EmptyFile``, ``FileTooLarge``,
        ``NotAnImage``, ``UnsupportedFormat``, ``AnimatedImage``, ``ImageTooLarge`` or ``DamagedImage``.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class DecodeError(CardOCRError, ValueError):
    """Bytes are not a document of the service.

    Attributes
    ----------
    raw : bytes
        The document as it was given, nothing lost.
    """

    def __init__(self, message: str, raw: bytes = b"") -> None:
        self.raw = raw
        super().__init__(message)


class TransportError(CardOCRError):
    """No answer came back from the service.

    Attributes
    ----------
    maybe_accepted : bool
        True when the request may have reached the service all the same. A job submitted then may exist and be
        paid for: look for it with ``list_jobs`` before submitting again.
    """

    def __init__(self, message: str, *, maybe_accepted: bool) -> None:
        self.maybe_accepted = maybe_accepted
        super().__init__(message)


class LedgerError(CardOCRError):
    """The ledger of a run cannot be used: another run holds it, the file is not a ledger, or it cannot be written."""


class WaitTimeoutError(CardOCRError, TimeoutError):
    """The deadline of ``wait`` passed before every job had ended.

    Attributes
    ----------
    jobs : tuple of Job
        All the jobs waited for, as last reported, in the order given. Pass them to ``wait`` again to go on.
    """

    def __init__(self, message: str, jobs: Sequence[object] = ()) -> None:
        self.jobs = tuple(jobs)
        super().__init__(message)


class ServiceError(CardOCRError):
    """The service refused a call.

    Attributes
    ----------
    code : str
        The service's own code, ``HTTP <status>`` where the body named none.
    status : int
        HTTP status.
    request_id : str or None
        What the vendor's support asks for.
    retry_after : float or None
        Seconds that the service asks to wait.
    raw : bytes
        Body of the answer.
    own_body : bool
        Whether the body is an XML error document of the service, not a page of a proxy or a gateway. Only then is a
        refusal proved.
    """

    advice = "See the code in the vendor's list of error codes; quote the request id to support."

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int,
        request_id: str | None = None,
        retry_after: float | None = None,
        raw: bytes = b"",
        advice: str | None = None,
    ) -> None:
        self.code, self.status, self.request_id = code, status, request_id
        self.retry_after, self.raw = retry_after, raw
        self.own_body = not code.startswith("HTTP ") and raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        said = f": {message.rstrip('.')}" if message else ""
        super().__init__(
            f"the service answered {status} {code}{said} (request id {request_id or 'not given'}). "
            f"{advice or self.advice}"
        )


class AuthenticationError(ServiceError):
    """The credentials are unknown, or the signature does not fit them."""

    advice = (
        "Check the secret id and key (environment variables with a line break or quotes in them are the usual cause)."
    )


class ExpiredTokenError(AuthenticationError):
    """The session token of temporary credentials has ended, or is not a token."""

    advice = (
        "Get new temporary credentials (TENCENTCLOUD_SESSION_TOKEN is part of them), or pass CloudTransport a function "
        "that returns fresh ones."
    )


class ClockError(ServiceError):
    """The clock of this machine and the service's are too far apart, or the signature has expired."""

    advice = "Set the clock of this machine (timedatectl set-ntp true), then call again."


class PermissionDeniedError(ServiceError):
    """The account may not do this."""

    advice = (
        "A sub-account needs the actions ci:CreateMediaJobs and cam:PassRole to submit jobs, "
        "ci:CreateAILicenseRecognitionJob for recognize, and cos:GetObject and cos:PutObject on the bucket."
    )


class AccountError(PermissionDeniedError):
    """The account itself is blocked or in arrears."""

    advice = "Look at the account's balance and messages in the console, then call again."


class NotActivatedError(ServiceError):
    """A part of the service is not switched on for the bucket."""

    advice = (
        "In the console bind Cloud Infinite to the bucket, then switch on AI content recognition for it: "
        "two separate steps."
    )


class NotFoundError(ServiceError):
    """The bucket, the object or the job is not there."""

    advice = "Check the name, the bucket and the region; an object is there after client.upload()."


class ThrottledError(ServiceError):
    """Too many calls in a short time. The call was refused and not paid for."""

    advice = "Wait, then send fewer calls per second."


class TransientError(ServiceError):
    """The service's own trouble. A submission may have been accepted nevertheless."""

    advice = "Ask again later; after a submission look with client.list_jobs() first, it may have been accepted."


_BY_CODE: dict[str, type[ServiceError]] = {
    "SignatureDoesNotMatch": AuthenticationError,
    "InvalidAuthorization": AuthenticationError,
    "MissingAuthorization": AuthenticationError,
    "SecretidNotExist": AuthenticationError,
    "ExpiredToken": ExpiredTokenError,
    "InvalidToken": ExpiredTokenError,
    "AccountProblem": AccountError,
    "SignatureExpired": ClockError,
    "MediaBucketUnBinded": NotActivatedError,
    "QueueNotFound": NotActivatedError,
    "InvalidAccessKeyId": AuthenticationError,
    "InvalidSecretId": AuthenticationError,
    "RequestTimeTooSkewed": ClockError,
    "RequestIsExpired": ClockError,
    "AccessDenied": PermissionDeniedError,
    "UnauthorizedOperation": PermissionDeniedError,
    "NoSuchBucket": NotFoundError,
    "NoSuchKey": NotFoundError,
    "NoSuchJob": NotFoundError,
    "CIBucketUnbinded": NotActivatedError,
    "BucketNotBound": NotActivatedError,
    "AIBucketNotOpened": NotActivatedError,
    "ServiceNotActivated": NotActivatedError,
    "RequestLimitExceeded": ThrottledError,
    "SlowDown": ThrottledError,
}


_BY_STATUS: dict[int, type[ServiceError]] = {403: PermissionDeniedError, 404: NotFoundError}

_ADVICE_BY_STATUS = {
    301: "Check bucket, region and endpoint: the service is at another address.",
    308: "Check bucket, region and endpoint: the service is at another address.",
    302: "A login page or a proxy answered: log in to the network in a browser, or check the endpoint.",
    303: "A login page or a proxy answered: log in to the network in a browser, or check the endpoint.",
    307: "A login page or a proxy answered: log in to the network in a browser, or check the endpoint.",
    401: "Check the secret id and key; if a proxy or gateway answered, log in to it.",
    407: "The proxy wants a user and a password: set HTTPS_PROXY=http://user:password@host:port.",
    451: "The service is blocked for this account or region for legal reasons; ask the vendor's support.",
}
"""Advice for answers without a code of the service; most come from a proxy or gateway in between."""

_FILE_ADVICE = "The fault is in the file: replace it; the same call fails again."


def service_error(
    code: str,
    message: str,
    *,
    status: int,
    request_id: str | None = None,
    retry_after: float | None = None,
    raw: bytes = b"",
) -> ServiceError:
    """Return the error of the tree that fits a refusal.

    Parameters
    ----------
    code, message : str
        From the error body; ``code`` may be empty.
    status : int
        HTTP status.
    request_id, retry_after, raw
        As the attributes of `ServiceError`.

    Examples
    --------
    >>> type(service_error("AccessDenied", "", status=403)).__name__
    'PermissionDeniedError'
    >>> type(service_error("", "", status=429)).__name__
    'ThrottledError'
    """
    kind = _BY_CODE.get(code)
    if kind is PermissionDeniedError and "expired" in message.lower():
        kind = ClockError  # the vendor says AccessDenied, "Request has expired" to a signature whose time is over
    elif kind is None and status in (429, 503):
        kind = ThrottledError
    elif kind is None and not code:
        kind = _BY_STATUS.get(status)  # the answer to a HEAD has no body to name a code
    if kind is None:
        kind = TransientError if status >= 500 and remedy(code) != "file" else ServiceError
    return kind(
        code or f"HTTP {status}",
        message,
        status=status,
        request_id=request_id,
        retry_after=retry_after,
        raw=raw,
        advice=_advice(code, status) if kind is ServiceError else None,
    )


def _advice(code: str, status: int) -> str | None:
    return _FILE_ADVICE if remedy(code) == "file" else _ADVICE_BY_STATUS.get(status)


def missing_extra(what: str, extra: str, cause: ImportError) -> NoReturn:
    """Raise `MissingExtraError` from a failed import."""
    raise MissingExtraError(what, extra) from cause
