"""The quality of card photos before they are read or paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from tqdm.auto import tqdm

from cardocr_nb._batch._image_files import FileSearch, listed
from cardocr_nb._images import load_gray
from cardocr_nb._photos import group_near_duplicates, is_same_photo, measure
from cardocr_nb._photos._photo_measures import MOST_PIXELS
from cardocr_nb._progress_bar import is_hidden
from cardocr_nb.errors import ImageError, InvalidRequestError

if TYPE_CHECKING:
    from cardocr_nb._batch._image_files import FoundFile, Images
    from cardocr_nb._photos import PhotoMeasures

_MEASURES = (
    *("width", "height", "card_width", "card_share", "blur", "contrast", "noise", "brightness", "glare", "angle"),
    *("cut", "outside", "blocks", "probability"),
)

COLUMNS = ("image", *_MEASURES, "group", "copies", "reason", "code")
"""Columns of the table that `photo_quality` returns."""


def photo_quality(images: Images, *, progress: bool = True) -> pd.DataFrame:
    """Measure card photos and estimate the probability that each card is read whole, without reading them.

    A photo of 1600 x 1200 pixels takes about 12 ms, decoding included. At most 800,000 pixels of a photo are measured. A file that is not a picture, is damaged or too large has a row that says so.

    Parameters
    ----------
    images : str, Path or iterable of them
        Files, folders and patterns, as for `cardocr_nb.run`.
    progress : bool, default True
        Show a bar.

    Returns
    -------
    DataFrame
        One row a file, in the order given:

        image : str
            The file.
        width, height : Int64
            Pixels of the upright photo.
        card_width : float
            Extent of the text along the card's longer side, in pixels of the photo; a little less than the card.
        card_share : float
            Part of the photo that the text covers, 0 to 1.
        blur : float
            Width of the edges of the text as a part of `card_width`; from about 0.003 on it does harm.
        contrast, noise, brightness : float
            Between ink and paper, between neighboring pixels, and of the paper, in gray levels, 0 to 255.
        glare : float
            Part of the card that is white without any print, 0 to 1; 0 if all of the paper is white.
        angle : float
            Degrees, -45 to 45, between the lines of the card and the nearest side of the photo.
        cut : float
            Length of the text at the border of the photo, as a part of `card_width`.
        outside : float
            Probability that a quarter or more of the card is outside the photo, 0 to 1.
        blocks : float
            How much larger the steps at the borders of JPEG's blocks are than those within them; from 0.5 on the file is
            compressed so much that it does harm.
        probability : float
            That the card is read whole, 0 to 1; missing if the file cannot be read, 0 if no text is seen.
        group, copies : int
            Number of the group of copies of one photo, and how many photos the group has. Copies are smaller, recompressed,
            darker or gray; another shot of the same card and a cut-out are not copies.
        reason : str
            The fault that lowers the probability most, or what is wrong with the file; missing if there is none.
        code : str
            Code of a file that cannot be read, as in the column `code` of `cardocr_nb.run`; otherwise missing.

    Raises
    ------
    InvalidRequestError
        There is no file.

    See Also
    --------
    cardocr_nb.run : Leaves out photos below ``min_quality``.

    Notes
    -----
    The probability is a logistic regression on the measures and on how legible a small network finds the text. It is fitted to drawn cards of both card types that the embedded
    engine has read, and says how that engine fares; another service differs in level, hardly in order. It does not see
    whether the picture shows a card at all, nor strange fonts, nor characters that a sharp photo hides: of good photos
    some are not read whole either. `docs/how-to/check-photos-first.md` has the figures.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import ImageFilter
    >>> from cardocr_nb.specimen import draw
    >>> flat = draw("IDCard", seed=1)
    >>> with TemporaryDirectory() as folder:
    ...     flat.image.save(Path(folder) / "a.jpg")
    ...     flat.image.filter(ImageFilter.GaussianBlur(8)).save(Path(folder) / "b.jpg")
    ...     found = photo_quality(folder, progress=False)
    >>> bool(found["probability"][0] > found["probability"][1]), found["reason"].tolist()
    (True, [nan, 'the text is blurred'])
    """
    files = list(FileSearch().find(listed(images)))
    if not files:
        raise InvalidRequestError("no images found; pass image files, folders that hold some, or patterns")
    found: list[PhotoMeasures | None] = []
    rows: list[dict[str, Any]] = []
    for file in tqdm(files, desc="measuring", unit="photo", disable=is_hidden(progress)):
        photo, problem = _measured(file)
        found.append(photo)
        code, reason = problem or (None, (photo.fault if photo else "") or None)
        measures = {name: getattr(photo, name) for name in _MEASURES} if photo else {}
        rows.append({"image": file.image, **measures, "reason": reason, "code": code})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["group"] = group_near_duplicates(
        [photo.hash if photo else None for photo in found], lambda i, j: _is_same(files[i], files[j])
    )
    table["copies"] = table.groupby("group")["group"].transform("size")
    whole = dict.fromkeys(("width", "height"), "Int64")
    words = dict.fromkeys(("image", "reason", "code"), "str")
    return table.astype(whole | words | dict.fromkeys(_MEASURES[2:], "float64"))


def _measured(file: FoundFile) -> tuple[PhotoMeasures | None, tuple[str, str] | None]:
    """Return the measures of a file, or code and message of what is wrong with it."""
    if file.problem is not None:
        return None, file.problem
    try:
        return measure(file.path), None
    except ImageError as e:
        return None, (e.code, str(e))


def _is_same(one: FoundFile, other: FoundFile) -> bool:
    """Compare two photos again, from their files: their pixels are not kept."""
    try:
        pixels = [load_gray(file.path, MOST_PIXELS)[0] for file in (one, other)]
    except ImageError:
        return False
    return is_same_photo(*pixels)
