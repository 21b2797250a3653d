"""Specimens on disk: JPEG files with the truth of each."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.specimen._degradation import CONDITIONS, check_conditions, degrade
from cardocr_nb.specimen._drawing import Specimen, draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from PIL.Image import Image

TRUTH = ("key", "card_type", "field", "text")
"""Columns of ``truth.csv``."""

TRUTH_POLYGONS = ("key", "field", "x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")
"""Columns of ``truth_polygons.csv``: pixels of the upright image, in wire order."""


def read_conditions(texts: Iterable[str]) -> dict[str, float]:
    """Read conditions as they are given on the command line.

    Parameters
    ----------
    texts : iterable of str
        Each ``name=strength``, or a name alone for strength 1.

    Raises
    ------
    InvalidRequestError
        A condition is unknown, or the strength is not a number from 0 to 1.

    Examples
    --------
    >>> read_conditions(["phone=0.5", "jpeg"])
    {'phone': 0.5, 'jpeg': 1.0}
    """
    conditions = {}
    for text in texts:
        name, equals, strength = text.partition("=")
        try:
            conditions[name] = float(strength) if equals else 1.0
        except ValueError:
            known = ", ".join(CONDITIONS)
            raise InvalidRequestError(
                f"a condition is name=strength with a strength from 0 to 1, got {describe(strength)} for {shown_choice(name, CONDITIONS)}; names are {known}"
            ) from None
    check_conditions(conditions)
    return conditions


def jpeg(image: Image, *, quality: int = 92, orientation: int = 1) -> bytes:
    """Encode a picture as JPEG.

    Parameters
    ----------
    image : PIL.Image.Image
        Upright.
    quality : int, default 92
        1 to 95.
    orientation : {1, 3, 6, 8}, default 1
        EXIF orientation: other than 1, the pixels are stored turned and a tag says so, as phones do.

    Examples
    --------
    >>> from PIL import Image
    >>> stored = jpeg(Image.new("RGB", (30, 20)), orientation=6)
    >>> Image.open(io.BytesIO(stored)).size
    (20, 30)
    """
    from PIL import Image

    stored, extra = image, {}
    if orientation != 1:
        turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
        stored = image.transpose(turn[orientation])
        exif = Image.Exif()
        exif[0x0112] = orientation
        extra = {"exif": exif.tobytes()}
    buffer = io.BytesIO()
    stored.save(buffer, "JPEG", quality=quality, optimize=True, **extra)
    return buffer.getvalue()


def write_truth(folder: str | Path, specimens: Mapping[str, Specimen]) -> None:
    """Write ``truth.csv`` and ``truth_polygons.csv``, one row a field.

    Parameters
    ----------
    folder : path
        Where to.
    specimens : mapping of str to Specimen
        By key.
    """
    texts, places = [], []
    for key, specimen in specimens.items():
        for field, text in specimen.texts.items():
            texts.append((key, str(specimen.card_type), field, text))
            places.append((key, field, *(f"{value:.1f}" for value in specimen.polygons[field].ravel())))
    for name, columns, rows in (("truth", TRUTH, texts), ("truth_polygons", TRUTH_POLYGONS, places)):
        with (Path(folder) / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def write(
    folder: str | Path,
    n: int,
    card_type: str,
    *,
    seed: int = 0,
    conditions: Mapping[str, float] | None = None,
) -> list[Path]:
    """Draw specimens into a folder, with ``truth.csv`` and ``truth_polygons.csv``; files of these names are replaced.

    Parameters
    ----------
    folder : path
        Made when it is not there.
    n : int
        How many, from 1 up.
    card_type : {"IDCard", "DriverLicense"}
        Which card.
    seed : int, default 0
        Picture i is drawn with the seed ``seed + i``.
    conditions : mapping of str to float, optional
        What is done to each picture, as `degrade`. Nothing by default.

    Returns
    -------
    list of Path
        The pictures ``0001.jpg`` and so on; a name is the key in the truth.

    Raises
    ------
    InvalidRequestError
        `n` is less than 1, or the card type or a condition is unknown.
    MissingExtraError
        A Chinese font is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write(folder, 2, "IDCard", conditions={"shadow": 0.5})]
    ['0001.jpg', '0002.jpg']
    """
    if n < 1:
        raise InvalidRequestError(f"n must be 1 or more, got {describe(n)}")
    check_conditions(conditions or {})
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    specimens = {}
    for number in range(n):
        specimen = draw(card_type, seed + number)
        if conditions:
            specimen = degrade(specimen, conditions, seed + number)
        key = f"{number + 1:04d}.jpg"
        (folder / key).write_bytes(jpeg(specimen.image))
        specimens[key] = specimen
    write_truth(folder, specimens)
    return [folder / key for key in specimens]
