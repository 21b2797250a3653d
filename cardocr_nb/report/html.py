"""A summary as a page that stands alone: no script, no network, no other file."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cardocr_nb.report.figures import scores_picture
from cardocr_nb.report.letters import letters_css
from cardocr_nb.report.words import FILTERS, headline, methods

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from cardocr_nb.report.figures import Picture
    from cardocr_nb.report.summary import ReportSummary


def render_html(summary: ReportSummary, *, pictures: Sequence[Picture] = ()) -> str:
    """Make a page of a summary.

    Parameters
    ----------
    summary : ReportSummary
    pictures : sequence of Picture, optional
        Cards to show beside the worst cases.

    Returns
    -------
    str
        An HTML document, to be written as UTF-8.

    Examples
    --------
    >>> from cardocr_nb.frame.schema import empty
    >>> from cardocr_nb.report import summarize
    >>> render_html(summarize(empty(), title="Nothing yet")).splitlines()[0]
    '<!doctype html>'
    """
    page = (
        _environment()
        .get_template("report.html")
        .render(
            s=summary,
            headline=headline(summary),
            methods=methods(summary),
            scores_picture=scores_picture(summary),
            pictures=pictures,
        )
    )
    return page.replace("</style>", f"{letters_css(page)}</style>", 1)


def render_fragment(summary: ReportSummary) -> str:
    """Make what a notebook shows of a summary."""
    return _environment().get_template("summary.html").render(s=summary, headline=headline(summary))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cardocr_nb.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment
