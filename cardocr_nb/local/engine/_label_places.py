"""Where the labels of a card are, read or not, in millimeters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cardocr_nb.local.engine._card_pose import CardPose

LETTER = 2.3
"""Millimeters that a character of a label takes where the label was not read."""


@dataclass(frozen=True, slots=True)
class LabelPlace:
    """A label on the card, millimeters.

    Attributes
    ----------
    left, right, y : float
        Ends, and level of its middle.
    sure : bool
        It was read; otherwise the layout says where it is.
    """

    left: float
    right: float
    y: float
    sure: bool


def label_places(pose: CardPose) -> tuple[dict[str, LabelPlace], float]:
    """Return where each label is, read or not, and the height of the labels, millimeters."""
    if "labels" not in pose.known:
        pose.known["labels"] = _label_places(pose)
    places, height = pose.known["labels"]
    return dict(places), height


def _label_places(pose: CardPose) -> tuple[dict[str, LabelPlace], float]:
    labels, heights = {}, []
    read = pose.labels
    for field, slot in pose.layout.fields.items():
        anchor = read.get(field)
        if anchor is None:
            x, y = slot.center
            half = len(slot.label) * LETTER / 2
            labels[field] = LabelPlace(x - half, x + half, y, sure=False)
            continue
        corners = pose.on_card(np.concatenate([c.corners for c in anchor.chars]))
        level = float(pose.on_card(anchor.center[None])[0, 1])
        labels[field] = LabelPlace(float(corners[:, 0].min()), float(corners[:, 0].max()), level, sure=True)
        heights += [float(np.ptp(corners[4 * i : 4 * i + 2, 1])) for i in range(len(anchor.chars))]
    return labels, float(np.median(heights)) if heights else LETTER
