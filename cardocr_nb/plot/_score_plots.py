"""Distribution of the scores by group."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cardocr_nb._text_safety import shown_choice
from cardocr_nb.plot._plot_fonts import PlotLanguage, plot_language, shortened
from cardocr_nb.plot._score_counts import POINTS, ScoreCounts, score_counts
from cardocr_nb.plot._style import COLORS, MARK, bare, new_axes
from cardocr_nb.quality import Thresholds

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from cardocr_nb._settings import Lang

KINDS = ("hist", "ecdf", "box", "violin", "ridge")

MOST_GROUPS = 40
_DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = ("-", "--", "-.", (0, (1, 1)))


def plot_scores(
    df: pd.DataFrame,
    *,
    kind: str = "hist",
    by: str | None = "field",
    ax: Axes | None = None,
    threshold: float | Mapping[str, float] | Thresholds | None = None,
    lang: Lang | None = None,
    **kwargs: Any,
) -> Axes:
    r"""Draw the distribution of the scores, one row or line a group, with the counts in the labels.

    The scores are counted first, so that the drawing is as large for one row as for millions.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it; the columns ``score`` (0–100) and `by` are read.
    kind : {"hist", "ecdf", "box", "violin", "ridge"}, default "hist"
        Histogram, rate at or below each score, quartiles (whiskers at the 5th and 95th percentile, dots outside),
        or a smoothed density, mirrored (``violin``) or overlapping (``ridge``). Heights are to each row's own maximum.
    by : str or None, default "field"
        Column that makes the groups: ``field``, ``card_type``, a run's name or any other; None makes one group. Of more
        than 40 groups the 40 with the most scores are drawn, and a note says so.
    ax : Axes, optional
        Where to draw; by default a new figure as high as the groups need.
    threshold : float, mapping of str to float or Thresholds, optional
        Score to mark (0–100), for all groups or for each by its name in the column, as
        `cardocr_nb.quality.threshold` finds them by field. The labels contain the rate below it.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    **kwargs
        For the artists: ``Axes.stairs`` (hist), ``Axes.step`` (ecdf), ``Axes.bxp`` (box), ``Axes.fill_between``
        (violin, ridge).

    Returns
    -------
    Axes
        Empty, with a warning, for a frame without scores.

    Raises
    ------
    ValueError
        Unknown `kind`, a missing column, or a score outside 0–100.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> df = pd.DataFrame({"field": ["name", "name", "gender"], "score": [99, 85, 97]})
    >>> ax = plot_scores(df, threshold=90, lang="en", ax=Figure().subplots())
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Name\n(n = 2; 50.0 % below 90)', 'Gender\n(n = 1; 0 % below 90)']
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {shown_choice(kind, KINDS)}")
    scores = score_counts(df, by)
    language = plot_language(lang)
    if ax is None:
        ax = new_axes(7.0, 4.2 if kind == "ecdf" else height_for(scores))
    language.label_axes(ax, x="score")
    if not scores.totals.any():
        ax.set_xlim(0, 100)
        warnings.warn("the frame has no scores; the axes stay empty", UserWarning, stacklevel=2)
        return ax
    named = (
        language.field_names(scores.groups)
        if by == "field"
        else {g: shortened(language.printable(g)) for g in scores.groups}
    )
    if isinstance(threshold, Thresholds):
        found = threshold.fields.dropna(subset=["threshold"])
        threshold = dict(zip(found["field"].astype("str"), found["threshold"].astype(float), strict=True))
    draw_scores(ax, scores, named, language, kind=kind, threshold=threshold, **kwargs)
    return ax


def height_for(scores: ScoreCounts) -> float:
    """Inches that rows for the groups need."""
    return 1.0 + 0.45 * float(np.clip(len(scores.groups), 2, MOST_GROUPS))


