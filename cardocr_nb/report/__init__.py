"""From a frame to a report.

`summarize` counts everything once and gives plain data, `render_html`, `render_markdown` and `render_json` write it down,
`report` does both and writes a file; `show` shows rows in a notebook; `report_notebook` makes a notebook with the same content;
`to_excel` writes a workbook for people who correct readings, `from_excel` reads it back. Texts from cards are masked unless
``reveal=True``. Names of images are not: they join the report to the files.
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.report._card_table import CardTable, show
from cardocr_nb.report._html import render_html
from cardocr_nb.report._json import render_json
from cardocr_nb.report._markdown import render_markdown
from cardocr_nb.report._notebook import report_notebook
from cardocr_nb.report._report_summary import ReportSummary
from cardocr_nb.report._summarize import summarize
from cardocr_nb.report._workbook import from_excel, to_excel
from cardocr_nb.report._write import report

__all__ = [
    "CardTable",
    "ReportSummary",
    "from_excel",
    "render_html",
    "render_json",
    "render_markdown",
    "report",
    "report_notebook",
    "show",
    "summarize",
    "to_excel",
]

guard_public(__all__, __name__)
