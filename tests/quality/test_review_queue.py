from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quality_cards import ID_CARD, LICENSE, job
from test_calibration import cards_and_truth

from cardocr_nb.frame import empty, to_frame
from cardocr_nb.quality import NotCalibratedWarning, calibrate, evaluate, review_queue
from cardocr_nb.quality._review_queue import COLUMNS
from cardocr_nb.wire._records import CardResult, Field, Job, JobState


def row(queue, field, key="1.jpg"):
    return queue[(queue["field"] == field) & (queue["key"] == key)].iloc[0]


def test_without_a_calibrator_the_lowest_score_comes_first():
    queue = review_queue(cards_and_truth([90, 50, 99], [True] * 3)[0])
    assert queue.columns.tolist() == list(COLUMNS)
    assert queue["rank"].tolist() == [1, 2, 3]
    assert queue["score"].tolist() == [50, 90, 99]
    assert queue["chance"].tolist() == pytest.approx([51 / 102, 11 / 102, 2 / 102])
    assert queue["found"].isna().all()
    assert queue["basis"].unique().tolist() == ["order only"]


def test_a_calibrator_gives_the_chances():
    score = np.tile([60, 90], 100)
    frame, truth = cards_and_truth(score, score == 90)
    calibrator = calibrate(frame, truth)
    queue = review_queue(frame, calibrator=calibrator)
    chance = 1 - calibrator.table["probability"].to_numpy()
    assert queue["chance"].tolist() == pytest.approx([chance[60]] * 100 + [chance[90]] * 100)


def test_what_the_calibrator_does_not_know_keeps_the_chance_of_its_score():
    calibrator = calibrate(*cards_and_truth([60, 90], [False, True]))
    with pytest.warns(NotCalibratedWarning):
        queue = review_queue(cards_and_truth([50], [True], field="address")[0], calibrator=calibrator)
    assert queue["chance"].tolist() == [51 / 102]


def test_a_budget_cuts_the_queue():
    frame = cards_and_truth([90, 50, 99], [True] * 3)[0]
    pd.testing.assert_frame_equal(review_queue(frame, budget=2), review_queue(frame).head(2))
    assert review_queue(frame, budget=0).empty
    with pytest.raises(ValueError, match="budget must be a whole number of 0 or more, got -1"):
        review_queue(frame, budget=-1)


def test_a_text_that_cannot_be_is_almost_surely_incorrect_at_any_score():
    queue = review_queue(to_frame(job(ID_CARD | {"性别": "另"}, score=100)))
    assert queue["field"][0] == "gender"
    assert queue["chance"][0] == 0.99
    assert queue["reasons"][0] == "gender_is_known"


def test_of_two_fields_that_contradict_each_other_one_at_least_is_wrong():
    texts = ID_CARD | {"出生": "1974年12月2日"}
    fields = tuple(Field(label, text, 99 if label == "公民身份号码" else 90) for label, text in texts.items())
    queue = review_queue(to_frame(CardResult(fields, key="1.jpg")))
    born, number = row(queue, "birth_date"), row(queue, "id_number")
    p, q = 11 / 102, 2 / 102
    some = 1 - (1 - p) * (1 - q)
    assert (born.chance, number.chance) == (pytest.approx(p / some), pytest.approx(q / some))
    assert born.chance + number.chance >= 1
    assert born.reasons == "birth_date_agrees"


def test_a_warning_raises_the_more_the_fewer_it_concerns():
    names = [ID_CARD | {"姓名": "样本1" if k == 0 else "样本"} for k in range(10)]
    queue = review_queue(to_frame([job(texts, key=str(k), score=99) for k, texts in enumerate(names)]))
    assert row(queue, "name", "0").chance == pytest.approx(10 * 2 / 102)
    assert row(queue, "name", "1").chance == pytest.approx(2 / 102)
    # No region code is known: a check that all of them fail has no weight.
    assert row(queue, "id_number", "0").chance == pytest.approx(2 / 102)
    assert row(queue, "id_number", "0").reasons == "number_region"


