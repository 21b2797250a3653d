"""Addresses that the embedded service may call: those of this machine, and of hosts that were allowed by name.

A callback address or ``detect-url`` comes from anyone who may submit. Without this guard the service would open the
network around it to them. One parser reads the address, the host is resolved once, and the connection goes to the
resolved number that was checked: no other parser and no second resolution can reach another host.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import certifi

from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_CONNECT_SECONDS = 3.0
_CHUNK = 1 << 16
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<authority>(?P<host>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?)"
    r"(?:(?P<target>[/?][^\\#\s\x00-\x1f\x7f]*)(?:#[^\\\s\x00-\x1f\x7f]*)?)?",
    re.IGNORECASE | re.ASCII,
)
_LAST_LABEL_IS_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)

# DNS64 gives hosts that have an IPv4 number only a number in this network, https://www.rfc-editor.org/rfc/rfc6052.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Bytes of an IPv6 number that hold an IPv4 one if a network translates behind a prefix of its own, RFC 6052, 2.2; in all but
# the last form the byte 8 is zero.
_TRANSLATED = ((4, 5, 6, 7), (5, 6, 7, 9), (6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15))
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")
"""Bytes 8 to 11 before the IPv4 number, behind any prefix, RFC 5214, 6.1."""
_SECRET_IPV4 = tuple(
    map(ipaddress.ip_network, ("127.0.0.0/16", "169.254.0.0/16", "100.100.100.200", "168.63.129.16", "192.0.0.192"))
)
_NEVER_CALLED = tuple(
    map(
        ipaddress.ip_network,
        (
            # Reserved; IPv4 inside of IPv6: compatible, mapped and translated forms, NAT64 of one site, Teredo, 6to4.
            *("0.0.0.0/8", "240.0.0.0/4", "::/8", "64:ff9b:1::/48", "2001::/32", "2002::/16"),
            # Metadata and secrets of Alibaba Cloud, Azure, Oracle Cloud, AWS, Scaleway, Google Cloud.
            *("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::/32", "fd00:42::42", "fd20:ce::254"),
        ),
    )
)


class FetchError(InvalidRequestError):
    """The content of an address that may be called cannot be downloaded."""


@dataclass(frozen=True, slots=True)
class _Url:
    scheme: str
    authority: str
    host: str
    port: int
    target: str


class UrlGuard:
    """Calls addresses of this machine and of allowed hosts only.

    Parameters
    ----------
    allowed_hosts : iterable of str
        Hosts other than this machine, as they appear in addresses.

    Examples
    --------
    >>> UrlGuard().check("http://192.0.2.1/")
    Traceback (most recent call last):
    cardocr_nb.errors.InvalidRequestError: the address has the host '192.0.2.1', which is not this machine; the \
