"""The calls that a test's program made, and the paid ones among them."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardocr_nb.cards import CardType
from cardocr_nb.local.http._app import App

if TYPE_CHECKING:
    from starlette.requests import Request as HttpRequest

    from cardocr_nb._transport import Host, Request, Response
    from cardocr_nb.local._service import Service
    from cardocr_nb.local.http._routing import Call
    from cardocr_nb.local.http._signature_verifier import SignatureVerifier
    from cardocr_nb.wire._records import Job

_CODE = re.compile(rb"<Code>([A-Za-z]{1,64})</Code>")
_FAILED = 400


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """One call of a program.

    Attributes
    ----------
    method : str
    host : {"ci", "cos", "region"}
        Kind of host: ``ci`` for job calls, ``cos`` for objects and synchronous recognition.
    path : str
        Of jobs, or of the object's key.
    status : int or None
        HTTP status; None if the connection was cut.
    code : str
        Code of the error, ``""`` if there was none.
    card_type : str or None
        Card type of a synchronous recognition, else None.
    """

    method: str
    host: str
    path: str
    status: int | None
    code: str = ""
    card_type: str | None = None


@dataclass(frozen=True, slots=True)
class PaidCall:
    """A recognition that the cloud charges for: an accepted job or an answered synchronous recognition.

    Attributes
    ----------
    key : str
    card_type : str
    job_id : str or None
        None for a synchronous recognition.
    """

    key: str
    card_type: str
    job_id: str | None


class LoggingApp(App):
    """The service as an ASGI application that keeps a list of its calls."""

    def __init__(self, service: Service, verifier: SignatureVerifier) -> None:
        super().__init__(service, verifier)
        self._log: list[ServiceCall] = []
        self._log_lock = threading.Lock()

    @property
    def calls(self) -> list[ServiceCall]:
        """The calls so far, in the order of their answers."""
        with self._log_lock:
            return list(self._log)

    def forget(self) -> None:
        """Begin a new list."""
        with self._log_lock:
            self._log.clear()

    async def _respond(self, request: HttpRequest) -> tuple[Host, Response]:
        host: Host = "cos"
        status, code = None, ""
        try:
            host, response = await super()._respond(request)
            status = response.status
            if status >= _FAILED:
                found = _CODE.search(response.body)
                code = found[1].decode() if found else ""
            return host, response
        finally:
            self._add(request, host, status, code)

    def _add(self, request: HttpRequest, host: str, status: int | None, code: str) -> None:
        call: Call | None = request.scope["state"].get("cardocr_call")
        path = call.path if call else request.scope["path"]
        host = call.host if call else host
        card_type = None
        if call and call.params.get("ci-process") == "AILicenseRec":
            card_type = call.params.get("CardType") or str(CardType.DRIVER_LICENSE)
        with self._log_lock:
            self._log.append(ServiceCall(request.method, host, path, status, code, card_type))

    async def _answer(self, http_request: HttpRequest, call: Call, request: Request) -> Response:
        http_request.scope["state"]["cardocr_call"] = call
        return await super()._answer(http_request, call, request)


def paid_calls(accepted: list[Job], calls: list[ServiceCall]) -> list[PaidCall]:
    """List the accepted jobs, then the answered synchronous recognitions."""
    jobs = [PaidCall(job.key or "", job.card_type or "", job.id) for job in accepted]
    recognized = [
        PaidCall(call.path.removeprefix("/"), call.card_type, None)
        for call in calls
        if call.card_type is not None and call.method == "GET" and call.status == 200
    ]
    return jobs + recognized
