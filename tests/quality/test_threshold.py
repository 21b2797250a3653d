from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from test_calibration import cards_and_truth

from cardocr_nb.frame import empty
from cardocr_nb.quality import lower_bound, threshold
from cardocr_nb.quality.threshold import _lowest


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


def test_the_promise_is_kept_as_often_as_it_is_given():
    rng = np.random.default_rng(11)
    values = np.arange(50, 100)
    chance = 0.90 + 0.1 * ((values - 50) / 49) ** 0.5
    # True share of right readings at and above each score, the scores being drawn evenly.
    true = np.cumsum(chance[::-1])[::-1] / np.arange(len(values), 0, -1)
    broken = given_out = 0
    for _ in range(500):
        drawn = rng.integers(0, len(values), 3000)
        found = _lowest(values[drawn], rng.random(3000) < chance[drawn], 0.98, 1 - 0.05 / 20, 20)
        if found["threshold"] is not pd.NA:
            given_out += 1
            broken += bool(true[found["threshold"] - 50] < 0.98)
    assert given_out > 100
    assert broken <= 0.05 * 500


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


def test_nothing_gives_an_empty_table():
    assert threshold(empty(), pd.DataFrame({"key": [], "field": [], "text": []})).fields.empty
