"""Selection of single fields to look at."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal

from cardocr_nb._text_safety import shown_choice
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._polygon_measures import from_numpy
from cardocr_nb.plot._reading_corners import reading_corners
from cardocr_nb.quality import CorrelatedErrorsWarning, check, compare, evaluate

if TYPE_CHECKING:
    import pandas as pd

    from cardocr_nb.quality._evaluation import Truth

Kind = Literal["scores", "worst", "checks", "flips"]
KINDS = ("scores", "worst", "checks", "flips")

_CELL = ["job_id", "key", "field"]


def pick_cases(
    df: pd.DataFrame, kind: Kind, *, truth: Truth | None = None, other: pd.DataFrame | None = None, n: int = 12
) -> pd.DataFrame:
    """Select fields with a polygon, the most suspicious first.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    kind : {"scores", "worst", "checks", "flips"}
        Fields with the lowest scores; with the largest edit distance from `truth`; with a failed check, errors before
        warnings; or with another text in `other`.
    truth : DataFrame or path of a CSV file, optional
        True texts.
    other : DataFrame, optional
        Another reading of the same images.
    n : int, default 12
        Maximum number of fields.

    Returns
    -------
    DataFrame
        ``job_id, key, card_type, field, score, text, polygon`` (in wire order as the card is read), and as far as there
        are any ``truth``, ``other`` (the text of the other side) and ``checks`` (names of those that failed).

    Raises
    ------
    ValueError
        Unknown `kind`, or its argument is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"key": ["a.jpg", "b.jpg"], "field": "name", "text": "样本", "score": [99, 60]})
    >>> df["polygon"] = [[(0, 0), (0, 9), (30, 9), (30, 0)]] * 2
    >>> pick_cases(df, "scores", n=1)["key"].tolist()
    ['b.jpg']
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {shown_choice(kind, KINDS)}")
    if kind == "worst" and truth is None:
        raise ValueError("kind='worst' needs truth=, the true texts; kind='scores' needs none")
    if kind == "flips" and other is None:
        raise ValueError("kind='flips' needs other=, another reading of the same images")
    frame = conform(df)
    columns = [*_CELL, "card_type", "score", "text", "polygon"]
    rows = frame.loc[frame["field"].notna() & frame["polygon"].notna(), columns].drop_duplicates(_CELL)
    rows = rows.astype({"field": "str"})
    if kind == "scores":
        cases = rows.sort_values("score", kind="stable")
    elif kind == "checks":
        cases = _failed(frame).merge(rows, on=_CELL)
    elif kind == "flips" and other is not None:
        flips = compare(frame, other).flips.astype({"field": "str"}).rename(columns={"text_right": "other"})
        cases = flips[["key", "field", "other"]].merge(rows, on=["key", "field"]).drop_duplicates(["key", "field"])
    if truth is not None:
        with warnings.catch_warnings():  # cases are shown, and no interval
            warnings.simplefilter("ignore", CorrelatedErrorsWarning)
            evaluation = evaluate(frame, truth)
        judged = (evaluation.worst(len(evaluation.cells)) if kind == "worst" else evaluation.cells)[[*_CELL, "truth"]]
        judged = judged.astype({"field": "str"}).drop_duplicates(_CELL)
        cases = judged.merge(rows, on=_CELL) if kind == "worst" else cases.merge(judged, on=_CELL, how="left")
    cases = cases.head(n).reset_index(drop=True)
    cases["polygon"] = from_numpy(reading_corners(frame, cases), index=cases.index)
    return cases


def _failed(frame: pd.DataFrame) -> pd.DataFrame:
    """Fields that failed a check, those with an error first."""
    checks = check(frame).astype({"field": "str"})
    failed = checks[checks["passed"].eq(other=False).fillna(value=False) & checks["field"].notna()]
    failed = failed.assign(is_error=failed["severity"] == "error", check=failed["check"].astype("str"))
    groups = failed.groupby(_CELL, sort=False, dropna=False, observed=True)
    table = groups.agg(is_error=("is_error", "max"), checks=("check", ", ".join)).reset_index()
    return table.sort_values("is_error", ascending=False, kind="stable")[[*_CELL, "checks"]]
