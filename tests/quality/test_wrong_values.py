"""Scores that are none, groups that say nothing or too much: every function says what to do, in the same words."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pandas as pd
import pytest
from quality_cards import ID_CARD, job

from cardocr_nb.frame import UnknownLabelWarning, conform, read_table, to_frame, to_parquet, validate
from cardocr_nb.quality import (
    FewScoresWarning,
    GroupsWarning,
    audit_sample,
    calibrate,
    calibration,
    check,
    compare,
    cost,
    drift,
    estimate_accuracy,
    evaluate,
    review_queue,
    summary,
    threshold,
)
from cardocr_nb.quality._truth import VERDICTS
from cardocr_nb.review._corrections import VERDICTS as PANEL_VERDICTS

FRAME = to_frame([job(ID_CARD, key=f"a/{k}.jpg", score=80 + k) for k in range(12)]).assign(batch="one")
TRUTH = FRAME[["key", "field", "text"]].assign(text=lambda df: df["text"].mask(df.index == 0, "样木"))

CALLS = {
    "summary": summary,
    "check": check,
    "evaluate": lambda df: evaluate(df, TRUTH),
    "calibrate": lambda df: calibrate(df, TRUTH),
    "calibration": lambda df: calibration(df, TRUTH),
    "threshold": lambda df: threshold(df, TRUTH),
    "cost": lambda df: cost(df, TRUTH, review=1, error=9),
    "compare": lambda df: compare(FRAME, df),
    "drift": drift,
    "review_queue": review_queue,
    "audit_sample": lambda df: audit_sample(df, 5),
    "estimate_accuracy": estimate_accuracy,
    "passes": threshold(FRAME, TRUTH).passes,
}
SCORES = {
    "above": ([200] * 6, "1 of 72 are below or above"),
    "negative": ([-1] * 6, "1 of 72 are below or above"),
    "infinite": ([np.inf] * 6, "beyond 32767"),
    "truth values": ([True, False] * 3, "got True and False"),
    "objects": ([{"value": 98}] * 6, "texts or objects"),
    "words": (["high"] * 6, "texts or objects"),
    "fractions": ([98.5] * 6, "round"),
}


@pytest.mark.parametrize(
    ("name", "kind"), [*product(CALLS, ("above", "truth values")), *(("summary", kind) for kind in SCORES)]
)
def test_scores_that_are_none_are_refused_by_every_function(name, kind):
    values, said = SCORES[kind]
    scores = FRAME["score"].astype(object)
    scores.iloc[0] = values[0]
    if kind in ("above", "negative"):
        scores = scores.astype("Int16")
    with pytest.raises(ValueError, match=said) as caught:
        CALLS[name](FRAME.assign(score=scores))
    assert "98.5" not in str(caught.value)


def test_the_rows_of_scores_out_of_range_are_listed_and_leaving_them_out_helps():
    broken = FRAME.assign(score=FRAME["score"].mask(FRAME.index == 7, 101))
    faults = validate(broken)
    assert faults.loc[faults["rule"] == "lies from 0 to 100", "first_rows"].tolist() == [[7]]
    mended = broken.assign(score=broken["score"].where(broken["score"].between(0, 100)))
    assert summary(mended).ok == 12


def test_files_with_scores_out_of_range_can_be_read(tmp_path):
    broken = FRAME.assign(score=FRAME["score"].mask(FRAME.index == 7, 101))
    path = to_parquet(broken.drop(columns="batch"), tmp_path / "cards.parquet")
    assert read_table(path)["score"].max() == 101
    with pytest.raises(ValueError, match="1 of 72 are below or above"):
        conform(read_table(path))


ASK = {
    "evaluate": lambda df, groups: evaluate(df, TRUTH, groups=groups),
    "bootstrap": lambda df, groups: evaluate(df, TRUTH, groups=groups).bootstrap(),
    "threshold": lambda df, groups: threshold(df, TRUTH, groups=groups),
    "calibration": lambda df, groups: calibration(df, TRUTH, groups=groups),
    "cost": lambda df, groups: cost(df, TRUTH, groups=groups, review=1, error=9),
    "compare": lambda df, groups: compare(df, FRAME, TRUTH, groups=groups),
}
groups_of = pytest.mark.parametrize("ask", ASK.values(), ids=ASK.keys())


@groups_of
@pytest.mark.parametrize("groups", ["batch", "folder", dict.fromkeys(FRAME["key"], 1)], ids=["column", "folder", "map"])
def test_a_single_group_gives_no_interval_and_says_so(ask, groups):
    with pytest.warns(GroupsWarning, match="at least two groups are needed"):
        ask(FRAME, groups)


@groups_of
def test_two_groups_are_enough_for_an_interval(ask):
    ask(FRAME.assign(batch=FRAME["key"] < "a/5.jpg"), "batch")


@groups_of
def test_a_group_that_varies_within_a_card_is_refused(ask):
    varying = FRAME.assign(batch=["one", "two", "one", "one", "one", None] * 12)
    with pytest.raises(ValueError, match="'batch' has several values on 12 of 12 cards"):
        ask(varying, "batch")


def test_of_several_readings_of_an_image_the_one_that_counts_gives_the_group():
    empty = to_frame([job({}, key=f"a/{k}.jpg") for k in range(12)]).assign(job_id="first", batch="empty")
    both = pd.concat([empty, FRAME.assign(batch=(FRAME["key"] < "a/5.jpg").map({True: "x", False: "y"}))])
    assert set(evaluate(both, TRUTH, groups="batch").cells["group"]) == {"x", "y"}
    assert compare(both, FRAME, groups="batch").fields["low"].notna().all()


HALVES = FRAME.assign(
    batch=(FRAME["key"] < "a/5.jpg").map({True: "x", False: "y"}), created=pd.Timestamp("2026-03-01", tz="UTC")
)
HALVES["created"] += pd.to_timedelta(HALVES["key"].str.get(2).astype(int), unit="D")
ADDED = pd.DataFrame({"key": ["a/0.jpg", "a/9.jpg"], "field": "nationality", "verdict": "corrected", "text": "x"})


def empty_cell(df, column):
    """The frame with an empty cell in the first row of one card and in the last one of another."""
    return df.assign(**{column: df[column].mask(df.index.isin([0, len(df) - 1]))})


def failed_first(df, **columns):
    """The frame after a run in which the first four images failed, with other values in its columns."""
    failed = to_frame([job({}, key=f"a/{k}.jpg") for k in range(4)])
    failed = failed.assign(batch="failed", created=pd.Timestamp("2020-01-01", tz="UTC"), **columns)
    return pd.concat([failed, df], ignore_index=True)


MADE = {
    "corrected": lambda df: df.cardocr.correct(ADDED),
    "corrected, added rows first": lambda df: df.cardocr.correct(ADDED).iloc[::-1],
    "failed in another job": lambda df: failed_first(df, job_id="first"),
    "failed in the same job": failed_first,
    "failed without a job": lambda df: failed_first(df.assign(job_id=None), job_id=None),
    "read twice": lambda df: pd.concat([df, df.assign(job_id="again", batch="z", created=df["created"].max())]),
    "read twice without jobs": lambda df: pd.concat([df, df.assign(batch="z")]).assign(job_id=None),
    "empty cells": lambda df: empty_cell(empty_cell(df, "batch"), "created"),
    "blank cells": lambda df: df.assign(batch=df["batch"].mask(df.index == 0, " ")),
}


@pytest.mark.parametrize("groups", ["batch", "created", "day"])
@pytest.mark.parametrize("made", MADE.values(), ids=MADE.keys())
def test_the_reading_that_counts_gives_the_group_and_missing_cells_are_filled(made, groups):
    frame = made(HALVES)
    expected = evaluate(HALVES, TRUTH, groups=groups).cells.drop_duplicates("key").set_index("key")["group"]
    found = evaluate(frame, TRUTH, groups=groups).cells.drop_duplicates("key").set_index("key")["group"]
    assert found.sort_index().to_dict() == expected.sort_index().to_dict()


@groups_of
@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewScoresWarning")  # a person gives no score
@pytest.mark.parametrize("made", MADE.values(), ids=MADE.keys())
def test_every_function_takes_groups_of_corrected_retried_and_incomplete_frames(ask, made):
    ask(made(HALVES), "batch")


@pytest.mark.parametrize("kind", ["text", "int", "bool", "category", "Int64", "time"])
def test_a_column_of_any_type_is_filled_and_refused_if_it_varies(kind):
    second = (HALVES["batch"] == "y").astype("int64")
    column = {"text": HALVES["batch"], "time": HALVES["created"]}.get(kind, second)
    column = column.astype(kind) if kind not in ("text", "time") else column
    given = HALVES.assign(batch=column)
    n = evaluate(given, TRUTH, groups="batch").cells["group"].nunique()
    assert evaluate(given.cardocr.correct(ADDED), TRUTH, groups="batch").cells["group"].nunique() == n
    varying = given.assign(batch=column.where(given.index != 0, column.iloc[40]))
    with pytest.raises(ValueError, match="'batch' has several values on 1 of 12 cards"):
        evaluate(varying, TRUTH, groups="batch")


def test_times_within_a_day_are_one_group():
    shot = HALVES["created"] + pd.to_timedelta(HALVES.index % 6, unit="min")
    assert evaluate(HALVES.assign(shot=shot), TRUTH, groups="shot").cells["group"].nunique() == 10


def test_slices_may_lie_within_one_group():
    halves = FRAME.assign(batch=FRAME["key"].str.get(2), half=FRAME["key"].isin(["a/1.jpg"]))
    sliced = evaluate(halves, TRUTH, by="half", groups="batch")
    assert set(sliced.fields["low"].isna()) == {True, False}
    assert len(sliced.bootstrap()) == 14


def test_rates_of_one_group_among_others_are_counted():
    partial = pd.concat([TRUTH[TRUTH["field"] == "name"], TRUTH[TRUTH["key"] == "a/1.jpg"]]).drop_duplicates()
    by_half = FRAME.assign(batch=FRAME["key"] < "a/5.jpg")
    with pytest.warns(GroupsWarning, match="5 of 6 rates"):
        assert evaluate(by_half, partial, groups="batch").fields["low"].notna().sum() == 1


@groups_of
@pytest.mark.parametrize("kind", ["mapping", "column"])
def test_cards_without_a_group_among_others_are_counted(ask, kind):
    group = FRAME["key"].str.get(2).where(FRAME["key"] > "a/5.jpg")
    frame = FRAME.assign(batch=group)
    groups = (
        "batch"
        if kind == "column"
        else dict(zip(FRAME["key"].str.upper().where(group.isna(), FRAME["key"]), group, strict=True))
    )
    with pytest.warns(GroupsWarning, match="8 of 12 judged cards have no group"):
        ask(frame, groups)


def test_cards_that_are_not_judged_need_no_group():
    some = TRUTH[TRUTH["key"] <= "a/3.jpg"]
    groups = {key: key < "a/2.jpg" for key in some["key"]}
    assert evaluate(FRAME, some, groups=groups).fields["low"].notna().all()


@pytest.mark.parametrize("verdict", ["skip", None, "", "Absent?"])
def test_a_decision_that_is_none_is_refused(verdict):
    decided = TRUTH.assign(verdict=["accepted"] * 71 + [verdict])
    with pytest.raises(ValueError, match="1 of 72 decisions of the truth have no verdict or an unknown one"):
        evaluate(FRAME, decided)


@pytest.mark.parametrize("spelling", ["unreadable", "Unreadable", " UNREADABLE "])
def test_a_verdict_counts_however_it_is_spelled(spelling):
    gender = TRUTH["field"] == "gender"
    decided = TRUTH.assign(verdict=np.where(gender, spelling, "Accepted"), text=TRUTH["text"].mask(gender))
    assert "gender" not in evaluate(FRAME, decided).fields["field"].tolist()


def test_the_verdicts_of_a_truth_are_those_of_the_review_panel():
    assert VERDICTS == PANEL_VERDICTS


@pytest.mark.parametrize("name", ["threshold", "whole cards", "calibration", "calibrate"])
def test_readings_without_scores_give_no_threshold_and_say_why(name):
    ask = {"whole cards": lambda df: threshold(df, TRUTH, unit="card", precision=0.5)}.get(name) or CALLS[name]
    with pytest.warns(FewScoresWarning, match="no reading of name, gender, .* has a score"):
        found = ask(FRAME.assign(score=pd.NA))
    if name == "whole cards":
        assert "on none of the 8 cards all expected fields have a text, a score" in found.advice
    with pytest.warns(FewScoresWarning, match="no reading of name has a score"):
        ask(FRAME.assign(score=FRAME["score"].mask(FRAME["field"] == "name")))


def test_readings_without_scores_are_no_unread_ones_for_a_sample():
    unread = FRAME.assign(score=pd.NA, text=FRAME["text"].mask(FRAME["field"] == "name"))
    assert audit_sample(unread, 72, by="score")["stratum"].value_counts().to_dict() == {"no score": 60, "no text": 12}


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("key", "there are 12 strata and 10 cases"),
        ("text", "contains texts of the cards"),
        ("day", "there are no days"),
    ],
)
def test_columns_that_are_no_strata_are_refused(by, said):
    with pytest.raises(ValueError, match=said) as caught:
        audit_sample(FRAME, 10, by=by)
    assert "样本" not in str(caught.value)


def test_days_are_groups_as_they_are_strata():
    days = FRAME.assign(created=pd.Timestamp("2026-03-01", tz="+08:00") + pd.to_timedelta(FRAME.index // 18, unit="D"))
    groups = evaluate(days, TRUTH, groups="day").cells["group"]
    assert groups.tolist() == evaluate(days, TRUTH, groups="created").cells["group"].tolist()
    assert groups.nunique() == 4
    with pytest.raises(ValueError, match="no card has a group: 'day' has no value"):
        evaluate(conform(FRAME[["key", "card_type", "field", "text", "batch"]]), TRUTH, groups="day")


@pytest.mark.parametrize(("yes", "no"), [(True, False), (1, 0), (np.True_, np.False_), (np.int64(1), np.int8(0))])
def test_an_equality_may_answer_with_truth_values_or_with_1_and_0(yes, no):
    def rate(answer):
        return (
            evaluate(FRAME, TRUTH, equal={"name": lambda true, read: answer})
            .fields.set_index("field")
            .loc["name", "correct"]
        )

    assert (rate(yes), rate(no)) == (12, 11)


@pytest.mark.parametrize(
    "function", [lambda true, read: re.search(read[:1], true), lambda true, read: re.search("x", true)]
)
def test_an_equality_that_returns_a_match_is_said_what_to_return(function):
    with pytest.raises(TypeError, match=r"returned (a Match|None); for a match return `\.\.\. is not None`"):
        evaluate(FRAME, TRUTH, equal={"name": function})


@pytest.mark.parametrize("answer", [pd.NA, "no", None, 0.5, 1.0, 2, -1, np.int64(2)])
def test_an_equality_that_answers_neither_true_nor_false_is_refused(answer):
    with pytest.raises(TypeError, match="function of name in equal must return True or False"):
        evaluate(FRAME, TRUTH, equal={"name": lambda true, read: answer})


def test_a_field_of_the_truth_that_is_spelled_wrong_is_named():
    wrong = TRUTH.assign(field=TRUTH["field"].astype("str").replace("birth_date", "brith_date"))
    with pytest.warns(UnknownLabelWarning, match="did you mean 'birth_date'"):
        evaluate(FRAME, wrong)


@pytest.mark.parametrize(
    "columns", [["key", "field", "text", "score"], ["key", "card_type", "field", "text", "score", "state"]]
)
def test_the_readings_are_refused_as_truth_also_without_places(columns):
    with pytest.raises(ValueError, match="the truth is the frame of the readings itself"):
        evaluate(FRAME[columns], FRAME[columns])
    assert evaluate(FRAME, FRAME[["key", "field", "text"]]).cards["correct"].tolist() == [12]


def test_nothing_is_held_out_from_a_single_group():
    with pytest.warns(GroupsWarning, match="in one group"):
        learned = calibrate(FRAME, TRUTH, groups="batch")
    assert learned.fields[["ece", "brier"]].isna().all(axis=None)
    assert learned.fields[["ece_score", "brier_score"]].notna().all(axis=None)


def test_the_advice_about_a_queue_can_be_followed_everywhere():
    queue = review_queue(FRAME, budget=6).assign(text="样本")
    for call in (evaluate, threshold, calibrate):
        with pytest.raises(ValueError, match=r"cards\.cardocr\.evaluate\(truth, weights=False\) shows"):
            call(FRAME, queue)
    threshold(FRAME, evaluate(FRAME, queue, weights=False))


def test_tables_without_labels_have_no_unknown_ones():
    bare = check(FRAME[["key", "card_type", "field", "text", "score"]])
    assert not (bare["check"] == "label_is_known").any()
