"""Taking the body of a request within its limits: so many bytes, in so much time."""

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


class ClientDisconnected(Exception):  # noqa: N818 - no error: nobody is there any more to be told one
    """The connection ended before the body had come."""


def check_length(headers: Mapping[str, str], limit: int, *, encoded: bool) -> None:
    """Refuse a body by what its head says: its length, and unless `encoded` is true, that it is compressed.

    Raises
    ------
    Refusal
    """
    if int(headers.get("content-length", "0")) > limit:
        raise _too_large(limit)
    if not encoded and headers.get("content-encoding", "identity").lower() != "identity":
        raise ServiceFault(400, "InvalidArgument", "Content-Encoding is not taken; send the body as it is.")


async def receive(request: Request, limit: int, seconds: float) -> bytes:
    """Take a short body.

    Raises
    ------
    Refusal
        It is longer than `limit`, or took longer than `seconds`.
    Gone
    """
    body = bytearray()
    async with _in_time(seconds):
        async for piece in _pieces(request, limit):
            body += piece
    return bytes(body)


@asynccontextmanager
async def stored(request: Request, bucket: Bucket, limit: int, seconds: float) -> AsyncIterator[Path]:
    """Take a body into a file in the bucket's folder, which is gone afterwards unless it was moved.

    Raises
    ------
    Refusal
        It is longer than `limit`, or took longer than `seconds`.
    Gone
    """
    part = await asyncio.to_thread(bucket.part)
    path = Path(part.name)
    try:
        with part:
            held = bytearray()
            async with _in_time(seconds):
                async for piece in _pieces(request, limit):
                    held += piece
                    if len(held) >= _PIECE:
                        await asyncio.to_thread(part.write, bytes(held))
                        held.clear()
            await asyncio.to_thread(part.write, bytes(held))
        yield path
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


@asynccontextmanager
async def _in_time(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise ServiceFault(
            400, "RequestTimeout", f"The body did not come in {seconds:g} s.", {"connection": "close"}
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
    return ServiceFault(400, "EntityTooLarge", f"The body is longer than the {limit} bytes that are taken.")
