"""Which addresses the embedded service calls: this machine's own, and hosts that were allowed by name.

A callback address or ``detect-url`` comes from whoever may submit. Without this limit the service would be a way into
the network that it stands in.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from urllib.parse import SplitResult

_TIMEOUT = (3.0, 10.0)
_CHUNK = 1 << 16


class FetchError(InvalidRequestError):
    """An address that may be called gave no picture."""


class _Named(HTTPAdapter):
    """Checks a certificate against the name in the address, not against the number that is called."""

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools."""
        super().init_poolmanager(*args, server_hostname=self._name, assert_hostname=self._name, **kwargs)


class UrlGuard:
    """Calls addresses within reach.

    Parameters
    ----------
    allowed : iterable of str
        Names of hosts beyond this machine.

    Examples
    --------
    >>> UrlGuard().check("http://192.0.2.1/")
    Traceback (most recent call last):
    cardocr_nb.errors.InvalidRequestError: the address names the host '192.0.2.1', which is not this machine; the \
embedded service calls loopback addresses, and hosts that it was told to allow (--allow-callback)
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = {host.lower() for host in allowed}

    def check(self, url: str) -> str | None:
        """Give the number to call in place of the name; None where the name itself is allowed.

        Raises
        ------
        InvalidRequestError
            The address is out of reach, or none.
        """
        parts, port = _parts(url)
        host = (parts.hostname or "").lower()
        if host in self._allowed:
            return None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            numbers = [str(entry[4][0]) for entry in found]
        except (OSError, UnicodeError):
            raise InvalidRequestError(f"the address names the host {host!r}, which is not known here") from None
        if not numbers or not all(ipaddress.ip_address(n.partition("%")[0]).is_loopback for n in numbers):
            raise InvalidRequestError(
                f"the address names the host {host!r}, which is not this machine; the embedded service calls "
                "loopback addresses, and hosts that it was told to allow (--allow-callback)"
            )
        return numbers[0]

    @contextmanager
    def call(self, method: str, url: str, **options: Any) -> Iterator[requests.Response]:
        """Call an address: without redirects, proxies or cookies, and where its name was checked, by its number.

        Raises
        ------
        InvalidRequestError
            The address is out of reach.
        requests.RequestException
        """
        number = self.check(url)
        parts, _ = _parts(url)
        headers = {"User-Agent": "cardocr_nb", **options.pop("headers", {})}
        with requests.Session() as session:
            session.trust_env = False
            if number is not None:
                headers["Host"] = parts.netloc.rpartition("@")[2]
                session.mount("https://", _Named(parts.hostname or ""))
                url = parts._replace(netloc=_by_number(parts, number)).geturl()
            with session.request(
                method, url, headers=headers, timeout=_TIMEOUT, allow_redirects=False, stream=True, **options
            ) as response:
                yield response

    def fetch(self, url: str, limit: int, seconds: float = 30.0) -> bytes:
        """Get what stands at an address.

        Parameters
        ----------
        url : str
        limit : int
            Bytes, at most.
        seconds : float, default 30
            Until all of it has come.

        Raises
        ------
        FetchError
            It did not come, is too long, or took too long.
        InvalidRequestError
            The address is out of reach.
        """
        deadline = time.monotonic() + seconds
        body = bytearray()
        try:
            with self.call("GET", url) as response:
                if response.status_code != 200:
                    raise FetchError(f"the address answered {response.status_code}, expected 200")
                for chunk in response.iter_content(_CHUNK):
                    body += chunk
                    if len(body) > limit:
                        raise FetchError(f"what stands at the address is longer than {limit} bytes")
                    if time.monotonic() > deadline:
                        raise FetchError(f"what stands at the address did not come in {seconds:g} s")
        except (requests.RequestException, OSError) as e:
            raise FetchError(f"the address cannot be read: {type(e).__name__}") from None
        return bytes(body)


def _parts(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise InvalidRequestError("an address must be http:// or https:// with a host")
    return parts, port


def _by_number(parts: SplitResult, number: str) -> str:
    user, at, _ = parts.netloc.rpartition("@")
    host = f"[{number}]" if ":" in number else number
    return f"{user}{at}{host}" + ("" if parts.port is None else f":{parts.port}")
