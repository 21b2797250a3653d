"""Whether a picture is the one that the service read, as far as its file, its size and its print show."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb.errors import CardOCRError
from cardocr_nb.plot._field_crops import rectified
from cardocr_nb.plot._image_sources import photo_of
from cardocr_nb.plot._plot_data import corners
from cardocr_nb.plot._print_ends import goes_on
from cardocr_nb.privacy._picture_match import better_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cardocr_nb.plot._image_sources import Images, Photo

OTHER_FILE = "the file in the column image shows something else"
OUTSIDE = "places lie outside the picture"
ELSEWHERE = "the places fit the print better elsewhere"
LONGER = "print goes on where places end"
FOLDER = "most pictures of this source that could be checked are others"

_ALIKE = 0.7
"""Correlation of the gray levels of a field on two copies of one picture; other texts in the same place have 0.1 to 0.5."""
_LINE = 32
_PRINTED = 6.0
"""Standard deviation of the gray levels within a place of print; places that were covered have less."""
_SEARCHED = 100
"""Pictures of a table whose print is searched; of further ones the size counts, which needs no time."""
_FEW, _SHARE = 2, 0.25
"""Pictures proven to be others, and their share of all that are not proven to be the right ones, which condemn a source. None
of 150 right pictures is taken for another one."""


class Identity(NamedTuple):
    """What is known of a picture.

    Attributes
    ----------
    proven : bool
        The picture is the one that the service read.
    reason : str
        Why it is another one; empty if nothing shows that.
    """

    proven: bool
    reason: str = ""


def identity(
    photo: Photo,
    quads: NDArray[np.float64],
    image: object,
    images: Images | None,
    created: object = None,
) -> Identity:
    """Compare a picture with the file that was submitted, and its size with the places that the service found.

    The file that was submitted is proof only if it has not changed since: another photo may have its name now. `by_print` compares
    the print as well.

    Parameters
    ----------
    photo : Photo
    quads : ndarray of shape (n, 4, 2)
        Polygons of the card, pixels of the whole picture.
    image : str or missing
        File that the column ``image`` names; it counts if it exists.
    images : path, sequence, mapping, client or None
        Where the picture was found; None for the file itself.
    created : datetime or missing
        When the job was created.

    Returns
    -------
    Identity

    Examples
    --------
    >>> from cardocr_nb.plot._image_sources import Photo
    >>> blank = Photo(np.zeros((54, 85, 3), np.uint8), (85, 54))
    >>> identity(blank, np.array([[(90, 10), (90, 20), (99, 20), (99, 10)]]), None, {"1.jpg": blank}).reason
    'places lie outside the picture'
    """
    middle = quads.mean(axis=1)
    if len(quads) and ((middle < 0) | (middle > photo.size)).any():
        return Identity(False, OUTSIDE)
    own = None if images is None else _own(image)
    if own is not None and not _same(photo, own, quads):
        return Identity(False, OTHER_FILE)
    if (images is None or own is not None) and _is_unchanged(image, created):
        return Identity(True)
    return Identity(False)


def by_print(known: Identity, photo: Photo, quads: NDArray[np.float64]) -> Identity:
    """Search a picture whose origin is not known for print beyond the polygons, and for a place that fits them better, 0.15 s.

    Parameters
    ----------
    known : Identity
        What `identity` returned.
    photo : Photo
    quads : ndarray of shape (n, 4, 2)
        Polygons of the card in reading order (`reading_corners`), pixels of the whole picture.

    Returns
    -------
    Identity
        Neither proven nor with a reason for pictures of other cards in exactly the same place.
    """
    if known.proven or known.reason or not len(quads):
        return known
    places = photo.scaled(quads)
    if goes_on(photo.pixels, places):
        return Identity(False, LONGER)
    return known if better_place(photo.pixels, places) is None else Identity(False, ELSEWHERE)


def refuse_other_version(photo: Photo, quads: NDArray[np.float64], image: object, *, search: bool = True) -> None:
    """Raise if polygons would be drawn at wrong places: the picture has another size, or they fit its print elsewhere.

    Parameters
    ----------
    photo : Photo
    quads : ndarray of shape (n, 4, 2)
        Polygons of the card, pixels of the whole picture.
    image : str or missing
        File that the column ``image`` names; its size counts if it exists.
    search : bool, default True
        Search the picture for a place that fits the polygons better, 0.15 s.

    Raises
    ------
    ValueError
        The picture is a copy that was resized, cropped, turned or mirrored. A picture without print in the places, such as a
        redacted one, is compared by its size alone.
    """
    own = _own(image)
    if own is not None and own.size != photo.size:
        raise ValueError(
            f"the picture is {photo.size[0]} x {photo.size[1]}, the one that was read {own.size[0]} x {own.size[1]}; pass the picture "
            "that was read, at its full size"
        )
    pixels = _in_color(photo.pixels)
    if not search or not len(quads) or (own is not None and np.array_equal(pixels, _in_color(own.pixels))):
        return
    places = photo.scaled(quads)
    if polygon.area(places).sum() > pixels.shape[0] * pixels.shape[1] / 2:  # there is hardly another place
        return
    inside = [float(np.std(rectified(pixels, quad, height=_LINE, margin=0))) for quad in places]
    if np.median(inside) > _PRINTED and better_place(pixels, places) is not None:
        raise ValueError(
            "the places fit the print on this picture better elsewhere; pass the picture that was read, not a copy that was resized, "
            "cropped, shifted, turned or mirrored since"
        )


class OtherVersions:
    """Pictures of a table of cards that are left out, as the places of their fields are wrong on them."""

    def __init__(self) -> None:
        self._count, self._searched = 0, 0

    def holds(self, photo: Photo, rows: pd.DataFrame) -> bool:
        """Whether a picture is another version of the one that was read.

        Parameters
        ----------
        photo : Photo
        rows : DataFrame
            All rows of its card, with the column ``polygon`` and perhaps ``image``.
        """
        quads = corners(rows["polygon"])
        file = rows["image"].iloc[0] if "image" in rows.columns and len(rows) else None
        self._searched += 1
        try:
            refuse_other_version(
                photo, quads[~np.isnan(quads).any(axis=(1, 2))], file, search=self._searched <= _SEARCHED
            )
        except ValueError:
            self._count += 1
            return True
        return False

    def warn(self) -> None:
        """Warn once, with the number of pictures."""
        if self._count:
            warnings.warn(
                f"{self._count} pictures are other versions of those that were read (resized, cropped, turned, or of another card), "
                "and are left out; pass the pictures that were read, at their full size",
                UserWarning,
                stacklevel=4,
            )


def _in_color(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels[..., :3]


def condemned(found: Sequence[Identity]) -> bool:
    """Whether so many pictures of a source are others that the unproven ones are left alone as well.

    Examples
    --------
    >>> condemned([Identity(False, OUTSIDE)] * 2 + [Identity(False)] * 5), condemned([Identity(False, OUTSIDE), Identity(False)])
    (True, False)
    """
    other = sum(bool(one.reason) for one in found)
    return other >= _FEW and other >= _SHARE * sum(not one.proven for one in found)


def _own(image: object) -> Photo | None:
    """The picture that the column ``image`` names; None if it cannot be read any more."""
    try:
        return photo_of(Path(image)) if isinstance(image, str) and Path(image).is_file() else None
    except (CardOCRError, OSError):
        return None


def _is_unchanged(image: object, created: object) -> bool:
    """Whether neither content nor name of a file has changed since a moment; False if the moment is not known."""
    if not isinstance(image, str) or not isinstance(created, datetime) or pd.isna(created):
        return False
    try:
        status = Path(image).stat()
    except OSError:
        return False
    return max(status.st_mtime, status.st_ctime) <= created.timestamp()


def _same(photo: Photo, own: Photo, quads: NDArray[np.float64]) -> bool:
    """Whether two pictures have the same size, and the same pixels or alike fields."""
    if photo.size != own.size or photo.pixels.shape[:2] != own.pixels.shape[:2]:
        return False
    if np.array_equal(photo.pixels, own.pixels) or not len(quads):
        return True
    return float(np.median([_likeness(photo.pixels, own.pixels, quad) for quad in photo.scaled(quads)])) > _ALIKE


def _likeness(one: NDArray[np.uint8], other: NDArray[np.uint8], quad: NDArray[np.float64]) -> float:
    sides = [rectified(pixels, quad, height=_LINE, margin=0).mean(axis=2).ravel() for pixels in (one, other)]
    if min(float(np.ptp(side)) for side in sides) == 0:
        return float(np.array_equal(*sides))
    return float(np.corrcoef(sides)[0, 1])
