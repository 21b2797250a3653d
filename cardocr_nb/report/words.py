"""The sentences and numbers of a report, the same in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb.cards import english, printed

if TYPE_CHECKING:
    from collections.abc import Callable

    from cardocr_nb.report.summary import ReportSummary


def count(n: int) -> str:
    """A whole number with separators.

    Examples
    --------
    >>> count(1234567)
    '1,234,567'
    """
    return f"{n:,}"


def rate(value: float | None) -> str:
    """A share between 0 and 1 in per cent; never 0 % for something nor 100 % for not quite all.

    Examples
    --------
    >>> rate(0.98765), rate(1.0), rate(0.99999), rate(0.0001), rate(None)
    ('98.8 %', '100 %', 'over 99.9 %', 'under 0.1 %', '–')
    """
    if value is None:
        return "–"
    if value in (0, 1):
        return f"{100 * value:.0f} %"
    if value < 0.001:
        return "under 0.1 %"
    return "over 99.9 %" if value > 0.999 else f"{100 * value:.1f} %"


def share(part: int, whole: int) -> str:
    """A part of a whole in per cent, see `rate`.

    Examples
    --------
    >>> share(1, 3), share(0, 0)
    ('33.3 %', '–')
    """
    return rate(part / whole if whole else None)


def span(low: float | None, high: float | None) -> str:
    """An interval of a share in per cent.

    Examples
    --------
    >>> span(0.758, 0.968), span(0.806, 1.0), span(None, None)
    ('75.8–96.8 %', '80.6–100 %', '–')
    """
    if low is None or high is None:
        return "–"
    ends = (f"{100 * end:.0f}" if end in (0, 1) else f"{100 * end:.1f}" for end in (low, high))
    return "–".join(ends) + " %"


def plural(n: int, noun: str) -> str:
    """A number with its noun.

    Examples
    --------
    >>> plural(1, "card"), plural(2000, "card")
    ('1 card', '2,000 cards')
    """
    return f"{count(n)} {noun}{'' if n == 1 else 's'}"


def duration(seconds: float) -> str:
    """A span of time.

    Examples
    --------
    >>> duration(0.84), duration(75), duration(7260)
    ('0.84 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def moment(iso: str) -> str:
    """A time for people, with its offset.

    Examples
    --------
    >>> moment("2026-03-01T09:30:00+08:00")
    '2026-03-01 09:30:00 +08:00'
    """
    return f"{iso[:10]} {iso[11:19]} {iso[-6:]}"


FILTERS: dict[str, Callable[..., str | None]] = {
    f.__name__: f for f in (count, share, rate, span, plural, duration, moment, printed, english)
}
"""For the templates."""


def headline(summary: ReportSummary) -> str:
    """The findings in a few sentences.

    Examples
    --------
    >>> from cardocr_nb.frame.schema import empty
    >>> from cardocr_nb.report import summarize
    >>> headline(summarize(empty()))
    'There are no cards in this frame.'
    """
    o = summary.outcomes
    if o.cards == 0:
        return "There are no cards in this frame."
    parts = [
        f"{count(o.read)} of {plural(o.cards, 'card')} {'was' if o.read == 1 else 'were'} read ({share(o.read, o.cards)})"
    ]
    parts += [f"{count(n)} {words}" for n, words in ((o.failed, "failed"), (o.unfinished, "did not end")) if n]
    if o.nothing_found:
        parts.append(f"on {count(o.nothing_found)} no card was found")
    sentences = ["; ".join(parts) + "."]
    failed = sum(c.failed for c in summary.checks if c.severity == "error")
    if summary.checks:
        sentences.append(f"The checks found {plural(failed, 'error')}." if failed else "The checks found no error.")
    if summary.accuracy:
        fields = [a for a in summary.accuracy if a.field != WHOLE_CARD]
        cases = sum(a.cases for a in fields)
        exact = share(sum(a.correct for a in fields), cases)
        sentences.append(f"Of {plural(cases, 'field')} with a known truth {exact} were read exactly.")
    return " ".join(sentences)


WHOLE_CARD = "whole card"
"""Stands for a field's name where cards are counted."""


def methods(summary: ReportSummary) -> list[str]:
    """How the numbers were made, a sentence each."""
    told = [
        "A card is one job, or one image where there was no job; it counts as read when at least one field came back.",
        "Scores are the service's own confidence, 0 to 100; they are not probabilities until they are calibrated.",
        "Quantiles are the smallest score that at least that share of the readings does not exceed.",
        "Completeness counts, among the cards that were read, those on which the field has a text.",
        "Checks judge readings without truth; passing one does not prove a reading right.",
    ]
    if summary.accuracy is not None:
        told.append(
            "Accuracy is the share of exact readings once both sides are normalised, with the 95 % interval of Wilson (1927)."
        )
        told.append(
            "CER, the character error rate, is the number of edits needed in proportion to the characters that stand there."
        )
    if not summary.revealed:
        told.append("Texts from the cards are masked; the number of characters is kept.")
    return told
