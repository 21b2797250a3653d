"""The figures of a report that are drawn from its summary: each has an alternative text that states the finding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._i18n import messages
from cardocr_nb.plot._error_plots import plot_compare, plot_confusions
from cardocr_nb.plot._field_series import EVERY, MOST_LINES
from cardocr_nb.plot._plot_fonts import plot_language
from cardocr_nb.plot._reliability_plots import plot_reliability, plot_risk_coverage
from cardocr_nb.plot._score_counts import ScoreCounts
from cardocr_nb.plot._score_plots import draw_scores, height_for
from cardocr_nb.report._charts import Picture, draw_picture
from cardocr_nb.report._truth_results import MOST_FIELDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cardocr_nb.report._report_summary import ReportSummary
    from cardocr_nb.report._truth_records import Calibrated, Compared, Priced

_ROWS = 0.36
"""Inches that a row of a chart needs."""


def figures(summary: ReportSummary) -> dict[str, Picture]:
    """All figures for which there are numbers, by name."""
    found = {"scores": scores_picture(summary), "confusions": confusions_picture(summary)}
    if summary.calibration is not None:
        found["reliability"] = reliability_picture(summary, summary.calibration)
    if summary.costs is not None:
        found["risk"] = risk_picture(summary, summary.costs)
    if summary.comparison is not None:
        found["comparison"] = comparison_picture(summary, summary.comparison)
    return {name: picture for name, picture in found.items() if picture is not None}


def scores_picture(summary: ReportSummary) -> Picture | None:
    """Histograms of the scores, a row a field; None without scores."""
    scored = [s for s in summary.scores if s.n]
    if not scored:
        return None
    t = messages(summary.lang)
    lowest = min(scored, key=lambda s: (s.median, -s.below / s.n))
    counts = ScoreCounts(
        tuple(s.field for s in scored),
        np.array([s.counts for s in scored], dtype=np.int64),
        np.array([s.missing for s in scored], dtype=np.int64),
    )

    def draw(ax: Axes) -> None:
        language = plot_language(t.lang, reveal=summary.revealed)
        draw_scores(ax, counts, language.field_names(counts.groups), language, threshold=summary.low_score)

    alt = t(
        "scores.alt",
        fields=t("count.field", len(scored)),
        field=t.field(lowest.field),
        median=t.count(lowest.median),
        below=t.count(lowest.below),
        n=t.count(lowest.n),
        low=summary.low_score,
    )
    return draw_picture(draw, (7.6, height_for(counts)), alt, t("scores.figure", low=summary.low_score))


def confusions_picture(summary: ReportSummary) -> Picture | None:
    """Characters that were read as others; None without confusions."""
    pairs = None if summary.results is None else summary.results.confusions
    if not summary.confusions or pairs is None:
        return None
    t = messages(summary.lang)
    most = max(summary.confusions, key=lambda c: c.count)
    nothing = t("accuracy.nothing")
    alt = t(
        "accuracy.confusions_alt",
        len(pairs),
        truth=most.truth or nothing,
        read=most.read or nothing,
        times=t.count(most.count),
    )

    def draw(ax: Axes) -> None:
        plot_confusions(pairs, n=len(pairs), ax=ax, lang=t.lang, reveal=True)  # the summary has chosen them

    return draw_picture(draw, (7.6, 1.2 + _ROWS * len(pairs)), alt, t("accuracy.confusions_figure"))


def reliability_picture(summary: ReportSummary, calibrated: Calibrated) -> Picture | None:
    """Accuracy by score; None when nothing could be compared."""
    result = None if summary.results is None else summary.results.calibration
    if not calibrated.bins or result is None:
        return None
    t = messages(summary.lang)
    far = max(calibrated.fields, key=lambda f: f.ece - f.ece_expected)
    fields = t("count.field", len(calibrated.fields))
    alt = t("calibration.alt_chance", fields=fields)
    if far.ece > far.ece_expected:
        shown = {"field": t.field(far.field), "score": f"{far.score:.1f}", "accuracy": t.rate(far.accuracy)}
        alt = t("calibration.alt", fields=fields, **shown)

    def draw(ax: Axes) -> None:
        plot_reliability(result, ax=ax, lang=t.lang)

    return draw_picture(draw, (7.6, 4.6), alt, t("calibration.figure"), narrow=6.4)


def risk_picture(summary: ReportSummary, costs: Priced) -> Picture | None:
    """Risk by coverage; None when nothing could be compared."""
    result = None if summary.results is None else summary.results.costs
    if not costs.curve or result is None:
        return None
    t = messages(summary.lang)
    whole = next((f for f in costs.fields if f.field == EVERY), costs.fields[0])
    drawable = {point.field or EVERY for point in costs.curve}
    commonest = sorted(costs.fields, key=lambda f: -f.cases)
    shown = [f.field or EVERY for f in commonest if (f.field or EVERY) in drawable][: MOST_LINES + 1]
    alt = t(
        "costs.alt",
        passed=t.count(whole.passed),
        cases=t.count(whole.cases),
        errors=t.count(whole.errors),
        cost=t.money(whole.cost),
        all=t.money(whole.cost_all_reviewed),
    )

    def draw(ax: Axes) -> None:
        plot_risk_coverage(result, field=shown, ax=ax, lang=t.lang)

    return draw_picture(draw, (7.6, 4.6), alt, t("costs.figure"), narrow=6.4)


def comparison_picture(summary: ReportSummary, compared: Compared) -> Picture | None:
    """Change of accuracy, or agreement without truth; None if the runs have no reading in common."""
    result = None if summary.results is None else summary.results.comparison
    if not compared.fields or result is None:
        return None
    t, changes = messages(summary.lang), compared.accuracy
    accuracy = None if result.accuracy is None else result.accuracy.tail(MOST_FIELDS + 1)
    result = replace(result, fields=result.fields.head(MOST_FIELDS), accuracy=accuracy)
    if changes is None:
        least = min(compared.fields, key=lambda f: f.share)
        share, readings = t.rate(least.share), t("count.reading", least.pairs)
        alt = t("comparison.alt_agree", field=t.field(least.field), share=share, readings=readings)
    else:
        whole = next(c for c in changes if c.field == EVERY)
        lost, gained = t.count(whole.lost), t.count(whole.gained)
        alt = t("comparison.alt_change", change=t.change(whole.difference), lost=lost, gained=gained)

    def draw(ax: Axes) -> None:
        plot_compare(result, ax=ax, lang=t.lang)

    rows = len(compared.fields if changes is None else changes)
    caption = t("comparison.figure_agree" if changes is None else "comparison.figure_change")
    return draw_picture(draw, (7.6, 1.3 + _ROWS * max(rows, 2)), alt, caption)
