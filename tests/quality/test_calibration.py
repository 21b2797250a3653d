from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from cardocr_nb.frame import PolygonArray, conform, empty
from cardocr_nb.quality import FewScoresWarning, calibration, exact_interval


def cards_and_truth(score, right, field="name"):
    keys = [f"{k}.jpg" for k in range(len(score))]
    frame = pd.DataFrame({"key": keys, "field": field, "text": np.where(right, "样本", "样木"), "score": score})
    truth = pd.DataFrame({"key": keys, "field": field, "text": "样本"})
    return conform(frame.assign(state="Success", polygon=PolygonArray.from_numpy(np.zeros((len(keys), 4, 2))))), truth


@pytest.fixture
def drawn():
    rng = np.random.default_rng(5)
    score = rng.integers(40, 101, 3000)
    return score, rng.random(3000) < score / 100


def test_figures_agree_with_scikit_learn(drawn):
    score, right = drawn
    fields = calibration(*cards_and_truth(score, right)).fields.iloc[0]
    assert fields.auroc == pytest.approx(roc_auc_score(right, score))
    assert fields.brier == pytest.approx(brier_score_loss(right, score / 100))
    assert fields.accuracy == right.mean()
    assert fields.score == score.mean()
    assert fields.distinct == 61


def test_scores_that_are_true_have_a_small_error_and_boasting_ones_a_large_one(drawn):
    score, right = drawn
    assert calibration(*cards_and_truth(score, right)).fields.ece[0] < 0.04
    boasting = np.full_like(score, 99) - (np.arange(len(score)) % 9)
    assert calibration(*cards_and_truth(boasting, right)).fields.ece[0] == pytest.approx(0.95 - right.mean(), abs=0.01)


def test_bins_hold_equal_counts_and_the_whole(drawn):
    score, right = drawn
    bins = calibration(*cards_and_truth(score, right), bins=5).bins
    assert len(bins) == 5
    assert bins.cases.sum() == 3000
    assert bins.correct.sum() == right.sum()
    assert (bins.cases - 600).abs().max() < 60
    assert (bins["first"].iloc[1:].to_numpy() > bins["last"].iloc[:-1].to_numpy()).all()
    low, high = exact_interval(bins.correct, bins.cases)
    assert bins[["low", "high"]].to_numpy() == pytest.approx(np.stack([low, high], axis=1))


def test_equal_scores_are_never_parted():
    with pytest.warns(FewScoresWarning, match="name take 3 values or fewer"):
        bins = calibration(*cards_and_truth(np.repeat([70, 80, 90], 50), np.tile([True, False], 75)), bins=10).bins
    assert bins[["first", "last", "cases"]].to_numpy().tolist() == [[70, 70, 50], [80, 80, 50], [90, 90, 50]]


def test_all_right_leaves_no_pair_to_rank():
    fields = calibration(*cards_and_truth([70, 80, 90, 95], [True] * 4)).fields
    assert np.isnan(fields.auroc[0])


def test_fields_are_judged_apart():
    a, truth_a = cards_and_truth([60, 70, 80, 90], [False, True, True, True])
    b, truth_b = cards_and_truth([60, 70, 80, 90], [True, True, True, False], field="address")
    result = calibration(pd.concat([a, b], ignore_index=True), pd.concat([truth_a, truth_b]), bins=2)
    assert result.fields.field.tolist() == ["name", "address"]
    assert result.fields.auroc.tolist() == [1, 0]
    assert result.bins.groupby("field", observed=True).cases.sum().tolist() == [4, 4]


def test_readings_without_score_and_fields_not_read_do_not_count():
    frame, truth = cards_and_truth([60, 70, 80, 90, 91, 92], [True, False, True, True, True, True])
    frame.loc[0, "score"] = pd.NA
    frame.loc[1, "text"] = None
    fields = calibration(frame, truth).fields
    assert fields[["cases", "accuracy"]].to_numpy().tolist() == [[4, 1.0]]


def test_nothing_gives_empty_tables():
    result = calibration(empty(), pd.DataFrame({"key": [], "field": [], "text": []}))
    assert result.bins.empty
    assert result.fields.empty


def test_no_bins_are_refused(drawn):
    with pytest.raises(ValueError, match="bins must be a whole number of 1 or more, got 0"):
        calibration(*cards_and_truth(*drawn), bins=0)
