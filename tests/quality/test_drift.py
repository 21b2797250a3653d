from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from quality_cards import ID_CARD, job
from scipy.stats import ks_2samp

from cardocr_nb.frame import empty, to_frame
from cardocr_nb.frame._dask_frame import to_dask
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.quality import drift, wilson
from cardocr_nb.quality._distribution_shift import holm, ks, ks_probability, psi
from cardocr_nb.quality._drift import COLUMNS

scores = st.lists(st.integers(0, 100), min_size=4, max_size=30).map(np.array)


@pytest.mark.filterwarnings("ignore:ks_2samp")
@given(scores, scores)
def test_the_distance_of_the_scores_is_that_of_scipy(left, right):
    expected = ks_2samp(left, right, method="exact")
    assert ks(left, right) == pytest.approx(expected.statistic)
    assert ks_probability(left, right) == pytest.approx(expected.pvalue)
    assert psi(left, right) >= 0


def test_one_side_without_scores_has_no_distance():
    assert all(np.isnan(f(np.empty(0), np.arange(3))) for f in (ks, ks_probability, psi))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_adjusting_agrees_with_the_definition(chances):
    adjusted = holm(np.array(chances))
    for n, chance in enumerate(chances):
        smaller = [c for c in chances if c <= chance]
        expected = max(c * (len(chances) - sum(d < c for d in chances)) for c in smaller)
        assert adjusted[n] == pytest.approx(min(expected, 1))


def names(by_day, text="样本"):
    """A card a score; days count from the first of March."""
    rows = [
        {"key": f"{day}-{n}.jpg", "field": "name", "text": text, "score": score,
         "created": pd.Timestamp("2026-03-01 23:30", tz="+08:00") + pd.Timedelta(days=day)}
        for day, values in enumerate(by_day) for n, score in enumerate(values)
    ]  # fmt: skip
    return conform(pd.DataFrame(rows))


def test_a_day_unlike_the_first_days_stands_out_and_others_do_not():
    rng = np.random.default_rng(0)
    good = [rng.integers(85, 100, 40) for _ in range(9)]
    table = drift(names([*good, rng.integers(60, 80, 40)]))
    assert tuple(table.columns) == COLUMNS
    assert table.day.tolist() == list(pd.date_range("2026-03-01", periods=10))
    assert table.ks[:3].isna().all()
    assert table.ks.iloc[-1] == 1
    assert table.psi.iloc[-1] > 0.25
    assert (table.adjusted.to_numpy()[3:] < 0.05).tolist() == [False] * 6 + [True]


def test_without_drift_a_false_alarm_in_the_whole_table_is_rare():
    rng = np.random.default_rng(1)
    alarms = sum((drift(names(rng.integers(70, 100, (8, 25)))).adjusted < 0.05).any() for _ in range(40))
    assert alarms <= 5


def test_another_frame_can_be_the_reference_and_needs_no_times():
    usual = names([[90, 91, 92, 93] * 5]).drop(columns="created")
    table = drift(names([[90, 91, 92, 93] * 5, [50, 51, 52, 53] * 5]), usual)
    assert table.ks.tolist() == [0, 1]
    assert drift(names([[90] * 4]), empty()).ks.isna().all()


def test_missing_texts_are_counted_among_the_cards_that_bear_the_field():
    cards = to_frame([job(ID_CARD, key="1.jpg"), job({k: v for k, v in ID_CARD.items() if k != "住址"}, key="2.jpg")])
    cards["created"] = pd.Timestamp("2026-03-01", tz="+08:00")
    row = drift(cards).set_index("field").loc["address"]
    assert row[["cases", "share_missing"]].tolist() == [2, 0.5]
    low, high = wilson(1, 2)
    assert row[["low", "high"]].tolist() == [low, high]
    assert drift(cards).field.tolist() == ["name", "gender", "ethnicity", "birth_date", "address", "id_number"]


def test_a_frame_without_times_is_refused_and_nothing_gives_an_empty_table():
    with pytest.raises(ValueError, match="no reading says when it was created"):
        drift(to_frame(job(ID_CARD)))
    with pytest.raises(ValueError, match="one day or more, got 0"):
        drift(names([[90]]), 0)
    assert tuple(drift(empty()).columns) == COLUMNS
    assert drift(empty()).empty


def test_all_scores_missing_or_equal_is_no_trouble():
    same = drift(names([[90] * 5, [90] * 5]), 1)
    assert same.ks.tolist()[1:] == [0]
    assert same.p.tolist()[1:] == [1]
    none = names([[90] * 5, [90] * 5]).assign(score=pd.array([None] * 10, dtype="Int16"))
    table = drift(none, 1)
    assert table[["score", "ks", "psi", "p", "adjusted"]].isna().all(axis=None)
    assert table.cases.tolist() == [5, 5]


def test_a_frame_in_parts_drifts_as_the_whole_does():
    whole = names([[90, 91, 92] * 3, [80, 95, 99] * 3, [70] * 9, [60] * 9])
    parted = to_dask(whole, npartitions=3)
    pd.testing.assert_frame_equal(drift(parted), drift(whole))
    pd.testing.assert_frame_equal(parted.cardocr.drift(1), whole.cardocr.drift(1))
