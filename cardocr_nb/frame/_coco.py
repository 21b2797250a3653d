"""The frame ↔ COCO, the object detection format that most annotation and training tools read.

Source: the COCO project's page "Data format", https://cocodataset.org/#format-data. A field is an annotation: the
polygon its ``segmentation``, the field's name its category. COCO has no place for texts; ``text`` and ``score`` are
further members of an annotation, and ``card_type`` of an image, which readers of COCO pass over. CVAT writes what people
typed for a shape into ``attributes`` of its annotation.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb.frame._frame_columns import CATEGORIES
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._json_text import malformed_as_decode_error, read_json
from cardocr_nb.frame._label_studio import image_sizes
from cardocr_nb.frame._polygon_array import PolygonArray
from cardocr_nb.frame._reshape import fields_of
from cardocr_nb.frame._score_scale import hundredths

if TYPE_CHECKING:
    import os

    from cardocr_nb.frame._label_studio import Sizes


def to_coco(df: pd.DataFrame, sizes: Sizes, *, texts: bool = True) -> dict[str, Any]:
    """Make a COCO data set of the fields that have a polygon.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    sizes : mapping of str to (int, int), or path
        Width and height in pixels of each key's upright image, or the folder that holds the images under their keys.
    texts : bool, default True
        Also give ``text`` and ``score`` (0 to 1) of each annotation.

    Returns
    -------
    dict
        ``info, licenses, images, annotations, categories``, ready for ``json.dump``; ids count from 1. An image on
        which nothing was found is among the images.

    Raises
    ------
    ImageError
        An image is not in the folder or cannot be read.
    KeyError
        A key is not in the mapping.
    ValueError
        Rows have no key.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> found = Field("姓名", "样本", 98, ((0, 0), (0, 20), (30, 20), (30, 0)))
    >>> coco = to_coco(to_frame(CardResult((found,), key="a.jpg")), {"a.jpg": (300, 200)}, texts=False)
    >>> coco["annotations"][0]["bbox"], coco["annotations"][0]["area"]
    ([0.0, 0.0, 30.0, 20.0], 600.0)
    """
    if df["key"].isna().any():
        raise ValueError(f"{int(df['key'].isna().sum())} rows have no key, which names their image; drop or name them")
    frame = conform(df)
    images, keys = pd.factorize(frame["key"])
    known = image_sizes([str(key) for key in keys], sizes)
    names = list(dict.fromkeys([*CATEGORIES["field"], *fields_of(frame)]))
    rows = np.flatnonzero(frame["field"].notna() & frame["polygon"].notna())
    part, points = frame.take(rows), frame["polygon"].array.to_points()[rows]
    boxes = polygon.bbox(points)
    boxes[:, 2:] -= boxes[:, :2]
    columns = (part["field"], part["text"], part["score"], images[rows], points, boxes, polygon.area(points))
    typed = frame[frame["card_type"].notna()].drop_duplicates("key")
    kinds = {str(key): {"card_type": str(kind)} for key, kind in zip(typed["key"], typed["card_type"], strict=True)}
    annotations = []
    for number, (field, text, score, image, corners, box, area) in enumerate(zip(*columns, strict=True), 1):
        read = {"text": None if pd.isna(text) else text, "score": None if pd.isna(score) else int(score) / 100}
        annotations.append(
            {
                "id": number,
                "image_id": int(image) + 1,
                "category_id": names.index(field) + 1,
                "segmentation": [corners.ravel().tolist()],
                "bbox": box.tolist(),
                "area": float(area),
                "iscrowd": 0,
            }
            | (read if texts else {})
        )
    return {
        "info": {"description": "card fields", "version": "1.0"},
        "licenses": [],
        "images": [
            {"id": n, "file_name": key, "width": known[key][0], "height": known[key][1]} | kinds.get(key, {})
            for n, key in enumerate(map(str, keys), 1)
        ],
        "annotations": annotations,
        "categories": [{"id": n, "name": name, "supercategory": "card"} for n, name in enumerate(names, 1)],
    }


def from_coco(coco: str | os.PathLike[str] | Mapping[str, Any]) -> pd.DataFrame:
    """Make a frame of a COCO data set; one row an annotation, one row an image without any.

    Parameters
    ----------
    coco : path or dict
        An annotation whose ``segmentation`` is not one polygon of four corners gets its ``bbox`` as polygon. Scores are 0 to 1, or
        0 to 100 if one of them is above 1.

    Returns
    -------
    DataFrame
        Columns of `cardocr_nb.frame._frame_columns`; ``text``, ``score`` and ``card_type`` where the data set holds them; coordinates rounded
        to whole pixels.

    Raises
    ------
    ValueError
        The members of a COCO data set are missing.

    Warns
    -----
    UserWarning
        Annotations have masks, or polygons of another number of corners, or no category of the data set; they are counted.

    Examples
    --------
    >>> from_coco({"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []})["key"].tolist()
    ['a.jpg']
    """
    data = coco if isinstance(coco, Mapping) else read_json(coco)
    if not isinstance(data, Mapping) or not {"images", "annotations", "categories"} <= set(data):
        raise ValueError("a COCO data set has the members 'images', 'annotations' and 'categories'")
    with malformed_as_decode_error("the COCO data set"):
        names = {category["id"]: category["name"] for category in data["categories"]}
        by_image: dict[Any, list[Mapping[str, Any]]] = {image["id"]: [] for image in data["images"]}
        for annotation in data["annotations"]:
            by_image[annotation["image_id"]].append(annotation)
        rows, points, boxes, nameless = [], [], 0, 0
        for image in data["images"]:
            for annotation in by_image[image["id"]] or [{}]:
                field = names.get(annotation.get("category_id"))
                nameless += field is None and bool(annotation)
                text = annotation.get("text", (annotation.get("attributes") or {}).get("text"))
                rows.append((image["file_name"], image.get("card_type"), field, text, annotation.get("score")))
                with malformed_as_decode_error(f"the place of row {len(rows) - 1} of the COCO data set"):
                    ring = _ring(annotation)
                    points.append(_box(annotation) if ring is None else ring)
                boxes += ring is None and bool(annotation.get("segmentation"))
        if boxes:
            warnings.warn(
                f"{boxes} annotations have another segmentation than one polygon of four corners; their boxes are taken",
                UserWarning,
                stacklevel=2,
            )
        if nameless:
            warnings.warn(
                f"{nameless} annotations name no category of the data set, and become rows without a field; add their categories",
                UserWarning,
                stacklevel=2,
            )
        df = pd.DataFrame(rows, columns=["key", "card_type", "field", "text", "score"])
        df["score"] = hundredths(df["score"])
        df["polygon"] = PolygonArray.from_numpy(np.array(points, dtype=np.float64).reshape(-1, 4, 2))
        return conform(df)


def _ring(annotation: Mapping[str, Any]) -> list[list[float]] | None:
    segments = annotation.get("segmentation")
    if isinstance(segments, list) and len(segments) == 1:
        ring = [float(number) for number in segments[0]]
        if len(ring) == 10 and ring[:2] == ring[8:]:  # closed by its first corner
            del ring[8:]
        if len(ring) == 8:
            return [ring[n : n + 2] for n in range(0, 8, 2)]
    return None


def _box(annotation: Mapping[str, Any]) -> list[list[float]]:
    if "bbox" not in annotation:
        return [[float("nan")] * 2] * 4
    x, y, width, height = map(float, annotation["bbox"])
    return [[x, y], [x, y + height], [x + width, y + height], [x + width, y]]
