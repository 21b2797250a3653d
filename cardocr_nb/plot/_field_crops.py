"""Crops of single fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LONGEST = 24.0


def rectified(
    pixels: NDArray[np.uint8], corners: ArrayLike, *, height: int = 64, margin: float = 0.15
) -> NDArray[np.uint8]:
    """Crop a field along its polygon and rectify it.

    Parameters
    ----------
    pixels : ndarray of shape (h, w) or (h, w, 3), uint8
    corners : array_like of shape (4, 2)
        Top-left, bottom-left, bottom-right, top-right of the field as it is read, pixels. Pixels outside the
        picture become gray.
    height : int, default 64
        Of the result, pixels.
    margin : float, default 0.15
        Added around the field, as a fraction of its height.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        The width keeps the field's proportions, but is at most 24 times the height.

    Examples
    --------
    >>> picture = np.full((100, 200, 3), 255, dtype=np.uint8)
    >>> rectified(picture, [(20, 20), (20, 40), (100, 40), (100, 20)], height=32, margin=0).shape
    (32, 128, 3)
    """
    from PIL import Image

    c = np.asarray(corners, dtype=float)
    tall = max(1.0, float(np.linalg.norm(c[1] - c[0]) + np.linalg.norm(c[2] - c[3])) / 2)
    wide = float(np.linalg.norm(c[3] - c[0]) + np.linalg.norm(c[2] - c[1])) / 2
    wide = float(np.clip(wide, 1.0, _LONGEST * tall))
    sharp = int(np.clip(tall * (1 + 2 * margin), height, 4 * height))
    size = (max(1, round(sharp * (wide + 2 * margin * tall) / (tall * (1 + 2 * margin)))), sharp)
    side = margin * tall / wide
    own = np.array([(-side, -margin), (-side, 1 + margin), (1 + side, 1 + margin), (1 + side, -margin)])
    onto = _homography(own, np.array([(0, 0), (0, size[1]), size, (size[0], 0)], dtype=float))
    unit = _homography(np.array([(0, 0), (0, 1), (1, 1), (1, 0)], dtype=float), c)
    back = unit @ np.linalg.inv(onto)
    picture = Image.fromarray(pixels).convert("RGB")
    cut = picture.transform(
        size, Image.Transform.PERSPECTIVE, tuple((back / back[2, 2]).ravel()[:8]), Image.Resampling.BICUBIC, fillcolor="#808080"
    )  # fmt: skip
    final = (max(1, round(size[0] * height / size[1])), height)
    return np.asarray(cut.resize(final, Image.Resampling.LANCZOS) if final != size else cut)


def _homography(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """The plane map, shape (3, 3), that takes four points to four others; the nearest one if three lie on a line."""
    rows = []
    for (x, y), (u, v) in zip(here, there, strict=True):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y)]
    solved = np.linalg.lstsq(np.array(rows), there.ravel(), rcond=None)[0]
    return np.append(solved, 1.0).reshape(3, 3)
