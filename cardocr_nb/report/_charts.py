"""Plots as pictures of a page: without pyplot, in a light and a dark copy, in the language of the page."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cardocr_nb.plot._style import style

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


Mode = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure of a page.

    Attributes
    ----------
    light, dark : str
        ``data:`` addresses of the two copies; `dark` is empty where one copy suits both.
    alt : str
        Alternative text: the finding, in a sentence.
    caption : str
        How to read it.
    """

    light: str
    dark: str
    alt: str
    caption: str = ""


def draw_picture(draw: Callable[[Axes], object], size: tuple[float, float], alt: str, caption: str) -> Picture:
    """Draw a figure of `size` inches twice, on a light and on a dark background."""

    def copy(mode: Mode) -> str:
        from matplotlib.figure import Figure

        with style(mode):
            figure = Figure(figsize=size, layout="constrained")
            draw(figure.subplots())
            return svg_address(figure)

    return Picture(copy("light"), copy("dark"), alt, caption)


def svg_address(figure: Figure) -> str:
    """The figure as SVG in a ``data:`` address. Its texts are outlines, so it needs no font."""
    import matplotlib as mpl

    file = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "cardocr_nb"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode("ascii")
