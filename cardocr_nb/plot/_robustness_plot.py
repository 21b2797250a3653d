"""Accuracy over the strength of image degradations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from cardocr_nb.plot._field_series import EVERY, MOST_LINES, add_legend, axes_or_new, chosen, names_of, warn_empty
from cardocr_nb.plot._plot_fonts import PlotLanguage, plot_language
from cardocr_nb.plot._style import look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cardocr_nb._settings import Lang


class Measured(Protocol):
    """An object with a table of points, such as the result of `cardocr_nb.robustness`."""

    @property
    def points(self) -> pd.DataFrame:
        """``condition, strength, field, cases, exact, low, high, score``."""


def plot_robustness(
    points: Measured | pd.DataFrame,
    *,
    field: str | None = None,
    ax: Axes | None = None,
    lang: Lang | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the rate of exact readings over the strength of each condition, a line a condition.

    Parameters
    ----------
    points : Robustness or DataFrame
        A result that has ``points``, or that table: ``condition, strength`` (0–1), ``field`` (missing for all fields
        together), ``cases, exact, low, high`` (0–1).
    field : str, optional
        Field; by default all fields together.
    ax : Axes, optional
        Where to draw; by default a new figure.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    **kwargs
        For `matplotlib.axes.Axes.plot`.

    Returns
    -------
    Axes
        Empty, with a warning, if the table has no rows.

    Raises
    ------
    ValueError
        Unknown field.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> points = pd.DataFrame({"condition": "blur", "strength": [0.0, 0.5], "field": None, "cases": 30})
    >>> points = points.assign(exact=[0.98, 0.7], low=[0.9, 0.5], high=[1.0, 0.8])
    >>> ax = plot_robustness(points, ax=Figure().subplots())
    >>> [line.get_label() for line in ax.lines]
    ['blur']
    """
    table = points if isinstance(points, pd.DataFrame) else points.points
    language = plot_language(lang)
    ax = axes_or_new(ax, 7.6, 4.4)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    language.label_axes(ax, x="strength", y="exact")
    ax.grid(linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    language.format_percent(ax.yaxis)
    rows = chosen(table, (field or EVERY) if len(table) else None)
    if rows.empty:
        warn_empty("no point")
        return ax
    conditions = list(dict.fromkeys(rows["condition"].astype("str")))
    for number, condition in enumerate(conditions):
        part = rows[rows["condition"].astype("str") == condition].sort_values("strength")
        # The first lines are the widest, so that equal lines stay visible below each other.
        behind = (len(conditions) - 1 - number) / max(len(conditions) - 1, 1)
        style = {"linewidth": 1.4 + 1.8 * behind, "markersize": 4.5 + 4 * behind, **look(number)}
        x, low, high = (part[c].to_numpy(dtype=float) for c in ("strength", "low", "high"))
        if len(conditions) <= MOST_LINES:
            ax.fill_between(x, low, high, color=style["color"], alpha=0.1, linewidth=0)
        ax.plot(x, part["exact"].to_numpy(dtype=float), label=_condition(condition, language), **{**style, **kwargs})
    cases = rows["cases"].to_numpy(dtype=float)
    name = names_of([rows["field"].iloc[0]], language)[rows["field"].iloc[0]]
    many = f"{np.min(cases):,.0f}" if np.ptp(cases) == 0 else f"{np.min(cases):,.0f}–{np.max(cases):,.0f}"
    language.set_title(ax, language.message("cases_each", name=name, cases=many))
    add_legend(ax, language)
    return ax


def _condition(names: str, language: PlotLanguage) -> str:
    """The name of a condition, or of several joined by ``+``."""
    return "+".join(language.messages.lookup("condition", name) for name in names.split("+"))
