"""The options of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Real

from cardocr_nb._batch._pace import Pace
from cardocr_nb._ledger._token import check_user_data
from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.cards import card_type as checked_card_type
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._limits import check_request
from cardocr_nb.wire._records import JobRequest

CLOUD_LISTING_DELAY = 30.0
"""Seconds. The vendor's pages give no figure; ten times the longest delay that our own service was ever made to have."""

EMBEDDED_LISTING_DELAY = 1.0
"""Seconds. The embedded service lists a job before it answers; the second covers a busy machine."""


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of `cardocr_nb.run`, which describes them."""

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
    listing_delay: float | None = None
    stall_timeout: float = 900.0
    job_timeout: float = 3600.0
    resubmit_done: bool = False
    retry_failed: bool = False
    min_quality: float | None = None
    progress: bool = True

    def check(self, card_type: str) -> None:
        """Check everything that can be checked before the first image.

        Raises
        ------
        InvalidRequestError
        """
        checked_card_type(card_type)
        check_user_data(self.user_data)
        check_request(JobRequest("-", card_type, user_data=self.user_data, job_level=self.job_level,
                                 callback=self.callback, callback_format=self.callback_format))  # fmt: skip
        if self.min_quality is not None and not (_is_number(self.min_quality) and 0 <= self.min_quality <= 1):
            raise InvalidRequestError(
                f"min_quality must be a probability from 0 to 1, got {describe(self.min_quality)}"
            )
        if self.min_quality is not None and not self.upload:
            raise InvalidRequestError(
                "min_quality measures files, and with upload=False only the keys of objects are known; pass the files, "
                "or leave min_quality out"
            )
        if self.unknown not in (None, "hold", "submit"):
            raise InvalidRequestError(
                f"unknown must be 'hold' or 'submit', got {shown_choice(self.unknown, ('hold', 'submit'))}"
            )
        for name in ("max_calls", "price", "listing_delay", "stall_timeout", "job_timeout"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and value >= 0):
                raise InvalidRequestError(f"{name} must be 0 or more, got {describe(value)}")

    def delay(self, *, embedded: bool) -> float:
        """Return the listing delay in seconds."""
        if self.listing_delay is not None:
            return self.listing_delay
        return EMBEDDED_LISTING_DELAY if embedded else CLOUD_LISTING_DELAY

    def submits_unknown(self, *, embedded: bool) -> bool:
        """Whether an image is submitted again when no program can decide whether the service has accepted it."""
        return (self.unknown or ("submit" if embedded else "hold")) == "submit"
