"""Frames in files of other tools' formats: read with every check, written so that every version opens them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cardocr_nb.frame._frame_schema import DTYPES, conform

if TYPE_CHECKING:
    import os


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a Parquet file of a frame."""
    return conform(categories_to_text(pd.read_parquet(path)))


def categories_to_text(df: pd.DataFrame) -> pd.DataFrame:
    """Turn categories into texts, for `conform` to make them again: files and Dask keep neither their order nor dtype."""
    return df.astype({name: "str" for name, dtype in DTYPES.items() if dtype == "category" and name in df.columns})
