"""Similarities through all pairs of points (Fischler and Bolles 1981, "Random sample consensus", without the sampling).

Points are complex numbers: a similarity is ``factor * point + shift``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def pair_similarities(
    found: NDArray[np.complex128], wanted: NDArray[np.complex128], one: NDArray[np.intp], other: NDArray[np.intp]
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Compute for each pair of points the similarity that takes both to where they belong.

    Parameters
    ----------
    found : ndarray of shape (..., n), complex
        Points on the photo, pixels; NaN where a point is missing.
    wanted : ndarray of shape (n,), complex
        The same points on the card, millimeters.
    one, other : ndarray of shape (p,), int
        Indices of the two points of each pair.

    Returns
    -------
    factor, shift : ndarray of shape (..., p), complex
        NaN where the two points are the same or missing.

    Examples
    --------
    >>> factor, shift = pair_similarities(np.array([0j, 10j]), np.array([5 + 0j, 5 + 1j]), np.array([0]), np.array([1]))
    >>> factor.tolist(), shift.tolist()
    ([(0.1+0j)], [(5+0j)])
    """
    way = found[..., other] - found[..., one]
    empty = np.full(way.shape, np.nan, dtype=np.complex128)
    factor = np.divide(np.broadcast_to(wanted[other] - wanted[one], way.shape), way, out=empty, where=np.abs(way) > 0)
    return factor, wanted[one] - factor * found[..., one]
