"""A plot becomes a picture of a page: without pyplot, in a light and a dark copy, in the page's language."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cardocr_nb.plot._plot_fonts import lettering
from cardocr_nb.plot._style import style

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cardocr_nb.plot._plot_fonts import Lettering
    from cardocr_nb.report._i18n import Words

Mode = Literal["light", "dark"]

_LONGEST = 44
_DATES = ("%Y", "%Y-%m", "%d", "%H:%M", "%H:%M", "%S.%f")
"""How dates stand on an axis, by years, months, days and so on: in figures, which every language reads."""
_DATE_STARTS = ("", "%Y", "%m-%d", "%m-%d", "%H:%M", "%H:%M")
_DATE_OFFSETS = ("", "%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d %H:%M")


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
    caption: str = ""


def drawn(
    t: Words, draw: Callable[[Axes, Lettering], None], size: tuple[float, float], alt: str, caption: str
) -> Picture:
    """Draw a figure of `size` inches twice, on light and on dark ground."""
    letters = lettering(t.lang)

    def copy(mode: Mode) -> str:
        from matplotlib.figure import Figure

        with style(mode):
            figure = Figure(figsize=size, layout="constrained")
            draw(figure.subplots(), letters)
            reword(figure, t, letters)
            return svg_address(figure)

    return Picture(copy("light"), copy("dark"), alt, caption)


def reword(figure: Figure, t: Words, letters: Lettering) -> None:
    """Put what the plots say in English into the words of the page, and names of any length into their places."""
    from matplotlib.dates import ConciseDateFormatter
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter, FuncFormatter

    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            known = axis.get_major_formatter()
            if isinstance(known, FixedFormatter):
                known.seq = [_shortened(_reworded(label, t, letters)) for label in known.seq]
                letters.dress(axis.get_ticklabels())
            elif isinstance(known, ConciseDateFormatter):
                known.formats, known.zero_formats = list(_DATES), list(_DATE_STARTS)
                known.offset_formats = list(_DATE_OFFSETS)
            elif isinstance(known, FuncFormatter):
                axis.set_major_formatter(FuncFormatter(lambda x, at, known=known: _reworded(known(x, at), t, letters)))
        legend = ax.get_legend()
        for text in [] if legend is None else legend.get_texts():
            text.set_text(_shortened(text.get_text()))
    for text in figure.findobj(Text):
        said = _reworded(text.get_text(), t, letters)
        if said != text.get_text():
            text.set_text(said)
            letters.dress([text])


def _shortened(label: str) -> str:
    """A label whose lines leave room for the figure: of a longer one the beginning and the end, where numbers stand."""
    lines = label.split("\n")
    return "\n".join(line if len(line) <= _LONGEST else f"{line[:24]}…{line[-_LONGEST + 25 :]}" for line in lines)


def _reworded(text: str, t: Words, letters: Lettering) -> str:
    if letters.lang != t.lang:
        return text
    for phrase, said in t.said["figure"].items():
        text = re.sub(phrase, said, text, flags=re.MULTILINE)
    return text


def svg_address(figure: Figure) -> str:
    """The figure as SVG in a ``data:`` address, its texts as outlines, so that it needs no font."""
    import matplotlib as mpl

    file = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "cardocr_nb"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode("ascii")
