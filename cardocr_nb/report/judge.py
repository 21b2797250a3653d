"""What the checks and the truth say, for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cardocr_nb.frame.schema import CARD
from cardocr_nb.privacy import mask_text
from cardocr_nb.quality import tally
from cardocr_nb.report.summary import Accuracy, CheckResult, WorstCase
from cardocr_nb.report.words import WHOLE_CARD

if TYPE_CHECKING:
    from cardocr_nb.quality import Evaluation

_MOST_CHECKS = 100
_CASE = [*CARD, "field"]


def check_results(checked: pd.DataFrame) -> tuple[CheckResult, ...]:
    """Count the answers of `cardocr_nb.quality.check`: errors before warnings, worst first."""
    counted = tally(checked).sort_values("severity", key=lambda s: s != "error", kind="stable")
    return tuple(
        CheckResult(
            check=str(row["check"]),
            field=WHOLE_CARD if pd.isna(row["field"]) else str(row["field"]),
            severity=str(row["severity"]),
            judged=int(row["cases"]),
            failed=int(row["failed"]),
        )
        for row in counted.head(_MOST_CHECKS).to_dict("records")
    )


def accuracy(evaluation: Evaluation) -> tuple[Accuracy, ...]:
    """Take the numbers of an evaluation, whole cards last."""
    fields = [
        Accuracy(
            field=str(row["field"]),
            cases=int(row["cases"]),
            correct=int(row["correct"]),
            missing=int(row["missing"]),
            spurious=int(row["spurious"]),
            cer=_number(row["cer"]),
            **_interval(row),
        )
        for row in evaluation.fields.to_dict("records")
    ]
    cards = [
        Accuracy(WHOLE_CARD, int(row["cases"]), int(row["correct"]), **_interval(row))
        for row in evaluation.cards.to_dict("records")
        if row["cases"]
    ]
    return (*fields, *cards)


def _interval(row: dict[Any, Any]) -> dict[str, Any]:
    return {name: _number(row[name]) for name in ("exact", "low", "high")}


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else round(float(value), 6)


def worst_against_truth(evaluation: Evaluation, *, reveal: bool, most: int) -> tuple[WorstCase, ...]:
    """Readings that are not what stands on the card, the surest first: those pass any threshold."""
    faults = evaluation.cells[evaluation.cells["outcome"] != "correct"]
    faults = faults.sort_values("score", ascending=False, kind="stable", na_position="last").head(most)
    unit = faults["distance"].map(lambda n: " edit" if n == 1 else " edits").astype("str")
    edits = faults["distance"].astype("str") + unit
    reason = faults["outcome"].astype("str").mask(faults["outcome"] == "wrong", edits)
    return tuple(_case(row, reveal=reveal) for row in faults.assign(reason=reason).to_dict("records"))


def worst_without_truth(df: pd.DataFrame, checked: pd.DataFrame, *, reveal: bool, most: int) -> tuple[WorstCase, ...]:
    """Readings to look at first: those that failed a check that no card can fail, then those of the lowest scores."""
    readings = df.loc[df["field"].notna(), [*_CASE, "text", "score"]]
    failed = checked[~checked["passed"] & (checked["severity"] == "error") & checked["field"].notna()]
    failed = failed.assign(reason="expected " + failed["detail"].astype("str"))
    failed = failed.drop_duplicates(_CASE)[[*_CASE, "reason"]].astype({"field": readings["field"].dtype})
    first = failed.merge(readings, on=_CASE, how="left").sort_values("score", kind="stable").head(most)
    lowest = readings[readings["score"].notna()].nsmallest(most, "score").assign(reason="lowest score")
    cases = pd.concat([first, lowest]).drop_duplicates(_CASE).head(most)
    return tuple(_case(row, reveal=reveal) for row in cases.to_dict("records"))


def _case(row: dict[Any, Any], *, reveal: bool) -> WorstCase:
    def shown(text: Any) -> str | None:
        if text is None or pd.isna(text):
            return None
        return str(text) if reveal else mask_text(str(text), str(row["field"]))

    return WorstCase(
        key=str(row["key"]),
        field=str(row["field"]),
        text=shown(row["text"]),
        truth=shown(row.get("truth")),
        score=None if pd.isna(row["score"]) else int(row["score"]),
        reason=str(row["reason"]),
    )
