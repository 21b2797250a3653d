"""What goes wrong, and whether another reading does better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb.plot._field_series import EVERY, axes_or_new, chosen, legend_beside, names_of, warn_empty
from cardocr_nb.plot._plot_fonts import Lang, lettering
from cardocr_nb.plot._style import COLORS, bare, ink, look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from cardocr_nb.quality import Comparison, Evaluation


def plot_confusions(
    evaluation: Evaluation | pd.DataFrame,
    *,
    field: str | Sequence[str] | None = None,
    n: int = 20,
    ax: Axes | None = None,
    lang: Lang = "zh",
    **kwargs: Any,
) -> Axes:
    """Draw which characters were read as which, the most frequent first, stacked by field.

    Single characters are shown as they are; they stand in no order and without their cards.

    Parameters
    ----------
    evaluation : Evaluation or DataFrame
        What `cardocr_nb.quality.evaluate` gives, or its table ``confusions``: ``field, truth, read, count``.
    field : str or sequence of str, optional
        Which fields; by default all.
    n : int, default 20
        Most pairs to draw.
    ax : Axes, optional
        Where to draw; by default a new figure as high as the pairs need.
    lang : {"zh", "en"}, default "zh"
        Language of the field names.
    **kwargs
        For `matplotlib.axes.Axes.barh`.

    Returns
    -------
    Axes
        Empty, with a warning, when nothing was confused.

    Raises
    ------
    ValueError
        `n` is below 1, or a field is not there.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"field": ["id_number", "name"], "truth": ["0", "木"], "read": ["8", "本"], "count": [7, 2]})
    >>> ax = plot_confusions(table, lang="en", ax=Figure().subplots())
    >>> [int(bar.get_width()) for bar in ax.patches]
    [7, 2]
    """
    from matplotlib.ticker import MaxNLocator

    if n < 1:
        raise ValueError(f"n must be 1 or more, got {n}")
    table = evaluation if isinstance(evaluation, pd.DataFrame) else evaluation.confusions
    letters = lettering(lang)
    rows = chosen(table, field if len(table) else None)
    totals = rows.groupby(["truth", "read"], sort=False)["count"].sum().sort_values(ascending=False, kind="stable")
    pairs = totals.head(n)
    ax = axes_or_new(ax, 6.4, 1.2 + 0.27 * max(len(pairs), 3))
    ax.set_xlabel("times")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if pairs.empty:
        warn_empty("no confusion of characters")
        return ax
    rows = rows[pd.MultiIndex.from_frame(rows[["truth", "read"]]).isin(pairs.index)]
    fields = list(dict.fromkeys(rows["field"]))
    names = names_of(fields, letters)
    start = np.zeros(len(pairs))
    for number, name in enumerate(fields):
        counts = (
            rows[rows["field"] == name].groupby(["truth", "read"])["count"].sum().reindex(pairs.index, fill_value=0)
        )
        there = np.flatnonzero(counts)
        style = {"color": look(number)["color"], "height": 0.7, "label": names[name]}
        ax.barh(there, counts.to_numpy()[there], left=start[there], **{**style, **kwargs})
        start += counts.to_numpy()
    for row, count in enumerate(pairs):
        ax.annotate(f"{count:,}", (count, row), (3, 0), textcoords="offset points", va="center", fontsize="small")
    ax.set_yticks(range(len(pairs)), [letters.printable(_pair(*pair)) for pair in pairs.index])
    letters.dress(ax.get_yticklabels())
    _finish_rows(ax, len(pairs))
    ax.set_xlim(0, 1.08 * float(pairs.iloc[0]))
    if len(totals) > len(pairs):
        ax.set_title(f"{len(pairs)} of {len(totals):,} pairs: the most frequent", fontsize="small")
    legend_beside(ax, letters)
    return ax


def _pair(truth: str, read: str) -> str:
    if not truth:
        return f"{_seen(read)} put in"
    return f"{_seen(truth)} left out" if not read else f"{_seen(truth)} → {_seen(read)}"


def _seen(character: str) -> str:
    return "space" if character.isspace() else character


def plot_compare(comparison: Comparison, *, ax: Axes | None = None, lang: Lang = "zh", **kwargs: Any) -> Axes:
    """Draw two readings of the same images beside each other, a row a field.

    With truth: by how many percentage points the right side is more often right, with its interval, and how many fields
    it gained and lost. Without: the share on which both sides agree.

    Parameters
    ----------
    comparison : Comparison
        What `cardocr_nb.quality.compare` gives.
    ax : Axes, optional
        Where to draw; by default a new figure as high as the fields need.
    lang : {"zh", "en"}, default "zh"
        Language of the field names.
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
    ('share on which both sides agree', ['Name (n = 1)'])
    """
    letters = lettering(lang)
    table = comparison.fields if comparison.accuracy is None else comparison.accuracy
    rows = chosen(table, None)
    ax = axes_or_new(ax, 7.4, 1.3 + 0.36 * max(len(rows), 2))
    with_truth = comparison.accuracy is not None
    ax.set_xlabel("gain in accuracy, right minus left" if with_truth else "share on which both sides agree")
    if rows.empty:
        warn_empty("no field that was compared")
        return ax
    names = names_of(list(rows["field"]), letters)
    middle = rows["difference" if with_truth else "share"].to_numpy(dtype=float)
    ends = rows[["low", "high"]].to_numpy(dtype=float)
    bars = np.abs(ends - middle[:, None]).T
    heavy = (rows["field"] == EVERY).to_numpy()
    for part, color, size in ((~heavy, COLORS[0], 6.0), (heavy, ink(), 8.0)):
        if part.any():
            style = {"fmt": "o", "color": color, "markersize": size, "linewidth": 1.6, "capsize": 0}
            ax.errorbar(middle[part], np.flatnonzero(part), xerr=bars[:, part], **{**style, **kwargs})
    cases = rows["cases" if with_truth else "pairs"]
    ax.set_yticks(range(len(rows)), [f"{names[f]} (n = {k:,})" for f, k in zip(rows["field"], cases, strict=True)])
    letters.dress(ax.get_yticklabels())
    _finish_rows(ax, len(rows))
    for row, words in enumerate(_told(rows, with_truth=with_truth)):
        ax.annotate(words, (1.01, row), xycoords=ax.get_yaxis_transform(), va="center", fontsize="small", annotation_clip=False)  # fmt: skip
    _scale(ax, ends, with_truth=with_truth)
    return ax


def _told(rows: pd.DataFrame, *, with_truth: bool) -> list[str]:
    if not with_truth:
        return [f"{agree:,} agree" for agree in rows["agree"]]
    words = []
    for gained, lost, p in zip(rows["gained"], rows["lost"], rows["p"], strict=True):
        chance = "" if pd.isna(p) else "; p < 0.001" if p < 0.001 else f"; p = {p:.2g}"
        words.append(f"+{gained:,} −{lost:,}{chance}")
    return words


def _scale(ax: Axes, ends: np.ndarray[Any, np.dtype[np.float64]], *, with_truth: bool) -> None:
    from matplotlib.ticker import FuncFormatter, PercentFormatter

    low, high = np.nanmin(ends, initial=0.0 if with_truth else 1.0), np.nanmax(ends, initial=0.0)
    if with_truth:
        reach = max(1.1 * max(-low, high), 0.01)
        ax.set_xlim(-reach, reach)
        ax.axvline(0, color=ink(), linewidth=1.0, linestyle=":", zorder=1)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:+.3g} pp" if abs(x) > 1e-9 else "0"))
        ax.annotate("left is better", (0.0, 1.01), xycoords="axes fraction", fontsize="small", va="bottom")
        ax.annotate("right is better", (1.0, 1.01), xycoords="axes fraction", fontsize="small", va="bottom", ha="right")
    else:
        ax.set_xlim(max(0.0, float(low) - 0.02), 1.005)
        ax.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))


def _finish_rows(ax: Axes, rows: int) -> None:
    ax.set_ylim(max(rows, 2) - 0.4, -0.6)
    bare(ax)
    ax.grid(axis="x", linewidth=0.6)
    ax.set_axisbelow(True)
