"""The table of readings that commands write and read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def table(text: str) -> Path:
    """Take a path that a table can be written to; anything else is a wrong argument."""
    path = Path(text)
    if path.suffix not in (".parquet", ".feather", ".csv"):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .parquet, .feather or .csv")
    return path


def read(path: Path) -> pd.DataFrame:
    """Read a Parquet or Feather file of `write`."""
    import pandas as pd

    return pd.read_feather(path) if path.suffix == ".feather" else pd.read_parquet(path)


def write(cards: pd.DataFrame, path: Path) -> None:
    """Write in the format that the path's ending names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        cards.to_csv(path, index=False)
    elif path.suffix == ".feather":
        cards.to_feather(path)
    else:
        cards.to_parquet(path)
