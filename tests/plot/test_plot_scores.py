import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import PathPatch, StepPatch

from cardocr_nb.plot import plot_scores
from cardocr_nb.plot._score_counts import POINTS, score_counts
from cardocr_nb.plot._score_plots import MOST_GROUPS
from cardocr_nb.quality import threshold

KINDS = ["hist", "ecdf", "box", "violin", "ridge"]


def frame(fields, scores):
    return pd.DataFrame({"field": pd.Categorical(fields), "score": pd.array(scores, dtype="Int16")})


THREE = frame(["gender", "name", "name", "name", None], [80, 99, 97, None, None])


def labels(ax):
    if ax.get_legend():
        return [t.get_text() for t in ax.get_legend().get_texts()]
    return [t.get_text().replace("\n", " ") for t in ax.get_yticklabels()]


@pytest.mark.parametrize("kind", KINDS)
def test_labels_hold_the_counts_in_the_order_of_the_card_and_cards_without_fields_are_left_out(kind, ax):
    plot_scores(THREE, kind=kind, lang="en", ax=ax)
    assert labels(ax) == ["Name (n = 2; 1 without score)", "Gender (n = 1)"]


def test_the_histogram_has_a_bar_for_each_score_in_proportion_to_its_count(ax):
    plot_scores(frame(["name"] * 4, [90, 92, 92, 93]), ax=ax)
    (step,) = [p for p in ax.patches if isinstance(p, StepPatch)]
    values, edges, base = step.get_data()
    assert edges.tolist() == [89.5, 90.5, 91.5, 92.5, 93.5]
    assert np.allclose((base - values) / 0.8, [0.5, 0, 1, 0.5])


def test_the_ecdf_ends_at_one_and_steps_at_the_scores(ax):
    plot_scores(frame(["name"] * 4, [90, 92, 92, 93]), kind="ecdf", ax=ax)
    (line,) = ax.lines
    share = dict(zip(*line.get_data(), strict=True))
    assert (share[89], share[90], share[91], share[92], share[100]) == (0, 0.25, 0.25, 0.75, 1)


def test_the_box_is_at_the_quartiles(ax):
    plot_scores(frame(["name"] * 101, range(101)), kind="box", ax=ax)
    (box,) = [p for p in ax.patches if isinstance(p, PathPatch)]
    x = box.get_path().vertices[:, 0]
    assert (x.min(), x.max()) == (25, 75)


@pytest.mark.parametrize("kind", ["violin", "ridge"])
def test_a_density_stays_between_0_and_100_and_peaks_where_the_scores_are(kind, ax):
    plot_scores(frame(["name"] * 6, [100, 100, 100, 99, 98, 40]), kind=kind, ax=ax)
    vertices = np.vstack([p.vertices for p in ax.collections[0].get_paths()])
    assert 0 <= vertices[:, 0].min() <= vertices[:, 0].max() <= 100
    assert vertices[vertices[:, 1].argmin(), 0] >= 98


@pytest.mark.parametrize("kind", KINDS)
def test_one_row_is_drawn(kind, ax):
    plot_scores(frame(["name"], [97]), kind=kind, lang="en", ax=ax)
    assert labels(ax) == ["Name (n = 1)"]
    ax.figure.canvas.draw()


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_without_any_score_keeps_its_row_and_draws_nothing(kind, ax):
    plot_scores(frame(["name", "gender"], [97, None]), kind=kind, threshold=90, lang="en", ax=ax)
    ax.figure.canvas.draw()
    assert "Name (n = 1; 0 % below 90)" in labels(ax)
    assert ("Gender (n = 0; 1 without score)" in labels(ax)) == (kind != "ecdf")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_does_not_grow_with_the_rows(kind, ax):
    scores = np.tile(np.arange(60, 101), 20_000)
    plot_scores(frame(["name"] * len(scores), scores), kind=kind, lang="en", ax=ax)
    assert labels(ax) == ["Name (n = 820,000)"]
    vertices = sum(len(p.vertices) for c in ax.collections for p in c.get_paths())
    vertices += sum(len(p.get_path().vertices) for p in ax.patches) + sum(len(line.get_xdata()) for line in ax.lines)
    assert vertices < 2000


def test_a_threshold_is_marked_in_every_row_and_the_rate_below_it_written(ax):
    plot_scores(THREE, threshold=98, lang="en", ax=ax)
    marks = [s for c in ax.collections if c.get_linestyle()[0][1] for s in c.get_segments()]
    assert [m[:, 0].tolist() for m in marks] == [[98, 98], [98, 98]]
    assert labels(ax)[0] == "Name (n = 2; 50.0 % below 98; 1 without score)"


