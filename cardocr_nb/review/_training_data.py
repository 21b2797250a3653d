"""Reviewed fields → crops and labels, from which a recognizer learns."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import pandas as pd

from cardocr_nb import polygon
from cardocr_nb._atomic import write_atomic
from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.plot._field_crops import rectified
from cardocr_nb.plot._image_sources import picture_source
from cardocr_nb.plot._picture_identity import Identity, by_print, condemned, identity
from cardocr_nb.plot._reading_corners import reading_corners
from cardocr_nb.rereading._pictures import card_photo
from cardocr_nb.review._apply_corrections import decided_texts
from cardocr_nb.review._training_files import WRITERS, new_folder
from cardocr_nb.review._training_labels import reviewed_texts
from cardocr_nb.review._training_split import NUMBERS, split_cards

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.plot._image_sources import Images, Photo
    from cardocr_nb.review._corrections import Corrections
    from cardocr_nb.review._panel import Review

TrainingFormat: TypeAlias = Literal["paddleocr", "label_studio", "jsonl"]

OTHER = "with another picture than the service read"
_DIGITS = 12
"""Digits of a number, of 18, from which it belongs to one card."""
_LEAST = 3.0
"""Pixels of the shorter side of a field, below which no text can be read."""
_MARGIN = 0.1


class EmptySplitWarning(UserWarning):
    """All cards of the training data are for training, or all for validation."""


class LeftOutWarning(UserWarning):
    """Reviewed fields are not in the training data; the message counts them by reason."""


def to_training_data(
    df: pd.DataFrame,
    images: Images,
    corrections: str | os.PathLike[str] | pd.DataFrame | Corrections | Review,
    folder: str | os.PathLike[str],
    *,
    format: TrainingFormat = "paddleocr",  # noqa: A002 - the name that pandas users expect
    validation: float = 0.1,
    seed: int = 0,
    height: int = 48,
    reveal: bool = False,
) -> pd.DataFrame:
    r"""Write crops and labels of reviewed fields, as training data for a recognizer.

    Only fields that a person accepted or corrected are written. The crops are cut along the polygons and straightened. They
    show parts of cards and the labels are their texts: **personal data**, for which `reveal` must be set. The folder gets the
    mode 0700, the files 0600.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it, with polygons.
    images : path, list, mapping or client
        Folder of the images, files, pictures by key, or a client, which fetches them from its bucket.
    corrections : path, DataFrame, Corrections or Review
        Decisions of a review, as for `correct`. The last one on a field counts.
    folder : path
        New or empty folder. If the export fails, it is as before.
    format : {"paddleocr", "label_studio", "jsonl"}, default "paddleocr"
        ``paddleocr``: ``rec_gt.txt``, ``rec_gt_train.txt`` and ``rec_gt_val.txt``, each line the path of a crop, a tab and the
        text. Fields of several lines are left out, since a recognizer reads one line. ``label_studio``: ``train.json`` and
        ``validation.json`` with a task for each crop, whose address is that of a local file below `folder`, and
        ``label_studio_config.xml``. ``jsonl``: ``train.jsonl`` and
        ``validation.jsonl`` with ``image, text, field, key, card_type``.
    validation : float, default 0.1
        Rate of cards for validation, 0 to 1. All fields of a card, and all photos with the same content or number, are on one
        side. The side follows from a hash, so that it remains as cards are added.
    seed : int, default 0
        Another seed makes another split.
    height : int, default 48
        Of the crops, in pixels.
    reveal : bool, default False
        Consent to write parts of photos and texts.

    Returns
    -------
    DataFrame
        One row a crop: ``key, field, split, path`` (relative to `folder`), without texts.

    Raises
    ------
    InvalidRequestError
        `reveal` is not set, the folder is not empty, or an option is outside its range.
    ValueError
        The corrections lack a column or have an unknown verdict.

    Warns
    -----
    EmptySplitWarning
        There are 2 cards or more, and all of them are on one side. Some trainers stop on an empty list.
    LeftOutWarning
        Reviewed fields have no text or one with a tab or a line break, no picture or another one than the service read, no polygon
        or one outside the picture, or several lines.

    References
    ----------
    https://www.paddleocr.ai, page "Text recognition", and https://labelstud.io/guide/tasks

    Examples
    --------
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> box = ((20, 20), (20, 60), (100, 60), (100, 20))
    >>> cards = to_frame(CardResult((Field("姓名", "样木", 61, box),), key="1.png"))
    >>> decided = pd.DataFrame({"key": ["1.png"], "field": ["name"], "verdict": ["corrected"], "text": ["样本"]})
    >>> pictures = {"1.png": np.full((80, 120, 3), 255, dtype=np.uint8)}
    >>> with TemporaryDirectory() as folder:
    ...     made = to_training_data(cards, pictures, decided, folder, reveal=True)
    ...     Path(folder, "rec_gt.txt").read_text(encoding="utf-8").endswith("\t样本\n")
    True
    """
    _check(format, validation, height, reveal=reveal)
    frame, images = conform(df), picture_source(images)
    fields, left_out = reviewed_texts(frame, decided_texts(corrections, frame["key"]), one_line=format == "paddleocr")
    with new_folder(folder) as target:
        contents, rows, not_cut = _write_crops(frame, fields, images, target, height)
        sides = split_cards(contents, _numbers(frame, fields), validation=validation, seed=seed)
        for row in rows:
            row["split"] = sides[row["key"]]
        WRITERS[format](rows, target)
    left_out.update(not_cut)
    if left_out:
        reasons = ", ".join(f"{n} {reason}" for reason, n in left_out.items())
        warnings.warn(f"reviewed fields are left out of the training data: {reasons}", LeftOutWarning, stacklevel=2)
    if 0 < validation < 1:
        _warn_of_empty_side(rows)
    return pd.DataFrame(
        [(row["key"], row["field"], row["split"], row["image"]) for row in rows],
        columns=["key", "field", "split", "path"],
        dtype="str",
    )


def _warn_of_empty_side(rows: list[dict[str, Any]]) -> None:
    sides, n = {row["split"] for row in rows}, len({row["key"] for row in rows})
    if n > 1 and len(sides) == 1:
        empty = "validation" if sides == {"train"} else "training"
        warnings.warn(
            f"the part for {empty} is empty: all {n} cards are on the other side. Review more cards, or change validation or "
            "seed; photos of one card are never divided",
            EmptySplitWarning,
            stacklevel=3,
        )


def _check(format_: str, validation: float, height: int, *, reveal: bool) -> None:
    if not reveal:
        raise InvalidRequestError(
            "training data contains parts of photos and texts of cards; pass reveal=True and keep it where the photos are kept"
        )
    if format_ not in get_args(TrainingFormat):
        raise InvalidRequestError(
            f"format must be one of {', '.join(get_args(TrainingFormat))}, got {shown_choice(format_, get_args(TrainingFormat))}"
        )
    if not 0 <= validation <= 1:
        raise InvalidRequestError(f"validation must be a rate of 0 to 1, got {describe(validation)}")
    if not 8 <= height <= 512:
        raise InvalidRequestError(f"height must be 8 to 512 pixels, got {describe(height)}")


def _write_crops(
    frame: pd.DataFrame, fields: pd.DataFrame, images: Images, target: Path, height: int
) -> tuple[dict[str, str], list[dict[str, Any]], Counter[str]]:
    """Write the crops; return the digest of each image, a record for each crop, and the number of fields left out by reason."""
    left_out: Counter[str] = Counter()
    contents: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    known: dict[str, Identity] = {}
    for key, card in fields.groupby("key", sort=False, observed=True):
        whole = frame[frame["key"] == key]
        photo = card_photo(key, None, images)
        if photo is None:
            left_out["without a picture"] += len(card)
            continue
        placed = whole[whole["polygon"].notna()]
        quads = placed["polygon"].array.to_points()
        by_file = identity(photo, quads, whole["image"].iloc[0], images, whole["created"].iloc[0])
        known[str(key)] = by_print(by_file, photo, reading_corners(placed, placed))
        if known[str(key)].reason:
            left_out[OTHER] += len(card)
            continue
        contents[str(key)] = hashlib.sha256(repr(photo.pixels.shape).encode() + photo.pixels.tobytes()).hexdigest()
        points = reading_corners(whole, card)
        for corners, field, label, kind in zip(points, card["field"], card["label"], card["card_type"], strict=True):
            if not _is_in(photo, corners):
                left_out["outside the picture or without an area"] += 1
                continue
            name = hashlib.sha256(f"{key}\0{field}".encode()).hexdigest()[:20]
            path = f"crops/{name}.png"
            crop = rectified(photo.pixels, photo.scaled(corners), height=height, margin=_MARGIN)
            write_atomic(target / path, _png(crop))
            card_type = None if pd.isna(kind) else str(kind)
            rows.append({"image": path, "text": label, "field": str(field), "key": str(key), "card_type": card_type})
    if condemned([*known.values()]):
        doubtful = [row for row in rows if not known[row["key"]].proven]
        left_out[OTHER] += len(doubtful)
        for row in doubtful:
            (target / row["image"]).unlink()
        rows = [row for row in rows if known[row["key"]].proven]
    return contents, rows, left_out


def _is_in(photo: Photo, corners: NDArray[np.float64]) -> bool:
    """Whether a field lies in the picture but for a quarter of its height, and has an area.

    Examples
    --------
    >>> import numpy as np
    >>> from cardocr_nb.plot._image_sources import Photo
    >>> photo = Photo(np.zeros((40, 90, 3), np.uint8), (90, 40))
    >>> box = np.array([(10, 10), (10, 20), (60, 20), (60, 10)], dtype=float)
    >>> _is_in(photo, box), _is_in(photo, box + 40), _is_in(photo, box * (1, 0))
    (True, False, False)
    """
    tall = float(polygon.height(corners[None])[0])
    beyond = max(float(-corners.min()), float((corners - photo.size).max()))
    return tall >= _LEAST and float(polygon.width(corners[None])[0]) >= _LEAST and beyond <= tall / 4


def _png(pixels: NDArray[np.uint8]) -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _numbers(df: pd.DataFrame, fields: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Numbers of the cards, as a person decided and as the service read them: both say that two photos show one card."""
    # A misread number without its digits may be the same on the photos of many people.
    read = df[df["field"].isin(NUMBERS) & (df["text"].str.count(r"\d") >= _DIGITS)]
    yield from zip(read["key"].astype("str"), read["text"].astype("str"), strict=True)
    decided = fields[fields["field"].isin(NUMBERS)]
    yield from zip(decided["key"].astype("str"), decided["label"].astype("str"), strict=True)
