"""Duration and states of the jobs over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb.frame._frame_columns import CATEGORIES
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.plot._field_series import add_legend, axes_or_new, warn_empty
from cardocr_nb.plot._plot_data import need
from cardocr_nb.plot._plot_fonts import plot_language, shortened
from cardocr_nb.plot._style import COLORS, MARK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from cardocr_nb._settings import Lang
    from cardocr_nb.plot._plot_fonts import PlotLanguage

_SINGLE = 400
"""Jobs that are drawn one by one; more are summarized by the median and spread of each span."""
_SPANS = 60
_LEAST = 3
_STRIP = 0.76
"""Height of the part for the times."""
_STATES = {
    "Success": COLORS[0],
    "Failed": MARK,
    "Running": COLORS[4],
    "Submitted": COLORS[5],
    "Pause": COLORS[3],
    "Cancel": COLORS[6],
}
_OTHER = COLORS[6]
_DATES = ["%Y", "%Y-%m", "%d", "%H:%M", "%H:%M", "%S.%f"]
"""Formats of dates by years, months, days and so on: numbers only, which are the same in every language."""
_DATE_STARTS = ["", "%Y", "%m-%d", "%m-%d", "%H:%M", "%H:%M"]
_DATE_OFFSETS = ["", "%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d %H:%M"]


def plot_timeline(df: pd.DataFrame, *, ax: Axes | None = None, lang: Lang | None = None, **kwargs: Any) -> Axes:
    """Draw the duration of jobs over their submission time, with their states in a strip above.

    Up to 400 jobs are drawn one by one. Of more, spans of equal length are drawn: the median, the range from the 5th to the
    95th percentile, and the median of the wait before the job was started.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it; the columns ``state, created, started`` and ``ended`` are read, the first row of
        each card.
    ax : Axes, optional
        Where to draw; by default a new figure.
    lang : {"en", "zh"}, optional
        Language; by default ``cardocr_nb.options.lang``.
    **kwargs
        For the artist of the times: `matplotlib.axes.Axes.scatter` up to 400 jobs, `matplotlib.axes.Axes.plot` above.

    Returns
    -------
    Axes
        Of the times in seconds; the strip is the first of its ``child_axes``. Jobs that have not ended show in the strip
        only. Empty, with a warning, if no job has a creation time.

    Raises
    ------
    ValueError
        The frame has no column ``created``.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> start = pd.to_datetime(["2026-03-01 09:00:00+08:00", "2026-03-01 09:00:05+08:00"])
    >>> df = pd.DataFrame({"key": ["a.jpg", "b.jpg"], "state": ["Success", "Failed"], "created": start})
    >>> ax = plot_timeline(df.assign(ended=start + pd.Timedelta(seconds=2)), ax=Figure().subplots())
    >>> [len(dots.get_offsets()) for dots in ax.collections]
    [1, 1]
    """
    need(df, "created")
    jobs = timeline_jobs(df)
    ax = draw_timeline(jobs, ax=ax, lang=lang, **kwargs)
    if jobs.empty:
        warn_empty("no job with a time")
    return ax


def draw_timeline(jobs: pd.DataFrame, *, ax: Axes | None, lang: Lang | None, **kwargs: Any) -> Axes:
    """Draw the jobs that `timeline_jobs` returns; a report draws the same ones several times."""
    from matplotlib.dates import date2num

    ax = axes_or_new(ax, 8.4, 4.8)
    language = plot_language(lang)
    ax.set_ylabel(language.message("seconds"), y=_STRIP / 2)
    language.apply_font([ax.yaxis.label])
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", linewidth=0.6)
    ax.set_axisbelow(True)
    if jobs.empty:
        return ax
    edges = _edges(jobs["created"])
    ended = jobs[jobs["seconds"].notna()]
    if len(jobs) <= _SINGLE:
        _draw_single(ax, ended, kwargs)
    elif len(ended):
        _draw_spans(ax, ended, edges, language, kwargs)
    _make_room(ax)
    _draw_states(ax, jobs, edges, language)
    _label_dates(ax, jobs["created"], language)
    first, last = (float(date2num(e)) for e in (edges[0], edges[-1]))  # type: ignore[no-untyped-call]  # so in matplotlib
    ax.set_xlim(first - (last - first) / 100, last + (last - first) / 100)
    return ax


def timeline_jobs(df: pd.DataFrame) -> pd.DataFrame:
    """One row a card that says when it was created."""
    frame = conform(df)
    first = first_rows(card_numbers(frame))
    jobs = frame[["state", "created", "started", "ended"]].take(first)
    jobs = jobs[jobs["created"].notna()].sort_values("created", kind="stable", ignore_index=True)
    jobs["seconds"] = (jobs["ended"] - jobs["created"]).dt.total_seconds()
    jobs["wait"] = (jobs["started"] - jobs["created"]).dt.total_seconds()
    jobs["state"] = jobs["state"].astype("str").fillna("unknown")
    return jobs


def _edges(created: pd.Series) -> pd.DatetimeIndex:
    """Borders of spans of equal length; few jobs have few spans."""
    low, high = created.min(), created.max()
    if low == high:
        low, high = low - pd.Timedelta(seconds=30), high + pd.Timedelta(seconds=30)
    return pd.date_range(low, high, periods=int(np.clip(np.sqrt(4 * len(created)), 6, _SPANS)) + 1)


def _states(jobs: pd.DataFrame) -> list[str]:
    there = set(jobs["state"])
    known = [s for s in (*_STATES, *CATEGORIES["state"]) if s in there]
    return [*dict.fromkeys(known), *sorted(there - set(known))]


def _draw_single(ax: Axes, ended: pd.DataFrame, kwargs: dict[str, Any]) -> None:
    for state in _states(ended):
        part = ended[ended["state"] == state]
        marker = "x" if state == "Failed" else "o"
        look = {"color": _STATES.get(state, _OTHER), "s": 18, "marker": marker, "linewidths": 1.2, "alpha": 0.8}
        ax.scatter(part["created"], part["seconds"], **{**look, **kwargs})


def _draw_spans(
    ax: Axes, ended: pd.DataFrame, edges: pd.DatetimeIndex, language: PlotLanguage, kwargs: dict[str, Any]
) -> None:
    span = np.clip(np.searchsorted(edges, ended["created"], side="right") - 1, 0, len(edges) - 2)
    groups = ended.groupby(span)
    quantiles = {q: groups["seconds"].quantile(q) for q in (0.05, 0.5, 0.95)}
    spread = pd.DataFrame(quantiles).reindex(range(len(edges) - 1))
    spread[groups.size().reindex(spread.index, fill_value=0) < _LEAST] = np.nan
    middle = edges[:-1] + (edges[1] - edges[0]) / 2
    band: dict[str, Any] = {"color": COLORS[0], "alpha": 0.2, "linewidth": 0, "label": language.message("percentiles")}
    ax.fill_between(middle, spread[0.05], spread[0.95], **band)
    line = {"color": COLORS[0], "linewidth": 1.8, "label": language.message("median")}
    ax.plot(middle, spread[0.5], **{**line, **kwargs})
    wait = groups["wait"].median().reindex(spread.index).where(spread[0.5].notna())
    if wait.notna().any():
        ax.plot(middle, wait, color=COLORS[5], linestyle="--", linewidth=1.4, label=language.message("median_wait"))
    legend = ax.legend(loc="lower left", bbox_to_anchor=(1.01, 0.0), borderaxespad=0.0, fontsize="small", frameon=False)
    language.apply_font(legend.get_texts())


def _make_room(ax: Axes) -> None:
    """Keep the upper part of the axes for the strip: outside them it would be cut off by some layouts."""
    from matplotlib.ticker import MaxNLocator

    top = 1.05 * max(ax.dataLim.y1 if np.isfinite(ax.dataLim.y1) else 0.0, 0.1)
    ticks = np.asarray(MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(0, top))
    ax.set_yticks(ticks[(ticks >= 0) & (ticks <= top)])
    ax.set_ylim(0, top / _STRIP)
    ax.spines["left"].set_bounds(0, top)


def _draw_states(ax: Axes, jobs: pd.DataFrame, edges: pd.DatetimeIndex, language: PlotLanguage) -> None:
    from matplotlib.ticker import MaxNLocator

    strip = ax.inset_axes((0.0, _STRIP + 0.05, 1.0, 0.95 - _STRIP), sharex=ax)
    span = np.clip(np.searchsorted(edges, jobs["created"], side="right") - 1, 0, len(edges) - 2)
    below = np.zeros(len(edges) - 1)
    states = _states(jobs)
    for state in states:
        of_state = (jobs["state"] == state).to_numpy()
        counts = np.bincount(span[of_state], minlength=len(below))
        name = shortened(language.printable(language.messages.lookup("state", state)))
        label = language.message("state_count", state=name, n=f"{int(of_state.sum()):,}")
        strip.stairs(below + counts, edges, baseline=below, fill=True, color=_STATES.get(state, _OTHER), label=label)
        below = below + counts
    language.label_axes(strip, y="jobs")
    strip.set_ylim(0, 1.05 * below.max())
    strip.spines[["top", "right"]].set_visible(False)
    strip.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    strip.tick_params(axis="x", labelbottom=False)
    add_legend(strip, language)


def _label_dates(ax: Axes, created: pd.Series, language: PlotLanguage) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    class SpacedDates(AutoDateLocator):
        def __call__(self) -> Sequence[float]:
            return _without_crowded(super().__call__())  # type: ignore[no-untyped-call]  # so in matplotlib

    locator = SpacedDates(minticks=3, maxticks=9, tz=created.dt.tz)  # type: ignore[no-untyped-call]  # so in matplotlib
    ax.xaxis.set_major_locator(locator)
    options = {"formats": _DATES, "zero_formats": _DATE_STARTS, "offset_formats": _DATE_OFFSETS}
    formatter = ConciseDateFormatter(locator, tz=created.dt.tz, **options)  # type: ignore[no-untyped-call]  # so in matplotlib
    ax.xaxis.set_major_formatter(formatter)
    ax.set_xlabel(
        language.message("submitted", zone=str(created.dt.tz)), loc="left"
    )  # the date of the axis is at its right end
    language.apply_font([ax.xaxis.label])


def _without_crowded(ticks: Sequence[float]) -> list[float]:
    """Leave out a tick just before the start of a month: matplotlib sets one at the 29th and one at the 1st.

    Examples
    --------
    >>> _without_crowded([1.0, 5.0, 9.0, 13.0, 17.0, 21.0, 25.0, 29.0, 31.0])
    [1.0, 5.0, 9.0, 13.0, 17.0, 21.0, 25.0, 31.0]
    """
    gaps = np.diff(ticks)
    return [float(t) for t, gap in zip(ticks, [*gaps, np.inf], strict=True) if gap >= 0.75 * np.median(gaps)]
