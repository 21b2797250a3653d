"""One run: many images through one client, each submitted once, with an outcome for every one of them."""

from __future__ import annotations

import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from cardocr_nb._batch._image_files import FileSearch
from cardocr_nb._batch._image_keys import plan_images
from cardocr_nb._batch._job_poller import JobPoller
from cardocr_nb._batch._lost_replies import LostReplyResolver
from cardocr_nb._batch._pace import RateLimiter
from cardocr_nb._batch._progress import Progress, count_progress
from cardocr_nb._batch._run_state import PendingJob, RunState, UnconfirmedSubmission
from cardocr_nb._batch._submission import JobOptions, Submitter
from cardocr_nb._batch._workers import Workers
from cardocr_nb._ledger import plan_run
from cardocr_nb._ledger._planning import Resubmission
from cardocr_nb._progress_bar import is_hidden
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardocr_nb._batch._image_files import Images
    from cardocr_nb._batch._options import RunOptions
    from cardocr_nb._client import Client
    from cardocr_nb._ledger import Ledger

_REFRESH = 0.2
_SILENCE = 5.0


class StoppedWarning(UserWarning):
    """A run ended before every image had its outcome; the rows say which."""


class NewKeyWarning(UserWarning):
    """Images are stored under keys with a hash, because objects with other content have the keys planned for them."""


def run_batch(
    images: Images, *, card_type: str, client: Client, ledger: Ledger, options: RunOptions
) -> tuple[int, Progress]:
    """Run many images into a ledger.

    Parameters
    ----------
    images : str, Path or iterable of them
        Files, folders and patterns; with ``upload=False`` keys of objects in the bucket.
    card_type : {"IDCard", "DriverLicense"}
    client : Client
    ledger : Ledger
        What it contains already is not submitted again.
    options : RunOptions

    Returns
    -------
    int, Progress
        Number of the run in the ledger, and the number of its images in each state.

    Raises
    ------
    InvalidRequestError
        There is nothing to submit, or an argument is outside the specification.
    LedgerError
        Another run holds the ledger, it belongs to another bucket, or it cannot be written.
    ServiceError, TransportError
        The account, clock, region or bucket is refused, or the service is not reached, before any job was accepted.

    Warns
    -----
    StoppedWarning
        Interrupted, out of budget, refused for every image from some point on, or without progress.
    NewKeyWarning
        Objects with other content have the keys of images.
    """
    options.check(card_type)
    embedded = client.folder is not None
    search = FileSearch()
    with ledger.exclusive():
        _check_bucket(client, ledger)
        run = plan_run(
            ledger,
            plan_images(images, upload=options.upload, prefix=options.prefix, folder=client.folder, search=search),
            card_type,
            Resubmission(options.resubmit_done, options.retry_failed, options.submits_unknown(embedded=embedded)),
        )
        state = RunState(ledger, run, options, client.poll[0])
        _continue_earlier(ledger, state)
        with _bar(ledger, run, card_type, state, options) as bar:
            _work(client, ledger, state, card_type=card_type, options=options, bar=bar)
        progress = count_progress(ledger, run, state, price=options.price, skipped=search.skipped)
        if options.progress:
            tqdm.write(str(progress))
        _report_new_keys(state)
        _report_stop(state, progress, ledger)
        return run, progress


def _check_bucket(client: Client, ledger: Ledger) -> None:
    """Raise if the ledger is of another bucket: the same key is another image there."""
    bucket = getattr(client.transport, "bucket", None)
    if bucket is None or client.folder is not None:
        return
    known = ledger.get_fact("bucket")
    if known is None:
        ledger.set_fact("bucket", bucket)
    elif known != bucket:
        raise LedgerError(
            f"the ledger {shown_path(ledger.path)} belongs to the bucket {known!r}, this client to {bucket!r}; "
            "use another ledger for another bucket"
        )


def _continue_earlier(ledger: Ledger, state: RunState) -> None:
    """Wait for the jobs and look for the submissions that earlier runs left open."""
    moment = time.monotonic()
    for job in ledger.open_jobs():
        state.add_job(PendingJob(job.job_id, job.row, job.key, moment, job.created, earlier=True))
    for lost in ledger.open_submissions():
        state.add_unconfirmed(UnconfirmedSubmission(lost.row, lost.key, lost.token, lost.number, moment, earlier=True))


