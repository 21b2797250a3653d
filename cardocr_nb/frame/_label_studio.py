"""The frame ↔ tasks of Label Studio, for people to correct readings and to bring the truth back.

The format is that of Label Studio's guide, "Import pre-annotated data" and its OCR template: a task names its image;
each region of a prediction or annotation is given by results of one ``id``: an outline (``polygonlabels``,
``rectanglelabels``, or ``polygon`` or ``rectangle`` with ``labels``) and a ``textarea`` with its text; points are percent of the
image's width and height, from the upper left corner.
"""

from __future__ import annotations

import math
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Mapping
from operator import itemgetter
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd

from cardocr_nb._text_safety import shown_path
from cardocr_nb.cards import english, field_name
from cardocr_nb.errors import ImageError
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._json_text import malformed_as_decode_error, read_json
from cardocr_nb.frame._polygon_array import PolygonArray
from cardocr_nb.frame._reshape import fields_of
from cardocr_nb.frame._score_scale import hundredths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Sizes: TypeAlias = Mapping[str, tuple[int, int]] | str | PathLike[str]

_CARD = ("job_id", "key", "card_type", "state")
_OTHER_KINDS = frozenset(
    [
        "relation",
        "brush",
        "brushlabels",
        "ellipse",
        "ellipselabels",
        "keypoint",
        "keypointlabels",
        "choices",
        "taxonomy",
        "rating",
        "number",
        "datetime",
        "pairwise",
        "ranker",
        "hypertextlabels",
        "paragraphlabels",
        "timeserieslabels",
        "videorectangle",
        "magicwand",
        "vectorlabels",
        "bitmask",
        "bitmasklabels",
    ]
)
"""Types of results that are named in messages. Another one may be any text of the file."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_READ_SHAPES = frozenset({"polygon", "rectangle", "labels", "textarea"})
_ADDRESS = re.compile(
    r"(?i:[a-z][a-z0-9+.\-]*://\S.*|/\S.*|.+\.(?:jpe?g|png|webp|bmp|gif|tiff?|heic|heif|avif|pdf)(?:\?.*)?)"
)
_SIGNED = re.compile(r"^((?:[a-z][a-z0-9+.\-]*://)[^?]*)\?.*$", re.DOTALL | re.IGNORECASE)
_IMAGE, _LABEL, _TEXT = "image", "label", "transcription"


def to_label_studio(df: pd.DataFrame, sizes: Sizes, *, image: str = "{key}") -> list[dict[str, Any]]:
    """Make tasks with the readings as predictions, to import into a project of Label Studio.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it. A field without a polygon covers the whole image.
    sizes : mapping of str to (int, int), or path
        Width and height in pixels of each key's upright image, or the folder that holds the images under their keys.
    image : str, default "{key}"
        Address of an image as Label Studio is to open it, with ``{key}`` in it, such as
        ``"/data/local-files/?d=cards/{key}"``.

    Returns
    -------
    list of dict
        One task a card, ready for ``json.dump``. The labelling configuration that fits is `label_studio_config`.

    Raises
    ------
    ImageError
        An image is not in the folder or cannot be read; each is named.
    KeyError
        A key is not in the mapping.
    ValueError
        Cards have no key.

    References
    ----------
    https://labelstud.io/guide/predictions and https://labelstud.io/templates/optical_character_recognition

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> found = Field("姓名", "样本", 98, ((0, 0), (0, 20), (30, 20), (30, 0)))
    >>> task = to_label_studio(to_frame(CardResult((found,), key="a.jpg")), {"a.jpg": (300, 200)})[0]
    >>> task["predictions"][0]["result"][0]["value"]["points"]
    [[0.0, 0.0], [0.0, 10.0], [10.0, 10.0], [10.0, 0.0]]
    """
    if df["key"].isna().any():
        raise ValueError(f"{int(df['key'].isna().sum())} rows have no key, which names their image; drop or name them")
    known = image_sizes(df["key"].unique(), sizes)
    tasks: list[dict[str, Any]] = []
    for _, card in conform(df).groupby(["job_id", "key"], sort=False, dropna=False, observed=True):
        width, height = known[str(card["key"].iloc[0])]
        regions = card[card["field"].notna()]
        points = regions["polygon"].array.to_points() / (width, height) * 100
        rows = zip(regions["field"], regions["text"], regions["score"], points, strict=True)
        result = [r for n, row in enumerate(rows) for r in _region(n, row, width, height)]
        about: dict[str, Any] = {name: _plain(card[name].iloc[0]) for name in _CARD}
        scores = regions["score"].dropna()
        prediction: dict[str, Any] = {"model_version": "cardocr", "result": result}
        if len(scores):
            prediction["score"] = float(scores.mean()) / 100
        data = {_IMAGE: image.format(key=about["key"])} | about
        tasks.append({"data": data, "predictions": [prediction]})
    return tasks


def from_label_studio(tasks: str | PathLike[str] | Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a frame of tasks that Label Studio exported (format JSON), or of those that `to_label_studio` made.

    Parameters
    ----------
    tasks : path, or list of dict
        Of a task the latest annotation that was not cancelled is taken (by ``updated_at`` or ``created_at``, else the last one), or its
        first prediction if it has none. Annotations are named ``completions`` in versions before 1.0.

    Returns
    -------
    DataFrame
        Columns of `cardocr_nb.frame._frame_columns`: texts and polygons as people left them, scores where they are given; usable
        as truth. Points are rounded to whole pixels. A region with other than four points keeps its row without a
        polygon; so does one over the whole image. A task without regions keeps one row.

    Warns
    -----
    UserWarning
        Results that are neither rectangles nor polygons with a label, nor their texts (brushes, ellipses, relations,
        choices), are left out and listed.

    Raises
    ------
    ValueError
        The text is not an export of Label Studio in the format JSON, or the data of a task name no image, or several.

    Notes
    -----
    The key is ``key`` of the data, else ``image``, else the only address or path of a file in it (``ocr`` in the OCR template of
    Label Studio). Signatures after ``?`` of an address are left out.

    Examples
    --------
    >>> from_label_studio([{"data": {"image": "cards/a.jpg"}, "annotations": []}])["key"].tolist()
    ['cards/a.jpg']
    """
    given: Any = read_json(tasks) if isinstance(tasks, str | PathLike) else tasks
    if not (isinstance(given, list | tuple) and all(isinstance(t, Mapping) and "data" in t for t in given)):
        raise ValueError("an export of Label Studio is a list of tasks with the node 'data'; choose the format JSON")
    rows, left_out = [], Counter[str]()
    keys = [_key(task["data"], number) for number, task in enumerate(given, 1)]
    for number, (key, task) in enumerate(zip(keys, given, strict=True), 1):
        with malformed_as_decode_error(f"task {number} of the export of Label Studio"):
            about = {name: task["data"].get(name) for name in _CARD} | {"key": key}
            rows += [about | region for region in _regions(_latest(task), left_out)] or [about]
    if left_out:
        kinds = ", ".join(f"{n} x {kind}" for kind, n in left_out.items())
        warnings.warn(
            f"left out of the export of Label Studio: {kinds}. Rectangles and polygons with a label, and their texts, are read",
            UserWarning,
            stacklevel=2,
        )
    with malformed_as_decode_error("the export of Label Studio"):
        columns = [*_CARD, "field", "text", "score", "polygon"]
        df = pd.DataFrame(rows, columns=columns)
        points = [p if isinstance(p, list) else [[math.nan] * 2] * 4 for p in df["polygon"]]
        df["polygon"] = PolygonArray.from_numpy(np.array(points, dtype=np.float64).reshape(-1, 4, 2))
        df["score"] = hundredths(df["score"])
        return conform(df)


