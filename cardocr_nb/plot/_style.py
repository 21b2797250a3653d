"""Style of the plots: colors safe for color-blind readers, light and dark, and new axes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, cast

from cardocr_nb._text_safety import shown_choice

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7F7F7F")
"""Okabe and Ito, "Color Universal Design" (2008), without the yellow and the black that vanish on white and on dark."""

MARK = COLORS[1]
"""Color of thresholds and failures."""

_INK = {
    "light": {"paper": "#ffffff", "text": "#1f2328", "line": "#8c959f", "grid": "#d8dee4"},
    "dark": {"paper": "#14181d", "text": "#e6e8eb", "line": "#7d8590", "grid": "#343b44"},
}


@contextmanager
def style(mode: Literal["light", "dark"] = "light") -> Iterator[None]:
    """Draw in the package's light or dark style inside a ``with`` block; the settings before it come back after it.

    Parameters
    ----------
    mode : {"light", "dark"}, default "light"

    Raises
    ------
    ValueError
        Another mode is asked for.

    Examples
    --------
    >>> import matplotlib
    >>> from matplotlib.figure import Figure
    >>> before = matplotlib.rcParams["text.color"]
    >>> with style("dark"):
    ...     ax = Figure().subplots()
    >>> ax.xaxis.label.get_color(), matplotlib.rcParams["text.color"] == before
    ('#e6e8eb', True)
    """
    if mode not in _INK:
        raise ValueError(f"mode must be 'light' or 'dark', got {shown_choice(mode, ('light', 'dark'))}")
    import matplotlib as mpl

    ink = _INK[mode]
    with mpl.rc_context(
        {
            "figure.facecolor": ink["paper"],
            "savefig.facecolor": ink["paper"],
            "axes.facecolor": ink["paper"],
            "axes.edgecolor": ink["line"],
            "axes.labelcolor": ink["text"],
            "axes.titlecolor": ink["text"],
            "text.color": ink["text"],
            "xtick.color": ink["line"],
            "ytick.color": ink["line"],
            "xtick.labelcolor": ink["text"],
            "ytick.labelcolor": ink["text"],
            "grid.color": ink["grid"],
            "legend.facecolor": ink["paper"],
            "legend.edgecolor": ink["grid"],
            "legend.labelcolor": ink["text"],
        }
    ):
        yield


def new_axes(width: float, height: float) -> Axes:
    """Axes of a new pyplot figure of the given size in inches, so that a notebook shows it."""
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return ax


def new_grid(count: int) -> NDArray[np.object_]:
    """Axes of a new pyplot figure for `count` pictures of cards, shape (count,), in a nearly square grid."""
    import matplotlib.pyplot as plt
    import numpy as np

    columns = max(1, int(np.ceil(np.sqrt(count))))
    rows = max(1, -(-count // columns))
    _, axes = plt.subplots(rows, columns, figsize=(4.6 * columns, 3.4 * rows), layout="constrained", squeeze=False)
    for spare in axes.ravel()[count:]:
        spare.set_axis_off()
    return np.asarray(axes.ravel()[:count], dtype=object)


def figure_of(ax: Axes) -> Figure:
    """The figure of the axes, also if they are in a subfigure."""
    return cast("Figure", ax.get_figure(root=True))


def bare(ax: Axes) -> None:
    """Keep only the spine with the scale."""
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)


_SCORE_STOPS = ("#B93A00", "#E58A2B", "#A9739B", "#4F86C6", "#08306B")


def score_colors() -> Colormap:
    """Orange for low scores, dark blue for high ones: apart in hue and in lightness, with gray for no score."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("cardocr_score", _SCORE_STOPS).with_extremes(bad="#7F7F7F")


def score_limits(scores: pd.Series) -> tuple[float, float]:
    """Scores with the first and the middle color of `score_colors`, from the distribution of a run.

    Most runs have most scores above 95. A linear scale from 0 or 50 would color 89 almost like 100; here the middle color
    is at the median, at most 95, and the first color at the 5th percentile, at least 10 below.

    Examples
    --------
    >>> import pandas as pd
    >>> score_limits(pd.Series([60.0, 97.0, 99.0, 99.0, 100.0]))
    (67.4, 95.0)
    """
    known = scores.dropna().astype(float)
    low, middle = known.quantile([0.05, 0.5]).tolist() if len(known) else (80.0, 95.0)
    middle = min(max(middle, 20.0), 95.0)
    low = min(low, middle - 10.0)
    return round(max(low, 0.0), 1), round(middle, 1)


def score_norm(scores: pd.Series) -> Normalize:
    """Scale from scores to colors that follows the scores of a run, see `score_limits`."""
    from matplotlib.colors import TwoSlopeNorm

    low, middle = score_limits(scores)
    return TwoSlopeNorm(vmin=low, vcenter=middle, vmax=100.0)


_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = ("-", "--", "-.", (0, (1, 1)))


def look(number: int) -> dict[str, Any]:
    """Color, marker and dashes of the line with a number: apart in shape as well as in color, 28 in all."""
    turn = number // len(COLORS)
    return {
        "color": COLORS[number % len(COLORS)],
        "marker": _MARKERS[(number + turn) % len(_MARKERS)],
        "linestyle": _DASHES[turn % len(_DASHES)],
    }


def ink() -> str:
    """The color of texts in the user's settings, for lines of all fields together."""
    import matplotlib as mpl

    return str(mpl.rcParams["text.color"])
