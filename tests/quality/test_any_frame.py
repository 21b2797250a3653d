"""Every response of the wire gives tables, and no card is lost."""

from __future__ import annotations

from functools import partial

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_cards import ID_CARD, LICENSE, job

from cardocr_nb.frame import to_frame, wide
from cardocr_nb.frame._dask_frame import to_dask
from cardocr_nb.frame._reshape import card_numbers
from cardocr_nb.privacy import mask
from cardocr_nb.quality import (
    calibrate,
    calibration,
    check,
    cost,
    estimate_accuracy,
    evaluate,
    review_queue,
    summary,
    tally,
    threshold,
)
from cardocr_nb.quality._cells import one_job_an_image
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

pytestmark = [
    pytest.mark.filterwarnings("ignore::cardocr_nb.frame.UnknownLabelWarning"),
    pytest.mark.filterwarnings("ignore::cardocr_nb.frame.PolygonWarning"),
    pytest.mark.filterwarnings("ignore::cardocr_nb.frame.DoubledFieldWarning"),
]

pixels = st.integers(-(2**31), 2**31 - 1)
corners = st.lists(st.tuples(pixels, pixels), min_size=3, max_size=5).map(tuple)
texts = st.none() | st.sampled_from([*ID_CARD.values(), *LICENSE.values()]) | st.text(max_size=20)
labels = st.sampled_from([*ID_CARD, *LICENSE, "Sex", "血型", "key", ""])
fields = st.builds(Field, label=labels, text=texts, score=st.none() | st.integers(0, 100), polygon=st.none() | corners)
results = st.builds(CardResult, fields=st.lists(fields, max_size=8).map(tuple), status=st.none() | st.integers(0, 1))
jobs = st.builds(
    Job,
    id=st.sampled_from(["", "j1", "j2"]),
    state=st.sampled_from(JobState),
    key=st.none() | st.sampled_from(["1.jpg", "2.jpg"]),
    card_type=st.none() | st.sampled_from(["IDCard", "DriverLicense", "Passport"]),
    code=st.none() | st.sampled_from(["InvalidImage", "Other"]),
    result=st.none() | results,
)
cells = st.tuples(
    st.sampled_from(["1.jpg", "2.jpg", "9.jpg"]), st.sampled_from(["name", "gender", "id_number", "odd"]), texts
)
TRUTH = pd.DataFrame({"key": ["1.jpg", "2.jpg"], "field": "name", "text": ["样本一", ""]})


@settings(max_examples=10)
@given(st.lists(jobs, max_size=12))
def test_summary_check_wide_and_mask_take_every_frame(many):
    frame = to_frame(many)
    before = frame.copy(deep=True)
    found = summary(frame)
    checked = check(frame)
    assert found.cards == len(set(card_numbers(frame).tolist())) == len(wide(frame)) == found.outcomes.sum()
    assert (found.fields["read"] + found.fields["missing"] == found.fields["cards"]).all()
    assert tally(checked)["cases"].sum() == len(checked)
    assert mask(frame)["text"].isna().equals(frame["text"].isna())
    pd.testing.assert_frame_equal(frame, before)


@settings(max_examples=10)
@given(st.lists(jobs, max_size=10), st.lists(cells, max_size=5, unique_by=lambda c: c[:2]))
def test_every_field_of_a_known_card_has_one_outcome(many, truth):
    frame = to_frame(many)
    given_truth = pd.concat([TRUTH[:0], pd.DataFrame(truth, columns=["key", "field", "text"])], ignore_index=True)
    if not set(given_truth.key) & set(frame.key.dropna()):
        return
    result = evaluate(frame, given_truth)
    counted = result.fields
    assert (counted["correct"] + counted["wrong"] + counted["missing"] == counted["cases"]).all()
    assert counted["cases"].sum() + counted["spurious"].sum() == len(result.cells)
    assert not result.cells.duplicated(["job_id", "key", "field"]).any()


