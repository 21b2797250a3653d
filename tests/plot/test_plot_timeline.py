import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.dates import num2date
from matplotlib.figure import Figure

from cardocr_nb.plot import plot_robustness, plot_timeline

START = pd.Timestamp("2026-03-01T08:00:00+08:00")


def jobs(n, *, every="1min", seconds=3.0):
    created = START + pd.Timedelta(every) * np.arange(n)
    df = pd.DataFrame({"key": [f"{i}.jpg" for i in range(n)], "state": "Success", "created": created})
    df["started"] = df["created"] + pd.Timedelta(seconds=1)
    df["ended"] = df["created"] + pd.Timedelta(seconds=seconds)
    return df


def test_few_jobs_are_drawn_one_by_one_by_state(ax):
    df = jobs(10)
    df.loc[3, "state"] = "Failed"
    plot_timeline(df, ax=ax)
    done, failed = ax.collections
    assert len(done.get_offsets()) == 9
    ((when, seconds),) = failed.get_offsets()
    assert seconds == 3
    assert num2date(when) == df["created"][3]


def test_a_job_that_has_not_ended_shows_in_the_strip_only(ax):
    df = jobs(5)
    df.loc[0, ["state", "ended"]] = ["Running", None]
    plot_timeline(df, ax=ax)
    assert sum(len(c.get_offsets()) for c in ax.collections) == 4
    assert [t.get_text() for t in ax.child_axes[0].get_legend().get_texts()] == ["Success (4)", "Running (1)"]


def test_the_strip_counts_every_job_once(ax):
    df = jobs(50)
    df.loc[::5, "state"] = "Failed"
    plot_timeline(df, ax=ax)
    heights = {p.get_label(): p.get_data() for p in ax.child_axes[0].patches}
    done, failed = heights["Success (40)"], heights["Failed (10)"]
    assert (done[0] - done[2]).sum() == 40
    assert (failed[0] - failed[2]).sum() == 10
    assert (failed[2] == done[0]).all()


def test_many_jobs_are_drawn_as_median_and_spread(ax):
    df = jobs(5000)
    df["ended"] = df["created"] + pd.to_timedelta(np.tile([2, 4, 6, 8, 10], 1000), unit="s")
    plot_timeline(df, ax=ax)
    (band,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    median, wait = ax.lines
    assert set(median.get_ydata()) == {6}
    assert set(wait.get_ydata()) == {1}
    assert (band.get_paths()[0].vertices[:, 1].min(), band.get_paths()[0].vertices[:, 1].max()) == (2, 10)


def test_each_card_counts_once_with_any_fields(ax):
    df = pd.concat([jobs(4)] * 6)
    plot_timeline(df, ax=ax)
    assert len(ax.collections[0].get_offsets()) == 4


def test_one_job_is_enough(ax):
    plot_timeline(jobs(1), ax=ax)
    assert ax.collections[0].get_offsets()[:, 1].tolist() == [3]
    low, high = ax.get_xlim()
    assert low < high


def test_the_axis_has_the_times_of_the_frame(ax):
    plot_timeline(jobs(3), ax=ax)
    assert ax.get_xlabel() == "submitted (UTC+08:00)"
    ax.figure.canvas.draw()
    assert ax.get_xticklabels()[0].get_text().startswith("0")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("every", ["1min", "6h", "9D"])
def test_the_label_and_the_date_of_the_axis_do_not_touch_in_a_narrow_figure(every, lang):
    figure = Figure(figsize=(3.4, 4), layout="constrained")
    ax = plot_timeline(jobs(60, every=every), lang=lang, ax=figure.subplots())
    figure.draw_without_rendering()
    label, date = (text.get_window_extent() for text in (ax.xaxis.label, ax.xaxis.get_offset_text()))
    assert date.width == 0 or label.x1 < date.x0 or label.y1 < date.y0 or date.y1 < label.y0


def test_the_strip_is_above_the_times(ax):
    plot_timeline(jobs(30, seconds=40), ax=ax)
    bottom = ax.child_axes[0].get_position().y0
    top = ax.transAxes.inverted().transform(ax.transData.transform((0, 40)))[1]
    assert top < ax.transAxes.inverted().transform(ax.figure.transFigure.transform((0, bottom)))[1]


def test_without_times_the_axes_stay_empty_with_a_warning(ax):
    with pytest.warns(UserWarning, match="no job with a time") as caught:
        plot_timeline(jobs(3).assign(created=None), ax=ax)
    assert not ax.collections
    assert caught[0].filename == __file__


def test_a_frame_without_the_column_is_refused():
    with pytest.raises(ValueError, match="no column created"):
        plot_timeline(pd.DataFrame({"key": []}))


def table():
    rows = [
        (condition, strength, field, 40, share, share - 0.1, min(share + 0.1, 1.0), 90.0)
        for condition, fall in (("blur", 0.8), ("glare", 0.3))
        for strength in (1.0, 0.0, 0.5)
        for field in (None, "name")
        for share in [1 - fall * strength - (0.1 if field else 0)]
    ]
    columns = ["condition", "strength", "field", "cases", "exact", "low", "high", "score"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize("points", [table(), SimpleNamespace(points=table())])
def test_a_line_a_condition_runs_over_its_strengths(points, ax):
    plot_robustness(points, ax=ax)
    drawn = {line.get_label(): line.get_xydata().tolist() for line in ax.lines}
    assert drawn["blur"] == [[0, 1], [0.5, 0.6], [1, pytest.approx(0.2)]]
    assert [*drawn] == ["blur", "glare"]
    assert ax.get_title() == "All fields, 40 cases per point"


def test_bands_are_the_intervals(ax):
    plot_robustness(table(), ax=ax)
    bands = [c for c in ax.collections if isinstance(c, PolyCollection)]
    assert [b.get_paths()[0].vertices[:, 1].min() for b in bands] == pytest.approx([0.1, 0.6])


def test_one_field_is_chosen_by_name(ax):
    plot_robustness(table(), field="name", ax=ax)
    assert ax.lines[0].get_ydata()[0] == pytest.approx(0.9)
    assert ax.get_title() == "Name, 40 cases per point"
    with pytest.raises(ValueError, match="no field 1 unknown name in the table; it has"):
        plot_robustness(table(), field="color")


def test_conditions_differ_in_shape_as_well_as_in_color(ax):
    many = pd.concat([table().assign(condition=f"c{k}") for k in range(9)])
    plot_robustness(many, ax=ax)
    looks = {(line.get_marker(), line.get_linestyle(), line.get_color()) for line in ax.lines}
    assert len(looks) == 9


def test_a_line_that_lies_on_another_does_not_hide_it(ax):
    plot_robustness(table().assign(exact=1.0), ax=ax)
    below, above = ax.lines
    assert below.get_linewidth() > above.get_linewidth() + 1
    assert below.get_markersize() > above.get_markersize() + 1


def test_no_points_leave_the_axes_empty_with_a_warning(ax):
    with pytest.warns(UserWarning, match="no point"):
        plot_robustness(table().iloc[:0], ax=ax)
    assert not ax.lines


@pytest.mark.parametrize("width", [3.4, 7.6])
def test_labels_of_days_do_not_touch_at_the_end_of_a_month(width):
    df = jobs(120, every="6h").assign(job_id=[f"j{n}" for n in range(120)])
    shift = pd.Timestamp("2026-06-01T08:00+08:00") - START
    df[["created", "started", "ended"]] += shift
    figure = Figure(figsize=(width, 4), layout="constrained")
    ax = plot_timeline(df, ax=figure.subplots())
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
