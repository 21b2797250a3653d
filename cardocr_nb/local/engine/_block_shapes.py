"""Shapes of blocks of rows, which show whether a row or a character of a value is missing."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._segments import Segment

_SQUARE = 0.8
"""Height of the rows of a whole seal over their width, at least."""


def rows_are_full(chain: Sequence[Segment]) -> bool:
    """Whether all rows of a seal but the last have as many characters: where one has fewer, a character is missing."""
    rows: dict[float, int] = {}
    for segment in chain:
        level = next((y for y in rows if abs(y - segment.y) < TOLERANCES.row * segment.height), segment.y)
        rows[level] = rows.get(level, 0) + len(segment.chars)
    counts = [rows[y] for y in sorted(rows)]
    return len(set(counts[:-1])) <= 1 and counts[-1] <= counts[0]


def is_square(chain: Sequence[Segment]) -> bool:
    """Whether the rows of a seal fill a square, as high as the widest row is wide: where a row is missing, they do not."""
    levels = [segment.y for segment in chain]
    pitch = [b - a for a, b in pairwise(sorted({round(y, 1) for y in levels})) if b - a > 0.5 * chain[0].height]
    if not pitch:
        return False
    wide = max(s.right for s in chain) - min(s.left for s in chain)
    return max(levels) - min(levels) + float(np.median(pitch)) > _SQUARE * wide


def spacing_is_even(chain: Sequence[Segment]) -> bool:
    """Whether the rows of a block follow each other evenly: a gap of two lines means that one is missing."""
    levels = sorted({round(s.y, 1): s.y for s in chain}.values())
    steps = [b - a for a, b in pairwise(levels) if b - a > 0.5 * chain[0].height]
    return len(steps) < 2 or max(steps) < 1.5 * min(steps)
