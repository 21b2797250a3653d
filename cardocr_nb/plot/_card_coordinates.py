"""Photos of cards brought into the frame of the card."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb._card_geometry import LAYOUTS, Layout
from cardocr_nb._card_geometry._field_poses import Fit, fit, misfit
from cardocr_nb.cards import card_type as known_card_type
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._polygon_measures import from_numpy
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.plot._plot_data import corners, need

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEEDED = 2
_STRAY = 6.0
"""Millimeters from its place at which a field counts as found elsewhere: about two rows of print."""


@dataclass(frozen=True, slots=True, repr=False)
class CardPlaces:
    """Result of `card_positions`; it holds no text of a card.

    Attributes
    ----------
    card_type : str
    cards : DataFrame
        One row a card of the type: ``job_id, key``, the ``layout`` that fits best, ``fields`` that have a place on the
        photo, ``placed`` (bool), ``residual`` (root mean square distance of the fields that fit from their places,
        millimeters) and ``turn`` (direction of the rows on the photo, degrees clockwise). The last three are False or
        missing for a card that could not be placed.
    fields : DataFrame
        One row a field of a card that was placed: ``card`` (row number in `cards`), ``job_id, key, field, score, offset``
        (distance from its place, millimeters), ``stray`` (bool: more than 6 mm) and ``polygon`` (pixels, in wire order as
        the card is read, however it lies on the photo).
    places : ndarray of shape (number of fields, 4, 2)
        The polygons of `fields` on the card, millimeters from its upper left corner.
    """

    card_type: str
    cards: pd.DataFrame
    fields: pd.DataFrame
    places: NDArray[np.float64]

    @property
    def outliers(self) -> pd.DataFrame:
        """Fields that were found far from their places, the farthest first: ``job_id, key, field, score, offset``."""
        stray = self.fields[self.fields["stray"]].sort_values("offset", ascending=False, kind="stable")
        return stray[["job_id", "key", "field", "score", "offset"]].reset_index(drop=True)

    @property
    def left_out(self) -> int:
        """Cards that could not be placed."""
        return int((~self.cards["placed"]).sum())

    def __str__(self) -> str:
        residual = self.cards["residual"].median()
        return (
            f"<CardPlaces {self.card_type}: {int(self.cards['placed'].sum()):,} of {len(self.cards):,} cards placed, "
            f"median residual {residual:.1f} mm, {int(self.fields['stray'].sum()):,} stray fields>"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        summary = str(self).strip("<>")
        return f"<p>{summary}</p>{self.cards[['fields', 'placed', 'residual', 'turn']].describe().to_html()}"


def card_positions(df: pd.DataFrame, *, card_type: str | None = None) -> CardPlaces:
    """Find for each photo the homography from the places of its fields to the card.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it; the columns ``job_id, key, card_type, field, score`` and ``polygon`` are read. Of
        a field that appears twice on a card the first counts.
    card_type : {"IDCard", "DriverLicense"}, optional
        Which cards; by default the only type in the frame.

    Returns
    -------
    CardPlaces
        A card is placed when at least two fields agree. With few fields the tilt stays close to none.

    Raises
    ------
    ValueError
        The frame has no such cards, cards of both types, or lacks a column.
    InvalidRequestError
        The card type is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> place = {"name": (310, 116), "gender": (310, 250), "id_number": (574, 900)}
    >>> size = {"name": (210, 68), "gender": (54, 58), "id_number": (876, 58)}
    >>> df = pd.DataFrame({"key": "a.jpg", "card_type": "IDCard", "field": [*place], "score": 98})
    >>> box = np.array([(0, 0), (0, 1), (1, 1), (1, 0)])
    >>> df["polygon"] = [box * size[f] + place[f] for f in place]
    >>> card_positions(df).fields[["field", "offset"]].round().to_dict("list")
    {'field': ['name', 'gender', 'id_number'], 'offset': [0.0, 0.0, 0.0]}
    """
    need(df, "field", "polygon")
    frame = _of_type(conform(df).reset_index(drop=True), card_type)
    kind = str(frame["card_type"].iloc[0])
    number = card_numbers(frame)
    first = first_rows(number)
    cards = frame[["job_id", "key"]].take(first).reset_index(drop=True)
    seen = frame[frame["polygon"].notna() & frame["field"].isin([*LAYOUTS[kind][0].boxes])]
    seen = seen.assign(card=number[seen.index])[["card", "job_id", "key", "field", "score", "polygon"]]
    seen = seen.drop_duplicates(["card", "field"], ignore_index=True)
    best, layout = _best(seen, len(cards), LAYOUTS[kind])
    return _card_places(kind, cards, seen, best, np.array([t.name for t in LAYOUTS[kind]])[layout])


def _of_type(frame: pd.DataFrame, card_type: str | None) -> pd.DataFrame:
    kinds = [str(k) for k in frame["card_type"].dropna().unique()]
    if card_type is not None:
        wanted = str(known_card_type(card_type))
        rows = frame[frame["card_type"] == wanted] if kinds else frame.assign(card_type=wanted)
    elif len(kinds) == 1:
        rows = frame[frame["card_type"] == kinds[0]]
    else:
        seen = "cards of more than one type" if kinds else "no card type"
        raise ValueError(f"the frame holds {seen}; pass card_type='IDCard' or 'DriverLicense'")
    if rows.empty:
        raise ValueError(f"the frame holds no card of the type {card_type!r}; it has {', '.join(kinds) or 'no rows'}")
    return rows.reset_index(drop=True)


def _best(seen: pd.DataFrame, n: int, templates: tuple[Layout, ...]) -> tuple[Fit, NDArray[np.intp]]:
    """Fit to each card the arrangement that its fields agree with; in the order of the first one."""
    first = pd.Index([*templates[0].boxes])
    quads = np.full((n, len(first), 4, 2), np.nan)
    quads[seen["card"].to_numpy(), first.get_indexer(pd.Index(seen["field"].astype("str")))] = corners(seen["polygon"])
    alike = [t._replace(fields={field: t.fields[field] for field in first}) for t in templates]
    layout = np.argmin([misfit(quads, t) for t in alike], axis=0)
    parts = [fit(quads[layout == number], alike[number]) for number in np.unique(layout)]
    back = np.argsort(np.argsort(layout, kind="stable"))
    return Fit._make(np.concatenate(column)[back] for column in zip(*parts, strict=True)), layout


def _card_places(kind: str, cards: pd.DataFrame, seen: pd.DataFrame, best: Fit, layout: NDArray[np.str_]) -> CardPlaces:
    near = best.offset <= _STRAY
    placed = near.sum(axis=1) >= _NEEDED
    square = np.where(near, best.offset, 0.0) ** 2
    residual = np.sqrt(square.sum(axis=1) / np.maximum(near.sum(axis=1), 1))
    summary = cards.assign(
        layout=pd.Series(layout, dtype="str").where(placed),
        fields=np.bincount(seen["card"], minlength=len(cards)),
        placed=placed,
        residual=np.where(placed, residual, np.nan),
        turn=np.where(placed, best.turn, np.nan),
    )
    at = (
        seen["card"].to_numpy(),
        pd.Index([*LAYOUTS[kind][0].boxes]).get_indexer(pd.Index(seen["field"].astype("str"))),
    )
    fields = seen.drop(columns="polygon").assign(
        offset=best.offset[at],
        stray=best.offset[at] > _STRAY,
        polygon=from_numpy(best.corners[at]),
    )
    kept = placed[at[0]]
    return CardPlaces(kind, summary, fields[kept].reset_index(drop=True), best.places[at][kept])


def card_frame(df: pd.DataFrame, *, card_type: str | None = None) -> CardPlaces:
    """Deprecated name of `card_positions`; it goes with 0.3.0."""
    warnings.warn("card_frame is now card_positions", DeprecationWarning, stacklevel=2)
    return card_positions(df, card_type=card_type)
