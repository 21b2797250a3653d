"""The service double: a running embedded service that a test sets up and asks about its calls."""

from __future__ import annotations

import os
import time
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

from cardocr_nb._client import Client
from cardocr_nb._keywords import checked_keywords
from cardocr_nb.cloud import CloudTransport, CosAuth, Credentials
from cardocr_nb.errors import InvalidRequestError, missing_extra
from cardocr_nb.local._bucket_root import BucketRoot
from cardocr_nb.local._service import Service
from cardocr_nb.testing._planned_faults import PlannedFaults
from cardocr_nb.testing._saved_documents import blank_photo, content_of, document_of, failure_of, results_of
from cardocr_nb.testing._service_options import check_options, reader_of
from cardocr_nb.testing._set_readings import Reading, SetReadings
from cardocr_nb.wire._records import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cardocr_nb.testing._call_log import PaidCall, ServiceCall

SECRET_ID = "AKIDcardocrservice"  # noqa: S105 - invented; opens this service only
SECRET_KEY = "key-of-the-test-service"  # noqa: S105
_THROTTLED = (429, 503)
_LOOK_SECONDS = 0.01
_SHOWN = 5


class UnusedReadingWarning(UserWarning):
    """A reading or failure of `CardOCRService` was set for a key or pattern that no object read by the service matched."""


