"""One request, from its head to its reply: route, signature, limits, body, service."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.requests import Request as HttpRequest

from cardocr_nb._transport import Request
from cardocr_nb.errors import TransportError
from cardocr_nb.local._object_calls import Stored
from cardocr_nb.local._service import identified
from cardocr_nb.local._service_fault import ServiceFault, no_such_bucket, slow_down
from cardocr_nb.local.http._connection import ABORT, written
from cardocr_nb.local.http._request_body import (
    MAX_JOB_BYTES,
    MAX_OBJECT_BYTES,
    ClientDisconnected,
    check_length,
    receive,
    stored,
)
from cardocr_nb.local.http._routing import Call, read_target, route

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from cardocr_nb._transport import Host, Response
    from cardocr_nb.local._service import Service
    from cardocr_nb.local.http._signature_verifier import SignatureVerifier

log = logging.getLogger(__name__)

_THREADS = 16
_MOST_RECOGNITIONS = 100
_PIECE = 1 << 18
_WITHOUT_BODY = (204, 304)


class _Shortened(Exception):  # noqa: N818 - no error: the object was changed in place while it was sent
    """There is less of the file than was promised."""


class App:
    """The service as an ASGI application.

    Parameters
    ----------
    service : Service
    gate : Gate
    patience : float, default 60
        Seconds in which a head must have come, then a body, and in which a client must take a piece of an answer.
    readers : int, default 1
        Synchronous recognitions at the same time.
    """

    def __init__(self, service: Service, gate: SignatureVerifier, *, patience: float = 60.0, readers: int = 1) -> None:
        self.service, self.gate, self.patience = service, gate, patience
        self._calls = ThreadPoolExecutor(_THREADS, "cardocr-call")
        self._readings = ThreadPoolExecutor(readers, "cardocr-reading")
        self._recognitions = 0

    def close(self) -> None:
        """Give back the threads; what they are doing is finished."""
        self._calls.shutdown()
        self._readings.shutdown(cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = HttpRequest(scope, receive)
        begun = time.monotonic()
        try:
            host, reply = await self._reply(request)
            await self._send(reply, send)
        except (TransportError, ClientDisconnected, TimeoutError, _Shortened) as e:
            scope["state"][ABORT]()
            log.info("%s cut: %s", request.method, type(e).__name__)
            return
        passed = (time.monotonic() - begun) * 1000
        log.info("%s %s %d %.0f ms %s", request.method, host, reply.status, passed, reply.request_id)

    async def _reply(self, request: HttpRequest) -> tuple[Host, Response]:
        host: Host = "cos"
        try:
            headers = _headers(request)
            call = self._route(request, headers)
            host = call.host
            params = self.gate.check(call, headers)
            return host, await self._answer(request, call, Request(call.method, call.path, host, params, headers))
        except ServiceFault as e:
            refusal = e
        except OSError as e:
            log.error("the disk failed: %s", e.strerror)  # noqa: TRY400 - a full disk needs no trace
            refusal = ServiceFault(500, "InternalError", "The service's disk failed.", {"connection": "close"})
        request_id = uuid.uuid4().hex
        # A client that asked first may never send its body now; its next request must not be taken for that.
        close = {"connection": "close"} if "expect" in request.headers else {}
        return host, identified(refusal.reply(request_id, request.scope["path"]), host, request_id, close)

    def _route(self, request: HttpRequest, headers: dict[str, str]) -> Call:
        path, params, host = read_target(request.scope["raw_path"], request.scope["query_string"])
        return route(request.method, host or headers.get("host", ""), path, params, self.service.buckets)

    async def _answer(self, request: HttpRequest, call: Call, asked: Request) -> Response:
        """Take the body where the call has one, and hand it all to the service."""
        if call.host != "cos":
            body = b""
            if call.method in ("POST", "PUT"):
                check_length(asked.headers, MAX_JOB_BYTES, encoded=False)
                body = await receive(request, MAX_JOB_BYTES, self.patience)
            return await self._serve(self._calls, call.bucket, replace(asked, body=body))
        if call.method == "PUT" and call.path != "/":
            bucket = self.service.buckets.get(call.bucket)
            if bucket is None:
                raise no_such_bucket()
            check_length(asked.headers, MAX_OBJECT_BYTES, encoded=True)
            async with stored(request, bucket, MAX_OBJECT_BYTES, self.patience) as path:
                return await self._serve(self._calls, call.bucket, replace(asked, body=path))
        if "ci-process" not in asked.params:
            return await self._serve(self._calls, call.bucket, asked)
        if self._recognitions >= _MOST_RECOGNITIONS:
            raise slow_down(f"{_MOST_RECOGNITIONS} recognitions are waiting.")
        self._recognitions += 1
        try:
            return await self._serve(self._readings, call.bucket, asked)
        finally:
            self._recognitions -= 1

    async def _serve(self, threads: ThreadPoolExecutor, bucket: str, asked: Request) -> Response:
        return await asyncio.get_running_loop().run_in_executor(threads, self.service.answer, bucket, asked)

    async def _send(self, reply: Response, send: Send) -> None:
        async def patiently(message: Message) -> None:
            async with asyncio.timeout(self.patience):
                await send(message)

        if isinstance(reply, Stored):
            with reply.file:
                await _send_file(reply, patiently)
            return
        length = None if reply.status in _WITHOUT_BODY else len(reply.body)
        headers = written(reply.headers, length)
        await patiently({"type": "http.response.start", "status": reply.status, "headers": headers})
        await patiently({"type": "http.response.body", "body": reply.body})


def _headers(request: HttpRequest) -> dict[str, str]:
    """Give the headers, those that stand more than once joined as one."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


async def _send_file(reply: Stored, send: Send) -> None:
    headers = written(reply.headers, reply.length)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    left = reply.length
    while left:
        piece = await asyncio.to_thread(reply.file.read, min(left, _PIECE))
        if not piece:
            raise _Shortened
        left -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