def test_thresholds_that_were_found_are_marked_and_fields_without_one_are_not(ax):
    keys = [f"{i}.jpg" for i in range(200)]
    read = pd.DataFrame({"key": keys * 2, "field": ["name"] * 200 + ["gender"] * 200, "text": "样", "score": 80})
    read["score"] += [*range(20)] * 20
    true_texts = read[["key", "field"]].assign(text=["样"] * 200 + ["木"] * 200)
    found = threshold(read, true_texts, precision=0.9)
    plot_scores(read, threshold=found, lang="en", ax=ax)
    marks = [s for c in ax.collections if c.get_linestyle()[0][1] for s in c.get_segments()]
    assert found.fields["threshold"].isna().tolist() == [False, True]
    assert [m.tolist() for m in marks] == [[[80, -0.5], [80, 0.5]]]


def test_thresholds_by_group_mark_their_own_rows_only(ax):
    plot_scores(THREE, threshold={"gender": 85}, lang="en", ax=ax)
    (mark,) = [s for c in ax.collections if c.get_linestyle()[0][1] for s in c.get_segments()]
    assert mark.tolist() == [[85, 0.5], [85, 1.5]]
    assert labels(ax) == ["Name (n = 2; 1 without score)", "Gender (n = 1; 100 % below 85)"]


def test_a_tiny_share_is_not_rounded_to_nothing(ax):
    plot_scores(frame(["name"] * 5000, [10] + [99] * 4999), threshold=90, lang="en", ax=ax)
    assert labels(ax) == ["Name (n = 5,000; under 0.1 % below 90)"]


def test_any_column_makes_groups_and_rows_without_a_value_are_unknown(ax):
    df = pd.DataFrame({"run": ["b", "a", None], "score": [1, 2, 3]})
    plot_scores(df, by="run", ax=ax)
    assert labels(ax) == ["a (n = 1)", "b (n = 1)", "unknown (n = 1)"]
    alone = plot_scores(df, by=None)
    assert labels(alone) == ["all (n = 3)"]


def test_of_too_many_groups_those_with_most_scores_are_drawn_and_a_note_says_so(ax):
    keys = [f"{i:03}.jpg" for i in range(60)]
    df = pd.DataFrame({"key": keys + keys[5:], "score": 90})
    plot_scores(df, by="key", ax=ax)
    assert len(labels(ax)) == MOST_GROUPS
    assert labels(ax)[0] == "005.jpg (n = 2)"
    assert ax.get_title() == "40 of 60 groups: those with the most scores"


@pytest.mark.parametrize("df", [THREE.iloc[:0], THREE.iloc[4:], frame(["name"], [None])])
def test_without_scores_the_axes_stay_empty_and_a_warning_says_so(df, ax):
    with pytest.warns(UserWarning, match="the frame has no scores"):
        plot_scores(df, ax=ax)
    assert not [*ax.collections, *ax.patches, *ax.lines]


def test_keyword_arguments_reach_the_artists(ax):
    plot_scores(THREE, color="#123456", ax=ax)
    assert ax.patches[0].get_facecolor()[:3] == tuple(int(h, 16) / 255 for h in ("12", "34", "56"))


def test_a_new_figure_is_made_and_not_shown_without_ax():
    assert plot_scores(THREE).figure.number in plt.get_fignums()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "pie"}, "hist, ecdf, box, violin, ridge, got a str of 3 characters"),
        ({"by": "color"}, "no column 1 unknown name; it has field"),
    ],
)
def test_a_wrong_argument_is_refused_with_what_is_possible(change, message):
    with pytest.raises(ValueError, match=message):
        plot_scores(THREE, **change)


def test_scores_that_are_no_percentages_are_refused():
    with pytest.raises(ValueError, match="between 0 and 100, got 80 to 101"):
        plot_scores(frame(["name", "name"], [80, 101]))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 100))), max_size=40))
def test_counts_quantiles_and_densities_agree_with_the_rows(rows):
    df = pd.DataFrame(rows, columns=["run", "score"]).astype({"run": "str", "score": "Int16"})
    counted = score_counts(df, "run")
    assert counted.counts.sum() + counted.missing.sum() == len(rows)
    for i, group in enumerate(counted.groups):
        scores = df.loc[df["run"] == group, "score"].dropna().astype(int)
        assert (np.repeat(POINTS, counted.counts[i]) == np.sort(scores)).all()
        density = counted.density()[i]
        assert np.isclose(density.sum(), len(scores) > 0)
        if len(scores):
            assert counted.quantile(0.25)[i] == scores.quantile(0.25, interpolation="inverted_cdf")
            assert counted.below(50)[i] == (scores < 50).mean()


def test_scores_from_0_to_1_are_refused():
    frame = pd.DataFrame({"field": ["name", "name"], "score": [0.98, 1.0]})
    with pytest.raises(ValueError, match="multiply probabilities by 100 first"):
        plot_scores(frame)
