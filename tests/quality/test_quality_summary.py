from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quality_cards import ID_CARD, LICENSE, job

from cardocr_nb.cards import expected_fields
from cardocr_nb.frame import empty, to_frame
from cardocr_nb.quality import outcomes, summary
from cardocr_nb.quality._summary import OUTCOMES
from cardocr_nb.wire._records import CardResult, Field, Job, JobList, JobState


@pytest.fixture
def cards():
    several = [
        job(ID_CARD, key="1.jpg", score=80),
        job(ID_CARD | {"民族": None}, key="2.jpg", score=90),
        job(LICENSE, key="3.jpg", kind="DriverLicense", score=70),
        job({}, key="4.jpg"),
        Job("j5", JobState.FAILED, "5.jpg", "IDCard", code="InvalidImage"),
        Job("j6", JobState.FAILED, "6.jpg", "IDCard", code="InvalidImage"),
        Job("", JobState.FAILED, "7.jpg"),
        Job("j8", JobState.RUNNING, "8.jpg"),
        Job("j9", JobState.CANCEL, "9.jpg"),
    ]
    return to_frame([*several, JobList(missing_ids=("gone",))])


def test_every_card_is_counted_once_by_how_it_ended(cards):
    found = summary(cards)
    assert found.cards == 10
    assert found.outcomes.to_dict() == {
        "ok": 3, "places only": 0, "nothing found": 1, "failed": 3, "left out": 0, "unreadable": 0, "under way": 1, "not submitted": 0, "cancelled": 1, "unknown": 1,
    }  # fmt: skip
    assert (found.ok, found.failed, found.not_found) == (3, 3, 1)
    assert found.outcomes.sum() == found.cards


def test_outcomes_come_in_the_order_of_the_cards(cards):
    assert outcomes(cards).astype(str).tolist() == [
        "ok", "ok", "ok", "nothing found", "failed", "failed", "failed", "under way", "cancelled", "unknown",
    ]  # fmt: skip


def test_failures_are_counted_by_code(cards):
    assert summary(cards).codes.to_dict() == {"InvalidImage": 2, "no code": 1}


def test_fields_are_counted_against_what_the_cards_should_have(cards):
    fields = summary(cards).fields
    assert fields.index.tolist() == list(dict.fromkeys([*expected_fields("IDCard"), *expected_fields("DriverLicense")]))
    assert fields.loc["name", ["cards", "read", "missing"]].tolist() == [3, 3, 0]
    assert fields.loc["ethnicity", ["cards", "read", "missing"]].tolist() == [2, 1, 1]
    assert fields.loc["vehicle_class", ["cards", "read", "missing"]].tolist() == [1, 1, 0]


def test_score_quantiles_are_those_of_numpy(cards):
    fields = summary(cards).fields
    assert fields.loc["name", ["min", "median", "max"]].tolist() == [70, 80, 90]
    assert fields.loc["name", ["q05", "q25", "q75", "q95"]].tolist() == pytest.approx(
        np.quantile([70, 80, 90], [0.05, 0.25, 0.75, 0.95]).tolist()
    )


def test_a_card_of_unknown_type_is_counted_by_what_was_read():
    fields = summary(to_frame(CardResult((Field("姓名", "a"), Field("性别"))))).fields
    assert fields[["cards", "read", "missing"]].to_numpy().tolist() == [[1, 1, 0], [1, 0, 1]]


def test_no_cards_give_zeros_and_no_rows():
    found = summary(empty())
    assert found.cards == 0
    assert found.outcomes.tolist() == [0] * len(OUTCOMES)
    assert found.fields.empty
    assert "0 cards: none" in str(found)


def test_what_is_shown_holds_no_text(cards):
    found = summary(cards)
    for shown in (repr(found), found._repr_html_()):
        assert "10 cards" in shown
        assert "InvalidImage" in shown
        assert not [t for t in cards.text.dropna() if len(t) > 1 and t in shown]


def test_the_order_of_rows_does_not_matter(cards):
    mixed = summary(cards.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(mixed.fields, summary(cards).fields)
    pd.testing.assert_series_equal(mixed.outcomes, summary(cards).outcomes)


def test_successes_with_a_message_are_counted_and_the_message_is_not_shown():
    read = CardResult((Field("姓名", "样本", 98),))
    jobs = [
        Job("a", JobState.SUCCESS, "a.jpg", "IDCard", message="two cards", result=read),
        Job("b", JobState.SUCCESS, "b.jpg", "IDCard", result=read),
        Job("c", JobState.FAILED, "c.jpg", "IDCard", code="InvalidImage", message="cannot be decoded"),
    ]
    found = summary(to_frame(jobs))
    assert found.remarked == 1
    for shown in (str(found), found._repr_html_()):
        assert "with a message in the column message: 1" in shown
        assert "two cards" not in shown
    assert "message" not in str(summary(to_frame(jobs[1:])))
