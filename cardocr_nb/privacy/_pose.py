"""How the card lies on a picture, from the places of its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cardocr_nb import polygon

if TYPE_CHECKING:
    import pandas as pd

    from cardocr_nb._card_geometry import Layout
    from cardocr_nb.polygon._corners import Floats

_AGREES = 6.0
"""Millimeters from its usual place up to which a field confirms the pose, as in `cardocr_nb.plot.card_positions`."""
_NEEDED = 3
"""Fields that must confirm the pose. Two fix a similarity by themselves and confirm nothing."""


class Pose(NamedTuple):
    """How a card lies.

    Attributes
    ----------
    matrix : ndarray of shape (3, 3)
        From millimeters on the card to pixels.
    layout : Layout
        The arrangement that fits the fields.
    """

    matrix: Floats
    layout: Layout

    def corners(self, box: tuple[float, float, float, float]) -> Floats:
        """Corners in pixels, shape (4, 2), of left, top, right, bottom in millimeters; NaN beyond the horizon."""
        left, top, right, bottom = box
        corners = np.array([(left, top, 1), (left, bottom, 1), (right, bottom, 1), (right, top, 1)]) @ self.matrix.T
        mapped: Floats = np.where(corners[:, 2:] > 0, corners[:, :2] / corners[:, 2:], np.nan)
        return mapped


def card_pose(rows: pd.DataFrame, card_type: str) -> Pose | None:
    """Find how the card lies.

    Parameters
    ----------
    rows : DataFrame
        Rows of one card, with ``field`` and ``polygon``.
    card_type : {"IDCard", "DriverLicense"}

    Returns
    -------
    Pose or None
        None if fewer than three fields agree.
    """
    from cardocr_nb._card_geometry import LAYOUTS
    from cardocr_nb._card_geometry._field_poses import fit

    named = rows[rows["field"].notna() & rows["polygon"].notna()].drop_duplicates("field")
    corners = polygon.ordered(named["polygon"].array.to_points()).astype(np.float64)
    by_field = dict(zip(named["field"].astype("str"), corners, strict=True))
    best: tuple[int, float, Pose] | None = None
    for layout in LAYOUTS[card_type]:
        quads = np.full((1, len(layout.boxes), 4, 2), np.nan)
        for place, field in enumerate(layout.boxes):
            quads[0, place] = by_field.get(field, np.nan)
        pose = fit(quads, layout)
        if not np.isfinite(pose.matrix).all():
            continue
        near = pose.offset[0][pose.offset[0] <= _AGREES]
        back = np.linalg.inv(pose.matrix[0])
        found = (len(near), -float(np.sum(near)), Pose(back / back[2, 2], layout))
        if best is None or found[:2] > best[:2]:
            best = found
    return best[2] if best is not None and best[0] >= _NEEDED else None
