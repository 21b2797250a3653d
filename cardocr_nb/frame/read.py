"""Saved responses → frame."""

from __future__ import annotations

from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tqdm.auto import tqdm

from cardocr_nb.errors import DecodeError
from cardocr_nb.frame.flatten import Rows

if TYPE_CHECKING:
    import os

    import pandas as pd

SUFFIXES = (".xml", ".json")
"""Endings of the files that are read out of a folder."""

_NAMED_AT_MOST = 20


def read_responses(*paths: str | os.PathLike[str], errors: Literal["raise", "row"] = "raise") -> pd.DataFrame:
    """Read saved responses and callbacks, XML or JSON, into one frame.

    Parameters
    ----------
    *paths : str or path
        Files, folders (all ``.xml`` and ``.json`` files below) or patterns such as ``"responses/*.xml"``. The rows
        come in the order given, sorted by name within a folder or a pattern.
    errors : {"raise", "row"}, default "raise"
        What becomes of files that cannot be read: one error that lists them all, after every file was tried; or a row
        each, with the state ``Unreadable``, the file in ``key`` and the reason in ``message``.

    Returns
    -------
    DataFrame
        As `to_frame` makes it. A synchronous reading that does not name its image, and an error body, have their file
        in ``key``.

    Raises
    ------
    FileNotFoundError
        A path or pattern fits no file.
    DecodeError
        With ``errors="raise"``: some files are no documents of the service.
    ValueError
        `errors` is neither.
    """
    if errors not in ("raise", "row"):
        raise ValueError(f"errors must be 'raise' or 'row', got {errors!r}")
    files = [file for path in paths for file in _files(path)]
    rows, faults = Rows(), []
    for file in tqdm(files, desc="reading", unit="file", delay=2):
        try:
            rows.add(file.read_bytes(), key=str(file))
        except (DecodeError, OSError) as e:
            faults.append((file, str(e)))
            rows.add_unreadable(str(file), str(e))
    if faults and errors == "raise":
        raise DecodeError(_listed(faults, len(files)))
    return rows.frame()


def _files(path: str | os.PathLike[str]) -> list[Path]:
    given = Path(path)
    if given.is_dir():
        return sorted(f for f in given.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file())
    if given.is_file():
        return [given]
    found = sorted(Path(f) for f in glob(str(given), recursive=True)) if has_magic(str(given)) else []  # noqa: PTH207 - Path.glob takes no absolute pattern
    files = [f for f in found if f.is_file()]
    if not files:
        raise FileNotFoundError(
            f"no file fits {str(path)!r}; pass a file, a folder or a pattern such as 'responses/*.xml'"
        )
    return files


def _listed(faults: list[tuple[Path, str]], tried: int) -> str:
    lines = [f"  {file}: {reason}" for file, reason in faults[:_NAMED_AT_MOST]]
    if len(faults) > _NAMED_AT_MOST:
        lines.append(f"  and {len(faults) - _NAMED_AT_MOST} more")
    return "\n".join([f"{len(faults)} of {tried} files could not be read; errors='row' keeps them as rows:", *lines])
