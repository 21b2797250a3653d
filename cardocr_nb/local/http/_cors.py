"""Cross-origin calls: which web pages may call the service from a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cardocr_nb._text_safety import describe
from cardocr_nb._transport import Response
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._service_fault import ServiceFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_METHODS = "GET, PUT, POST, DELETE, HEAD"
_MAX_AGE_SECONDS = 600
_ORIGIN = re.compile(r"https?://[a-z0-9._-]+(?::[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](?::[0-9]{1,5})?|null", re.ASCII)
_HEADER_LIST = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]*", re.ASCII)


class CorsPolicy:
    """Answers preflight requests and adds the headers without which a browser hides a response.

    Parameters
    ----------
    origins : iterable of str
        Origins that may call, such as ``http://localhost:8000``; ``*`` for all. None by default.

    Raises
    ------
    InvalidRequestError
        An origin has a path or another form that no browser sends.

    Examples
    --------
    >>> CorsPolicy(["http://localhost:8000"]).response_headers("http://localhost:8000", ["etag"])["vary"]
    'Origin'
    >>> CorsPolicy().response_headers("http://localhost:8000", ["etag"])
    {}
    """

    def __init__(self, origins: Iterable[str] = ()) -> None:
        self._origins = {origin.lower() for origin in origins}
        for origin in self._origins - {"*"}:
            if not _ORIGIN.fullmatch(origin):
                raise InvalidRequestError(
                    f"an allowed origin is scheme, host and port, such as http://localhost:8000, or *, got {describe(origin)}"
                )

    def preflight(self, headers: Mapping[str, str]) -> Response:
        """Answer an ``OPTIONS`` request.

        Parameters
        ----------
        headers : dict of str to str
            Names in lower case.

        Raises
        ------
        ServiceFault
            It is not a preflight request, or its origin is not allowed.
        """
        origin = headers.get("origin")
        method = headers.get("access-control-request-method", "")
        if origin is None or method not in _METHODS.split(", "):
            raise ServiceFault(400, "InvalidRequest", "OPTIONS needs Origin and a known Access-Control-Request-Method.")
        if not self._allows(origin):
            raise ServiceFault(
                403,
                "AccessForbidden",
                "CORSResponse: this origin is not allowed; start the service with --allow-origin.",
            )
        wanted = headers.get("access-control-request-headers", "")
        allowed = {
            "access-control-allow-origin": origin,
            "access-control-allow-methods": _METHODS,
            "access-control-allow-headers": wanted if _HEADER_LIST.fullmatch(wanted) else "",
            "access-control-max-age": str(_MAX_AGE_SECONDS),
            "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        }
        if headers.get("access-control-request-private-network") == "true":
            allowed["access-control-allow-private-network"] = "true"
        return Response(200, {name: value for name, value in allowed.items() if value})

    def response_headers(self, origin: str | None, names: Iterable[str]) -> dict[str, str]:
        """Return the headers to add to a response.

        Parameters
        ----------
        origin : str or None
            The request's header ``Origin``.
        names : iterable of str
            Headers of the response, which the page may then read.
        """
        if origin is None or not self._allows(origin):
            return {}
        exposed = sorted({*names, "content-length", "date"})  # the SDK corrects its clock by Date
        return {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": ", ".join(exposed),
            "vary": "Origin",
        }

    def _allows(self, origin: str) -> bool:
        return bool(_ORIGIN.fullmatch(origin.lower())) and ("*" in self._origins or origin.lower() in self._origins)
