"""The date "valid from" of the older form of the license: it is printed left of the valid period, and no field has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb import polygon

if TYPE_CHECKING:
    import pandas as pd

    from cardocr_nb.polygon._corners import Floats
    from cardocr_nb.privacy._pose import Pose

_PERIOD = "valid_period"
_BEGINS = 34.0
"""Millimeters from the left edge of the card from which a valid period is that of the older form: it begins at 45 mm and
more there, and at 18 to 25 mm in the arrangements that print both dates in it."""
_LEFT, _MARGIN = 2.0, 1.0
"""Left end of the row, and margin above and below it, millimeters."""
_DATE_DIGITS = 8
_HEIGHTS = 20.0
"""Heights of the print by which the row is covered at both ends where the pose is unknown: 45 mm of 2.2 mm."""


def valid_from_areas(rows: pd.DataFrame, pose: Pose | None) -> list[Floats]:
    """Find where a date "valid from" can be.

    Parameters
    ----------
    rows : DataFrame
        Rows of one license, with ``field``, ``text`` and ``polygon``.
    pose : Pose or None
        How the card lies. If it is unknown, the row is covered at both ends unless the text of the period has a date.

    Returns
    -------
    list of ndarray of shape (4, 2)
        Corners in pixels; empty if each period has its date itself.
    """
    named = rows[(rows["field"] == _PERIOD).fillna(value=False) & rows["polygon"].notna()]
    quads = polygon.ordered(named["polygon"].array.to_points()).astype(np.float64)
    if pose is None:
        dated = [sum(c.isdigit() for c in str(text)) >= _DATE_DIGITS for text in named["text"].fillna("")]
        return [_longer(quad) for quad, has_date in zip(quads, dated, strict=True) if not has_date]
    areas = []
    for quad in quads:
        on_card = np.column_stack([quad, np.ones(4)]) @ np.linalg.inv(pose.matrix).T
        x, y = (on_card[:, :2] / on_card[:, 2:]).T
        if x.min() > _BEGINS:
            areas.append(pose.corners((_LEFT, float(y.min()) - _MARGIN, float(x.min()), float(y.max()) + _MARGIN)))
    return areas


def _longer(quad: Floats) -> Floats:
    """Lengthen a row of print at both ends, whichever of its sides are the ends."""
    sides = [np.linalg.norm(quad[(n + 1) % 4] - quad[n]) for n in range(4)]
    if sides[0] + sides[2] > sides[1] + sides[3]:
        quad = quad[[3, 0, 1, 2]]
    along = (quad[3] - quad[0] + quad[2] - quad[1]) / 2
    reach = _HEIGHTS * min(sides[0] + sides[2], sides[1] + sides[3]) / 2 * along / max(np.linalg.norm(along), 1e-9)
    longer: Floats = quad + np.array([-reach, -reach, reach, reach])
    return longer
