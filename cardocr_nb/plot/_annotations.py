"""Labels on a picture, each next to its polygon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from cardocr_nb.plot._label_placement import leader, place
from cardocr_nb.plot._style import figure_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from numpy.typing import NDArray

    from cardocr_nb.plot._plot_fonts import PlotLanguage

_PAD = 0.3
_ATTEMPTS = ((8.0, 1.0), (7.0, 1.0), (6.0, 1.0), (8.0, 1.4), (6.0, 1.4), (5.0, 1.8))
"""Size of the font in points, and width of the view in widths of the picture."""
_NEAR = 40.0
"""Points that a leader line may be long before a smaller font is tried."""
_MOST_LABELS = 40


@dataclass(frozen=True, slots=True)
class _Layout:
    """Positions of the labels, in data coordinates, so that they hold at another resolution."""

    size: float
    right: float
    centers: NDArray[np.float64]
    feet: NDArray[np.float64]
    left_out: int
    longest: float


def write_labels(
    ax: Axes, quads: NDArray[np.float64], labels: list[str], boxes: PolyCollection, language: PlotLanguage
) -> int:
    """Write the labels, those of the lowest scores if there are very many; return how many found no room."""
    scores = cast("NDArray[np.float64]", boxes.get_array())
    kept = np.sort(np.argsort(np.ma.filled(scores, -1.0), kind="stable")[:_MOST_LABELS])
    unlabeled = len(labels) - len(kept)
    quads, labels = quads[kept], [labels[i] for i in kept]
    best = _try(ax, quads, labels, language, size=_ATTEMPTS[0][0], widened=_ATTEMPTS[0][1])
    for size, widened in _ATTEMPTS[1:]:
        if best.left_out == 0 and (best.longest <= _NEAR or widened > 1):
            break
        layout = _try(ax, quads, labels, language, size=size, widened=widened)
        best = min(best, layout, key=lambda x: (x.left_out, x.longest))
    ax.set_xlim(right=best.right)
    colors = boxes.to_rgba(scores)[kept]
    for label, center, foot, color in zip(labels, best.centers, best.feet, colors, strict=True):
        if not np.isnan(center).any():
            _write(ax, label, (center, foot), color=color, size=best.size, language=language)
    return best.left_out + unlabeled


def _try(
    ax: Axes, quads: NDArray[np.float64], labels: list[str], language: PlotLanguage, *, size: float, widened: float
) -> _Layout:
    figure = figure_of(ax)
    left, right = ax.get_xlim()
    ax.set_xlim(right=left + widened * (right - left))
    texts = [ax.text(0, 0, w, fontsize=size, ha="center", va="center") for w in labels]
    language.apply_font(texts)
    for text in texts:
        text.set_in_layout(False)
    # The constrained layout must have run, or the axes move after the positions were computed.
    figure.draw_without_rendering()
    point = figure.dpi / 72
    pad = 2 * _PAD * size * point
    sizes = [(e.width + pad, e.height + pad) for e in (t.get_window_extent() for t in texts)]
    on_screen = ax.transData.transform(quads.reshape(-1, 2)).reshape(quads.shape)
    view = ax.get_window_extent()
    centers = place(on_screen, sizes, (view.x0, view.y0, view.x1, view.y1), gap=2.5 * point)
    feet = np.vstack([leader(quad, center[None]) for quad, center in zip(on_screen, centers, strict=True)])
    spare = np.abs(feet - centers) - np.array(sizes) / 2
    found = ~np.isnan(centers).any(axis=1)
    layout = _Layout(
        size=size,
        right=ax.get_xlim()[1],
        centers=ax.transData.inverted().transform(centers),
        feet=ax.transData.inverted().transform(feet),
        left_out=int((~found).sum()),
        longest=float(np.hypot(*np.maximum(spare[found], 0).T).max(initial=0)) / point,
    )
    for text in texts:
        text.remove()
    ax.set_xlim(right=right)
    return layout


def _write(
    ax: Axes,
    label: str,
    ends: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    color: NDArray[np.float64],
    size: float,
    language: PlotLanguage,
) -> None:
    center, foot = ends
    note = ax.annotate(
        label,
        xy=tuple(foot),
        xytext=tuple(center),
        fontsize=size,
        ha="center",
        va="center",
        color="#1f2328",
        zorder=5,
        bbox={"boxstyle": f"square,pad={_PAD}", "facecolor": "#ffffffe6", "edgecolor": color, "linewidth": 1.0},
        arrowprops={"arrowstyle": "-", "color": color, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0},
    )
    note.set_in_layout(False)
    language.apply_font([note])
