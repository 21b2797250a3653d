from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise_simulations import FIELDS, days_of_cards, delays_and_false_alarms
from quality_cards import ID_CARD, job
from scipy.stats import binom, ks_2samp

from cardocr_nb.frame import empty, to_frame
from cardocr_nb.frame._dask_frame import to_dask
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.quality import FewDaysWarning, drift, wilson
from cardocr_nb.quality._distribution_shift import ks, ks_probability, psi, psi_test
from cardocr_nb.quality._drift import COLUMNS
from cardocr_nb.quality._drift_alarms import cusum, rate_deviations

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


def test_the_expected_index_is_that_of_samples_without_change():
    rng = np.random.default_rng(0)
    indices = [psi(rng.integers(0, 100, 30), rng.integers(0, 100, 30)) for _ in range(2000)]
    expected = np.mean([psi_test(rng.integers(0, 100, 30), rng.integers(0, 100, 30), seed=k)[0] for k in range(30)])
    assert expected == pytest.approx(np.mean(indices), rel=0.15)
    assert np.mean(np.array(indices) > 0.25) > 0.5


def test_the_p_value_of_the_index_is_seldom_small_without_change_and_small_with_one():
    rng = np.random.default_rng(1)
    p = [psi_test(rng.integers(0, 100, 30), rng.integers(0, 100, 30), n_resamples=199)[1] for _ in range(300)]
    assert np.mean(np.array(p) <= 0.05) <= binom.ppf(0.99, 300, 0.05) / 300
    assert psi_test(rng.integers(0, 100, 100), rng.integers(30, 130, 100))[1] < 0.01


def names(by_day, text="样本"):
    """A card a score; days count from the first of March."""
    rows = [
        {"key": f"{day}-{n}.jpg", "field": "name", "text": text, "score": score,
         "created": pd.Timestamp("2026-03-01 23:30", tz="+08:00") + pd.Timedelta(days=day)}
        for day, values in enumerate(by_day) for n, score in enumerate(values)
    ]  # fmt: skip
    return conform(pd.DataFrame(rows))


def of(table, field="name"):
    return table[table["field"] == field].reset_index(drop=True)


def test_scores_that_fall_for_days_raise_an_alarm_and_usual_days_do_not():
    rng = np.random.default_rng(0)
    usual = [rng.integers(85, 100, 40) for _ in range(20)]
    table = drift(names([*usual, *(rng.integers(60, 80, 40) for _ in range(3))]))
    assert tuple(table.columns) == COLUMNS
    name = of(table)
    assert name.day.tolist() == list(pd.date_range("2026-03-01", periods=23))
    assert name.ks[:10].isna().all()
    assert name.alarm[:10].isna().all()
    assert name.ks.iloc[-1] == 1
    assert not name.alarm[10:20].any()
    assert name.alarm[20:].any()
    assert name.signal.iloc[-1] == "scores"
    assert of(table, "all").cases.tolist() == [40] * 23


def test_a_doubled_error_rate_is_found_within_a_week():
    assert delays_and_false_alarms(np.random.default_rng(1), 9, 42, 30, rate=0.03)[0] <= 7


@pytest.mark.slow
@pytest.mark.parametrize("change", [10, 30])
def test_a_doubled_error_rate_is_found_within_a_week_in_60_runs(change):
    assert delays_and_false_alarms(np.random.default_rng(3), 60, change + 30, change, rate=0.03)[0] <= 7


def test_an_alarm_is_not_taken_back_when_days_are_added():
    frame = days_of_cards(np.random.default_rng(4), 40, rate=0.03, change=25)
    day = frame["created"].dt.tz_localize(None).dt.normalize()
    whole = drift(frame, finished=True).set_index(["field", "day"])
    for last in (26, 28, 33):
        some = drift(frame[day <= day.min() + pd.Timedelta(days=last)], finished=True).set_index(["field", "day"])
        pd.testing.assert_frame_equal(some[["evidence", "alarm"]], whole.loc[some.index, ["evidence", "alarm"]])
    assert whole["alarm"].any()


@pytest.mark.parametrize("seed", [11, 12])
def test_an_alarm_is_not_taken_back_when_cards_of_the_last_day_come_later(seed):
    frame = days_of_cards(np.random.default_rng(seed), 40, rate=0.03, per_day=30)
    day = frame["created"].dt.tz_localize(None).dt.normalize()
    order = frame.groupby(day)["key"].transform(lambda keys: pd.factorize(keys)[0])
    spoiled = (day == day.min() + pd.Timedelta(days=25)) & (order < 10) & (frame["field"] != "name")
    frame = frame[~spoiled]
    day, order = day[~spoiled], order[~spoiled]
    last = day.min() + pd.Timedelta(days=25)
    tables = [drift(frame[(day < last) | ((day == last) & (order < n))]) for n in (10, 20, 30)]
    tables += [drift(frame[day <= last + pd.Timedelta(days=later)]) for later in (1, 5, 14)]
    alarms = [
        {
            cell
            for cell, alarm in table.set_index(["field", "day"])["alarm"].items()
            if alarm is True or alarm is np.True_
        }
        for table in tables
    ]
    for before, after in itertools.pairwise(alarms):
        assert before <= after
    morning = tables[0][tables[0]["day"] == last]
    assert morning["alarm"].isna().all()
    assert morning["evidence"].max() >= 1
    finished = drift(frame[(day < last) | ((day == last) & (order < 10))], finished=True)
    assert finished.loc[finished["day"] == last, "alarm"].any()


