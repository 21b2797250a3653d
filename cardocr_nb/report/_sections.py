"""The sections of a page that need only the frame."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from cardocr_nb._i18n import messages
from cardocr_nb.cards import printed
from cardocr_nb.quality import REGISTRY
from cardocr_nb.report._page_blocks import Block, Cell, Chart, Column, Paragraph, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cardocr_nb._i18n import Messages
    from cardocr_nb.report._charts import Picture
    from cardocr_nb.report._report_summary import Outcomes, ReportSummary

Row: TypeAlias = tuple[Cell | str, ...]


def named(t: Messages, field: str | None) -> Cell:
    """A field's name; on an English page with the Chinese name as a note."""
    chinese = printed(field) if t.lang == "en" and field else None
    return Cell(t.field(field), note=chinese or "")


def bar(t: Messages, part: int, whole: int) -> Cell:
    """A share with its bar."""
    return Cell(t.ratio(part, whole), part=part / whole if whole else 0.0)


def table(t: Messages, caption: str, columns: str, rows: Iterable[Row], **values: str | int) -> Table:
    """A table whose columns are given as ``name:kind`` parted by spaces, the kind being ``plain`` if left out.

    Examples
    --------
    >>> from cardocr_nb._i18n import messages
    >>> table(messages("en"), "Names", "field:row cases:number", [("Name", "3")]).columns[1]
    Column(title='Cases', kind='number')
    """
    heads = []
    for column in columns.split():
        name, _, kind = column.partition(":")
        heads.append(Column(t(f"head.{name}", **values), kind or "plain"))  # type: ignore[arg-type]  # one of few words
    cells = tuple(tuple(c if isinstance(c, Cell) else Cell(c) for c in row) for row in rows)
    return Table(caption, tuple(heads), cells)


def left_out(summary: ReportSummary, name: str) -> tuple[Paragraph, ...]:
    """A remark on the rows of a table that were left out."""
    n = summary.left_out.get(name, 0)
    return (Paragraph(messages(summary.lang)("page.more", n), soft=True),) if n else ()


def run_section(s: ReportSummary, timeline: Picture | None) -> Section:
    """Outcomes and times of the run."""
    t = messages(s.lang)
    blocks: list[Block] = [Paragraph(t("run.none"))]
    if s.card_types:
        ended = partial(_ended, t, left_out=bool(s.outcomes.left_out))
        rows = [(t.lookup("card_type", k.card_type), *ended(k.outcomes)) for k in s.card_types]
        rows += [(t("word.all"), *ended(s.outcomes))] if len(rows) > 1 else []
        heads = "card_type:row cards:number read:number places_only:number nothing_found:number failed:number unfinished:number"
        heads += " left_out:number" if s.outcomes.left_out else ""
        blocks = [table(t, t("run.caption"), heads, rows), *left_out(s, "card_types")]
    if s.times is None:
        blocks.append(Paragraph(t("run.no_times"), soft=True))
    else:
        first, last = (t.timestamp(at) for at in (s.times.first, s.times.last))
        took = {"median": t.duration(s.times.median_seconds), "p95": t.duration(s.times.p95_seconds)}
        blocks.append(Paragraph(t("run.times", first=first, last=last, jobs=t("count.job", s.times.jobs), **took)))
    blocks += [] if timeline is None else [Chart(timeline)]
    return Section("run", t("run.title"), tuple(blocks))


def _ended(t: Messages, o: Outcomes, *, left_out: bool) -> tuple[str, ...]:
    counts = (o.cards, o.read, o.places_only, o.nothing_found, o.failed, o.unfinished, o.left_out)
    return tuple(t.count(n) for n in (counts if left_out else counts[:-1]))


def completeness_section(s: ReportSummary) -> Section:
    """Cards with a text, by field."""
    t = messages(s.lang)
    rows = [
        (
            t.lookup("card_type", c.card_type),
            named(t, c.field),
            bar(t, c.with_text, c.cards),
            t.count(c.with_text),
            t.count(c.cards),
        )
        for c in s.completeness
    ]
    heads = "card_type field:row share:share with_text:number cards:number"
    blocks: tuple[Block, ...] = (Paragraph(t("completeness.none")),)
    if rows:
        blocks = (table(t, t("completeness.caption"), heads, rows), *left_out(s, "completeness"))
    return Section("completeness", t("completeness.title"), blocks)


def failures_section(s: ReportSummary) -> Section:
    """Failed cards by error code."""
    t = messages(s.lang)
    rows = [
        (
            t("word.no_code") if f.code == "no_code" else f.code,
            t.count(f.cards),
            t.ratio(f.cards, s.outcomes.cards),
            f.message or "–",
        )
        for f in s.failures
    ]
    blocks: tuple[Block, ...] = (Paragraph(t("failures.none")),)
    if rows:
        shown = table(t, t("failures.caption"), "code:row cards:number share:number message:text", rows)
        blocks = (shown, *left_out(s, "failures"))
    return Section("failures", t("failures.title"), blocks)


def scores_section(s: ReportSummary, picture: Picture | None) -> Section:
    """Distribution of the scores."""
    t = messages(s.lang)
    rows: list[Row] = [
        (
            named(t, f.field),
            t.count(f.n),
            t.count(f.missing),
            *(t.count(q) for q in (f.p5, f.q1, f.median, f.q3)),
            t.ratio(f.below, f.n),
        )
        for f in s.scores
    ]
    blocks: list[Block] = [] if picture is None else [Chart(picture)]
    if rows:
        heads = "field:row scores:number missing:number p5:number q1:number median:number q3:number low:number"
        blocks += [table(t, t("scores.caption"), heads, rows, low=s.low_score), *left_out(s, "scores")]
    else:
        blocks.append(Paragraph(t("scores.none")))
    return Section("scores", t("scores.title"), tuple(blocks))


def checks_section(s: ReportSummary) -> Section:
    """Results of the checks."""
    t = messages(s.lang)
    failing = [c for c in s.checks if c.failed]
    rows: list[Row] = [
        (
            t.lookup("check", c.check),
            named(t, c.field),
            t.lookup("word", c.severity),
            t.count(c.judged),
            Cell(t.count(c.failed), alert=c.severity == "error"),
            t.ratio(c.failed, c.judged),
        )
        for c in failing
    ]
    blocks: list[Block] = []
    if rows:
        heads = "check:row field severity judged:number not_passed:number share:number"
        blocks += [table(t, t("checks.caption"), heads, rows), *left_out(s, "checks")]
    if s.checks:
        clean = t.count(len(s.checks) - len(failing))
        blocks.append(Paragraph(t("checks.passed", clean=clean, checks=t("count.check", len(s.checks)))))
    else:
        blocks.append(Paragraph(t("checks.none")))
    return Section("checks", t("checks.title"), tuple(blocks))


def expected(t: Messages, check: str) -> str:
    """Description of a reading that passes a check."""
    known = REGISTRY.get(check)
    return t.lookup("expected", check, check if known is None else known.detail)


def regions_section(s: ReportSummary, pictures: tuple[Picture, ...]) -> Section:
    """Mean scores by position on the card."""
    t = messages(s.lang)
    return Section("regions", t("regions.title"), (Paragraph(t("regions.explain")), *map(Chart, pictures)))
