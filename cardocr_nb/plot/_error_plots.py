"""Confused characters, and the comparison of two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._text_safety import describe
from cardocr_nb.plot._field_series import EVERY, add_legend, axes_or_new, chosen, names_of, warn_empty
from cardocr_nb.plot._plot_fonts import PlotLanguage, plot_language
from cardocr_nb.plot._style import COLORS, bare, ink, look
from cardocr_nb.quality._confusions import LEAST_CARDS, frequent_confusions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from cardocr_nb._settings import Lang
    from cardocr_nb.quality import Comparison, Evaluation


def plot_confusions(
    evaluation: Evaluation | pd.DataFrame,
    *,
    field: str | Sequence[str] | None = None,
    n: int = 20,
    ax: Axes | None = None,
    lang: Lang | None = None,
    reveal: bool = False,
    **kwargs: Any,
) -> Axes:
    """Draw which characters were recognized as which others, most frequent first, stacked by field.

    Single characters are shown unmasked, without order and without their cards. The confusions of few cards would spell
    their texts, so a pair is drawn if it occurred on at least five cards with different texts.

    Parameters
    ----------
    evaluation : Evaluation or DataFrame
        Result of `cardocr_nb.quality.evaluate`, or its table ``confusions``: ``field, truth, read, count, cards``. Of a
        table without ``cards`` nothing is drawn unless `reveal` is set.
    field : str or sequence of str, optional
        Which fields; by default all.
    n : int, default 20
        Most pairs to draw.
    ax : Axes, optional
        Where to draw; by default a new figure as high as the pairs need.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    reveal : bool, default False
        Draw the pairs of fewer cards as well.
    **kwargs
        For `matplotlib.axes.Axes.barh`.

    Returns
    -------
    Axes
        Empty, with a warning, if no character was confused, or none on enough cards.

    Raises
    ------
    ValueError
        `n` is below 1, or the table lacks a field.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"field": ["id_number", "name"], "truth": ["0", "木"], "read": ["8", "本"], "count": [7, 5]})
    >>> ax = plot_confusions(table.assign(cards=[6, 5]), lang="en", ax=Figure().subplots())
    >>> [int(bar.get_width()) for bar in ax.patches]
    [7, 5]
    """
    from matplotlib.ticker import MaxNLocator

    if n < 1:
        raise ValueError(f"n must be 1 or more, got {describe(n)}")
    language = plot_language(lang)
    table = evaluation if isinstance(evaluation, pd.DataFrame) else evaluation.confusions
    found = chosen(table, field if len(table) else None)
    rows = found if reveal else frequent_confusions(found)
    totals = rows.groupby(["truth", "read"], sort=False)["count"].sum().sort_values(ascending=False, kind="stable")
    pairs = totals.head(n)
    ax = axes_or_new(ax, 6.4, 1.2 + 0.27 * max(len(pairs), 3))
    language.label_axes(ax, x="count")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if pairs.empty:
        warn_empty(
            f"no confusion of characters on {LEAST_CARDS} cards with different texts; reveal=True draws those of fewer cards"
            if len(found)
            else "no confusion of characters"
        )
        return ax
    rows = rows[pd.MultiIndex.from_frame(rows[["truth", "read"]]).isin(pairs.index)]
    fields = list(dict.fromkeys(rows["field"]))
    names = names_of(fields, language)
    start = np.zeros(len(pairs))
    for number, name in enumerate(fields):
        counts = (
            rows[rows["field"] == name].groupby(["truth", "read"])["count"].sum().reindex(pairs.index, fill_value=0)
        )
        positions = np.flatnonzero(counts)
        style = {"color": look(number)["color"], "height": 0.7, "label": names[name]}
        ax.barh(positions, counts.to_numpy()[positions], left=start[positions], **{**style, **kwargs})
        start += counts.to_numpy()
    for row, count in enumerate(pairs):
        ax.annotate(f"{count:,}", (count, row), (3, 0), textcoords="offset points", va="center", fontsize="small")
    ax.set_yticks(range(len(pairs)), [language.printable(_pair(pair[0], pair[1], language)) for pair in pairs.index])
    language.apply_font(ax.get_yticklabels())
    _finish_rows(ax, len(pairs))
    ax.set_xlim(0, 1.08 * float(pairs.iloc[0]))
    if len(totals) > len(pairs):
        language.set_title(ax, language.message("pairs_shown", shown=len(pairs), n=f"{len(totals):,}"))
    add_legend(ax, language)
    return ax


def _pair(truth: str, read: str, language: PlotLanguage) -> str:
    truth, read = (language.message("space") if c.isspace() else c for c in (truth, read))
    if not truth:
        return language.message("inserted", character=read)
    return f"{truth} → {read}" if read else language.message("left_out", character=truth)


def plot_compare(comparison: Comparison, *, ax: Axes | None = None, lang: Lang | None = None, **kwargs: Any) -> Axes:
    """Draw how two runs on the same images differ, a row a field.

    With truth: by how many percentage points the other run is more accurate, with its confidence interval, and how many
    readings it gained and lost. Without truth: the rate of readings on which the two runs agree.

    Parameters
    ----------
    comparison : Comparison
        Result of `cardocr_nb.quality.compare`.
    ax : Axes, optional
        Where to draw; by default a new figure as high as the fields need.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    **kwargs
        For `matplotlib.axes.Axes.errorbar`.

    Returns
    -------
    Axes
        Empty, with a warning, when no field was compared.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.quality import compare
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> old, new = (to_frame(CardResult((Field("姓名", name, 90),), key="1.jpg")) for name in ("样木", "样本"))
    >>> ax = plot_compare(compare(old, new), lang="en", ax=Figure().subplots())
    >>> ax.get_xlabel(), [label.get_text() for label in ax.get_yticklabels()]
    ('rate of readings on which the runs agree', ['Name (n = 1)'])
    """
    language = plot_language(lang)
    table = comparison.fields if comparison.accuracy is None else comparison.accuracy
    rows = chosen(table, None)
    ax = axes_or_new(ax, 7.4, 1.3 + 0.36 * max(len(rows), 2))
    with_truth = comparison.accuracy is not None
    language.label_axes(ax, x="gain" if with_truth else "agreement")
    if rows.empty:
        warn_empty("no field that was compared")
        return ax
    names = names_of(list(rows["field"]), language)
    middle = rows["difference" if with_truth else "share"].to_numpy(dtype=float)
    ends = rows[["low", "high"]].to_numpy(dtype=float)
    bars = np.abs(ends - middle[:, None]).T
    heavy = (rows["field"] == EVERY).to_numpy()
    for part, color, size in ((~heavy, COLORS[0], 6.0), (heavy, ink(), 8.0)):
        if part.any():
            style = {"fmt": "o", "color": color, "markersize": size, "linewidth": 1.6, "capsize": 0}
            ax.errorbar(middle[part], np.flatnonzero(part), xerr=bars[:, part], **{**style, **kwargs})
    cases = rows["cases" if with_truth else "pairs"]
    ax.set_yticks(range(len(rows)), _row_labels(rows["field"], cases, names, language))
    language.apply_font(ax.get_yticklabels())
    _finish_rows(ax, len(rows))
    for row, note in enumerate(_notes(rows, language, with_truth=with_truth)):
        at: dict[str, Any] = {"xycoords": ax.get_yaxis_transform(), "va": "center", "annotation_clip": False}
        language.apply_font([ax.annotate(note, (1.01, row), fontsize="small", **at)])
    _scale(ax, ends, language, with_truth=with_truth)
    return ax


def _row_labels(fields: pd.Series, cases: pd.Series, names: dict[str, str], language: PlotLanguage) -> list[str]:
    return [language.message("with_n", name=names[f], n=f"{k:,}") for f, k in zip(fields, cases, strict=True)]


def _notes(rows: pd.DataFrame, language: PlotLanguage, *, with_truth: bool) -> list[str]:
    if not with_truth:
        return [language.message("agree", n=f"{agree:,}") for agree in rows["agree"]]
    notes = []
    for gained, lost, p in zip(rows["gained"], rows["lost"], rows["p"], strict=True):
        p_value = "" if pd.isna(p) else "; p < 0.001" if p < 0.001 else f"; p = {p:.2g}"
        notes.append(f"+{gained:,} −{lost:,}{p_value}")
    return notes


def _scale(ax: Axes, ends: np.ndarray[Any, np.dtype[np.float64]], language: PlotLanguage, *, with_truth: bool) -> None:
    from matplotlib.ticker import FuncFormatter

    low, high = np.nanmin(ends, initial=0.0 if with_truth else 1.0), np.nanmax(ends, initial=0.0)
    if with_truth:
        reach = max(1.1 * max(-low, high), 0.01)
        ax.set_xlim(-reach, reach)
        ax.axvline(0, color=ink(), linewidth=1.0, linestyle=":", zorder=1)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:+.3g}" if abs(x) > 1e-9 else "0"))
        for x, name, side in ((0.0, "this_better", "left"), (1.0, "other_better", "right")):
            at: dict[str, Any] = {"xycoords": "axes fraction", "va": "bottom", "ha": side}
            language.apply_font([ax.annotate(language.message(name), (x, 1.01), fontsize="small", **at)])
    else:
        ax.set_xlim(max(0.0, float(low) - 0.02), 1.005)
        language.format_percent(ax.xaxis)


def _finish_rows(ax: Axes, rows: int) -> None:
    ax.set_ylim(max(rows, 2) - 0.4, -0.6)
    bare(ax)
    ax.grid(axis="x", linewidth=0.6)
    ax.set_axisbelow(True)
