"""Measures of one photo."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._images import load_gray
from cardocr_nb._photos import _read_probability as model
from cardocr_nb._photos._compression_blocks import STRONG, compression_blocks
from cardocr_nb._photos._cut_cards import probability_outside, text_place
from cardocr_nb._photos._enlargement import enlargement
from cardocr_nb._photos._legible_text import MOST, legible_text
from cardocr_nb._photos._tiles import Tiles, cut_into_tiles

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MOST_PIXELS = 800_000
"""Pixels that are measured, at most; a larger picture is reduced while it is decoded."""
_MOST_FOR_TILES = 600_000
"""A picture with more is halved before it is cut into tiles, which need less detail than legibility."""

_EDGE_OF_MEAN = 3.3
"""Width in pixels that the mean over 3 x 3 pixels gives to the sharpest edge."""
_WHITE = 250
"""A tile whose darkest pixel is at this level or above is in glare; print, grain and color of the paper are lost in it."""
_UNLIT = 20
"""Percentile of the brightest levels of the tiles with text; if it is white too, the paper is white and not in glare."""
_TURNED = 2
_TWO_PAGES = 2.4
_SMALL = 250
"""Pixels of a photo below which tiles are a large part of the card."""
_NEAR_WHITE = 252
_WASHED = 0.35
"""Level of a tile in washed-out light, between that of the paper (0) and white (1)."""
_REACH = 12
"""Tiles from text within which washed-out light may hide more of it."""
_FULL = 0.8
"""Part of the tiles within the outline of the text that have strokes; cards have at most 0.6, noise and gravel nearly all."""
_LEAST_FULL = 400
"""Tiles within the outline; of fewer, a small card has strokes in nearly all."""
_GUTTER = (2, 8)
"""Fewest and most tiles without text between two pages."""
_OFF_CENTER = 3
_MOSTLY_INK, _LEAST_TEXT, _CLEAR = 0.45, 100, 10.0
"""Median, over the tiles of text, of the mean level between ink (0) and paper (1), below which ink and paper are exchanged: 0.68 on
photos of cards and 0.32 on negatives of them, at most 0.42 on 9 of 10 negatives of spoiled photos; the number of tiles that show
that; and the least contrast over that of noise, which has a mean in the middle.

