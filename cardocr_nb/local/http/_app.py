"""One request, from its head to its response: routing, signature, limits, body, service."""

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
from cardocr_nb.local._object_calls import FileResponse
from cardocr_nb.local._service import with_headers, with_request_id
from cardocr_nb.local._service_fault import ServiceFault, no_such_bucket, slow_down
from cardocr_nb.local.http._connection import ABORT, wire_headers
from cardocr_nb.local.http._connection_limit import ConnectionLimit
from cardocr_nb.local.http._cors import CorsPolicy
from cardocr_nb.local.http._request_body import (
    MAX_JOB_BYTES,
    MAX_OBJECT_BYTES,
    ClientDisconnected,
    check_length,
    read_body,
    spool_body,
)
from cardocr_nb.local.http._routing import Call, parse_target, route

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from cardocr_nb._transport import Host, Response
    from cardocr_nb.local._service import Service
    from cardocr_nb.local.http._signature_verifier import SignatureVerifier

log = logging.getLogger(__name__)

_THREADS = 16
_MAX_RECOGNITIONS = 100
_PIECE = 1 << 18
_WITHOUT_BODY = (204, 304)


class _FileShortened(Exception):  # noqa: N818 - the object was changed while it was sent
    """The file ended before its announced length."""


class App:
    """The service as an ASGI application.

    Parameters
    ----------
    service : Service
    verifier : SignatureVerifier
    request_timeout : float, default 60
        Seconds for a head to arrive, for a body to arrive, and for a client to receive each piece of a response.
    readers : int, default 1
        Number of synchronous recognitions at the same time.
    cors : CorsPolicy, optional
        Web pages that may call; default is none.
    limit : ConnectionLimit, optional
        Limit on open connections.
    """

    def __init__(
        self,
        service: Service,
        verifier: SignatureVerifier,
        *,
        request_timeout: float = 60.0,
        readers: int = 1,
        cors: CorsPolicy | None = None,
        limit: ConnectionLimit | None = None,
    ) -> None:
        self.service, self.verifier, self.request_timeout = service, verifier, request_timeout
        self._calls = ThreadPoolExecutor(_THREADS, "cardocr-call")
        self._readings = ThreadPoolExecutor(readers, "cardocr-reading")
        self._recognitions = 0
        self._cors = cors or CorsPolicy()
        self.limit = limit or ConnectionLimit()

    def close(self) -> None:
        """Finish the calls in progress and end the threads."""
        self._calls.shutdown()
        self._readings.shutdown(cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = HttpRequest(scope, receive)
        started = time.monotonic()
        try:
            host, response = await self._respond(request)
            added = self._cors.response_headers(request.headers.get("origin"), response.headers)
            await self._send(with_headers(response, added), send)
        except (TransportError, ClientDisconnected, TimeoutError, _FileShortened) as e:
            scope["state"][ABORT]()
            log.info("%s cut: %s", request.method, type(e).__name__)
            return
        milliseconds = (time.monotonic() - started) * 1000
        log.info("%s %s %d %.0f ms %s", request.method, host, response.status, milliseconds, response.request_id)

    async def _respond(self, request: HttpRequest) -> tuple[Host, Response]:
        host: Host = "cos"
        try:
            headers = _headers(request)
            if request.method == "OPTIONS":
                return host, with_request_id(self._cors.preflight(headers), host, uuid.uuid4().hex)
            call = self._route(request, headers)
            host = call.host
            params = self.verifier.check(call, headers)
            return host, await self._answer(request, call, Request(call.method, call.path, host, params, headers))
        except ServiceFault as e:
            fault = e
        except OSError as e:
            log.error("the disk failed: %s", e.strerror)  # noqa: TRY400 - a full disk needs no trace
            fault = ServiceFault(500, "InternalError", "The service's disk failed.", {"connection": "close"})
        request_id = uuid.uuid4().hex
        # A client that sent Expect may leave its body out now; its next request must not be read as that body.
        close = {"connection": "close"} if "expect" in request.headers else {}
        return host, with_request_id(fault.response(request_id, request.scope["path"]), host, request_id, close)

    def _route(self, request: HttpRequest, headers: dict[str, str]) -> Call:
        path, params, host = parse_target(request.scope["raw_path"], request.scope["query_string"])
        return route(request.method, host or headers.get("host", ""), path, params, self.service.buckets)

    async def _answer(self, http_request: HttpRequest, call: Call, request: Request) -> Response:
        """Read the body if the call has one, and pass the request to the service."""
        if call.host != "cos":
            body = b""
            if call.method in ("POST", "PUT"):
                check_length(request.headers, MAX_JOB_BYTES, encoded=False)
                body = await read_body(http_request, MAX_JOB_BYTES, self.request_timeout)
            return await self._serve(self._calls, call.bucket, replace(request, body=body))
        if call.method == "PUT" and call.path == "/" and not call.bucket_in_host:
            # A path that is one name may be meant as an object; it must never become a bucket.
            raise no_such_bucket()
        if call.method == "POST" or (call.method == "PUT" and call.path == "/"):
            check_length(request.headers, MAX_JOB_BYTES, encoded=False)
            body = await read_body(http_request, MAX_JOB_BYTES, self.request_timeout)
            return await self._serve(self._calls, call.bucket, replace(request, body=body))
        if call.method == "PUT":
            bucket = self.service.buckets.get(call.bucket)
            if bucket is None:
                raise no_such_bucket()
            check_length(request.headers, MAX_OBJECT_BYTES, encoded=True)
            async with spool_body(http_request, bucket, MAX_OBJECT_BYTES, self.request_timeout) as path:
                return await self._serve(self._calls, call.bucket, replace(request, body=path))
        if "ci-process" not in request.params:
            return await self._serve(self._calls, call.bucket, request)
        if self._recognitions >= _MAX_RECOGNITIONS:
            raise slow_down(f"{_MAX_RECOGNITIONS} recognitions are waiting.")
        self._recognitions += 1
        try:
            return await self._serve(self._readings, call.bucket, request)
        finally:
            self._recognitions -= 1

    async def _serve(self, threads: ThreadPoolExecutor, bucket: str, request: Request) -> Response:
        return await asyncio.get_running_loop().run_in_executor(threads, self.service.handle_streaming, bucket, request)

    async def _send(self, response: Response, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self.request_timeout):
                await send(message)

        if isinstance(response, FileResponse):
            with response.file:
                await _send_file(response, send_in_time)
            return
        length = None if response.status in _WITHOUT_BODY else len(response.body)
        headers = wire_headers(response.headers, length)
        await send_in_time({"type": "http.response.start", "status": response.status, "headers": headers})
        await send_in_time({"type": "http.response.body", "body": response.body})


def _headers(request: HttpRequest) -> dict[str, str]:
    """Return the headers; repeated ones are joined by commas."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def _send_file(response: FileResponse, send: Send) -> None:
    headers = wire_headers(response.headers, response.length)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    remaining = response.length
    while remaining:
        piece = await asyncio.to_thread(response.file.read, min(remaining, _PIECE))
        if not piece:
            raise _FileShortened
        remaining -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
