"""Submissions whose answer was lost: looked for by their token, adopted when they are there, never sent again by guess."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cardocr_nb._batch._run_state import PendingJob
from cardocr_nb._ledger import split
from cardocr_nb.errors import DecodeError, ServiceError, TransportError

if TYPE_CHECKING:
    from cardocr_nb._batch._pace import RateLimiter
    from cardocr_nb._batch._run_state import RunState, UnconfirmedSubmission
    from cardocr_nb._client import Client
    from cardocr_nb._ledger import Ledger
    from cardocr_nb.wire._records import Job

_SLACK = timedelta(minutes=5)
_SKEW = timedelta(hours=2)
_AT_ONCE = 50

HELD = (
    "the service may have accepted this image, and nothing can tell: it names no token in its jobs; look in the console, "
    "then run again with unknown='submit' to submit it, which may pay twice"
)


class LostReplyResolver:
    """Finds out what became of submissions without an answer.

    Parameters
    ----------
    client : Client
    ledger : Ledger
    board : Board
    limit : Limit
        Of queries.
    card_type : str
    settle : float
        Seconds after which a job that was accepted is sure to be listed.
    submit_unknown : bool
        Whether to submit again where nothing can tell.
    """

    def __init__(
        self, client: Client, ledger: Ledger, board: RunState, limit: RateLimiter, card_type: str, *, settle: float, submit_unknown: bool
    ) -> None:  # fmt: skip
        self._client, self._ledger, self._board, self._limit = client, ledger, board, limit
        self._card_type, self._settle, self._submit_unknown = card_type, settle, submit_unknown

    def resolve(self) -> bool:
        """Look for what is due; whether there was something."""
        moment = time.monotonic()
        due = [d for d in list(self._board.doubts.values()) if d.due <= moment][:_AT_ONCE]
        if not due or not self._limit.wait(self._board.halt):
            return False
        self._board.queries += 1
        try:
            jobs = self._listed(due)
            by_token = {split(job.user_data)[0]: job for job in jobs}
            for doubt in due:
                self._settle_one(doubt, by_token.get(doubt.token), jobs)
        except (ServiceError, TransportError, DecodeError) as e:
            self._board.unanswered(e, self._limit)
            for doubt in due:
                doubt.due = time.monotonic() + max(0.2, self._settle / 4)
        else:
            self._board.good()
        return True

    def _listed(self, doubts: list[UnconfirmedSubmission]) -> list[Job]:
        """List the jobs that were made around these submissions, by the service's clock where others tell it."""
        first, last = min(d.number for d in doubts), max(d.number for d in doubts)
        (before,) = self._ledger.rows(
            "SELECT max(created) FROM (SELECT created FROM images WHERE number < ? AND created IS NOT NULL "
            "ORDER BY number DESC LIMIT 20)",
            (first,),
        )[0]
        (after,) = self._ledger.rows(
            "SELECT min(created) FROM (SELECT created FROM images WHERE number > ? AND created IS NOT NULL "
            "ORDER BY number LIMIT 20 OFFSET 20)",
            (last,),
        )[0]
        if before is None:
            (intended,) = self._ledger.rows("SELECT min(intended) FROM images WHERE number >= ?", (first,))[0]
            lower = min(datetime.fromisoformat(intended), datetime.now(UTC)) - _SKEW
        else:
            lower = datetime.fromisoformat(before) - _SLACK
        upper = None if after is None else datetime.fromisoformat(after) + _SLACK
        return self._client.list_jobs(newest_first=False, created_after=lower, created_before=upper)

    def _settle_one(self, doubt: UnconfirmedSubmission, found: Job | None, jobs: list[Job]) -> None:
        if found is None:
            found, undecided = self._among_candidates(doubt, jobs)
        else:
            undecided = False
        settled = time.monotonic() - doubt.since >= self._settle
        if found is not None:
            self._ledger.accepted(doubt.row, found.id, found.created)
            moment = time.monotonic()
            self._board.launch(PendingJob(found.id, doubt.row, moment, found.created), before=doubt.before)
        elif not settled:
            doubt.due = min(doubt.since + self._settle, time.monotonic() + max(0.05, self._settle / 4))
        elif undecided and not self._submit_unknown:
            self._ledger.failed(doubt.row, "held", "AnswerLost", HELD)
            self._board.count(failed=1)
            self._board.settle(doubt.row)
        else:
            self._ledger.failed(doubt.row, "planned", "NotAccepted", "the service did not get this submission")
            if not doubt.before:
                self._board.refund()
            self._board.again(self._ledger.image(doubt.row), 0.0)
            self._board.settle(doubt.row)

    def _among_candidates(self, doubt: UnconfirmedSubmission, jobs: list[Job]) -> tuple[Job | None, bool]:
        """Describe jobs of the same object that were listed without user data; whether one of them cannot be told."""
        same = [j for j in jobs if j.key == doubt.key and j.card_type in (None, self._card_type) and not j.user_data]
        ids = [j.id for j in same if not self._ledger.rows("SELECT 1 FROM images WHERE job_id = ?", (j.id,))]
        if not ids or not self._limit.wait(self._board.halt):
            return None, bool(ids)
        self._board.queries += 1
        described = self._client.describe(ids, missing="skip")
        for job in described:
            if split(job.user_data)[0] == doubt.token:
                return job, False
        return None, any(not job.user_data for job in described)
