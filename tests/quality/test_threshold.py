from __future__ import annotations

import numpy as np
import pandas as pd
import promise_simulations as simulate
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from test_calibration import cards_and_truth

from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame import empty
from cardocr_nb.quality import evaluate, exact_interval, lower_bound, sample_size, threshold
from cardocr_nb.quality._fixed_sequence import lowest_threshold
from cardocr_nb.quality._label_advice import cases_enough


@given(st.integers(0, 400), st.integers(0, 400), st.floats(0.6, 0.999))
def test_the_bound_is_that_of_clopper_and_pearson(hits, misses, confidence):
    expected = 0.0
    if hits + misses:
        test = binomtest(hits, hits + misses, alternative="greater")
        expected = test.proportion_ci(confidence, method="exact").low
    assert lower_bound(hits, hits + misses, confidence=confidence) == pytest.approx(expected, abs=1e-9)


def test_the_lowest_score_that_keeps_the_promise_is_found():
    score = np.tile(np.arange(60, 100), 100)
    frame, truth = cards_and_truth(score, score >= 80)
    row = threshold(frame, truth, precision=0.99).fields.iloc[0]
    assert (row.threshold, row.cases, row.passing, row.share, row.right) == (80, 4000, 2000, 0.5, 1.0)
    assert row.bound > 0.99


def test_no_threshold_is_an_answer():
    rng = np.random.default_rng(1)
    frame, truth = cards_and_truth(rng.integers(50, 100, 2000), rng.random(2000) < 0.9)
    found = threshold(frame, truth, precision=0.995)
    row = found.fields.iloc[0]
    assert row.threshold is pd.NA
    assert (row.passing, row.share) == (0, 0.0)
    assert row.bound < 0.9
    assert found.advice == "No field has a threshold: too many readings are incorrect, and no score separates them yet"


@pytest.mark.parametrize(("n", "found"), [(597, False), (598, True)])
def test_598_readings_without_an_error_are_enough_for_one_distinct_score(n, found):
    frame, truth = cards_and_truth(np.full(n, 99), np.full(n, fill_value=True))
    assert threshold(frame, truth).fields.threshold.notna().tolist() == [found]
    # A sample of one weight, as `audit_sample(n)` draws it, says as much.
    plain, weighted = (threshold(frame, t).fields for t in (truth, truth.assign(weight=3.7)))
    pd.testing.assert_frame_equal(plain, weighted)


def test_700_readings_without_an_error_are_enough_at_any_scores():
    rng = np.random.default_rng(2)
    frame, truth = cards_and_truth(rng.integers(60, 100, 700), np.full(700, fill_value=True))
    row = threshold(frame, truth).fields.iloc[0]
    assert row.passing == 700


@pytest.mark.parametrize("errors", [0, 1, 3])
def test_the_cases_that_sample_size_names_are_enough_and_one_fewer_is_not(errors):
    for precision, confidence in ((0.8, 0.9), (0.9, 0.95), (0.995, 0.95)):
        n = sample_size(precision, confidence, errors=errors)
        for cases, found in ((n - 1, False), (n, True)):
            made = threshold(*cards_and_truth(np.full(cases, 99), np.arange(cases) >= errors), precision=precision,
                             confidence=confidence)  # fmt: skip
            assert made.fields.threshold.notna().tolist() == [found]
            assert made.fields.enough.tolist() == [n]


@pytest.mark.parametrize("errors", [1, 2, 5])
@pytest.mark.parametrize("precision", [0.8, 0.95])
@pytest.mark.parametrize("place", ["highest", "lowest", "anywhere"])
def test_the_cases_that_are_enough_get_a_threshold_wherever_the_errors_are(errors, precision, place):
    rng = np.random.default_rng(7)
    few = cases_enough(precision, 0.95, errors) - 1
    for n in (few + 1, few + 2, 2 * few):
        for levels in (5, 30, 10**6):
            score = np.sort(rng.integers(0, levels, n))[::-1]
            at = {"highest": np.arange(errors), "lowest": n - 1 - np.arange(errors)}.get(place, rng.choice(n, errors))
            correct = np.ones(n, dtype=bool)
            correct[at] = False
            assert lowest_threshold(score, correct, precision, 0.95).passing > 0


