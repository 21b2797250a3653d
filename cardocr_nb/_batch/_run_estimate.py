"""What a run would do, before it does anything: calls, time, money."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb._batch._image_keys import plan
from cardocr_nb._ledger._tables import connect_to_read
from cardocr_nb.errors import LedgerError

if TYPE_CHECKING:
    from cardocr_nb._batch._image_keys import Images
    from cardocr_nb._batch._options import Options


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would do.

    Attributes
    ----------
    images : int
    done : int
        Of these, how many have their outcome in the ledger.
    under_way : int
        Accepted or in doubt: they will be asked for, and are not submitted again.
    calls : int
        Submissions, at most: files that are no images, and pictures that are there twice, cost none.
    seconds : float
        At least, at the pace asked for; the service may be slower.
    money : float or None
        What the submissions cost, at most; None without a price.
    """

    images: int
    done: int
    under_way: int
    calls: int
    seconds: float
    money: float | None

    def __str__(self) -> str:
        minutes = self.seconds / 60
        lasts = (
            f"{self.seconds:.0f} s"
            if minutes < 2
            else f"{minutes:.0f} min"
            if minutes < 120
            else f"{minutes / 60:.1f} h"
        )
        cost = "give a price to see the cost" if self.money is None else f"cost {self.money:,.2f} at most"
        return (
            f"{self.images} images: {self.done} done, {self.under_way} under way, {self.calls} to submit at most; "
            f"{lasts} at least; {cost}"
        )


def estimate(
    images: Images, *, card_type: str, ledger: str | Path | None, folder: Path | None, options: Options
) -> Estimate:
    """Say what a run would do; nothing is sent or written.

    Parameters
    ----------
    images, card_type, ledger, options
        As for the run.
    folder : Path or None
        The folder that serves as bucket.

    Raises
    ------
    InvalidRequestError
        Nothing to read, or an argument outside the specification.
    LedgerError
        The ledger is there and cannot be read.
    """
    options.check(card_type)
    known: dict[str, tuple[str, str | None]] = {}
    if ledger is not None and Path(ledger).exists():
        try:
            with closing(connect_to_read(ledger)) as db:
                found = db.execute("SELECT key, state, outcome FROM images WHERE card_type = ?", (card_type,))
                known = {key: (state, outcome) for key, state, outcome in found}
        except LedgerError:
            if Path(ledger).stat().st_size:
                raise
    counts = {"images": 0, "done": 0, "under_way": 0}
    seen: set[str] = set()
    for item in plan(images, upload=options.upload, prefix=options.prefix, folder=folder):
        if item.key in seen:
            continue
        seen.add(item.key)
        counts["images"] += 1
        state, outcome = known.get(item.key, ("planned", None))
        if state in ("intent", "unknown", "sent") or (state == "held" and options.unknown != "submit"):
            counts["under_way"] += 1
        elif state in ("done", "same") and not options.reread and not (options.retry_failed and outcome == "Failed"):
            counts["done"] += 1
    calls = counts["images"] - counts["done"] - counts["under_way"]
    if options.max_calls is not None:
        calls = min(calls, options.max_calls)
    money = None if options.price is None else calls * options.price
    return Estimate(**counts, calls=calls, seconds=calls / options.pace.submissions, money=money)
