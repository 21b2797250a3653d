"""The service over HTTPS: sends a request once if it may be paid for."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from email.utils import formatdate
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import IO, TYPE_CHECKING, Self

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from cardocr_nb._transport import Response
from cardocr_nb.cloud._address import addresses, target
from cardocr_nb.cloud._connections import EXCHANGE, TooLargeError, WatchedAdapter, read_body
from cardocr_nb.cloud._credentials import Credentials, bucket_and_region
from cardocr_nb.cloud._retry import PatientRetry
from cardocr_nb.cloud._signing import CosAuth
from cardocr_nb.errors import InvalidRequestError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cardocr_nb._transport import Request
    from cardocr_nb.cloud._address import Endpoint
    from cardocr_nb.cloud._credentials import CredentialsSource

_log = logging.getLogger(__name__)
_HEADERS = {"User-Agent": "cardocr_nb", "Accept": "*/*", "Accept-Encoding": "identity"}
_MOST_BYTES = 64 * 2**20
"""Bytes of one answer at most: a page of 100 jobs has less than one million, a piece of a download 8 MiB."""
_NO_PROXY = {"http": "", "https": ""}


class CloudTransport:
    """Carry requests to the service in the cloud, or to another server with its protocol.

    - GET and HEAD are asked again after a lost connection, 429 and 5xx, with ``Retry-After``, back-off and jitter.
    - Everything else is sent once. A POST whose answer was lost may have made a job that is paid for; a synchronous
      recognition (``ci-process``) is a GET that is paid for, so it is sent once too. PUT of an object, cancel and
      DELETE could be repeated without harm, but only the caller knows whether they are still wanted: repeat them there.
    - Redirects are never followed: the signature holds the host name.
    - TLS certificates are always verified. Proxies and ``REQUESTS_CA_BUNDLE`` come from the environment as with
      ``requests``; ``.netrc`` and cookies are not used, and an endpoint on this machine is never reached by a proxy.
    - Connections are shared by all threads: nothing in the session changes after construction.

    Parameters
    ----------
    bucket : str
        ``<BucketName-APPID>``.
    region : str
        Such as ``ap-guangzhou``.
    credentials : Credentials or callable
        A callable that gives `Credentials` is asked for each request.
    endpoint : str or dict, optional
        A str takes the calls of all hosts, with the vendor's names in ``Host``: the embedded service, a gateway. A
        dict gives addresses by host (``ci``, ``cos``, ``region``), each sent with its own name: custom and internal
        domains. Default is the vendor's names over HTTPS.
    timeout : (float, float), default (10, 60)
        Seconds to connect, and to wait for the next byte of the answer.
    deadline : float, default 300
        Seconds for a whole call, with its retries: an answer that drips one byte at a time ends there. An upload of 20 MB
        needs 70 kB/s.
    retries : int, default 3
        How often a GET or HEAD is asked again.
    connections : int, default 32
        Connections kept open for each host; more threads than that open and close their own.
    proxies : dict of str to str, optional
        By scheme, as in ``requests``; replaces the environment's.
    ca_bundle : str or Path, optional
        Certificates to trust instead of the usual ones.
    sleep : callable, default time.sleep
        Called with the seconds to wait before asking again.

    Raises
    ------
    InvalidRequestError
        A name or endpoint that cannot be right.

    Examples
    --------
    >>> from cardocr_nb.cloud import CloudTransport, Credentials
    >>> with CloudTransport("cards-1250000000", "ap-guangzhou", Credentials("id", "key")) as transport:
    ...     transport
    CloudTransport('cards-1250000000', 'ap-guangzhou')
    """

    def __init__(
        self,
        bucket: str,
        region: str,
        credentials: CredentialsSource,
        *,
        endpoint: Endpoint | None = None,
        timeout: tuple[float, float] = (10.0, 60.0),
        deadline: float = 300.0,
        retries: int = 3,
        connections: int = 32,
        proxies: Mapping[str, str] | None = None,
        ca_bundle: str | Path | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.bucket, self.region, self.credentials = bucket, region, credentials
        self._addresses = addresses(bucket, region, endpoint)
        self._auth = CosAuth(credentials)
        self._timeout, self._deadline, self._proxies = timeout, deadline, proxies
        if ca_bundle is not None and not Path(ca_bundle).exists():
            raise InvalidRequestError(f"ca_bundle must be a file or folder with certificates, {ca_bundle} is not there")
        self._verify = True if ca_bundle is None else str(ca_bundle)
        self._asking = _session(PatientRetry.times(retries, sleep), connections)
        self._once = _session(Retry(0, read=False), connections)

    @classmethod
    def from_env(
        cls,
        *,
        bucket: str | None = None,
        region: str | None = None,
        endpoint: Endpoint | None = None,
        timeout: tuple[float, float] = (10.0, 60.0),
        retries: int = 3,
        connections: int = 32,
        proxies: Mapping[str, str] | None = None,
        ca_bundle: str | Path | None = None,
    ) -> CloudTransport:
        """Take credentials from the environment, and bucket and region too where they are not given.

        Parameters
        ----------
        bucket, region : str, optional
            Default is ``COS_BUCKET`` and ``COS_REGION``.
        endpoint, timeout, retries, connections, proxies, ca_bundle
            As for the class.

        Raises
        ------
        InvalidRequestError
            Something is neither given nor set; see `Credentials.from_env`.
        """
        return cls(
            *bucket_and_region(bucket, region),
            Credentials.from_env(),
            endpoint=endpoint,
            timeout=timeout,
            retries=retries,
            connections=connections,
            proxies=proxies,
            ca_bundle=ca_bundle,
        )

    def __repr__(self) -> str:
        return f"CloudTransport({self.bucket!r}, {self.region!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._asking.close()
        self._once.close()

    def send(self, request: Request) -> Response:
        """Send one request and return the response, of any status.

        Parameters
        ----------
        request : Request
            A body that is a path is streamed from the file.

        Raises
        ------
        InvalidRequestError
            The request cannot be sent as it is: nothing left this machine.
        TransportError
            No response came back. ``maybe_accepted`` says whether the service may have done what was asked; after a
            GET or HEAD that costs nothing it is False.
        """
        address = self._addresses[request.host]
        url = address.base + target(request)
        headers = _headers(request, address.host)
        repeatable = request.method in ("GET", "HEAD") and "ci-process" not in request.params
        proxies = _NO_PROXY if self._proxies is None and address.loopback else self._proxies
        session = self._asking if repeatable else self._once
        EXCHANGE.begin(self._deadline)
        failure: TransportError | None = None
        try:
            with (
                _opened(request) as body,
                session.request(
                    request.method,
                    url,
                    headers=headers,
                    data=body,
                    auth=self._auth,
                    timeout=self._timeout,
                    allow_redirects=False,
                    proxies=dict(proxies or {}),
                    verify=self._verify,
                    stream=True,
                ) as response,
            ):
                content = read_body(response, _MOST_BYTES)
        except (OSError, HTTPError, HTTPException) as e:
            failure = _lost(request, address.host, e, harmless=repeatable)
        if failure is not None:  # raised here, so that its context does not lead to the request with its signature
            raise failure
        found = {name.lower(): value for name, value in response.headers.items()}
        answer = Response(response.status_code, found, content)
        _log.debug(
            "%s %s%s: %d, request id %s", request.method, address.host, request.path, answer.status, answer.request_id
        )
        return answer


def _session(retry: Retry, connections: int) -> requests.Session:
    session = requests.Session()
    session.headers.clear()
    session.headers.update(_HEADERS)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    adapter = WatchedAdapter(max_retries=retry, pool_maxsize=connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _headers(request: Request, host: str) -> dict[str, str]:
    for name, value in request.headers.items():
        if not (name.isascii() and value.isascii() and (name + value).isprintable()) or value != value.strip():
            raise InvalidRequestError(
                f"the header {name!r} must be printable ASCII without space around it; URL-encode other text"
            )
    headers = CaseInsensitiveDict(request.headers)
    headers.update({"Host": host, "Date": formatdate(usegmt=True)})
    return dict(headers)


@contextmanager
def _opened(request: Request) -> Iterator[bytes | IO[bytes]]:
    """Give the body; of an empty file, nothing: a stream of unknown length would go out in chunks."""
    if not isinstance(request.body, Path):
        yield request.body
        return
    try:
        stream = request.body.open("rb")
    except OSError as e:
        raise InvalidRequestError(f"the file {request.body} cannot be read: {e.strerror}; nothing was sent") from None
    with stream:
        yield stream if request.body.stat().st_size else b""


def _lost(request: Request, host: str, error: Exception, *, harmless: bool) -> TransportError:
    """Make the error; its text holds no query, which may carry a signed address."""
    unsent = not EXCHANGE.sent
    maybe = not harmless and not unsent
    if unsent:
        advice = "Nothing was sent: check the network, the region and the endpoint, then call again"
    elif maybe:
        advice = "It may have arrived: look for it (client.list_jobs() shows jobs) before sending it again"
    else:
        advice = "Nothing was changed: call again"
    return TransportError(
        f"no answer to {request.method} {request.path} from {host}: {_reason(error)}. {advice}", maybe_accepted=maybe
    )


def _reason(error: Exception) -> str:
    causes = list(_causes(error))
    for cause in reversed(causes):
        if isinstance(cause, TooLargeError):
            return str(cause)
        if isinstance(cause, SSLCertVerificationError):
            return f"its certificate is not trusted ({cause.verify_message})"
        if isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__:
            return "timed out"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return type(causes[-1]).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Walk from an error of ``requests`` down to what happened, through the three places where it is kept.

    Never through ``__context__``: it may lead to the failure of an earlier call that the caller is just handling.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        inner = [getattr(error, "reason", None), *error.args, error.__cause__]
        error = next((e for e in inner if isinstance(e, BaseException) and e is not error), None)