@pytest.mark.parametrize(
    ("errors", "n", "expected"),
    [
        (0, 24, "name: no threshold yet: 598 cards without an error are enough, you have 24"),
        (1, 24, "name: no threshold yet: errors in 1 of 24; 2392 cards without a further error are enough"),
        (6, 24, "name: no threshold: too many readings are incorrect, and no score separates them yet"),
    ],
)
def test_the_advice_goes_by_the_errors_so_far(errors, n, expected):
    score = np.arange(n) % 30 + 60
    frame, truth = cards_and_truth(score, np.arange(n) >= errors)
    sure, sure_truth = cards_and_truth(np.full(700, 99), np.full(700, fill_value=True), field="address")
    both = pd.concat([frame, sure.assign(key="a" + sure["key"])], ignore_index=True)
    found = threshold(both, pd.concat([truth, sure_truth.assign(key="a" + sure_truth["key"])]))
    assert found.advice == expected


def test_groups_of_which_one_is_most_of_the_cards_are_said_to_be_too_unequal():
    frame, truth = cards_and_truth(np.full(600, 99), np.ones(600, dtype=bool))
    group = {key: max(k - 560, 0) for k, key in enumerate(frame["key"])}
    found = threshold(frame, truth, precision=0.9, groups=group)
    assert found.fields["threshold"].isna().all()
    assert "too unequal to show it; label more cases of those that are few" in found.advice


def test_an_uneven_start_of_the_groups_does_not_end_the_search_where_all_cards_show_the_promise():
    # 29 groups are enough if they are equal: at score 99 one has 20 cards and the others one, at 90 all have 20.
    group = np.repeat(np.arange(29), 20)
    score = np.where((group == 0) | (np.arange(580) % 20 == 0), 99, 90)
    found = lowest_threshold(score, np.full(580, fill_value=True), 0.9, 0.95, group=group)
    assert (found.threshold, found.passing) == (90, 580)
    assert found.bound >= 0.9


def test_too_few_groups_say_how_many_are_enough():
    frame, truth = cards_and_truth(np.full(600, 99), np.ones(600, dtype=bool))
    group = {key: k % 28 for k, key in enumerate(frame["key"])}
    found = threshold(frame, truth, precision=0.9, groups=group)
    assert found.fields[["cases", "units", "enough"]].to_numpy().tolist() == [[600, 28, 29]]
    assert (
        found.advice == "No field has a threshold yet: 29 groups of equal size without an error are enough, you have 28"
    )


def test_too_few_cards_say_how_many_are_enough():
    found = threshold(*cards_and_truth(np.full(24, 99), np.full(24, fill_value=True)))
    assert found.advice == "No field has a threshold yet: 598 cards without an error are enough, you have 24"
    assert found.advice in repr(found)


@pytest.mark.parametrize(("precision", "confidence", "errors"), [(0.995, 0.95, 0), (0.99, 0.9, 3), (0.5, 0.6, 1)])
def test_the_sample_size_is_the_smallest_whose_exact_bound_suffices(precision, confidence, errors):
    n = sample_size(precision, confidence, errors)
    bounds = [
        binomtest(k - errors, k, alternative="greater").proportion_ci(confidence, method="exact").low
        for k in (n - 1, n)
    ]
    assert bounds[0] < precision <= bounds[1]


def test_sample_sizes_outside_their_range_are_refused():
    for given_ in ({"precision": 1}, {"confidence": 0}, {"errors": -1}, {"group_size": 0.5}):
        with pytest.raises(ValueError, match="must"):
            sample_size(**given_)


