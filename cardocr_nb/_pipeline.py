"""From images to a DataFrame in one call."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from cardocr_nb._batch._options import RunOptions
from cardocr_nb._batch._pace import Pace
from cardocr_nb._batch._run import run_batch
from cardocr_nb._batch._run_estimate import Estimate
from cardocr_nb._batch._run_estimate import estimate as estimate_run
from cardocr_nb._keywords import checked_keywords
from cardocr_nb._ledger import Ledger
from cardocr_nb.frame._ledger_rows import read_ledger
from cardocr_nb.rereading import complete as complete_readings

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cardocr_nb._batch._image_files import Images
    from cardocr_nb._client import Client

RENAMED = {"settle": "listing_delay", "patience": "stall_timeout", "reread": "resubmit_done"}
"""Keywords of 0.1, which work until 0.3.0."""


@checked_keywords(RENAMED)
def run(
    images: Images,
    *,
    card_type: str,
    client: Client,
    ledger: str | Path | None = None,
    upload: bool = True,
    prefix: str = "",
    user_data: str | None = None,
    job_level: int | None = None,
    callback: str | None = None,
    callback_format: str | None = None,
    pace: Pace | None = None,
    max_calls: int | None = None,
    price: float | None = None,
    unknown: str | None = None,
    listing_delay: float | None = None,
    stall_timeout: float = 900.0,
    job_timeout: float = 3600.0,
    resubmit_done: bool = False,
    retry_failed: bool = False,
    min_quality: float | None = None,
    complete: bool = False,
    progress: bool = True,
) -> pd.DataFrame:
    """Submit card photos, wait for their jobs, and return the results as a DataFrame.

    Parameters
    ----------
    images : str, Path or iterable of them
        Files, folders and patterns; with ``upload=False`` keys of objects in the bucket. Below a folder every photo is
        taken, in linked folders too; a photo of a format that the service does not read gets a row that says so.
    card_type : {"IDCard", "DriverLicense"}
    client : Client
    ledger : str or Path, optional
        SQLite file with the state of each image. The same call continues where an earlier one stopped, and submits no
        image that was accepted. Without it only the returned frame is kept. It contains texts of cards; its mode is 0600.
        To move it while no run is at work, move this one file; after a crash also the ``-wal`` file.
    upload : bool, default True
        Put files into the bucket. An object with other content is never replaced: then the key gets a hash.
    prefix : str, default ""
        First part of the key of every uploaded file. Files below the folder of an embedded service have their path there as
        key, which must begin with it.
    user_data : str, optional
        Passed through by the service, at most 991 characters: a run adds 33 of its own in front.
    job_level : int, optional
        Priority, 0 to 2.
    callback, callback_format : str, optional
        As for `Client.submit`, for every job.
    pace : Pace, optional
        Calls a second and jobs in flight.
    max_calls : int, optional
        Maximum number of submissions of this run; then it stops.
    price : float, optional
        Of one call, to show the cost.
    unknown : {"hold", "submit"}, optional
        What to do with an image if no program can decide whether the service has accepted it: hold it for a person, or
        submit it again, which may pay twice. Default ``"submit"`` for the embedded service, which costs nothing, else
        ``"hold"``. An image whose job id is known is never submitted again.
    listing_delay : float, optional
        Seconds after which an accepted job is sure to be listed. Default 1 for the embedded service, else 30.
    stall_timeout : float, default 900
        Seconds without progress (a job accepted, changed or ended) after which the run stops.
    job_timeout : float, default 3600
        Seconds after which a run stops waiting for a job; the next run with the ledger asks for it again.
    resubmit_done : bool, default False
        Submit images again that have a result, and pictures that were submitted under another key.
    retry_failed : bool, default False
        Submit images again whose job has failed.
    min_quality : float, optional
        Leave out photos whose probability to be read whole is below it, 0 to 1, see `cardocr_nb.photo_quality`: they are
        neither uploaded nor paid for, and their row has the state ``LeftOut`` and the reason. The same call with a lower
        value or without it submits them.
    complete : bool, default False
        Recognize with the embedded engine the fields that have a place and no text, see
        `cardocr_nb.rereading.complete`; the frame gets the column ``read_by``. The ledger keeps what the service
        answered, a file next to it (``.texts.jsonl``) what the engine recognized, so that nothing is read twice.
    progress : bool, default True
        Show a bar, and a last line.

    Returns
    -------
    DataFrame
        One row a field, columns as in `cardocr_nb.to_frame`. Every image has at least one row; `image` is its file. One
        that failed has `code` and `message`.

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
        Interrupted, out of budget, refused for every image from some point on, or without progress for `stall_timeout`.
        The frame contains all results so far.
    NewKeyWarning
        Images are stored under another key, because an object with other content has theirs.
    cardocr_nb.rereading.UnfinishedWarning
        With ``complete=True``: places are left without a text.

    See Also
    --------
    estimate : Calls, time and cost of the same call.
    cardocr_nb.to_frame : The frame of a ledger, also during a run.

    Examples
    --------
    >>> import cardocr_nb as ocr
    >>> with ocr.Client.local("data/cards") as client:  # doctest: +SKIP
    ...     cards = ocr.run("data/cards/id", card_type="IDCard", client=client, ledger="run.sqlite")
    """
    options = RunOptions(
        upload=upload,
        prefix=prefix,
        user_data=user_data,
        job_level=job_level,
        callback=callback,
        callback_format=callback_format,
        pace=Pace() if pace is None else pace,
        max_calls=max_calls,
        price=price,
        unknown=unknown,
        listing_delay=listing_delay,
        stall_timeout=stall_timeout,
        job_timeout=job_timeout,
        resubmit_done=resubmit_done,
        retry_failed=retry_failed,
        min_quality=min_quality,
        progress=progress,
    )
    with closing(Ledger(":memory:" if ledger is None else ledger)) as kept:
        number, _ = run_batch(images, card_type=card_type, client=client, ledger=kept, options=options)
        cards = read_ledger(kept, number)
    if not complete:
        return cards
    results = None if ledger is None else f"{ledger}.texts.jsonl"
    return complete_readings(cards, None if upload else client, results=results, progress=progress)


@checked_keywords(RENAMED)
def estimate(
    images: Images,
    *,
    card_type: str,
    client: Client,
    ledger: str | Path | None = None,
    upload: bool = True,
    prefix: str = "",
    user_data: str | None = None,
    job_level: int | None = None,
    callback: str | None = None,
    callback_format: str | None = None,
    pace: Pace | None = None,
    max_calls: int | None = None,
    price: float | None = None,
    unknown: str | None = None,
    listing_delay: float | None = None,
    stall_timeout: float = 900.0,
    job_timeout: float = 3600.0,
    resubmit_done: bool = False,
    retry_failed: bool = False,
    min_quality: float | None = None,
    complete: bool = False,  # noqa: ARG001 - the same call as of run
    progress: bool = True,  # noqa: ARG001 - the same call as of run
) -> Estimate:
    """Return how many calls, how long and how much the same call of `run` would take; nothing is sent or written.

    The header of every file that would be submitted is read; with `min_quality` the photo is measured, about 10 ms each.

    Parameters
    ----------
    images, card_type, client, ledger, upload, prefix, pace, max_calls, price, unknown, resubmit_done, retry_failed, min_quality
        As for `run`.
    user_data, job_level, callback, callback_format, listing_delay, stall_timeout, job_timeout, complete, progress
        As for `run`; checked, without an effect on the estimate.

    Returns
    -------
    Estimate

    Raises
    ------
    InvalidRequestError
        There is nothing to submit, or an argument is outside the specification.
    LedgerError
        The ledger exists and cannot be read.

    See Also
    --------
    run : Submits the images.

    Examples
    --------
    >>> import cardocr_nb as ocr
    >>> with ocr.Client.local("data/cards") as client:  # doctest: +SKIP
    ...     print(ocr.estimate("data/cards/id", card_type="IDCard", client=client, price=0.15))
    """
    options = RunOptions(
        upload=upload,
        prefix=prefix,
        user_data=user_data,
        job_level=job_level,
        callback=callback,
        callback_format=callback_format,
        pace=Pace() if pace is None else pace,
        max_calls=max_calls,
        price=price,
        unknown=unknown,
        listing_delay=listing_delay,
        stall_timeout=stall_timeout,
        job_timeout=job_timeout,
        resubmit_done=resubmit_done,
        retry_failed=retry_failed,
        min_quality=min_quality,
    )
    return estimate_run(images, card_type=card_type, ledger=ledger, folder=client.folder, options=options)