@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewScoresWarning")
@settings(max_examples=10)
@given(st.lists(jobs, max_size=10), st.lists(cells, max_size=5, unique_by=lambda c: c[:2]))
def test_everything_learned_from_truth_takes_every_frame(many, truth):
    frame = to_frame(many)
    given_truth = pd.concat([TRUTH[:0], pd.DataFrame(truth, columns=["key", "field", "text"])], ignore_index=True)
    if not set(given_truth.key) & set(frame.key.dropna()):
        return
    before = frame.copy(deep=True)
    result = evaluate(frame, given_truth)
    scored = result.cells["score"].notna() & (result.cells["outcome"] != "missing")
    calibrator = calibrate(frame, given_truth)
    costs = cost(frame, given_truth, review=1, error=3)
    found = threshold(frame, given_truth, precision=0.6, confidence=0.6)
    assert calibrator.fields["cases"].sum() == len(calibrator.held_out) == scored.sum()
    held_out = calibrator.held_out["probability"]
    # Of a single image nothing is held out.
    single = len(set(calibrator.held_out["key"])) == 1
    assert held_out.isna().all() if single else held_out.between(0, 1, inclusive="neither").all()
    assert (costs.fields["cost"] <= costs.fields[["cost_all_reviewed", "cost_none_reviewed"]].min(axis=1)).all()
    assert costs.fields["cases"].iloc[:-1].sum() == len(result.cells)
    assert found.fields["cases"].sum() == scored.sum()
    assert len(result.bootstrap(n_resamples=20)) == len(
        result.cells.loc[result.cells.outcome != "spurious", "field"].unique()
    ) + ((result.cells.outcome != "spurious").any())
    assert result.confusions["count"].sum() == result.cells.loc[result.cells.outcome == "wrong", "distance"].sum()
    pd.testing.assert_frame_equal(frame, before)


@settings(max_examples=10)
@given(st.lists(jobs, max_size=12))
def test_estimates_and_the_queue_take_every_frame(many):
    frame = to_frame(many)
    before = frame.copy(deep=True)
    queue = review_queue(frame)
    assert queue["chance"].between(0, 1, inclusive="neither").all()
    assert queue["rank"].tolist() == list(range(1, len(queue) + 1))
    unread = ["Submitted", "Running", "Pause", "Failed", "Cancel"]
    counted = frame[one_job_an_image(frame)]
    ended = counted[~counted["state"].isin(unread) | counted["field"].notna()]
    assert (
        queue.groupby(["job_id", "key"], dropna=False).ngroups == ended.groupby(["job_id", "key"], dropna=False).ngroups
    )
    estimated = estimate_accuracy(frame)
    assert (estimated["low"] <= estimated["high"]).all()
    assert (estimated["right"] + estimated["wrong"] <= estimated["cases"]).all()
    pd.testing.assert_frame_equal(frame, before)


UNUSABLE = [
    (pd.DataFrame({"key": ["9.jpg"], "field": "name", "text": "x"}), "no key is in both"),
    (pd.DataFrame({"key": ["1.jpg"] * 2, "field": "name", "text": "x"}), "names 1 fields of a key more than once"),
    (pd.DataFrame({"key": ["1.jpg"], "text": "x"}), "the truth has no column field"),
]


@pytest.mark.parametrize("ask", [evaluate, calibration, calibrate, threshold, partial(cost, review=1, error=2)])
@pytest.mark.parametrize(("truth", "message"), UNUSABLE, ids=["other keys", "doubled keys", "no column"])
def test_a_truth_that_cannot_be_used_is_refused_by_all_alike(ask, truth, message):
    with pytest.raises(ValueError, match=message):
        ask(to_frame(job(ID_CARD)), truth)


@pytest.mark.parametrize("texts", [ID_CARD, dict.fromkeys(ID_CARD)], ids=["one card", "all missing"])
def test_one_card_and_one_of_which_nothing_was_read_give_tables(texts):
    frame = to_frame(job(texts))
    truth = pd.DataFrame({"key": "1.jpg", "field": list(ID_CARD), "text": list(ID_CARD.values())})
    read = sum(text is not None for text in texts.values())
    assert calibrate(frame, truth).fields["cases"].sum() == read
    assert threshold(frame, truth).fields["threshold"].isna().all()
    assert cost(frame, truth, review=1, error=2).fields["passed"].iloc[-1] == read
    assert evaluate(frame, truth).bootstrap()["exact_low"].isna().all()
    assert len(review_queue(frame)) == len(ID_CARD)
    assert estimate_accuracy(frame)["cases"].sum() == (4 if read else 0)


@pytest.mark.parametrize(
    "ask",
    [
        estimate_accuracy,
        review_queue,
        partial(evaluate, truth=TRUTH),
        partial(calibrate, truth=TRUTH),
        partial(cost, truth=TRUTH, review=1, error=2),
        partial(threshold, truth=TRUTH),
        lambda df: calibrate(to_frame(job(ID_CARD)), TRUTH).apply(df),
    ],
)
def test_what_needs_the_whole_frame_says_so_to_a_dask_frame(ask):
    with pytest.raises(TypeError, match="got one of Dask; bring its rows together"):
        ask(to_dask(to_frame(job(ID_CARD)), npartitions=1))
