"""Reviewed fields → crops and labels, from which a recognizer learns.

Sources of the formats: PaddleOCR's page on text recognition data ("Data preparation": one line an image, path and label
separated by a tab, UTF-8), and Label Studio's guide to tasks (``data``, ``annotations``, ``textarea``).
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from cardocr_nb._atomic import write_atomic
from cardocr_nb._text_safety import describe, shown_choice, shown_path
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.plot._field_crops import rectified
from cardocr_nb.plot._image_sources import find_picture
from cardocr_nb.review._apply_corrections import last_decisions
from cardocr_nb.review._training_split import NUMBERS, split_cards

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from cardocr_nb.plot._image_sources import Images
    from cardocr_nb.review._corrections import Corrections
    from cardocr_nb.review._panel import Review

TrainingFormat: TypeAlias = Literal["paddleocr", "label_studio", "jsonl"]

_SIDES = ("train", "validation")
_MARGIN = 0.1
_NARROW = 0.6
"""A line of Chinese is about as long as it has characters times its height, of digits half of that. A shape that is shorter
than this fraction holds several lines."""
_SHORT = 3.0
"""Characters up to which the shape says nothing."""

CONFIG = """<View>
  <Image name="image" value="$image"/>
  <TextArea name="transcription" toName="image" editable="true" maxSubmissions="1"/>
</View>
"""


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
        New or empty folder.
    format : {"paddleocr", "label_studio", "jsonl"}, default "paddleocr"
        ``paddleocr``: ``rec_gt.txt``, ``rec_gt_train.txt`` and ``rec_gt_val.txt``, each line the path of a crop, a tab and the
        text. Fields of several lines are left out, since a recognizer reads one line. ``label_studio``: ``train.json`` and
        ``validation.json`` with a task for each crop, and ``label_studio_config.xml``. ``jsonl``: ``train.jsonl`` and
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
    LeftOutWarning
        Reviewed fields have no picture or polygon, or several lines.

    References
    ----------
    https://www.paddleocr.ai, page "Text recognition", and https://labelstud.io/guide/tasks

    Examples
    --------
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
    target = _empty_folder(folder)
    fields, left_out = _reviewed(df, last_decisions(corrections), one_line=format == "paddleocr")
    contents, rows = _write_crops(fields, images, target, height, left_out)
    numbers = _numbers(df, fields)
    sides = split_cards(contents, numbers, validation=validation, seed=seed)
    for row in rows:
        row["split"] = sides[row["key"]]
    _WRITERS[format](rows, target)
    if left_out:
        reasons = ", ".join(f"{n} {reason}" for reason, n in left_out.items())
        warnings.warn(f"reviewed fields are left out of the training data: {reasons}", LeftOutWarning, stacklevel=2)
    return pd.DataFrame(
        [(row["key"], row["field"], row["split"], row["image"]) for row in rows],
        columns=["key", "field", "split", "path"],
        dtype="str",
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


def _empty_folder(folder: str | os.PathLike[str]) -> Path:
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidRequestError(f"{shown_path(target)} is not an empty folder; give a new one")
    (target / "crops").mkdir(parents=True, mode=0o700)
    target.chmod(0o700)
    return target


def _reviewed(df: pd.DataFrame, decided: pd.DataFrame, *, one_line: bool) -> tuple[pd.DataFrame, Counter[str]]:
    """Fields that a person accepted or corrected, with the text of the decision; and the number of those left out."""
    kept = decided[decided["verdict"].isin(["accepted", "corrected"]) & (decided["text"].fillna("").str.strip() != "")]
    labels = {
        (str(key), str(field)): " ".join(str(text).split())
        for key, field, text in kept[["key", "field", "text"]].itertuples(index=False)
    }
    frame = conform(df)
    pairs = list(zip(frame["key"].astype("str"), frame["field"].astype("str"), strict=True))
    part = frame.assign(label=pd.Series([labels.get(pair) for pair in pairs], index=frame.index, dtype="str")).dropna(
        subset=["label"]
    )
    part = part.drop_duplicates(["key", "field"], keep="last")
    left_out = Counter({"not in the frame": len(set(labels) - set(pairs))})
    placed = part[part["polygon"].notna()]
    left_out["without a polygon"] = len(part) - len(placed)
    if one_line:
        points = placed["polygon"].array.to_points()
        single = [_is_one_line(p, text) for p, text in zip(points, placed["label"], strict=True)]
        left_out["of several lines"] = len(placed) - sum(single)
        placed = placed[np.array(single, dtype=bool)]
    return placed.sort_values(["key", "field"]), +left_out


def _is_one_line(points: NDArray[np.float64], text: str) -> bool:
    tall = float(np.linalg.norm(points[1] - points[0]) + np.linalg.norm(points[2] - points[3]))
    wide = float(np.linalg.norm(points[3] - points[0]) + np.linalg.norm(points[2] - points[1]))
    expected = sum(0.5 if c.isascii() else 1.0 for c in text)
    return expected <= _SHORT or wide >= _NARROW * expected * tall


def _write_crops(
    fields: pd.DataFrame, images: Images, target: Path, height: int, left_out: Counter[str]
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Write the crops; return the digest of each image and a record for each crop."""
    contents: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    for key, card in fields.groupby("key", sort=False, observed=True):
        photo = find_picture(str(key), images)
        if photo is None:
            left_out["without a picture"] += len(card)
            continue
        contents[str(key)] = hashlib.sha256(repr(photo.pixels.shape).encode() + photo.pixels.tobytes()).hexdigest()
        points = card["polygon"].array.to_points()
        for corners, field, label, kind in zip(points, card["field"], card["label"], card["card_type"], strict=True):
            name = hashlib.sha256(f"{key}\0{field}".encode()).hexdigest()[:20]
            path = f"crops/{name}.png"
            crop = rectified(photo.pixels, photo.scaled(as_read(corners)), height=height, margin=_MARGIN)
            write_atomic(target / path, _png(crop))
            card_type = None if pd.isna(kind) else str(kind)
            rows.append({"image": path, "text": label, "field": str(field), "key": str(key), "card_type": card_type})
    return contents, rows


