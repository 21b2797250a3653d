"""How a run goes, as people ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cardocr_nb._batch._pace import Pace
from cardocr_nb._ledger._token import check_room
from cardocr_nb.cards import card_type as checked_card_type
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._limits import check_request
from cardocr_nb.wire._records import JobRequest


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes.

    Attributes
    ----------
    upload : bool, default True
        Put files into the bucket; with False, the images are keys of objects that are there.
    prefix : str, default ""
        Put in front of the key of every file that is uploaded.
    user_data, job_level, callback, callback_format : optional
        As for `Client.submit`, for every job. A run puts 33 characters of its own in front of `user_data`.
    pace : Pace, optional
        Calls a second and jobs in flight.
    max_calls : int, optional
        Submissions of this run, at most; then it stops.
    price : float, optional
        Of one call, to show what is spent.
    unknown : {"hold", "submit"}, optional
        What becomes of an image of which nothing can tell whether the service has accepted it: left for you to decide,
        or submitted again, which may pay twice. Default ``"submit"`` for the embedded service, which costs nothing,
        else ``"hold"``.
    settle : float, optional
        Seconds after which a job that was accepted is sure to be listed. Default 1 for the embedded service, else 30.
    patience : float, default 900
        Seconds without any success after which the run gives up.
    reread : bool, default False
        Submit again what has been read, and pictures that were submitted under another key.
    retry_failed : bool, default False
        Submit again what was read with the outcome ``Failed``.
    progress : bool, default True
        Show a bar, and a last line.
    """

    upload: bool = True
    prefix: str = ""
    user_data: str | None = None
    job_level: int | None = None
    callback: str | None = None
    callback_format: str | None = None
    pace: Pace = field(default_factory=Pace)
    max_calls: int | None = None
    price: float | None = None
    unknown: str | None = None
    settle: float | None = None
    patience: float = 900.0
    reread: bool = False
    retry_failed: bool = False
    progress: bool = True

    def check(self, card_type: str) -> None:
        """Hold the options against their limits, all that can be known before the first image.

        Raises
        ------
        InvalidRequestError
        """
        checked_card_type(card_type)
        check_room(self.user_data)
        check_request(JobRequest("-", card_type, user_data=self.user_data, job_level=self.job_level,
                                 callback=self.callback, callback_format=self.callback_format))  # fmt: skip
        if self.unknown not in (None, "hold", "submit"):
            raise InvalidRequestError(f"unknown must be 'hold' or 'submit', got {self.unknown!r}")
        for name in ("max_calls", "price", "settle", "patience"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise InvalidRequestError(f"{name} must be 0 or more, got {value}")
