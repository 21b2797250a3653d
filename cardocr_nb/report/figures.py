"""The figures of a report: drawn without pyplot, in a light and a dark copy, each with an alternative text."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cardocr_nb.cards import english
from cardocr_nb.plot.counts import ScoreCounts
from cardocr_nb.plot.fonts import lettering
from cardocr_nb.plot.scores import draw_scores, height_for
from cardocr_nb.plot.style import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cardocr_nb.report.summary import ReportSummary

Mode = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as it stands in a page.

    Attributes
    ----------
    light, dark : str
        ``data:`` addresses of the two copies; `dark` is empty where one copy suits both.
    alt : str
        What the figure shows, in a sentence.
    caption : str
        How to read it.
    """

    light: str
    dark: str
    alt: str
    caption: str


def scores_picture(summary: ReportSummary) -> Picture | None:
    """Histograms of the scores, a row a field; None when there are no scores."""
    scored = [s for s in summary.scores if s.n]
    if not scored:
        return None
    lowest = min(scored, key=lambda s: (s.median, -s.below / s.n))
    counts = ScoreCounts(
        tuple(s.field for s in scored),
        np.array([s.counts for s in scored], dtype=np.int64),
        np.array([s.missing for s in scored], dtype=np.int64),
    )

    def draw(mode: Mode) -> str:
        from matplotlib.figure import Figure

        letters = lettering("en")
        with style(mode):
            figure = Figure(figsize=(7.6, height_for(counts)), layout="constrained")
            names = letters.field_names(counts.groups)
            draw_scores(figure.subplots(), counts, names, letters, threshold=summary.low_score)
            return svg_address(figure)

    return Picture(
        draw("light"),
        draw("dark"),
        f"Histograms of the scores of {len(scored)} fields. The lowest median is that of {english(lowest.field)}, "
        f"{lowest.median}; {lowest.below:,} of its {lowest.n:,} scores lie below {summary.low_score}.",
        f"Scores by field, each row to its own height. The dashed line marks {summary.low_score}.",
    )


def svg_address(figure: Figure) -> str:
    """The figure as SVG in a ``data:`` address, its texts as outlines, so that it needs no font."""
    import matplotlib as mpl

    file = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "cardocr_nb"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode("ascii")
