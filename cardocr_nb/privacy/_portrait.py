"""The place of the portrait on a picture, from the pose of the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from cardocr_nb.polygon._corners import Floats
    from cardocr_nb.privacy._pose import Pose

_MARGIN, _RIGHT_MARGIN = 3.0, 8.0
"""Millimeters around the portrait: printers vary its place by 1 to 2 mm. At the right, far from the fields that give the pose
on a photo taken from the side, there is only the edge of the card."""


def portrait_corners(pose: Pose | None) -> Floats:
    """Find the portrait.

    Parameters
    ----------
    pose : Pose or None
        How the card lies; None if that is unknown.

    Returns
    -------
    ndarray of shape (4, 2)
        Corners in pixels, a margin of 3 mm included, 8 mm at the right.

    Raises
    ------
    InvalidRequestError
        The pose is unknown.
    """
    if pose is not None:
        left, top, right, bottom = pose.layout.portrait
        corners = pose.corners((left - _MARGIN, top - _MARGIN, right + _RIGHT_MARGIN, bottom + _MARGIN))
        if np.isfinite(corners).all():
            return corners
    raise InvalidRequestError(
        "too few fields were found to know where the portrait is; hide it by hand, or leave it with portrait=False"
    )
