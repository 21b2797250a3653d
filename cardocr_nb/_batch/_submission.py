"""One image on its way to the service: checked, put into the bucket, written down, submitted."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardocr_nb._batch._error_action import ErrorAction, code_of, status_of, verdict
from cardocr_nb._batch._run_state import PendingJob, UnconfirmedSubmission
from cardocr_nb._images import inspect
from cardocr_nb._ledger import join, make_token
from cardocr_nb.errors import CardOCRError, ImageError, ServiceError

if TYPE_CHECKING:
    from pathlib import Path

    from cardocr_nb._batch._pace import RateLimiter
    from cardocr_nb._batch._run_state import RunState
    from cardocr_nb._client import Client
    from cardocr_nb._ledger import Image, Ledger

_UPLOAD_TRIES = 5


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What is asked for every image of a run.

    Attributes
    ----------
    card_type : str
    user_data, job_level, callback, callback_format : optional
        As for `Client.submit`.
    reuse : bool, default True
        Whether a picture that was submitted under another key is not submitted again.
    """

    card_type: str
    user_data: str | None = None
    job_level: int | None = None
    callback: str | None = None
    callback_format: str | None = None
    reuse: bool = True


class Submitter:
    """Starts images, one after another; several threads may use it.

    Parameters
    ----------
    client : Client
    ledger : Ledger
    board : Board
    limit : Limit
        Of submissions.
    order : Order
    """

    def __init__(self, client: Client, ledger: Ledger, board: RunState, limit: RateLimiter, order: JobOptions) -> None:
        self._client, self._ledger, self._board, self._limit, self._order = client, ledger, board, limit, order

    def work(self) -> None:
        """Start images until there are no more, or the run stops."""
        while (image := self._board.take()) is not None:
            try:
                self._start(image)
            finally:
                self._board.put_down()

    def _start(self, image: Image) -> None:
        try:
            picture = None if image.path is None else _picture(image.path)
        except ImageError as e:
            self._fail(image, e.code, str(e))
            return
        fate = self._ledger.ready(image.id, self._order.card_type, picture, reuse=self._order.reuse)
        if fate == "later":
            self._board.again(image, 0.2)
        elif fate in ("done", "same"):
            self._board.count()
        elif self._in_place(image) and self._limit.wait(self._board.stop) and self._board.spend():
            self._submit(image)

    def _in_place(self, image: Image) -> bool:
        """Put the image into the bucket when that is needed; nothing of this is paid for, so it may be repeated."""
        if image.path is None or not image.upload:
            return True
        try:
            self._client.upload(image.path, image.key)
        except CardOCRError as e:
            judged = verdict(e, worked=self._board.worked)
            if judged is ErrorAction.ALL:
                self._board.end("refused", e)
            elif judged in (ErrorAction.THROTTLED, ErrorAction.UNSENT):
                self._later(image, e)
            elif judged is ErrorAction.IMAGE:
                self._fail(image, code_of(e), str(e), status_of(e))
            elif image.tries < _UPLOAD_TRIES - 1:
                self._board.again(image)
            else:
                self._fail(image, "NotUploaded", str(e), status_of(e))
            return False
        return True

    def _submit(self, image: Image) -> None:
        token = make_token()
        number = self._ledger.intend(image.id, token)
        order = self._order
        try:
            job = self._client.submit(
                image.key,
                card_type=order.card_type,
                user_data=join(token, order.user_data),
                job_level=order.job_level,
                callback=order.callback,
                callback_format=order.callback_format,
            )
        except CardOCRError as e:
            self._refused(image, UnconfirmedSubmission(image.id, image.key, token, number, time.monotonic(), 0.0), e)
            return
        self._ledger.accepted(image.id, job.id, job.created)
        self._board.good()
        moment = time.monotonic()
        self._board.launch(PendingJob(job.id, image.id, moment, job.created))

    def _refused(self, image: Image, doubt: UnconfirmedSubmission, error: CardOCRError) -> None:
        judged = verdict(error, worked=self._board.worked)
        code, message, status = code_of(error), str(error), status_of(error)
        if judged is ErrorAction.UNKNOWN:
            self._ledger.failed(image.id, "unknown", "AnswerLost", message, status)
            self._board.doubt(doubt)
            return
        self._board.refund()
        if judged is ErrorAction.IMAGE:
            self._fail(image, code, message, status)
            return
        self._ledger.failed(image.id, "planned", code, message, status)
        if judged is ErrorAction.ALL:
            self._board.end("refused", error)
        else:
            self._later(image, error)

    def _later(self, image: Image, error: CardOCRError) -> None:
        asked = error.retry_after if isinstance(error, ServiceError) else None
        if verdict(error, worked=self._board.worked) is ErrorAction.THROTTLED:
            self._limit.throttled(asked)
        self._board.bad(error)
        self._board.again(image, asked)

    def _fail(self, image: Image, code: str, message: str, status: int | None = None) -> None:
        self._ledger.failed(image.id, "failed", code, message, status)
        self._board.count(failed=1)


def _picture(path: Path) -> tuple[str, int, int]:
    """Give SHA-256, size and time of change of a file that the service can read."""
    inspect(path)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        seen = path.stat()
    except OSError as e:
        raise ImageError("NoSuchFile", f"{str(path)!r} cannot be read: {e.strerror}; check its rights") from None
    return digest, seen.st_size, seen.st_mtime_ns
