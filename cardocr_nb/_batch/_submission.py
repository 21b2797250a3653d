"""One image on its way to the service: checked, uploaded, recorded in the ledger, submitted."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardocr_nb._batch._error_action import ErrorAction, code_of, status_of, submission_action, upload_action
from cardocr_nb._batch._image_keys import alternative_keys
from cardocr_nb._batch._photo_check import low_quality
from cardocr_nb._batch._run_state import PendingJob, UnconfirmedSubmission
from cardocr_nb._images import inspect
from cardocr_nb._ledger import LOW_QUALITY, join_user_data, make_token
from cardocr_nb._ledger._ledger import FileVersion
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import CardOCRError, DecodeError, ImageError, KeyTakenError, ServiceError, ThrottledError

if TYPE_CHECKING:
    from pathlib import Path

    from cardocr_nb._batch._pace import RateLimiter
    from cardocr_nb._batch._run_state import RunState
    from cardocr_nb._client import Client
    from cardocr_nb._ledger import Image, Ledger
    from cardocr_nb.wire._records import Job

_SAME_PICTURE_WAIT = 0.2


@dataclass(frozen=True, slots=True)
class JobOptions:
    """The arguments of every submission of a run.

    Attributes
    ----------
    card_type : str
    user_data, job_level, callback, callback_format : optional
        As for `Client.submit`.
    reuse : bool, default True
        Whether a picture that was submitted under another key is not submitted again.
    min_quality : float, optional
        Least probability to be read whole of a photo that is submitted.
    """

    card_type: str
    user_data: str | None = None
    job_level: int | None = None
    callback: str | None = None
    callback_format: str | None = None
    reuse: bool = True
    min_quality: float | None = None


class Submitter:
    """Submits images, one after another; several threads may use it.

    Parameters
    ----------
    client : Client
    ledger : Ledger
    state : RunState
    limiter : RateLimiter
        Of submissions.
    options : JobOptions
    """

    def __init__(
        self, client: Client, ledger: Ledger, state: RunState, limiter: RateLimiter, options: JobOptions
    ) -> None:
        self._client, self._ledger, self._state = client, ledger, state
        self._limiter, self._options = limiter, options

    def work(self) -> None:
        """Submit images until none is left, or the run stops."""
        while (image := self._state.next_image()) is not None:
            try:
                self._start(image)
            finally:
                self._state.release_image()

    def _start(self, image: Image) -> None:
        try:
            self._check_and_submit(image)
        except ImageError as e:
            self._fail(image, e.code, str(e))

    def _check_and_submit(self, image: Image) -> None:
        file = None if image.path is None else _file_version(image.path)
        step = self._ledger.record_file(image.id, self._options.card_type, file, reuse=self._options.reuse)
        if step == "later":
            self._state.reschedule(image, _SAME_PICTURE_WAIT)
        elif step in ("done", "same"):
            self._state.count_outcomes()
        elif (reason := low_quality(image.path, self._options.min_quality)) is not None:
            self._ledger.record_failure(image.id, "failed", LOW_QUALITY, reason)
            self._state.count_outcomes()
        elif self._is_uploaded(image, file) and self._limiter.wait(self._state.stop) and self._state.reserve_call():
            self._submit(image)

    def _is_uploaded(self, image: Image, file: FileVersion | None) -> bool:
        """Upload the image if needed, and return whether it is in the bucket; this costs nothing and may be repeated."""
        if image.path is None or file is None or not image.upload:
            return True
        image.key = self._ledger.image(image.id).key
        try:
            self._upload(image, image.path, file.sha256)
        except CardOCRError as e:
            action = upload_action(e, worked=self._state.worked)
            if action is ErrorAction.ALL:
                self._ledger.record_failure(image.id, "planned", code_of(e), str(e), status_of(e))
                self._state.stop_run("refused", e)
            elif action is ErrorAction.IMAGE:
                self._fail(image, code_of(e), str(e), status_of(e))
            else:
                self._ledger.record_failure(image.id, "planned", code_of(e), str(e), status_of(e))
                self._retry_later(image, e)
            return False
        self._state.reached = True
        return True

    def _upload(self, image: Image, path: Path, sha256: str) -> None:
        """Upload under the planned key, or if other content has it, under one with a hash of the content."""
        for key in (image.key, *alternative_keys(image.key, sha256)):
            if self._ledger.key_is_of_other_content(key, sha256):
                continue
            try:
                self._client.upload(path, key)
            except KeyTakenError:
                continue
            if key != image.key:
                image.key = key
                self._ledger.record_key(image.id, key)
                self._state.count_new_key()
            return
        raise KeyTakenError(f"objects with other content have the key {image.key!r} and all alternatives", image.key)

    def _submit(self, image: Image) -> None:
        token = make_token()
        number = self._ledger.record_intent(image.id, token)
        options = self._options
        try:
            job = self._client.submit(
                image.key,
                card_type=options.card_type,
                user_data=join_user_data(token, options.user_data),
                job_level=options.job_level,
                callback=options.callback,
                callback_format=options.callback_format,
            )
            self._check_new(job)
        except CardOCRError as e:
            submission = UnconfirmedSubmission(image.id, image.key, token, number, time.monotonic())
            self._handle_failure(image, submission, e)
            return
        self._ledger.record_accepted(image.id, job)
        self._state.add_job(PendingJob(job.id, image.id, image.key, time.monotonic(), job.created))

    def _check_new(self, job: Job) -> None:
        """Raise if the answer is about a job of another image, as from a cache between here and the service."""
        if self._ledger.has_job(job.id):
            raise DecodeError(f"the answer to a submission names the job {job.id!r}, which is another image's", job.raw)

    def _handle_failure(self, image: Image, submission: UnconfirmedSubmission, error: CardOCRError) -> None:
        action = submission_action(error, worked=self._state.worked)
        code, message, status = code_of(error), str(error), status_of(error)
        if action in (ErrorAction.UNKNOWN, ErrorAction.ALL_UNKNOWN):
            self._ledger.record_failure(image.id, "unknown", "AnswerLost", message, status)
            submission.answer = error if isinstance(error, ServiceError | DecodeError) else None
            self._state.add_unconfirmed(submission)
            self._state.record_failure(error)
            if isinstance(error, ThrottledError):
                self._limiter.slow_down(error.retry_after)
            if action is ErrorAction.ALL_UNKNOWN:
                self._state.stop_run("refused", error)
            return
        self._state.return_call()
        if action is ErrorAction.IMAGE:
            self._fail(image, code, message, status)
            return
        self._ledger.record_failure(image.id, "planned", code, message, status)
        if action is ErrorAction.ALL:
            self._state.stop_run("refused", error)
        else:
            self._retry_later(image, error)

    def _retry_later(self, image: Image, error: CardOCRError) -> None:
        seconds = error.retry_after if isinstance(error, ServiceError) else None
        if isinstance(error, ThrottledError):
            self._limiter.slow_down(seconds)
        self._state.record_failure(error)
        self._state.reschedule(image, seconds)

    def _fail(self, image: Image, code: str, message: str, status: int | None = None) -> None:
        self._ledger.record_failure(image.id, "failed", code, message, status)
        self._state.count_outcomes(failed=1)


def _file_version(path: Path) -> FileVersion:
    """Return the version of a file that the service can read.

    Raises
    ------
    ImageError
    """
    inspect(path)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        seen = path.stat()
    except OSError as e:
        raise ImageError(
            "NoSuchFile", f"{shown_path(path)} cannot be read: {e.strerror}; check its permissions"
        ) from None
    return FileVersion(digest, seen.st_size, seen.st_mtime_ns)
