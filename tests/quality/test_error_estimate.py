"""Verdicts on two readings of the same cards, each by hand; coverage of the intervals is in test_promises."""

import pandas as pd
import pytest
from scipy.stats import binomtest

from cardocr_nb.frame import conform
from cardocr_nb.quality import estimate_errors

NUMBER, REFUTED, OTHER = "990101197412010014", "990101197412010074", "990101197412011017"
BORN = "1974年12月1日"


def frame_of(cards):
    """Readings of cards given as dicts of texts, an image a card."""
    rows = [(f"{k}.jpg", field, text) for k, texts in enumerate(cards) for field, text in texts.items()]
    return conform(pd.DataFrame(rows, columns=["key", "field", "text"]).assign(card_type="IDCard", state="Success"))


def judged(first, second, field, **options):
    """Known to be wrong, and open, of both readers."""
    table = estimate_errors(frame_of([first]), frame_of([second]), **options)
    rows = table[table["field"] == field].set_index("reader")
    return [(int(rows.loc[r, "wrong"]), int(rows.loc[r, "open"])) for r in ("first", "second")]


@pytest.mark.parametrize(
    ("first", "second", "corrects", "verdicts"),
    [
        (NUMBER, NUMBER, (False, True), [(0, 0), (0, 0)]),
        (REFUTED, REFUTED, (False, True), [(1, 0), (1, 0)]),
        (REFUTED, NUMBER, (False, True), [(1, 0), (0, 1)]),  # the second may have corrected it to another one
        (REFUTED, NUMBER, (False, False), [(1, 0), (0, 0)]),
        (NUMBER, REFUTED, (False, True), [(0, 0), (1, 0)]),
        (NUMBER, REFUTED, (True, True), [(0, 1), (1, 0)]),
        (NUMBER, OTHER, (False, True), [(0, 1), (0, 1)]),
        (REFUTED, NUMBER[:-1], (False, True), [(1, 0), (1, 0)]),
    ],
)
def test_the_check_digit_says_which_number_is_wrong(first, second, corrects, verdicts):
    cards = {"id_number": first}, {"id_number": second}
    assert judged(*cards, "id_number", corrects=corrects) == verdicts


@pytest.mark.parametrize(
    ("numbers", "verdicts"),
    [
        ((NUMBER, NUMBER), [(0, 0), (1, 0)]),
        ((NUMBER, REFUTED), [(0, 0), (1, 0)]),
        ((REFUTED, NUMBER), [(0, 1), (0, 1)]),  # of the reader that corrects
        ((REFUTED, REFUTED), [(0, 1), (0, 1)]),
    ],
)
def test_a_number_that_passes_says_which_birth_date_is_wrong(numbers, verdicts):
    first = {"birth_date": BORN, "id_number": numbers[0]}
    second = {"birth_date": "1974年12月7日", "id_number": numbers[1]}
    assert judged(first, second, "birth_date") == verdicts


def test_words_that_both_read_alike_against_the_number_are_open():
    card = {"birth_date": "1974年12月7日", "gender": "女", "id_number": NUMBER}
    assert judged(card, card, "birth_date") == [(0, 1), (0, 1)]
    assert judged(card, card, "gender") == [(0, 1), (0, 1)]


def test_texts_that_differ_in_spelling_alone_agree():
    assert judged({"birth_date": BORN}, {"birth_date": "1974-12-01"}, "birth_date") == [(0, 0), (0, 0)]


def test_of_names_nothing_but_the_sum_of_errors_is_known():
    cards = [{"name": "样本一"}] * 96 + [{"name": "样本二"}] * 4
    table = estimate_errors(frame_of(cards), frame_of([{"name": "样本一"}] * 100), shared=0).set_index("reader")
    assert table.loc[["first", "second"], "rate"].isna().all()
    assert table.loc["mean", "rate"] == pytest.approx(0.02)
    test = binomtest(4, 100).proportion_ci(0.95, method="exact")
    assert table.loc["first", ["low", "high"]].tolist() == pytest.approx([0, test.high])
    assert table.loc["mean", ["low", "high"]].tolist() == pytest.approx([test.low / 2, test.high])


def test_shared_errors_widen_the_interval_by_their_part():
    frames = [frame_of([{"name": name}] * 50) for name in ("样本一", "样本一")]
    none, half = (estimate_errors(*frames, shared=part)["high"][0] for part in (0, 0.5))
    assert half == pytest.approx(2 * none)
    with pytest.raises(ValueError, match="shared must be from 0 to below 1, got 1"):
        estimate_errors(*frames, shared=1)


def test_decisions_of_a_person_close_what_is_open():
    first = frame_of([{"name": "样本一"}, {"name": "样本二"}, {"name": "样本三"}])
    second = frame_of([{"name": "样本一"}, {"name": "样本口"}, {"name": "样本日"}])
    decided = pd.DataFrame(
        {"key": ["1.jpg", "2.jpg"], "field": "name", "text": ["样本二", "样本木"], "verdict": "corrected"}
    )
    table = estimate_errors(first, second, decided).set_index("reader")
    assert table.loc[["first", "second"], "wrong"].tolist() == [1, 2]
    assert table["open"].tolist() == [0, 0, 0]
    assert table.loc[["first", "second", "mean"], "rate"].tolist() == pytest.approx([1 / 3, 2 / 3, 1 / 2])


def test_a_field_that_one_side_has_not_read_does_not_count():
    table = estimate_errors(frame_of([{"name": "样本", "gender": "男"}]), frame_of([{"gender": "男"}]))
    assert set(table["field"]) == {"gender"}


def test_frames_of_other_images_are_refused():
    other = frame_of([{"name": "样本"}]).assign(key="x.jpg")
    with pytest.raises(ValueError, match="no key is in both frames"):
        estimate_errors(frame_of([{"name": "样本"}]), other)


def read(cards, scores):
    """Readings with scores, which vary as those of a reader do."""
    frame = frame_of(cards)
    return frame.assign(score=pd.Series(scores[: len(frame)], dtype="Int16"))


def test_readings_compared_with_themselves_are_refused_and_equal_texts_of_two_readers_are_not():
    cards = [{"name": "样本一", "gender": "男"}] * 3
    frame = read(cards, [90, 91, 92, 93, 94, 95])
    for same in (frame, frame.copy(), frame.sample(frac=1, random_state=1), frame.assign(job_id="other")):
        with pytest.raises(ValueError, match="readings of one reader"):
            estimate_errors(frame, same)
    other = read(cards, [90, 91, 92, 93, 94, 96])
    assert estimate_errors(frame, other)["disagree"].sum() == 0
    assert estimate_errors(read(cards, [99] * 6), read(cards, [99] * 6))["disagree"].sum() == 0


def test_a_truth_of_other_images_or_of_the_reader_itself_is_refused():
    cards = [{"name": "样本一", "gender": "男"}] * 3
    frame, other = read(cards, [90, 91, 92, 93, 94, 95]), read(cards, [80, 81, 82, 83, 84, 85])
    decided = pd.DataFrame({"key": ["photos/1.jpg"], "field": "name", "text": "样本二"})
    with pytest.raises(ValueError, match="no key of the truth was read by both"):
        estimate_errors(frame, other, decided)
    for reader in (frame, other):
        with pytest.raises(ValueError, match="the truth is the frame of the readings itself"):
            estimate_errors(frame, other, reader)
