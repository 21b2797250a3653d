"""Second step: what each line says, character by character, and where each character's ink is.

The recognizer gives class probabilities in equal steps along a strip of 48 pixels' height; the best path is taken as
usual for CTC (Graves et al. 2006): repeated classes count once, blanks not at all.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._line_crops import ImagePyramid, ink_boxes, ink_of, whole_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._networks import Models

_REACH = 0.8
"""How far beyond a box ink is looked for, in heights."""
_SURE = 0.85
_TRIED = 4
_OTHERS = 4
_FAINT = 0.0005

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Char:
    """One character of a line.

    Attributes
    ----------
    text : str
    prob : float
        The recognizer's probability, 0 to 1.
    box : tuple of float
        Left, top, right and bottom of its ink as parts of the strip, 0 to 1.
    others : tuple of (str, float)
        Other readings and their probabilities, best first.
    """

    text: str
    prob: float
    box: tuple[float, float, float, float]
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes
    ----------
    corners : tuple of (float, float)
        Upper left, upper right and lower left corner of its strip, as the text is read, in pixels of the upright image.
    chars : tuple of Char
    """

    corners: tuple[Point, Point, Point]
    chars: tuple[Char, ...]

    @property
    def prob(self) -> float:
        """Mean probability of the characters, 0 where there are none."""
        return sum(c.prob for c in self.chars) / len(self.chars) if self.chars else 0.0


def read(sheet: ImagePyramid, boxes: NDArray[np.float64], models: Models) -> tuple[tuple[Line, ...], bool]:
    """Read every line that was found, the way up that reads better.

    Parameters
    ----------
    sheet : Sheet
    boxes : ndarray of shape (n, 4, 2)
        As in `Detection`.
    models : Models

    Returns
    -------
    lines : tuple of Line
    turned : bool
        Whether they were read upside down. The widest lines decide; where those are mostly digits, wrongly at times.
    """
    boxes = _longest_first(boxes)
    lines = read_all(sheet, boxes, models)
    sure = _evidence(lines[:_TRIED])
    if len(boxes) and sure < _SURE:
        opposite = upside_down(boxes)
        other = read_all(sheet, opposite[:_TRIED], models)
        if _evidence(other) > sure:
            return other + read_all(sheet, opposite[_TRIED:], models), True
    return lines, False


def read_all(sheet: ImagePyramid, boxes: NDArray[np.float64], models: Models) -> tuple[Line, ...]:
    """Read lines as they lie, the longest first; those that say nothing are left out."""
    lines = models.each(lambda box: read_box(sheet, box, models), _longest_first(boxes))
    return tuple(line for line in lines if line.chars)


def _longest_first(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    # So that no core is left with a long line when the others have done.
    import numpy as np

    return boxes[np.argsort(-np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1), kind="stable")]


def upside_down(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same boxes for a reader who stands opposite."""
    return boxes[:, [2, 3, 0, 1]]


def _evidence(lines: Iterable[Line]) -> float:
    chars = [c.prob for line in lines for c in line.chars]
    return sum(chars) / len(chars) if chars else 0.0


def read_box(sheet: ImagePyramid, box: NDArray[np.float64], models: Models, *, let_out: bool = True) -> Line:
    """Read one box.

    Parameters
    ----------
    sheet : Sheet
    box : ndarray of shape (4, 2)
        As in `Detection.boxes`.
    models : Models
    let_out : bool, default True
        Whether to follow ink that goes on beyond the ends of the box.
    """
    import numpy as np

    start, end, _, below = box
    corners = np.array([start, end, below])
    if let_out:
        long, high = float(np.linalg.norm(end - start)), float(np.linalg.norm(below - start))
        more = (end - start) / max(long, 1e-9) * high * _REACH
        corners += [-more, more, -more]
    strip = sheet.strip(corners)
    ink = ink_of(strip)
    if let_out:
        wide = strip.shape[1]
        edge = round(wide * _REACH * high / (long + 2 * _REACH * high))
        left, right = whole_line(ink, edge, wide - edge)
        along = (corners[1] - corners[0]) / wide
        corners = np.array([corners[0] + left * along, corners[0] + right * along, corners[2] + left * along])
        strip, ink = np.ascontiguousarray(strip[:, left:right]), ink[:, left:right]
    x, y, z = ((round(float(px), 2), round(float(py), 2)) for px, py in corners)
    return Line((x, y, z), _chars(strip, ink, models))


def _chars(strip: NDArray[np.uint8], ink: NDArray[np.bool_], models: Models) -> tuple[Char, ...]:
    import numpy as np

    probs = models.read_line(strip)
    peaks = _peaks(probs)
    boxes = ink_boxes(ink, [(p + 0.5) / len(probs) * strip.shape[1] for p in peaks])
    found = probs[peaks]
    places = np.flatnonzero(found > _FAINT)
    rows, kinds = np.divmod(places, found.shape[1])
    likely = found.ravel()[places]
    order = np.lexsort((-likely, rows))
    best = list(zip(kinds[order].tolist(), likely[order].tolist(), strict=True))
    ends = np.cumsum(np.bincount(rows, minlength=len(peaks))).tolist()
    chars = []
    for begin, end, box in zip([0, *ends], ends, boxes, strict=False):
        several = best[begin : min(end, begin + _OTHERS + 2)]
        readings = [(_plain(models.alphabet[k]), round(prob, 4)) for k, prob in several if k]
        if readings[0][0].strip():
            chars.append(Char(*readings[0], box, tuple(readings[1 : 1 + _OTHERS])))
    return tuple(chars)


def _plain(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


def _peaks(probs: NDArray[np.float32]) -> list[int]:
    """Steps at which a new character is surest."""
    best = probs.argmax(1)
    peaks: list[int] = []
    last = 0
    for step, kind in enumerate(best):
        if kind and kind == last:
            if probs[step, kind] > probs[peaks[-1], kind]:
                peaks[-1] = step
        elif kind:
            peaks.append(step)
        last = kind
    return peaks
