import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex

from cardocr_nb.plot import plot_reliability, plot_risk_coverage
from cardocr_nb.plot._style import ink
from cardocr_nb.quality import FewScoresWarning, calibration, cost

FIELDS = ("name", "gender", "address", "id_number")


@pytest.fixture(scope="module")
def judged():
    """Readings whose chance to be right is their score, and the truth."""
    rng = np.random.default_rng(3)
    n = 1200
    df = pd.DataFrame({"key": np.repeat([f"{i}.jpg" for i in range(n // 4)], 4), "field": [*FIELDS] * (n // 4)})
    df["score"] = pd.array(rng.integers(50, 100, n), dtype="Int16")
    df["text"] = np.where(rng.random(n) < df["score"].to_numpy(dtype=float) / 100, "样本", "样木")
    return df, df[["key", "field"]].assign(text="样本")


def lines(ax):
    """By label: the points of each curve with one."""
    found = {c.get_label(): c[0] for c in ax.containers}
    return {k.split(" (")[0]: (line.get_xdata(), line.get_ydata()) for k, line in found.items()}


def test_each_bin_is_drawn_at_its_mean_score_and_share(judged, ax):
    made = calibration(*judged)
    plot_reliability(made, field=["name", "id_number"], lang="en", ax=ax)
    drawn = lines(ax)
    assert [*drawn] == ["Name", "ID number"]
    bins = made.bins[made.bins["field"] == "name"]
    assert np.allclose(drawn["Name"][0], bins["score"])
    assert np.allclose(drawn["Name"][1], bins["accuracy"])


def test_bars_are_the_intervals(judged, ax):
    made = calibration(*judged)
    plot_reliability(made, field="name", ax=ax)
    (bars,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    bins = made.bins[made.bins["field"] == "name"]
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    assert np.allclose(ends, bins[["low", "high"]].to_numpy(dtype=float))


def test_more_than_three_fields_get_a_heavy_line_for_all_together(judged, ax):
    made = calibration(*judged)
    plot_reliability(made, ax=ax)
    heavy = ax.containers[-1][0]
    assert ax.containers[-1].get_label() == "All fields (n = 1,200)"
    assert heavy.get_linewidth() > 2 > ax.containers[0][0].get_linewidth()
    assert len(heavy.get_xdata()) == 10
    weighted = (made.bins["accuracy"] * made.bins["cases"]).sum() / 1200
    assert np.mean(heavy.get_ydata()) == pytest.approx(weighted, abs=0.02)


def test_labels_contain_cases_and_error(judged, ax):
    made = calibration(*judged)
    plot_reliability(made, field="name", ax=ax)
    ece = made.fields.set_index("field")["ece"]["name"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [f"Name (n = 300, ECE {ece:.2f})"]


def test_a_frame_with_truth_is_calibrated_on_the_way(judged, ax):
    plot_reliability(*judged, field="name", ax=ax)
    made = calibration(*judged)
    assert np.allclose(lines(ax)["Name"][1], made.bins.loc[made.bins["field"] == "name", "accuracy"])


def test_the_dotted_line_is_where_scores_mean_what_they_say(judged, ax):
    plot_reliability(*judged, ax=ax)
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert dotted[0].get_xydata().tolist() == [[0, 0], [100, 1]]


def test_of_very_many_fields_those_with_most_cases_are_drawn(ax):
    n = 20
    bins = pd.DataFrame({"field": [f"f{i}" for i in range(n)], "score": 90.0, "cases": range(10, 10 + n)})
    made = type("Made", (), {})()
    made.bins = bins.assign(accuracy=0.9, low=0.8, high=0.95, correct=9)
    made.fields = bins[["field", "cases"]].assign(ece=0.0)
    plot_reliability(made, lang="en", ax=ax)
    assert ax.get_title() == "12 of 20 fields: those with the most cases"
    assert [*lines(ax)][:2] == ["F8", "F9"]


def test_a_frame_without_truth_and_an_unknown_field_are_refused(judged):
    with pytest.raises(ValueError, match="a frame needs truth="):
        plot_reliability(judged[0])
    with pytest.raises(ValueError, match="no field 1 unknown name in the table; it has name, gender"):
        plot_reliability(calibration(*judged), field="color")


def test_no_reading_with_a_score_leaves_the_axes_empty_with_a_warning(judged, ax):
    df, truth = judged
    with pytest.warns(FewScoresWarning, match="no reading of name"):
        bare = calibration(df.assign(score=None), truth)
    with pytest.warns(UserWarning, match="no reading with a score") as caught:
        plot_reliability(bare, ax=ax)
    assert not ax.lines
    assert caught[0].filename == __file__


def test_the_curve_is_risk_over_coverage(judged, ax):
    costs = cost(*judged, review=1, error=10)
    plot_risk_coverage(costs, field="name", lang="en", ax=ax)
    curve = costs.curve[costs.curve["field"] == "name"].sort_values("coverage")
    assert np.allclose(ax.lines[0].get_xdata(), curve["coverage"])
    assert np.allclose(ax.lines[0].get_ydata(), curve["risk"])


def test_all_fields_together_are_heavy_with_their_interval(judged, ax):
    costs = cost(*judged, review=1, error=10)
    plot_risk_coverage(costs, lang="en", ax=ax)
    curves = [line for line in ax.lines if len(line.get_xdata()) > 1]
    assert [line.get_label().split(" (")[0] for line in curves] == [
        "Name",
        "Gender",
        "Address",
        "ID number",
        "All fields",
    ]
    assert [line.get_linewidth() > 2 for line in curves] == [False] * 4 + [True]
    assert to_hex(curves[-1].get_color()) == to_hex(ink())
    (band,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    every = costs.curve[costs.curve["field"] == "all"]
    assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(every["high"].max())


def test_a_dot_and_the_legend_mark_the_threshold_that_costs_least(judged, ax):
    costs = cost(*judged, review=1, error=10)
    plot_risk_coverage(costs, field="name", lang="en", ax=ax)
    row = costs.fields[costs.fields["field"] == "name"].iloc[0]
    (dot,) = [line for line in ax.lines if line.get_marker() == "o"]
    assert dot.get_xdata()[0] == pytest.approx(row["share"])
    assert dot.get_ydata()[0] == pytest.approx(row["errors"] / row["passed"])
    assert ax.get_legend().get_texts()[0].get_text() == f"Name (from {row['threshold']})"


def test_a_field_that_is_reviewed_whole_has_no_dot(judged, ax):
    df, truth = judged
    plot_risk_coverage(cost(df.assign(text="x"), truth, review=1, error=10), ax=ax)
    assert not [line for line in ax.lines if line.get_marker() == "o"]


def test_no_curve_leaves_the_axes_empty_with_a_warning(judged, ax):
    empty = cost(*judged, review=1, error=10).curve.iloc[:0]
    with pytest.warns(UserWarning, match="no curve"):
        plot_risk_coverage(empty, ax=ax)
    assert not ax.lines


def test_keyword_arguments_reach_the_lines(judged, ax):
    plot_risk_coverage(cost(*judged, review=1, error=10), field="name", linewidth=7, ax=ax)
    assert ax.lines[0].get_linewidth() == 7
    ax.clear()
    plot_reliability(*judged, field="name", linewidth=7, ax=ax)
    assert ax.containers[0][0].get_linewidth() == 7
