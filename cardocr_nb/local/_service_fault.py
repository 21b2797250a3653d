"""Refusals in the vendor's words, and the reading of arguments that leads to them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cardocr_nb._transport import Response
from cardocr_nb.wire._encode import SERVICE_TIME, error_xml
from cardocr_nb.wire._limits import UNFIT_FOR_XML
from cardocr_nb.wire._records import Error

if TYPE_CHECKING:
    from collections.abc import Mapping

XML = {"content-type": "application/xml"}


class ServiceFault(Exception):  # noqa: N818 - an answer of the service, not a fault of this program
    """A call is refused, in the vendor's words.

    Attributes
    ----------
    status : int
    code : str
    headers : dict of str to str
        Names in lower case.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.code, self.headers = status, code, dict(headers or {})
        super().__init__(message)

    def reply(self, request_id: str, resource: str) -> Response:
        """Give the answer that says so, about the bucket and path that were called."""
        message, about = (UNFIT_FOR_XML.sub("?", text) for text in (" ".join(str(self).split()), resource))
        body = error_xml(Error(self.code, message, resource=about, request_id=request_id, trace_id=request_id))
        return Response(self.status, {**XML, **self.headers}, body)


def not_allowed() -> ServiceFault:
    """Refuse a method."""
    return ServiceFault(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")


def no_such_bucket() -> ServiceFault:
    """Refuse a bucket."""
    return ServiceFault(404, "NoSuchBucket", "The specified bucket does not exist.")


def no_such_call() -> ServiceFault:
    """Refuse a path."""
    return ServiceFault(404, "NoSuchResource", "There is no such call.")


def slow_down(message: str, *, code: str = "SlowDown", status: int = 503) -> ServiceFault:
    """Refuse a call that comes too early."""
    return ServiceFault(status, code, message, {"retry-after": "1"})


def whole(text: str, name: str, least: int = 0, most: int = 10**18) -> int:
    """Read a whole number.

    Raises
    ------
    Refusal

    Examples
    --------
    >>> whole("10", "size")
    10
    """
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
    if not least <= number <= most:
        bounds = "" if most == 10**18 else f" from {least} to {most}"
        raise ServiceFault(400, "InvalidArgument", f"{name} must be a whole number{bounds}.")
    return number


def moment(text: str | None, name: str) -> datetime | None:
    """Read a time, +0800 where no offset stands; None when there is none.

    Raises
    ------
    Refusal
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        found.timestamp()
    except (ValueError, OverflowError):
        raise ServiceFault(400, "InvalidArgument", f"{name} must be a time such as 2001-01-01T00:00:00+0800.") from None
    return found if found.tzinfo else found.replace(tzinfo=SERVICE_TIME)
