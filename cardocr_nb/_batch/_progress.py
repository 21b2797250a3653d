"""How a run stands: the figures behind its bar and its last line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardocr_nb._batch._run_state import RunState
    from cardocr_nb._ledger import Ledger


@dataclass(frozen=True, slots=True)
class Progress:
    """How the images of a run stand.

    Attributes
    ----------
    images, read, failed, held, waiting, left : int
        In all; with a reading, of this or an earlier run; failed, with a job or without; of which nothing can tell
        whether they were accepted; accepted or in doubt, and not ended; not submitted.
    calls, queries : int
        Submissions of this run that have to be paid for as far as is known, and calls that asked how jobs stand.
    money : float or None
        What the submissions cost, when the price was given.
    """

    images: int
    read: int
    failed: int
    held: int
    waiting: int
    left: int
    calls: int
    queries: int
    money: float | None

    def __str__(self) -> str:
        parts = [f"{self.images} images: {self.read} read"]
        parts += [
            f"{number} {what}"
            for number, what in (
                (self.failed, "failed"),
                (self.held, "held, since nothing can tell whether they were accepted"),
                (self.waiting, "not ended"),
                (self.left, "not submitted"),
            )
            if number
        ]
        paid = f"; {self.calls} submitted in this run with {self.queries} queries"
        return ", ".join(parts) + paid + ("" if self.money is None else f", cost {self.money:,.2f}")


def tally(ledger: Ledger, run: int, board: RunState, price: float | None) -> Progress:
    """Count how the images of a run stand."""
    counts: dict[str, int] = {}
    for state, outcome, number in ledger.rows(
        "SELECT coalesce(o.state, i.state), coalesce(o.outcome, i.outcome), count(*) FROM images i "
        "LEFT JOIN images o ON o.id = i.same_as WHERE i.run = ? GROUP BY 1, 2",
        (run,),
    ):
        name = ("read" if outcome == "Success" else "failed") if state == "done" else state
        counts[name] = counts.get(name, 0) + number
    return Progress(
        images=sum(counts.values()),
        read=counts.get("read", 0),
        failed=counts.get("failed", 0),
        held=counts.get("held", 0),
        waiting=sum(counts.get(state, 0) for state in ("sent", "unknown", "intent")),
        left=counts.get("planned", 0),
        calls=board.calls,
        queries=board.queries,
        money=None if price is None else board.calls * price,
    )
