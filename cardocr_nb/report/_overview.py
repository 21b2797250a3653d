"""The figures of a report that are drawn from the frame: jobs over time, and heatmaps over the cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._i18n import messages
from cardocr_nb.cards import CardType
from cardocr_nb.frame._frame_columns import CATEGORIES
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.plot._card_coordinates import card_positions
from cardocr_nb.plot._regions import plot_regions
from cardocr_nb.plot._timeline import draw_timeline, timeline_jobs
from cardocr_nb.report._charts import Picture, draw_picture

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from cardocr_nb.report._report_summary import ReportSummary

_MOST_CARDS = 2000
"""Cards that a heatmap is made of: it shows no more with more of them."""
_MOST_LINES = 6


def timeline_picture(df: pd.DataFrame, summary: ReportSummary) -> Picture | None:
    """Duration of the jobs over the time of their creation; None if the frame has no times."""
    if summary.times is None or summary.times.jobs < 2:
        return None
    t, times = messages(summary.lang), summary.times
    median, p95 = t.duration(times.median_seconds), t.duration(times.p95_seconds)

    columns = ["job_id", "key", "state", "created", "started", "ended"]
    jobs = df[columns].take(first_rows(card_numbers(df)))
    if not summary.revealed:  # a state that the package does not know may be any text
        jobs["state"] = jobs["state"].where(jobs["state"].isin(CATEGORIES["state"]))

    drawn = timeline_jobs(jobs)

    def draw(ax: Axes) -> None:
        draw_timeline(drawn, ax=ax, lang=t.lang)

    alt = t("run.timeline_alt", jobs=t("count.job", times.jobs), median=median, p95=p95)
    return draw_picture(draw, (7.6, 4.2), alt, t("run.timeline"), narrow=4.8)


def regions_pictures(df: pd.DataFrame, summary: ReportSummary) -> tuple[Picture, ...]:
    """Mean score by place on the card, a heatmap for each card type with placed cards."""
    found = (_regions(df[(df["card_type"] == str(kind)).to_numpy()], str(kind), summary) for kind in CardType)
    return tuple(picture for picture in found if picture is not None)


def _regions(df: pd.DataFrame, kind: str, summary: ReportSummary) -> Picture | None:
    t = messages(summary.lang)
    cards = _evenly(df[(df["polygon"].notna() & df["score"].notna()).to_numpy()])
    if cards.empty:
        return None
    places = card_positions(cards, card_type=kind)
    scores = (
        places.fields.loc[~places.fields["stray"], ["field", "score"]].groupby("field", observed=True)["score"].mean()
    )
    if scores.empty:
        return None
    shown = int(places.cards["placed"].sum())
    outside = int(places.outliers.groupby(["job_id", "key"], dropna=False).ngroups)

    def draw(ax: Axes) -> None:
        plot_regions(cards, card_type=kind, ax=ax, lang=t.lang)
        # The note below contains keys of outliers, which may be as long as a bucket allows.
        ax.set_xlabel("\n".join(ax.get_xlabel().split("\n")[:_MOST_LINES]), fontsize="small")

    name = t.lookup("card_type", kind)
    alt = t(
        "regions.alt",
        cards=t("count.card", shown),
        card_type=name,
        field=t.field(str(scores.idxmin())),
        score=f"{scores.min():.1f}",
        outliers=t("count.card", outside),
    )
    caption = t("regions.figure", card_type=name)
    if len(places.cards) == _MOST_CARDS:
        caption += t("lead.space") + t("regions.sampled", _MOST_CARDS)
    return draw_picture(draw, (7.6, 5.0), alt, caption, narrow=3.6)


def _evenly(df: pd.DataFrame) -> pd.DataFrame:
    """All cards, or as many as a heatmap needs, evenly spaced among them."""
    numbers = card_numbers(df)
    n = int(numbers.max(initial=-1)) + 1
    if n <= _MOST_CARDS:
        return df
    chosen = np.zeros(n, dtype=bool)
    chosen[np.arange(_MOST_CARDS) * n // _MOST_CARDS] = True
    return df[chosen[numbers]]
