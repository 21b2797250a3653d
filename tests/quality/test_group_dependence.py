from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from test_calibration import cards_and_truth

from cardocr_nb.quality import CorrelatedErrorsWarning, evaluate, threshold
from cardocr_nb.quality._group_dependence import dependence

DAY = pd.Timestamp("2026-01-01", tz="UTC")


def cards(rng, n, days):
    """Invented cards with all four columns; the groups of two are large, those of one small."""
    return pd.DataFrame(
        {
            "key": [f"{k % 7}/{k}.jpg" for k in range(n)],
            "created": DAY + pd.to_timedelta(rng.integers(0, days, n), unit="D"),
            "bucket": rng.choice(["a", "b"], n),
            "user_data": rng.integers(0, n // 2, n).astype(str),
        }
    )


def test_independent_cards_give_a_false_warning_in_less_than_one_percent():
    rng, false = np.random.default_rng(3), 0
    for n, days, rate in [(60, 5, 0.1), (300, 30, 0.02), (300, 30, 0.3), (800, 60, 0.05)]:
        first = cards(rng, n, days)
        # Strata have error rates of their own; cards of one stratum are independent.
        stratum = rng.integers(0, 3, n)
        for _ in range(25):
            incorrect = rng.random(n) < rate * (0.5 + stratum / 2)
            false += dependence(first, incorrect, stratum) is not None
    # 100 sets: 0.5 % gives 0.5 on average. The simulation "warnings" has 2,000 sets.
    assert false <= 3


def test_days_with_error_rates_of_their_own_are_found():
    rng, found = np.random.default_rng(4), []
    for _ in range(15):
        first = cards(rng, 1500, 30)
        day = (first["created"] - DAY).dt.days.to_numpy()
        incorrect = rng.random(1500) < rng.beta(0.1 * 9, 0.9 * 9, 30)[day]  # intraclass correlation 0.1
        found.append(dependence(first, incorrect, np.zeros(1500, dtype=np.intp)))
    assert np.mean([f is not None and f.column == "created" for f in found]) > 0.9
    assert np.mean([f.icc for f in found if f is not None]) == pytest.approx(0.1, abs=0.05)


def test_card_types_of_different_difficulty_in_different_folders_are_no_correlation():
    rng = np.random.default_rng(5)
    stratum = np.repeat([0, 1], 300)
    first = pd.DataFrame({"key": [f"{s}/{k % 10}/{k}.jpg" for k, s in enumerate(stratum)]})
    incorrect = rng.random(600) < np.where(stratum, 0.4, 0.02)
    assert dependence(first, incorrect, stratum) is None
    assert dependence(first, incorrect, np.zeros_like(stratum)) is not None


@pytest.fixture
def batches():
    """600 cards of 20 folders; in three of them most are incorrect."""
    rng = np.random.default_rng(6)
    folder = np.arange(600) % 20
    right = rng.random(600) > np.where(folder < 3, 0.8, 0.02)
    frame, truth = cards_and_truth(np.full(600, 99), right)
    return tuple(table.assign(key=[f"{k % 20}/{k}.jpg" for k in range(600)]) for table in (frame, truth))


@pytest.mark.parametrize("call", [evaluate, threshold])
def test_the_warning_names_the_column_and_a_call_that_silences_it(batches, call):
    with pytest.warns(CorrelatedErrorsWarning, match=r"folder of `key`.*intraclass correlation 0\.[3-9]") as caught:
        call(*batches)
    assert caught[0].filename == __file__
    assert 'groups="folder"' in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(*batches, groups="folder")
        call(batches[0], evaluate(*batches, groups="folder"))


def test_the_folders_of_keys_are_the_groups_of_a_mapping(batches):
    mapping = {key: key.rpartition("/")[0] for key in batches[0]["key"].unique()}
    found, expected = (evaluate(*batches, groups=groups).fields for groups in ("folder", mapping))
    pd.testing.assert_frame_equal(found, expected)


def test_slices_that_explain_the_errors_are_no_correlation(batches):
    frame, truth = batches
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluate(frame.assign(folder=frame["key"].str.rpartition("/")[0]), truth, by="folder")
