"""Read many images: check, upload, submit, look, and keep an outcome for every one of them."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from tqdm.auto import tqdm

from cardocr_nb.batch.plan import Item, plan
from cardocr_nb.cards import card_type as checked_card_type
from cardocr_nb.errors import (
    AuthenticationError,
    CardOCRError,
    ClockError,
    DecodeError,
    ImageError,
    NotActivatedError,
    PermissionDeniedError,
    ServiceError,
    ThrottledError,
    TransientError,
    TransportError,
)
from cardocr_nb.images import inspect
from cardocr_nb.wire.models import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cardocr_nb.client import Client

_EVERY_IMAGE = (AuthenticationError, ClockError, NotActivatedError, PermissionDeniedError)
_THROTTLED_TRIES = 6
_UNANSWERED_LOOKS = 8

T = TypeVar("T")


class StoppedWarning(UserWarning):
    """A run ended before every image was read; the rows tell which."""


@dataclass(slots=True)
class _Run:
    """What is known of each image so far, by key; a plain record that the steps below fill."""

    client: Client
    card_type: str
    user_data: str | None
    job_level: int | None
    bar: tqdm[Any]
    outcomes: dict[str, Job] = field(default_factory=dict)
    in_flight: dict[str, Job] = field(default_factory=dict)
    failed: int = 0


def read_all(
    images: str | Path | Iterable[str | Path],
    *,
    card_type: str,
    client: Client,
    upload: bool = True,
    prefix: str = "",
    in_flight: int = 16,
    user_data: str | None = None,
    job_level: int | None = None,
    progress: bool = True,
) -> list[Job]:
    """Read many images.

    Parameters
    ----------
    images : str, Path or iterable of them
        Files, folders and patterns; with ``upload=False`` keys of objects in the bucket.
    card_type : {"IDCard", "DriverLicense"}
    client : Client
    upload : bool, default True
    prefix : str, default ""
        Put in front of the key of every file that is uploaded.
    in_flight : int, default 16
        Jobs submitted and not yet ended, at most.
    user_data, job_level : optional
        As for `Client.submit`, for every job.
    progress : bool, default True
        Show a bar.

    Returns
    -------
    list of Job
        One for each image, in order. An image that no job was made for is a job with an empty id, in state
        ``Failed``, with code and message.

    Raises
    ------
    InvalidRequestError
        Nothing to read, or an argument outside the specification.
    ServiceError
        The account, clock or bucket is refused before any job was accepted.

    Warns
    -----
    StoppedWarning
        Interrupted, or refused for every image from some point on.
    """
    checked_card_type(card_type)
    items = plan(images, upload=upload, prefix=prefix, folder=client.folder)
    bar: tqdm[Any]
    with tqdm(total=len(items), desc=f"reading {card_type}", unit="card", disable=not progress) as bar:
        run = _Run(client, card_type, user_data, job_level, bar)
        try:
            refused = _start_all(run, items, in_flight)
            _settle(run, room_for=0)
        except KeyboardInterrupt:
            _stopped(run, items, "Interrupted", "interrupted before this image was submitted")
        except (ServiceError, TransportError, DecodeError) as e:
            _stopped(run, items, _code(e), str(e))
        else:
            if refused is not None and not any(job.id for job in run.outcomes.values()):
                raise refused
            if refused is not None:
                _stopped(run, items, refused.code, str(refused))
    return [run.outcomes[item.key] for item in items]


def _start_all(run: _Run, items: list[Item], in_flight: int) -> ServiceError | None:
    """Start every image; gives the refusal that holds for all of them, when one came."""
    for item in items:
        _settle(run, room_for=in_flight - 1)
        try:
            _start(run, item)
        except _EVERY_IMAGE as e:
            return e
    return None


def _start(run: _Run, item: Item) -> None:
    """Check an image, put it into the bucket and submit it; what goes wrong is its outcome."""
    wrong = _in_place(run, item)
    if wrong is not None:
        _end(run, wrong)
        return
    try:
        job = _patiently(
            run,
            lambda: run.client.submit(
                item.key, card_type=run.card_type, user_data=run.user_data, job_level=run.job_level
            ),
        )
    except _EVERY_IMAGE:
        raise
    except CardOCRError as e:
        _end(run, _without_job(run, item.key, _code(e), str(e)))
    else:
        run.in_flight[job.id] = job


def _in_place(run: _Run, item: Item) -> Job | None:
    """Check an image and put it into the bucket; gives the outcome when that fails, and nothing was paid for."""
    if item.path is None:
        return None
    path = item.path
    try:
        inspect(path)
        if item.upload:
            _patiently(run, lambda: run.client.upload(path, item.key))
    except _EVERY_IMAGE:
        raise
    except (TransportError, DecodeError) as e:
        return _without_job(run, item.key, "NotUploaded", str(e))
    except CardOCRError as e:
        return _without_job(run, item.key, _code(e), str(e))
    return None


def _patiently(run: _Run, call: Callable[[], T]) -> T:
    """Call; a throttled call was refused and not paid for, so it alone is sent again."""
    for attempt in range(_THROTTLED_TRIES - 1):
        try:
            return call()
        except ThrottledError as e:
            time.sleep(e.retry_after if e.retry_after is not None else run.client.poll[0] * 2**attempt)
    return call()


def _settle(run: _Run, *, room_for: int) -> None:
    """Look until at most `room_for` jobs are in flight."""
    pause, longest = run.client.poll
    unanswered = 0
    while len(run.in_flight) > room_for:
        time.sleep(pause)
        pause = min(pause * 1.3, longest)
        try:
            seen = {job.id: job for job in run.client.describe(run.in_flight.values(), missing="skip")}
        except (TransportError, ThrottledError, TransientError, DecodeError):
            unanswered += 1
            if unanswered == _UNANSWERED_LOOKS:
                raise
            continue
        unanswered = 0
        for job_id, before in list(run.in_flight.items()):
            now = seen.get(job_id)
            if now is None:
                del run.in_flight[job_id]
                _end(run, _without_job(run, before.key or "", "NoSuchJob", "the service no longer knows this job"))
            elif now.state.final:
                del run.in_flight[job_id]
                _end(run, now)


def _end(run: _Run, job: Job) -> None:
    run.outcomes[job.key or ""] = job
    run.bar.update()
    run.failed += job.state is JobState.FAILED
    run.bar.set_postfix(failed=run.failed, refresh=False)


def _stopped(run: _Run, items: list[Item], code: str, message: str) -> None:
    for job in run.in_flight.values():
        run.outcomes[job.key or ""] = job
    left = [item.key for item in items if item.key not in run.outcomes]
    for key in left:
        run.outcomes[key] = _without_job(run, key, code, message)
    warnings.warn(
        f"stopped ({code}): {len(left)} of {len(items)} images were not submitted, {len(run.in_flight)} jobs had not "
        "ended; ask for those again with client.describe(ids)",
        StoppedWarning,
        stacklevel=3,
    )


def _without_job(run: _Run, key: str, code: str, message: str) -> Job:
    return Job(
        id="",
        state=JobState.FAILED,
        key=key,
        card_type=run.card_type,
        code=code,
        message=message,
        user_data=run.user_data,
    )


def _code(error: CardOCRError) -> str:
    if isinstance(error, ImageError | ServiceError):
        return error.code
    if isinstance(error, TransportError):
        return "AnswerLost" if error.maybe_accepted else "NotSent"
    if isinstance(error, DecodeError):
        return "AnswerLost"  # the service said something to the submission that nobody can read
    return "InvalidArgument"
