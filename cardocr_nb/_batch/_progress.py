"""The figures behind the progress bar of a run and its last line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardocr_nb._batch._run_state import RunState
    from cardocr_nb._ledger import Ledger


_OTHER_TYPE = "; perhaps the photos show another card type than card_type=, or the back"


@dataclass(frozen=True, slots=True)
class Progress:
    """The number of images of a run in each state.

    Attributes
    ----------
    images : int
        In all.
    read, failed : int
        With a result, of this or an earlier run; failed, with a job or without.
    empty : int
        Recognized in this run, without a field.
    left_out : int
        Not submitted because of their quality.
    held : int
        Not submitted again by a program: the job may exist, or the service does not know it.
    waiting : int
        Accepted or unconfirmed, and not ended.
    left : int
        Not submitted.
    new_keys : int
        Stored under a key of their own, because another object has theirs.
    skipped : int
        System files and folders that are not photos.
    calls, queries : int
        Submissions of this run that have to be paid for, as far as is known, and calls that asked for jobs.
    money : float or None
        Cost of the submissions, if the price was given.
    """

    images: int
    read: int
    failed: int
    empty: int
    left_out: int
    held: int
    waiting: int
    left: int
    new_keys: int
    skipped: int
    calls: int
    queries: int
    money: float | None

    def __str__(self) -> str:
        parts = [f"{self.images} images: {self.read} read"]
        parts += [
            f"{number} {what}"
            for number, what in (
                (self.empty, "of them without a card"),
                (self.failed, "failed"),
                (self.left_out, "left out by min_quality"),
                (self.held, "held because the job may exist"),
                (self.waiting, "not ended"),
                (self.left, "not submitted"),
                (self.new_keys, "stored under a new key"),
                (self.skipped, "system files skipped"),
            )
            if number
        ]
        paid = f"; {self.calls} submitted in this run with {self.queries} queries"
        cost = "" if self.money is None else f", cost {self.money:,.2f}"
        return ", ".join(parts) + paid + cost + (_OTHER_TYPE if 2 * self.empty >= max(self.read, 1) else "")


def count_progress(ledger: Ledger, run: int, state: RunState, *, price: float | None, skipped: int) -> Progress:
    """Count the images of a run.

    Parameters
    ----------
    ledger : Ledger
    run : int
        Number of the run.
    state : RunState
    price : float or None
        Of one call.
    skipped : int
        System files and folders.
    """
    counts = ledger.state_counts(run)
    return Progress(
        images=sum(counts.values()),
        read=counts.get("read", 0),
        failed=counts.get("failed", 0),
        empty=state.empty,
        left_out=counts.get("left out", 0),
        held=counts.get("held", 0),
        waiting=sum(counts.get(name, 0) for name in ("sent", "unknown", "intent")),
        left=counts.get("planned", 0),
        new_keys=state.new_keys,
        skipped=skipped,
        calls=state.calls,
        queries=state.queries,
        money=None if price is None else state.calls * price,
    )
