"""Estimate of a run before it starts: calls, time, cost."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb._batch._image_keys import plan_images
from cardocr_nb._batch._photo_check import low_quality
from cardocr_nb._images import inspect
from cardocr_nb._ledger import states_by_image
from cardocr_nb.errors import ImageError, LedgerError

if TYPE_CHECKING:
    from cardocr_nb._batch._image_files import Images
    from cardocr_nb._batch._options import RunOptions
    from cardocr_nb._ledger import PlannedImage


@dataclass(frozen=True, slots=True)
class Estimate:
    """Calls, time and cost of a run.

    Attributes
    ----------
    images : int
    done : int
        Number of these with an outcome in the ledger.
    under_way : int
        Number of these that are accepted or unconfirmed: the run asks for them and does not submit them again.
    left_out : int
        Number of these that are not submitted because of ``min_quality``.
    unreadable : int
        Number of these that are not submitted because the file is missing, too large, or no picture that the service reads;
        with ``min_quality`` also if its pixels are damaged.
    calls : int
        Submissions at most; pictures that appear twice cost nothing.
    seconds : float
        Duration at least, at the pace of the options; the service may be slower.
    money : float or None
        Cost of the submissions at most; None without a price.
    """

    images: int
    done: int
    under_way: int
    left_out: int
    unreadable: int
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
        left_out = f"{self.left_out} left out by min_quality, " if self.left_out else ""
        unreadable = f"{self.unreadable} unreadable, " if self.unreadable else ""
        return (
            f"{self.images} images: {self.done} done, {self.under_way} under way, {left_out}{unreadable}{self.calls} to submit at most; "
            f"{lasts} at least; {cost}"
        )


def _not_submitted(image: PlannedImage, min_quality: float | None) -> str:
    """Why an image costs nothing: ``unreadable`` or ``left_out``; empty if it is submitted."""
    try:
        if image.problem is not None:
            return "unreadable"
        if image.path is not None:
            inspect(image.path)
        return "left_out" if low_quality(image.path, min_quality) is not None else ""
    except ImageError:
        return "unreadable"


def estimate(
    images: Images, *, card_type: str, ledger: str | Path | None, folder: Path | None, options: RunOptions
) -> Estimate:
    """Estimate a run; nothing is sent or written.

    Parameters
    ----------
    images, card_type, ledger, options
        As for the run.
    folder : Path or None
        The folder that serves as bucket.

    Raises
    ------
    InvalidRequestError
        There is nothing to submit, or an argument is outside the specification.
    LedgerError
        The ledger exists and cannot be read.
    """
    options.check(card_type)
    known: dict[tuple[str, str], tuple[str, str | None]] = {}
    if ledger is not None and Path(ledger).exists():
        try:
            known = states_by_image(ledger, card_type)
        except LedgerError:
            if Path(ledger).stat().st_size:
                raise
    counts = {"images": 0, "done": 0, "under_way": 0, "left_out": 0, "unreadable": 0}
    seen: set[tuple[str, str]] = set()
    for image in plan_images(images, upload=options.upload, prefix=options.prefix, folder=folder):
        key = "key", image.key
        source = key if image.path is None else ("path", os.path.abspath(image.path))  # noqa: PTH100 - a link keeps its name
        if source in seen:
            continue
        seen.add(source)
        counts["images"] += 1
        state, outcome = known.get(source) or (None if image.upload else known.get(key)) or ("planned", None)
        if state in ("intent", "unknown", "sent") or (state == "held" and options.unknown != "submit"):
            counts["under_way"] += 1
        elif (
            state in ("done", "same")
            and not options.resubmit_done
            and not (options.retry_failed and outcome == "Failed")
        ):
            counts["done"] += 1
        elif left := _not_submitted(image, options.min_quality):
            counts[left] += 1
    calls = counts["images"] - sum(n for name, n in counts.items() if name != "images")
    if options.max_calls is not None:
        calls = min(calls, options.max_calls)
    money = None if options.price is None else calls * options.price
    return Estimate(**counts, calls=calls, seconds=calls / options.pace.submissions, money=money)
