"""A watermark over the whole card, such as what a copy may be used for: paler than the print, and in a direction of its own.

Where no card is found, or texts of another direction are on the card and a field is missing or unsure, the picture is read once
more without its pale ink, only the card if it was found, and of each field the surer reading is kept. A pale red seal is lost with the watermark; it comes from the first reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._line_crops import even_contrast, ink_channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cardocr_nb.wire._records import Field

_DARK = 120
"""Level of even contrast below which ink is print."""
_UNSURE = 85
"""Score below which a field is worth a second look."""
_LONG, _UNITS = 8, ("号", "室", "户", "楼", "栋", "幢", "层", "组")
"""Characters of an address, at least, and what may be its end."""


def is_unsure(fields: Sequence[Field], expected: int) -> bool:
    """Whether a field is missing, or has a score that is worth a second look."""
    return len(fields) < expected or any(field.score is None or field.score < _UNSURE for field in fields)


def without_pale_ink(image: NDArray[np.uint8], *, colored: bool = False) -> NDArray[np.uint8]:
    """Replace ink paler than print by the paper around it.

    Parameters
    ----------
    image : ndarray of shape (h, w, 3), uint8, RGB
    colored : bool, default False
        Whether colored ink is kept as well; labels are colored, values are black.

    Examples
    --------
    >>> page = np.full((60, 90, 3), 240, np.uint8)
    >>> page[20:26, 20:60], page[40:46, 20:60] = 20, 190
    >>> clean = without_pale_ink(page)
    >>> int(clean[23, 40, 0]), int(clean[43, 40, 0])
    (20, 240)
    """
    import cv2

    red, green, blue = (np.ascontiguousarray(image[:, :, channel]) for channel in range(3))
    # A colored ink absorbs little light of its own color.
    even = even_contrast(ink_channel(red, green) if colored else np.asarray(cv2.max(cv2.max(red, green), blue)))
    # The edges of dark strokes are pale as well.
    print_ = cv2.dilate((even < _DARK).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    size = 2 * (max(even.shape) // 120) + 7
    paper = cv2.blur(cv2.morphologyEx(image, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8)), (size, size))
    return np.asarray(np.where(print_[..., None], image, paper), np.uint8)


def surest_fields(one: Sequence[Field], other: Sequence[Field], order: Sequence[str]) -> list[Field]:
    """Return of each field the reading with the higher score, the first where both are as sure; of two addresses the one that has its end.

    Parameters
    ----------
    one, other : sequence of Field
    order : sequence of str
        Labels.
    """
    best: dict[str, Field] = {}
    for field in (*one, *other):
        known = best.get(field.label)
        surer = known is None or ((field.score or 0) > (known.score or 0) and not _goes_on(field, known))
        if known is None or surer or _goes_on(known, field):
            best[field.label] = field
    return [best[label] for label in order if label in best]


def _goes_on(start: Field, field: Field) -> bool:
    """Whether a text is another one and the unit at its end, as 室, which may be alone on the last row."""
    short, text = start.text or "", field.text or ""
    return len(short) > _LONG and text.startswith(short) and text[len(short) :] in _UNITS
