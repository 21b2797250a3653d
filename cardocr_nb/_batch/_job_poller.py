"""How the jobs in flight stand: asked in bundles, seldom enough to cost few calls, often enough to keep things going."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from cardocr_nb._bulk._pieces import pieces
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

_IDS = 50
_PAGE = 100
_WORTH = 20
_LATE = 0.25
_FORGOTTEN = 3
_TOLD_FOR = 120.0
_FINAL = (JobState.SUCCESS, JobState.FAILED, JobState.CANCEL)


class JobPoller:
    """Asks how jobs stand until all have ended, and resolves what is in doubt.

    A job is asked for when it is about as old as others were when they ended. Those due wait for one another, for as long
    as about twenty jobs take to be accepted, within the client's ``poll``; when no more is to come they do not. What has
    not ended is asked again after a quarter of its age. Where callbacks tell of ends, only what they tell is asked for,
    the rest seldom.

    Parameters
    ----------
    client : Client
    ledger : Ledger
    board : Board
    limit : Limit
        Of queries.
    resolver : Resolver
    submit_unknown : bool
        Whether to submit again what the service has forgotten.
    """

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        board: RunState,
        limit: RateLimiter,
        resolver: LostReplyResolver,
        *,
        submit_unknown: bool,
    ) -> None:
        self._client, self._ledger, self._board, self._limit = client, ledger, board, limit
        self._resolver, self._submit_unknown = resolver, submit_unknown
        self._least, self._most = client.poll
        self._begun, self._typical = time.monotonic(), 0.0
        self._listing, self._told, self._told_at = float(_PAGE), set[str](), -_TOLD_FOR

    def work(self) -> None:
        """Look until nothing is left, or the run is halted."""
        while not self._board.idle:
            self._hear()
            bundle = self._bundle()
            if bundle:
                self._ask(bundle)
            elif not self._resolver.resolve():
                self._board.nap(max(0.001, min(self._least / 2, 0.25)))

    def _hear(self) -> None:
        """Take in what callbacks have told since the last time."""
        if self._ledger.path == ":memory:":
            return
        told = {job_id for (job_id,) in self._ledger.rows("SELECT job_id FROM told")}
        if told - self._told:
            self._told_at = time.monotonic()
        self._told = told

    def _bundle(self) -> list[PendingJob]:
        """Give the jobs to ask for now; none while it is better to wait."""
        moment = time.monotonic()
        flights = [f for f in list(self._board.flights.values()) if not self._new(f)]
        told = [f for f in flights if f.job_id in self._told]
        due = sorted((f for f in flights if f.due <= moment and f.job_id not in self._told), key=lambda f: f.due)
        wait = min(self._most, max(self._least, _WORTH * (moment - self._begun) / max(1, self._board.accepted)))
        waited = max((moment - f.due for f in due[:1]), default=0.0)
        # When no more is to come, waiting for others to be due would only keep people waiting.
        all_due = self._board.all_started and 0 < len(told) + len(due) == len(self._board.flights)
        told_enough = bool(told) and moment - self._told_at >= wait
        if len(told) + len(due) < _IDS and waited < wait and not all_due and not told_enough:
            return []
        rest = sorted((f for f in flights if f.due > moment and f.job_id not in self._told), key=lambda f: f.due)
        half = [f for f in rest if moment - f.since > self._typical / 2]
        return told + due + half[: max(0, _IDS - len(told) - len(due))]

    def _new(self, flight: PendingJob) -> bool:
        """Set the first look at a job that has not been looked at; whether it was new."""
        if flight.due:
            return False
        flight.due = flight.since + max(self._least, 0.8 * self._typical)
        if self._callbacks:
            flight.due += 4 * self._most
        return True

    @property
    def _callbacks(self) -> bool:
        return time.monotonic() - self._told_at < _TOLD_FOR

    def _ask(self, bundle: list[PendingJob]) -> None:
        if not self._limit.wait(self._board.halt):
            return
        listed = len(bundle) >= _PAGE and self._listing > _IDS and all(f.created for f in bundle)
        if not listed:
            del bundle[_IDS:]
        self._board.queries += 1
        try:
            jobs = self._page(bundle) if listed else self._client.describe([f.job_id for f in bundle], missing="skip")
        except CardOCRError as e:
            self._board.unanswered(e, self._limit)
            return
        self._board.good()
        flying = self._board.flights
        ours = [job for job in jobs if job.id in flying]
        if listed:
            self._listing = len(ours)
        else:
            self._listing = min(float(_PAGE), self._listing + 1)
        self._take(ours)
        if not listed:
            self._put_off(bundle, {job.id for job in ours})

    def _page(self, bundle: list[PendingJob]) -> list[Job]:
        """Ask for a page of jobs that have ended, from the oldest in flight on: more a call than by ids."""
        oldest = min(f.created for f in bundle if f.created)
        return self._client.list_jobs(limit=_PAGE, newest_first=False, created_after=oldest, states=_FINAL)

    def _take(self, jobs: Sequence[Job]) -> None:
        moment = time.monotonic()
        ended = [job for job in jobs if job.state.final]
        self._ledger.ended([(job.id, str(job.state), raw) for job, raw in zip(ended, pieces(ended), strict=True)])
        for job in ended:
            age = moment - self._board.flights[job.id].since
            self._typical = age if not self._typical else 0.9 * self._typical + 0.1 * age
        self._board.count(ended=len(ended), failed=sum(job.state is JobState.FAILED for job in ended))
        self._board.land([job.id for job in ended])

    def _put_off(self, bundle: list[PendingJob], seen: set[str]) -> None:
        moment = time.monotonic()
        open_still = [f.job_id for f in bundle if f.job_id in self._told and f.job_id in self._board.flights]
        if open_still:
            self._ledger.untell(open_still)
        for flight in bundle:
            if flight.job_id in seen:
                flight.missed = 0
            else:
                self._missing(flight)
            pause = min(self._most, max(self._least, _LATE * (moment - flight.since)))
            flight.due = moment + pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads calls, guards nothing

    def _missing(self, flight: PendingJob) -> None:
        """Count how often the service did not know a job; in the end, believe it."""
        flight.missed += 1
        if flight.missed < _FORGOTTEN:
            return
        message = "the service has accepted this job but no longer knows it, so that its reading cannot be had"
        if self._submit_unknown:
            self._ledger.failed(flight.row, "planned", "NoSuchJob", message)
            self._board.again(self._ledger.image(flight.row))
        else:
            self._ledger.failed(
                flight.row, "held", "NoSuchJob", f"{message}; run again with unknown='submit' to pay for another"
            )
            self._board.count(failed=1)
        self._board.land([flight.job_id])
