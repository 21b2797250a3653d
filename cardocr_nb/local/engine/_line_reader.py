"""The lines that are recognized on one picture, in one look after another: none twice that is sure."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._box_selection import known_lines
from cardocr_nb.local.engine._networks import LINE_HEIGHT
from cardocr_nb.local.engine._recognition import begin_recognition, recognize_all, recognize_upright

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._line_crops import ImagePyramid
    from cardocr_nb.local.engine._networks import Models
    from cardocr_nb.local.engine._recognition import Line


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

    def begin(self, boxes: NDArray[np.float64]) -> Iterator[Line]:
        """Begin to recognize boxes, the longest first; lines without a character are left out."""
        known, again = known_lines(boxes, self._earlier)
        begun = begin_recognition(self._pyramid, boxes[~again], self._models)
        return chain(known, (line for each in begun for line in self._kept((each,)) if line.chars))

    def _kept(self, lines: tuple[Line, ...]) -> tuple[Line, ...]:
        self._seen += lines
        self.width += sum(map(_width, lines))
        return lines


def _width(line: Line) -> float:
    """Width of the crop of a line."""
    start, end, below = line.corners
    return LINE_HEIGHT * math.dist(start, end) / max(math.dist(start, below), 1.0)