def _work(
    client: Client, ledger: Ledger, state: RunState, *, card_type: str, options: RunOptions, bar: tqdm[Any]
) -> None:
    pace, embedded = options.pace, client.folder is not None
    queries, submissions = RateLimiter(pace.queries), RateLimiter(pace.submissions)
    delay = options.delay(embedded=embedded)
    submit_unknown = options.submits_unknown(embedded=embedded)
    resolver = LostReplyResolver(
        client, ledger, state, queries, card_type, listing_delay=delay, submit_unknown=submit_unknown
    )
    poller = JobPoller(
        client,
        ledger,
        state,
        queries,
        resolver,
        card_type=card_type,
        job_timeout=options.job_timeout,
        listing_delay=delay,
        resubmit_lost=submit_unknown and getattr(client.transport, "jobs_end_with_process", False),
    )
    job_options = JobOptions(
        card_type,
        options.user_data,
        options.job_level,
        options.callback,
        options.callback_format,
        reuse=not options.resubmit_done,
        min_quality=options.min_quality,
    )
    submitter = Submitter(client, ledger, state, submissions, job_options)
    workers = Workers()
    for _ in range(pace.threads):
        workers.start("submit", submitter.work)
    workers.start("poll", poller.work)
    try:
        while workers.running() and not state.abandoned.is_set():
            with _interruptible(state):
                _supervise(workers, state)
                _show(bar, state, options.price)
    finally:
        if workers.running():
            state.stop_run("error", at_once=True)
    workers.raise_error()


def _supervise(workers: Workers, state: RunState) -> None:
    """Wait a moment, then check whether everything was started, a thread failed, or nothing progresses."""
    workers.wait(_REFRESH)
    if workers.failed:
        state.stop_run("error", at_once=True)
    if not workers.running("submit"):
        state.starting = False
    if not state.halt.is_set() and workers.running("poll"):
        state.check_progress()


@contextmanager
def _interruptible(state: RunState) -> Iterator[None]:
    """Handle Ctrl-C: the first lets pending jobs end, the second does not wait for them, the third not for calls either."""
    try:
        yield
    except KeyboardInterrupt:
        if state.halt.is_set():
            state.abandoned.set()
            tqdm.write("stopped without waiting for calls under way")
            return
        state.stop_run("interrupt", at_once=state.stop.is_set())
        left = f"waiting for {len(state.pending)} jobs in flight; interrupt again to leave them to the next run"
        tqdm.write(
            "stopping now; interrupt again to leave calls under way too" if state.halt.is_set() else f"stopping: {left}"
        )


@contextmanager
def _bar(ledger: Ledger, run: int, card_type: str, state: RunState, options: RunOptions) -> Iterator[tqdm[Any]]:
    total, left = ledger.open_count(run)
    bar: tqdm[Any]
    with tqdm(
        total=total, initial=total - left, desc=f"reading {card_type}", unit="card", disable=is_hidden(options.progress)
    ) as bar:
        state.ended = total - left
        yield bar
        _show(bar, state, options.price)


def _show(bar: tqdm[Any], state: RunState, price: float | None) -> None:
    if bar.disable:
        return
    facts: dict[str, object] = {"failed": state.failed, "in flight": len(state.pending)}
    if state.unconfirmed:
        facts["unconfirmed"] = len(state.unconfirmed)
    if price is not None:
        facts["spent"] = f"{state.calls * price:,.2f}"
    bar.set_postfix(facts, refresh=False)
    ended = min(
        state.ended, int(bar.total or 0)
    )  # jobs of earlier runs, which are waited for too, are not in the total
    if ended > bar.n:
        bar.update(ended - bar.n)
    elif time.time() - bar.last_print_t > _SILENCE:
        bar.refresh()


def _report_new_keys(state: RunState) -> None:
    if state.new_keys:
        warnings.warn(
            f"{state.new_keys} images are stored under a key with a hash of their content, because an object with other "
            "content has their key; the columns image and key show which. A prefix= keeps folders apart",
            NewKeyWarning,
            stacklevel=5,
        )


def _report_stop(state: RunState, progress: Progress, ledger: Ledger) -> None:
    if not state.reason:
        return
    first = not state.accepted and not progress.read
    if state.error is not None and state.reason in ("refused", "unreachable") and first:
        raise state.error
    last = "" if state.error is None else f"; last error: {state.error}"
    why = {
        "interrupt": "interrupted",
        "budget": "max_calls is reached",
        "stall": f"nothing has progressed for stall_timeout{last}",
    }.get(state.reason, str(state.error))
    if ledger.path == ":memory:":
        how = "with ledger='run.sqlite' a run can be continued; without, ask for jobs with client.describe(ids)"
    else:
        how = f"run again with the ledger {shown_path(ledger.path)} to continue"
    warnings.warn(
        f"stopped: {why}. {progress.left} of {progress.images} images were not submitted, "
        f"{progress.waiting} had not ended; {how}",
        StoppedWarning,
        stacklevel=5,
    )
