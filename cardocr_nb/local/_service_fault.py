"""Error answers in the vendor's words, and the parsers of arguments that raise them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cardocr_nb._transport import Response
from cardocr_nb.wire._encode import error_xml
from cardocr_nb.wire._limits import UNFIT_FOR_XML
from cardocr_nb.wire._records import SERVICE_TIME, Error

if TYPE_CHECKING:
    from collections.abc import Mapping

XML = {"content-type": "application/xml"}


class ServiceFault(Exception):  # noqa: N818 - an answer of the service, not an error of this program
    """The service refuses a call.

    Attributes
    ----------
    status : int
    code : str
        The vendor's error code.
    headers : dict of str to str
        Names in lower case.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.code, self.headers = status, code, dict(headers or {})
        super().__init__(message)

    def response(self, request_id: str, resource: str) -> Response:
        """Return the error response; `resource` is the bucket and path that were called."""
        message, safe_resource = (UNFIT_FOR_XML.sub("?", text) for text in (" ".join(str(self).split()), resource))
        body = error_xml(Error(self.code, message, resource=safe_resource, request_id=request_id, trace_id=request_id))
        return Response(self.status, {**XML, **self.headers}, body)


def method_not_allowed() -> ServiceFault:
    """Return the fault for a method that the resource does not have."""
    return ServiceFault(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")


def no_such_bucket() -> ServiceFault:
    """Return the fault for an unknown bucket."""
    return ServiceFault(404, "NoSuchBucket", "The specified bucket does not exist.")


def no_such_key() -> ServiceFault:
    """Return the fault for an unknown object."""
    return ServiceFault(404, "NoSuchKey", "The specified key does not exist.")


def no_such_resource() -> ServiceFault:
    """Return the fault for an unknown path."""
    return ServiceFault(404, "NoSuchResource", "The specified resource does not exist.")


def slow_down(message: str, *, code: str = "SlowDown", status: int = 503) -> ServiceFault:
    """Return the fault that asks the client to slow down."""
    return ServiceFault(status, code, message, {"retry-after": "1"})


def parse_int(text: str, name: str, least: int = 0, most: int = 10**18) -> int:
    """Parse the whole number of an argument.

    Raises
    ------
    ServiceFault

    Examples
    --------
    >>> parse_int("10", "size")
    10
    """
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
    if not least <= number <= most:
        bounds = "" if most == 10**18 else f" from {least} to {most}"
        raise ServiceFault(400, "InvalidArgument", f"{name} must be a whole number{bounds}.")
    return number


def parse_time(text: str | None, name: str) -> datetime | None:
    """Parse the time of an argument, at +0800 if it has no offset; an empty one is None.

    Raises
    ------
    ServiceFault
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        time.timestamp()
    except (ValueError, OverflowError):
        raise ServiceFault(400, "InvalidArgument", f"{name} must be a time such as 2001-01-01T00:00:00+0800.") from None
    return time if time.tzinfo else time.replace(tzinfo=SERVICE_TIME)