def _key(data: Mapping[str, Any], number: int) -> str | None:
    """Return the key of a task: the one it names, else the address of its image without a signature.

    Examples
    --------
    >>> _key({"ocr": "https://bucket.example/cards/a.jpg?X-Signature=1", "batch": "7"}, 1)
    'https://bucket.example/cards/a.jpg'
    """
    if not isinstance(data, Mapping) or not data:
        return None
    if data.get("key"):
        return str(data["key"])
    named = data.get(_IMAGE)
    found = [named] if isinstance(named, str) and named else [v for v in data.values() if _is_address(v)]
    if len(set(found)) != 1:
        raise ValueError(
            f"the data of task {number} of the export of Label Studio name {len(set(found)) or 'no'} "
            f"image{'s' * (len(set(found)) > 1)}; add the key of the card as data['key']"
        )
    return _SIGNED.sub(r"\1", found[0])


def _is_address(value: object) -> bool:
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def label_studio_config(df: pd.DataFrame) -> str:
    """Write the labelling configuration for a frame's fields, to paste into the settings of a project.

    Examples
    --------
    >>> from cardocr_nb.frame._frame_schema import empty
    >>> label_studio_config(empty()).splitlines()[0]
    '<View>'
    """
    labels = "\n".join(
        f"    <Label value={quoteattr(f)} alias={quoteattr(f)} hint={quoteattr(english(f))}/>" for f in fields_of(df)
    )
    return f"""<View>
  <Image name="{_IMAGE}" value="${_IMAGE}"/>
  <PolygonLabels name="{_LABEL}" toName="{_IMAGE}">
{labels}
  </PolygonLabels>
  <TextArea name="{_TEXT}" toName="{_IMAGE}" perRegion="true" editable="true" maxSubmissions="1"/>
</View>
"""


