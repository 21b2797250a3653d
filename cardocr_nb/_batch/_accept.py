"""Callbacks into the ledger of a run: what somebody says of a job is a hint, what the service says counts."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from cardocr_nb._bulk._pieces import pieces
from cardocr_nb._ledger import Ledger
from cardocr_nb._ledger._tables import is_ledger
from cardocr_nb.errors import DecodeError, LedgerError
from cardocr_nb.wire._decode import decode_callback

if TYPE_CHECKING:
    from pathlib import Path

    from cardocr_nb._client import Client

MAX_BODY = 4 * 2**20
"""Bytes of a callback; a job with a full card takes some 4 thousand."""


def accept(ledger: Ledger | str | Path, body: bytes, *, client: Client | None = None) -> list[str]:
    """Take a callback into the ledger of a run, however it came: over HTTP, from a TDMQ queue, out of a file.

    The body is not believed: anyone could have written it. Jobs that the ledger waits for are noted, and the run that is
    at work on it asks the service for these next, many in a call; with `client` they are asked for here. Jobs that the
    ledger does not wait for, because they are unknown or have ended, are passed over, so that callbacks that come twice
    or late do no harm.

    Parameters
    ----------
    ledger : Ledger, str or Path
        Of a run; it must be there.
    body : bytes
        XML or JSON.
    client : Client, optional
        Asks the service at once, for when no run is at work.

    Returns
    -------
    list of str
        Ids of the jobs that were noted; with `client`, of those whose end is now in the ledger.

    Raises
    ------
    DecodeError
        The body is no callback, or larger than 4 MiB.
    LedgerError
        There is no such ledger, or it cannot be written.
    ServiceError, TransportError
        With `client`: the service could not be asked; the jobs are noted all the same.

    Examples
    --------
    >>> accept(Ledger(), b'{"EventName": "TaskFinish", "JobsDetail": {"JobId": "j1", "State": "Success"}}')
    []
    """
    if len(body) > MAX_BODY:
        raise DecodeError(f"a callback has at most {MAX_BODY} bytes, got {len(body)}; nothing of it was read")
    told = [job.id for job in decode_callback(body).jobs if job.state.final]
    if isinstance(ledger, Ledger):
        return _accept(ledger, told, client)
    if not is_ledger(ledger):
        raise LedgerError(f"there is no ledger {str(ledger)!r}; callbacks are for jobs of a run(..., ledger=...)")
    with closing(Ledger(ledger)) as opened:
        return _accept(opened, told, client)


def _accept(ledger: Ledger, told: list[str], client: Client | None) -> list[str]:
    waited = ledger.tell(told)
    if client is None or not waited:
        return waited
    ended = [job for job in client.describe(waited, missing="skip") if job.state.final]
    ledger.ended([(job.id, str(job.state), raw) for job, raw in zip(ended, pieces(ended), strict=True)])
    return [job.id for job in ended]
