"""What helps against a failure: it follows from the code, since another attempt at a damaged file fails again."""

from __future__ import annotations

from typing import Literal

Remedy = Literal["file", "again", "settings", "unknown"]

_FILE = frozenset(
    [
        "NoSuchFile",
        "NoSuchKey",
        "UnreadableFolder",
        "EmptyFile",
        "FileTooLarge",
        "EntityTooLarge",
        "NotAnImage",
        "UnsupportedFormat",
        "AnimatedImage",
        "ImageTooLarge",
        "DamagedImage",
    ]
)
_AGAIN = frozenset(
    [
        "NotSent",
        "AnswerLost",
        "InternalError",
        "SlowDown",
        "RequestLimitExceeded",
        "RequestTimeout",
        "NoSuchJob",
        "ServiceUnavailable",
        "DownloadTimeout",
    ]
)
_SETTINGS = frozenset(
    [
        "AccessDenied",
        "AccountProblem",
        "UnauthorizedOperation",
        "SignatureDoesNotMatch",
        "SignatureExpired",
        "InvalidAuthorization",
        "MissingAuthorization",
        "SecretidNotExist",
        "InvalidAccessKeyId",
        "InvalidSecretId",
        "ExpiredToken",
        "InvalidToken",
        "RequestTimeTooSkewed",
        "RequestIsExpired",
        "MediaBucketUnBinded",
        "CIBucketUnbinded",
        "BucketNotBound",
        "AIBucketNotOpened",
        "ServiceNotActivated",
        "QueueNotFound",
        "QueueNumLimit",
        "NoSuchBucket",
        "InvalidHost",
        "PermanentRedirect",
        "InvalidArgument",
        "InvalidRequest",
    ]
)
_STATUSES: dict[str, Remedy] = {
    **dict.fromkeys((f"HTTP {n}" for n in (408, 425, 429, 499, 500, 502, 503, 504)), "again"),
    **dict.fromkeys((f"HTTP {n}" for n in (301, 308, 401, 403, 407, 451)), "settings"),
}


def remedy(code: str | None) -> Remedy:
    """Return what helps: another ``file``, the same call ``again``, other ``settings``, or ``unknown``.

    Parameters
    ----------
    code : str or None
        As in the column ``code``.

    Examples
    --------
    >>> remedy("NotAnImage"), remedy("NotSent"), remedy("AccessDenied"), remedy("Odd"), remedy(None)
    ('file', 'again', 'settings', 'unknown', 'unknown')
    """
    if code in _FILE:
        return "file"
    if code in _AGAIN:
        return "again"
    return "settings" if code in _SETTINGS else _STATUSES.get(code or "", "unknown")
