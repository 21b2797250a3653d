"""The body of a request, read within a limit of bytes and of seconds."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from cardocr_nb.local._service_fault import ServiceFault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

    from cardocr_nb.local._bucket import Bucket

MAX_JOB_BYTES = 1_000_000
MAX_OBJECT_BYTES = 64_000_000
_PIECE = 1 << 20


class ClientDisconnected(Exception):  # noqa: N818 - not an error: the client has left
    """The connection ended before the whole body arrived."""


def check_length(headers: Mapping[str, str], limit: int, *, encoded: bool) -> None:
    """Raise if the head announces a body that is too long or, unless `encoded` is true, compressed.

    Raises
    ------
    ServiceFault
    """
    if int(headers.get("content-length", "0")) > limit:
        raise _too_large(limit)
    if not encoded and headers.get("content-encoding", "identity").lower() != "identity":
        raise ServiceFault(400, "InvalidArgument", "Content-Encoding is not supported; send the body uncompressed.")


async def read_body(request: Request, limit: int, seconds: float) -> bytes:
    """Read a short body into memory.

    Raises
    ------
    ServiceFault
        The body is longer than `limit` bytes, or took longer than `seconds`.
    ClientDisconnected
    """
    body = bytearray()
    async with _time_limit(seconds):
        async for piece in _pieces(request, limit):
            body += piece
    return bytes(body)


@asynccontextmanager
async def spool_body(request: Request, bucket: Bucket, limit: int, seconds: float) -> AsyncIterator[Path]:
    """Read a body into a file in the bucket's folder, which is deleted at the end unless it was moved.

    Raises
    ------
    ServiceFault
        The body is longer than `limit` bytes, or took longer than `seconds`.
    ClientDisconnected
    """
    upload = await asyncio.to_thread(bucket.open_upload)
    path = Path(upload.name)
    try:
        with upload:
            buffer = bytearray()
            async with _time_limit(seconds):
                async for piece in _pieces(request, limit):
                    buffer += piece
                    if len(buffer) >= _PIECE:
                        await asyncio.to_thread(upload.write, bytes(buffer))
                        buffer.clear()
            await asyncio.to_thread(upload.write, bytes(buffer))
        yield path
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


@asynccontextmanager
async def _time_limit(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise ServiceFault(
            400, "RequestTimeout", f"The body did not arrive within {seconds:g} s.", {"connection": "close"}
        ) from None


async def _pieces(request: Request, limit: int) -> AsyncIterator[bytes]:
    length = 0
    try:
        async for piece in request.stream():
            length += len(piece)
            if length > limit:
                raise _too_large(limit)
            yield piece
    except ClientDisconnect:
        raise ClientDisconnected from None


def _too_large(limit: int) -> ServiceFault:
    return ServiceFault(400, "EntityTooLarge", f"The body is longer than {limit} bytes, the limit.")
