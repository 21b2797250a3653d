"""Frames at the edge: nothing, one card, all alike, all missing, keys twice. Warnings are errors here."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_cards import ID_CARD, LICENSE, job

from cardocr_nb.frame import empty, to_frame
from cardocr_nb.frame._dask_frame import to_dask
from cardocr_nb.frame._reshape import card_numbers
from cardocr_nb.quality import FewDaysWarning, check, compare, drift, evaluate, normalize, normalize_fields, tally

TRUTH = pd.DataFrame({"key": "1.jpg", "field": ["name", "gender"], "text": ["样本一", "男"]})


def timed(df):
    return df.assign(created=pd.Timestamp("2026-03-01", tz="+08:00"))


FRAMES = {
    "nothing": empty(),
    "one card": to_frame(job(ID_CARD)),
    "all alike": to_frame([job(ID_CARD, key=f"{k}.jpg", score=90) for k in range(1, 40)]),
    "no text": to_frame(job(ID_CARD)).assign(text=pd.Series([None] * 6, dtype="str")),
    "no score": to_frame(job(ID_CARD, score=None)),
    "no polygon": to_frame(job(ID_CARD, polygon=None)),
    "no field": to_frame(job({})),
    "keys twice": to_frame([job(ID_CARD), job(ID_CARD | {"姓名": "样木"})]),
    "no keys": to_frame(job(ID_CARD)).assign(key=pd.Series([None] * 6, dtype="str")),
    "one row": to_frame(job({"姓名": "样本一"})),
    "only two columns": pd.DataFrame({"key": ["1.jpg"], "field": ["name"]}),
}
frames = pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())


@frames
def test_every_frame_can_be_checked_and_the_answers_counted(frame):
    checked = check(frame)
    counted = tally(checked)
    assert counted["cases"].sum() == len(checked)
    assert counted[["low", "high"]].notna().all(axis=None)
    assert len(checked) == len(check(to_dask(frame)))


@frames
def test_every_frame_with_keys_can_be_evaluated(frame):
    if len(frame) and frame["key"].isna().all():
        with pytest.raises(ValueError, match="no key is in both"):
            evaluate(frame, TRUTH)
        return
    result = evaluate(frame, TRUTH)
    assert (result.fields["correct"] <= result.fields["cases"]).all()
    assert result.cells["truth"].notna().sum() == result.fields["cases"].sum()


@frames
def test_every_frame_agrees_with_itself(frame):
    result = compare(frame, frame, TRUTH if frame["key"].notna().any() else None)
    assert (result.fields["agree"] == result.fields["pairs"]).all()
    assert result.flips.empty


@frames
def test_every_frame_drifts_not_from_itself(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewDaysWarning)
        table = drift(timed(frame), timed(frame))
    assert (table["ks"].dropna() == 0).all()
    assert (table["p"].dropna() == 1).all()


def test_what_needs_the_whole_frame_says_so_of_one_in_parts():
    parts = to_dask(to_frame(job(ID_CARD)))
    for ask in (lambda: evaluate(parts, TRUTH), lambda: compare(parts, parts)):
        with pytest.raises(TypeError, match=r"bring its rows together with df\.cardocr"):
            ask()


def test_a_key_read_twice_is_judged_and_compared_once():
    twice = FRAMES["keys twice"].assign(job_id=["a"] * 6 + ["b"] * 6)
    names = evaluate(twice, TRUTH).fields.set_index("field").loc["name"]
    assert names[["cases", "correct", "wrong"]].tolist() == [1, 1, 0]
    assert compare(twice, FRAMES["one card"]).fields["agree"].tolist() == [1] * 6


words = st.none() | st.text("样本一12-年月日 9０·.ABabⅠ\u3000é", max_size=12) | st.sampled_from(
    [*ID_CARD.values(), *LICENSE.values(), "Male", "Dec 1, 1974", "长期", "6年", "2018-05-20至长期"]
)  # fmt: skip


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(["name", "gender", "birth_date", "valid_period", "odd"]), words), max_size=12)
)
def test_texts_of_many_fields_are_brought_into_form_as_each_alone(cells):
    table = pd.DataFrame(cells, columns=["field", "text"]).astype("str")
    together = normalize_fields(table["text"], table["field"])
    alone = [normalize(pd.Series([text], dtype="str"), field).iloc[0] for field, text in cells]
    assert together.fillna("").tolist() == ["" if pd.isna(t) else t for t in alone]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["1", "2", None])), max_size=12))
def test_cards_are_numbered_in_order_of_appearance_in_any_order_of_rows(rows):
    frame = pd.DataFrame(rows, columns=["job_id", "key"]).astype("str")
    seen = list(dict.fromkeys(rows))
    assert card_numbers(frame).tolist() == [seen.index(row) for row in rows]


@pytest.mark.parametrize("n", [1, 3])
def test_evaluating_a_shuffled_frame_gives_the_same_tables(n):
    frame = to_frame([job(ID_CARD | {"姓名": "样木"}, key=f"{k}.jpg") for k in range(n)])
    truth = pd.concat([TRUTH.assign(key=f"{k}.jpg") for k in range(n)])
    one, other = evaluate(frame, truth), evaluate(frame.sample(frac=1, random_state=2), truth)
    pd.testing.assert_frame_equal(one.fields, other.fields)
    pd.testing.assert_frame_equal(one.cards, other.cards)
    assert np.array_equal(one.cells["distance"].sort_values(), other.cells["distance"].sort_values())


@pytest.mark.parametrize("seed", [1])
def test_the_order_of_the_rows_changes_no_threshold_interval_or_sample(seed):
    import promise_simulations as simulate

    from cardocr_nb.quality import audit_sample, calibrate, cost, evaluate, threshold

    rng = np.random.default_rng(seed)
    right, score = simulate.cards(rng, 120, "bad photos")
    frame, truth = simulate.frame_of(right, score)
    truth["weight"] = rng.choice([1.3, 2.7, 9.1], 120).repeat(6)
    frame["batch"] = rng.integers(0, 12, 120).repeat(6).astype(str)
    mixed, other = frame.sample(frac=1, random_state=seed), truth.sample(frac=1, random_state=seed)

    def tables(df, true):
        judged = evaluate(df, true, groups="batch")
        yield judged.fields, ["field"]
        yield judged.bootstrap(n_resamples=200), ["field"]
        yield threshold(df, true, precision=0.6, groups="batch").fields, ["field"]
        yield threshold(df, true, precision=0.5, unit="card", groups="batch").table, ["cases"]
        yield calibrate(df, true).held_out, ["key", "field"]
        costs = cost(df, judged, review=1, error=9)
        assert costs.curve[["low", "high"]].isna().all(axis=None)
        yield costs.fields, ["field"]
        yield audit_sample(df, 30, by="score"), ["key", "field"]

    for (one, by), (two, _) in zip(tables(frame, truth), tables(mixed, other), strict=True):
        both = [t.astype(dict.fromkeys(by, "str")).sort_values(by, ignore_index=True) for t in (one, two)]
        pd.testing.assert_frame_equal(*both)


def test_options_that_a_finished_evaluation_would_ignore_are_refused():
    import promise_simulations as simulate

    from cardocr_nb.quality import compare, evaluate, threshold

    frame, truth = simulate.frame_of(np.ones((3, 6), dtype=bool))
    judged = evaluate(frame, truth)
    with pytest.raises(ValueError, match=r"evaluated already, so that groups= would have no effect"):
        threshold(frame, judged, groups="bucket")
    with pytest.raises(TypeError, match="pass the truth itself"):
        compare(frame, frame, judged)


def _arrow(frame):
    return frame.assign(
        score=frame["score"].astype("int64[pyarrow]"),
        **{name: frame[name].astype("str").astype("string[pyarrow]") for name in ("key", "field", "text", "card_type")},
    )


VARIANTS = {
    "objects": lambda df: df.astype(dict.fromkeys(("score", "key", "field", "text", "card_type"), object)),
    "floats": lambda df: df.assign(score=df["score"].astype("float64"), field=df["field"].astype(object)),
    "score as text": lambda df: df.assign(score=df["score"].astype("str")),
    "arrow": _arrow,
    "one index": lambda df: df.set_axis([7] * len(df)),
    "shuffled": lambda df: df.sample(frac=1, random_state=3),
}


@pytest.fixture(scope="module")
def learned():
    """A frame, its truth, and every result that judges other frames."""
    import promise_simulations as simulate

    from cardocr_nb.quality import calibrate, cost, threshold

    right, score = simulate.cards(np.random.default_rng(5), 150, "ties")
    frame, truth = simulate.frame_of(right, score)
    calibrator = calibrate(frame, truth)
    results = (
        threshold(frame, truth, precision=0.95), cost(frame, truth, review=1, error=5),
        threshold(frame, truth, precision=0.85, unit="card"),
    )  # fmt: skip
    return frame, calibrator, results, _judgments(frame, calibrator, results)


def _judgments(frame, calibrator, results):
    """What each result says of a frame."""
    from cardocr_nb.quality import audit_sample, review_queue

    passes = [result.passes(frame) for result in results]
    cards = [results[n].cards(frame).sort_values("key", ignore_index=True) for n in (0, 2)]
    tables = [review_queue(frame, calibrator=calibrator), audit_sample(frame, 40, by="score")]
    return passes, cards, calibrator.apply(frame)["probability"], [each.astype({"field": "str"}) for each in tables]


@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS.keys())
def test_what_was_learned_judges_frames_of_every_dtype_and_index_alike(learned, change):
    frame, calibrator, results, expected = learned
    other = change(frame)
    cell = pd.MultiIndex.from_arrays([other["key"].astype("str"), other["field"].astype("str")])
    own = pd.MultiIndex.from_arrays([frame["key"].astype("str"), frame["field"].astype("str")])
    place = own.get_indexer(cell)
    passes, cards, probability, tables = _judgments(other, calibrator, results)
    for passing, those in zip(passes, expected[0], strict=True):
        assert passing.index.equals(other.index)
        assert passing.tolist() == those.iloc[place].tolist()
        assert 0 < passing.sum() < len(frame)
    assert probability.index.equals(other.index)
    np.testing.assert_allclose(probability, expected[2].iloc[place])
    for found, those in zip([*cards, *tables], [*expected[1], *expected[3]], strict=True):
        pd.testing.assert_frame_equal(found, those, check_exact=False)


def test_a_second_text_of_a_field_passes_by_no_score_of_its_own(learned):
    frame, _, (thresholds, costs, _), _ = learned
    for result in (thresholds, costs):
        card = frame["key"] == frame["key"][result.passes(frame)].iloc[0]
        doubled = pd.concat([frame[card], frame[card].assign(score=100)], ignore_index=True)
        passing = result.passes(doubled).to_numpy().reshape(2, -1)
        assert passing[0].tolist() == result.passes(frame)[card].tolist()
        assert not passing[1].any()


def test_an_image_that_was_read_twice_is_once_in_the_queue_and_ties_go_by_key_and_field():
    from cardocr_nb.quality import review_queue

    once = to_frame([job(ID_CARD, key=f"{k}.jpg", score=90) for k in range(4)])
    twice = pd.concat([once, once.assign(job_id="later", score=50)], ignore_index=True)
    queue = review_queue(once).astype({"field": "str"})
    pd.testing.assert_frame_equal(review_queue(twice).astype({"field": "str"}), queue)
    backwards = review_queue(once.iloc[::-1]).astype({"field": "str"})
    pd.testing.assert_frame_equal(backwards, queue)
    tied = queue[queue["chance"] == queue["chance"].mode()[0]]
    assert tied[["key", "field"]].equals(tied[["key", "field"]].sort_values(["key", "field"]))
