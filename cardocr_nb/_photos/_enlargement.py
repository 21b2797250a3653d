"""Enlarged pictures: the lattice of the pixels that they had before.

Nearest and linear interpolation leave second differences that repeat with the pixels of the small picture (Gallagher 2005,
"Detection of linear and cubic interpolation in JPEG compressed images").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]

_EVERY = 4
"""Lines that are measured: one of so many."""
_LEAST_LENGTH = 48
_FREQUENCIES = 2048
_SLOWEST = 0.09
"""Changes a pixel; characters and lines of text repeat more slowly."""
_ALIKE = 0.005
_LEAST_STRENGTH = 0.3
_LEAST_STRENGTH_OF_BLOCKS = 0.5
_BLOCK = 8
"""Pixels of a block of JPEG, which has a lattice of its own."""
_NEXT_TO_BLOCKS = 0.03
_MEAN = 17


def enlargement(gray: Gray) -> float:
    """Return the pixels that an enlarged picture had before, for each pixel that it has now.

    Parameters
    ----------
    gray : ndarray of shape (height, width), uint8

    Returns
    -------
    float
        0.09 to 0.5; 0 if no lattice is seen: after most factors below 2.5, and for some multiples of it that JPEG blocks hide.
        A factor below 2 can look like a larger one: 1.6 like 1 / (1 - 1 / 1.6) = 2.7.

    Examples
    --------
    >>> small = np.random.default_rng(1).integers(0, 256, (80, 120)).astype(np.uint8)
    >>> round(enlargement(small.repeat(3, axis=0).repeat(3, axis=1)), 2), enlargement(small)
    (0.33, 0.0)
    """
    (strength, across), (other, down) = (_lattice(lines) for lines in (gray[::_EVERY], gray.T[::_EVERY]))
    strength, frequency = min(strength, other), across
    of_blocks = abs(_BLOCK * frequency - round(_BLOCK * frequency)) <= _NEXT_TO_BLOCKS
    if strength < (_LEAST_STRENGTH_OF_BLOCKS if of_blocks else _LEAST_STRENGTH) or abs(across - down) >= _ALIKE:
        return 0.0
    return frequency


def _lattice(lines: Gray) -> tuple[float, float]:
    """Return the strongest frequency of the second differences along the lines: its part of their mean, and changes a pixel."""
    if not len(lines) or lines.shape[1] < _LEAST_LENGTH:
        return 0.0, 0.0
    level = np.ascontiguousarray(lines, dtype=np.int16)
    change = np.abs(level[:, 2:] - 2 * level[:, 1:-1] + level[:, :-2]).mean(axis=0)
    mean = np.convolve(np.pad(change, _MEAN // 2, mode="edge"), np.full(_MEAN, 1 / _MEAN), "valid")
    window = np.hanning(len(change))
    spectrum = np.abs(np.fft.rfft((change - mean) / (mean + 0.3) * window, _FREQUENCIES)) * 2 / window.sum()
    first = int(_SLOWEST * _FREQUENCIES)
    place = first + int(spectrum[first:].argmax())
    return float(spectrum[place]), place / _FREQUENCIES
