"""Pictures in, fields out."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Protocol

from cardocr_nb.cards import card_type as checked_card_type
from cardocr_nb.cards import expected_fields
from cardocr_nb.local.engine import _networks as networks
from cardocr_nb.local.engine._box_selection import in_turn, worth_reading
from cardocr_nb.local.engine._confidence import scores
from cardocr_nb.local.engine._detection import find, redirected
from cardocr_nb.local.engine._field_extraction import Reading, fill, name
from cardocr_nb.local.engine._line_crops import ImagePyramid
from cardocr_nb.local.engine._recognition import read, read_all, read_box, upside_down
from cardocr_nb.wire._records import Field, Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import PlacedChar
    from cardocr_nb.local.engine._networks import Models
    from cardocr_nb.local.engine._recognition import Line

_SIDES = {"IDCard": 480, "DriverLicense": 608}
"""Longer side of the picture as the detector sees it: the license has the smaller print."""
_ROUND = 8
"""Boxes read at a time until the card's place is known."""
_ASTRAY = 8.0
"""Degrees between the card's text and most of the text, beyond which short texts were boxed amiss."""
_WORTH = 3
"""Boxes without which a picture is not read the other way up as well."""


class Reader(Protocol):
    """Whatever reads cards for the embedded service."""

    def read(self, image: NDArray[np.uint8], card_type: str) -> list[Field]:
        """Read the fields of a card.

        Parameters
        ----------
        image : ndarray of shape (h, w, 3), uint8, RGB
            Upright, as from `cardocr_nb._images.load_upright`.
        card_type : str
            ``IDCard`` or ``DriverLicense``.

        Returns
        -------
        list of Field
            Labels in Chinese as printed; empty when there is no such card on the picture.
        """
        ...