def draw_scores(
    ax: Axes,
    scores: ScoreCounts,
    named: Mapping[str, str],
    language: PlotLanguage,
    *,
    kind: str = "hist",
    threshold: float | Mapping[str, float] | None = None,
    **kwargs: Any,
) -> None:
    """Draw counted scores, at least one; `named` maps groups to their labels."""
    from matplotlib.ticker import MaxNLocator

    scores, left_out = _most_frequent(scores)
    marks = _marks(scores, threshold)
    labels = _labels(scores, named, marks, language)
    low = min(_first_score(scores), np.nanmin(marks, initial=100.0))
    language.label_axes(ax, x="score")
    ax.set_xlim(max(0.0, 10 * np.floor((low - 2) / 10)), 101)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    if kind == "ecdf":
        _draw_ecdf(ax, scores, labels, language, kwargs)
        for mark in np.unique(marks[~np.isnan(marks)]):
            ax.axvline(mark, color=MARK, linestyle=":", linewidth=1.2, zorder=1)
    else:
        {"hist": _draw_hist, "box": _draw_box, "violin": _draw_violin, "ridge": _draw_ridge}[kind](ax, scores, kwargs)
        _name_rows(ax, labels, language, overlap=kind == "ridge")
        rows = np.flatnonzero(~np.isnan(marks))
        ax.vlines(marks[rows], rows - 0.5, rows + 0.5, color=MARK, linestyle="--", linewidth=1.2, zorder=3)
    if left_out:
        groups = len(scores.groups)
        language.set_title(ax, language.message("groups_shown", shown=groups, n=f"{groups + left_out:,}"))


def _most_frequent(scores: ScoreCounts) -> tuple[ScoreCounts, int]:
    left_out = len(scores.groups) - MOST_GROUPS
    if left_out <= 0:
        return scores, 0
    kept = np.sort(np.argsort(-scores.totals, kind="stable")[:MOST_GROUPS])
    return ScoreCounts(tuple(scores.groups[i] for i in kept), scores.counts[kept], scores.missing[kept]), left_out


def _marks(scores: ScoreCounts, threshold: float | Mapping[str, float] | None) -> NDArray[np.float64]:
    if threshold is None:
        return np.full(len(scores.groups), np.nan)
    if isinstance(threshold, Mapping):
        return np.array([threshold.get(g, np.nan) for g in scores.groups], dtype=float)
    return np.full(len(scores.groups), float(threshold))


def _labels(
    scores: ScoreCounts, named: Mapping[str, str], marks: NDArray[np.float64], language: PlotLanguage
) -> list[str]:
    labels = []
    for i, group in enumerate(scores.groups):
        parts = [language.message("n", n=f"{scores.totals[i]:,}")]
        if not np.isnan(marks[i]) and scores.totals[i]:
            share = language.messages.rate(float(scores.below(marks[i])[i]))
            parts.append(language.message("below", share=share, score=f"{marks[i]:g}"))
        if scores.missing[i]:
            parts.append(language.message("without_score", n=f"{scores.missing[i]:,}"))
        name = named[group]
        if len(parts) == 1:
            labels.append(language.message("with_n", name=name, n=f"{scores.totals[i]:,}"))
        else:
            labels.append(language.message("with_notes", name=name, notes="; ".join(parts)))
    return labels


def _first_score(scores: ScoreCounts) -> float:
    return float(np.flatnonzero(scores.counts.any(axis=0))[0])


def _name_rows(ax: Axes, labels: list[str], language: PlotLanguage, *, overlap: bool) -> None:
    ax.set_yticks(range(len(labels)), labels, fontsize="small")
    language.apply_font(ax.get_yticklabels())
    ax.set_ylim(len(labels) - 0.4, -1.3 if overlap else -0.6)
    bare(ax)
    ax.grid(axis="x", linewidth=0.6)
    ax.set_axisbelow(True)


def _heights(values: NDArray[Any]) -> NDArray[np.float64]:
    top = values.max(axis=1, keepdims=True)
    heights: NDArray[np.float64] = np.divide(values, top, out=np.zeros(values.shape), where=top > 0)
    return heights