def image_sizes(keys: Iterable[str], sizes: Sizes) -> dict[str, tuple[int, int]]:
    """Width and height in pixels by key, from a mapping or from the images of a folder."""
    from cardocr_nb._images import inspect

    if isinstance(sizes, Mapping):
        lacking = [key for key in keys if key not in sizes]
        if lacking:
            raise KeyError(f"sizes has no width and height for {', '.join(map(repr, lacking[:10]))}")
        return {key: _checked_size(key, sizes[key]) for key in keys}
    if not Path(sizes).is_dir():
        raise NotADirectoryError(f"sizes names {shown_path(sizes)}, which is not a folder of images")
    found, faults = {}, []
    for key in keys:
        try:
            info = inspect(Path(sizes) / key)
            found[key] = info.width, info.height
        except ImageError as e:
            faults.append(e)
    if faults:
        raise ImageError(faults[0].code, f"{len(faults)} images give no size: " + "; ".join(map(str, faults[:10])))
    return found


def _checked_size(key: str, size: Any) -> tuple[int, int]:
    try:
        width, height = size
        if 0 < width < math.inf and 0 < height < math.inf:
            return width, height
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f"sizes holds no width and height above 0 in pixels for {key!r}; give (width, height) of its image"
    )


def _plain(value: object) -> str | None:
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]  # a scalar


def _region(number: int, row: tuple[Any, ...], width: int, height: int) -> Iterator[dict[str, Any]]:
    field, text, score, points = row
    whole = bool(np.isnan(points).any())
    outline = [[0.0, 0.0], [0.0, 100.0], [100.0, 100.0], [100.0, 0.0]] if whole else points.tolist()
    shape = {"points": outline, "closed": True}
    common = {"id": f"field-{number}", "to_name": _IMAGE, "original_width": width, "original_height": height,
              "image_rotation": 0} | ({} if pd.isna(score) else {"score": int(score) / 100})  # fmt: skip
    yield common | {"from_name": _LABEL, "type": "polygonlabels", "value": shape | {"polygonlabels": [str(field)]}}
    if not pd.isna(text):
        yield common | {"from_name": _TEXT, "type": "textarea", "value": shape | {"text": [str(text)]}}