class Engine:
    """Reads both cards with the networks in RapidOCR's wheel; may be used from several threads at once.

    Parameters
    ----------
    threads : int, optional
        For one picture; by default as many as the processor has cores, at most 4. Take 1 where several pictures are
        read at once.

    Raises
    ------
    MissingExtraError
        The extra ``local`` is not installed: told here, before a job is accepted.

    Examples
    --------
    >>> import numpy as np
    >>> from cardocr_nb.local.engine import Engine
    >>> Engine().read(np.full((540, 856, 3), 255, np.uint8), "IDCard")
    []
    """

    def __init__(self, threads: int | None = None) -> None:
        networks.require()
        self._threads = threads
        self._lock = threading.Lock()
        self._models: Models | None = None

    @classmethod
    def for_workers(cls, workers: int) -> Engine:
        """Make an engine for so many threads that read at the same time and share the cores.

        Examples
        --------
        >>> isinstance(Engine.for_workers(2), Engine)
        True
        """
        return cls() if workers == 1 else cls(max(1, (os.cpu_count() or 1) // workers))

    def loaded(self) -> Models:
        """Load the networks, once; worth calling early where the first card should not wait for it."""
        with self._lock:
            if self._models is None:
                self._models = networks.load(self._threads)
            return self._models

    def read(self, image: NDArray[np.uint8], card_type: str) -> list[Field]:
        """Read the fields of a card.

        Parameters
        ----------
        image : ndarray of shape (h, w, 3), uint8, RGB
            Upright, as from `cardocr_nb._images.load_upright`.
        card_type : str
            ``IDCard`` or ``DriverLicense``.

        Returns
        -------
        list of Field
            In the card's order, labels in Chinese as printed; empty when there is no such card on the picture.

        Raises
        ------
        InvalidRequestError
            There is no such card type.
        MissingExtraError
            The extra ``local`` is not installed.
        """
        kind = str(checked_card_type(card_type))
        models = self.loaded()

        import cv2
        import numpy as np

        found = find(np.ascontiguousarray(image[:, :, 0]), models, _SIDES[kind])
        sheet = ImagePyramid(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8))
        lines, turned, left = _lines(sheet, in_turn(found.boxes, found.angle), models, kind)
        readings, gaps = name(lines, kind)
        doubtful = not readings or gaps or any(reading.value.lawful is False for reading in readings)
        if doubtful and len(left):
            lines += read_all(sheet, left, models)
            readings, gaps = name(lines, kind)
        hidden = [np.array(gap.box) for gap in gaps if gap.torn]
        if hidden:
            lines += read_all(sheet, np.array(hidden), models)
            readings, gaps = name(lines, kind)
        if not readings and len(found.boxes) >= _WORTH:
            opposite = found.boxes if turned else upside_down(found.boxes)
            lines = read_all(sheet, opposite, models)
            readings, gaps = name(lines, kind)
        angle = _card_angle(readings, found.angle)
        if abs((angle - found.angle + 90) % 180 - 90) > _ASTRAY:
            lines += read_all(sheet, redirected(found, angle), models)
            readings, gaps = name(lines, kind)
        named = {reading.field: reading for reading in readings}
        for gap in (g for g in gaps if not g.torn):
            again = fill(gap, read_box(sheet, np.array(gap.box), models, let_out=False), kind)
            if again is not None:
                named[gap.field] = again
        order = expected_fields(kind)
        trust = scores({field: reading.value for field, reading in named.items()})
        return [_field(named[field], trust[field], angle) for field in order if field in named]


def _lines(
    sheet: ImagePyramid, boxes: NDArray[np.float64], models: Models, kind: str
) -> tuple[tuple[Line, ...], bool, NDArray[np.float64]]:
    """What a card's fields may stand in; whether that was upside down; and the boxes not read."""
    import numpy as np

    lines, turned = read(sheet, boxes[:_ROUND], models)
    left = boxes[_ROUND:]
    if turned:
        left = upside_down(left)
    while len(left):
        worth = worth_reading(lines, left, kind)
        if worth is None:
            now = np.arange(len(left)) < _ROUND
        else:
            wanted, waiting = worth
            if not wanted.any():
                break
            now = wanted & ~waiting if (wanted & ~waiting).any() else wanted
        lines += read_all(sheet, left[now], models)
        left = left[~now]
    return lines, turned, left


def _card_angle(readings: Sequence[Reading], angle: float) -> float:
    """Direction of the card's text, degrees clockwise from the x axis; that of most text where no card is."""
    import numpy as np

    if not readings:
        return angle
    across, down = _direction([glyph for reading in readings for glyph in reading.glyphs], angle)
    along = float(np.degrees(np.arctan2(down, across)))
    return along if abs((along - angle + 90) % 180 - 90) > _ASTRAY else angle


def _field(reading: Reading, score: int, angle: float) -> Field:
    return Field(reading.label, reading.value.text, score, _polygon(reading.glyphs, angle))


def _polygon(glyphs: Sequence[PlacedChar], angle: float) -> Points:
    """The smallest rectangle along the text that holds all ink: upper left, lower left, lower right, upper right."""
    import numpy as np

    corners = np.concatenate([g.corners for g in glyphs])
    along = _direction(glyphs, angle)
    axes = np.array([along, [-along[1], along[0]]])
    placed = corners @ axes.T
    (left, top), (right, bottom) = placed.min(0), placed.max(0)
    box = np.array([(left, top), (left, bottom), (right, bottom), (right, top)]) @ axes
    return tuple((round(float(x)), round(float(y))) for x, y in box)


def _direction(glyphs: Sequence[PlacedChar], angle: float) -> NDArray[np.float64]:
    """Unit vector along the text: by its longest line, or by the page where the text is short."""
    import numpy as np

    by_line: dict[int, list[PlacedChar]] = {}
    for glyph in glyphs:
        by_line.setdefault(glyph.line, []).append(glyph)
    longest = max(by_line.values(), key=len)
    side = longest[0].corners[3] - longest[0].corners[0]
    run = side / max(float(np.linalg.norm(side)), 1e-9)
    page = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    if page @ run < 0:
        page = -page
    if len(longest) > 3:
        return np.asarray(run)
    return np.asarray(page)
