from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from test_calibration import cards_and_truth

from cardocr_nb.frame import empty
from cardocr_nb.quality import lower_bound, threshold, wilson
from cardocr_nb.quality._thresholds import _lowest


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
    row = threshold(frame, truth, precision=0.99, looks=40).fields.iloc[0]
    assert (row.threshold, row.cases, row.passing, row.share, row.right) == (80, 4000, 2000, 0.5, 1.0)
    assert row.bound > 0.99


def test_no_threshold_is_an_answer():
    rng = np.random.default_rng(1)
    frame, truth = cards_and_truth(rng.integers(50, 100, 2000), rng.random(2000) < 0.9)
    row = threshold(frame, truth, precision=0.995).fields.iloc[0]
    assert row.threshold is pd.NA
    assert (row.passing, row.share) == (0, 0.0)
    assert row.bound < 0.9


def test_too_few_cards_promise_nothing_even_without_an_error():
    frame, truth = cards_and_truth(np.full(500, 99), np.full(500, fill_value=True))
    assert threshold(frame, truth).fields.threshold.isna().all()
    assert threshold(frame, truth, precision=0.95).fields.threshold.tolist() == [99]


def test_more_looks_ask_for_more():
    score, right = np.full(700, 99), np.full(700, fill_value=True)
    assert threshold(*cards_and_truth(score, right), looks=1).fields.threshold.tolist() == [99]
    assert threshold(*cards_and_truth(score, right), looks=20).fields.threshold.isna().all()


VALUES = np.arange(50, 100)


@pytest.mark.parametrize(
    ("values", "share", "chance", "precision", "cases"),
    [
        (VALUES, np.ones(50), 0.90 + 0.1 * ((VALUES - 50) / 49) ** 0.5, 0.98, 3000),
        (VALUES, np.ones(50), np.full(50, 0.979), 0.98, 3000),
        (VALUES, np.ones(50), np.linspace(0.6, 1, 50), 0.9, 500),
        (np.array([20, 99, 100]), np.array([0.05, 0.05, 0.9]), np.array([0.5, 0.9, 0.9949]), 0.995, 5000),
    ],
    ids=["rising", "just too bad at every score", "few cards", "saturated"],
)
def test_the_promise_is_kept_in_95_of_100_sets(values, share, chance, precision, cases):
    rng = np.random.default_rng(11)
    share = share / share.sum()
    true = np.cumsum((share * chance)[::-1])[::-1] / np.cumsum(share[::-1])[::-1]
    broken = 0
    for _ in range(500):
        drawn = rng.choice(len(values), size=cases, p=share)
        found = _lowest(values[drawn], rng.random(cases) < chance[drawn], precision, 1 - 0.05 / 20, 20)
        if found["threshold"] is not pd.NA:
            broken += bool(true[np.searchsorted(values, found["threshold"])] < precision)
    assert broken <= 0.05 * 500


def test_a_threshold_is_found_where_there_is_one():
    rng = np.random.default_rng(12)
    chance = 0.90 + 0.1 * ((VALUES - 50) / 49) ** 0.5
    found = 0
    for _ in range(100):
        drawn = rng.integers(0, len(VALUES), 3000)
        right = rng.random(3000) < chance[drawn]
        found += _lowest(VALUES[drawn], right, 0.98, 1 - 0.05 / 20, 20)["threshold"] is not pd.NA
    assert found > 70


def test_whole_cards_pass_when_every_field_was_read_and_passes():
    score = np.full(2000, 99)
    score[:100] = 50
    frame, truth = cards_and_truth(score, score == 99)
    other, more = cards_and_truth(np.full(2000, 90), np.arange(2000) != 1999, field="address")
    other.loc[1000, "text"] = pd.NA
    both = pd.concat([frame, other], ignore_index=True)
    found = threshold(both, pd.concat([truth, more]), precision=0.99)
    assert found.fields.threshold.tolist() == [99, 90]
    joint = found.joint.iloc[0]
    assert joint[["cases", "passing", "share"]].tolist() == [2000, 1899, 1899 / 2000]
    assert joint.right == 1898 / 1899
    low, high = wilson([1899, 1898], [2000, 1899])
    assert joint[["share_low", "low"]].tolist() == pytest.approx(low.tolist())
    assert joint[["share_high", "high"]].tolist() == pytest.approx(high.tolist())


def test_a_field_without_threshold_lets_no_card_pass():
    joint = threshold(*cards_and_truth([90] * 5, [True] * 5)).joint.iloc[0]
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
    return threshold(frame, truth, precision=0.99, looks=40)


def test_readings_pass_from_the_threshold_on(promised):
    frame, _ = cards_and_truth([79, 80, 99, 70], [True] * 4)
    frame.loc[3, "score"] = pd.NA
    frame.index = [9, 8, 7, 6]
    passes = promised.passes(frame)
    assert passes.dtype == bool
    assert passes.to_dict() == {9: False, 8: True, 7: True, 6: False}


def test_a_card_passes_when_every_field_does(promised):
    frame = pd.concat([cards_and_truth([99, 70], [True] * 2)[0], cards_and_truth([99], [True], field="address")[0]])
    cards = promised.cards(frame)
    assert cards.key.tolist() == ["0.jpg", "1.jpg"]
    assert cards.passes.tolist() == [False, False]
    assert promised.cards(cards_and_truth([99, 70], [True] * 2)[0]).passes.tolist() == [True, False]
    assert promised.cards(empty()).empty


@pytest.mark.parametrize(("name", "value"), [("precision", 1), ("confidence", 95), ("looks", 0)])
def test_what_makes_no_sense_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must .*, got {value}|{name} must be 1 or more, got {value}"):
        threshold(*cards_and_truth([90], [True]), **{name: value})


def test_nothing_gives_empty_tables():
    found = threshold(empty(), pd.DataFrame({"key": [], "field": [], "text": []}))
    assert found.fields.empty
    assert found.joint.cases.tolist() == [0]
