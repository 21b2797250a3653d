"""A summary as Markdown with tables, for a merge request or a wiki."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from cardocr_nb.report._page import Pictures, page

if TYPE_CHECKING:
    from jinja2 import Environment

    from cardocr_nb.report._report_summary import ReportSummary


def render_markdown(summary: ReportSummary) -> str:
    """Write a summary as Markdown.

    Examples
    --------
    >>> from cardocr_nb.frame._frame_schema import empty
    >>> from cardocr_nb.report import summarize
    >>> render_markdown(summarize(empty(), title="Nothing yet")).splitlines()[0]
    '# Nothing yet'
    """
    made = _environment().get_template("report.md").render(p=page(summary, Pictures()))
    made = re.sub(r"[ \t]+$", "", made, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", made).strip() + "\n"


def line(text: str) -> str:
    r"""Text from outside on one line of Markdown: nothing in it is taken for markup or for a cell's end.

    Examples
    --------
    >>> print(line("a|b*\n<i>"))
    a\|b\* &lt;i&gt;
    """
    flat = re.sub(r"\s+", " ", text).strip()
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#~])", r"\\\1", flat)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cardocr_nb.report"),
        autoescape=False,  # noqa: S701 - Markdown, not HTML; the filter `line` escapes what comes from outside
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["line"] = line
    return environment
