"""Reliability diagram and risk-coverage curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb.plot._field_series import EVERY, MOST_LINES, add_legend, axes_or_new, chosen, names_of, warn_empty
from cardocr_nb.plot._plot_fonts import plot_language
from cardocr_nb.plot._style import ink, look
from cardocr_nb.quality import Calibration, calibration
from cardocr_nb.quality._intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from cardocr_nb._settings import Lang
    from cardocr_nb.quality import Costs
    from cardocr_nb.quality._evaluation import Truth

_WITH_BARS = 3


def plot_reliability(
    readings: Calibration | pd.DataFrame,
    truth: Truth | None = None,
    *,
    field: str | Sequence[str] | None = None,
    ax: Axes | None = None,
    lang: Lang | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the rate of correct readings over their scores, a line a field.

    On the dotted line scores are probabilities; below it they are too high. Vertical bars are confidence intervals. More
    than three fields get thin lines without bars, and a heavy line for all fields together.

    Parameters
    ----------
    readings : Calibration or DataFrame
        Result of `cardocr_nb.quality.calibration`, or a frame of readings.
    truth : DataFrame or path of a CSV file, optional
        Needed with a frame: true texts, in the columns ``key``, ``field`` and ``text``.
    field : str or sequence of str, optional
        Fields; by default all, of more than 12 those with the most cases.
    ax : Axes, optional
        Where to draw; by default a new figure.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    **kwargs
        For `matplotlib.axes.Axes.errorbar`.

    Returns
    -------
    Axes
        Empty, with a warning, if no reading has a score and a truth.

    Raises
    ------
    ValueError
        A frame without truth, or an unknown field.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> bins = pd.DataFrame({"field": "name", "score": [70.0, 95.0], "cases": 40, "accuracy": [0.5, 0.95]})
    >>> fields = pd.DataFrame({"field": ["name"], "cases": [80], "ece": [0.1]})
    >>> made = Calibration(bins.assign(low=[0.35, 0.83], high=[0.65, 0.99]), fields)
    >>> ax = plot_reliability(made, lang="en", ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['Name (n = 80, ECE 0.10)']
    """
    if isinstance(readings, pd.DataFrame):
        if truth is None:
            raise ValueError("a frame needs truth=; or pass the result of cardocr_nb.quality.calibration()")
        readings = calibration(readings, truth)
    language = plot_language(lang)
    ax = axes_or_new(ax, 8.0, 4.8)
    language.label_axes(ax, x="score", y="accuracy")
    ax.grid(linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    bins = chosen(readings.bins, field)
    if bins.empty:
        warn_empty("no reading with a score and a truth")
        return ax
    cases = bins.groupby("field", sort=False)["cases"].sum()
    shown = cases[cases.index.isin(cases.nlargest(MOST_LINES).index)]
    names = names_of(list(shown.index), language)
    ece = chosen(readings.fields, None).set_index("field")["ece"]
    few = len(shown) <= _WITH_BARS
    for number, name in enumerate(map(str, shown.index)):
        part = bins[bins["field"] == name].sort_values("score")
        style: dict[str, Any] = {"markersize": 4.5, "linewidth": 1.4}
        if not few:
            style = {"markersize": 3.0, "linewidth": 0.8, "alpha": 0.8}
        label = language.message("with_ece", name=names[name], n=f"{shown[name]:,}", ece=f"{ece[name]:.2f}")
        _draw_bins(ax, part, bars=few, label=label, **{**style, **look(number), **kwargs})
    if not few:
        style = {"color": ink(), "linewidth": 2.2, "marker": "o", "markersize": 5.5, "zorder": 4}
        label = language.message("with_n", name=language.messages("word.all_fields"), n=f"{cases.sum():,}")
        _draw_bins(ax, _pooled(bins), bars=True, label=label, **style)
    bins = bins[bins["field"].isin(shown.index)]
    first = max(0.0, 5 * np.floor((float(min(bins["score"].min(), 100 * bins["low"].min())) - 1) / 5))
    ax.plot([0, 100], [0, 1], linestyle=":", color=ink(), linewidth=1.2, zorder=1.5)
    ax.set_xlim(min(first, float(bins["score"].min()) - 1), 100.5)
    ax.set_ylim(first / 100, 1.005)
    language.format_percent(ax.yaxis)
    if len(cases) > len(shown):
        language.set_title(ax, language.message("fields_shown", shown=len(shown), n=f"{len(cases):,}"))
    add_legend(ax, language)
    return ax


def _draw_bins(ax: Axes, bins: pd.DataFrame, *, bars: bool, **style: Any) -> None:
    accuracy = bins["accuracy"].to_numpy(dtype=float)
    reach = np.abs(bins[["low", "high"]].to_numpy(dtype=float).T - accuracy) if bars else None
    ax.errorbar(bins["score"].to_numpy(dtype=float), accuracy, yerr=reach, **{"elinewidth": 0.9, "capsize": 0, **style})


def _pooled(bins: pd.DataFrame) -> pd.DataFrame:
    """The bins of all fields, pooled by score into ten bins of about equal count."""
    ranked = bins.sort_values("score", kind="stable")
    place = (ranked["cases"].cumsum() - ranked["cases"] / 2) / ranked["cases"].sum()
    summed = ranked.assign(
        score=ranked["score"] * ranked["cases"], correct=ranked["accuracy"] * ranked["cases"]
    )  # fmt: skip
    table = summed.groupby((place * 10).astype(int))[["score", "cases", "correct"]].sum()
    low, high = wilson(table["correct"], table["cases"])
    return pd.DataFrame(
        {
            "score": table["score"] / table["cases"],
            "accuracy": table["correct"] / table["cases"],
            "low": low,
            "high": high,
        }
    )


def plot_risk_coverage(
    costs: Costs | pd.DataFrame,
    *,
    field: str | Sequence[str] | None = None,
    ax: Axes | None = None,
    lang: Lang | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the error rate of the readings used without review over the rate of readings used, a line a field.

    From left to right the threshold falls, and more readings pass. The heavy line, with its interval, is for all fields
    together; a dot marks the threshold with the lowest cost, and the legend names it.

    Parameters
    ----------
    costs : Costs or DataFrame
        Result of `cardocr_nb.quality.cost`, or its table ``curve``: ``field, score, coverage, risk, low, high``.
    field : str or sequence of str, optional
        Fields, ``"all"`` (all fields together) among them; by default all.
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
    >>> curve = pd.DataFrame({"field": "name", "score": [99, 80], "coverage": [0.4, 1.0], "risk": [0.0, 0.1]})
    >>> ax = plot_risk_coverage(curve.assign(low=0.0, high=0.2), lang="en", ax=Figure().subplots())
    >>> ax.lines[0].get_xdata().tolist()
    [0.4, 1.0]
    """
    curve, marks = (costs, None) if isinstance(costs, pd.DataFrame) else (costs.curve, costs.fields)
    language = plot_language(lang)
    ax = axes_or_new(ax, 8.0, 4.6)
    language.label_axes(ax, x="coverage", y="risk")
    ax.grid(linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    rows = chosen(curve, field)
    if rows.empty:
        warn_empty("no curve")
        return ax
    fields = list(dict.fromkeys(rows["field"]))
    names = names_of(fields, language)
    best = None if marks is None else chosen(marks, None).drop_duplicates("field").set_index("field")
    for number, name in enumerate(f for f in [*[f for f in fields if f != EVERY], EVERY] if f in names):
        part = rows[rows["field"] == name].sort_values("coverage")
        style: dict[str, Any] = {**look(number), "marker": "", "linewidth": 1.2}
        if name == EVERY or len(fields) == 1:
            style |= {"color": ink(), "linewidth": 2.4, "linestyle": "-"}
            low, high = part["low"].to_numpy(dtype=float), part["high"].to_numpy(dtype=float)
            ax.fill_between(part["coverage"], low, high, color=ink(), alpha=0.12, linewidth=0)
        least = None if best is None or name not in best.index else best.loc[name, "threshold"]
        marked = least is not None and pd.notna(least)
        label = language.message("from_score", name=names[name], score=f"{least:g}") if marked else names[name]
        ax.plot(part["coverage"], part["risk"], label=label, **{**style, **kwargs})
        if marked:
            at = part[part["score"] >= least].tail(1)
            ax.plot(at["coverage"], at["risk"], "o", color=style["color"], markersize=6, zorder=4)
    ax.set_xlim(0, 1.01)
    ax.set_ylim(0, max(0.01, 1.15 * float(rows["risk"].max())))
    language.format_percent(ax.xaxis)
    language.format_percent(ax.yaxis)
    add_legend(ax, language)
    return ax
