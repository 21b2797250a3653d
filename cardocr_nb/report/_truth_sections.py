"""The sections of a page that need truth, another run, or single cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cardocr_nb._i18n import messages
from cardocr_nb.quality._label_advice import obstacle
from cardocr_nb.report._page_blocks import Block, Cell, Chart, Gallery, Paragraph, Section
from cardocr_nb.report._sections import Row, bar, expected, left_out, named, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cardocr_nb._i18n import Messages
    from cardocr_nb.report._charts import Picture
    from cardocr_nb.report._report_summary import ReportSummary, WorstCase
    from cardocr_nb.report._truth_records import Agreement, Compared, FieldThreshold, Promise
    from cardocr_nb.report._worst_case_images import CasePictures

    HasField: TypeAlias = Agreement | FieldThreshold

_SIGNIFICANT = 0.05
_ADVICE = {
    "few": "thresholds.few",
    "errors": "thresholds.errors",
    "incorrect": "thresholds.incorrect",
    "uneven": "thresholds.uneven",
}
"""Probability of naming any field if the scores of none shifted."""


def truth_sections(s: ReportSummary, figures: Mapping[str, Picture]) -> list[Section]:
    """Sections on truth and on another run, as far as there is either."""
    found = []
    if s.accuracy is not None:
        found.append(_accuracy(s, figures))
    if s.calibration is not None:
        found.append(_calibration(s, figures))
    if s.thresholds is not None:
        found.append(_thresholds(s))
    if s.costs is not None:
        found.append(_costs(s, figures))
    if s.comparison is not None:
        found.append(_comparison(s, s.comparison, figures))
    return found


def _chart(figures: Mapping[str, Picture], name: str) -> list[Block]:
    return [Chart(figures[name])] if name in figures else []


def _accuracy(s: ReportSummary, figures: Mapping[str, Picture]) -> Section:
    t = messages(s.lang)
    rows: list[Row] = [
        (
            named(t, a.field),
            t.count(a.cases),
            t.count(a.correct),
            bar(t, a.correct, a.cases),
            t.interval(a.low, a.high),
            t.count(a.missing),
            t.count(a.spurious),
            t.rate(a.cer),
        )
        for a in s.accuracy or ()
    ]
    blocks: list[Block] = [Paragraph(t("accuracy.none"))]
    if rows:
        heads = "field:row cases:number correct:number exact_share:share interval:number missing:number spurious:number cer:number"
        blocks = [table(t, t("accuracy.caption"), heads, rows), *left_out(s, "accuracy")]
        if s.absent:
            blocks.insert(0, Paragraph(t("accuracy.absent", s.absent)))
        if s.correlated:
            blocks.append(Paragraph(t("accuracy.correlated")))
    if s.confusions:
        nothing = Cell(t("accuracy.nothing"))
        pairs: list[Row] = [
            (named(t, c.field), *(Cell(x, foreign=True) if x else nothing for x in (c.truth, c.read)), t.count(c.count))
            for c in s.confusions
        ]
        blocks += _chart(figures, "confusions")
        blocks.append(table(t, t("accuracy.confusions"), "field:row on_card read_as times:number", pairs))
    return Section("accuracy", t("accuracy.title"), tuple(blocks))


def _calibration(s: ReportSummary, figures: Mapping[str, Picture]) -> Section:
    t = messages(s.lang)
    fields = s.calibration.fields if s.calibration else ()
    rows: list[Row] = [
        (
            named(t, f.field),
            t.count(f.cases),
            f"{f.score:.1f}",
            t.rate(f.accuracy),
            t.decimal(f.ece),
            t.decimal(f.ece_expected),
            t.decimal(f.brier),
            t.decimal(f.auroc),
            t.count(f.distinct),
        )
        for f in fields
    ]
    if not rows:
        return Section("calibration", t("calibration.title"), (Paragraph(t("calibration.none")),))
    heads = "field:row cases:number mean_score:number right_share:number ece:number ece_expected:number brier:number auroc:number distinct:number"
    blocks: list[Block] = [Paragraph(t("calibration.explain")), *_chart(figures, "reliability")]
    blocks.append(table(t, t("calibration.caption"), heads, rows))
    blocks.append(Paragraph(t("calibration.floor"), soft=True))
    few = [t.field(f.field) for f in fields if f.distinct <= 3]
    if few:
        blocks.append(Paragraph(t("calibration.few", fields=t("lead.and").join(few)), soft=True))
    return Section("calibration", t("calibration.title"), tuple(blocks))


def _thresholds(s: ReportSummary) -> Section:
    t = messages(s.lang)
    promise = s.thresholds
    if promise is None or not promise.fields:
        return Section("thresholds", t("thresholds.title"), (Paragraph(t("thresholds.none")),))
    rows: list[Row] = [
        (
            named(t, f.field),
            t.count(f.threshold),
            t.count(f.cases),
            t.count(f.passing),
            bar(t, f.passing, f.cases),
            t.rate(f.right),
            t.rate(f.bound),
        )
        for f in promise.fields
    ]
    caption = t("thresholds.caption", precision=t.rate(promise.precision), confidence=t.rate(promise.confidence))
    heads = "field:row threshold:number cases:number passing:number share:share right_share:number bound:number"
    blocks = (table(t, caption, heads, rows), *_advice(t, promise), Paragraph(t("thresholds.explain"), soft=True))
    return Section("thresholds", t("thresholds.title"), blocks)


def _advice(t: Messages, promise: Promise) -> list[Block]:
    """For fields without a threshold: how many cases are enough, or why their number does not decide."""
    without = [f for f in promise.fields if f.threshold is None]
    units = t("thresholds.groups" if promise.grouped else "thresholds.cards")
    kinds = {f.field: obstacle(f.units, f.errors, f.enough, promise.precision, promise.confidence) for f in without}
    blocks: list[Block] = []
    for kind in dict.fromkeys(kinds.values()):
        some = [f for f in without if kinds[f.field] == kind]
        each = [[f] for f in some] if kind == "errors" else [some]
        for part in each:
            low, high = (t.count(bound(f.units for f in part)) for bound in (min, max))
            have = low if low == high else t("thresholds.range", low=low, high=high)
            words = {"fields": _names(t, part, promise.fields), "have": have, "units": units}
            words |= {"enough": t.count(max(f.enough for f in part)), "errors": t.count(part[0].errors)}
            blocks.append(Paragraph(t(_ADVICE[kind], **words)))
    return blocks


def _names(t: Messages, some: Sequence[HasField], every: Sequence[HasField]) -> str:
    return t.field(None) if len(some) == len(every) > 1 else t("lead.and").join(t.field(f.field) for f in some)


def _costs(s: ReportSummary, figures: Mapping[str, Picture]) -> Section:
    t = messages(s.lang)
    costs = s.costs
    if costs is None or not costs.fields:
        return Section("costs", t("costs.title"), (Paragraph(t("costs.none")),))
    rows: list[Row] = [
        (
            named(t, f.field),
            t.count(f.threshold),
            t.count(f.cases),
            bar(t, f.passed, f.cases),
            t.count(f.errors),
            t.money(f.cost),
            t.money(f.cost_held_out),
            t.money(f.cost_all_reviewed),
            t.money(f.cost_none_reviewed),
            t.decimal(f.aurc),
        )
        for f in costs.fields
    ]
    heads = "field:row threshold:number cases:number passing:share errors:number cost:number cost_held_out:number cost_all:number cost_none:number aurc:number"
    blocks = [
        Paragraph(t("costs.explain", review=t.money(costs.review), error=t.money(costs.error))),
        *_chart(figures, "risk"),
        table(t, t("costs.caption"), heads, rows),
    ]
    return Section("costs", t("costs.title"), tuple(blocks))


def _comparison(s: ReportSummary, compared: Compared, figures: Mapping[str, Picture]) -> Section:
    t = messages(s.lang)
    if not compared.fields:
        return Section("comparison", t("comparison.title"), (Paragraph(t("comparison.none")),))
    rows: list[Row] = [
        (
            named(t, f.field),
            t.count(f.pairs),
            bar(t, f.agree, f.pairs),
            t.interval(f.low, f.high),
            t.count(f.only_left),
            t.count(f.only_right),
            *("–" if mean is None else f"{mean:.1f}" for mean in (f.score_left, f.score_right)),
            t.decimal(f.ks),
            t.decimal(f.psi),
            t.decimal(f.psi_expected),
            t.p_value(f.psi_p),
        )
        for f in compared.fields
    ]
    heads = "field:row pairs:number agree:share interval:number only_here:number only_there:number this_score:number other_score:number ks:number psi:number psi_expected:number psi_p:number"
    blocks: list[Block] = [*_chart(figures, "comparison"), table(t, t("comparison.caption"), heads, rows)]
    if compared.left_only or compared.right_only:
        only = {"left": t("count.card", compared.left_only), "right": t("count.card", compared.right_only)}
        blocks.append(Paragraph(t("comparison.only", **only), soft=True))
    blocks += [*_shifts(t, compared), *_changes(t, compared), *_flips(t, compared, revealed=s.revealed)]
    return Section("comparison", t("comparison.title"), tuple(blocks))


def _shifts(t: Messages, compared: Compared) -> list[Block]:
    """Name the fields whose scores shifted: above the expected PSI, and at 5 % over all fields (Bonferroni)."""
    tested = [
        (f, f.psi > f.psi_expected, f.psi_p)
        for f in compared.fields
        if f.psi is not None and f.psi_expected is not None and f.psi_p is not None
    ]
    if not tested:
        return []
    shifted = [f for f, above, p in tested if above and p * len(tested) < _SIGNIFICANT]
    if not shifted:
        return [Paragraph(t("comparison.no_shift"), soft=True)]
    return [Paragraph(t("comparison.shift", fields=_names(t, shifted, compared.fields)), soft=True)]


def _changes(t: Messages, compared: Compared) -> list[Block]:
    rows: list[Row] = [
        (
            named(t, c.field),
            t.count(c.cases),
            t.count(c.right_left),
            t.count(c.right_right),
            t.count(c.lost),
            t.count(c.gained),
            t.change(c.difference),
            t.change_interval(c.low, c.high),
            t.p_value(c.p),
        )
        for c in compared.accuracy or ()
    ]
    heads = "field:row cases:number right_here:number right_there:number lost:number gained:number change:number interval:number p:number"
    return [table(t, t("comparison.accuracy"), heads, rows)] if rows else []


def _flips(t: Messages, compared: Compared, *, revealed: bool) -> list[Block]:
    if not compared.flips:
        return [Paragraph(t("comparison.no_flips"))]
    rows: list[Row] = [
        (
            f.key,
            named(t, f.field),
            t.count(f.score_left),
            t.count(f.score_right),
            Cell(f.text_left or "–", foreign=True),
            Cell(f.text_right or "–", foreign=True),
        )
        for f in compared.shown
    ]
    heads = "card:key field this_score:number other_score:number this_text:text other_text:text"
    caption = t("comparison.flips" if revealed else "comparison.flips_masked")
    differ = Paragraph(t("comparison.differ", readings=t("count.reading", compared.flips)))
    return [differ, table(t, caption, heads, rows)]


def worst(s: ReportSummary, pictures: CasePictures) -> Section:
    """Readings to look at first, with their pictures where there are any."""
    t = messages(s.lang)
    if not s.worst:
        nothing = t("worst.all_right" if s.accuracy else "worst.none")
        return Section("worst", t("worst.title"), (Paragraph(nothing),))
    truth, crops = s.accuracy is not None, bool(pictures.crops)
    heads = (
        "card:key field "
        + ("crop " if crops else "")
        + "score:number size:number text:text "
        + "truth:text " * truth
        + "why:why"
    )
    rows: list[Row] = [
        (
            w.key,
            named(t, w.field),
            *((Cell("–", picture=pictures.crops.get(i)),) if crops else ()),
            t.count(w.score),
            "–" if w.size is None else t("plot.size", width=w.size[0], height=w.size[1]),
            Cell(w.text or "–", foreign=True),
            *((Cell(w.truth or "–", foreign=True),) if truth else ()),
            _why(t, w),
        )
        for i, w in enumerate(s.worst)
    ]
    blocks: list[Block] = [table(t, t("worst.caption" if s.revealed else "worst.caption_masked"), heads, rows)]
    blocks += [Gallery(t("worst.where"), pictures.cards)] if pictures.cards else []
    return Section("worst", t("worst.title"), tuple(blocks))


def _why(t: Messages, case: WorstCase) -> str:
    if case.reason == "check" and case.check is not None:
        return t("why.check", expected=expected(t, case.check))
    return t(f"why.{case.reason}", case.edits)
