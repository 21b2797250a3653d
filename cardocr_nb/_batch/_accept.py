"""Callbacks into the ledger of a run: a callback is a hint, only the service's own answer counts."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from cardocr_nb._bulk._pieces import job_documents
from cardocr_nb._client._job_queries import IDS_A_CALL, describe_raw
from cardocr_nb._ledger import Ledger
from cardocr_nb._ledger._tables import is_ledger
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import DecodeError, LedgerError
from cardocr_nb.wire._decode import decode_callbacks
from cardocr_nb.wire._xml_tree import to_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cardocr_nb._client import Client
    from cardocr_nb.wire._records import Job

MAX_BODY = 2**20
"""Largest callback, bytes; a job with a full card takes some 4 thousand."""


def accept(
    ledger: Ledger | str | Path,
    body: bytes | str | Mapping[str, Any] | list[Any],
    *,
    client: Client | None = None,
) -> list[str]:
    """Record callbacks in the ledger of a run: received over HTTP, from a TDMQ queue or read from a file.

    Anyone could have written the body, so it is only a hint. The ledger marks those of its pending jobs that the
    callback names, and the run in progress describes the marked jobs next, many in a call; with `client` they are
    described here. Jobs that are unknown or have ended already are ignored, so repeated and late callbacks do no harm.

    Parameters
    ----------
    ledger : Ledger, str or Path
        Ledger of a run; it must exist.
    body : bytes, str, mapping or list
        Body of a callback: XML or JSON, as bytes or text, or the mapping that was parsed from it. A JSON list of
        callbacks and a list of bodies are recorded together.
    client : Client, optional
        Client that describes the jobs at once, for use while no run is in progress.

    Returns
    -------
    list of str
        Ids of the jobs that were marked; with `client`, of those whose result is now in the ledger.

    Raises
    ------
    DecodeError
        A body is not a callback, or is larger than 1 MiB; nothing of a list is recorded then.
    LedgerError
        The ledger does not exist, or it cannot be written.
    ServiceError, TransportError
        With `client`: the service cannot be reached; the jobs stay marked.
    TypeError
        A body has another type.

    Examples
    --------
    >>> accept(Ledger(), b'{"EventName": "TaskFinish", "JobsDetail": {"JobId": "j1", "State": "Success"}}')
    []
    >>> accept(Ledger(), {"EventName": "TaskFinish", "JobsDetail": {"JobId": "j1", "State": "Success"}})
    []
    """
    jobs = [job for part in (body if isinstance(body, list) else [body]) for job in _jobs(part)]
    ended_ids = list(dict.fromkeys(job.id for job in jobs if job.state.final))
    if isinstance(ledger, Ledger):
        return _accept(ledger, ended_ids, client)
    if not is_ledger(ledger):
        raise LedgerError(f"no ledger at {shown_path(ledger)}; pass the ledger of a run(..., ledger=...)")
    with closing(Ledger(ledger)) as opened:
        return _accept(opened, ended_ids, client)


def _jobs(body: bytes | str | Mapping[str, Any]) -> list[Job]:
    raw = to_bytes(body)
    if len(raw) > MAX_BODY:
        raise DecodeError(f"a callback has at most {MAX_BODY} bytes, got {len(raw)}; it was not read")
    return [job for callback in decode_callbacks(raw) for job in callback.jobs]


def _accept(ledger: Ledger, ended_ids: list[str], client: Client | None) -> list[str]:
    marked = ledger.callback_received(ended_ids)
    if client is None:
        return marked
    confirmed: list[str] = []
    for start in range(0, len(marked), IDS_A_CALL):
        documents = job_documents(describe_raw(client.transport, marked[start : start + IDS_A_CALL]))
        ended = [(job.id, str(job.state), raw) for job, raw in documents if job.state.final and job.id in marked]
        ledger.record_ended(ended)
        confirmed += [job_id for job_id, _, _ in ended]
    return confirmed
