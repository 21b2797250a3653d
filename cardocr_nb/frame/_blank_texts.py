"""Texts that show nothing, such as spaces of any width: nothing was read there."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb._bulk._arrow_text import arrow, spans

if TYPE_CHECKING:
    from numpy.typing import NDArray


def blank_rows(texts: pd.Series) -> NDArray[np.intp]:
    """Return the positions of texts that hold nothing visible, such as ``""`` or U+3000: nothing was read there.

    Examples
    --------
    >>> blank_rows(pd.Series(["样本", "", "\u3000\u200b", None], dtype="str")).tolist()
    [1, 2]
    """
    array = arrow(texts)
    starts, data = spans(array)
    # The first byte leaves few texts, and the first character mostly none, that can be blank.
    maybe = _first_bytes().take(data.take(starts[:-1], mode="clip")) if len(data) else np.ones(len(array), dtype=bool)
    maybe |= starts[1:] == starts[:-1]
    rows = np.flatnonzero(maybe)
    rows = rows[np.asarray(pc.is_in(pc.utf8_slice_codeunits(array.take(pa.array(rows)), 0, 1), value_set=_blanks()))]
    blank = set(_blanks().to_pylist())
    return np.array([row for row in rows.tolist() if set(array[row].as_py()) <= blank], dtype=np.intp)


def without_blanks(texts: pd.Series) -> pd.Series:
    """Return texts with those missing that hold nothing visible.

    Examples
    --------
    >>> without_blanks(pd.Series(["样本", "\u3000"], dtype="str")).notna().tolist()
    [True, False]
    """
    rows = blank_rows(texts)
    if not len(rows):
        return texts
    result = texts.copy()
    result.iloc[rows] = pd.NA
    return result


@cache
def _blanks() -> pa.Array:
    """Characters that show nothing: white space of every width, marks of no width, control characters; and no character."""
    kinds = ("Zs", "Zl", "Zp", "Cc", "Cf")
    return pa.array(["", *(c for c in map(chr, range(0x10000)) if unicodedata.category(c) in kinds)], pa.large_string())


@cache
def _first_bytes() -> NDArray[np.bool_]:
    """Whether a blank may begin with each byte."""
    first = np.zeros(256, dtype=bool)
    first[[word.encode()[0] for word in _blanks().to_pylist() if word]] = True
    return first
