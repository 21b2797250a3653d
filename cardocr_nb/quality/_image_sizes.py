"""How large the images behind the readings are, as far as that is known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from cardocr_nb._images import inspect
from cardocr_nb._key_forms import file_below, missing_pictures
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import ImageError

if TYPE_CHECKING:
    from os import PathLike

    Sizes: TypeAlias = Mapping[str, tuple[int, int]] | str | PathLike[str]

SIZES = ("width", "height", "stored_width", "stored_height")
"""Columns that are added: pixels of the upright image, and of the file as it is stored, NaN where not known."""

_TURNED = 5


def add_sizes(frame: pd.DataFrame, sizes: Sizes | None, *, some: bool = True) -> pd.DataFrame:
    """Add the size of each row's image.

    Parameters
    ----------
    frame : DataFrame
        With the column ``key``.
    sizes : mapping of str to (int, int), path, or None
        Width and height in pixels of each key's upright image, or the folder that holds the images under their keys:
        only that shows how the files are stored.
    some : bool, default True
        Refuse sizes that know none of the keys.

    Raises
    ------
    NotADirectoryError
        There is no such folder.
    ValueError
        None of the keys is known.

    Examples
    --------
    >>> add_sizes(pd.DataFrame({"key": ["a.jpg", "b.jpg"]}), {"a.jpg": (300, 200)})["width"].tolist()
    [300.0, nan]
    """
    if sizes is None:
        return frame.assign(**dict.fromkeys(SIZES, pd.Series(np.nan, frame.index)))
    codes, keys = pd.factorize(frame["key"])
    known = [_of_mapping(sizes, key) for key in keys] if isinstance(sizes, Mapping) else _of_folder(Path(sizes), keys)
    table = np.array([*known, (np.nan,) * len(SIZES)], dtype=np.float64)
    if some and len(keys) and np.isnan(table[:, 0]).all():
        raise ValueError(f"sizes knows none of the {len(keys)} keys of the frame; {missing_pictures(keys, sizes)}")
    return frame.assign(**{name: table[codes, column] for column, name in enumerate(SIZES)})


def _of_mapping(sizes: Mapping[str, tuple[int, int]], key: str) -> tuple[float, ...]:
    width, height = sizes.get(key, (np.nan, np.nan))
    return width, height, np.nan, np.nan


def _of_folder(folder: Path, keys: pd.Index) -> list[tuple[float, ...]]:
    if not folder.is_dir():
        raise NotADirectoryError(
            f"{shown_path(str(folder))} is not a folder; give the one that holds the images under their keys"
        )
    found: list[tuple[float, ...]] = []
    for key in keys:
        path = file_below(folder, str(key))
        try:
            info = inspect(path or folder / key)
        except ImageError:
            found.append((np.nan,) * len(SIZES))
            continue
        upright = info.width, info.height
        found.append((*upright, *(upright[::-1] if info.orientation >= _TURNED else upright)))
    return found
