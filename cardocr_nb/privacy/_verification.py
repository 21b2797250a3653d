"""Proof of a redaction: the embedded engine reads the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.cards import CardType
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.local.engine import Engine

_MIN_RUN = 4
"""Characters in a row that give a text away; of names two."""
_SURE = 50
"""Score from which a text counts that shares no character with the field's: below, it is a label misread as a value."""
_SIDE = 960
"""Longer side at which all print of a card is detected, pixels."""


def refuse_readable(
    pixels: NDArray[np.uint8], rows: pd.DataFrame, chosen: set[str], card_type: str | None, engine: Engine
) -> None:
    """Raise if the engine still reads a field of a redacted picture.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The redacted picture.
    rows : DataFrame
        Rows of the card, with ``field`` and ``text``.
    chosen : set of str
        Fields that were covered.
    card_type : str or None
        None tries all types.
    engine : Engine

    Raises
    ------
    InvalidRequestError
        A covered field was read again (at a score below 50 only if it shares a character with the known text), or 4 characters in a row of its text (2 of a name) anywhere on the picture.
    """
    from cardocr_nb.cards import field_name

    known = {
        field: set("".join(of_field["text"].dropna())) for field, of_field in rows.groupby(rows["field"].astype(str))
    }
    back = set()
    for kind in [card_type] if card_type else [str(kind) for kind in CardType]:
        for read in engine.read(pixels, kind):
            field = field_name(read.label)
            if (
                read.text
                and field in chosen
                and ((read.score or 0) >= _SURE or known.get(field, set()) & set(read.text))
            ):
                back.add(field)
    seen = "".join(_all_text(pixels, engine).split())
    for field, text in zip(rows["field"], rows["text"], strict=True):
        if pd.isna(text) or str(field) not in chosen:
            continue
        plain = "".join(str(text).split())
        run = 2 if field == "name" else _MIN_RUN
        if any(plain[n : n + run] in seen for n in range(len(plain) - run + 1)):
            back.add(str(field))
    if back:
        raise InvalidRequestError(
            f"{', '.join(sorted(back))} can still be read on the redacted picture, which was not written; hide it by hand"
        )


def _all_text(pixels: NDArray[np.uint8], engine: Engine) -> str:
    import cv2

    from cardocr_nb.local.engine._detection import detect
    from cardocr_nb.local.engine._line_crops import ImagePyramid, ink_channel
    from cardocr_nb.local.engine._recognition import recognize_upright

    models = engine.loaded()
    red, green = (np.ascontiguousarray(pixels[:, :, channel]) for channel in (0, 1))
    boxes = detect(ink_channel(red, green), models, side=_SIDE).boxes
    pyramid = ImagePyramid(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), np.uint8))
    lines, _ = recognize_upright(pyramid, boxes, models)
    return "\n".join("".join(char.text for char in line.chars) for line in lines)
