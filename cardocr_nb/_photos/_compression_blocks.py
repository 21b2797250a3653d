"""Steps at the borders of the 8 x 8 blocks of JPEG, which strong compression leaves.

The mean step between neighboring pixels, by place within the block, is larger at the border (Wang, Bovik and Evans 2000, "Blind
measurement of blocking artifacts in images"). A picture that was decoded at half its size has blocks of 4 pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]

STRONG = 0.5
"""Photos of specimens that are saved with a quality of 70 and more have at most 0.47."""

_EVERY = 4
"""Lines that are measured: one of so many."""
_BLOCK = 8
_NEAR = 0.05


def compression_blocks(gray: Gray, scale: float) -> float:
    """Return how much larger the steps at the borders of blocks are than those within.

    Parameters
    ----------
    gray : ndarray of shape (height, width), uint8
    scale : float
        Pixels of the photo for each pixel of `gray`.

    Returns
    -------
    float
        0 without blocks, as multiples of the steps within; the lesser of both directions.

    Examples
    --------
    >>> flat = np.kron(np.random.default_rng(1).integers(0, 256, (20, 30)), np.ones((8, 8))).astype(np.uint8)
    >>> compression_blocks(flat, 1.0) > 10, compression_blocks(flat, 3.0)
    (True, 0.0)
    """
    period = round(_BLOCK / scale)
    if period not in (_BLOCK, _BLOCK // 2) or abs(scale - _BLOCK / period) > _NEAR:
        return 0.0
    return min(_larger(lines, period) for lines in (gray[::_EVERY], gray.T[::_EVERY]))


def _larger(lines: Gray, period: int) -> float:
    steps = np.abs(np.diff(np.ascontiguousarray(lines, dtype=np.int16), axis=1)).mean(axis=0)
    whole = len(steps) // period * period
    if not whole:
        return 0.0
    by_place = steps[:whole].reshape(-1, period).mean(axis=0)
    within = float(np.median(by_place))
    return (float(by_place.max()) - within) / (within + 0.5)
