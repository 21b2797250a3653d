"""Many images through one client, each submitted once, an outcome for every one of them."""

from __future__ import annotations

import time
import warnings
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from cardocr_nb._batch._image_keys import plan, same_picture
from cardocr_nb._batch._job_poller import JobPoller
from cardocr_nb._batch._lost_replies import LostReplyResolver
from cardocr_nb._batch._pace import RateLimiter
from cardocr_nb._batch._progress import Progress, tally
from cardocr_nb._batch._run_state import PendingJob, RunState, UnconfirmedSubmission
from cardocr_nb._batch._submission import JobOptions, Submitter
from cardocr_nb._ledger._planning import take_in
from cardocr_nb.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardocr_nb._batch._image_keys import Images
    from cardocr_nb._batch._options import Options
    from cardocr_nb._client import Client
    from cardocr_nb._ledger import Ledger

_REFRESH = 0.2
_SILENCE = 5.0
_EMBEDDED_SETTLE = 1.0


class StoppedWarning(UserWarning):
    """A run ended before every image was read; the rows tell which."""


def read_all(
    images: Images, *, card_type: str, client: Client, ledger: Ledger, options: Options
) -> tuple[int, Progress]:
    """Read many images into a ledger.

    Parameters
    ----------
    images : str, Path or iterable of them
        Files, folders and patterns; with ``upload=False`` keys of objects in the bucket.
    card_type : {"IDCard", "DriverLicense"}
    client : Client
    ledger : Ledger
        What is in it already is not submitted again.
    options : Options

    Returns
    -------
    int, Tally
        Number of the run in the ledger, and how its images stand.

    Raises
    ------
    InvalidRequestError
        Nothing to read, or an argument outside the specification.
    LedgerError
        Another run holds the ledger, it belongs to another bucket, or it cannot be written.
    ServiceError
        The account, clock or bucket is refused before any job was accepted.

    Warns
    -----
    StoppedWarning
        Interrupted, out of budget, or refused for every image from some point on.
    """
    options.check(card_type)
    with ledger.alone():
        _same_bucket(client, ledger)
        submit_unknown = (options.unknown or ("hold" if client.folder is None else "submit")) == "submit"
        run = take_in(
            ledger,
            plan(images, upload=options.upload, prefix=options.prefix, folder=client.folder),
            card_type,
            reread=options.reread,
            retry_failed=options.retry_failed,
            submit_unknown=submit_unknown,
            clash=same_picture,
        )
        board = RunState(
            ledger,
            run,
            in_flight=options.pace.in_flight,
            max_calls=options.max_calls,
            patience=options.patience,
            pause=client.poll[0],
        )
        _go_on(ledger, board)
        with _bar(ledger, run, card_type, board, options) as bar:
            _work(client, ledger, board, card_type=card_type, options=options, submit_unknown=submit_unknown, bar=bar)
        figures = tally(ledger, run, board, options.price)
        if options.progress:
            tqdm.write(str(figures))
        _tell_stop(board, figures, ledger)
        return run, figures


def _same_bucket(client: Client, ledger: Ledger) -> None:
    """Refuse a ledger of another bucket: the same key is another image there."""
    bucket = getattr(client.transport, "bucket", None)
    if bucket is None or client.folder is not None:
        return
    known = ledger.fact("bucket")
    if known is None:
        ledger.note("bucket", bucket)
    elif known != bucket:
        raise LedgerError(
            f"the ledger {ledger.path!r} belongs to the bucket {known!r}, this client to {bucket!r}; "
            "use another ledger for another bucket"
        )


def _go_on(ledger: Ledger, board: RunState) -> None:
    """Take up what earlier runs have left under way."""
    moment = time.monotonic()
    for row, job_id in ledger.rows("SELECT id, job_id FROM images WHERE state = 'sent'"):
        board.launch(PendingJob(job_id, row, moment), before=True)
    for row, key, token, number in ledger.rows(
        "SELECT id, key, token, number FROM images WHERE state IN ('intent', 'unknown')"
    ):
        board.doubt(UnconfirmedSubmission(row, key, token, number, moment, 0.0, before=True))


