"""Where a photo has text, and where a recognizer would read it right: a small network.

The network looks at the brightness in cells of 16 pixels, with 60 pixels around each. For each cell it gives two logarithms of odds: that
there is text, and that its characters are read right. Fields are wrong as soon as one character is, so the least legible text of a
photo says more than the mean. The 38,000 weights in ``legibility.npz`` come from ``tools/train_legibility.py``, which learns from characters that the recognizer of the
embedded engine read on damaged photos of drawn cards, right or wrong; the engine itself is not needed here.

Three layers, each followed by a ramp: filters of 8 x 8 pixels on two grids half a patch apart, divided by the contrast around;
filters over 2 x 2 cells, with that contrast and the level as further inputs; filters over 3 x 3 cells. Each is one product of matrices.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]
    Floats = NDArray[np.float32]

CELL = 16
"""Pixels of the side of a cell."""
_PATCH = 8
_BEFORE, _AFTER = 20, 28
"""Pixels added at the sides, so that every cell has an output."""
_BAND = 6
"""Rows of cells that are filtered at once: small arrays stay in the cache of the processor."""
_MEAN = np.full(_PATCH**2, 1 / _PATCH**2, np.float32)
_FLOOR = 2.0
"""Gray levels added to the spread of the levels around, by which the first layer is divided."""


def legibility(gray: Gray) -> tuple[Floats, Floats]:
    """Return where text is, and where it is legible, as logarithms of odds by cell.

    Parameters
    ----------
    gray : ndarray of shape (height, width), uint8
        Dark print on light paper, not enlarged; characters 8 to 40 pixels high.

    Returns
    -------
    text : ndarray of shape (height / 16, width / 16), rounded up, float32
        Above 0 where text is more likely than not.
    legible : ndarray of the same shape
        Above 0 where a character is more likely read right than not. It says nothing where no text is.

    Examples
    --------
    >>> text, legible = legibility(np.full((100, 200), 220, np.uint8))
    >>> text.shape, bool((text < 0).all())
    ((7, 13), True)
    """
    net = _weights()
    padded = np.pad(gray, [(_BEFORE, _AFTER + -side % CELL) for side in gray.shape], mode="edge")
    patches, light = _first_layer(padded, net)
    high, wide, _ = patches.shape
    # The weights of a cell and its three neighbors are side by side; their shares are shifted onto each other.
    share = (patches.reshape(high * wide, -1) @ net["second"]).reshape(high, wide, 4, -1)
    seen = share[:-1, :-1, 0] + share[:-1, 1:, 1]
    for part in (share[1:, :-1, 2], share[1:, 1:, 3], light[:-1, :-1] @ net["second light"], net["second offset"]):
        seen += part
    np.maximum(seen, 0, out=seen)
    high, wide = high - 3, wide - 3
    around = [seen[down : down + high, across : across + wide] for down in range(3) for across in range(3)]
    last = np.concatenate(around, axis=-1).reshape(high * wide, -1) @ net["third"] + net["third offset"]
    odds = np.maximum(last, 0, out=last) @ net["odds"] + net["odds offset"]
    text, legible = odds.T.reshape(2, high, wide)
    return text, legible


def _first_layer(padded: Gray, net: dict[str, Floats]) -> tuple[Floats, Floats]:
    """Filter the patches; also returns the contrast and the level around each cell. Shapes (rows, columns, n) of cells."""
    high, wide = (side // CELL for side in padded.shape)
    half = _PATCH // 2
    shifted = np.pad(padded[half:, half:], ((0, half), (0, half)), mode="edge")
    n = net["first"].shape[2]
    filtered = np.empty((2, high, 2, wide, 2, n), np.float32)
    sums = np.empty((2, high, wide), np.float32)
    for top in range(0, high, _BAND):
        rows = slice(top, min(top + _BAND, high))
        for k, grid in enumerate((padded, shifted)):
            patches = _patches(grid[rows.start * CELL : rows.stop * CELL])
            filtered[k, rows] = (patches @ net["first"][k]).reshape(-1, 2, wide, 2, n)
            if k == 0:
                by_patch = patches @ _MEAN, np.einsum("ij,ij->i", patches, patches) / _PATCH**2
                sums[:, rows] = [v.reshape(-1, 2, wide, 2).mean(axis=(1, 3)) for v in by_patch]
    level, squared = map(_mean_around, sums)
    spread = np.sqrt(np.maximum(squared - level * level, 0)) + np.float32(_FLOOR)
    found = np.empty((high, wide, 2, 2, 2 * n), np.float32)
    for k in range(2):
        part = found[..., k * n : (k + 1) * n]
        np.multiply(filtered[k].swapaxes(1, 2), (1 / spread)[..., None, None, None], out=part)
        part += net["first offset"][k]
    np.maximum(found, 0, out=found)
    return found.reshape(high, wide, -1), np.stack([np.log(spread) - 3, level / 128 - 1], axis=-1)


def _patches(grid: Gray) -> Floats:
    high, wide = (side // _PATCH for side in grid.shape)
    rows = grid.reshape(high, _PATCH, wide, _PATCH).swapaxes(1, 2)
    return rows.reshape(high * wide, _PATCH**2).astype(np.float32)


def _mean_around(by_cell: Floats) -> Floats:
    padded = np.pad(by_cell, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9, np.float32)


@cache
def _weights() -> dict[str, Floats]:
    with (files(__package__) / "legibility.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}