def test_a_field_that_should_be_there_has_a_row_without_a_score():
    texts = {k: v for k, v in ID_CARD.items() if k != "住址"} | {"姓名": None}
    queue = review_queue(to_frame(job(texts)))
    for field in ("address", "name"):
        missing = row(queue, field)
        assert missing.chance == 0.99
        assert missing.reasons == "field_is_there"
    assert row(queue, "address").score is pd.NA
    assert len(queue) == 6


def test_a_card_without_findings_is_first_and_a_card_that_failed_uses_no_budget():
    jobs = [
        job(ID_CARD | {"性别": "另"}, key="1.jpg"),
        Job("f", JobState.FAILED, "2.jpg", "DriverLicense", code="InvalidImage"),
        Job("s", JobState.SUCCESS, "3.jpg", "IDCard", result=CardResult((), status=0)),
        Job("r", JobState.RUNNING, "4.jpg", "IDCard"),
    ]
    queue = review_queue(to_frame(jobs))
    assert queue["key"].head(2).tolist() == ["3.jpg", "1.jpg"]
    assert queue["reasons"].head(2).tolist() == ["card_was_read", "gender_is_known"]
    assert queue["field"].isna().tolist()[:2] == [True, False]
    assert not {"2.jpg", "4.jpg"} & set(queue["key"])


@pytest.mark.parametrize("state", ["Failed", "LeftOut", "Unreadable", "Planned", "Cancel", "Running"])
def test_states_without_a_reading_leave_the_whole_budget_to_readings(state):
    cards = to_frame([job(ID_CARD, key="1.jpg"), job({}, key="2.jpg"), job({}, key="3.jpg")])
    state = pd.Series(["Success"] * len(ID_CARD) + [state] * 2, index=cards.index, dtype="str")
    queue = review_queue(cards.assign(state=state.astype(cards["state"].dtype)), budget=2)
    assert set(queue["key"]) == {"1.jpg"}
    assert len(queue) == 2


@pytest.mark.filterwarnings("ignore::cardocr_nb.frame.DoubledFieldWarning")
def test_a_doubled_field_has_one_row_that_says_so():
    fields = (Field("姓名", "样本", 90), Field("Name", "样木", 80))
    queue = review_queue(to_frame(CardResult(fields, key="1.jpg")))
    name = queue[queue["field"] == "name"]
    assert len(name) == 1
    assert name["score"].tolist() == [90]
    assert "field_is_single" in name["reasons"].iloc[0]