def _latest(task: Mapping[str, Any]) -> list[Any]:
    done = [a for a in task.get("annotations") or task.get("completions") or [] if not a.get("was_cancelled")]
    times = [str(a.get("updated_at") or a.get("created_at") or "") for a in done]
    if all(_MOMENT.match(time) for time in times):
        done = [a for _, a in sorted(zip(times, done, strict=True), key=itemgetter(0))]
    chosen = done[-1:] or (task.get("predictions") or [])[:1]
    return list(chosen[0].get("result") or []) if chosen else []


def _regions(results: list[Any], left_out: Counter[str]) -> list[dict[str, Any]]:
    """Return the regions of an annotation; results with the same id are parts of one region."""
    regions: dict[str, dict[str, Any]] = {}
    places: defaultdict[str, set[str]] = defaultdict(set)
    notes: set[str] = set()
    for result in results:
        kind, value = str(result.get("type")), result.get("value") or {}
        shape = kind.removesuffix("labels") or "labels"
        if kind == "relation" or shape not in _READ_SHAPES:
            left_out[kind if kind in _OTHER_KINDS else "result of another type"] += 1
            continue
        region = regions.setdefault(str(result.get("id")), {})
        if (result.get("meta") or {}).get("text"):
            notes.add(str(result.get("id")))
        if result.get("score") is not None:
            region["score"] = result["score"]
        if kind == "textarea":
            text = value.get("text") or []
            lines = [region.get("text"), *(text if isinstance(text, list) else [text])]
            region["text"] = "\n".join(str(line) for line in lines if line) or None
        labels = value.get(kind)
        if kind.endswith("labels") and labels:
            region["field"] = field_name(str(labels[0]))
            further = set(map(str, labels[1:])) - {str(labels[0])}
            left_out.update({"further label of a region": len(further)} if further else {})
        if shape in ("polygon", "rectangle"):
            fault = _fault_of_place(shape, value, result)
            region["polygon"] = None if fault else _pixels(shape, value, result)
            if fault and kind != "textarea":
                places[fault].add(str(result.get("id")))
    left_out.update({fault: len(ids) for fault, ids in places.items()})
    left_out.update({"note of a region": len(notes)} if notes else {})
    unlabeled = sum(not region.get("field") for region in regions.values())
    if unlabeled:
        left_out["region without a label"] += unlabeled
    return [region for region in regions.values() if region.get("field")]


def _fault_of_place(shape: str, value: Mapping[str, Any], result: Mapping[str, Any]) -> str | None:
    """Name the reason why a region has no four corners in pixels of the image; its label and text are read."""
    if result.get("image_rotation"):
        return "place on an image that was turned in Label Studio"
    if "original_width" not in result:
        return "place without the size of the image"
    if shape == "polygon" and len(_open(value.get("points") or [])) not in (0, 4):
        return "place of other than four corners"
    return None


def _open(points: list[Any]) -> list[Any]:
    """Return the corners of a ring without a fifth one that is the first again."""
    return points[:4] if len(points) == 5 and points[0] == points[4] else points


def _pixels(shape: str, value: Mapping[str, Any], result: Mapping[str, Any]) -> list[list[float]] | None:
    """Return the corners of a region in pixels; Label Studio gives percent of width and height."""
    size = np.array([result["original_width"], result["original_height"]], dtype=np.float64) / 100
    if shape == "rectangle":
        x, y, width, height = (float(value.get(name, 0)) for name in ("x", "y", "width", "height"))
        if (x, y, width, height) == (0, 0, 100, 100):
            return None
        turn = math.radians(float(value.get("rotation") or 0))  # clockwise, about the top-left corner
        sides = np.array([(0, 0), (0, height), (width, height), (width, 0)]) * size
        rotation = np.array([(math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))])
        rows: list[list[float]] = (np.array([x, y]) * size + sides @ rotation).tolist()
        return rows
    points = _open(value.get("points") or [])
    if not points or {tuple(p) for p in points} == {(0, 0), (0, 100), (100, 100), (100, 0)}:
        return None
    corners: list[list[float]] = (np.array(points, dtype=np.float64) * size).tolist()
    return corners
