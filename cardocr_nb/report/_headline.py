"""The findings and the methods of a report in sentences."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cardocr_nb._failure_codes import Remedy, remedy
from cardocr_nb._field_words import WHOLE_CARD
from cardocr_nb._i18n import messages
from cardocr_nb.quality._intervals import sample_size
from cardocr_nb.quality._label_advice import obstacle

if TYPE_CHECKING:
    from cardocr_nb.report._report_summary import ReportSummary

_NOT_BY_NUMBER = {"incorrect": "next.incorrect", "uneven": "next.uneven"}
"""Obstacles for which no number of further cases is known to help."""


_FAILED: dict[Remedy, str] = {
    "file": "next.failed_file",
    "again": "next.failed_again",
    "settings": "next.failed_settings",
    "unknown": "next.failed_unknown",
}


def headline(summary: ReportSummary) -> str:
    """The findings in a few sentences.

    Examples
    --------
    >>> from cardocr_nb.frame._frame_schema import empty
    >>> from cardocr_nb.report import summarize
    >>> headline(summarize(empty())), headline(summarize(empty(), lang="zh"))
    ('This table contains 0 cards.', '表中没有卡证。')
    """
    t, o = messages(summary.lang), summary.outcomes
    if o.cards == 0:
        return t("lead.none")
    parts = [
        t("lead.read", o.read, read=t.count(o.read), cards=t("count.card", o.cards), share=t.ratio(o.read, o.cards))
    ]
    rest = (
        ("failed", o.failed),
        ("unfinished", o.unfinished),
        ("left_out", o.left_out),
        ("places_only", o.places_only),
        ("nothing_found", o.nothing_found),
    )
    parts += [t(f"lead.{name}", n) for name, n in rest if n]
    sentences = [t("lead.comma").join(parts) + t("lead.stop"), *_quality_sentences(summary), _next_step(summary)]
    return t("lead.space").join(sentence for sentence in sentences if sentence)


def _next_step(summary: ReportSummary) -> str:
    """What to do next, in a sentence; empty if nothing is open."""
    t, o = messages(summary.lang), summary.outcomes
    for kind in summary.card_types:
        found = kind.outcomes
        if found.nothing_found and found.nothing_found >= found.read + found.places_only:
            return t("next.other_card", card_type=t.lookup("card_type", kind.card_type))
    if o.failed and summary.failures:
        return _failure_advice(summary)
    if o.places_only:
        return t("next.places_only")
    if not summary.accuracy:
        return t("next.no_truth", n=t.count(sample_size()), precision=t.rate(0.995))
    open_fields = [f for f in summary.thresholds.fields if f.threshold is None] if summary.thresholds else []
    if not open_fields or summary.thresholds is None:
        return ""
    promise = summary.thresholds
    kinds = {f.field: obstacle(f.units, f.errors, f.enough, promise.precision, promise.confidence) for f in open_fields}
    first = min(open_fields, key=lambda f: (kinds[f.field] in _NOT_BY_NUMBER, f.enough - f.units))
    words = {"field": t.field(first.field), "precision": t.rate(promise.precision)}
    if kinds[first.field] in _NOT_BY_NUMBER:
        return t(_NOT_BY_NUMBER[kinds[first.field]], **words)
    return t("next.label_groups" if promise.grouped else "next.label", first.enough - first.units, **words)


def _failure_advice(summary: ReportSummary) -> str:
    """Advice for the failed cards that one remedy helps, of the remedies the one for most cards."""
    t = messages(summary.lang)
    cards: Counter[Remedy] = Counter()
    for failure in summary.failures:  # the most frequent first
        cards[remedy(failure.code)] += failure.cards
    most, n = cards.most_common(1)[0]
    code = next(failure.code for failure in summary.failures if remedy(failure.code) == most)
    return t(_FAILED[most], n, code=t("word.no_code") if code == "no_code" else code)


def _quality_sentences(summary: ReportSummary) -> list[str]:
    t = messages(summary.lang)
    sentences = []
    if summary.checks:
        failed = sum(c.failed for c in summary.checks if c.severity == "error")
        sentences.append(t("lead.errors", failed) if failed else t("lead.no_errors"))
    if summary.accuracy:
        fields = [a for a in summary.accuracy if a.field != WHOLE_CARD]
        cases = sum(a.cases for a in fields)
        exact = t.ratio(sum(a.correct for a in fields), cases)
        sentences.append(t("lead.accuracy", fields=t("count.field", cases), share=exact))
    if summary.thresholds and summary.thresholds.fields:
        promised = summary.thresholds.fields
        some = sum(f.threshold is not None for f in promised)
        precision = t.rate(summary.thresholds.precision)
        sentences.append(t("lead.thresholds", some=some, fields=t("count.field", len(promised)), precision=precision))
    if summary.comparison and summary.comparison.fields:
        pairs = sum(f.pairs for f in summary.comparison.fields)
        agree = t.ratio(sum(f.agree for f in summary.comparison.fields), pairs)
        sentences.append(t("lead.comparison", share=agree, readings=t("count.reading", pairs)))
    return sentences


def methods(summary: ReportSummary) -> tuple[str, ...]:
    """How the numbers were made, a sentence or two each."""
    parts = {
        "card": True,
        "scores": True,
        "quantiles": True,
        "completeness": True,
        "checks": True,
        "accuracy": summary.accuracy is not None,
        "cer": summary.accuracy is not None,
        "calibration": summary.calibration is not None,
        "thresholds": summary.thresholds is not None,
        "groups": summary.thresholds is not None and summary.thresholds.grouped,
        "costs": summary.costs is not None,
        "comparison": summary.comparison is not None,
        "masked": not summary.revealed,
        "keys": True,
    }
    t = messages(summary.lang)
    return tuple(t(f"methods.{name}") for name, there in parts.items() if there)