def test_looking_at_a_tenth_finds_most_errors_of_the_stored_readings(data):
    from cardocr_nb.frame import read_responses

    cards = read_responses(data / "readings" / "responses.zip")
    truth = data / "readings" / "truth.csv"
    learned = cards["key"].str[-5].astype(int) % 2 == 0
    queue = review_queue(cards[~learned], calibrator=calibrate(cards[learned], truth))
    cells = evaluate(cards[~learned], truth).cells
    wrong = cells[cells["outcome"] != "correct"]
    seen = queue.head(len(cells) // 10)
    whole = seen.loc[seen["field"].isna(), "key"]
    pairs = set(zip(seen["key"], seen["field"], strict=True))
    found = [k in set(whole) or (k, f) in pairs for k, f in zip(wrong["key"], wrong["field"], strict=True)]
    assert np.mean(found) > 0.85
    assert seen["found"].iloc[-1] == pytest.approx(sum(found), rel=0.2)


def test_nothing_gives_an_empty_queue():
    queue = review_queue(empty())
    assert queue.columns.tolist() == list(COLUMNS)
    assert queue.empty


def test_licenses_are_queued_likewise():
    queue = review_queue(to_frame(job(LICENSE, kind="DriverLicense")))
    assert len(queue) == 10


def read_cards(rng, n, first=0):
    """Cards whose readings are incorrect the more the lower their score; the frame, and the incorrect cells."""
    jobs, wrong = [], []
    for k in range(first, first + n):
        texts, score = dict(ID_CARD), np.clip(rng.normal(88, 8, 6), 40, 100).astype(int)
        for (label, text), s in zip(ID_CARD.items(), score, strict=True):
            if rng.random() < 0.25 * np.exp(-(s - 60) / 12):
                at = rng.integers(len(text))
                digit = text[at].isdigit()
                texts[label] = (
                    text[:at] + (str((int(text[at]) + rng.integers(1, 10)) % 10) if digit else "口") + text[at + 1 :]
                )
                wrong.append((f"{k}.jpg", label))
        result = CardResult(
            tuple(Field(f, t, int(s)) for (f, t), s in zip(texts.items(), score, strict=True)), status=1
        )
        jobs.append(Job(f"j{k}", JobState.SUCCESS, f"{k}.jpg", "IDCard", result=result))
    return to_frame(jobs), wrong


def labelled(changes, n):
    """A frame of `n` equal identity cards, the first ones with other texts, and the truth."""
    texts = [ID_CARD | change for change in changes] + [ID_CARD] * (n - len(changes))
    truth = [(f"{k}.jpg", label, text) for k in range(n) for label, text in ID_CARD.items()]
    frame = to_frame([job(each, key=f"{k}.jpg", score=90) for k, each in enumerate(texts)])
    return frame, pd.DataFrame(truth, columns=["key", "field", "text"])


@pytest.fixture(scope="module")
def calibrator_of_ten_errors():
    """Learned on 400 cards with four errors that a check finds and six that none finds."""
    return calibrate(*labelled([{"性别": "另"}] * 4 + [{"住址": "他省"}] * 6, 400))


@pytest.mark.parametrize("new", [0, 2, 9])
def test_errors_that_checks_find_count_once_however_many_the_calibrator_has_seen(calibrator_of_ten_errors, new):
    # The new cards have `new` errors that a check finds.
    impossible, calibrator = {"性别": "另"}, calibrator_of_ten_errors
    queue = review_queue(labelled([impossible] * new, 400)[0], calibrator=calibrator)
    assert queue["found"].iloc[-1] == pytest.approx(new + 6, rel=0.1)
    assert queue["found_error"].iloc[-1] == pytest.approx(queue["found"].iloc[-1] / np.sqrt(10))


def test_a_calibrator_that_has_seen_no_error_only_orders():
    queue = review_queue(labelled([{"性别": "另"}], 9)[0], calibrator=calibrate(*labelled([], 100)))
    assert queue["field"][0] == "gender"
    assert queue[["found", "found_error"]].isna().all(axis=None)
    assert queue["basis"].unique().tolist() == ["order only"]


# The number of errors in the sets of 400 cards alone varies by 8 % in 4 sets, by 4 % in 20.
@pytest.mark.parametrize(("sets", "tolerance"), [(3, 0.2), pytest.param(20, 0.1, marks=pytest.mark.slow)])
def test_expected_errors_are_those_that_are_found_when_a_calibrator_is_given(sets, tolerance):
    rng = np.random.default_rng(8)
    expected, found = np.zeros(3), np.zeros(3)
    for _ in range(sets):
        learned, _ = read_cards(rng, 400)
        truth = pd.DataFrame(
            [(f"{k}.jpg", f, t) for k in range(400) for f, t in ID_CARD.items()], columns=["key", "field", "text"]
        )
        cards, wrong = read_cards(rng, 400, first=1000)
        queue = review_queue(cards, calibrator=calibrate(learned, truth))
        labels = cards.set_index(["key", "field"])["label"]
        is_wrong = [
            (key, labels[key, field]) in set(wrong) for key, field in zip(queue["key"], queue["field"], strict=True)
        ]
        for n, budget in enumerate((120, 480, 2400)):
            expected[n] += queue["found"].iloc[budget - 1]
            found[n] += sum(is_wrong[:budget])
    assert expected.tolist() == pytest.approx(found.tolist(), rel=tolerance)