embedded service calls loopback addresses and the hosts that it is started with (--allow-callback, allowed_hosts=)
    """

    def __init__(self, allowed_hosts: Iterable[str] = ()) -> None:
        self._allowed = {host.lower().removeprefix("[").removesuffix("]") for host in allowed_hosts}

    def check(self, url: str) -> list[str]:
        """Return the numbers that the host of an address resolves to; all of them may be called.

        Raises
        ------
        InvalidRequestError
            It is not an http or https address, or its host may not be called.
        """
        return self._resolve(_parse(url))

    def _resolve(self, url: _Url) -> list[str]:
        try:
            found = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise InvalidRequestError(f"the address has the host {url.host!r}, which has no number here") from None
        numbers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        is_allowed = url.host in self._allowed
        if is_allowed and numbers and not all(map(_is_unicast, numbers)):
            raise InvalidRequestError(
                f"the address has the host {url.host!r}, which is allowed, but has a number that is never called: one of "
                "cloud metadata, link-local, reserved, or with an IPv4 number inside of an IPv6 one"
            )
        if not numbers or not (is_allowed or all(map(_is_loopback, numbers))):
            raise InvalidRequestError(
                f"the address has the host {url.host!r}, which is not this machine; the embedded service calls "
                "loopback addresses and the hosts that it is started with (--allow-callback, allowed_hosts=)"
            )
        return numbers

    @contextmanager
    def open(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None, seconds: float = 30
    ) -> Iterator[http.client.HTTPResponse]:
        """Call an address without redirects, proxies or cookies.

        Parameters
        ----------
        method, url : str
        body : bytes
        headers : dict of str to str, optional
        seconds : float, default 30
            Time limit for the whole call, the reading of the response included.

        Raises
        ------
        InvalidRequestError
            The address may not be called.
        OSError, http.client.HTTPException
            The call failed.
        """
        parsed = _parse(url)
        deadline = time.monotonic() + seconds
        with closing(_connect(parsed, self._resolve(parsed), seconds)) as sock:
            # A peer that sends a byte now and then never reaches the socket's own time limit.
            timer = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [sock])
            timer.daemon = True
            timer.start()
            try:
                connection = http.client.HTTPConnection(parsed.host)
                connection.sock = sock
                connection.putrequest(method, parsed.target, skip_host=True, skip_accept_encoding=True)
                sent = {"Host": parsed.authority, "User-Agent": "cardocr_nb", "Connection": "close", **(headers or {})}
                if method != "GET":
                    sent["Content-Length"] = str(len(body))
                for name, value in sent.items():
                    connection.putheader(name, value)
                connection.endheaders(body or None)
                yield connection.getresponse()
            finally:
                timer.cancel()

    def fetch(self, url: str, limit: int, seconds: float = 30.0) -> bytes:
        """Download the content of an address.

        Parameters
        ----------
        url : str
        limit : int
            Largest size, bytes.
        seconds : float, default 30
            Time limit for all of it.

        Raises
        ------
        FetchError
            The download failed, is too long, or took too long.
        InvalidRequestError
            The address may not be called.
        """
        deadline = time.monotonic() + seconds
        content = bytearray()
        try:
            with self.open("GET", url, seconds=seconds) as response:
                if response.status != 200:
                    raise FetchError(f"the address answered {response.status}, expected 200")
                while chunk := response.read(_CHUNK):
                    content += chunk
                    if len(content) > limit:
                        raise FetchError(f"the content of the address is longer than {limit} bytes")
        except (OSError, http.client.HTTPException) as e:
            if time.monotonic() >= deadline:
                raise FetchError(f"the content of the address did not arrive within {seconds:g} s") from None
            raise FetchError(f"the address cannot be read: {type(e).__name__}") from None
        if time.monotonic() >= deadline:  # cut by the timer, which looks like the end of a response without a length
            raise FetchError(f"the content of the address did not arrive within {seconds:g} s")
        return bytes(content)


def _parse(url: str) -> _Url:
    """Parse an address, and refuse what two parsers could read in two ways: user names, backslashes, ``127.1``."""
    match = _URL.fullmatch(url)
    port = 0 if match is None else int(match["port"] or {"http": 80, "https": 443}[match["scheme"].lower()])
    if match is None or not 0 < port < 65536 or not _is_host(match["host"].lower()):
        raise InvalidRequestError(
            "an address must be http:// or https:// with a plain host name or number, an optional port, and no user "
            "name, space or backslash"
        )
    target = quote(match["target"] or "/", safe="/?&=%:@!$'()*+,;~-._[]|")
    target = target if target.startswith("/") else f"/{target}"
    host = match["host"].lower().removeprefix("[").removesuffix("]")
    return _Url(match["scheme"].lower(), match["authority"].lower(), host, port, target)


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
        return True
    if _LAST_LABEL_IS_NUMBER.fullmatch(host):
        try:
            return str(ipaddress.IPv4Address(host)) == host
        except ValueError:
            return False
    return len(host) <= 253 and all(0 < len(label) <= 63 for label in host.split("."))


def _is_loopback(number: str) -> bool:
    address = ipaddress.ip_address(number.partition("%")[0])
    # Python reads ::ffff:127.0.0.1 as loopback only from 3.13 on; no one needs that form of the number.
    return address.is_loopback and not (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped)


def _is_unicast(number: str) -> bool:
    """Return whether an allowed host may have this number: none at which clouds keep secrets, in any form of it."""
    address = ipaddress.ip_address(number.partition("%")[0])
    if address in _NAT64:
        address = ipaddress.IPv4Address(address.packed[-4:])
        if address.is_loopback:
            return False
    if address.is_loopback:
        return _is_loopback(str(address))
    if isinstance(address, ipaddress.IPv6Address) and _hides_secret_ipv4(address.packed):
        return False
    return not (address.is_link_local or address.is_multicast) and all(address not in net for net in _NEVER_CALLED)


def _hides_secret_ipv4(number: bytes) -> bool:
    """Return whether the 16 bytes of an IPv6 number lead to an IPv4 number that is never called, behind any prefix."""
    if number[8:12] in _ISATAP:
        return True
    forms = _TRANSLATED if number[8] == 0 else _TRANSLATED[-1:]
    inside = [ipaddress.IPv4Address(bytes(number[at] for at in form)) for form in forms]
    return any(address in net for address in inside for net in _SECRET_IPV4)


def _connect(url: _Url, numbers: list[str], seconds: float) -> socket.socket:
    """Connect to the first of the numbers that accepts."""
    failure: OSError = OSError("the host has no number")
    for number in numbers:
        try:
            sock = socket.create_connection((number, url.port), timeout=min(_CONNECT_SECONDS, max(0.001, seconds)))
        except OSError as e:
            failure = e
            continue
        try:
            sock.settimeout(max(0.001, seconds))
            return _wrap(sock, url.host) if url.scheme == "https" else sock
        except BaseException:  # Ctrl-C too: the socket has no other owner yet
            sock.close()
            raise
    raise failure


def _wrap(sock: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context.wrap_socket(sock, server_hostname=host)


def _cut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the peer closed first
