"""A summary in its language, before it becomes HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cardocr_nb._i18n import messages
from cardocr_nb.report import _sections as sections
from cardocr_nb.report._headline import headline, methods
from cardocr_nb.report._page_blocks import Cell, Page, Points, Section
from cardocr_nb.report._truth_sections import truth_sections, worst
from cardocr_nb.report._worst_case_images import CasePictures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb.report._charts import Picture
    from cardocr_nb.report._report_summary import ReportSummary


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures between the tables of a page.

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
    """Build the page of a summary."""
    t = messages(s.lang)
    version = s.versions.get("cardocr_nb", "")
    state = t("page.revealed" if s.revealed else "page.masked")
    found = [
        sections.run_section(s, pictures.timeline),
        sections.completeness_section(s),
        sections.failures_section(s),
        sections.scores_section(s, pictures.figures.get("scores")),
        sections.checks_section(s),
        *truth_sections(s, pictures.figures),
        *([] if not pictures.regions else [sections.regions_section(s, pictures.regions)]),
        worst(s, pictures.cases),
        Section("methods", t("methods.title"), (Points(methods(s)),)),
    ]
    return Page(
        title=s.title,
        made=f"{t('page.made', time=t.timestamp(s.made), version=version)} · {state}",
        lead=headline(s),
        tiles=_tiles(s),
        sections=tuple(found),
        versions=tuple(s.versions.items()),
    )


def _tiles(s: ReportSummary) -> tuple[Cell, ...]:
    t, o = messages(s.lang), s.outcomes
    tiles = [
        Cell(t.count(o.cards), t("tile.cards")),
        Cell(t.count(o.read), t("tile.read")),
        Cell(t.count(o.nothing_found), t("tile.nothing_found"), alert=bool(o.nothing_found)),
        Cell(t.count(o.failed), t("tile.failed"), alert=bool(o.failed)),
    ]
    if o.places_only:
        tiles.insert(2, Cell(t.count(o.places_only), t("tile.places_only"), alert=True))
    if o.unfinished:
        tiles.append(Cell(t.count(o.unfinished), t("tile.unfinished")))
    if o.left_out:
        tiles.append(Cell(t.count(o.left_out), t("tile.left_out")))
    return (*tiles, Cell(t.count(s.fields), t("tile.fields")))
