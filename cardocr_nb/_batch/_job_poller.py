"""Queries for pending jobs: many ids a call, seldom enough to cost few calls, often enough to keep the run going."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from cardocr_nb._bulk._pieces import job_documents
from cardocr_nb._client._job_queries import IDS_A_CALL, PAGE, describe_raw, list_raw
from cardocr_nb.errors import CardOCRError
from cardocr_nb.wire._records import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb._batch._lost_replies import LostReplyResolver
    from cardocr_nb._batch._pace import RateLimiter
    from cardocr_nb._batch._run_state import PendingJob, RunState
    from cardocr_nb._client import Client
    from cardocr_nb._ledger import Ledger
    from cardocr_nb.wire._records import Job

_WORTH = 20
"""Jobs for which a query is worth its cost: those due wait until about so many more have been accepted."""
_AGE_FRACTION = 0.25
"""A job that has not ended is asked for again after this fraction of its age."""
_CALLBACK_MEMORY = 120.0
"""Seconds after the last callback in which callbacks are relied on."""
_LOST_SECONDS, _LOST_DELAYS = 5.0, 4
"""A job that the service does not know is asked for during so many seconds and listing delays."""
_FIELD = b"<IdInfo"
"""How each field of a card begins in a document of a job."""
_FINAL = (JobState.SUCCESS, JobState.FAILED, JobState.CANCEL)


class JobPoller:
    """Queries pending jobs until all have ended or are given up, and resolves unconfirmed submissions.

    A job is asked for when it is about as old as others were when they ended. Those due wait for one another, for as long
    as about twenty jobs take to be accepted, within the client's ``poll``; when no more are to come they do not. What has
    not ended is asked again after a quarter of its age. Where callbacks report ends, only those jobs are asked for, the
    others seldom.

    Parameters
    ----------
    client : Client
    ledger : Ledger
    state : RunState
    limiter : RateLimiter
        Of queries.
    resolver : LostReplyResolver
    card_type : str
    job_timeout : float
        Seconds after which a job is given up in this run.
    listing_delay : float
        Seconds after which an accepted job is sure to be known to every call of the service.
    resubmit_lost : bool
        Whether to submit a job of an earlier run again that the service does not know any more. Only for the embedded
        service with its jobs in memory, where the job ended with its process.
    """

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        state: RunState,
        limiter: RateLimiter,
        resolver: LostReplyResolver,
        *,
        card_type: str,
        job_timeout: float,
        listing_delay: float,
        resubmit_lost: bool,
    ) -> None:
        self._client, self._ledger, self._state, self._limiter = client, ledger, state, limiter
        self._resolver, self._card_type, self._resubmit_lost = resolver, card_type, resubmit_lost
        self._job_timeout, self._lost_timeout = job_timeout, _LOST_SECONDS + _LOST_DELAYS * listing_delay
        self._least, self._most = client.poll
        self._wait = self._least
        self._begun, self._typical = time.monotonic(), 0.0
        self._listing, self._called_back, self._called_back_at = float(PAGE), set[str](), -_CALLBACK_MEMORY

    def work(self) -> None:
        """Query until nothing is pending, or the run is halted."""
        while not self._state.idle:
            self._read_callbacks()
            self._give_up_late_jobs()
            due = self._due_jobs()
            if due:
                self._query(due)
            elif not self._resolver.resolve():
                # A look costs two tenths of a millisecond of processor time, so that eight before each query are enough.
                self._state.wait_for_change(max(0.001, min(max(self._least / 2, self._wait / 8), 0.25)))

    def _read_callbacks(self) -> None:
        if self._ledger.path == ":memory:":
            return
        called_back = self._ledger.callback_job_ids()
        if called_back - self._called_back:
            self._called_back_at = time.monotonic()
        self._called_back = called_back

    def _give_up_late_jobs(self) -> None:
        moment = time.monotonic()
        for job in list(self._state.pending.values()):
            if moment - job.since > self._job_timeout:
                message = (
                    f"the job had not ended after job_timeout={self._job_timeout:g} s"
                    f"{f', its last state was {job.last_state}' if job.last_state else ''}; run again to ask for it"
                )
                self._ledger.record_failure(job.row, "sent", "JobTimeout", message)
                self._state.remove_jobs([job.job_id])

    def _due_jobs(self) -> list[PendingJob]:
        """Return the jobs to ask for now; none while it is better to wait."""
        moment = time.monotonic()
        jobs = [job for job in list(self._state.pending.values()) if not self._set_first_due(job)]
        called_back = [job for job in jobs if job.job_id in self._called_back]
        due = sorted((j for j in jobs if j.due <= moment and j.job_id not in self._called_back), key=lambda j: j.due)
        wait = min(self._most, max(self._least, _WORTH * (moment - self._begun) / max(1, self._state.accepted)))
        self._wait = wait
        waited = max((moment - job.due for job in due[:1]), default=0.0)
        # When no more are to come, waiting for others to be due would only keep people waiting.
        all_due = self._state.all_started and 0 < len(called_back) + len(due) == len(self._state.pending)
        callbacks_waited = bool(called_back) and moment - self._called_back_at >= wait
        if len(called_back) + len(due) < IDS_A_CALL and waited < wait and not all_due and not callbacks_waited:
            return []
        rest = sorted((j for j in jobs if j.due > moment and j.job_id not in self._called_back), key=lambda j: j.due)
        half = [job for job in rest if moment - job.since > self._typical / 2]
        return called_back + due + half[: max(0, IDS_A_CALL - len(called_back) - len(due))]

    def _set_first_due(self, job: PendingJob) -> bool:
        """Set when to ask for a job first; return whether it was not set before."""
        if job.due:
            return False
        job.due = job.since + max(self._least, 0.8 * self._typical)
        if time.monotonic() - self._called_back_at < _CALLBACK_MEMORY:
            job.due += 4 * self._most
        return True

    def _query(self, due: list[PendingJob]) -> None:
        if not self._limiter.wait(self._state.halt):
            return
        oldest = min((job.created for job in due if job.created), default=None)
        by_list = len(due) >= PAGE and self._listing > IDS_A_CALL and all(job.created for job in due)
        if not by_list:
            del due[IDS_A_CALL:]
        self._state.queries += 1
        transport = self._client.transport
        try:
            if by_list:  # a page of ended jobs, from the oldest pending one on: more a call than by ids
                raw = list_raw(transport, size=PAGE, newest_first=False, created_after=oldest, states=_FINAL)
            else:
                raw = describe_raw(transport, [job.job_id for job in due])
            documents = job_documents(raw)
        except CardOCRError as e:
            self._state.record_query_failure(e, self._limiter)
            return
        ours = [(job, document) for job, document in documents if job.id in self._state.pending]
        self._listing = len(ours) if by_list else min(float(PAGE), self._listing + 1)
        self._take_answers(ours)
        if not by_list:
            self._set_next_due(due, {job.id for job, _ in ours})

    def _take_answers(self, answers: Sequence[tuple[Job, bytes]]) -> None:
        moment = time.monotonic()
        ended = []
        for job, document in answers:
            pending = self._state.pending[job.id]
            if not self._is_expected(job, pending):
                self._hold(pending, "WrongResult", "the service returned the result of another object or card type")
            elif job.state.final:
                ended.append((job, document))
                age = moment - pending.since
                self._typical = age if not self._typical else 0.9 * self._typical + 0.1 * age
            elif str(job.state) != pending.last_state:
                pending.last_state = str(job.state)
                self._state.record_success()
        self._ledger.record_ended([(job.id, str(job.state), document) for job, document in ended])
        if ended:
            self._state.count_outcomes(
                ended=len(ended),
                failed=sum(job.state is JobState.FAILED for job, _ in ended),
                empty=sum(job.state is JobState.SUCCESS and _FIELD not in document for job, document in ended),
            )
            self._state.remove_jobs([job.id for job, _ in ended])

    def _is_expected(self, job: Job, pending: PendingJob) -> bool:
        """Whether an answer is about the object and card type of the submission, as far as it names them."""
        result_key = None if job.result is None else job.result.key
        return (
            job.key in (None, pending.key)
            and result_key in (None, pending.key)
            and job.card_type in (None, self._card_type)
        )

    def _set_next_due(self, due: list[PendingJob], answered: set[str]) -> None:
        moment = time.monotonic()
        still_open = [j.job_id for j in due if j.job_id in self._called_back and j.job_id in self._state.pending]
        if still_open:
            self._ledger.callback_withdrawn(still_open)
        for job in due:
            if job.job_id in answered:
                job.missing_since = None
            else:
                self._count_missing(job, moment)
            pause = min(self._most, max(self._least, _AGE_FRACTION * (moment - job.since)))
            job.due = moment + pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads calls, guards nothing

    def _count_missing(self, job: PendingJob, moment: float) -> None:
        """Give up a job that the service has not known for some listing delays. Its id is proof that it was accepted."""
        message = "the service has accepted this job, but does not know it now"
        if self._resubmit_lost and job.earlier:
            self._ledger.record_failure(job.row, "planned", "NoSuchJob", message)
            self._state.reschedule(self._ledger.image(job.row), 0.0)
            self._state.remove_jobs([job.job_id])
            return
        job.missing_since = moment if job.missing_since is None else job.missing_since
        if moment - job.missing_since >= self._lost_timeout:
            self._hold(job, "NoSuchJob", message)

    def _hold(self, job: PendingJob, code: str, reason: str) -> None:
        message = f"{reason}; run again to ask once more. It is not submitted again: it is paid for"
        self._ledger.record_failure(job.row, "held", code, message)
        self._state.count_outcomes(failed=1)
        self._state.remove_jobs([job.job_id])
