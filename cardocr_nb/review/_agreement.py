"""How far reviewers agree who decided the same fields."""

from __future__ import annotations

import os
from typing import TypeAlias

import numpy as np
import pandas as pd

from cardocr_nb.frame._frame_schema import of_pandas
from cardocr_nb.review._corrections import COLUMNS, Corrections, checked_decisions

Source: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | Corrections"


def disagreements(corrections: Source) -> pd.DataFrame:
    """Return the fields on which reviewers decided differently.

    Parameters
    ----------
    corrections : path, DataFrame or Corrections
        File that `cardocr_nb.review.review` wrote with ``reviewer=``, or its table, also of polars, Arrow or DuckDB.

    Returns
    -------
    DataFrame
        ``key, field, reviewer, verdict, text``: the last decision of each reviewer. It is a queue for a third person:
        ``cards.cardocr.review("photos", path, queue=disagreements(path), reviewer="c")``.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from cardocr_nb.review import Decision
    >>> with TemporaryDirectory() as folder:
    ...     file = Corrections(f"{folder}/corrections.csv")
    ...     file.add(Decision("1.jpg", "name", "corrected", "样本", reviewer="a"))
    ...     file.add(Decision("1.jpg", "name", "unreadable", reviewer="b"))
    ...     disagreements(file)[["key", "field", "reviewer", "verdict"]]
         key field reviewer     verdict
    0  1.jpg  name        a   corrected
    1  1.jpg  name        b  unreadable
    """
    table = _last_of_each(corrections)
    differ = table.groupby(["key", "field"])["value"].transform("nunique") > 1
    found = table[differ].sort_values(["key", "field", "reviewer"], kind="stable")
    return found[["key", "field", "reviewer", "verdict", "text"]].reset_index(drop=True)


def agreement(corrections: Source) -> pd.DataFrame:
    """Return how often reviewers decided alike, by field.

    Two decisions are alike if both give the same text, both say that the card has no such field, or both say that it is
    unreadable.

    Parameters
    ----------
    corrections : path, DataFrame or Corrections
        File that `cardocr_nb.review.review` wrote with ``reviewer=``, or its table, also of polars, Arrow or DuckDB.

    Returns
    -------
    DataFrame
        ``field`` (the last row is ``all``); ``n``, the number of fields that two or more reviewers decided; ``agreed``, on how
        many of them all decided alike; ``alpha``, Krippendorff's alpha for nominal data: 1 for full agreement, 0 for that of
        chance, missing if all decisions are the same.

    References
    ----------
    Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of Pennsylvania.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from cardocr_nb.review import Decision
    >>> with TemporaryDirectory() as folder:
    ...     file = Corrections(f"{folder}/corrections.csv")
    ...     for reviewer, text in [("a", "男"), ("b", "男")]:
    ...         file.add(Decision("1.jpg", "gender", "accepted", text, reviewer=reviewer))
    ...         file.add(Decision("2.jpg", "gender", "corrected", "女", reviewer=reviewer))
    ...     agreement(file)
        field  n  agreed  alpha
    0  gender  2       2    1.0
    1     all  2       2    1.0
    """
    table = _last_of_each(corrections)
    units = table.groupby(["key", "field"])["value"]
    table = table.assign(distinct=units.transform("nunique"))[units.transform("size") > 1]
    groups = [*((str(field), rows) for field, rows in table.groupby("field")), ("all", table)]
    lines = []
    for field, rows in groups:
        distinct = rows.drop_duplicates(["key", "field"])["distinct"]
        lines.append((field, len(distinct), int((distinct == 1).sum()), _alpha(rows)))
    return pd.DataFrame(lines, columns=["field", "n", "agreed", "alpha"]).astype({"alpha": "float64"})


def _last_of_each(corrections: Source) -> pd.DataFrame:
    if not isinstance(corrections, (str, os.PathLike, Corrections)):
        table = checked_decisions(of_pandas(corrections)).reindex(columns=list(COLUMNS)).astype("str").fillna("")
    else:
        table = (corrections if isinstance(corrections, Corrections) else Corrections(corrections)).read()
    table = table.drop_duplicates(["key", "field", "reviewer"], keep="last")
    # A text cannot be confused with a verdict: it has the letter in front.
    texts = table["verdict"].isin(["accepted", "corrected"])
    return table.assign(value=("t" + table["text"]).where(texts, table["verdict"]))


def _alpha(table: pd.DataFrame) -> float:
    """Krippendorff's alpha over ``key, field, value``, each unit with two values or more."""
    if table.empty:
        return np.nan
    unit = table.groupby(["key", "field"]).ngroup().to_numpy()
    size = np.bincount(unit)
    counts = table.assign(unit=unit).groupby(["unit", "value"]).size()
    of_unit = size[counts.index.get_level_values("unit")]
    observed = 1 - (counts * (counts - 1) / (of_unit - 1)).sum() / len(table)
    totals = table["value"].value_counts().to_numpy(dtype=float)
    expected = 1 - (totals * (totals - 1)).sum() / (len(table) * (len(table) - 1))
    return float(1 - observed / expected) if expected > 0 else np.nan
