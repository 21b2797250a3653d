from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quality_cards import ID_CARD, job

from cardocr_nb.frame import to_frame
from cardocr_nb.quality import audit_sample, evaluate


def population(rng, n=1500):
    """Cards whose low scores are incorrect far more often; the frame, the true texts, and the true rate."""
    score = rng.integers(50, 100, (n, 6))
    wrong = rng.random((n, 6)) < np.where(score < 60, 0.4, 0.005)
    frame = to_frame([job(ID_CARD, key=f"{k}.jpg") for k in range(n)])
    frame["score"] = pd.array(score.ravel(), dtype="Int16")
    frame["created"] = pd.Timestamp("2026-03-01", tz="+08:00") + pd.to_timedelta(np.arange(len(frame)) // 900, unit="D")
    truth = frame[["key", "field"]].assign(text=frame["text"].where(~wrong.ravel(), "不同"))
    return frame, truth, 1 - wrong.mean()


@pytest.mark.parametrize("by", [(), "score", ["score", "field"], "day", "card_type"])
def test_inclusion_probabilities_are_the_rates_at_which_cases_are_drawn(by):
    frame = population(np.random.default_rng(0), 40)[0]
    drawn = pd.Series(0.0, index=pd.MultiIndex.from_frame(frame[["key", "field"]].astype("str")))
    probability = drawn.copy()
    for seed in range(15):
        sample = audit_sample(frame, 120, by=by, seed=seed)
        at = pd.MultiIndex.from_frame(sample[["key", "field"]].astype("str"))
        drawn[at] += 1 / 15
        probability[at] = 1 / sample["weight"].to_numpy()
    assert len(sample) == 120
    some = (probability > 0) & (probability < 1)
    assert drawn[~some].to_numpy() == pytest.approx(probability[~some].to_numpy())
    # Mean square of about 200 standardized rates: cases of one stratum that are not alike raise it.
    assert (((drawn - probability) ** 2 / (probability * (1 - probability) / 15))[some]).mean() == pytest.approx(
        1, abs=0.4
    )
    assert drawn.sum() == pytest.approx(120)
    assert sample["weight"].sum() == pytest.approx(240)


def test_weights_undo_that_more_cases_are_drawn_where_errors_are_likely():
    rng = np.random.default_rng(1)
    frame, truth, true = population(rng, 700)
    weighted, plain, covered = [], [], 0
    for seed in range(8):
        sample = audit_sample(frame, 300, by="score", seed=seed)
        labeled = sample.merge(truth, on=["key", "field"])
        row = evaluate(frame, labeled).bootstrap(n_resamples=500).iloc[-1]
        weighted.append(row.exact)
        covered += row.exact_low <= true <= row.exact_high
        plain.append(evaluate(frame, labeled, weights=False).bootstrap(n_resamples=1).iloc[-1].exact)
    assert np.mean(weighted) == pytest.approx(true, abs=0.015)
    # Without weights the rate is 0.02 too low; over 30 seeds the mean difference of the pairs is 0.0195, over 8 it is 0.018.
    assert np.mean(np.subtract(weighted, plain)) > 0.01
    assert covered >= 0.93 * 8


def test_whole_cards_are_drawn_with_all_their_fields():
    frame = population(np.random.default_rng(2), 30)[0]
    frame = frame[~((frame["key"] == "0.jpg") & (frame["field"] == "name"))]
    sample = audit_sample(frame, 30, unit="card")
    assert sample["key"].value_counts().unique().tolist() == [6]
    assert sample["weight"].unique().tolist() == [1.0]
    some = audit_sample(frame, 10, unit="card", by="score")
    assert some["key"].nunique() == 10
    assert some.groupby("key")["weight"].nunique().unique().tolist() == [1]


def test_fields_that_were_not_read_can_be_drawn():
    frame = to_frame([job({"姓名": "样本"}, key="1.jpg")])
    assert len(audit_sample(frame, 100)) == 6


def test_the_same_seed_draws_the_same_cases():
    frame = population(np.random.default_rng(3), 30)[0]
    pd.testing.assert_frame_equal(audit_sample(frame, 9), audit_sample(frame, 9))
    assert not audit_sample(frame, 9).equals(audit_sample(frame, 9, seed=1))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n": 0}, "n must be a whole number of 1 or more, got 0"),
        ({"n": 5, "by": "nothing"}, "no column 'nothing'; it has .* by takes"),
        ({"n": 2, "by": "field"}, "6 strata and 2 cases to draw"),
        ({"n": 2, "by": "field", "unit": "card"}, "cannot be stratified by field"),
        ({"n": 2, "unit": "day"}, "unit must be 'field' or 'card', got 'day'"),
    ],
)
def test_impossible_samples_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        audit_sample(to_frame([job(ID_CARD)]), **given)
