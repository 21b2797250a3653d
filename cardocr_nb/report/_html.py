"""A summary as one HTML file: no script, no network, no other file."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from cardocr_nb._i18n import messages
from cardocr_nb.report._figures import figures
from cardocr_nb.report._headline import headline
from cardocr_nb.report._page import Pictures, page
from cardocr_nb.report._webfont import font_css

if TYPE_CHECKING:
    from jinja2 import Environment

    from cardocr_nb.report._report_summary import ReportSummary


def render_html(summary: ReportSummary, *, pictures: Pictures | None = None) -> str:
    """Make a page of a summary.

    Parameters
    ----------
    summary : ReportSummary
    pictures : Pictures, optional
        Pictures between the tables; by default the figures that can be drawn from the summary.

    Returns
    -------
    str
        An HTML document, to be written as UTF-8.

    Examples
    --------
    >>> from cardocr_nb.frame._frame_schema import empty
    >>> from cardocr_nb.report import summarize
    >>> render_html(summarize(empty(), title="Nothing yet")).splitlines()[0]
    '<!doctype html>'
    """
    shown = Pictures(figures(summary)) if pictures is None else pictures
    made = _environment().get_template("report.html").render(p=page(summary, shown), t=messages(summary.lang))
    made = _keep_rates_together(made)
    return made.replace("</style>", f"{font_css(made)}</style>", 1)


def render_fragment(summary: ReportSummary) -> str:
    """Render the summary for the output of a notebook cell."""
    t = messages(summary.lang)
    return _environment().get_template("summary.html").render(s=summary, headline=headline(summary), t=t)


def _keep_rates_together(page: str) -> str:
    r"""A page on which no line ends between a number and its per cent sign or unit of time.

    Examples
    --------
    >>> _keep_rates_together("100 % of 3 s") == "100\u00a0% of 3\u00a0s"
    True
    """
    return re.sub(r"(?<=\d) (?=%|(?:s|min|h|px)\b)", "\u00a0", page)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cardocr_nb.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
