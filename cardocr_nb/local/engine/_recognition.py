"""Second step: recognize each line, character by character, and where the ink of each character is.

The recognizer gives class probabilities in equal steps along a crop of 48 pixels height; the best path is taken as
usual for CTC (Graves et al. 2006): repeated classes count once, blanks not at all.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._crop_ink import (
    darkest_ink,
    ink_boxes,
    ink_ends,
    ink_of,
    ink_tones,
    print_contrast,
    whole_line,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._line_crops import ImagePyramid
    from cardocr_nb.local.engine._networks import Models

_REACH = 0.8
"""How far beyond a box ink is looked for at a time, in heights."""
_CERTAIN, _EXTENSIONS = 2, 12
"""Times that it is looked for: for ink of any contrast, and at most."""
_LONGEST = 20.0
"""Length over height from which a line is longer than any of a card."""
_BETWEEN = 8
"""Pixels of a crop at its end that may be a gap between two characters."""
_AS_DARK = 0.75
"""Contrast of print over that of the line that it continues: lines of a background and patterns of a screen are paler."""
UPRIGHT = 0.85
"""Mean confidence from which lines are not tried upside down: 0.94 or more the right way up, up to 0.71 upside down, on photos
with papers."""
_TRIED = 4
"""Lines tried upside down."""
_ALTERNATIVES = 4
_NO_INK = 0.35
"""Contrast of a character over that of the clearest of its line, below which its box may hold paper only."""
_FAINT = 0.0005

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Char:
    """One character of a line.

    Attributes
    ----------
    text : str
    confidence : float
        Probability that the recognizer gives, 0 to 1.
    box : tuple of float
        Left, top, right and bottom of its ink as parts of the crop, 0 to 1.
    alternatives : tuple of (str, float)
        Other texts and their confidences, best first.
    contrast : float
        Of its ink with the paper, 0 to 1.
    redness : float
        0 for black ink, 1 for red.
    """

    text: str
    confidence: float
    box: tuple[float, float, float, float]
    alternatives: tuple[tuple[str, float], ...] = ()
    contrast: float = 1.0
    redness: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes
    ----------
    corners : tuple of (float, float)
        Upper left, upper right and lower left corner of its crop, as the text is read, in pixels of the upright image.
    chars : tuple of Char
    """

    corners: tuple[Point, Point, Point]
    chars: tuple[Char, ...]

    @property
    def confidence(self) -> float:
        """Mean confidence of the characters, 0 if there are none."""
        return sum(c.confidence for c in self.chars) / len(self.chars) if self.chars else 0.0


def recognize_upright(
    pyramid: ImagePyramid, boxes: NDArray[np.float64], models: Models
) -> tuple[tuple[Line, ...], bool]:
    """Recognize lines of one direction, the way up that is surer.

    Parameters
    ----------
    pyramid : ImagePyramid
    boxes : ndarray of shape (n, 4, 2)
        As in `Detection`.
    models : Models

    Returns
    -------
    lines : tuple of Line
    turned : bool
        Whether the boxes were upside down. The longest lines decide; mostly digits may decide incorrectly.
    """
    boxes = _longest_first(boxes)
    begun = begin_recognition(pyramid, boxes, models)
    lines = [*islice(begun, _TRIED)]
    sure = mean_confidence(lines)
    if len(boxes) and sure < UPRIGHT:
        begun.close()
        other = recognize_all(pyramid, rotate180(boxes[:_TRIED]), models)
        if mean_confidence(other) > sure:
            return other + recognize_all(pyramid, rotate180(boxes[_TRIED:]), models), True
        begun = begin_recognition(pyramid, boxes[_TRIED:], models)
    return tuple(line for line in [*lines, *begun] if line.chars), False


def recognize_all(pyramid: ImagePyramid, boxes: NDArray[np.float64], models: Models) -> tuple[Line, ...]:
    """Recognize lines as they are, the longest first; lines without a character are left out."""
    return tuple(line for line in begin_recognition(pyramid, boxes, models) if line.chars)


def begin_recognition(pyramid: ImagePyramid, boxes: NDArray[np.float64], models: Models) -> Generator[Line, None, None]:
    """Begin to recognize lines as they are, the longest first, and return them as they are asked for."""
    return models.begin(lambda box: recognize_box(pyramid, box, models), _longest_first(boxes))


def _longest_first(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    # So that no core is left with a long line when the others have finished.
    import numpy as np

    return boxes[np.argsort(-np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1), kind="stable")]


def rotate180(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the same boxes for a reader on the opposite side."""
    return boxes[:, [2, 3, 0, 1]]


def mean_confidence(lines: Iterable[Line]) -> float:
    """Return the mean confidence of all characters of some lines, 0 if there are none."""
    chars = [c.confidence for line in lines for c in line.chars]
    return sum(chars) / len(chars) if chars else 0.0


def recognize_box(
    pyramid: ImagePyramid,
    box: NDArray[np.float64],
    models: Models,
    *,
    extend: bool = True,
    trim: bool = False,
    paler: float = 0.0,
) -> Line:
    """Recognize one box.

    Parameters
    ----------
    pyramid : ImagePyramid
    box : ndarray of shape (4, 2)
        As in `Detection.boxes`.
    models : Models
    extend : bool, default True
        Whether to follow ink that continues beyond the ends of the box.
    trim : bool, default False
        Whether to leave out paper before the first and after the last ink of the box.
    paler : float, default 0
        As in `darkest_ink`, where the box is not extended; 0 keeps all ink.
    """
    import numpy as np

    start, end, _, below = box
    corners = np.array([start, end, below])
    if extend:
        crop, ink, corners = _whole_crop(pyramid, corners)
    else:
        crop = darkest_ink(pyramid.crop(corners), paler) if paler else pyramid.crop(corners)
        ink = ink_of(crop)
        if trim:
            left, right = ink_ends(ink)
            along = (end - start) / crop.shape[1]
            crop, ink = np.ascontiguousarray(crop[:, left:right]), ink[:, left:right]
            corners = np.array([start + left * along, start + right * along, below + left * along])
    x, y, z = ((round(float(px), 2), round(float(py), 2)) for px, py in corners)
    return Line((x, y, z), _chars(crop, ink, models) if crop.size else ())


def _whole_crop(
    pyramid: ImagePyramid, corners: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.float64]]:
    """Cut out a line as far as its ink continues; also its ink and its corners."""
    import numpy as np

    long, high = (max(float(np.linalg.norm(corner - corners[0])), 1e-9) for corner in corners[1:])
    unit = (corners[1] - corners[0]) / long
    before = after = _REACH
    for step in range(_EXTENSIONS):
        around = corners + high * np.array([-before * unit, after * unit, -before * unit])
        crop = pyramid.crop(around)
        ink = ink_of(crop)
        wide = crop.shape[1]
        part = wide / (long / high + before + after)
        left, right = whole_line(ink, round(before * part), wide - round(after * part))
        # Ink up to the end of the crop: the detector lost a whole character, or several if it is as dark as the others.
        inside = [bool(((point > 0) & (point < pyramid.size)).all()) for point in around[:2]]
        further = left < _BETWEEN and inside[0], right > wide - _BETWEEN and inside[1]
        if step >= _CERTAIN:
            ends = round(_REACH * part)
            further = further[0] and _is_print(crop[:, :ends], crop), further[1] and _is_print(crop[:, -ends:], crop)
        if not any(further) or long / high + before + after > _LONGEST:
            break
        before, after = before + _REACH * further[0], after + _REACH * further[1]
    along = (around[1] - around[0]) / wide
    found = np.array([around[0] + left * along, around[0] + right * along, around[2] + left * along])
    return np.ascontiguousarray(crop[:, left:right]), ink[:, left:right], found


def _is_print(end: NDArray[np.uint8], line: NDArray[np.uint8]) -> bool:
    return print_contrast(end) > _AS_DARK * print_contrast(line)


def _chars(crop: NDArray[np.uint8], ink: NDArray[np.bool_], models: Models) -> tuple[Char, ...]:
    import numpy as np

    classes = models.recognize(crop)
    peaks = _peaks(classes)
    boxes = ink_boxes(ink, [(p + 0.5) / len(classes) * crop.shape[1] for p in peaks])
    tones = _tones(crop, ink, boxes)
    at_peaks = classes[peaks]
    places = np.flatnonzero(at_peaks > _FAINT)
    rows, kinds = np.divmod(places, at_peaks.shape[1])
    likely = at_peaks.ravel()[places]
    order = np.lexsort((-likely, rows))
    best = list(zip(kinds[order].tolist(), likely[order].tolist(), strict=True))
    ends = np.cumsum(np.bincount(rows, minlength=len(peaks))).tolist()
    chars = []
    for begin, end, box, tone in zip([0, *ends], ends, boxes, tones, strict=False):
        several = best[begin : min(end, begin + _ALTERNATIVES + 2)]
        sums: dict[str, float] = {}
        for k, confidence in several:
            if k:  # full-width and plain forms of a digit are one character
                text = _plain(models.alphabet[k])
                sums[text] = sums.get(text, 0.0) + confidence
        texts = [(text, round(min(confidence, 1.0), 4)) for text, confidence in sums.items()]
        if texts[0][0].strip():
            chars.append(Char(*texts[0], box, tuple(texts[1 : 1 + _ALTERNATIVES]), *tone))
    return tuple(chars)


def _tones(
    crop: NDArray[np.uint8], ink: NDArray[np.bool_], boxes: Sequence[tuple[float, float, float, float]]
) -> list[tuple[float, float]]:
    """Contrast and redness of each character; one whose box missed its ink, which is in that of its neighbor, has that of the neighbor."""
    tones = ink_tones(crop, boxes)
    clearest = max((contrast for contrast, _ in tones), default=0.0)
    for i, (contrast, _) in enumerate(tones):
        if contrast < _NO_INK * clearest and len(tones) > 1 and not _holds_ink(ink, boxes[i]):
            tones[i] = tones[i - 1] if i else tones[1]
    return tones


def _holds_ink(ink: NDArray[np.bool_], box: tuple[float, float, float, float]) -> bool:
    high, wide = ink.shape
    left, top, right, bottom = box
    part = ink[round(top * high) : round(bottom * high), round(left * wide) : round(right * wide)]
    return bool(part.any())


def _plain(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


def _peaks(classes: NDArray[np.float32]) -> list[int]:
    """Return the steps at which a new character is surest."""
    best = classes.argmax(1)
    peaks: list[int] = []
    last = 0
    for step, kind in enumerate(best):
        if kind and kind == last:
            if classes[step, kind] > classes[peaks[-1], kind]:
                peaks[-1] = step
        elif kind:
            peaks.append(step)
        last = kind
    return peaks
