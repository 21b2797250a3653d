"""Addresses: the service's host names, custom endpoints, and the request target."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, get_args
from urllib.parse import quote, urlsplit

from cardocr_nb._text_safety import describe, shown_path, shown_word
from cardocr_nb._transport import Host
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from cardocr_nb._transport import Request

Endpoint = str | Mapping[Host, str]

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_WITH_APPID = re.compile(r".+-[0-9]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """Where to connect, and the name that is sent and signed as ``Host``."""

    base: str
    host: str

    @property
    def loopback(self) -> bool:
        """Whether it is this machine."""
        name = urlsplit(self.base).hostname or ""
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return name == "localhost"


def addresses(bucket: str, region: str, endpoint: Endpoint | None = None) -> dict[Host, Address]:
    """Return the address of each of the three hosts.

    Parameters
    ----------
    bucket : str
        ``<BucketName-APPID>``; the APPID may only be absent where an endpoint takes all calls.
    region : str
        Such as ``ap-guangzhou``.
    endpoint : str or dict, optional
        One address for all three, which then differ in the vendor's name in ``Host``; or addresses by host
        (``ci``, ``cos``, ``region``), each with its own name in ``Host``, as a custom or internal domain needs it.

    Raises
    ------
    InvalidRequestError
        A name that cannot be part of a host name, or an endpoint that is not a plain address.

    Examples
    --------
    >>> addresses("cards-1250000000", "ap-guangzhou")["ci"]
    Address(base='https://cards-1250000000.ci.ap-guangzhou.myqcloud.com', host='cards-1250000000.ci.ap-guangzhou.myqcloud.com')
    >>> addresses("cards", "local", "http://127.0.0.1:8086")["cos"]
    Address(base='http://127.0.0.1:8086', host='cards.cos.local.myqcloud.com')
    >>> addresses("cards-1250000000", "ap-guangzhou", {"cos": "https://cards.example.com"})["cos"].host
    'cards.example.com'
    """
    for name, value in (("bucket", bucket), ("region", region)):
        if not (isinstance(value, str) and _NAME.fullmatch(value)):
            raise InvalidRequestError(f"{name} must be lower-case letters, digits and hyphens, got {shown_word(value)}")
    if not isinstance(endpoint, str) and not _WITH_APPID.fullmatch(bucket):
        raise InvalidRequestError(
            f"bucket must be the full name with the APPID, such as cards-1250000000, got {shown_word(bucket)}; "
            "the console shows it in the list of buckets"
        )
    names: dict[Host, str] = {
        "ci": f"{bucket}.ci.{region}.myqcloud.com",
        "cos": f"{bucket}.cos.{region}.myqcloud.com",
        "region": f"ci.{region}.myqcloud.com",
    }
    if isinstance(endpoint, str):
        base = _parts(endpoint)[0]
        return {host: Address(base, name) for host, name in names.items()}
    own = {host: Address(*_parts(text)) for host, text in (endpoint or {}).items()}
    if unknown := sorted(set(own) - set(get_args(Host))):
        raise InvalidRequestError(f"endpoint must name hosts out of {', '.join(names)}, got {', '.join(unknown)}")
    return {host: Address(f"https://{name}", name) for host, name in names.items()} | own


def target(request: Request) -> str:
    """Return the path and query of a request, URL-encoded so that the service reads exactly what was meant.

    Raises
    ------
    InvalidRequestError
        The path cannot be sent: it does not begin with ``/``, is ``/.`` or ``/..``, or is not valid Unicode.

    Examples
    --------
    >>> from cardocr_nb._transport import Request
    >>> target(Request("GET", "/front/a b+%.jpg")), target(Request("PUT", "/jobs/j1", params={"cancel": ""}))
    ('/front/a%20b%2B%25.jpg', '/jobs/j1?cancel')
    """
    root, rest = request.path[:1], request.path[1:]
    if root != "/" or rest in (".", ".."):
        raise InvalidRequestError(
            f"a path must begin with '/' and name more than '.' or '..', got {describe(request.path)}"
        )
    # HTTP libraries and proxies fold "//", "/./" and "/../" away; an encoded slash they leave alone.
    foldable = rest.startswith("/") or any(part in (".", "..") for part in rest.split("/"))
    try:
        query = [quote(k, safe="") + (f"={quote(v, safe='')}" if v else "") for k, v in request.params.items()]
        path = "/" + quote(rest, safe="" if foldable else "/")
    except UnicodeEncodeError:
        raise InvalidRequestError(
            f"the path {shown_path(request.path)} or a parameter is not valid Unicode; rename the file and upload it again"
        ) from None
    return f"{path}?{'&'.join(query)}" if query else path


def _parts(endpoint: str) -> tuple[str, str]:
    """Return the base address, and the name for ``Host``."""
    wrong = InvalidRequestError(
        "an endpoint must be http:// or https:// with a host and perhaps a port, such as http://127.0.0.1:8086, "
        "without user, path or query"
    )
    try:
        url = urlsplit(endpoint)
        port = url.port
    except (ValueError, AttributeError):
        raise wrong from None
    if url.scheme not in _DEFAULT_PORTS or not url.hostname or port == 0 or _more(url):
        raise wrong
    name = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    host = name if port in (None, _DEFAULT_PORTS[url.scheme]) else f"{name}:{port}"
    return f"{url.scheme}://{host}", host


def _more(url: SplitResult) -> bool:
    odd = not url.netloc.isascii() or not re.fullmatch(r"[^\s@]+", url.netloc)
    return odd or url.path not in ("", "/") or bool(url.query or url.fragment)
