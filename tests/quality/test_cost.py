from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_calibration import cards_and_truth

from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame import empty
from cardocr_nb.quality import cost, exact_interval
from cardocr_nb.quality._risk_curve import area, curve, least_area

readings = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=40)


def both(many):
    score, wrong = (np.array(side) for side in zip(*many, strict=True))
    return score, wrong.astype(bool)


@given(readings)
def test_the_curve_is_that_of_a_plain_loop(many):
    score, wrong = both(many)
    points = curve(score, wrong)
    expected = [(s, (score >= s).sum(), wrong[score >= s].sum()) for s in sorted(set(score.tolist()), reverse=True)]
    assert list(zip(*points, strict=True)) == expected


@settings(max_examples=50)
@given(readings)
def test_the_area_is_the_mean_over_all_orders_of_equal_scores(many):
    score, wrong = both(many)
    rng = np.random.default_rng(0)
    k = np.arange(1, len(score) + 1)
    orders = [np.lexsort([rng.random(len(score)), -score]) for _ in range(2000)]
    assert area(score, wrong) == pytest.approx(np.mean([(np.cumsum(wrong[o]) / k).mean() for o in orders]), abs=0.05)
    assert least_area(wrong) <= area(score, wrong) + 1e-12
    assert least_area(wrong) == pytest.approx(area(-wrong.astype(np.int64), wrong))


def of_fields(sets):
    """Cards and truth in which each set of scores and correct readings is a field of its own."""
    parts = [cards_and_truth(score, right, field=f"field_{k}") for k, (score, right) in enumerate(sets)]
    return [pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)]


@settings(max_examples=8)
@given(st.lists(readings, min_size=1, max_size=8), st.integers(1, 9), st.integers(1, 9))
def test_no_threshold_is_cheaper_than_the_one_found(sets, review, error):
    found = cost(*of_fields((score, ~wrong) for score, wrong in map(both, sets)), review=review, error=error).fields
    for (score, wrong), row in zip(map(both, sets), found.iloc[:-1].itertuples(), strict=True):
        tried = {t: review * (score < t).sum() + error * wrong[score >= t].sum() for t in range(8)}
        assert row.cost == min(tried.values())
        through = np.zeros_like(wrong) if row.threshold is pd.NA else score >= row.threshold
        assert (row.passed, row.errors) == (through.sum(), wrong[through].sum())
        assert row.cost == review * (~through).sum() + error * wrong[through].sum()
        assert row.cost_all_reviewed == review * len(score)
        assert row.cost_none_reviewed == error * wrong.sum()
        cheapest = [t for t, c in tried.items() if c == row.cost]
        assert row.threshold is pd.NA if max(cheapest) > score.max() else row.threshold >= max(cheapest)


def test_the_curve_has_coverage_risk_and_its_interval():
    frame, truth = cards_and_truth([90, 90, 80, 70], [True, True, False, True])
    points = cost(frame, truth, review=1, error=2).curve
    name = points[points["field"] == "name"]
    assert name[["score", "coverage", "cases", "cost"]].to_numpy().tolist() == [
        [90, 0.5, 2, 2],
        [80, 0.75, 3, 3],
        [70, 1, 4, 2],
    ]
    assert name["risk"].tolist() == pytest.approx([0, 1 / 3, 1 / 4])
    low, high = exact_interval([0, 1, 1], [2, 3, 4])
    assert name[["low", "high"]].to_numpy() == pytest.approx(np.stack([low, high], axis=1))


def test_of_equally_cheap_thresholds_the_highest_is_taken_and_reviewing_all_before_any():
    frame, truth = cards_and_truth([90, 80, 80], [True, True, False])
    assert cost(frame, truth, review=1, error=2).fields.threshold[0] == 90
    assert cost(*cards_and_truth([90], [False]), review=1, error=1).fields.threshold[0] is pd.NA