def as_read(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring corners into the order top-left, bottom-left, bottom-right, top-right of the text, from the other direction too.

    Examples
    --------
    >>> as_read(np.array([(0, 0), (9, 0), (9, 2), (0, 2)])).tolist()
    [[0, 0], [0, 2], [9, 2], [9, 0]]
    """
    x, y = corners[:, 0], corners[:, 1]
    area = float(x @ np.roll(y, -1) - y @ np.roll(x, -1))
    return corners if area <= 0 else corners[[0, 3, 2, 1]]


def _png(pixels: NDArray[np.uint8]) -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _numbers(df: pd.DataFrame, fields: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Numbers of the cards, as a person decided and as the service read them: both say that two photos show one card."""
    read = df[df["field"].isin(NUMBERS) & df["text"].notna()]
    yield from zip(read["key"].astype("str"), read["text"].astype("str"), strict=True)
    decided = fields[fields["field"].isin(NUMBERS)]
    yield from zip(decided["key"].astype("str"), decided["label"].astype("str"), strict=True)


def _write_paddleocr(rows: list[dict[str, Any]], target: Path) -> None:
    lists = {"rec_gt.txt": _SIDES, "rec_gt_train.txt": ("train",), "rec_gt_val.txt": ("validation",)}
    for name, sides in lists.items():
        lines = [f"{row['image']}\t{row['text']}\n" for row in rows if row["split"] in sides]
        write_atomic(target / name, "".join(lines).encode())


def _write_label_studio(rows: list[dict[str, Any]], target: Path) -> None:
    for side in _SIDES:
        tasks = []
        for row in rows:
            if row["split"] == side:
                value = {"text": [row["text"]]}
                result = {"from_name": "transcription", "to_name": "image", "type": "textarea", "value": value}
                data = {name: row[name] for name in ("image", "field", "key", "card_type")}
                tasks.append({"data": data, "annotations": [{"result": [result]}]})
        write_atomic(target / f"{side}.json", json.dumps(tasks, ensure_ascii=False, indent=1).encode())
    write_atomic(target / "label_studio_config.xml", CONFIG.encode())


def _write_jsonl(rows: list[dict[str, Any]], target: Path) -> None:
    for side in _SIDES:
        kept = [{name: value for name, value in row.items() if name != "split"} for row in rows if row["split"] == side]
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in kept]
        write_atomic(target / f"{side}.jsonl", "".join(lines).encode())


_WRITERS: dict[str, Callable[[list[dict[str, Any]], Path], None]] = {
    "paddleocr": _write_paddleocr,
    "label_studio": _write_label_studio,
    "jsonl": _write_jsonl,
}
