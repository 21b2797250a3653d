"""The request signature as a ``requests`` authentication: it looks at a finished request and adds ``Authorization``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from requests.auth import AuthBase

from cardocr_nb.cloud._credentials import current
from cardocr_nb.wire._signature import sign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

    from requests import PreparedRequest

    from cardocr_nb.cloud._credentials import CredentialsSource

_SIGNED = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-length",
        "content-md5",
        "content-type",
        "expect",
        "expires",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-unmodified-since",
        "origin",
        "pic-operations",
        "range",
        "transfer-encoding",
    }
)
_SIGNED_PREFIXES = ("x-cos-", "x-ci-")
_EARLIER = 60
_DEFAULT_PORTS = {"http": 80, "https": 443}


class CosAuth(AuthBase):
    """Sign each request with the signature of COS and Cloud Infinite.

    Signed are the method, the path, every query parameter, ``Host`` with its port as it is sent, and the headers that
    the vendor's SDKs sign (``Content-Type``, ``x-cos-…`` and so on). A session token is added as both
    ``x-cos-security-token`` and ``x-ci-security-token``: the vendor's page asks for the first, its SDKs send the
    second on job calls.

    Parameters
    ----------
    credentials : Credentials or callable
        A callable is asked for each request.
    lifetime : int, default 900
        Seconds from now in which the signature counts. It also counts 60 seconds back, as with the vendor's SDKs, so
        that a clock slightly ahead does no harm.
    clock : callable, default time.time
        Gives Unix seconds.

    Examples
    --------
    >>> import requests
    >>> from cardocr_nb.cloud import Credentials
    >>> call = requests.Request("GET", "http://b-1.ci.r.myqcloud.com/jobs", auth=CosAuth(Credentials("id", "key")))
    >>> call.prepare().headers["Host"]
    'b-1.ci.r.myqcloud.com'

    `httpx` takes it as ``auth``, too.
    """

    def __init__(
        self, credentials: CredentialsSource, *, lifetime: int = 900, clock: Callable[[], float] = time.time
    ) -> None:
        self._credentials, self._lifetime, self._clock = credentials, lifetime, clock

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Add ``Authorization``, and ``Host`` where it is missing, so that what is signed is what is sent."""
        credentials = current(self._credentials)
        now = int(self._clock())
        url = urlsplit(str(r.url or ""))  # httpx has an object here
        r.headers.setdefault("Host", _host(url))
        if credentials.token is not None:
            r.headers["x-cos-security-token"] = r.headers["x-ci-security-token"] = credentials.token
        r.headers["Authorization"] = sign(
            r.method or "",
            unquote(url.path) or "/",
            dict(parse_qsl(url.query, keep_blank_values=True)),
            _to_sign(r.headers),
            secret_id=credentials.secret_id,
            secret_key=credentials.secret_key,
            period=(now - _EARLIER, now + self._lifetime),
        )
        return r


def _to_sign(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name.lower() in _SIGNED or name.lower().startswith(_SIGNED_PREFIXES)
    }


def _host(url: SplitResult) -> str:
    name = url.hostname or ""
    name = f"[{name}]" if ":" in name else name
    return name if url.port in (None, _DEFAULT_PORTS.get(url.scheme)) else f"{name}:{url.port}"
