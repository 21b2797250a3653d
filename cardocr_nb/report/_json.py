"""A summary as JSON, for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cardocr_nb.report._headline import headline, methods

if TYPE_CHECKING:
    from cardocr_nb.report._report_summary import ReportSummary


def render_json(summary: ReportSummary) -> str:
    """Write a summary as JSON: one object whose members are the attributes of `ReportSummary`, in any language.

    Two more hold sentences in the summary's language: ``headline``, a text, and ``methods``, a list.

    Examples
    --------
    >>> import json
    >>> from cardocr_nb.frame._frame_schema import empty
    >>> from cardocr_nb.report import summarize
    >>> json.loads(render_json(summarize(empty())))["outcomes"]["cards"]
    0
    """
    sentences = {"headline": headline(summary), "methods": methods(summary)}
    return json.dumps(summary.records() | sentences, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