def _work(
    client: Client,
    ledger: Ledger,
    board: RunState,
    *,
    card_type: str,
    options: Options,
    submit_unknown: bool,
    bar: tqdm[Any],
) -> None:
    pace = options.pace
    queries, submissions = RateLimiter(pace.queries), RateLimiter(pace.submissions)
    order = JobOptions(
        card_type, options.user_data, options.job_level, options.callback, options.callback_format, not options.reread
    )
    settle = options.settle
    if settle is None:
        settle = 30.0 if client.folder is None else _EMBEDDED_SETTLE
    resolver = LostReplyResolver(
        client, ledger, board, queries, card_type, settle=settle, submit_unknown=submit_unknown
    )
    looker = JobPoller(client, ledger, board, queries, resolver, submit_unknown=submit_unknown)
    submitter = Submitter(client, ledger, board, submissions, order)
    with ThreadPoolExecutor(pace.threads + 1, thread_name_prefix="cardocr-run") as pool:
        starting: list[Future[None]] = [pool.submit(submitter.work) for _ in range(pace.threads)]
        looking: Future[None] = pool.submit(looker.work)
        try:
            while not looking.done():
                with _interruptible(board):
                    _wait(starting, looking, board)
                    _show(bar, board, options.price)
        finally:
            if not looking.done():
                board.end("error", at_once=True)
    for future in (*starting, looking):
        future.result()


def _wait(starting: list[Future[None]], looking: Future[None], board: RunState) -> None:
    """Wait a moment, and see whether all was started, or a thread has failed."""
    done, _ = wait([*starting, looking], timeout=_REFRESH, return_when=FIRST_EXCEPTION)
    if any(future.exception() for future in done):
        board.end("error", at_once=True)
    if all(future.done() for future in starting):
        board.starting = False
        wait([looking], timeout=_REFRESH)


@contextmanager
def _interruptible(board: RunState) -> Iterator[None]:
    """A first interrupt lets what is in flight end, a second does not wait for it."""
    try:
        yield
    except KeyboardInterrupt:
        board.end("interrupt", at_once=board.stop.is_set())
        left = f"waiting for {len(board.flights)} jobs in flight; interrupt again to leave them to the next run"
        tqdm.write("stopping now" if board.halt.is_set() else f"stopping: {left}")


@contextmanager
def _bar(ledger: Ledger, run: int, card_type: str, board: RunState, options: Options) -> Iterator[tqdm[Any]]:
    (total, left) = ledger.rows(
        "SELECT count(*), sum(state NOT IN ('done', 'same', 'held')) FROM images WHERE run = ?", (run,)
    )[0]
    bar: tqdm[Any]
    with tqdm(
        total=total, initial=total - left, desc=f"reading {card_type}", unit="card", disable=not options.progress
    ) as bar:
        board.ended = total - left
        yield bar
        _show(bar, board, options.price)


def _show(bar: tqdm[Any], board: RunState, price: float | None) -> None:
    if bar.disable:
        return
    facts: dict[str, object] = {"failed": board.failed, "in flight": len(board.flights)}
    if board.doubts:
        facts["in doubt"] = len(board.doubts)
    if price is not None:
        facts["spent"] = f"{board.calls * price:,.2f}"
    bar.set_postfix(facts, refresh=False)
    ended = min(board.ended, int(bar.total or 0))  # jobs of earlier runs, which are taken up too, are not in the total
    if ended > bar.n:
        bar.update(ended - bar.n)
    elif time.time() - bar.last_print_t > _SILENCE:
        bar.refresh()


def _tell_stop(board: RunState, figures: Progress, ledger: Ledger) -> None:
    if not board.reason:
        return
    if board.error is not None and board.reason == "refused" and not board.accepted and not figures.read:
        raise board.error
    why = {
        "interrupt": "interrupted",
        "budget": "max_calls is reached",
        "patience": f"nothing has worked for too long, last: {board.error}",
    }.get(board.reason, str(board.error))
    if ledger.path == ":memory:":
        how = (
            "with ledger='run.sqlite' a run can be gone on with; without, jobs can be asked for by client.describe(ids)"
        )
    else:
        how = f"run again with the ledger {ledger.path!r} to go on"
    warnings.warn(
        f"stopped: {why}. {figures.left} of {figures.images} images were not submitted, {figures.waiting} had not ended; "
        f"{how}",
        StoppedWarning,
        stacklevel=4,
    )