class CardOCRService:
    """The embedded service on a free port of this machine, for the tests of programs that call the vendor's API.

    Parameters
    ----------
    root : str or Path
        An empty folder, below which the buckets are.
    bucket : str, default "cards-1250000000"
        Name of the bucket, which exists from the start; clients may create more.
    region : str, default "ap-guangzhou"
        Region for the configuration of SDKs; the service answers for any.
    queue_limit : int, default 10000
        Number of jobs that may wait; a further one is answered 503.
    workers : int, default 1
        Number of images read at the same time.
    latency : float, default 0
        Seconds added to each reading.
    faults : dict of str to float, optional
        Rate of each failure, see `cardocr_nb.local.FaultInjector`.
    seed : int, default 0
        Seed of the failures.
    engine : {"stub", "rapidocr"}, default "stub"
        Reader of the images without a reading of their own: the same invented fields for every image, or the OCR engine.

    Attributes
    ----------
    url : str
        Address, such as ``http://127.0.0.1:41873``.
    bucket, region, secret_id, secret_key : str
        Configuration for an SDK. The secrets are invented.
    folder : Path
        Folder of the bucket; a file in it is an object.

    Raises
    ------
    MissingExtraError
        The extra ``local`` is not installed.
    InvalidRequestError
        An argument is outside its range.

    Examples
    --------
    >>> import tempfile
    >>> from cardocr_nb.testing import CardOCRService
    >>> with tempfile.TemporaryDirectory() as folder, CardOCRService(folder) as service:
    ...     _ = service.add_photo("front/0001.jpg")
    ...     service.set_reading("front/*", {"name": "样本"})
    ...     with service.client() as client:
    ...         job = client.wait(client.submit("front/0001.jpg", card_type="IDCard"))
    ...     service.assert_paid_once("front/0001.jpg")
    ...     len(job.fields)
    1
    """

    @checked_keywords({}, "CardOCRService")
    def __init__(
        self,
        root: str | Path,
        *,
        bucket: str = "cards-1250000000",
        region: str = "ap-guangzhou",
        queue_limit: int = 10_000,
        workers: int = 1,
        latency: float = 0.0,
        faults: Mapping[str, float] | None = None,
        seed: int = 0,
        engine: str = "stub",
    ) -> None:
        try:
            from cardocr_nb.local.http._signature_verifier import SignatureVerifier
            from cardocr_nb.testing._call_log import LoggingApp
            from cardocr_nb.testing._service_thread import ServiceThread
        except ImportError as e:
            missing_extra("the service for tests", "local", e)
        check_options(bucket, engine, queue_limit=queue_limit, workers=workers, latency=latency)
        self.bucket, self.region, self.secret_id, self.secret_key = bucket, region, SECRET_ID, SECRET_KEY
        self._invented = "invented" if engine == "stub" else "the engine's"
        self._failed = False
        self._rates = dict(faults or {})
        self._forgotten: set[str | None] = set()
        self._faults = PlannedFaults(self._rates, seed)
        self._readings = SetReadings(reader_of(engine, workers))
        self._thread = ServiceThread()
        self.url = self._thread.url
        buckets = BucketRoot(root, self.url)
        buckets.create(bucket)
        self.folder: Path = buckets[bucket].folder
        self._service = Service(
            buckets,
            self._readings,
            workers=workers,
            queue_limit=queue_limit,
            latency=latency,
            faults=self._faults,
        )
        self._app = LoggingApp(self._service, SignatureVerifier(SECRET_ID, SECRET_KEY))
        self._thread.start(self._app)

    def __repr__(self) -> str:
        return f"<CardOCRService {self.url} bucket={self.bucket} calls={len(self.calls)}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._failed = True
        self.close()

    def close(self) -> None:
        """Finish the calls and readings in progress and close the port.

        Warns
        -----
        UnusedReadingWarning
            A reading or failure was set for a key or pattern that matched no object that was read. Those of `replay` may be unused.
        """
        self._thread.stop()
        self._app.close()
        self._service.close()
        failed, self._failed = self._failed, True  # a service that is closed twice warns once
        if not failed:
            self._warn_of_unused(*self._readings.unused())

    def _warn_of_unused(self, unused: list[str], invented: list[str]) -> None:
        if unused:
            others = f"; these were read and got {self._invented} readings: {_listed(invented)}" if invented else ""
            warnings.warn(
                f"no object that was read matches {_listed(unused)}, for which a reading or failure was set{others}",
                UnusedReadingWarning,
                stacklevel=3,
            )

    # Configuration of the program under test.

    @property
    def settings(self) -> dict[str, str]:
        """Address, bucket, region and credentials, as texts for a program in another language."""
        return {
            "url": self.url,
            "bucket": self.bucket,
            "region": self.region,
            "secret_id": self.secret_id,
            "secret_key": self.secret_key,
        }

    def cos_config(self) -> dict[str, Any]:
        """Return the arguments of ``CosConfig`` of the vendor's Python SDK."""
        return {
            "Region": self.region,
            "SecretId": self.secret_id,
            "SecretKey": self.secret_key,
            "Scheme": "http",
            "Proxies": {"http": self.url},
        }

    def auth(self) -> CosAuth:
        """Return the signature for `requests` and `httpx`: ``requests.get(service.url + "/jobs", auth=service.auth())``."""
        return CosAuth(Credentials(self.secret_id, self.secret_key))

    def client(self, **options: Any) -> Client:
        """Return a client of this package; `options` are those of `cardocr_nb.cloud.CloudTransport`."""
        credentials = Credentials(self.secret_id, self.secret_key)
        transport = CloudTransport(self.bucket, self.region, credentials, endpoint=self.url, **options)
        return Client(transport, poll=(0.02, 0.2))

    # What the service answers.

    def add_photo(self, key: str, content: bytes | str | os.PathLike[str] | None = None) -> Path:
        """Put an object into the bucket without a call; by default a small JPEG file that shows nothing.

        Parameters
        ----------
        key : str
        content : bytes, or path of a file, optional

        Returns
        -------
        Path
            The file of the object.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        """
        bucket = self._service.buckets[self.bucket]
        if content is None:
            content = blank_photo()
        elif isinstance(content, str | os.PathLike):
            content = content_of(content, "add_photo takes bytes or a file")
        bucket.put(key, content)
        return bucket.path(key)

    def set_reading(self, key: str, reading: Reading) -> None:
        """Set the reading of an object; the photo must be a picture, what it shows does not matter.

        Parameters
        ----------
        key : str
            Key of the object, or a pattern with ``*``, ``?`` and ``[…]``; a key is always equal to itself, also with these signs.
            Of several that match, the one set last counts.
        reading : dict of str to str, or sequence of Field
            Texts by name or printed label of the field (score 99, invented polygons; None for a place without a text), or fields.
            Names that the card type of the job does not have are left out, as by the service. Empty: the service finds no card, Status 0.

        Raises
        ------
        InvalidRequestError
            A name is not a field of a card, or a text, score or polygon is none that the service can give.
        """
        self._readings.set(key, reading)

    def set_failure(self, key: str, code: str = "InternalError", message: str = "The image cannot be read.") -> None:
        """Let the job of an object fail with a code (a word) and a message; the key is as in `set_reading`.

        Raises
        ------
        InvalidRequestError
            The code is something else than a word of letters, digits, dots and dashes, or the message something else than a text.
        """
        self._readings.set(key, failure_of(code, message))

    def replay(self, *documents: bytes | str | Path) -> list[str]:
        """Set the readings of saved responses or callbacks.

        Parameters
        ----------
        *documents : bytes, str or Path
            XML or JSON, such as ``response.text``, or files of it.

        Returns
        -------
        list of str
            Keys that now have a reading. Jobs that have not ended are passed over.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        DecodeError
            A document is not one of the service.
        """
        keys = []
        for document in documents:
            for result in results_of(document_of(document)):
                if result.key is None:
                    continue
                failed = result.state == JobState.FAILED
                answer = (
                    failure_of(result.code or "InternalError", result.message or "failed") if failed else result.fields
                )
                self._readings.set(result.key, answer, expected=False)
                keys.append(result.key)
        return keys

    # What goes wrong.

    def inject(self, fault: str, times: int = 1) -> None:
        """Let a failure occur at the next `times` occasions.

        Parameters
        ----------
        fault : {"throttle", "drop-before", "drop-after", "fail", "slow", "duplicate-callback"}
            See `cardocr_nb.local.FaultInjector`.
        times : int, default 1

        Raises
        ------
        InvalidRequestError
            The kind is unknown, or `times` is below 1.
        """
        self._faults.plan(fault, times)

    def set_rates(self, rates: Mapping[str, float]) -> None:
        """Replace the rates of failures, 0 to 1 for each kind.

        Raises
        ------
        InvalidRequestError
            The kind is unknown, or the rate is outside 0 to 1.
        """
        self._faults.rates = PlannedFaults(rates).rates

    def pause(self) -> None:
        """Let accepted jobs of the bucket wait, for tests of the queue's limit and of time limits."""
        self._service.set_paused(self.bucket, paused=True)

    def resume(self) -> None:
        """Read the waiting jobs."""
        self._service.set_paused(self.bucket, paused=False)

    def wait(self, timeout: float = 10.0) -> None:
        """Wait until every job has ended.

        Raises
        ------
        AssertionError
            A job has not ended after `timeout` seconds.
        """
        end = time.monotonic() + timeout
        while open_jobs := [job for job in self._service.jobs() if not job.state.final]:
            if time.monotonic() >= end:
                listed = ", ".join(f"{job.key!r} is {job.state}" for job in open_jobs[:_SHOWN])
                raise AssertionError(
                    f"{len(open_jobs)} of {len(self.jobs)} jobs have not ended after {timeout:g} s ({listed}); "
                    "is the service paused, or its latency longer?"
                )
            time.sleep(_LOOK_SECONDS)

    def reset(self, timeout: float = 10.0) -> None:
        """Start again, for a service that several tests share.

        Waits until every job has ended, then forgets jobs, calls, readings and failures; `paid` is empty, rates are those of
        the start, and nothing is paused. Objects stay, and a program that asks for a former job still gets it.

        Raises
        ------
        AssertionError
            A job has not ended after `timeout` seconds.

        Warns
        -----
        UnusedReadingWarning
            See `close`.
        """
        self.resume()
        self.wait(timeout)
        set_in_vain = self._readings.unused()
        self._forgotten = {job.id for job in self._service.jobs()}
        self._faults.forget()
        self.set_rates(self._rates)
        self._readings.forget()
        self._app.forget()
        self._warn_of_unused(*set_in_vain)

    # What a test asks.

    @property
    def jobs(self) -> list[Job]:
        """The accepted jobs, in order."""
        return [job for job in self._service.jobs() if job.id not in self._forgotten]

    @property
    def calls(self) -> list[ServiceCall]:
        """The calls so far, in the order of their answers; refused ones are among them."""
        return self._app.calls

    @property
    def paid(self) -> list[PaidCall]:
        """The recognitions that the cloud would charge for. A job counts also if its reply was lost."""
        from cardocr_nb.testing._call_log import paid_calls

        return paid_calls(self.jobs, self._app.calls)

    def assert_paid_once(self, *keys: str) -> None:
        """Check that each object was recognized once, by a job or by a synchronous call.

        Parameters
        ----------
        *keys : str
            Every one of them must have been paid once. Without keys: every object that was paid for, at least one.

        Raises
        ------
        AssertionError
        InvalidRequestError
            A key is not a text.
        """
        _check_keys(keys)
        counts = Counter(call.key for call in self.paid)
        wrong = {key: counts[key] for key in (keys or counts) if counts[key] != 1}
        if wrong:
            listed = ", ".join(f"{key!r} {times} times" for key, times in sorted(wrong.items()))
            others = sorted(set(counts) - set(wrong))[:_SHOWN]
            paid = f"; paid for once: {', '.join(map(repr, others))}" if others else ""
            raise AssertionError(f"each object must be paid for once, got {listed}{paid}")
        if not counts:
            raise AssertionError("no object was paid for; was the program configured with the address of this service?")

    def assert_not_paid(self, *keys: str) -> None:
        """Check that no recognition of these objects, or of any, was paid for.

        Raises
        ------
        AssertionError
        InvalidRequestError
            A key is not a text.
        """
        _check_keys(keys)
        found = sorted({call.key for call in self.paid if not keys or call.key in keys})
        if found:
            raise AssertionError(f"these objects must not be paid for: {', '.join(map(repr, found))}")

    def assert_no_call_refused(self) -> None:
        """Check that no call was wrong: signature, arguments, objects missing from synchronous calls. Throttled calls do not count.

        A job for a missing object is accepted and fails later, as in the cloud: call `wait` first.

        Raises
        ------
        AssertionError
        """
        wrong = [call for call in self.calls if call.status and call.status >= 400 and call.status not in _THROTTLED]
        if wrong:
            lines = [f"  {c.method} {c.path}: {c.status} {c.code}" for c in wrong]
            raise AssertionError("\n".join([f"{len(wrong)} calls were refused:", *lines]))
        missing = [job for job in self.jobs if job.code == "NoSuchKey" and not self._readings.has_failed(job.key)]
        if missing:
            raise AssertionError(
                f"{len(missing)} jobs are for objects that the bucket does not have: {_listed([job.key or '' for job in missing])}"
            )


def _check_keys(keys: tuple[str, ...]) -> None:
    for key in keys:
        if not isinstance(key, str):
            raise InvalidRequestError(
                f"keys are texts, one an argument, got {type(key).__name__}; write *keys for a list"
            )


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(map(repr, keys[:_SHOWN])) + more