def test_a_number_that_is_unread_on_most_cards_raises_an_alarm_of_its_own():
    frame = days_of_cards(np.random.default_rng(5), 30, rate=0.01)
    late = frame["created"] >= frame["created"].min() + pd.Timedelta(days=20)
    frame = frame[~(late & (frame["field"] == "id_number") & (np.arange(len(frame)) % 5 < 3))]
    found = of(drift(frame), "id_number")
    assert found.alarm.fillna(False).to_numpy(bool)[20:22].any()
    assert found.signal.iloc[-1] in ("faults", "unread")


@pytest.mark.parametrize("rate", [0.0, 1.0])
@pytest.mark.parametrize("sizes", [(8, 80), (80, 8), (5, 300), (300, 5)])
def test_more_or_fewer_cards_a_day_are_no_change(rate, sizes):
    n = np.repeat(sizes, [15, 185]).astype(float)
    evidence, alarm = cusum(rate_deviations(rate * n, n, 10), 0.4)
    assert not alarm.any()
    assert np.nanmax(evidence) == pytest.approx(0, abs=1e-9)


def test_ten_times_as_many_cards_a_day_raise_few_alarms_by_chance():
    rng, n = np.random.default_rng(5), np.repeat([8, 80], [15, 95]).astype(float)
    rate = 0.03 * np.exp(rng.normal(0, 0.2, (300, len(n))))
    found = [cusum(rate_deviations(rng.binomial(n.astype(int), p).astype(float), n, 10), 0.0167)[1].any() for p in rate]
    # 2.5 are aimed at; days of 8 cards as good a reference as any would give 30.
    assert sum(found) <= 9


def test_a_change_after_ten_times_as_many_cards_are_usual_is_found():
    rng, n, delays = np.random.default_rng(6), np.repeat([8, 80], [15, 65]).astype(float), []
    for _ in range(40):
        rate = 0.03 * np.exp(rng.normal(0, 0.2, len(n))) * np.repeat([1, 3], [60, 20])
        alarm = cusum(rate_deviations(rng.binomial(n.astype(int), rate).astype(float), n, 10), 0.0167)[1]
        delays.append(np.argmax(alarm[60:]) + 1 if alarm[60:].any() else np.inf)
    assert np.median(delays) <= 7


@pytest.mark.parametrize("scores", ["gone with the field", "none"])
def test_a_field_that_is_unread_on_all_cards_has_evidence_and_the_signal_unread(scores):
    frame = days_of_cards(np.random.default_rng(5), 24, rate=0.01)
    late = frame["created"] >= frame["created"].min() + pd.Timedelta(days=18)
    gone = frame[~(late & (frame["field"] == "id_number"))]
    found = of(drift(gone.assign(score=pd.NA) if scores == "none" else gone), "id_number")[18:]
    assert found.share_missing.eq(1).all()
    assert found.evidence.notna().all()
    assert found.evidence.max() >= 1
    assert set(found.signal) <= {"faults", "unread"}


def test_years_of_days_are_judged_in_parts_as_at_once():
    rng = np.random.default_rng(7)
    n = rng.integers(5, 60, 700).astype(float)
    count = rng.binomial(n.astype(int), 0.05).astype(float)
    every = rate_deviations(count, n, 10)
    for days in (200, 300, 600):
        np.testing.assert_allclose(rate_deviations(count[:days], n[:days], 10), every[:days], rtol=1e-9)


def test_numbers_that_fail_a_check_on_every_card_raise_no_alarm_when_cards_become_more():
    few, many = (days_of_cards(np.random.default_rng(5), days, rate=0, per_day=n) for days, n in ((15, 8), (10, 60)))
    many = many.assign(key=many["key"] + "m", created=many["created"] + pd.Timedelta(days=15))
    found = of(drift(conform(pd.concat([few, many]))), "id_number")
    assert found.share_failed.tolist() == [1] * 25
    assert not found.alarm[10:].any()


@pytest.mark.parametrize("state", ["Success", "Failed"])
def test_cards_of_which_nothing_was_read_are_unread_fields(state):
    frame = days_of_cards(np.random.default_rng(5), 30, rate=0.01)
    day = frame["created"].dt.tz_localize(None).dt.normalize()
    lost = (day >= day.min() + pd.Timedelta(days=20)) & (pd.factorize(frame["key"])[0] % 5 < 3)
    bare = frame[lost].drop_duplicates("key").assign(state=state, field=None, text=None, score=None)
    found = of(drift(conform(pd.concat([frame[~lost], bare]))), "id_number")
    assert found.cases.tolist() == of(drift(frame), "id_number").cases.tolist()
    assert found.alarm.fillna(False).to_numpy(bool)[20:22].any()
    assert found.share_missing[20:].min() > 0.2
    waiting = conform(pd.concat([frame[~lost], bare.assign(state="Running")]))
    assert not of(drift(waiting), "id_number").alarm[20:].any()


