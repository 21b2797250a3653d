"""Texts of reviewed fields, from which a recognizer learns, and the reasons for those that are left out."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.plot._reading_corners import reading_corners

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NARROW = 0.6
"""A line of Chinese is about as long as it has characters times its height, of digits half of that. A shape that is shorter
than this fraction holds several lines."""
_SHORT = 3.0
"""Characters up to which the shape says nothing."""


def _label(text: object) -> str:
    """A text without characters that have no shape, and with single spaces.

    Examples
    --------
    >>> _label(" 样\u3000本\u200b  一")
    '样 本 一'
    """
    return "".join(c for c in " ".join(str(text).split()) if unicodedata.category(c) not in ("Cc", "Cf"))


def _is_broken(text: str) -> bool:
    r"""Whether a text contains a tab or a line break, which part the fields and lines of label files.

    Examples
    --------
    >>> _is_broken("样\t本"), _is_broken("样本\u2028一"), _is_broken("样本\n")
    (True, True, False)
    """
    lines = text.strip().splitlines()
    return len(lines) > 1 or any("\t" in line for line in lines)


def reviewed_texts(frame: pd.DataFrame, decided: pd.DataFrame, *, one_line: bool) -> tuple[pd.DataFrame, Counter[str]]:
    """Fields that a person accepted or corrected, with the text of the decision; and the number of those left out."""
    confirmed = decided[decided["verdict"].isin(["accepted", "corrected"])]
    texts = confirmed["text"].fillna("").astype("str")
    has_text, broken = texts.map(_label) != "", texts.map(_is_broken)
    kept = confirmed[has_text & ~broken]
    labels = {
        (str(key), str(field)): _label(text)
        for key, field, text in kept[["key", "field", "text"]].itertuples(index=False)
    }
    pairs = list(zip(frame["key"].astype("str"), frame["field"].astype("str"), strict=True))
    part = frame.assign(label=pd.Series([labels.get(pair) for pair in pairs], index=frame.index, dtype="str")).dropna(
        subset=["label"]
    )
    part = part.drop_duplicates(["key", "field"], keep="last")
    left_out = Counter({
        "without a text": int((~has_text).sum()),
        "with a tab or line break in the text": int((has_text & broken).sum()),
        "not in the frame": len(set(labels) - set(pairs)),
    })  # fmt: skip
    placed = part[part["polygon"].notna()]
    left_out["without a polygon"] = len(part) - len(placed)
    if one_line:
        points = reading_corners(frame, placed)
        single = [_is_one_line(p, text) for p, text in zip(points, placed["label"], strict=True)]
        left_out["of several lines"] = len(placed) - sum(single)
        placed = placed[np.array(single, dtype=bool)]
    return placed.sort_values(["key", "field"]), +left_out


def _is_one_line(points: NDArray[np.float64], text: str) -> bool:
    tall = float(np.linalg.norm(points[1] - points[0]) + np.linalg.norm(points[2] - points[3]))
    wide = float(np.linalg.norm(points[3] - points[0]) + np.linalg.norm(points[2] - points[1]))
    expected = sum(0.5 if c.isascii() else 1.0 for c in text)
    return expected <= _SHORT or wide >= _NARROW * expected * tall
