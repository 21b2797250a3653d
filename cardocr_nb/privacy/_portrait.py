"""The place of the portrait on a picture, from the pose of the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb import polygon
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    import pandas as pd

    from cardocr_nb.polygon._corners import Floats

_MARGIN = 3.0
"""Millimeters around the portrait: printers vary its place by 1 to 2 mm."""
_AGREES = 6.0
"""Millimeters from its usual place up to which a field confirms the pose, as in `cardocr_nb.plot.card_positions`."""
_NEEDED = 3
"""Fields that must confirm the pose. Two fix a similarity by themselves and confirm nothing."""


def portrait_corners(rows: pd.DataFrame, card_type: str) -> Floats:
    """Find the portrait from the places of the fields.

    Parameters
    ----------
    rows : DataFrame
        Rows of one card, with ``field`` and ``polygon``.
    card_type : {"IDCard", "DriverLicense"}

    Returns
    -------
    ndarray of shape (4, 2)
        Corners in pixels, a margin of 3 mm included.

    Raises
    ------
    InvalidRequestError
        Fewer than three fields agree on how the card lies.
    """
    from cardocr_nb._card_geometry import LAYOUTS
    from cardocr_nb._card_geometry._field_poses import fit

    named = rows[rows["field"].notna() & rows["polygon"].notna()].drop_duplicates("field")
    corners = polygon.ordered(named["polygon"].array.to_points()).astype(np.float64)
    by_field = dict(zip(named["field"].astype("str"), corners, strict=True))
    best: tuple[int, float, Floats] | None = None
    for template in LAYOUTS[card_type]:
        quads = np.full((1, len(template.boxes), 4, 2), np.nan)
        for place, field in enumerate(template.boxes):
            quads[0, place] = by_field.get(field, np.nan)
        pose = fit(quads, template)
        if not np.isfinite(pose.matrix).all():
            continue
        near = pose.offset[0][pose.offset[0] <= _AGREES]
        left, top, right, bottom = template.portrait
        box = np.array([(left, top), (left, bottom), (right, bottom), (right, top)])
        box += _MARGIN * np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)])
        back = np.linalg.inv(pose.matrix[0])
        mapped = np.concatenate([box, np.ones((4, 1))], axis=1) @ back.T
        found = (len(near), -float(np.sum(near)), mapped[:, :2] / mapped[:, 2:])
        if best is None or found[:2] > best[:2]:
            best = found
    if best is None or best[0] < _NEEDED or not np.isfinite(best[2]).all():
        raise InvalidRequestError(
            "too few fields were found to know where the portrait is; hide it by hand, or leave it with portrait=False"
        )
    return best[2]
