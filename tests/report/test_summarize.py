import json
from dataclasses import FrozenInstanceError, fields, is_dataclass

import numpy as np
import pandas as pd
import pytest
from invented_cards import FAILED, NUMBER, SECRETS, card

from cardocr_nb.frame import conform
from cardocr_nb.frame._frame_schema import empty
from cardocr_nb.report import render_json, render_markdown, summarize
from cardocr_nb.report._report_summary import Failure, Outcomes, Presence, Times


def test_every_card_is_counted_once_by_how_it_ended(cards):
    s = summarize(cards)
    assert s.outcomes == Outcomes(cards=6, read=3, nothing_found=1, failed=1, unfinished=1)
    assert [(t.card_type, t.outcomes) for t in s.card_types] == [("IDCard", s.outcomes)]
    assert s.fields == 18


def test_cards_of_an_unknown_type_are_counted(cards):
    cards.loc[cards["key"] == "3.jpg", "card_type"] = None
    s = summarize(cards)
    assert {t.card_type: t.outcomes.cards for t in s.card_types} == {"IDCard": 5, "unknown": 1}


def test_times_are_those_of_the_jobs_that_have_them(cards):
    assert summarize(cards).times == Times(
        "2026-03-01T09:00:00+08:00", "2026-03-01T09:00:04+08:00", jobs=3, median_seconds=4.0, p95_seconds=4.0
    )
    assert summarize(cards.assign(ended=pd.NaT)).times is None


def test_completeness_counts_the_cards_that_were_read_on_which_a_field_has_a_text(cards):
    cards.loc[(cards["key"] == "1.jpg") & (cards["field"] == "address"), "text"] = None
    cards = cards[~((cards["key"] == "2.jpg") & (cards["field"] == "address"))]
    found = {p.field: p for p in summarize(cards).completeness}
    assert found["address"] == Presence("IDCard", "address", with_text=1, cards=3)
    assert found["name"] == Presence("IDCard", "name", with_text=3, cards=3)


def test_failures_are_counted_by_code_with_their_commonest_message(cards):
    assert summarize(cards).failures == (
        Failure("DamagedImage", "bad.jpg is a JPEG file, but cut off <*>****</*> | there", 1),
    )
    assert summarize(cards, reveal=True).failures[0].message.endswith("cut off <b>here</b> | there")


def test_scores_are_counted_by_field_in_the_order_of_the_card(cards):
    cards.loc[(cards["key"] == "3.jpg") & (cards["field"] == "name"), "score"] = pd.NA
    scores = summarize(cards).scores
    assert [s.field for s in scores] == ["name", "gender", "ethnicity", "birth_date", "address", "id_number"]
    name = scores[0]
    assert (name.n, name.missing, name.median, name.below) == (2, 1, 60, 1)
    assert (sum(name.counts), name.counts[60], name.counts[99]) == (2, 1, 1)


def test_checks_that_failed_come_with_their_numbers(cards):
    (gender,) = [c for c in summarize(cards).checks if c.check == "gender_is_known"]
    assert (gender.field, gender.severity, gender.judged, gender.failed) == ("gender", "error", 3, 1)


def test_without_truth_the_worst_are_impossible_readings_and_then_the_lowest_scores(cards):
    worst = summarize(cards).worst
    assert (worst[0].key, worst[0].field) == ("2.jpg", "gender")
    assert (worst[0].reason, worst[0].check) == ("check", "gender_is_known")
    lowest = [w for w in worst if w.reason == "low"]
    assert [w.score for w in lowest] == sorted(w.score for w in lowest)
    assert len({(w.key, w.field) for w in worst}) == len(worst)


def test_with_truth_accuracy_and_its_interval_are_given_by_field_and_for_whole_cards(cards, truth):
    s = summarize(cards, truth=truth)
    of = {a.field: a for a in s.accuracy}
    assert (of["gender"].cases, of["gender"].correct, of["gender"].exact) == (2, 1, 0.5)
    assert 0 < of["gender"].low < 0.5 < of["gender"].high < 1
    assert (of["name"].exact, of["name"].cer) == (1.0, 0.0)
    assert (of["whole card"].cases, of["whole card"].correct) == (2, 1)
    (wrong,) = s.worst
    assert (wrong.key, wrong.field, wrong.reason, wrong.edits) == ("2.jpg", "gender", "wrong", 1)


def test_with_truth_the_incorrect_reading_with_the_highest_score_comes_first(cards, truth):
    cards.loc[(cards["key"] == "1.jpg") & (cards["field"] == "name"), "text"] = "范木"
    assert [(w.field, w.score) for w in summarize(cards, truth=truth).worst] == [("name", 99), ("gender", 60)]


def test_texts_are_masked_unless_they_are_revealed(cards, truth):
    cards.loc[(cards["key"] == "1.jpg") & (cards["field"] == "id_number"), "text"] = NUMBER[:-1] + "X"
    for given in (None, truth):
        hidden = render_json(summarize(cards, truth=given))
        assert not any(secret in hidden for secret in SECRETS)
    assert NUMBER in render_json(summarize(cards, truth=truth, reveal=True))
    assert not any(secret in repr(summarize(cards, reveal=True)) for secret in SECRETS)


def test_a_summary_is_plain_frozen_data_that_json_keeps(cards, truth):
    s = summarize(cards, truth=truth)
    kept = json.loads(render_json(s))
    assert list(kept) == [*(f.name for f in fields(s) if f.name != "results"), "headline", "methods"]
    assert kept["outcomes"]["cards"] == 6
    assert is_dataclass(s.scores[0])
    with pytest.raises(FrozenInstanceError):
        s.title = "another"


def test_what_is_left_out_is_counted(cards):
    failed = pd.DataFrame([FAILED | {"key": f"{i}.png", "code": f"Code{i}", "message": "x" * 5000} for i in range(50)])
    s = summarize(conform(failed))
    assert (len(s.failures), s.left_out) == (30, {"failures": 20})
    assert len(s.failures[0].message) == 200
    assert "20 more rows are not shown." in render_markdown(s)


def test_a_frame_without_cards_is_summarized():
    s = summarize(empty())
    assert s.outcomes == Outcomes()
    assert (s.scores, s.failures, s.times, s.worst) == ((), (), None, ())


def test_a_hand_made_frame_with_few_columns_is_summarized():
    s = summarize(pd.DataFrame({"key": ["1.jpg"], "field": ["name"], "text": ["样本"], "score": [98]}))
    assert s.outcomes == Outcomes(cards=1, read=1)


def test_the_size_does_not_grow_with_the_cards():
    small = conform(card("1.jpg"))
    n = 5_000
    many = pd.concat([small] * n, ignore_index=True)
    number = np.repeat(np.arange(n).astype(str), len(small))
    many["key"] = many["job_id"] = pd.Series(number, dtype="str") + ".jpg"
    many["code"] = pd.Categorical(np.where(np.arange(len(many)) < 600, "Code" + number.astype(object), None))
    many["state"] = pd.Categorical(np.where(many["code"].notna(), "Failed", "Success"))
    s = summarize(many)
    assert s.outcomes.cards == n
    assert len(s.failures) == 30
    assert len(s.worst) == 30
    assert len(render_json(s)) < 60_000
