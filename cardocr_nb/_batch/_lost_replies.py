"""Submissions without a valid answer: the job is looked for by its token, adopted if found, never submitted by guess."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cardocr_nb._batch._error_action import code_of, status_of
from cardocr_nb._batch._run_state import PendingJob
from cardocr_nb._client._job_queries import list_pages
from cardocr_nb._ledger import split_user_data
from cardocr_nb.errors import DecodeError, ServiceError, TransportError

if TYPE_CHECKING:
    from cardocr_nb._batch._pace import RateLimiter
    from cardocr_nb._batch._run_state import RunState, UnconfirmedSubmission
    from cardocr_nb._client import Client
    from cardocr_nb._ledger import Ledger
    from cardocr_nb.wire._records import Job

_SLACK = timedelta(minutes=5)
"""Added to creation times of neighboring jobs; the service creates jobs of one bucket in about the order of their arrival."""
_SKEW = timedelta(hours=2)
"""Added where only this machine's clock is known; a signature from a clock further off is refused."""
_AT_ONCE = 20
_KEY_PAGES = 20
_WINDOW_PAGES = 1000
_MOST_UNPROVEN = 10
"""Invalid answers after which an image fails. With 2 % of faults, ten in a row happen once in 10^17 images."""

HELD = (
    "the reply was lost and job listings do not return our token, so the job may exist; look in the console, then run "
    "again with unknown='submit' to submit the image, which may pay twice"
)


class LostReplyResolver:
    """Finds out whether submissions without a valid answer were accepted.

    First the jobs of the same object are listed (``inputObject``, and ``queueId`` where it is known). Only when
    `listing_delay` has passed without a match, all jobs of that time are listed once more before an image counts as not
    accepted. Every page waits for the pace of queries and is counted.

    Parameters
    ----------
    client : Client
    ledger : Ledger
    state : RunState
    limiter : RateLimiter
        Of queries.
    card_type : str
    listing_delay : float
        Seconds after which an accepted job is sure to be listed.
    submit_unknown : bool
        Whether to submit again where no program can decide.
    """

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        state: RunState,
        limiter: RateLimiter,
        card_type: str,
        *,
        listing_delay: float,
        submit_unknown: bool,
    ) -> None:
        self._client, self._ledger, self._state, self._limiter = client, ledger, state, limiter
        self._card_type, self._delay, self._submit_unknown = card_type, listing_delay, submit_unknown
        self._by_key = True

    def resolve(self) -> bool:
        """Resolve the submissions that are due; return whether there were any."""
        moment = time.monotonic()
        due = [s for s in list(self._state.unconfirmed.values()) if s.due <= moment][:_AT_ONCE]
        for submission in due:
            submission.due = moment + max(0.05, self._delay / 4)
        try:
            open_still = [s for s in due if not (self._by_key and self._adopt(s, self._jobs_of_key(s)))]
            late = [s for s in open_still if time.monotonic() - s.since >= self._delay]
            if late:
                jobs = self._jobs_of_window(late)
                for submission in late:
                    if not self._state.halt.is_set() and not self._adopt(submission, jobs):
                        self._decide(submission, jobs)
        except (ServiceError, TransportError, DecodeError) as e:
            self._state.record_query_failure(e, self._limiter)
        return bool(due)

    def _before_page(self) -> bool:
        self._state.queries += 1
        return self._limiter.wait(self._state.halt)

    def _jobs_of_key(self, submission: UnconfirmedSubmission) -> list[Job]:
        """List the jobs of the submission's object."""
        try:
            return list(
                list_pages(
                    self._client.transport,
                    most_pages=_KEY_PAGES,
                    before_page=self._before_page,
                    key=submission.key,
                    queue_id=self._ledger.queue_id(),
                    created_after=self._window([submission])[0],
                )
            )
        except DecodeError:
            return []  # more jobs than this object can have: the filter is not known there
        except ServiceError as e:
            if e.code != "InvalidArgument":
                raise
            self._by_key = False
            return []

    def _jobs_of_window(self, submissions: list[UnconfirmedSubmission]) -> list[Job]:
        """List all jobs that were created around these submissions."""
        lower, upper = self._window(submissions)
        return list(
            list_pages(
                self._client.transport,
                most_pages=_WINDOW_PAGES,
                before_page=self._before_page,
                newest_first=False,
                created_after=lower,
                created_before=upper,
            )
        )

    def _window(self, submissions: list[UnconfirmedSubmission]) -> tuple[datetime, datetime | None]:
        """Return the time in which jobs were created, by the service's clock where other jobs show it."""
        first, last = min(s.number for s in submissions), max(s.number for s in submissions)
        before, after = self._ledger.creation_bounds(first, last)
        here = min(self._ledger.first_intent(first), datetime.now(UTC))
        lower = here - _SKEW if before is None else before - _SLACK
        return lower, None if after is None else after + _SLACK

    def _adopt(self, submission: UnconfirmedSubmission, jobs: list[Job]) -> bool:
        """Take over the job with the submission's token; return whether there is one."""
        found = next((job for job in jobs if split_user_data(job.user_data)[0] == submission.token), None)
        if found is None:
            found = next(
                (
                    job
                    for job in self._described(submission, jobs)
                    if split_user_data(job.user_data)[0] == submission.token
                ),
                None,
            )
        if found is None:
            return False
        self._ledger.record_accepted(submission.row, found)
        job = PendingJob(
            found.id, submission.row, submission.key, time.monotonic(), found.created, earlier=submission.earlier
        )
        self._state.add_job(job)
        return True

    def _described(self, submission: UnconfirmedSubmission, jobs: list[Job]) -> list[Job]:
        """Describe jobs of the same object that were listed without user data and are not another image's."""
        ids = [
            job.id
            for job in jobs
            if job.key == submission.key
            and job.card_type in (None, self._card_type)
            and not job.user_data
            and not self._ledger.has_job(job.id)
        ]
        if not ids or not self._before_page():
            return []
        return self._client.describe(ids, missing="skip")

    def _decide(self, submission: UnconfirmedSubmission, jobs: list[Job]) -> None:
        """Decide about a submission whose job is not listed: held if a job without token may be it, else not accepted."""
        row = submission.row
        undecided = any(not job.user_data for job in self._described(submission, jobs))
        if undecided and not self._submit_unknown:
            self._ledger.record_failure(row, "held", "AnswerLost", HELD)
            self._state.count_outcomes(failed=1)
            self._state.remove_unconfirmed(row)
            return
        if not submission.earlier:
            self._state.return_call()
        answer = submission.answer
        if answer is not None and self._state.count_unproven(row) >= _MOST_UNPROVEN:
            self._ledger.record_failure(row, "failed", code_of(answer), str(answer), status_of(answer))
            self._state.count_outcomes(failed=1)
        else:
            self._ledger.record_failure(row, "planned", "NotAccepted", "the service did not get this submission")
            self._state.reschedule(self._ledger.image(row), 0.0)
        self._state.remove_unconfirmed(row)