def test_what_was_not_read_or_has_no_score_is_always_reviewed():
    frame, truth = cards_and_truth([90, 91, 92, 93], [True] * 4)
    frame.loc[0, "text"] = pd.NA
    frame.loc[1, "score"] = pd.NA
    row = cost(frame, truth, review=1, error=5).fields.iloc[0]
    assert (row.cases, row.passed, row.share, row.cost) == (4, 2, 0.5, 2)
    assert row.cost_none_reviewed == 2


def test_all_fields_together_have_one_threshold_in_the_last_row():
    frame, truth = cards_and_truth([90, 80], [True, False])
    other, more = cards_and_truth([70, 60], [True, True], field="address")
    found = cost(pd.concat([frame, other], ignore_index=True), pd.concat([truth, more]), review=1, error=10)
    assert (found.fields.field == "all").tolist() == [False, False, True]
    assert found.fields.threshold.tolist() == [90, 60, 90]
    assert found.fields.cases.tolist() == [2, 2, 4]
    assert found.curve[found.curve["field"] == "all"]["score"].tolist() == [90, 80, 70, 60]
    assert found.fields.cost.iloc[-1] >= found.fields.cost.iloc[:-1].sum()


def test_the_held_out_cost_is_what_fresh_cards_cost_while_the_other_is_too_low():
    rng, new = np.random.default_rng(12), np.arange(101)
    # Each field is a set of its own.
    score = rng.integers(0, 101, (100, 150))
    right = rng.random(score.shape) < score / 100
    rows = cost(*of_fields((score[:, k], right[:, k]) for k in range(150)), review=1, error=4).fields.iloc[:-1]
    through = new >= rows["threshold"].fillna(101).to_numpy(np.int64)[:, np.newaxis]
    fresh = np.where(through, 4 * (1 - new / 100), 1).mean()
    assert rows["cost"].mean() / 100 < fresh - 0.02
    assert rows["cost_held_out"].mean() / 100 == pytest.approx(fresh, abs=0.04)


def test_readings_pass_by_the_threshold_of_their_field():
    names = expected_fields(CardType.ID_CARD)
    frame, truth = (
        pd.concat(side, ignore_index=True)
        for side in zip(*(cards_and_truth([90, 80], [True, False], field=name) for name in names), strict=True)
    )
    costs = cost(frame, truth[truth["field"] != "address"], review=1, error=10)
    passes = costs.passes(frame.assign(score=[95, 89] * len(names)))
    assert passes[frame["field"] != "address"].tolist() == [True, False] * (len(names) - 1)
    assert not passes[frame["field"] == "address"].any()


def test_equal_scores_and_nothing_at_all_give_a_table():
    frame, truth = cards_and_truth([90] * 10, [True] * 9 + [False])
    row = cost(frame, truth, review=1, error=5).fields.iloc[0]
    assert (row.threshold, row.cost) == (90, 5)
    assert row.aurc == pytest.approx(0.1)
    nothing = cost(empty(), pd.DataFrame({"key": [], "field": [], "text": []}), review=1, error=5)
    assert nothing.fields.empty
    assert nothing.curve.empty


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"review": 0}, "review must be a positive number, got 0"),
        ({"error": float("inf")}, "error must be a positive number, got inf"),
        ({"error": float("nan")}, "error must be a positive number, got nan"),
        ({"folds": 1}, "folds must be a whole number of 2 or more, got 1"),
        ({"confidence": 95}, "confidence must lie between 0 and 1, got 95"),
    ],
)
def test_what_makes_no_sense_is_refused(given_, message):
    with pytest.raises(ValueError, match=message):
        cost(*cards_and_truth([90], [True]), **{"review": 1, "error": 2} | given_)


def test_what_is_shown_is_the_table_of_fields():
    found = cost(*cards_and_truth([90], [True]), review=1, error=2)
    for shown in (repr(found), found._repr_html_()):
        assert "review 1, error 2" in shown
        assert "样本" not in shown


