"""The fields to review, the position among them, and the decisions."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb.cards import expected_fields
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.plot._reading_corners import reading_corners
from cardocr_nb.review._corrections import Corrections, Decision, Verdict, now

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """One field to look at.

    Attributes
    ----------
    key, field : str
    text : str or None
        As it was read; None when nothing was.
    score : int or None
        0 to 100.
    polygon : ndarray of shape (4, 2) or None
        Pixels of the upright image.
    job_id, card_type : str or None
    chance : float or None
        Estimated chance that the reading is wrong, 0 to 1.
    reasons : tuple of str
        Names of the checks that failed.
    selection : str
        How the field was selected, see `Decision`.
    weight : float or None
        1 / inclusion probability, if it was selected at random.
    card_places : ndarray of shape (n, 4, 2) or None
        Polygons of all fields of the card, by which a picture of another version is noticed.
    image : str or None
        File that was read.
    """

    key: str
    field: str
    text: str | None = None
    score: int | None = None
    polygon: NDArray[np.float64] | None = None
    job_id: str | None = None
    card_type: str | None = None
    chance: float | None = None
    reasons: tuple[str, ...] = ()
    selection: str = ""
    weight: float | None = None
    card_places: NDArray[np.float64] | None = None
    image: str | None = None

    def __repr__(self) -> str:
        return f"Item(key={self.key!r}, field={self.field!r}, score={self.score})"


def items_of(df: pd.DataFrame, queue: pd.DataFrame) -> list[Item]:
    """Make the items of a queue: each row with its reading.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    queue : DataFrame
        ``key, field`` and, where they are known, ``job_id, chance, reasons, selection, weight``, in the order to ask in:
        a review queue or an audit sample. A field that appears twice is asked for once; a row without a field means all
        fields of such a card.

    Raises
    ------
    ValueError
        The queue lacks a column, or a row of it has no key: a correction is known by key and field.
    """
    lacking = [c for c in ("key", "field") if c not in queue.columns]
    if lacking:
        raise ValueError(f"the queue has no column {', '.join(lacking)}; make one with cards.cardocr.review_queue()")
    nameless = int(queue["key"].isna().sum())
    if nameless:
        raise ValueError(
            f"{nameless} rows of the queue have no key, by which a correction is kept; set the column 'key' of the frame"
        )
    frame = conform(df)
    wanted = _by_field(queue, frame).drop_duplicates(["key", "field"])
    by = [c for c in ("job_id", "key", "field") if c in wanted.columns]
    rows = frame.loc[frame["key"].isin(wanted["key"]) & frame["field"].notna()].drop_duplicates(by)
    read = rows[["text", "score", "job_id", "card_type"]].astype(object).to_dict("records")
    at = {_names(row): n for n, row in enumerate(rows[by].to_dict("records"))}
    places = reading_corners(frame, rows)
    cards = {
        str(key): (known[~np.isnan(known).any(axis=(1, 2))], of_card["image"].iloc[0])
        for key, of_card in rows.groupby("key", sort=False)
        for known in [of_card["polygon"].array.to_points()]
    }
    items = []
    for asked in wanted.to_dict("records"):
        n = at.get(_names({name: asked[name] for name in by}))
        item = _item(asked, {} if n is None else read[n], None if n is None else places[n])
        card, image = cards.get(item.key, (None, None))
        items.append(replace(item, card_places=card, image=image if isinstance(image, str) else None))
    return items


def _by_field(queue: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """The queue with the fields of the card in the place of each row that names none."""
    whole = queue["field"].isna()
    if not whole.any():
        return queue
    kinds = frame.dropna(subset=["key", "card_type"]).drop_duplicates("key").set_index("key")["card_type"].astype("str")
    rows = [
        {**row, "field": field}
        for row, alone in zip(queue.to_dict("records"), ~whole, strict=True)
        for field in ([row["field"]] if alone else expected_fields(kinds[row["key"]]) if row["key"] in kinds else [])
    ]
    return pd.DataFrame(rows, columns=list(queue.columns))


def _names(row: dict[Hashable, Any]) -> tuple[str | None, ...]:
    return tuple(None if pd.isna(name) else str(name) for name in row.values())


def _item(asked: dict[Hashable, Any], read: dict[Hashable, Any], place: NDArray[np.float64] | None) -> Item:
    def known(name: str, kind: type, *sources: dict[Hashable, Any]) -> Any:
        return next((kind(s[name]) for s in sources if name in s and pd.notna(s[name])), None)

    reasons = known("reasons", str, asked) or ""
    return Item(
        key=str(asked["key"]),
        field=str(asked["field"]),
        text=known("text", str, read),
        score=known("score", int, read),
        polygon=None if place is None or np.isnan(place).any() else place,
        job_id=known("job_id", str, read, asked),
        card_type=known("card_type", str, read, asked),
        chance=known("chance", float, asked),
        reasons=tuple(name for name in reasons.split(", ") if name),
        # A queue of likely errors has their probability; an audit sample names its selection.
        selection=known("selection", str, asked) or ("queue" if "chance" in asked else ""),
        weight=known("weight", float, asked),
    )


class Session:
    """The position in a queue, with every decision in a file.

    Parameters
    ----------
    items : list of Item
    file : Corrections
        Decisions that it holds already are not asked for again.
    reviewer : str, optional
        Name of the reviewer, kept with each decision. Fields that only others decided are then asked for, and their
        decisions are not shown.

    Attributes
    ----------
    position : int
        Of the item shown, 0 to ``len(items)``; the latter when none is left.
    field : str or None
        Field to which `filter` restricts the items; None for all.
    """

    def __init__(self, items: list[Item], file: Corrections, reviewer: str = "") -> None:
        self.items, self.file, self.reviewer = items, file, " ".join(reviewer.split())
        self.field: str | None = None
        self.numbers = list(range(len(items)))
        self._known = file.last()
        self._decided = file.last(self.reviewer) if self.reviewer else dict(self._known)
        self.position = -1
        self.position = self._next_open()
        for item in items:
            self._weigh(item)

    def _weigh(self, item: Item) -> None:
        """Keep the weight of an audit sample also for a field that was decided before."""
        decision = self.decision(item)
        if decision is not None and item.weight is not None and decision.weight != item.weight:
            self._keep(replace(decision, selection=item.selection, weight=item.weight))

    def _keep(self, decision: Decision) -> None:
        self.file.add(decision)
        self._decided[decision.key, decision.field] = decision
        self._known[decision.key, decision.field] = decision

    def __repr__(self) -> str:
        return f"<Session {self.done} of {len(self.items)} fields decided, kept in {self.file.path}>"

    @property
    def current(self) -> Item | None:
        """The item shown, None at the end."""
        return self.items[self.position] if self.position < len(self.items) else None

    @property
    def done(self) -> int:
        """How many items are decided."""
        return sum((item.key, item.field) in self._decided for item in self.items)

    @property
    def shown(self) -> list[Item]:
        """The items that the filter keeps."""
        return [self.items[number] for number in self.numbers]

    @property
    def place(self) -> int:
        """Position among the items that the filter keeps."""
        return bisect_left(self.numbers, self.position)

    def filter(self, field: str | None) -> None:
        """Ask only for one field, or for all again; the item shown stays if it is one of them and open.

        Parameters
        ----------
        field : str or None
            Canonical name of a field of the items; None for all.

        Raises
        ------
        ValueError
            No item has this field.
        """
        numbers = [n for n, item in enumerate(self.items) if field is None or item.field == field]
        if self.items and not numbers:
            raise ValueError("no field to review has this name; choose one of those in the list")
        self.field, self.numbers = field, numbers
        self.position = (self.position if self.position < len(self.items) else 0) - 1
        self.position = self._next_open()

    def decision(self, item: Item) -> Decision | None:
        """What was decided about an item, if anything."""
        return self._decided.get((item.key, item.field))

    def decide(self, number: int, verdict: Verdict | None = None, text: str = "") -> Decision:
        """Keep a decision and go on to the next item without one.

        Parameters
        ----------
        number : int
            Position of the item that was looked at.
        verdict : {"absent", "unreadable"}, optional
            By default the card has the text `text`.
        text : str, optional
            White space at its ends does not count.

        Raises
        ------
        ValueError
            No text was given and no verdict, or there is no such item.
        OSError
            It could not be kept.
        """
        if not 0 <= number < len(self.items):
            raise ValueError(f"field number {number} does not exist; there are {len(self.items)}")
        item, text = self.items[number], " ".join(text.split()) if verdict is None else ""
        if verdict is None and not text:
            raise ValueError("no text was given; decide that the card has no such field, or that it cannot be read")
        if verdict is None:
            verdict = "accepted" if text == " ".join((item.text or "").split()) else "corrected"
        self._keep(
            _selected(
                Decision(item.key, item.field, verdict, text, item.job_id or "", now(), reviewer=self.reviewer),
                item,
                self._known.get((item.key, item.field)),
            )
        )
        decision = self._decided[item.key, item.field]
        self.position = number
        self.position = self._next_open()
        return decision

    def move(self, step: int) -> None:
        """Go forward or back, decided items included, as far as there are any."""
        place = min(max(self.place + step, 0), len(self.numbers))
        self.position = self.numbers[place] if place < len(self.numbers) else len(self.items)

    def _next_open(self) -> int:
        """The next item without a decision, from the front again when none follows."""
        behind = bisect_left(self.numbers, self.position + 1)
        order = [*self.numbers[behind:], *self.numbers[:behind]]
        return next((n for n in order if self.decision(self.items[n]) is None), len(self.items))


def _selected(decision: Decision, item: Item, before: Decision | None) -> Decision:
    """Add how the case was selected; a case of an audit sample remains one when a queue shows it again."""
    if item.weight is None and before is not None and before.weight is not None:
        return replace(decision, selection=before.selection, weight=before.weight)
    return replace(decision, selection=item.selection, weight=item.weight)
