"""A summary in the words of its language, before it becomes HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cardocr_nb.report import _sections as sections
from cardocr_nb.report._headline import headline, methods
from cardocr_nb.report._i18n import words
from cardocr_nb.report._page_blocks import Cell, Page, Points, Section
from cardocr_nb.report._truth_sections import verdicts, worst
from cardocr_nb.report._worst_case_images import CasePictures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb.report._charts import Picture
    from cardocr_nb.report._report_summary import ReportSummary


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a page shows beside its tables.

    Attributes
    ----------
    figures : mapping of str to Picture
        Drawn from the summary, see `cardocr_nb.report._figures.figures`.
    timeline : Picture or None
        How long the jobs took over time.
    regions : tuple of Picture
        Heatmaps over the cards, one a type.
    cases : CasePictures
        Of the worst cases.
    """

    figures: Mapping[str, Picture] = field(default_factory=dict)
    timeline: Picture | None = None
    regions: tuple[Picture, ...] = ()
    cases: CasePictures = field(default_factory=CasePictures)


def page(s: ReportSummary, pictures: Pictures) -> Page:
    """Say what a summary holds."""
    t = words(s.lang)
    version = s.versions.get("cardocr_nb", "")
    state = t("page.revealed" if s.revealed else "page.masked")
    found = [
        sections.run(s, pictures.timeline),
        sections.completeness(s),
        sections.failures(s),
        sections.scores(s, pictures.figures.get("scores")),
        sections.checks(s),
        *verdicts(s, pictures.figures),
        *([] if not pictures.regions else [sections.regions(s, pictures.regions)]),
        worst(s, pictures.cases),
        Section("methods", t("methods.title"), (Points(methods(s)),)),
    ]
    return Page(
        title=s.title,
        made=f"{t('page.made', time=t.moment(s.made), version=version)} · {state}",
        lead=headline(s),
        tiles=_tiles(s),
        sections=tuple(found),
        versions=tuple(s.versions.items()),
    )


def _tiles(s: ReportSummary) -> tuple[Cell, ...]:
    t, o = words(s.lang), s.outcomes
    tiles = [
        Cell(t.count(o.cards), t("tile.cards")),
        Cell(t.count(o.read), t("tile.read")),
        Cell(t.count(o.nothing_found), t("tile.nothing_found"), bad=bool(o.nothing_found)),
        Cell(t.count(o.failed), t("tile.failed"), bad=bool(o.failed)),
    ]
    if o.unfinished:
        tiles.append(Cell(t.count(o.unfinished), t("tile.unfinished")))
    return (*tiles, Cell(t.count(s.fields), t("tile.fields")))
