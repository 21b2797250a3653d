"""Worker threads: they claim waiting jobs, read the image and store the result."""

from __future__ import annotations

import logging
import sqlite3
import threading
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from cardocr_nb._images import MAX_BYTES, inspect, load_reduced
from cardocr_nb.errors import CardOCRError, ImageError, InvalidRequestError
from cardocr_nb.local.engine import Engine
from cardocr_nb.wire._limits import UNFIT_FOR_XML
from cardocr_nb.wire._records import SERVICE_TIME, CardResult, Field, Job, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local._job_table import JobTable
    from cardocr_nb.local.engine import Reader

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_LARGE = 40_000_000
"""Pixels from which a picture is reduced before the engine gets it, to bound its memory."""
_MOST_PIXELS = 25_000_000
"""Pixels of a reduced picture, at most. It has 6 million or more: a line that the detector finds at its 960 pixels is more
than twice as high there."""


class ReadingError(CardOCRError):
    """An image cannot be read; becomes a failed job or a refused recognition.

    Attributes
    ----------
    code : str
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@runtime_checkable
class ObjectReader(Protocol):
    """A reader that wants to know which object an image is, and has a message about it."""

    def read_object(self, image: NDArray[np.uint8], card_type: str, key: str | None) -> tuple[tuple[Field, ...], str]:
        """Return the fields of an image and a message; the key is None for an image that is not in the bucket."""


def read_card(bucket: Bucket, key: str, card_type: str, reader: Reader) -> CardResult:
    """Read one object of a bucket.

    Raises
    ------
    ReadingError
        The object does not exist, or the service cannot read it as a picture.
    """
    try:
        path = bucket.path(key)
        if not path.is_file():
            raise ReadingError("NoSuchKey", f"no object {key!r} in the bucket; upload it first")
        if path.stat().st_size > MAX_BYTES:
            raise ReadingError(
                "FileTooLarge", f"the object is {path.stat().st_size} bytes, at most {MAX_BYTES} are read"
            )
        content = path.read_bytes()
    except InvalidRequestError as e:
        raise ReadingError("InvalidArgument", str(e)) from e
    except OSError as e:
        raise ReadingError("NoSuchKey", f"the object {key!r} cannot be opened: {e.strerror}") from e
    return replace(read_content(content, card_type, reader, key), key=key, url=bucket.url(key))


def read_content(content: bytes, card_type: str, reader: Reader, key: str | None = None) -> CardResult:
    """Read one picture, which is the object `key` of the bucket, or in no bucket.

    Raises
    ------
    ReadingError
        The service cannot read it as a picture, or the engine failed (code ``InternalError``).
    """
    try:
        info = inspect(content)
        most = _MOST_PIXELS if info.width * info.height > _LARGE else _LARGE
        image, size = load_reduced(content, most)
    except ImageError as e:
        raise ReadingError(e.code, str(e)) from e
    except Exception as e:  # a decoder can raise anything for a malformed picture
        log.warning("a decoder failed: %s", type(e).__name__)
        raise ReadingError("DamagedImage", f"the picture cannot be decoded: {type(e).__name__}") from e
    try:
        fields, message = recognized(reader, image, card_type, key)
    except ReadingError:
        raise
    except Exception as e:  # an engine can raise anything, and the other images must still be read
        log.warning("the engine failed: %s", type(e).__name__)
        raise ReadingError("InternalError", f"the engine failed: {type(e).__name__}") from e
    if not all(isinstance(field, Field) for field in fields):
        raise ReadingError("InternalError", "the engine returned something else than fields")
    fields = tuple(_enlarged(field, image.shape[1::-1], size) for field in fields)
    return CardResult(fields=fields, status=int(bool(fields)), state="Success", code="Success", message=message or None)


def _enlarged(field: Field, seen: tuple[int, ...], size: tuple[int, int]) -> Field:
    """Scale the polygon of a field from the picture that the engine saw to the full picture."""
    if field.polygon is None or seen == size:
        return field
    along, down = size[0] / seen[0], size[1] / seen[1]
    return replace(field, polygon=tuple((round(x * along), round(y * down)) for x, y in field.polygon))


def recognized(
    reader: Reader, image: NDArray[np.uint8], card_type: str, key: str | None
) -> tuple[tuple[Field, ...], str]:
    """Fields of a picture, and what the engine says about the picture; most other readers say nothing."""
    if isinstance(reader, ObjectReader):
        return reader.read_object(image, card_type, key)
    if isinstance(reader, Engine):
        fields, message = reader.recognize(image, card_type)
        return tuple(fields), message
    return tuple(reader.read(image, card_type)), ""


class Workers:
    """A bounded number of threads over one job table.

    Parameters
    ----------
    table : JobTable
    buckets : dict of str to Bucket
    reader : Reader
    count : int
    on_ended : callable, optional
        Called with each job that has ended.
    """

    def __init__(
        self,
        table: JobTable,
        buckets: Mapping[str, Bucket],
        reader: Reader,
        *,
        count: int,
        on_ended: Callable[[Job], None] | None = None,
    ) -> None:
        self._table, self._buckets, self._reader, self._on_ended = table, buckets, reader, on_ended
        self._changed = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"cardocr-worker-{n}", daemon=True) for n in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def notify(self) -> None:
        """Wake the threads: there may be new jobs."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Finish the readings in progress, start no more, and end the threads."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            try:
                with self._changed:
                    job = None
                    while not self._stopping and (job := self._claim()) is None:
                        self._changed.wait()
                if job is None:
                    return
                self._finish(job)
            except sqlite3.Error as e:
                log.error("the job table cannot be written: %s", e)  # noqa: TRY400 - a full disk needs no trace
                with self._changed:
                    if self._stopping:
                        return
                    self._changed.wait(_RETRY_SECONDS)
            except Exception as e:  # noqa: BLE001 - a thread that ends here would never read again
                log.error("a worker failed: %s", type(e).__name__)  # noqa: TRY400 - a trace may contain texts of a card

    def _claim(self) -> Job | None:
        return self._table.claim(lambda job: replace(job, state=JobState.RUNNING, started=datetime.now(SERVICE_TIME)))

    def _finish(self, job: Job) -> None:
        try:
            outcome = self._outcome(job)
        except BaseException as e:  # noqa: BLE001 - SystemExit of a library must not end the thread; the job runs once more
            log.warning("reading job %s raised %s", job.id, type(e).__name__)
            self._report(self._table.restart(job.id))
            return

        def ended(now: Job) -> Job:
            return replace(outcome, ended=datetime.now(SERVICE_TIME), started=now.started)

        try:
            done = self._table.update(job.id, (JobState.RUNNING,), ended)
        except sqlite3.Error:
            raise
        except Exception:  # noqa: BLE001 - an engine of the user's own may return anything
            outcome = _failed(job, "InternalError", "the engine returned a result that XML cannot contain")
            done = self._table.update(job.id, (JobState.RUNNING,), ended)
        self._report(done)

    def _report(self, job: Job | None) -> None:
        if job is not None and self._on_ended is not None:
            self._on_ended(job)

    def _outcome(self, job: Job) -> Job:
        bucket = self._buckets.get(job.bucket or "")
        if bucket is None:
            return _failed(job, "NoSuchBucket", "the bucket has been removed")
        try:
            result = read_card(bucket, job.key or "", job.card_type or "", self._reader)
        except ReadingError as e:
            return _failed(job, e.code, str(e))
        return replace(job, state=JobState.SUCCESS, code="Success", message=result.message, result=result)


def _failed(job: Job, code: str, message: str) -> Job:
    return replace(
        job, state=JobState.FAILED, code=code, message=UNFIT_FOR_XML.sub("?", " ".join(message.split())), result=None
    )
