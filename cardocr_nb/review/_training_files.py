"""Files of training data in the formats of their readers, and the folder that holds them.

Sources of the formats: PaddleOCR's page on text recognition data ("Data preparation": one line an image, path and label
separated by a tab, UTF-8), and Label Studio's guide to tasks (``data``, ``annotations``, ``textarea``).
"""

from __future__ import annotations

import json
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb._atomic import write_atomic
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

_CROPS, _CROP = "crops", re.compile(r"[0-9a-f]{20}\.png")
LOCAL_FILES = "/data/local-files/?d="
"""Address under which Label Studio serves files below its ``LOCAL_FILES_DOCUMENT_ROOT``."""
_SIDES = ("train", "validation")

CONFIG = """<View>
  <Image name="image" value="$image"/>
  <TextArea name="transcription" toName="image" editable="true" maxSubmissions="1"/>
</View>
"""


@contextmanager
def new_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Make the folder; what was written is removed if the export fails. The crops of a killed export are replaced."""
    target = Path(folder)
    existed = target.exists()
    if existed and not target.is_dir():
        raise InvalidRequestError(f"{shown_path(target)} is a file; give a new folder")
    if existed and (inside := [*target.iterdir()]):
        unfinished = len(inside) == 1 and inside[0].name == _CROPS and inside[0].is_dir()
        if not unfinished or not all(_CROP.fullmatch(path.name) for path in inside[0].iterdir()):
            raise InvalidRequestError(f"{shown_path(target)} is not an empty folder; give a new one")
        shutil.rmtree(inside[0])
    (target / _CROPS).mkdir(parents=True, mode=0o700)
    target.chmod(0o700)
    try:
        yield target
    except BaseException:
        for path in target.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not existed:
            target.rmdir()
        raise


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
                data = {"image": LOCAL_FILES + row["image"]} | {
                    name: row[name] for name in ("field", "key", "card_type")
                }
                tasks.append({"data": data, "annotations": [{"result": [result]}]})
        write_atomic(target / f"{side}.json", json.dumps(tasks, ensure_ascii=False, indent=1).encode())
    write_atomic(target / "label_studio_config.xml", CONFIG.encode())


def _write_jsonl(rows: list[dict[str, Any]], target: Path) -> None:
    for side in _SIDES:
        kept = [{name: value for name, value in row.items() if name != "split"} for row in rows if row["split"] == side]
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in kept]
        write_atomic(target / f"{side}.jsonl", "".join(lines).encode())


WRITERS: dict[str, Callable[[list[dict[str, Any]], Path], None]] = {
    "paddleocr": _write_paddleocr,
    "label_studio": _write_label_studio,
    "jsonl": _write_jsonl,
}
