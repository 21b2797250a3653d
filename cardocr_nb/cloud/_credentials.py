"""Credentials from arguments, from the environment or from a function that refreshes temporary ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from cardocr_nb.errors import InvalidRequestError

_VARIABLES = (
    ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SESSION_TOKEN"),
    ("COS_SECRET_ID", "COS_SECRET_KEY", "COS_TOKEN"),
)
_SHOWN = 4
_LONG = 16


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A secret id with its key, and the session token that belongs to a temporary pair.

    Parameters
    ----------
    secret_id, secret_key : str
        Printable ASCII without spaces and quotes.
    token : str, optional
        Session token of temporary credentials.

    Raises
    ------
    InvalidRequestError
        One is empty, or holds what no credential holds: a line break, a space or a quote that was copied along.

    Examples
    --------
    >>> Credentials("AKIDEXAMPLEEXAMPLE", "not-a-real-key")
    Credentials(secret_id='AKID****', secret_key='****', token=None)
    """

    secret_id: str
    secret_key: str
    token: str | None = None

    def __post_init__(self) -> None:
        for name in ("secret_id", "secret_key", "token"):
            value = getattr(self, name)
            if name == "token" and value is None:
                continue
            if not isinstance(value, str) or not value:
                raise InvalidRequestError(f"{name} must be a text that is not empty, got {_kind(value)}")
            if not (value.isascii() and value.isprintable()) or set(value) & set(" \"'"):
                raise InvalidRequestError(
                    f"{name} holds a space, a quote, a line break or another character that no credential has; "
                    "check how it was copied"
                )

    def __repr__(self) -> str:
        shown = self.secret_id[:_SHOWN] if len(self.secret_id) >= _LONG else ""
        token = None if self.token is None else "****"
        return f"Credentials(secret_id='{shown}****', secret_key='****', token={token!r})"

    @classmethod
    def from_env(cls) -> Credentials:
        """Read credentials from the environment.

        ``TENCENTCLOUD_SECRET_ID``, ``TENCENTCLOUD_SECRET_KEY`` and ``TENCENTCLOUD_SESSION_TOKEN`` come first; where
        the id or the key is not set, ``COS_SECRET_ID``, ``COS_SECRET_KEY`` and ``COS_TOKEN``. An empty variable counts
        as not set.

        Raises
        ------
        InvalidRequestError
            Neither pair is set.
        """
        for names in _VARIABLES:
            secret_id, secret_key, token = (os.environ.get(name) for name in names)
            if secret_id and secret_key:
                return cls(secret_id, secret_key, token or None)
        half = [name for names in _VARIABLES for name in names[:2] if os.environ.get(name)]
        raise InvalidRequestError(
            "no credentials in the environment: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or "
            f"COS_SECRET_ID and COS_SECRET_KEY; {f'only {half[0]} is set' if half else 'none of them is set'}"
        )


CredentialsSource = Credentials | Callable[[], Credentials]
"""Credentials, or a function that returns them. It is called once for each request, from any thread: a function that
fetches temporary credentials keeps them until they are about to expire."""


def current(source: CredentialsSource) -> Credentials:
    """Return the credentials to sign with now.

    Raises
    ------
    InvalidRequestError
        The source is neither credentials nor a function that returns some.

    Examples
    --------
    >>> current(lambda: Credentials("id", "key", "token"))
    Credentials(secret_id='****', secret_key='****', token='****')
    """
    found = source() if callable(source) else source
    if not isinstance(found, Credentials):
        raise InvalidRequestError(
            f"credentials must be Credentials or a function that returns Credentials, got {_kind(found)}"
        )
    return found


def bucket_and_region(bucket: str | None = None, region: str | None = None) -> tuple[str, str]:
    """Return bucket and region, from ``COS_BUCKET`` and ``COS_REGION`` where no argument is given.

    Raises
    ------
    InvalidRequestError
        One is neither given nor set.

    Examples
    --------
    >>> bucket_and_region("cards-1250000000", "ap-guangzhou")
    ('cards-1250000000', 'ap-guangzhou')
    """
    found = {"bucket": bucket or os.environ.get("COS_BUCKET"), "region": region or os.environ.get("COS_REGION")}
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise InvalidRequestError(
            f"no {' and no '.join(missing)}: give {' and '.join(f'{name}=…' for name in missing)} or set "
            f"{' and '.join(f'COS_{name.upper()}' for name in missing)}"
        )
    return str(found["bucket"]), str(found["region"])


def _kind(value: object) -> str:
    return "an empty text" if value == "" else type(value).__name__
