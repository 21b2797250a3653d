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
    from collections.abc import Iterator

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
_ONE_THREAD = 2**18
"""Multiplications up to which OpenBLAS leaves a product of matrices to one thread. For small products more threads only wait for each other."""
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
    found, level, spread = _filtered(padded, net)
    high, wide, _ = found.shape
    # The weights of a cell and its three neighbors are side by side; their shares are shifted onto each other.
    parts = np.split(net["second"], 4, axis=1)
    share = np.empty((4, high, wide, parts[0].shape[1]), np.float32)
    for rows in _bands(high):
        some = found[rows]
        some *= (1 / spread[rows])[..., None]
        some += net["first offset"]
        np.maximum(some, 0, out=some)
        for k, part in enumerate(parts):
            share[k, rows] = _product(some.reshape(-1, some.shape[2]), part).reshape(-1, wide, part.shape[1])
    seen = np.stack([np.log(spread) - 3, level / 128 - 1], axis=-1)[:-1, :-1] @ net["second light"]
    for part in (share[0, :-1, :-1], share[1, :-1, 1:], share[2, 1:, :-1], share[3, 1:, 1:], net["second offset"]):
        seen += part
    np.maximum(seen, 0, out=seen)
    high, wide = high - 3, wide - 3
    around = [seen[down : down + high, across : across + wide] for down in range(3) for across in range(3)]
    last = _product(np.concatenate(around, axis=-1).reshape(high * wide, -1), net["third"]) + net["third offset"]
    odds = np.maximum(last, 0, out=last) @ net["odds"] + net["odds offset"]
    text, legible = odds.T.reshape(2, high, wide)
    return text, legible


def _filtered(padded: Gray, net: dict[str, Floats]) -> tuple[Floats, Floats, Floats]:
    """Filter the patches; also returns the level around each cell, and its spread. Shapes (rows, columns, ...) of cells."""
    high, wide = (side // CELL for side in padded.shape)
    half = _PATCH // 2
    shifted = np.pad(padded[half:, half:], ((0, half), (0, half)), mode="edge")
    n = net["first"].shape[2]
    found = np.empty((high, wide, 2, 2, 2 * n), np.float32)
    sums = np.empty((2, high, wide), np.float32)
    for rows in _bands(high):
        for k, grid in enumerate((padded, shifted)):
            patches = _patches(grid[rows.start * CELL : rows.stop * CELL])
            by_patch = _product(patches, net["first"][k]).reshape(-1, 2, wide, 2, n)
            found[rows, ..., k * n : (k + 1) * n] = by_patch.swapaxes(1, 2)
            if k == 0:
                squares = np.einsum("ij,ij->i", patches, patches)
                for i, total in enumerate((np.einsum("ij->i", patches), squares)):
                    sums[i, rows] = total.reshape(-1, 2, wide, 2).sum(axis=(1, 3)) / CELL**2
    level, squared = map(_mean_around, sums)
    spread = np.sqrt(np.maximum(squared - level * level, 0)) + np.float32(_FLOOR)
    return found.reshape(high, wide, -1), level, spread


def _bands(high: int) -> Iterator[slice]:
    return (slice(top, min(top + _BAND, high)) for top in range(0, high, _BAND))


def _product(rows: Floats, weights: Floats) -> Floats:
    """Multiply matrices in pieces, so that the time does not depend on what else the processor does."""
    n = max(1, _ONE_THREAD // weights.size)
    whole = len(rows) // n * n
    product = np.empty((len(rows), weights.shape[1]), np.float32)
    np.matmul(rows[:whole].reshape(-1, n, rows.shape[1]), weights, out=product[:whole].reshape(-1, n, weights.shape[1]))
    np.matmul(rows[whole:], weights, out=product[whole:])
    return product


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
        net = {name: stored[name].astype(np.float32) for name in stored.files}
    # In the order of the filters of a cell: those of both grids at each of its four patches.
    return net | {"first offset": np.tile(net["first offset"].ravel(), 4)}
