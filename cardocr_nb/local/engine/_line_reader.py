"""The lines that are recognized on one picture: none twice that is sure, and the likeliest next ones while it is not known which."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._box_selection import known_lines
from cardocr_nb.local.engine._networks import LINE_HEIGHT
from cardocr_nb.local.engine._recognition import longest_first, recognize_all, recognize_box, recognize_upright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._line_crops import ImagePyramid
    from cardocr_nb.local.engine._networks import Models
    from cardocr_nb.local.engine._recognition import Line

_AHEAD = 2
"""Boxes begun before it is known whether they are needed."""


class LineReader:
    """Recognizes boxes of one picture, in one look after another.

    Attributes
    ----------
    width : float
        Of all lines recognized in this look, pixels at the height of the recognizer.
    """

    def __init__(self, pyramid: ImagePyramid, models: Models) -> None:
        self.width = 0.0
        self._pyramid, self._models = pyramid, models
        self._seen: list[Line] = []
        self._earlier: tuple[Line, ...] = ()
        self._ahead: list[tuple[NDArray[np.float64], Future[Line]]] = []

    def next_look(self) -> None:
        """Begin another look: sure lines of those before are not recognized again."""
        self.width, self._earlier = 0.0, tuple(self._seen)

    def upright(self, boxes: NDArray[np.float64]) -> tuple[tuple[Line, ...], bool]:
        """Recognize boxes as `recognize_upright` does; sure lines of an earlier look show the way up as well."""
        known, again = known_lines(boxes, self._earlier)
        if known:
            return known + self._kept(recognize_all(self._pyramid, boxes[~again], self._models)), False
        lines, turned = recognize_upright(self._pyramid, boxes, self._models)
        return self._kept(lines), turned

    def ahead(self, boxes: NDArray[np.float64]) -> None:
        """Begin to recognize the first boxes, on the cores that would wait until it is known which are needed."""
        for _, future in self._ahead:
            future.cancel()
        pool = self._models.pool
        self._ahead = (
            [(box, pool.submit(recognize_box, self._pyramid, box, self._models)) for box in boxes[:_AHEAD]]
            if pool
            else []
        )

    def begin(self, boxes: NDArray[np.float64]) -> Iterator[Line]:
        """Begin to recognize boxes, the longest first; lines without a character are left out."""
        known, again = known_lines(boxes, self._earlier)
        boxes = longest_first(boxes[~again])
        begun = [next((future for early, future in self._ahead if (early == box).all()), None) for box in boxes]
        rest = [box for box, future in zip(boxes, begun, strict=True) if future is None]
        lines = self._models.begin(lambda box: recognize_box(self._pyramid, box, self._models), rest)
        found = (next(lines) if future is None else future.result() for future in begun)
        return chain(known, (line for each in found for line in self._kept((each,)) if line.chars))

    def _kept(self, lines: tuple[Line, ...]) -> tuple[Line, ...]:
        self._seen += lines
        self.width += sum(map(_width, lines))
        return lines


def _width(line: Line) -> float:
    """Width of the crop of a line."""
    start, end, below = line.corners
    return LINE_HEIGHT * math.dist(start, end) / max(math.dist(start, below), 1.0)
