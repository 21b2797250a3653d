r"""The request signature of COS and Cloud Infinite as pure functions: no clock, no network, no HTTP library.

The client signs with `sign`. A server parses the header with `read_authorization` and checks it with `matches`. Both
follow the three steps of the vendor's page "Request Signature" (document 436/7778):

.. code-block:: text

    SignKey      = hex(HMAC-SHA1(SecretKey, KeyTime))                 KeyTime = "start;end", Unix seconds
    StringToSign = "sha1\nKeyTime\n" + sha1hex(method\npath\nparams\nheaders\n) + "\n"
    Signature    = hex(HMAC-SHA1(SignKey, StringToSign))

SHA-1 is the only algorithm that the vendor supports.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from cardocr_nb.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAMES = (
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
)
_TIME = re.compile(r"([0-9]{1,12});([0-9]{1,12})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Authorization:
    """The parts of an ``Authorization`` header.

    Attributes
    ----------
    secret_id : str
        Id of the key that signed.
    sign_time, key_time : str
        ``start;end`` in Unix seconds; the vendor's clients set both to the same value.
    headers, params : tuple of str
        Names of what was signed, lower case and URL-encoded, as in the header.
    signature : str
        40 hexadecimal digits.
    """

    secret_id: str
    sign_time: str
    key_time: str
    headers: tuple[str, ...]
    params: tuple[str, ...]
    signature: str

    @property
    def period(self) -> tuple[int, int]:
        """Start and end of the time in which the signature is valid, Unix seconds."""
        spans = [tuple(map(int, span.split(";"))) for span in (self.sign_time, self.key_time)]
        return max(span[0] for span in spans), min(span[1] for span in spans)


def canonical(pairs: Mapping[str, str]) -> dict[str, str]:
    """Return query parameters or headers in the form that is signed.

    Parameters
    ----------
    pairs : dict of str to str
        Not URL-encoded.

    Returns
    -------
    dict of str to str
        Names URL-encoded (RFC 3986, also ``/``) and lower case, values URL-encoded, sorted by name.

    Examples
    --------
    >>> canonical({"prefix": "a/b c", "Delimiter": "/"})
    {'delimiter': '%2F', 'prefix': 'a%2Fb%20c'}
    """
    encoded = {_encoded(name).lower(): _encoded(value) for name, value in pairs.items()}
    return dict(sorted(encoded.items()))


def sign(
    method: str,
    path: str,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    *,
    secret_id: str,
    secret_key: str,
    period: tuple[int, int],
) -> str:
    """Return the value of the ``Authorization`` header.

    Parameters
    ----------
    method : str
        ``GET``, ``post``, …; the case is ignored.
    path : str
        Begins with ``/``, not URL-encoded.
    params, headers : dict of str to str
        All pairs to sign, not URL-encoded; the case of names is ignored.
    secret_id, secret_key : str
        The pair from the console, or a temporary pair, whose token must be in `headers`.
    period : (int, int)
        Start and end of the time in which the signature is valid, Unix seconds.

    Examples
    --------
    >>> sign("GET", "/", {}, {}, secret_id="AKID", secret_key="key", period=(1, 2))[:60]
    'q-sign-algorithm=sha1&q-ak=AKID&q-sign-time=1;2&q-key-time=1'
    """
    key_time = f"{period[0]};{period[1]}"
    signed_params, signed_headers = canonical(params), canonical(headers)
    http = _http_string(method, path, signed_params, signed_headers)
    signature = _signature(secret_key, key_time, key_time, http)
    values = ("sha1", secret_id, key_time, key_time, ";".join(signed_headers), ";".join(signed_params), signature)
    return "&".join(f"{name}={value}" for name, value in zip(_NAMES, values, strict=True))


def read_authorization(header: str) -> Authorization:
    """Parse the value of an ``Authorization`` header.

    Raises
    ------
    DecodeError
        The value is malformed; the message names the part and never contains the header.

    Examples
    --------
    >>> read_authorization(sign("GET", "/", {}, {"Host": "h"}, secret_id="I", secret_key="K", period=(1, 2))).headers
    ('host',)
    """
    parts = [part.partition("=") for part in header.strip().split("&")]
    values = {name: value for name, _, value in parts}
    if len(values) != len(parts) or set(values) != set(_NAMES):
        missing = sorted(set(_NAMES) - set(values))
        fault = f"without {', '.join(missing)}" if missing else "with parts that are repeated or unknown"
        raise DecodeError(f"Authorization must hold {', '.join(_NAMES)} once each, got one {fault}")
    if values["q-sign-algorithm"] != "sha1":
        raise DecodeError("q-sign-algorithm in Authorization must be sha1, the only algorithm of the service")
    for name in ("q-sign-time", "q-key-time"):
        if not _TIME.fullmatch(values[name]):
            raise DecodeError(f"{name} in Authorization must be 'start;end' in Unix seconds")
    return Authorization(
        secret_id=values["q-ak"],
        sign_time=values["q-sign-time"],
        key_time=values["q-key-time"],
        headers=_listed(values["q-header-list"]),
        params=_listed(values["q-url-param-list"]),
        signature=values["q-signature"],
    )


def matches(
    authorization: Authorization,
    method: str,
    path: str,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    *,
    secret_key: str,
) -> bool:
    """Return whether a signature matches its request.

    As in the cloud, only the names that the header lists count: a listed name that the request lacks is a mismatch, an
    unlisted name may have any value. The time is checked elsewhere, by `Authorization.period`.

    Parameters
    ----------
    authorization : Authorization
    method, path, params, headers
        Of the received request, not URL-encoded, as for `sign`.
    secret_key : str
        The key of ``authorization.secret_id``.

    Examples
    --------
    >>> text = sign("GET", "/a", {}, {"Host": "h"}, secret_id="I", secret_key="K", period=(1, 2))
    >>> [matches(read_authorization(text), "GET", path, {}, {"Host": "h"}, secret_key="K") for path in ("/a", "/b")]
    [True, False]
    """
    sent_params, sent_headers = canonical(params), canonical(headers)
    if not (sent_params.keys() >= set(authorization.params) and sent_headers.keys() >= set(authorization.headers)):
        return False
    http = _http_string(
        method,
        path,
        {name: sent_params[name] for name in sorted(authorization.params)},
        {name: sent_headers[name] for name in sorted(authorization.headers)},
    )
    expected = _signature(secret_key, authorization.key_time, authorization.sign_time, http)
    return hmac.compare_digest(expected.encode(), authorization.signature.encode("utf-8", "replace"))


def _encoded(value: str) -> str:
    return quote(value, safe="", errors="replace")


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name for name in names.split(";") if name)


def _http_string(method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> str:
    return f"{method.lower()}\n{path}\n{_joined(params.items())}\n{_joined(headers.items())}\n"


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)


def _signature(secret_key: str, key_time: str, sign_time: str, http: str) -> str:
    digest = hashlib.sha1(http.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    return _hmac(_hmac(secret_key, key_time), f"sha1\n{sign_time}\n{digest}\n")


def _hmac(key: str, message: str) -> str:
    return hmac.new(key.encode(), message.encode("utf-8", "replace"), hashlib.sha1).hexdigest()
