"""The answer for one picture: fields with scores and polygons, and a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cardocr_nb.cards import expected_fields
from cardocr_nb.local.engine._confidence import score_fields
from cardocr_nb.wire._records import Field, Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._field_extraction import Extraction
    from cardocr_nb.local.engine._placed_chars import PlacedChar


class Recognition(NamedTuple):
    """The outcome for one picture.

    Attributes
    ----------
    fields : list of Field
        Labels in Chinese as printed; empty when the picture does not show such a card.
    message : str
        What a user should know about the picture; empty if nothing.
    """

    fields: list[Field]
    message: str = ""


def answered_fields(extraction: Extraction, card_type: str, card: float) -> list[Field]:
    """Return the fields as the service answers them, in the order of the card; `card`: confidence that it is one, 0 to 1."""
    values = {name: e.value for name, e in extraction.fields.items()}
    scores = score_fields(values, {name: e.doubt for name, e in extraction.fields.items()}, card)
    row = _row_direction(extraction)
    return [
        Field(extraction.fields[n].label, values[n].text, scores[n], _polygon(extraction.fields[n].chars, row))
        for n in expected_fields(card_type)
        if n in extraction.fields
    ]


def _row_direction(extraction: Extraction) -> NDArray[np.float64]:
    """Unit vector along the rows of the card, in pixels."""
    import numpy as np

    if extraction.pose is None:
        return np.array([1.0, 0.0])
    width, height = extraction.pose.layout.size
    start, end = extraction.pose.on_picture(np.array([(0.2 * width, height / 2), (0.8 * width, height / 2)]))
    return np.asarray((end - start) / max(float(np.linalg.norm(end - start)), 1e-9))


def _polygon(chars: Sequence[PlacedChar], row: NDArray[np.float64]) -> Points:
    """The smallest rectangle along the text that holds all ink: upper left, lower left, lower right, upper right."""
    import numpy as np

    corners = np.concatenate([c.corners for c in chars])
    along = _direction(chars, row)
    axes = np.array([along, [-along[1], along[0]]])
    placed = corners @ axes.T
    (left, top), (right, bottom) = placed.min(0), placed.max(0)
    box = np.array([(left, top), (left, bottom), (right, bottom), (right, top)]) @ axes
    return tuple((round(float(x)), round(float(y))) for x, y in box)


def _direction(chars: Sequence[PlacedChar], row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vector along the text: by its longest line, or by the rows of the card where the text is short."""
    import numpy as np

    by_line: dict[int, list[PlacedChar]] = {}
    for char in chars:
        by_line.setdefault(char.line, []).append(char)
    longest = max(by_line.values(), key=len)
    if len(longest) <= 3:
        return row
    side = longest[0].corners[3] - longest[0].corners[0]
    return np.asarray(side / max(float(np.linalg.norm(side)), 1e-9))
