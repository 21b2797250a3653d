"""Made-up readings of made-up cards."""

import io

import numpy as np
import pandas as pd
from PIL import Image

from cardocr_nb.frame import conform

NAME, NUMBER = "范样本", "990101197412010014"
TEXTS = {
    "name": NAME,
    "gender": "男",
    "ethnicity": "汉",
    "birth_date": "1974年12月1日",
    "address": "样本省样本市假设路9号",
    "id_number": NUMBER,
}
SECRETS = (NAME, NUMBER, "1974", "1201", "假设路", "样本市")
FAILED = {"job_id": "jf", "key": "bad.jpg", "card_type": "IDCard", "state": "Failed", "code": "DamagedImage"}


def card(key, score=95, **texts):
    rows = pd.DataFrame({"field": [*TEXTS], "text": [*(TEXTS | texts).values()], "score": score})
    rows["polygon"] = [[(20, y), (20, y + 20), (280, y + 20), (280, y)] for y in range(20, 200, 30)]
    job = {"job_id": f"j-{key}", "key": key, "card_type": "IDCard", "state": "Success", "status": 1}
    return rows.assign(**job, created="2026-03-01T09:00:00+08:00", ended="2026-03-01T09:00:04+08:00")


def batch():
    """Three cards read, one wrong in a place, one not found, one failed, one under way."""
    others = [
        {"job_id": "jn", "key": "none.jpg", "card_type": "IDCard", "state": "Success", "status": 0},
        FAILED | {"message": "bad.jpg is a JPEG file, but cut off <b>here</b> | there"},
        {"job_id": "jr", "key": "slow.jpg", "card_type": "IDCard", "state": "Running"},
    ]
    read = [card("1.jpg", score=99), card("2.jpg", score=60, gender="口"), card("3.jpg")]
    return conform(pd.concat([*read, pd.DataFrame(others)], ignore_index=True))


def true_texts():
    return pd.concat(
        [pd.DataFrame({"key": k, "field": [*TEXTS], "text": [*TEXTS.values()]}) for k in ("1.jpg", "2.jpg")]
    )


def take_photos(folder):
    """Pictures of the cards that were read: stripes of one pixel."""
    folder.mkdir()
    stripes = np.zeros((220, 300, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    file = io.BytesIO()
    Image.fromarray(stripes).save(file, "PNG")
    for key in ("1.jpg", "2.jpg", "3.jpg"):
        (folder / key).write_bytes(file.getvalue())
    return folder
