"""Line crops: lines cut out of a picture, and the picture in one color, in which every ink is dark."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._networks import LINE_HEIGHT
from cardocr_nb.local.engine._quantiles import pixel_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LONGEST = 3200
_CLEAREST, _PRINT = 0.985, 190.0
"""Part of the pixels that are paler than the clearest print, and how far that is from white afterwards."""
_PAPER, _DARK, _BRIGHT = 0.95, 150.0, 220.0
"""Part of the pixels that are darker than the brightest paper, below which brightness that is dark, and what it becomes."""
_SEAL_GAIN = 1.25
"""Red ink must absorb this much more green than red light to be seen: a seal does, a pale mark under the text does not."""


def ink_channel(red: NDArray[np.uint8], green: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Reduce a picture to one color, in which every ink of a card is dark.

    Blue labels are dark in red light, a bright red seal only in green light, in which a pale red mark shows as well.

    Parameters
    ----------
    red, green : ndarray of shape (h, w), uint8

    Examples
    --------
    >>> import numpy as np
    >>> seal, mark, label, paper = (225, 80), (232, 204), (60, 110), (240, 240)
    >>> red, green = np.array([[seal, mark, label, paper]], np.uint8).transpose(2, 0, 1)
    >>> ink_channel(red, green).tolist()
    [[100, 232, 60, 240]]
    """
    import cv2
    import numpy as np

    return np.asarray(cv2.min(red, cv2.convertScaleAbs(green, alpha=_SEAL_GAIN)), np.uint8)


def brightened(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a dark photo as bright as others, and others as they are: the detector does not see the print of a dark one.

    Parameters
    ----------
    image : ndarray of shape (h, w, 3), uint8

    Examples
    --------
    >>> import numpy as np
    >>> dark = np.full((60, 90, 3), 40, np.uint8)
    >>> int(brightened(dark)[0, 0, 0]), brightened(3 * dark + 60)[0, 0].tolist()
    (220, [180, 180, 180])
    """
    import cv2
    import numpy as np

    paper = max(float(np.quantile(image[::8, ::8].max(2), _PAPER)), 8.0)
    return image if paper > _DARK else np.asarray(cv2.convertScaleAbs(image, alpha=_BRIGHT / paper), np.uint8)


def even_contrast(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Strengthen faint print, and take out shadows: the paper becomes white, its clearest print nearly black.

    Parameters
    ----------
    ink : ndarray of shape (h, w), uint8
        As from `ink_channel`.

    Examples
    --------
    >>> import numpy as np
    >>> page = np.full((60, 90), 120, np.uint8)
    >>> page[20:26, 20:60] = 100
    >>> even = even_contrast(page)
    >>> int(even[5, 5]), bool(even[23, 40] < 140)
    (255, True)
    """
    import cv2
    import numpy as np

    size = 2 * (max(ink.shape) // 120) + 7
    paper = cv2.blur(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8)), (size, size))
    lost = cv2.subtract(paper, ink).astype(np.float32) / np.maximum(paper, 16)
    clearest = pixel_quantile(lost[::4, ::4], _CLEAREST)
    return np.asarray(255 - np.clip(lost * (_PRINT / max(clearest, 0.05)), 0, 235), np.uint8)


def without_text(even: NDArray[np.uint8], boxes: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Paint over the text that was detected, so that the detector sees what is left.

    Parameters
    ----------
    even : ndarray of shape (h, w), uint8
        As from `even_contrast`.
    boxes : ndarray of shape (n, 4, 2)
        As in `Detection.boxes`.

    Examples
    --------
    >>> import numpy as np
    >>> page = np.full((60, 90), 255, np.uint8)
    >>> page[20:26, 20:60] = 30
    >>> bool((without_text(page, np.array([[(18, 18), (62, 18), (62, 28), (18, 28)]])) == 255).all())
    True
    """
    import cv2
    import numpy as np

    painted = even.copy()
    for box in boxes:
        cv2.fillPoly(painted, [box.astype(np.int32)], float(np.median(even)))
    return painted


class ImagePyramid:
    """A picture from which lines are cut, kept in halved sizes, so that cutting never skips pixels."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self._sizes = [image]
        self._lock = threading.Lock()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return self._sizes[0].shape[1], self._sizes[0].shape[0]

    def crop(self, corners: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Cut a line out, at the height of the recognizer.

        Parameters
        ----------
        corners : ndarray of shape (3, 2)
            As in `Line`.
        """
        import cv2
        import numpy as np

        start, end, below = corners
        height = max(float(np.linalg.norm(below - start)), 1.0)
        width = float(np.linalg.norm(end - start))
        level = int(np.clip(np.log2(height / LINE_HEIGHT) + 0.4, 0, 6))
        with self._lock:
            while len(self._sizes) <= level:
                last = self._sizes[-1]
                half = max(1, last.shape[1] // 2), max(1, last.shape[0] // 2)
                self._sizes.append(np.asarray(cv2.resize(last, half, interpolation=cv2.INTER_AREA), np.uint8))
        image = self._sizes[level]
        scale = np.array([image.shape[1] / self._sizes[0].shape[1], image.shape[0] / self._sizes[0].shape[0]])
        long = int(np.clip(round(width / height * LINE_HEIGHT), LINE_HEIGHT // 2, _LONGEST))
        target = np.array([[0, 0], [long, 0], [0, LINE_HEIGHT]], np.float32)
        matrix = cv2.getAffineTransform((corners * scale).astype(np.float32), target)
        cut = cv2.warpAffine(image, matrix, (long, LINE_HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cut, np.uint8)