def test_a_weight_of_three_costs_what_three_cards_cost():
    rng = np.random.default_rng(5)
    score, right = rng.integers(0, 9, 200), rng.random(200) < 0.7
    weight = rng.choice([1, 3], 200)
    frame, truth = cards_and_truth(score, right)
    found = cost(frame, truth.assign(weight=weight.astype(float)), review=1, error=3)
    full = cost(*cards_and_truth(score.repeat(weight), right.repeat(weight)), review=1, error=3)
    same = ["threshold", "share", "cost", "cost_all_reviewed", "cost_none_reviewed"]
    pd.testing.assert_frame_equal(found.fields[same], full.fields[same])
    pd.testing.assert_frame_equal(found.curve[["coverage", "risk", "cost"]], full.curve[["coverage", "risk", "cost"]])
    # 200 labeled cards are no 400: the interval knows.
    assert found.fields["cases"].tolist() == [200, 200]
    assert (found.curve["high"] - found.curve["low"] >= full.curve["high"] - full.curve["low"] - 1e-12).all()


def test_costs_of_an_informative_sample_are_those_of_all_cards():
    rng = np.random.default_rng(6)
    score = rng.integers(60, 100, 20_000)
    right = rng.random(20_000) < score / 100
    chance = np.where(right, 0.05, 0.5)
    chosen = rng.random(20_000) < chance
    frame, truth = cards_and_truth(score[chosen], right[chosen])
    found = cost(frame, truth.assign(weight=1 / chance[chosen]), review=1, error=6).fields.iloc[0]
    full = cost(*cards_and_truth(score, right), review=1, error=6).fields.iloc[0]
    for name in ("cost", "cost_held_out", "cost_none_reviewed", "aurc", "aurc_excess"):
        assert found[name] == pytest.approx(full[name], rel=0.1), name
    assert found.threshold == pytest.approx(full.threshold, abs=4)


def groups_of_one_score(n_groups, size):
    """Cards of groups; the readings of a group have one score, and those of the highest score are all incorrect."""
    group = np.repeat(np.arange(n_groups), size)
    keys = [f"{k}.jpg" for k in range(len(group))]
    frame = pd.DataFrame(
        {"key": keys, "field": "name", "text": np.where(group == n_groups - 1, "x", "样本"), "score": 80 + group}
    )
    return (
        frame,
        pd.DataFrame({"key": keys, "field": "name", "text": "样本"}),
        dict(zip(keys, group.astype(str), strict=True)),
    )


@pytest.mark.parametrize(("n_groups", "size"), [(5, 8), (10, 4)])
def test_held_out_costs_are_those_of_new_groups(n_groups, size):
    frame, truth, groups = groups_of_one_score(n_groups, size)
    of_new_cards, of_new_groups = (
        cost(frame, truth, review=1, error=40, groups=g, folds=n_groups).fields["cost_held_out"].iloc[0]
        for g in (None, groups)
    )
    # Without the incorrect group the lowest score is the best threshold, and with any of its cards a review of all.
    assert of_new_cards == n_groups * size
    assert of_new_groups == (n_groups - 1) * size + 40 * size


@pytest.mark.parametrize("n_cards", [3, 40])
def test_risks_of_all_fields_have_no_more_cases_than_there_are_cards(n_cards):
    keys = [f"{k}.jpg" for k in range(n_cards) for _ in range(6)]
    fields = ["name", "gender", "ethnicity", "birth_date", "address", "id_number"] * n_cards
    frame = pd.DataFrame({"key": keys, "field": fields, "text": "样本", "score": 90})
    curve = cost(frame, frame[["key", "field", "text"]], review=1, error=9).curve
    assert curve["high"].to_numpy() == pytest.approx(np.full(7, exact_interval(0, n_cards)[1]))
    assert curve["cases"].tolist() == [n_cards] * 6 + [6 * n_cards]


def test_intervals_of_weighted_risks_contain_the_risks():
    rng = np.random.default_rng(4)
    sets = [(rng.integers(60, 100, n), rng.random(n) < 0.8) for n in rng.integers(2, 40, 20)]
    frame, truth = of_fields(sets)
    curve = cost(frame, truth.assign(weight=np.exp(rng.normal(0, 3, len(truth)))), review=1, error=9).curve
    assert (curve["low"] <= curve["risk"] + 1e-12).all()
    assert (curve["risk"] <= curve["high"] + 1e-12).all()
