"""Comparison with truth and with another run, computed by `cardocr_nb.quality` and kept as plain data."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cardocr_nb._field_words import WHOLE_CARD
from cardocr_nb.quality import (
    Calibration,
    Comparison,
    CorrelatedErrorsWarning,
    FewScoresWarning,
    calibration,
    compare,
    evaluate,
    threshold,
)
from cardocr_nb.quality._confusions import frequent_confusions
from cardocr_nb.quality._costs import Costs, cost
from cardocr_nb.report._report_masking import masked_text
from cardocr_nb.report._truth_records import (
    Accuracy,
    Agreement,
    Calibrated,
    Change,
    Compared,
    Confusion,
    CurvePoint,
    FieldCalibration,
    FieldCost,
    FieldThreshold,
    Flip,
    Priced,
    Promise,
    ScoreBin,
    records,
)

if TYPE_CHECKING:
    import pandas as pd

    from cardocr_nb.privacy._service_texts import FieldNames
    from cardocr_nb.quality import Evaluation
    from cardocr_nb.quality._card_groups import Groups
    from cardocr_nb.quality._evaluation import Truth

MOST_FIELDS = 40
_MOST_CONFUSIONS = 20


@dataclass(frozen=True, slots=True)
class QualityResults:
    """Tables of `cardocr_nb.quality` from which the figures are drawn, with the names of fields that may be shown."""

    confusions: pd.DataFrame | None = None
    calibration: Calibration | None = None
    costs: Costs | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class TruthResults:
    """Results that need truth; empty without."""

    evaluation: Evaluation | None = None
    accuracy: tuple[Accuracy, ...] | None = None
    confusions: tuple[Confusion, ...] = ()
    calibration: Calibrated | None = None
    thresholds: Promise | None = None
    costs: Priced | None = None
    correlated: bool = False
    results: QualityResults = field(default_factory=QualityResults)


def check_prices(review: float | None, error: float | None, truth: Truth | None) -> None:
    """Raise unless both costs and a truth are given.

    Raises
    ------
    ValueError
        One came without the other, or both without truth.
    """
    if review is None and error is None:
        return
    if review is None or error is None:
        raise ValueError(
            f"costs need both prices, got {'error' if review is None else 'review'} alone; give the other one too"
        )
    if truth is None:
        raise ValueError("costs need truth: give truth= too, or leave review= and error= away")


def truth_results(
    df: pd.DataFrame,
    truth: Truth,
    names: FieldNames,
    *,
    costs: tuple[float | None, float | None],
    precision: float,
    reveal: bool,
    groups: Groups | None = None,
) -> TruthResults:
    """Compare a frame with its truth."""
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", CorrelatedErrorsWarning)
        judged = evaluate(df, truth, groups=groups)
    correlated = _without_correlation(raised)
    evaluation = masked_evaluation(judged, names)
    with warnings.catch_warnings():
        # The page says it itself, from the number of distinct scores.
        warnings.simplefilter("ignore", FewScoresWarning)
        calibrated = calibration(df, judged)
    calibrated = replace(calibrated, bins=names.mask(calibrated.bins), fields=names.mask(calibrated.fields))
    promised = threshold(df, judged, precision=precision)
    fields = calibrated.fields.head(MOST_FIELDS)
    review, error = costs
    priced = (
        None if review is None or error is None else _masked_costs(cost(df, judged, review=review, error=error), names)
    )
    confused = (evaluation.confusions if reveal else frequent_confusions(evaluation.confusions)).head(_MOST_CONFUSIONS)
    return TruthResults(
        evaluation=evaluation,
        accuracy=accuracy(evaluation),
        confusions=records(Confusion, confused),
        calibration=Calibrated(
            records(FieldCalibration, fields),
            records(ScoreBin, calibrated.bins[calibrated.bins["field"].isin(fields["field"])]),
        ),
        thresholds=Promise(
            promised.precision,
            promised.confidence,
            records(FieldThreshold, names.mask(promised.fields.head(MOST_FIELDS))),
            groups is not None,
        ),
        costs=None if priced is None else _priced(priced),
        correlated=correlated,
        results=QualityResults(confused, calibrated, priced),
    )


def compare_runs(
    df: pd.DataFrame, other: pd.DataFrame, truth: Truth | None, groups: Groups | None, names: FieldNames
) -> Comparison:
    """Compare two runs, with names of fields that may be shown."""
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", CorrelatedErrorsWarning)
        comparison = compare(df, other, truth, groups=groups)
    _without_correlation(raised)
    accuracy = None if comparison.accuracy is None else names.mask(comparison.accuracy)
    fields, flips = names.mask(comparison.fields), names.mask(comparison.flips)
    return replace(comparison, fields=fields, flips=flips, accuracy=accuracy)


def _without_correlation(raised: list[warnings.WarningMessage]) -> bool:
    """Pass warnings on, but those of correlated errors, which the page itself reports; return whether there was one."""
    for one in raised:
        if not issubclass(one.category, CorrelatedErrorsWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return any(issubclass(one.category, CorrelatedErrorsWarning) for one in raised)


def masked_evaluation(evaluation: Evaluation, names: FieldNames) -> Evaluation:
    """The evaluation with names of fields that may be shown."""
    fields, cells, compared = map(names.mask, (evaluation.fields, evaluation.cells, evaluation.compared))
    return replace(evaluation, fields=fields, cells=cells, compared=compared)


def _masked_costs(costs: Costs, names: FieldNames) -> Costs:
    return replace(costs, fields=names.mask(costs.fields), curve=names.mask(costs.curve))


def _priced(costs: Costs) -> Priced:
    fields = costs.fields.tail(MOST_FIELDS + 1)
    shown = costs.curve["field"].isin(fields["field"]) | (costs.curve["field"] == "all")
    return Priced(costs.review, costs.error, records(FieldCost, fields), records(CurvePoint, costs.curve[shown]))


def accuracy(evaluation: Evaluation) -> tuple[Accuracy, ...]:
    """Take the numbers of an evaluation, whole cards last."""
    cards = evaluation.cards[evaluation.cards["cases"] > 0]
    cards = cards.assign(field=WHOLE_CARD, missing=None, spurious=None, cer=None)
    return records(Accuracy, evaluation.fields.head(MOST_FIELDS)) + records(Accuracy, cards)


def compared(comparison: Comparison, *, reveal: bool, most: int) -> Compared:
    """Take the numbers of a comparison; of the readings that differ those with the highest scores are kept."""
    surest = comparison.flips[["score_left", "score_right"]].min(axis=1).sort_values(ascending=False, kind="stable")
    flips = records(Flip, comparison.flips.loc[surest.index[:most]])
    return Compared(
        fields=records(Agreement, comparison.fields.head(MOST_FIELDS)),
        accuracy=None if comparison.accuracy is None else records(Change, comparison.accuracy.tail(MOST_FIELDS + 1)),
        flips=len(comparison.flips),
        shown=tuple(_masked(flip, reveal=reveal) for flip in flips),
        left_only=comparison.left_only,
        right_only=comparison.right_only,
    )


def _masked(flip: Flip, *, reveal: bool) -> Flip:
    left, right = (masked_text(text, flip.field, reveal=reveal) for text in (flip.text_left, flip.text_right))
    return Flip(flip.key, flip.field, left, right, flip.score_left, flip.score_right)
