"""The client: one call of the service a method, the same for the cloud and for the embedded service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self, overload

from cardocr_nb._client import _waiting as waiting
from cardocr_nb._client._calls import send
from cardocr_nb._client._job_queries import IDS_A_CALL, describe_raw, list_pages
from cardocr_nb._client._objects import Objects
from cardocr_nb._keywords import needs_arguments, why_missing
from cardocr_nb._text_safety import shown_choice, shown_path
from cardocr_nb._transport import Request, Transport
from cardocr_nb.cards import card_type as checked_card_type
from cardocr_nb.errors import DecodeError, InvalidRequestError, NotFoundError
from cardocr_nb.wire._decode import decode_jobs, decode_recognition
from cardocr_nb.wire._encode import request_xml
from cardocr_nb.wire._records import CardResult, Job, JobRequest, MqConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from cardocr_nb.cloud._address import Endpoint
    from cardocr_nb.local.engine import Reader

_XML = {"Content-Type": "application/xml"}


@needs_arguments
class Client(Objects):
    """Card OCR through a transport.

    Use `Client.local` for the embedded service and `Client.from_env` for the cloud.

    Parameters
    ----------
    transport : Transport
        Anything that speaks the wire.
    poll : (float, float), default (1.0, 15.0)
        Seconds between two queries for a job: at first, and at most as the job grows older.

    Examples
    --------
    >>> import cardocr_nb as ocr
    >>> with ocr.Client.local("data/cards") as client:  # doctest: +SKIP
    ...     ocr.to_frame(client.wait(client.submit("id/0001.jpg", card_type="IDCard")))
    """

    def __init__(self, transport: Transport, *, poll: tuple[float, float] = (1.0, 15.0)) -> None:
        super().__init__(transport)
        self.poll = poll

    @classmethod
    def local(
        cls,
        root: str | Path,
        *,
        jobs: str | Path = ":memory:",
        workers: int = 1,
        reader: Reader | None = None,
        create: bool = False,
    ) -> Client:
        """Open the embedded service on a folder, in this process: no account, no network.

        Parameters
        ----------
        root : str or Path
            The folder that serves as bucket; keys are paths below it.
        jobs : str or Path, default ":memory:"
            File of the job table; in memory the jobs end with the client.
        workers : int, default 1
            Images read at the same time; they share the cores, and one image already uses all cores.
        reader : Reader, optional
            Another engine in place of the embedded one.
        create : bool, default False
            Create `root` if it does not exist, for a bucket that starts empty.

            .. versionadded:: 0.2.0

        Raises
        ------
        InvalidRequestError
            `root` does not exist, or is a file.
        MissingExtraError
            The OCR engine is not installed.
        """
        from cardocr_nb.local._bucket import Bucket
        from cardocr_nb.local._local_transport import LocalTransport
        from cardocr_nb.local._service import Service

        if not create and not Path(root).exists():
            raise InvalidRequestError(
                f"the folder {shown_path(root)} does not exist ({why_missing(root)}); pass the folder that holds the images, "
                "or create=True for a new, empty bucket"
            )
        if reader is None:
            from cardocr_nb.local.engine import Engine

            reader = Engine.for_workers(workers)
        bucket = Bucket(root)
        service = Service([bucket], reader, jobs=jobs, workers=workers)
        return cls(LocalTransport(service, bucket.name), poll=(0.02, 0.2))

    @classmethod
    def from_env(
        cls,
        *,
        bucket: str | None = None,
        region: str | None = None,
        endpoint: Endpoint | None = None,
        timeout: tuple[float, float] = (10.0, 60.0),
        retries: int = 3,
        connections: int = 32,
        proxies: Mapping[str, str] | None = None,
        ca_bundle: str | Path | None = None,
    ) -> Client:
        """Open the cloud with credentials, bucket and region from the environment.

        Parameters
        ----------
        bucket, region : str, optional
            Default: ``COS_BUCKET`` (``<name>-<appid>``) and ``COS_REGION``.
        endpoint, timeout, retries, connections, proxies, ca_bundle
            As for `cardocr_nb.cloud.CloudTransport`.

        Raises
        ------
        InvalidRequestError
            Something is missing in the environment; the message names the variables.
        """
        from cardocr_nb.cloud import CloudTransport

        transport = CloudTransport.from_env(
            bucket=bucket,
            region=region,
            endpoint=endpoint,
            timeout=timeout,
            retries=retries,
            connections=connections,
            proxies=proxies,
            ca_bundle=ca_bundle,
        )
        return cls(transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.transport!r})"

    def close(self) -> None:
        """Release connections, threads and files."""
        self.transport.close()

    @property
    def folder(self) -> Path | None:
        """The folder that serves as bucket, where a file is an object already; None in the cloud."""
        folder: Path | None = getattr(self.transport, "folder", None)
        return folder

    def submit(
        self,
        key: str,
        *,
        card_type: str,
        user_data: str | None = None,
        job_level: int | None = None,
        callback: str | None = None,
        callback_format: str | None = None,
        callback_type: str | None = None,
        callback_mq: MqConfig | None = None,
        queue_id: str | None = None,
    ) -> Job:
        """Submit an object for card OCR; in the cloud this is paid for.

        Parameters
        ----------
        key : str
            Object in the bucket, see `upload`.
        card_type : {"IDCard", "DriverLicense"}
        user_data, job_level, callback, callback_format, callback_type, callback_mq, queue_id : optional
            As the attributes of `cardocr_nb.wire._records.JobRequest`, where their limits are.

        Returns
        -------
        Job
            In state ``Submitted``.

        Raises
        ------
        InvalidRequestError
            An argument outside the specification; nothing was sent.
        TransportError
            No answer; with ``maybe_accepted`` the job may exist: look with `list_jobs` before submitting again.
        ServiceError
            The service refused.
        """
        asked = JobRequest(
            key,
            card_type,
            user_data=user_data,
            job_level=job_level,
            callback=callback,
            callback_format=callback_format,
            callback_type=callback_type,
            callback_mq=callback_mq,
            queue_id=queue_id,
        )
        response = send(self.transport, Request("POST", "/jobs", headers=_XML, body=request_xml(asked)))
        jobs = decode_jobs(response.body).jobs
        if len(jobs) != 1:
            raise DecodeError(f"the answer to a submission holds {len(jobs)} jobs, expected one", response.body)
        return jobs[0]

    def describe(self, ids: str | Job | Iterable[str | Job], *, missing: str = "raise") -> list[Job]:
        """Return the current state of jobs, many ids a call.

        Parameters
        ----------
        ids : str, Job or iterable of them
        missing : {"raise", "skip"}, default "raise"
            What to do about ids that the service does not know.

        Returns
        -------
        list of Job, in the order asked

        Raises
        ------
        NotFoundError
            The service does not know an id.
        """
        if missing not in ("raise", "skip"):
            raise InvalidRequestError(
                f"missing must be 'raise' or 'skip', got {shown_choice(missing, ('raise', 'skip'))}"
            )
        many = [ids] if isinstance(ids, str | Job) else list(ids)
        names = [one if isinstance(one, str) else one.id for one in many]
        found: dict[str, Job] = {}
        for start in range(0, len(names), IDS_A_CALL):
            chunk = list(dict.fromkeys(names[start : start + IDS_A_CALL]))
            found |= {job.id: job for job in decode_jobs(describe_raw(self.transport, chunk)).jobs}
        lost = [name for name in names if name not in found]
        if lost and missing == "raise":
            raise NotFoundError("NoSuchJob", f"{len(lost)} of {len(names)} ids unknown, first {lost[0]!r}", status=200)
        return [found[name] for name in names if name in found]

    @overload
    def wait(self, jobs: Job, *, timeout: float | None = ..., progress: bool = ...) -> Job: ...
    @overload
    def wait(self, jobs: Sequence[Job], *, timeout: float | None = ..., progress: bool = ...) -> list[Job]: ...
    def wait(
        self, jobs: Job | Sequence[Job], *, timeout: float | None = None, progress: bool = False
    ) -> Job | list[Job]:
        """Wait until jobs have ended, however they end.

        Parameters
        ----------
        jobs : Job or list of Job
        timeout : float, optional
            Seconds; default without end.
        progress : bool, default False

        Returns
        -------
        Job or list of Job
            In the order given, each with its result.

        Raises
        ------
        WaitTimeoutError
            The time is up; the error's ``jobs`` are the jobs as last reported.
        """
        many = [jobs] if isinstance(jobs, Job) else list(jobs)
        ended = waiting.wait(many, self.describe, poll=self.poll, timeout=timeout, progress=progress)
        return ended[0] if isinstance(jobs, Job) else ended

    def list_jobs(
        self,
        *,
        states: Iterable[str] = (),
        limit: int | None = None,
        newest_first: bool = True,
        key: str | None = None,
        queue_id: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
    ) -> list[Job]:
        """List the jobs of the bucket, all pages.

        Parameters
        ----------
        states : iterable of str, optional
            Job states; default all.
        limit : int, optional
            Maximum number of jobs.
        newest_first : bool, default True
        key : str, optional
            Only jobs of this object.
        queue_id : str, optional
            Only jobs of this queue.
        created_after, created_before : datetime, optional
            With an offset.

        Raises
        ------
        DecodeError
            The service returns the same ``NextToken`` twice, or more than 10,000 pages.
        TransportError, ServiceError
        """
        return list(
            list_pages(
                self.transport,
                limit=limit,
                states=states,
                key=key,
                queue_id=queue_id,
                newest_first=newest_first,
                created_after=created_after,
                created_before=created_before,
            )
        )

    def cancel(self, job: str | Job) -> None:
        """Cancel a job that has not ended.

        Raises
        ------
        ServiceError
            The job is not there or has ended.
        """
        job_id = job if isinstance(job, str) else job.id
        send(self.transport, Request("PUT", f"/jobs/{job_id}", params={"cancel": ""}))

    def recognize(self, key: str, *, card_type: str) -> CardResult:
        """Read one object at once, without a job; in the cloud this is paid for.

        The answer has no place for a message: that a picture shows two cards, or may not show one, is reported by jobs only
        (`submit` and `wait`).

        Parameters
        ----------
        key : str
            Of an object in the bucket.
        card_type : {"IDCard", "DriverLicense"}

        Returns
        -------
        CardResult
            Its ``fields`` have label, text, score (0 to 100) and polygon (4 corners in pixels); ``status`` is 0 if no card was found.

        Raises
        ------
        ServiceError
            There is no such object, or it is not a picture that the service reads; ``code`` says which.
        TransportError
            The service could not be reached.

        Examples
        --------
        >>> import cardocr_nb as ocr
        >>> with ocr.Client.local(ocr.load_sample("cards")) as client:
        ...     card = client.recognize("id/0001.jpg", card_type="IDCard")
        >>> card.status, len(card.fields)
        (1, 6)
        """
        params = {"ci-process": "AILicenseRec", "CardType": str(checked_card_type(card_type))}
        return decode_recognition(send(self.transport, Request("GET", f"/{key}", host="cos", params=params)).body)