None of 466 photos, most of them spoiled, is taken for a negative, and 423 of their negatives are."""
_AROUND_TEXT = 2
"""Tiles around those of text in which more text is looked for."""
_ENDS = (1, 99)
"""Percentiles of the places of text between which the card is measured."""


@dataclass(frozen=True)
class PhotoMeasures:
    """Measures of one photo; lengths of the card are those of its text, which is a little narrower than the card.

    Attributes
    ----------
    width, height : int
        Pixels of the upright photo.
    card_width, card_height : float
        Pixels of the photo; the longer and the shorter extent of the text. 0 if no text is seen.
    card_share : float
        Part of the photo's area, 0 to 1.
    detail : float
        `card_width` before the picture was enlarged, if it was; otherwise `card_width`.
    blur : float
        Width of the edges of the text, as a part of the card's width. Up to about 0.003 it does no harm.
    contrast : float
        Between ink and paper, gray levels, 0 to 255.
    noise : float
        Mean difference between a pixel and the mean of its neighbors, gray levels, without the strongest quarter.
    brightness : float
        Of the paper, gray levels, 0 to 255.
    glare : float
        Part of the card that is white without any print, 0 to 1; 0 if all of the paper is white.
    washed : float
        Tiles without print, much lighter than the paper and in line with text, over those of text, 0 to 1.
    white : float
        Part of the card with white pixels, 0 to 1; 0 if all of the paper is white.
    text_tiles : int
        Number of tiles of text.
    angle : float
        Degrees, -45 to 45, between the lines of the card and the nearest side of the photo.
    cut : float
        Length of the text that touches a side of the photo, as a part of the card's width; 0 if text touches opposite
        sides, as papers below a card do.
    outside : float
        Probability that a quarter or more of the card is outside the photo, 0 to 1, by the places and proportions of the text.
    legible : float
        Logarithm of the odds that a character is read right, -6 to 6, of the more legible text; see `_legible_text`.
    blocks : float
        How much larger the steps at the borders of JPEG's blocks are than those within them; 0 where no blocks are seen.
    negative : bool
        Whether the ink is lighter than the paper.
    two_pages : bool
        Whether a band without text crosses the middle of the longer side, as between the two pages of a license; on a turned photo,
        whether the text is as long as that of two pages.
    hash : ndarray of shape (n,), bool
        Perceptual hash, see `cardocr_nb._photos._near_duplicates`.
    """

    width: int
    height: int
    card_width: float
    card_height: float
    card_share: float
    detail: float
    blur: float
    contrast: float
    noise: float
    brightness: float
    glare: float
    washed: float
    white: float
    text_tiles: int
    angle: float
    cut: float
    outside: float
    legible: float
    blocks: float
    negative: bool
    two_pages: bool
    hash: NDArray[np.bool_] = field(repr=False)

    @cached_property
    def probability(self) -> float:
        """Probability that the embedded engine reads the card whole, 0 to 1."""
        return model.probability(self)

    @property
    def fault(self) -> str:
        """The fault that lowers the probability most, in words; empty if none lowers it much."""
        return model.main_fault(self)


def measure(source: str | Path | bytes) -> PhotoMeasures:
    """Measure a photo.

    Parameters
    ----------
    source : str, Path or bytes
        Path of a file, or its content.

    Raises
    ------
    ImageError
        The file is not a picture that the service reads; see `cardocr_nb._images.inspect`.

    Examples
    --------
    >>> from io import BytesIO
    >>> from PIL import Image
    >>> file = BytesIO()
    >>> Image.new("RGB", (850, 540), "white").save(file, "PNG")
    >>> found = measure(file.getvalue())
    >>> found.card_width, found.fault
    (0.0, 'no text is seen')
    """
    from PIL import Image

    from cardocr_nb._photos._near_duplicates import perceptual_hash

    detailed, info = load_gray(source, MOST_PIXELS)
    gray = detailed if detailed.size <= _MOST_FOR_TILES else np.asarray(Image.fromarray(detailed).reduce(2))
    tiles = cut_into_tiles(gray)
    rows, columns = np.nonzero(tiles.is_text)
    if not len(rows) or _is_full(rows, columns):
        return PhotoMeasures(info.width, info.height, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, tiles.noise, float(np.median(tiles.high)), 0.0, 0.0,
                             0.0, 0, 0.0, 0.0, 0.0, -MOST, 0.0, False, False, perceptual_hash(gray))  # fmt: skip
    long, short = _extents(rows, columns, tiles)
    contrast = tiles.contrast[tiles.is_text]
    edge = float(np.median(contrast / np.maximum(tiles.step[tiles.is_text], 0.5)))
    scale = info.width / gray.shape[1]
    box = tuple(slice(at.min() * tiles.side, (at.max() + 1) * tiles.side) for at in (rows, columns))
    blocks = compression_blocks(gray, scale)
    # Blocks are a lattice themselves, and are even where print is faint.
    compressed = blocks > STRONG
    lattice = 0.0 if compressed else enlargement(gray[box])
    # On a turned photo no band separates the pages.
    two_pages = _has_gutter(tiles.is_text) or (abs(tiles.angle) > _TURNED and long > _TWO_PAGES * short)
    sides = max(info.width, info.height) / min(info.width, info.height)
    share = min(1.0, long * short / gray.size)
    place = text_place(tiles.is_text, tiles.side / long, sides, long / short, share, two_pages=two_pages)
    washed, white = (0.0, 0.0) if compressed else _lit(tiles)
    negative = _is_negative(tiles)
    return PhotoMeasures(
        width=info.width,
        height=info.height,
        card_width=long * scale,
        card_height=short * scale,
        card_share=share,
        detail=long * (lattice or scale),
        blur=float(np.sqrt(max(edge**2 - _EDGE_OF_MEAN**2, 1.0))) / long,
        contrast=float(np.percentile(contrast, 90)),
        noise=tiles.noise,
        brightness=float(np.median(tiles.high[tiles.is_text])),
        glare=0.0 if compressed else _glare(tiles),
        washed=washed,
        white=white,
        text_tiles=len(rows),
        angle=tiles.angle,
        cut=_cut(tiles.is_text) * tiles.side / long,
        outside=probability_outside(place) if max(info.width, info.height) >= _SMALL else 0.0,
        legible=_legible(detailed, tiles, negative=negative),
        blocks=blocks,
        negative=negative,
        two_pages=two_pages,
        hash=perceptual_hash(gray),
    )


def _legible(detailed: NDArray[np.uint8], tiles: Tiles, *, negative: bool) -> float:
    """Return how legible the text is; `detailed` has the pixels of the tiles or twice as many a side."""
    side = tiles.side * max(1, round(max(detailed.shape) / (max(tiles.is_text.shape) * tiles.side)))
    part = tuple(
        slice(max(0, int(at.min()) - _AROUND_TEXT) * side, (int(at.max()) + 1 + _AROUND_TEXT) * side)
        for at in np.nonzero(tiles.is_text)
    )
    card = detailed[part]
    return legible_text(255 - card if negative else card)


def _extents(rows: NDArray[np.intp], columns: NDArray[np.intp], tiles: Tiles) -> tuple[float, float]:
    """Longer and shorter extent of the text along its lines, in pixels of the measured picture."""
    turn = np.radians(tiles.angle)
    along = columns * np.cos(turn) + rows * np.sin(turn)
    across = rows * np.cos(turn) - columns * np.sin(turn)
    found = sorted(float(np.ptp(np.percentile(place, _ENDS)) + 1) * tiles.side for place in (along, across))
    return found[1], found[0]


def _glare(tiles: Tiles) -> float:
    if np.percentile(tiles.high[tiles.is_text], _UNLIT) >= _WHITE:
        return 0.0
    rows, columns = np.nonzero(tiles.is_text)
    low = tiles.low[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return float((low >= _WHITE).mean())


def _lit(tiles: Tiles) -> tuple[float, float]:
    """Measure light that hides text: `PhotoMeasures.washed` and `PhotoMeasures.white`."""
    from scipy.ndimage import maximum_filter1d  # type: ignore[import-untyped]  # scipy ships no type hints

    rows, columns = np.nonzero(tiles.is_text)
    box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    paper = float(np.median(tiles.high[tiles.is_text]))
    near = maximum_filter1d(tiles.is_text.astype(np.uint8), 2 * _REACH + 1, axis=1)
    light = ~tiles.is_text & (near > 0) & (tiles.low >= paper + _WASHED * (255 - paper))
    washed = float(light[box].sum() / len(rows))
    return min(washed, 1.0), float((tiles.high[box] >= _NEAR_WHITE).mean()) if paper < _WHITE else 0.0


def _is_negative(tiles: Tiles) -> bool:
    """Whether most of the area of text is dark: strokes take less room than the paper between them."""
    contrast = tiles.contrast[tiles.is_text]
    level = (tiles.mean - tiles.low)[tiles.is_text] / np.maximum(contrast, 1)
    clear = np.percentile(contrast, 90) >= _CLEAR * (1 + tiles.noise)
    return bool(clear and len(level) >= _LEAST_TEXT and np.median(level) < _MOSTLY_INK)


def _is_full(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> bool:
    """Whether nearly all tiles within the outline of the text have strokes, as those of noise have."""
    outline = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    return bool(outline >= _LEAST_FULL and len(rows) > _FULL * outline)


def _has_gutter(is_text: NDArray[np.bool_]) -> bool:
    """Whether a band without text crosses the middle of the longer side, as between the two pages of a license."""
    written = np.atleast_1d(is_text.any(axis=int(np.argmin(is_text.shape))))
    places = np.flatnonzero(written)
    gaps = np.diff(places) - 1
    middle = places[:-1] + 1 + (gaps - 1) / 2
    near = np.abs(middle - (len(written) - 1) / 2) <= _OFF_CENTER
    return bool((near & (gaps >= _GUTTER[0]) & (gaps <= _GUTTER[1])).any())


def _cut(is_text: NDArray[np.bool_]) -> int:
    """Return the number of tiles of text at the sides of the photo; 0 if they are at opposite sides, as of papers."""
    top, bottom, left, right = (int(line.sum()) for line in (is_text[0], is_text[-1], is_text[:, 0], is_text[:, -1]))
    return 0 if (top and bottom) or (left and right) else top + bottom + left + right
