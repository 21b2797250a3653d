"""Photos that are the same one saved again: a perceptual hash, and groups by it.

The hash is the sign of the lowest 24 x 24 frequencies of the cosine transform against their median, as in pHash (Zauner 2010,
"Implementation and benchmarking of perceptual image hash functions", 3.2.1), which has 8 x 8. The usual 64 bits are too few for
cards: two people's cards of one layout scanned at the same place agree in all of them. Candidates are compared tile by tile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]
    Hash = NDArray[np.bool_]

_FREQUENCIES = 24
_SIZE = 96
LARGEST_DISTANCE = 16
"""Bits of 575 in which two photos of a group may differ. Recompressed, smaller, darker and gray copies of specimens differ in at
most 12; two people's cards of one layout, each on the same desk, can differ in 2, so tiles are compared too."""

_CANDIDATES = 3
_TILE = 16
_LEAST_LEVELS = 8
_LEAST_CORRELATION = 0.75
_MOST_UNLIKE = 0.002
"""Tiles with less correlation, as a part of those with print, of two copies of one photo. Cards of two people in one layout have
0.004 or more where the card covers a tenth of the photo and all else is the same, 0.11 or more where it covers all."""


def perceptual_hash(gray: Gray) -> Hash:
    """Return the hash of a photo.

    Parameters
    ----------
    gray : ndarray of shape (height, width), uint8

    Returns
    -------
    ndarray of shape (575,), bool
    """
    from scipy.fft import dctn  # type: ignore[import-untyped]  # scipy ships no type hints

    low = dctn(_resized(gray, _SIZE, _SIZE), norm="ortho")[:_FREQUENCIES, :_FREQUENCIES].ravel()[1:]
    return np.asarray(low > np.median(low))


def is_same_photo(one: Gray, other: Gray) -> bool:
    """Return whether two gray pictures are copies of one photo, by the correlation of tiles of 16 pixels.

    Both are reduced to the size of the smaller one. Light and contrast may differ, since a correlation does not see them.

    Parameters
    ----------
    one, other : ndarray of shape (height, width), uint8

    Examples
    --------
    >>> dice = np.random.default_rng(1)
    >>> photo = dice.integers(0, 256, (160, 240)).astype(np.uint8)
    >>> changed = photo.copy()
    >>> changed[32:64, 32:64] = 255 - changed[32:64, 32:64]
    >>> is_same_photo(photo, photo // 2), is_same_photo(photo, changed)
    (True, False)
    """
    height, width = (min(sides) // _TILE * _TILE for sides in zip(one.shape, other.shape, strict=True))
    if not height or not width:
        return False
    a, b = (
        _resized(picture, width, height)
        .reshape(height // _TILE, _TILE, width // _TILE, _TILE)
        .swapaxes(1, 2)
        .reshape(-1, _TILE * _TILE)
        for picture in (one, other)
    )
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    spreads = np.sqrt((a**2).mean(axis=1) * (b**2).mean(axis=1))
    printed = np.maximum(a.std(axis=1), b.std(axis=1)) >= _LEAST_LEVELS
    if not printed.any():  # nothing but the light can be compared
        return bool(abs(float(one.mean()) - float(other.mean())) < _LEAST_LEVELS)
    unlike = (a * b).mean(axis=1)[printed] < _LEAST_CORRELATION * spreads[printed]
    return bool(unlike.mean() <= _MOST_UNLIKE)


def _resized(gray: Gray, width: int, height: int) -> NDArray[np.float32]:
    from PIL import Image, ImageFilter

    # A large picture is first reduced by a whole factor, to twice the size or more: a third of the time, and hardly another result.
    small = Image.fromarray(gray).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(small.filter(ImageFilter.BoxBlur(1)), dtype=np.float32)  # copies are off by parts of a pixel


def group_near_duplicates(hashes: Sequence[Hash | None], is_same: Callable[[int, int], bool]) -> list[int]:
    """Number groups of photos that are the same one, in the order of their first photos.

    Parameters
    ----------
    hashes : sequence of ndarray or None
        Of `perceptual_hash`; a photo without one is a group of its own.
    is_same : callable
        Whether the photos with two numbers are the same; called for the three nearest hashes at most.

    Returns
    -------
    list of int
        From 0. A photo is compared with the first of each group, so groups do not grow along chains.

    Examples
    --------
    >>> one, other = np.zeros(575, bool), np.ones(575, bool)
    >>> group_near_duplicates([one, other, None, one], lambda i, j: True)
    [0, 1, 2, 0]
    """
    groups: list[int] = []
    firsts: list[int] = []
    known = np.zeros((len(hashes), 9), dtype=np.uint64)
    for number, value in enumerate(hashes):
        group = None
        if value is not None:
            bits = np.packbits(value, bitorder="little").view(np.uint64)
            distances = np.bitwise_count(known[: len(firsts)] ^ bits).sum(axis=1)
            nearest = np.argsort(distances, kind="stable")[:_CANDIDATES]
            near = [int(g) for g in nearest if distances[g] <= LARGEST_DISTANCE and hashes[firsts[g]] is not None]
            group = next((g for g in near if is_same(firsts[g], number)), None)
        if group is None:
            group = len(firsts)
            if value is not None:
                known[group] = bits
            firsts.append(number)
        groups.append(group)
    return groups