def test_failed_checks_raise_an_alarm():
    frame = days_of_cards(np.random.default_rng(6), 24, rate=0.01)
    late = frame["created"] >= frame["created"].min() + pd.Timedelta(days=15)
    frame.loc[late & (frame["field"] == "gender") & (np.arange(len(frame)) % 4 == 1), "text"] = "口"
    found = of(drift(frame), "gender")
    assert found.alarm.fillna(False).to_numpy(bool)[15:].any()
    assert found.share_failed.iloc[-1] > 0.1


def test_too_few_reference_days_say_so_and_raise_no_alarm():
    with pytest.warns(FewDaysWarning, match="3 reference days are too few"):
        table = drift(names([[90] * 20] * 3 + [[10] * 20]), 3)
    assert table.alarm.isna().all()
    assert of(table).ks.tolist()[-1] == 1


def test_another_frame_can_be_the_reference():
    usual = names([[90, 91, 92, 93] * 5] * 12)
    days = names([[90, 91, 92, 93] * 5, [50, 51, 52, 53] * 5, [50, 51, 52, 53] * 5])
    assert of(drift(days, usual, finished=True)).alarm.tolist() == [False, True, True]
    with pytest.warns(FewDaysWarning):
        table = drift(days, usual.drop(columns="created"))
    assert of(table).ks.tolist() == [0, 1, 1]
    assert table.alarm.isna().all()
    with pytest.warns(FewDaysWarning):
        assert drift(names([[90] * 4]), empty()).ks.isna().all()


@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewDaysWarning")
def test_missing_texts_are_counted_among_the_cards_that_should_have_the_field():
    cards = to_frame([job(ID_CARD, key="1.jpg"), job({k: v for k, v in ID_CARD.items() if k != "住址"}, key="2.jpg")])
    cards["created"] = pd.Timestamp("2026-03-01", tz="+08:00")
    row = drift(cards).set_index("field").loc["address"]
    assert row[["cases", "share_missing"]].tolist() == [2, 0.5]
    low, high = wilson(1, 2)
    assert row[["low", "high"]].tolist() == [low, high]
    assert drift(cards).field.tolist() == [*FIELDS, "all"]


def test_a_frame_without_times_is_refused_and_nothing_gives_an_empty_table():
    with pytest.raises(ValueError, match="no reading says when it was created"):
        drift(to_frame(job(ID_CARD)))
    with pytest.raises(ValueError, match="one day or more, got 0"):
        drift(names([[90]]), 0)
    assert tuple(drift(empty()).columns) == COLUMNS
    assert drift(empty()).empty


@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewDaysWarning")
def test_all_scores_missing_or_equal_are_no_error():
    same = of(drift(names([[90] * 5, [90] * 5]), 1))
    assert same.ks.tolist()[1:] == [0]
    assert same.p.tolist()[1:] == [1]
    none = names([[90] * 5, [90] * 5]).assign(score=pd.array([None] * 10, dtype="Int16"))
    table = of(drift(none, 1))
    assert table[["score", "ks", "psi", "p", "psi_p"]].isna().all(axis=None)
    assert table.cases.tolist() == [5, 5]


@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewDaysWarning")
def test_a_frame_in_parts_drifts_as_the_whole_does():
    whole = names([[90, 91, 92] * 3, [80, 95, 99] * 3, [70] * 9, [60] * 9])
    parted = to_dask(whole, npartitions=3)
    pd.testing.assert_frame_equal(drift(parted), drift(whole))
    pd.testing.assert_frame_equal(parted.cardocr.drift(1), whole.cardocr.drift(1))


@pytest.mark.parametrize("times", [2, 5])
def test_an_image_that_was_read_several_times_on_a_day_counts_once(times):
    frame = days_of_cards(np.random.default_rng(8), 14, rate=0.03, per_day=12).assign(job_id="0")
    late = frame["created"] >= frame["created"].min() + pd.Timedelta(days=11)
    again = [
        frame[late].assign(job_id=str(k), created=frame["created"] + pd.Timedelta(minutes=k)) for k in range(1, times)
    ]
    pd.testing.assert_frame_equal(drift(conform(pd.concat([frame, *again], ignore_index=True))), drift(frame))
    # The same images on every day are new readings of each day.
    daily = frame.assign(
        key=(frame.groupby("created").cumcount() // 6).astype("str"), job_id=frame["created"].astype("str")
    )
    assert of(drift(daily), "all")["cases"].tolist() == of(drift(frame), "all")["cases"].tolist()
