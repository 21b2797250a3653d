"""The calls about many jobs: describe up to 50 ids, and list page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardocr_nb._client._calls import send
from cardocr_nb._transport import Request
from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._decode import decode_jobs
from cardocr_nb.wire._encode import list_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cardocr_nb._transport import Transport
    from cardocr_nb.wire._records import Job

IDS_A_CALL = 50
"""Ids in one describe; the vendor's pages name no limit, and an address of 50 ids stays below 2,000 characters."""

PAGE = 100
"""Jobs a page, the most that the specification allows."""

MOST_PAGES = 10_000
"""Pages of one listing at most: a million jobs."""


def describe_raw(transport: Transport, ids: Sequence[str]) -> bytes:
    """Return the service's answer about at most `IDS_A_CALL` jobs.

    Raises
    ------
    TransportError, ServiceError
    """
    return send(transport, Request("GET", f"/jobs/{','.join(ids)}")).body


def list_raw(transport: Transport, **query: Any) -> bytes:
    """Return one page of a listing; `query` as for `cardocr_nb.wire._encode.list_query`.

    Raises
    ------
    TransportError, ServiceError
    """
    return send(transport, Request("GET", "/jobs", params=list_query(**query))).body


def list_pages(
    transport: Transport,
    *,
    limit: int | None = None,
    most_pages: int = MOST_PAGES,
    before_page: Callable[[], bool] = lambda: True,
    **query: Any,
) -> Iterator[Job]:
    """Yield the jobs of a listing, page by page.

    Parameters
    ----------
    transport : Transport
    limit : int, optional
        Maximum number of jobs.
    most_pages : int, default 10,000
        Number of pages after which the listing is an error.
    before_page : callable, optional
        Called before each page, to wait and to count; the listing ends when it returns False.
    **query
        As for `cardocr_nb.wire._encode.list_query`.

    Raises
    ------
    DecodeError
        The service returns the same ``NextToken`` twice, or pages without end.
    TransportError, ServiceError
    """
    tokens: set[str] = set()
    token: str | None = None
    found = 0
    while limit is None or found < limit:
        if not before_page():
            return
        size = PAGE if limit is None else min(PAGE, limit - found)
        page = decode_jobs(list_raw(transport, size=size, next_token=token, **query))
        jobs = page.jobs if limit is None else page.jobs[: limit - found]
        found += len(jobs)
        yield from jobs
        token = page.next_token
        if not token:
            return
        if token in tokens:
            raise DecodeError(
                f"the service returned the same NextToken twice after {found} jobs, so the list has no end; "
                "ask for a shorter time with created_after and created_before"
            )
        tokens.add(token)
        if len(tokens) >= most_pages:
            raise DecodeError(
                f"the list has more than {most_pages:,} pages; ask for a shorter time with created_after and "
                "created_before, or pass limit="
            )
