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
MODES: tuple[Mode, Mode] = ("light", "dark")
_DPI = 170
"""Of the copies for phones, which have two to three pixels for one of the page."""

NARROW = 4.4
"""Width in inches of the copies for phones: at 335 pixels their texts have 7 to 8 pixels."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure of a page.

    Attributes
    ----------
    light, dark : str
        ``data:`` addresses of the two copies; `dark` is empty where one copy suits both.
    alt : str
        Alternative text: the finding, in a sentence.
    narrow : tuple of (str, str) or None
        Light and dark copy for the width of a phone.
    caption : str
        How to read it.
    """

    light: str
    dark: str
    alt: str
    caption: str = ""
    narrow: tuple[str, str] | None = None


def draw_picture(
    draw: Callable[[Axes], object],
    size: tuple[float, float],
    alt: str,
    caption: str,
    narrow: float | None = None,
) -> Picture:
    """Draw a figure for a page.

    Parameters
    ----------
    draw : callable
        Draws on the axes that it is given.
    size : tuple of (float, float)
        Width and height in inches.
    alt, caption : str
        See `Picture`.
    narrow : float, optional
        Height of the copies for phones, which are 4.4 inches wide; by default `height`.

    Returns
    -------
    Picture
        In a light and a dark copy, each for a wide and for a narrow page.
    """

    def copy(mode: Mode, size: tuple[float, float], address: Callable[[Figure], str]) -> str:
        from matplotlib.figure import Figure

        with style(mode):
            figure = Figure(figsize=size, layout="constrained", dpi=_DPI)
            draw(figure.subplots())
            return address(figure)

    small = (NARROW, size[1] if narrow is None else narrow)
    wide, phone = ([copy(m, s, a) for m in MODES] for s, a in ((size, svg_address), (small, webp_address)))
    return Picture(wide[0], wide[1], alt, caption, (phone[0], phone[1]))


def svg_address(figure: Figure) -> str:
    """The figure as SVG in a ``data:`` address. Its texts are outlines, so it needs no font."""
    import matplotlib as mpl

    file = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "cardocr_nb"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def webp_address(figure: Figure) -> str:
    """The figure as lossless WebP in a ``data:`` address: a fifth of the size of the SVG."""
    file = io.BytesIO()
    figure.savefig(file, format="webp", pil_kwargs={"lossless": True, "method": 4})
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