def test_looks_is_deprecated():
    with pytest.warns(DeprecationWarning, match="looks has no effect"):
        threshold(*cards_and_truth([90], [True]), looks=3)


VALUES = np.arange(50, 100)


@pytest.mark.parametrize(
    ("values", "rate", "probability", "precision", "n"),
    [
        (VALUES, np.ones(50), 0.90 + 0.1 * ((VALUES - 50) / 49) ** 0.5, 0.98, 3000),
        (VALUES, np.ones(50), np.full(50, 0.979), 0.98, 3000),
        (VALUES, np.ones(50), np.linspace(0.6, 1, 50), 0.9, 500),
        (VALUES, np.ones(50), np.linspace(1, 0.9, 50), 0.97, 800),
        (np.array([20, 99, 100]), np.array([0.05, 0.05, 0.9]), np.array([0.5, 0.9, 0.9949]), 0.995, 5000),
    ],
    ids=["rising", "just too low at every score", "few cards", "falling", "saturated"],
)
def test_the_promise_is_kept_in_95_of_100_sets(values, rate, probability, precision, n):
    rng = np.random.default_rng(11)
    rate = rate / rate.sum()
    true = np.cumsum((rate * probability)[::-1])[::-1] / np.cumsum(rate[::-1])[::-1]
    broken = 0
    for _ in range(250):
        drawn = rng.choice(len(values), size=n, p=rate)
        found = lowest_threshold(values[drawn], rng.random(n) < probability[drawn], precision, 0.95)
        if not np.isnan(found.threshold):
            broken += bool(true[np.searchsorted(values, found.threshold)] < precision)
    # 95 % limit of a binomial count of 250 with the promised rate 0.05; the simulation "thresholds" has 1,000.
    assert broken <= binom.ppf(0.95, 250, 0.05)


def test_a_threshold_is_found_where_there_is_one():
    rng = np.random.default_rng(12)
    probability = 0.90 + 0.1 * ((VALUES - 50) / 49) ** 0.5
    found = 0
    for _ in range(100):
        drawn = rng.integers(0, len(VALUES), 3000)
        found += not np.isnan(
            lowest_threshold(VALUES[drawn], rng.random(3000) < probability[drawn], 0.98, 0.95).threshold
        )
    assert found > 80


def test_batches_that_fail_together_keep_the_promise_when_they_are_named():
    rng = np.random.default_rng(13)
    broken = {"groups": 0, "cards": 0}
    for _ in range(60):
        batch = np.repeat(np.arange(30), 40)
        quality = np.where(rng.random(30) < 0.2, 0.5, 0.999)
        right = rng.random(len(batch)) < quality[batch]
        score = rng.integers(80, 100, len(batch))
        for name, group in (("groups", batch), ("cards", None)):
            found = lowest_threshold(score, right, 0.9, 0.95, group=group)
            broken[name] += not np.isnan(found.threshold) and 0.8 * 0.999 + 0.2 * 0.5 < 0.9
    # The true precision is 0.8992 at every score, so that each threshold breaks the promise.
    assert broken["groups"] <= binom.ppf(0.95, 60, 0.05)
    assert broken["cards"] > 6


def identity_cards(score, right, **others):
    """Cards with all fields of an identity card, alike but for those named."""
    columns = dict.fromkeys(expected_fields(CardType.ID_CARD), (score, right)) | others
    parts = [cards_and_truth(*each, field=field) for field, each in columns.items()]
    return tuple(pd.concat(side, ignore_index=True) for side in zip(*parts, strict=True))