def _draw_hist(ax: Axes, scores: ScoreCounts, kwargs: dict[str, Any]) -> None:
    for row, height in enumerate(_heights(scores.counts)):
        shown = np.flatnonzero(height)
        if len(shown) == 0:
            continue
        low, high = shown[0], shown[-1] + 1
        base = row + 0.4
        ax.stairs(
            base - 0.8 * height[low:high],
            np.arange(low, high + 1) - 0.5,
            **{"baseline": base, "fill": True, "color": COLORS[0], **kwargs},
        )
        ax.hlines(base, low - 0.5, high - 0.5, color=COLORS[0], linewidth=0.8)


def _draw_violin(ax: Axes, scores: ScoreCounts, kwargs: dict[str, Any]) -> None:
    middle = scores.quantile(0.5)
    for row, height in enumerate(_heights(scores.density())):
        if not height.any():
            continue
        ax.fill_between(
            POINTS,
            row - 0.4 * height,
            row + 0.4 * height,
            **{"where": height > 0.002, "color": COLORS[0], "linewidth": 0.5, **kwargs},
        )
        ax.plot(middle[row], row, "o", color="white", markeredgecolor=COLORS[0], markersize=4, zorder=4)


def _draw_ridge(ax: Axes, scores: ScoreCounts, kwargs: dict[str, Any]) -> None:
    paper = ax.get_facecolor()
    for row, height in enumerate(_heights(scores.density())):
        base = row + 0.4
        # Later rows are drawn in front, so that the overlap is seen as depth.
        ax.fill_between(
            POINTS,
            base - 1.5 * height,
            base,
            **{"facecolor": COLORS[0], "edgecolor": paper, "linewidth": 1.0, "zorder": 2 + 0.01 * row, **kwargs},
        )


def _draw_box(ax: Axes, scores: ScoreCounts, kwargs: dict[str, Any]) -> None:
    q = {
        name: scores.quantile(p)
        for name, p in zip(("lo", "q1", "mid", "q3", "hi"), (0.05, 0.25, 0.5, 0.75, 0.95), strict=True)
    }
    rows = np.flatnonzero(scores.totals)
    stats = [
        {
            "med": q["mid"][row],
            "q1": q["q1"][row],
            "q3": q["q3"][row],
            "whislo": q["lo"][row],
            "whishi": q["hi"][row],
            "fliers": POINTS[(scores.counts[row] > 0) & ((q["lo"][row] > POINTS) | (q["hi"][row] < POINTS))],
        }
        for row in rows
    ]
    ink = COLORS[0]
    look: dict[str, Any] = {
        "positions": rows,
        "widths": 0.55,
        "orientation": "horizontal",
        "manage_ticks": False,
        "patch_artist": True,
        "boxprops": {"facecolor": f"{ink}55", "edgecolor": ink},
        "medianprops": {"color": MARK, "linewidth": 2},
        "whiskerprops": {"color": ink},
        "capprops": {"color": ink},
        "flierprops": {"marker": ".", "markersize": 4, "markerfacecolor": ink, "markeredgecolor": ink},
    }
    ax.bxp(stats, **{**look, **kwargs})


def _draw_ecdf(
    ax: Axes, scores: ScoreCounts, labels: list[str], language: PlotLanguage, kwargs: dict[str, Any]
) -> None:
    for row, (counts, total) in enumerate(zip(scores.counts, scores.totals, strict=True)):
        if total == 0:
            continue
        look = {"color": COLORS[row % len(COLORS)], "linestyle": _DASHES[row // len(COLORS) % len(_DASHES)]}
        ax.step(
            POINTS,
            counts.cumsum() / total,
            where="post",
            label=labels[row].replace("\n", " "),
            **{"linewidth": 1.6, **look, **kwargs},
        )
    ax.set_ylim(0, 1.02)
    language.label_axes(ax, y="at_or_below")
    ax.grid(linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    legend = ax.legend(loc="upper left", fontsize="small", frameon=True)
    language.apply_font(legend.get_texts())
