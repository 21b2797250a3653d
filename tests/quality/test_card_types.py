"""Frames without the column `card_type`, and texts that show nothing: what was not read does not count as read."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_cards import ID_CARD, LICENSE, job

from cardocr_nb.frame import conform, to_frame, validate
from cardocr_nb.quality import (
    AbsentFieldsWarning,
    audit_sample,
    check,
    cost,
    drift,
    evaluate,
    outcomes,
    review_queue,
    summary,
    threshold,
)

N = 120


def cards(seed, *, unread=0.05):
    """Identity cards and licenses with unread fields: some have no row, some a row without a text. All texts are right."""
    rng = np.random.default_rng(seed)
    jobs, truth = [], []
    for k in range(N):
        kind, texts = ("IDCard", ID_CARD) if k % 2 else ("DriverLicense", LICENSE)
        kept = {label: text for label, text in texts.items() if rng.random() > unread}
        jobs.append(job(kept, key=f"{k}.jpg", kind=kind, score=int(rng.integers(80, 100))))
        truth += [(f"{k}.jpg", label, text) for label, text in texts.items()]
    frame = to_frame(jobs)
    frame.loc[rng.random(len(frame)) < unread / 3, "text"] = pd.NA
    return frame.assign(created=pd.Timestamp("2026-03-01", tz="+08:00")), pd.DataFrame(
        truth, columns=["key", "field", "text"]
    )


PAIR = cards(6, unread=0)
PASSING = threshold(*PAIR, precision=0.9)


@pytest.fixture(scope="module")
def typed():
    return cards(1)


def test_unread_fields_keep_cards_from_passing_without_the_column_of_types(typed):
    frame, truth = typed
    untyped = frame.drop(columns="card_type")
    whole = frame.groupby("key", sort=False)["text"].count() == frame.groupby("key", sort=False)[
        "card_type"
    ].first().map({"IDCard": 6, "DriverLicense": 10}).astype(int)
    assert 20 < whole.sum() < N - 20
    fields = threshold(frame, truth, precision=0.9)
    assert fields.cards(untyped)["passes"].tolist() == whole.tolist()
    assert fields.passes(untyped).tolist() == fields.passes(frame).tolist()
    whole_cards = threshold(frame, truth, precision=0.9, unit="card")
    assert whole_cards.cards(untyped)["passes"].tolist() == whole_cards.cards(frame)["passes"].tolist()
    assert not whole_cards.cards(untyped)["passes"].to_numpy()[~whole.to_numpy()].any()
    assert cost(frame, truth, review=1, error=20).passes(untyped).tolist() == fields.passes(frame).tolist()


def test_learned_without_the_column_the_thresholds_are_those_with_it(typed):
    frame, truth = typed
    for unit in ("field", "card"):
        with_types, without = (
            threshold(df, truth, precision=0.9, unit=unit) for df in (frame, frame.drop(columns="card_type"))
        )
        assert str(without) == str(with_types)


def test_summary_checks_queue_and_drift_count_unread_fields_without_the_column(typed):
    frame, _ = typed
    untyped = frame.drop(columns="card_type")
    pd.testing.assert_frame_equal(summary(untyped).fields, summary(frame).fields)
    there = [check(df).query("check == 'field_is_there'")["passed"].tolist() for df in (frame, untyped)]
    assert there[0] == there[1]
    assert len(review_queue(untyped)) == len(review_queue(frame))
    drawn = [audit_sample(df, 100, by="score", seed=3)[["key", "field", "weight"]] for df in (frame, untyped)]
    pd.testing.assert_frame_equal(*drawn)
    with pytest.warns(UserWarning, match="reference days"):
        missing = [drift(df)["share_missing"].tolist() for df in (frame, untyped)]
    assert missing[0] == missing[1]


@pytest.mark.parametrize("spelling", ["idcard", "ID Card", "身份证", "Passport", "", " IDCard"])
def test_a_type_that_is_not_known_lets_no_unread_field_pass(typed, spelling):
    frame, truth = typed
    cards_alone = frame[frame["card_type"] == "IDCard"]
    other = cards_alone.assign(card_type=spelling)
    learned = threshold(frame, truth, precision=0.9)
    assert learned.cards(other)["passes"].tolist() == learned.cards(cards_alone)["passes"].tolist()
    assert learned.passes(other).tolist() == learned.passes(cards_alone).tolist()
    pd.testing.assert_frame_equal(summary(other).fields, summary(cards_alone).fields)
    assert check(other).query("check == 'field_is_there'")["passed"].sum() == cards_alone["text"].count()


def test_a_card_without_a_type_and_with_fields_of_both_types_only_does_not_pass():
    frame, truth = cards(2, unread=0)
    fields = threshold(frame, truth, precision=0.9)
    shared = conform(frame.drop(columns="card_type"))
    shared = shared[(shared["key"] != "1.jpg") | shared["field"].isin(["name", "gender"])]
    found = fields.cards(shared).set_index("key")["passes"]
    assert not found["1.jpg"]
    assert found.sum() == N - 1


@pytest.mark.parametrize("kind", [None, "Passport"])
@pytest.mark.parametrize("fields", [["name"], ["name", "gender", "birth_date", "address"]])
def test_cards_whose_type_nothing_shows_do_not_pass_and_the_reason_is_said(kind, fields):
    frame, truth = cards(3, unread=0)
    learned = threshold(frame, truth, precision=0.9)
    shared = frame[frame["field"].isin(fields)].assign(card_type=kind)
    for ask in (learned.passes, learned.cards, cost(frame, truth, review=1, error=20).passes):
        with pytest.warns(AbsentFieldsWarning, match="type of the 120 cards is not known"):
            found = ask(shared)
        assert not np.asarray(found if isinstance(found, pd.Series) else found["passes"]).any()
    assert learned.passes(shared, incomplete=True).all()
    counted = summary(shared)
    assert counted.untyped == N
    assert "fields without a row of 120 cards of unknown type" in str(counted)
    assert summary(frame).untyped == 0


@given(
    given=st.sampled_from([None, "IDCard", "DriverLicense", "Passport"]),
    shown=st.sampled_from(["IDCard", "DriverLicense"]),
    lost=st.sets(st.integers(0, 9)),
    row=st.booleans(),
)
@settings(max_examples=60)
def test_no_card_passes_with_an_unread_field_whether_its_type_is_given_shown_or_unknown(given, shown, lost, row):
    frame, _ = PAIR
    one = frame[frame["card_type"] == shown].head(6 if shown == "IDCard" else 10)
    out = [n for n in lost if n < len(one)]
    one = one.reset_index(drop=True).assign(card_type=given)
    one = one.assign(text=one["text"].mask(one.index.isin(out))) if row else one.drop(index=out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AbsentFieldsWarning)
        passes = PASSING.cards(one)["passes"].tolist() if len(one) else []
    assert passes == ([] if not len(one) else [not out and given in (shown, None, "Passport")])


def test_a_frame_that_lacks_expected_fields_says_why_nothing_passes():
    frame, truth = cards(4, unread=0)
    names = frame[frame["field"] == "name"]
    fields = threshold(frame, truth, precision=0.9)
    for ask in (fields.passes, fields.cards, cost(frame, truth, review=1, error=20).passes):
        with pytest.warns(AbsentFieldsWarning, match="no row of gender"):
            found = ask(names)
        assert not np.asarray(found if isinstance(found, pd.Series) else found["passes"]).any()
    with pytest.warns(AbsentFieldsWarning, match="incomplete=True"):
        fields.passes(names)
    assert fields.passes(names, incomplete=True).all()


BLANKS = ["", " ", "\u3000", "\u200b", "\ufeff", "\xa0", "\t\n", "\u2060\u3000 "]


@pytest.fixture(scope="module")
def learned():
    """Cards, their truth, and the thresholds learned from both."""
    frame, truth = cards(5, unread=0)
    return frame, truth, threshold(frame, truth, precision=0.9)


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_text_counts_as_unread_everywhere(blank, learned):
    frame, truth, fields = learned
    some = frame["field"].eq("name") & frame["key"].isin([f"{k}.jpg" for k in range(50)])
    blanked, none = (frame.assign(text=frame["text"].mask(some, value)) for value in (blank, None))
    assert fields.cards(blanked)["passes"].tolist() == fields.cards(none)["passes"].tolist()
    assert not fields.passes(blanked)[some].any()
    assert summary(blanked).fields.loc["name", ["read", "missing"]].tolist() == [N - 50, 50]
    assert evaluate(blanked, truth).fields.set_index("field").loc["name", "missing"] == 50
    assert len(review_queue(blanked)) == len(review_queue(none))
    with pytest.warns(UserWarning, match="reference days"):
        assert drift(blanked)["share_missing"].tolist() == drift(none)["share_missing"].tolist()


def test_a_card_whose_texts_are_all_blank_has_places_only():
    frame = to_frame([job(ID_CARD, key="a.jpg"), job(LICENSE, key="b.jpg", kind="DriverLicense")])
    frame = frame.assign(text=["\u3000", "\ufeff"] * 8)
    assert outcomes(frame).tolist() == ["places only"] * 2
    assert not check(frame).query("check == 'card_has_texts'")["passed"].any()


@given(st.text(st.sampled_from("样 a0\u3000\u200b\xa0\ufeff\n"), max_size=4))
def test_texts_with_something_visible_stay_and_others_become_missing(text):
    frame = conform(pd.DataFrame({"key": ["a.jpg"], "field": ["name"], "text": [text]}))
    if set(text) & set("样a0"):
        assert frame["text"].tolist() == [text]
    else:
        assert frame["text"].isna().all()


def test_blank_texts_are_a_fault_of_a_frame_by_the_same_rule():
    df = pd.DataFrame({"key": [f"{k}.jpg" for k in range(len(BLANKS))], "field": "name", "text": BLANKS, "score": 90})
    fault = validate(df).set_index(["column", "rule"]).loc[("text", "is missing where empty")]
    assert fault["rows"] == len(BLANKS)
