"""Results of the checks, and the readings to check first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from cardocr_nb import polygon
from cardocr_nb._bulk._arrow_text import arrow
from cardocr_nb._field_words import WHOLE_CARD
from cardocr_nb.frame._frame_columns import CARD
from cardocr_nb.plot._plot_data import corners
from cardocr_nb.quality import tally
from cardocr_nb.report._report_masking import masked_text
from cardocr_nb.report._report_summary import CheckResult, WorstCase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.quality import Evaluation

Kind = TypeVar("Kind")

_MOST_CHECKS = 400
_CASE = [*CARD, "field"]


def truncate(rows: Sequence[Kind], most: int) -> tuple[tuple[Kind, ...], int]:
    """The first rows, and how many are left out."""
    return tuple(rows[:most]), max(0, len(rows) - most)


def check_results(checked: pd.DataFrame) -> tuple[tuple[CheckResult, ...], int]:
    """Count the results of `cardocr_nb.quality.check`; and how many are left out.

    Failed checks come first, errors before warnings, most failures first.
    """
    counted = tally(checked).sort_values("severity", key=lambda s: s != "error", kind="stable")
    counted = counted.sort_values("failed", key=lambda s: s == 0, kind="stable")
    results = tuple(
        CheckResult(
            check=str(row["check"]),
            field=WHOLE_CARD if pd.isna(row["field"]) else str(row["field"]),
            severity=str(row["severity"]),
            judged=int(row["cases"]),
            failed=int(row["failed"]),
        )
        for row in counted.head(_MOST_CHECKS).to_dict("records")
    )
    return results, len(counted) - len(results)


def worst_against_truth(evaluation: Evaluation, *, reveal: bool, most: int) -> tuple[WorstCase, ...]:
    """Incorrect readings, highest scores first: those pass any threshold."""
    faults = evaluation.cells[evaluation.cells["outcome"] != "correct"]
    faults = faults.sort_values("score", ascending=False, kind="stable", na_position="last").head(most)
    edits = faults["distance"].where(faults["outcome"] == "wrong")
    cases = faults.assign(reason=faults["outcome"], edits=edits)
    return tuple(_case(row, reveal=reveal) for row in cases.to_dict("records"))


def worst_without_truth(df: pd.DataFrame, checked: pd.DataFrame, *, reveal: bool, most: int) -> tuple[WorstCase, ...]:
    """Readings to look at first: those that failed a check that no card can fail, then those of the lowest scores."""
    readings = df.loc[df["field"].notna(), [*_CASE, "text", "score"]]
    failed = checked[~checked["passed"] & (checked["severity"] == "error") & checked["field"].notna()]
    failed = failed.drop_duplicates(_CASE)[[*_CASE, "check"]].astype({"field": readings["field"].dtype})
    # Only the cards with a failed check are joined: a join over all readings of a million cards takes longest of all.
    concerned = readings[
        pc.is_in(arrow(readings["key"]), value_set=arrow(failed["key"])).to_numpy(zero_copy_only=False)
    ]
    first = failed.assign(reason="check").merge(concerned, on=_CASE, how="left").sort_values("score", kind="stable")
    lowest = readings[readings["score"].notna()].nsmallest(most, "score").assign(reason="low")
    cases = pd.concat([first.head(most), lowest]).drop_duplicates(_CASE).head(most)
    return tuple(_case(row, reveal=reveal) for row in cases.to_dict("records"))


def with_places(cases: tuple[WorstCase, ...], df: pd.DataFrame) -> tuple[WorstCase, ...]:
    """The cases with the width and height of their fields on the photo."""
    keys = {case.key for case in cases}
    rows = df[(df["key"].isin(keys) & df["polygon"].notna() & df["field"].notna()).to_numpy()]
    if rows.empty:
        return cases
    quads = polygon.ordered(corners(rows["polygon"]))
    width = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    height = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    sizes = {
        (str(key), str(field)): (round(w), round(h))
        for key, field, w, h in zip(rows["key"], rows["field"], width, height, strict=True)
        if not np.isnan(w + h)
    }
    return tuple(replace(case, size=sizes.get((case.key, case.field))) for case in cases)


def _case(row: dict[Any, Any], *, reveal: bool) -> WorstCase:
    field = str(row["field"])
    check = row.get("check", np.nan)
    edits = row.get("edits", np.nan)
    return WorstCase(
        key=str(row["key"]),
        field=field,
        text=masked_text(row["text"], field, reveal=reveal),
        truth=masked_text(row.get("truth"), field, reveal=reveal),
        score=None if pd.isna(row["score"]) else int(row["score"]),
        reason=str(row["reason"]),
        edits=None if pd.isna(edits) else int(edits),
        check=None if pd.isna(check) else str(check),
    )