def test_whole_cards_pass_when_every_field_was_read_and_passes():
    score = np.full(2000, 99)
    score[:100] = 50
    right = np.full(2000, True)
    both, truth = identity_cards(
        np.full(2000, 95), right, name=(score, score == 99), address=(np.full(2000, 90), np.arange(2000) != 1999)
    )
    both.loc[(both["field"] == "address") & (both["key"] == "1000.jpg"), "text"] = pd.NA
    found = threshold(both, truth, precision=0.99)
    assert found.fields.set_index("field").threshold[["name", "address"]].tolist() == [99, 90]
    joint = found.joint.iloc[0]
    assert joint[["cases", "passing", "share"]].tolist() == [2000, 1899, 1899 / 2000]
    assert joint.right == 1898 / 1899
    low, high = exact_interval([1899, 1898], [2000, 1899])
    assert joint[["share_low", "low"]].tolist() == pytest.approx(low.tolist())
    assert joint[["share_high", "high"]].tolist() == pytest.approx(high.tolist())


def test_a_field_without_threshold_lets_no_card_pass():
    joint = threshold(*cards_and_truth([90] * 5, [True] * 5), complete=True).joint.iloc[0]
    assert joint[["cases", "passing", "share"]].tolist() == [5, 0, 0]
    assert np.isnan(joint.right)


def test_what_is_shown_are_the_tables():
    found = threshold(*cards_and_truth([90] * 5, [True] * 5))
    for shown in (repr(found), found._repr_html_()):
        assert "precision 0.995 with confidence 0.95" in shown
        assert "样本" not in shown


@pytest.fixture
def promised():
    score = np.tile(np.arange(60, 100), 100)
    frame, truth = cards_and_truth(score, score >= 80)
    return threshold(frame, truth, precision=0.99)


def test_readings_pass_from_the_threshold_on(promised):
    frame, _ = cards_and_truth([79, 80, 99, 70], [True] * 4)
    frame.loc[3, "score"] = pd.NA
    frame.index = [9, 8, 7, 6]
    passes = promised.passes(frame, incomplete=True)
    assert passes.dtype == bool
    assert passes.to_dict() == {9: False, 8: True, 7: True, 6: False}


def test_a_card_passes_when_every_field_does():
    score = np.tile(np.arange(60, 100), 100)
    promised = threshold(*identity_cards(score, score >= 80), precision=0.99)
    frame, _ = identity_cards([99, 99, 99], [True] * 3, name=([99, 70, 99], [True] * 3))
    cards = promised.cards(frame[(frame["key"] != "2.jpg") | (frame["field"] != "gender")])
    assert cards.key.tolist() == ["0.jpg", "1.jpg", "2.jpg"]
    assert cards.passes.tolist() == [True, False, False]
    assert promised.cards(empty()).empty


@pytest.mark.parametrize(("name", "value"), [("precision", 1), ("confidence", 95)])
def test_what_makes_no_sense_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must .*, got {value}"):
        threshold(*cards_and_truth([90], [True]), **{name: value})


def test_nothing_gives_empty_tables():
    found = threshold(empty(), pd.DataFrame({"key": [], "field": [], "text": []}))
    assert found.fields.empty
    assert found.joint.cases.tolist() == [0]


def test_the_rate_of_passing_cards_is_that_of_the_frame_and_not_of_the_sample():
    right = np.random.default_rng(1).random((400, 6)) > 0.05
    frame, truth = simulate.frame_of(right, np.where(right, 95, 40))
    truth["weight"] = np.repeat(np.where(np.arange(400) < 200, 1.0, 9.0), 6)
    judged = evaluate(frame, truth)
    found = threshold(frame, judged, precision=0.8, unit="card")
    passing = judged.whole.merge(found.cards(frame), on=["job_id", "key"])
    # The sample on which the calibrator was learned is left out, by key.
    tested = passing[~passing["key"].isin(found.calibrator.held_out["key"])]
    assert len(tested) == found.table["cases"].item()
    share = tested.loc[tested["passes"], "weight"].sum() / tested["weight"].sum()
    assert found.table["share"].item() == pytest.approx(share)
    assert abs(found.table["passing"].item() / len(tested) - share) > 1e-4
