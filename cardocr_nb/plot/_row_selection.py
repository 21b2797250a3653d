"""Rows of a frame that belong to a picture."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cardocr_nb._text_safety import shown_path
from cardocr_nb.plot._image_sources import same_ending

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 5


def rows_of_image(df: pd.DataFrame, path: str | Path | None, key: str | None) -> pd.DataFrame:
    """Rows of the card that a picture shows.

    Parameters
    ----------
    df : DataFrame
        A frame without the column ``key`` is taken for one card.
    path : str, Path or None
        Where the picture lies, if it is a file.
    key : str or None
        The card's key, if it is said.

    Raises
    ------
    ValueError
        No card fits, or more than one does.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"key": ["front/1.jpg", "back/1.jpg"], "field": ["name", "name"]})
    >>> rows_of_image(df, "data/cards/back/1.jpg", None)["key"].tolist()
    ['back/1.jpg']
    """
    if "key" not in df:
        if key is not None:
            raise ValueError("key= was given, but the frame has no column 'key'; leave it out or add the column")
        return df
    known = [str(k) for k in df["key"].dropna().unique()]
    if key is None:
        key = _key_of(known, path)
    elif key not in known:
        raise ValueError(f"no row has the key {shown_path(key)}; the frame has {_some(known)}")
    rows = df[df["key"] == key] if key is not None else df
    jobs = rows["job_id"].nunique() if "job_id" in rows else 1
    if jobs > 1:
        raise ValueError(
            f"the key {shown_path(key)} was read by {jobs} jobs; choose one, as in df[df['job_id'] == {rows['job_id'].iloc[-1]!r}]"
        )
    return rows


def _key_of(known: list[str], path: str | Path | None) -> str | None:
    if len(known) <= 1:
        return known[0] if known else None
    fitting = [] if path is None else [k for k in known if same_ending(k, path)]
    if path is not None and len(fitting) > 1:
        # "front/1.jpg" says more than "1.jpg".
        longest = max(len(PurePosixPath(k).parts) for k in fitting)
        fitting = [k for k in fitting if len(PurePosixPath(k).parts) == longest]
    if len(fitting) != 1:
        seen = "the image has no path" if path is None else f"{len(fitting)} of them fit the path {shown_path(path)}"
        raise ValueError(f"the frame has {len(known)} cards and {seen}; pass key=, one of {_some(known)}")
    return fitting[0]


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - _NAMED:,} more" if len(keys) > _NAMED else ""
    return ", ".join(map(repr, keys[:_NAMED])) + more if keys else "none"
