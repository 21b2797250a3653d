from __future__ import annotations

import jiwer
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_cards import ID_CARD, LICENSE, job
from rapidfuzz.distance import Levenshtein
from sklearn.metrics import accuracy_score

from cardocr_nb.frame import empty, to_frame
from cardocr_nb.quality import (
    EmptyTruthWarning,
    audit_sample,
    calibrate,
    calibration,
    compare,
    cost,
    evaluate,
    exact_interval,
    review_queue,
    threshold,
)
from cardocr_nb.wire._records import CardResult, Field, Job, JobState


def truth_of(*cards):
    rows = [(key, field, text) for key, texts in cards for field, text in texts.items()]
    return pd.DataFrame(rows, columns=["key", "field", "text"])


def reading(texts, key="1.jpg"):
    return CardResult(tuple(Field(label, text, 90) for label, text in texts.items()), key=key)


def row(result, field):
    return result.fields[result.fields.field == field].iloc[0]


def test_a_perfect_reading_is_all_correct():
    frame = to_frame([job(ID_CARD), job(LICENSE, key="2.jpg", kind="DriverLicense")])
    result = evaluate(frame, truth_of(("1.jpg", ID_CARD), ("2.jpg", LICENSE)))
    assert (result.fields.exact == 1).all()
    assert (result.fields.cer == 0).all()
    assert result.cards[["cases", "correct"]].iloc[0].tolist() == [2, 2]
    assert row(result, "name").cases == 2


@pytest.mark.filterwarnings("ignore::cardocr_nb.frame.UnknownLabelWarning")
def test_each_outcome_is_counted():
    read = {"姓名": "样木一", "性别": None, "民族": "汉", "血型": "O"}
    frame = to_frame(reading(read))
    truth = truth_of(
        ("1.jpg", {"name": "样本一", "gender": "男", "ethnicity": "汉", "address": "", "birth_date": "1974-12-01"})
    )
    result = evaluate(frame, truth, complete=True)
    outcome = dict(zip(result.cells.field, result.cells.outcome, strict=True))
    assert outcome == {
        "name": "wrong",
        "gender": "missing",
        "birth_date": "missing",
        "ethnicity": "correct",
        "血型": "spurious",
    }
    assert row(result, "name").cer == pytest.approx(1 / 3)
    assert row(result, "gender").cer == 1
    assert row(result, "血型")[["cases", "spurious"]].tolist() == [0, 1]
    assert np.isnan(row(result, "血型").exact)


def test_a_reading_of_a_field_that_the_card_does_not_have_is_a_false_positive():
    result = evaluate(to_frame(reading({"住址": "x"})), truth_of(("1.jpg", {"address": "", "name": "a"})))
    assert row(result, "address").spurious == 1


def test_fields_that_the_truth_does_not_name_are_not_judged():
    frame, truth = to_frame(job(ID_CARD)), truth_of(("1.jpg", {"name": "样本一"}))
    default, partial, full = (evaluate(frame, truth, complete=c) for c in (None, False, True))
    assert default.cells.field.tolist() == partial.cells.field.tolist() == ["name"]
    assert default.cards[["cases", "correct"]].iloc[0].tolist() == [0, 0]
    assert partial.cards[["cases", "correct"]].iloc[0].tolist() == [1, 1]
    assert full.cards[["cases", "correct"]].iloc[0].tolist() == [1, 0]
    assert full.cells.outcome.tolist() == ["correct", *["spurious"] * 5]


@pytest.mark.filterwarnings("ignore::cardocr_nb.frame.UnknownLabelWarning")
def test_a_truth_that_names_every_expected_field_makes_other_readings_false_positives():
    frame = to_frame([job(ID_CARD | {"血型": "O"}), job(ID_CARD | {"血型": "O"}, key="2.jpg")])
    result = evaluate(frame, truth_of(("1.jpg", ID_CARD), ("2.jpg", {k: v for k, v in ID_CARD.items() if k != "住址"})))
    extra = result.cells[result.cells.outcome == "spurious"]
    assert extra[["key", "field"]].to_numpy().tolist() == [["1.jpg", "血型"]]
    assert result.whole.key.tolist() == ["1.jpg"]


def corrections(tmp_path, rows):
    table = pd.DataFrame(rows, columns=["key", "field", "verdict", "text"])
    path = tmp_path / "corrections.csv"
    table.to_csv(path, index=False, encoding="utf-8-sig")
    return path


def test_a_file_of_corrections_is_a_truth(tmp_path):
    frame = to_frame([job(ID_CARD), job(ID_CARD, key="2.jpg")])
    path = corrections(
        tmp_path,
        [
            ("1.jpg", "name", "accepted", "样本一"),
            ("1.jpg", "gender", "corrected", "男"),
            ("1.jpg", "gender", "corrected", "女"),
            ("1.jpg", "address", "absent", ""),
            ("1.jpg", "id_number", "unreadable", ""),
        ],
    )
    cells = evaluate(frame, path).cells
    outcome = dict(zip(cells.field, cells.outcome, strict=True))
    assert outcome == {"name": "correct", "gender": "wrong", "address": "spurious"}


def test_an_evaluation_is_accepted_in_the_place_of_a_truth():
    frame, truth = to_frame([job(ID_CARD)]), truth_of(("1.jpg", ID_CARD))
    judged = evaluate(frame, truth)
    assert evaluate(frame, judged) is judged
    assert threshold(frame, judged).fields.right.tolist() == [1] * 6
    assert cost(frame, judged, review=1, error=1).fields.cases.iloc[0] == 1


def test_partial_truth_judges_the_named_readings_alone_everywhere():
    rng = np.random.default_rng(0)
    cards = [job(ID_CARD, key=f"{k}.jpg", score=int(s)) for k, s in enumerate(rng.integers(60, 100, 300))]
    names = [ID_CARD["姓名"] if ok else "x" for ok in rng.random(300) < 0.98]
    frame, truth = to_frame(cards), truth_of(*((f"{k}.jpg", {"name": n}) for k, n in enumerate(names)))
    judged = evaluate(frame, truth)
    rate = judged.fields.exact.iloc[0]
    assert judged.fields.field.tolist() == ["name"]
    assert 0.95 < rate < 1
    assert calibration(frame, truth).fields.accuracy.tolist() == [rate]
    assert calibrate(frame, truth).held_out.probability.mean() == pytest.approx(rate, abs=0.01)
    assert threshold(frame, truth).fields.right.tolist() == [rate]
    assert cost(frame, truth, review=1, error=1).fields.cases.tolist() == [300, 300]


def test_an_own_equality_decides_about_readings_that_differ():
    frame = to_frame(reading({"住址": "样本路1号", "姓名": "样本"}))
    truth = truth_of(("1.jpg", {"address": "样本省样本路1号", "name": "木样"}))
    result = evaluate(frame, truth, equal={"address": lambda expected, text: expected.endswith(text)})
    assert dict(zip(result.cells.field, result.cells.outcome, strict=True)) == {"name": "wrong", "address": "correct"}


def test_weights_make_rates_those_of_the_frame():
    frame = to_frame([job({"姓名": "a" if k < 90 else "b"}, key=str(k)) for k in range(100)])
    truth = truth_of(*((str(k), {"name": "a"}) for k in [*range(10), *range(90, 100)]))
    truth["weight"] = [9.0] * 10 + [1.0] * 10
    found = evaluate(frame, truth).fields.iloc[0]
    assert (found.cases, found.correct, found.exact) == (20, 10, 0.9)
    assert 0.5 < found.low < 0.9 < found.high < 1
    assert evaluate(frame, truth, weights=False).fields.exact.tolist() == [0.5]
    truth.loc[0, "weight"] = -1
    with pytest.raises(ValueError, match="weight of the truth is not a positive number"):
        evaluate(frame, truth)


def test_cases_that_a_review_queue_selected_are_refused_for_rates():
    frame = to_frame([job({"姓名": "a"}, key=str(k)) for k in range(10)])
    truth = truth_of(*((str(k), {"name": "b"}) for k in range(3))).assign(selection="queue")
    with pytest.raises(ValueError, match=r"selected by a review queue.*audit_sample\(200\)"):
        evaluate(frame, truth)
    assert evaluate(frame, truth, weights=False).fields.cases.tolist() == [3]
    audited = truth_of(*((str(k), {"name": "a"}) for k in range(3, 10))).assign(selection="audit", weight=10 / 7)
    assert evaluate(frame, pd.concat([truth, audited])).fields[["cases", "exact"]].iloc[0].tolist() == [7, 1]
    everything = truth_of(*((str(k), {"name": "a"}) for k in range(10))).assign(selection="queue")
    assert evaluate(frame, everything).fields.cases.tolist() == [10]


def test_a_review_queue_that_was_filled_in_is_a_queue(tmp_path):
    cards = to_frame([reading(ID_CARD | {"姓名": "样木"}, f"{n}.jpg") for n in range(4)])
    queue = review_queue(cards, budget=6)
    filled = queue.dropna(subset=["field"]).assign(text="样本")
    path = tmp_path / "filled.csv"
    filled.to_csv(path, index=False)
    for truth in (filled, path):
        with pytest.raises(ValueError, match="were selected by a review queue"):
            evaluate(cards, truth)
    assert len(evaluate(cards, filled, weights=False).cells) == len(filled)


@pytest.mark.parametrize("empty_text", ["", None, " "])
def test_a_field_that_was_not_filled_in_is_named(empty_text):
    cards = to_frame([reading(ID_CARD, f"{n}.jpg") for n in range(6)])
    truth = cards[["key", "field", "text"]]
    left = truth.assign(text=truth["text"].mask(truth["field"] == "address", empty_text))
    with pytest.warns(EmptyTruthWarning, match="empty for address on 6 of 6 cards, read on 6"):
        evaluate(cards, left)
    some = left.assign(text=left["text"].where(left["key"] != "0.jpg", truth["text"]))
    with pytest.warns(EmptyTruthWarning, match="empty for address on 5 of 6 cards, read on 5"):
        assert evaluate(cards, some).fields.set_index("field")["spurious"]["address"] == 5
    # On a card without the field nothing was read, and a few readings too many are what is counted.
    none = cards["text"].mask((cards["field"] == "address") & (cards["key"] > "3.jpg"))
    assert evaluate(cards.assign(text=none), some).fields.set_index("field")["spurious"]["address"] == 3


@pytest.mark.parametrize("done", [20, 45, 50])
def test_cards_that_were_not_labeled_are_named_among_labeled_ones(done):
    cards = to_frame([reading(ID_CARD, f"{n:02}.jpg") for n in range(50)])
    truth = cards[["key", "field", "text"]]
    left = truth.assign(text=truth["text"].where(truth["key"] < f"{done:02}.jpg"))
    if done == 50:
        assert evaluate(cards, left).cards["correct"].tolist() == [50]
        return
    said = (
        rf"name on {50 - done} of 50 cards, read on {50 - done}; for gender .*, and for 3 other fields: .*leave it out"
    )
    with pytest.warns(EmptyTruthWarning, match=said):
        evaluate(cards, left)
    assert evaluate(cards, left[left["text"].notna()]).fields["cases"].eq(done).all()


@pytest.mark.parametrize("option", ["equal", "normalize"])
def test_a_field_that_does_not_exist_is_named_with_the_nearest(option):
    cards = to_frame([reading(ID_CARD, "0.jpg")])
    value = (lambda truth, text: True) if option == "equal" else ["nfkc"]
    with pytest.raises(ValueError, match=f"{option} names a field .*did you mean 'birth_date'"):
        evaluate(cards, cards[["key", "field", "text"]].assign(text="x"), **{option: {"brith_date": value}})
    if option == "normalize":
        with pytest.raises(ValueError, match="did you mean 'birth_date'"):
            compare(cards, cards, normalize={"brith_date": value})


@pytest.mark.filterwarnings("ignore::cardocr_nb.frame.UnknownLabelWarning")
def test_own_equality_takes_labels_and_names_what_is_no_function():
    cards = to_frame([reading(ID_CARD | {"姓名": "样木", "血型": "A"}, "0.jpg")])
    truth = cards[["key", "field", "text"]].assign(text=lambda df: df["text"].replace({"样木": "样本", "A": "AB"}))
    same = evaluate(
        cards, truth, equal={"姓名": lambda truth, text: True, "血型": lambda truth, text: truth.startswith(text)}
    )
    assert same.fields["correct"].eq(1).all()
    with pytest.raises(TypeError, match="functions of the truth and the text; that of name is a str of 5"):
        evaluate(cards, truth, equal={"name": "equal"})


def test_a_case_without_a_weight_among_others_with_one_is_refused():
    frame = to_frame([job({"姓名": "a"}, key=str(k)) for k in range(10)])
    truth = truth_of(*((str(k), {"name": "a"}) for k in range(10))).assign(weight=[None, "", *["7.5"] * 8])
    with pytest.raises(ValueError, match=r"2 of 10 cases of the truth have no weight.*truth\['weight'\]\.notna"):
        evaluate(frame, truth)
    assert evaluate(frame, truth, weights=False).fields.cases.tolist() == [10]
    assert evaluate(frame, truth.assign(selection=["Queue", " queue", *["audit"] * 8])).fields.cases.tolist() == [8]
    assert evaluate(frame, truth.assign(verdict=["unreadable"] * 2 + ["accepted"] * 8)).fields.cases.tolist() == [8]
    with pytest.raises(ValueError, match="10 of 10 cases of the truth have no weight"):
        evaluate(frame, truth.drop(columns="weight").assign(selection="audit"))


def test_a_case_of_an_audit_that_a_queue_shows_again_keeps_its_weight_and_counts():
    frame = to_frame([job({"姓名": "a"}, key=str(k)) for k in range(10)])
    audit = truth_of(*((str(k), {"name": "a"}) for k in range(5))).assign(
        selection="audit", weight=2.0, verdict="accepted"
    )
    again = audit.iloc[:1].assign(selection="queue", weight=None, verdict="corrected", text="b")
    found = evaluate(frame, pd.concat([audit, again.astype({"weight": object})], ignore_index=True))
    assert found.fields[["cases", "correct", "exact"]].iloc[0].tolist() == [5, 4, 0.8]


def test_groups_widen_the_interval():
    right = np.repeat([True, False, True, True, False, True], 50)
    frame = to_frame([job({"姓名": "a" if ok else "b"}, key=str(k)) for k, ok in enumerate(right)])
    truth = truth_of(*((str(k), {"name": "a"}) for k in range(300)))
    batch = {str(k): k // 50 for k in range(300)}
    alone, grouped = (evaluate(frame, truth, groups=g).fields.iloc[0] for g in (None, batch))
    assert alone.high - alone.low < 0.12
    assert grouped.high - grouped.low > 0.4


def test_spellings_count_as_equal_unless_compared_character_by_character():
    frame = to_frame(reading({"性别": "Male", "出生": "December 1, 1974", "姓名": "样本 一"}))
    truth = truth_of(("1.jpg", {"gender": "男", "birth_date": "1974年12月1日", "name": "样本一"}))
    assert (evaluate(frame, truth).fields.exact == 1).all()
    assert (evaluate(frame, truth, normalize=False).fields.exact == 0).all()
    only_name = evaluate(frame, truth, normalize={"name": ()})
    assert dict(zip(only_name.fields.field, only_name.fields.correct, strict=True)) == {
        "name": 0,
        "gender": 1,
        "birth_date": 1,
    }


def test_truth_may_name_fields_by_their_labels_and_come_from_a_file(tmp_path):
    path = tmp_path / "truth.csv"
    truth_of(("1.jpg", {"公民身份号码": "990101197412010014", "姓名": "NA", "住址": ""})).to_csv(path, index=False)
    result = evaluate(to_frame(reading({"公民身份号码": "990101197412010014", "Name": "NA"})), path)
    assert result.fields.field.tolist() == ["name", "id_number"]
    assert (result.fields.exact == 1).all()


def test_a_failed_card_misses_every_field():
    frame = to_frame([Job("j", JobState.FAILED, "1.jpg", code="InvalidImage"), job(ID_CARD, key="2.jpg")])
    result = evaluate(frame, truth_of(("1.jpg", ID_CARD), ("2.jpg", ID_CARD)))
    assert row(result, "name")[["cases", "correct", "missing"]].tolist() == [2, 1, 1]
    assert result.cards.correct.tolist() == [1]


def test_cards_on_one_side_only_are_counted_and_left_out():
    frame = to_frame([job(ID_CARD, key="1.jpg"), job(ID_CARD, key="3.jpg")])
    result = evaluate(frame, truth_of(("1.jpg", ID_CARD), ("2.jpg", ID_CARD), ("4.jpg", ID_CARD)))
    assert (result.cards_without_truth, result.cards_without_reading) == (1, 2)
    assert result.cards.cases.tolist() == [1]


def test_of_several_readings_of_an_image_the_first_with_a_field_counts():
    jobs = [Job("j0", JobState.FAILED, "1.jpg")]
    jobs += [Job(f"j{k}", JobState.SUCCESS, "1.jpg", result=reading({"姓名": name})) for k, name in enumerate("ab", 1)]
    result = evaluate(to_frame(jobs), truth_of(("1.jpg", {"name": "a"})))
    assert row(result, "name")[["cases", "correct"]].tolist() == [1, 1]
    assert result.cells.job_id.tolist() == ["j1"]
    assert result.repeated == 2
    frame = to_frame(jobs).assign(engine=["old", "old", "new"])
    assert evaluate(frame, truth_of(("1.jpg", {"name": "a"})), by="engine").fields.cases.tolist() == [1, 1]


def test_of_a_doubled_field_the_first_counts():
    fields = (Field("姓名", "a"), Field("Name", "b"))
    result = evaluate(to_frame(CardResult(fields, key="1.jpg")), truth_of(("1.jpg", {"name": "a"})))
    assert row(result, "name")[["cases", "correct", "spurious"]].tolist() == [1, 1, 0]


def test_tables_can_be_sliced_by_any_column():
    frame = to_frame([job(ID_CARD), job(LICENSE | {"姓名": "x"}, key="2.jpg", kind="DriverLicense")])
    result = evaluate(frame, truth_of(("1.jpg", ID_CARD), ("2.jpg", LICENSE)), by="card_type")
    names = result.fields[result.fields.field == "name"]
    assert dict(zip(names.card_type, names.exact, strict=True)) == {"IDCard": 1, "DriverLicense": 0}
    assert dict(zip(result.cards.card_type, result.cards.correct, strict=True)) == {"IDCard": 1, "DriverLicense": 0}
    both = evaluate(frame, truth_of(("1.jpg", ID_CARD)), by=["card_type", "region"])
    assert both.cards.columns[:2].tolist() == ["card_type", "region"]


def test_intervals_are_exact_intervals():
    frame = to_frame([job({"姓名": "a" if k else "b"}, key=str(k)) for k in range(10)])
    result = evaluate(frame, truth_of(*((str(k), {"name": "a"}) for k in range(10))), confidence=0.9, complete=True)
    low, high = exact_interval(9, 10, confidence=0.9)
    assert row(result, "name")[["exact", "low", "high"]].tolist() == pytest.approx([0.9, low, high])
    assert result.cards[["exact", "low", "high"]].iloc[0].tolist() == pytest.approx([0.9, low, high])


def test_the_worst_cells_come_first():
    frame = to_frame([job({"姓名": "abc"[: k + 1]}, key=str(k)) for k in range(3)])
    worst = evaluate(frame, truth_of(*((str(k), {"name": "abc"}) for k in range(3)))).worst()
    assert worst.key.tolist() == ["0", "1"]
    assert worst[["text", "truth"]].iloc[0].tolist() == ["a", "abc"]


def test_what_is_shown_holds_no_text():
    frame = to_frame(job(ID_CARD))
    result = evaluate(frame, truth_of(("1.jpg", ID_CARD | {"姓名": "别人样本"})))
    for shown in (repr(result), result._repr_html_()):
        assert "id_number" in shown
        assert not [t for t in [*ID_CARD.values(), "别人样本"] if len(t) > 1 and t in shown]


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        (pd.DataFrame({"key": ["1.jpg"], "name": ["a"]}), "no column field, text; it needs key, field and text"),
        (truth_of(("9.jpg", ID_CARD)), r"no key is in both: the frame holds 1 cards, the truth 1 keys"),
        (truth_of(("1.jpg", {"name": "a", "姓名": "b"})), "names 1 fields of a key more than once"),
    ],
)
def test_a_truth_that_cannot_be_used_is_refused_with_the_reason(truth, message):
    with pytest.raises(ValueError, match=message):
        evaluate(to_frame(job(ID_CARD)), truth)


@pytest.mark.filterwarnings("ignore:the truth has no rows")
@pytest.mark.parametrize(
    ("frame", "truth"),
    [(empty(), truth_of(("1.jpg", ID_CARD))), (to_frame(job(ID_CARD)), truth_of()), (empty(), truth_of())],
)
def test_nothing_to_compare_gives_empty_tables(frame, truth):
    result = evaluate(frame, truth)
    assert result.fields.empty
    assert result.cards.cases.tolist() == [0]
    assert np.isnan(result.cards.exact[0])


words = st.text("已己0O17", max_size=6)


@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.EmptyTruthWarning")
@settings(max_examples=12)
@given(st.lists(st.tuples(words, words), min_size=1, max_size=20))
def test_counts_and_character_error_rate_are_those_of_a_plain_loop(pairs):
    frame = to_frame([reading({"姓名": read}, key=str(k)) for k, (read, _) in enumerate(pairs)])
    result = evaluate(frame, truth_of(*((str(k), {"name": true}) for k, (_, true) in enumerate(pairs))))
    present = [(read, true) for read, true in pairs if true]
    name = result.fields[result.fields.field == "name"]
    expected = {
        "correct": sum(read == true for read, true in present),
        "missing": sum(not read for read, true in present),
        "spurious": sum(bool(read) and not true for read, true in pairs),
        "cases": len(present),
    }
    assert {k: int(name[k].sum()) for k in expected} == expected
    if present:
        edits = sum(Levenshtein.distance(true, read) for read, true in present)
        assert name.cer.iloc[0] == pytest.approx(edits / sum(len(true) for _, true in present))


@settings(max_examples=12)
@given(st.lists(st.tuples(words.filter(bool), words.filter(bool)), min_size=1, max_size=24))
def test_figures_and_confusions_agree_with_jiwer_and_scikit_learn(pairs):
    read, true = map(list, zip(*pairs, strict=True))
    frame = to_frame([reading({"姓名": text}, key=str(k)) for k, text in enumerate(read)])
    result = evaluate(frame, truth_of(*((str(k), {"name": text}) for k, text in enumerate(true))), normalize=False)
    theirs = jiwer.process_characters(true, read)
    assert result.fields.cer[0] == pytest.approx(theirs.cer)
    assert result.fields.exact[0] == accuracy_score(true, read)
    table = result.confusions
    kinds = [(table.truth == "") * 1, (table.read == "") * 1, ((table.truth != "") & (table.read != "")) * 1]
    put_in, left_out, changed = (int((kind * table["count"]).sum()) for kind in kinds)
    assert put_in + left_out + changed == theirs.insertions + theirs.deletions + theirs.substitutions
    # Several alignments can have equally few edits; what all of them share is how much longer the text became.
    assert put_in - left_out == theirs.insertions - theirs.deletions


def test_confusions_are_counted_by_field_with_the_commonest_first():
    read = [
        {"姓名": "样木", "公民身份号码": "99O1"},
        {"姓名": "样本一", "公民身份号码": "9901"},
        {"姓名": "样"},
        {"姓名": "样木"},
    ]
    true = [
        {"name": "样本", "id_number": "9901"},
        {"name": "样本", "id_number": "9901"},
        {"name": "样本", "gender": "女"},
        {"name": "样本"},
    ]
    result = evaluate(
        to_frame([reading(texts, key=str(k)) for k, texts in enumerate(read)]),
        truth_of(*((str(k), texts) for k, texts in enumerate(true))),
    )
    assert result.confusions.to_numpy().tolist() == [
        ["name", "本", "木", 2, 1],
        ["name", "", "一", 1, 1],
        ["name", "本", "", 1, 1],
        ["id_number", "0", "O", 1, 1],
    ]
    assert result.confusions.field.dtype == result.fields.field.dtype


def test_confusions_count_cards_with_different_texts_and_of_general_fields_all_cards():
    read = [{"姓名": "样木一", "性别": "男"}] * 3 + [{"姓名": "木木", "性别": "男"}]
    true = [{"name": "样本一", "gender": "女"}] * 3 + [{"name": "本本", "gender": "女"}]
    table = evaluate(
        to_frame([reading(texts, key=str(k)) for k, texts in enumerate(read)]),
        truth_of(*((str(k), texts) for k, texts in enumerate(true))),
    ).confusions
    assert sorted(table.to_numpy().tolist()) == [["gender", "女", "男", 4, 4], ["name", "本", "木", 5, 2]]


def test_confusions_are_those_of_the_compared_form():
    frame = to_frame(reading({"出生": "December 1, 1974", "姓名": "样 本"}))
    truth = truth_of(("1.jpg", {"birth_date": "1974年12月2日", "name": "样本"}))
    assert evaluate(frame, truth).confusions.to_numpy().tolist() == [["birth_date", "2", "1", 1, 1]]


def test_no_wrong_reading_gives_an_empty_table_of_confusions():
    for frame in (to_frame(reading({"姓名": "样本"})), empty()):
        table = evaluate(frame, truth_of(("1.jpg", {"name": "样本"}))).confusions
        assert table.columns.tolist() == ["field", "truth", "read", "count", "cards"]
        assert table.empty


def test_of_equally_many_edits_the_surer_reading_is_worse():
    frame = to_frame([CardResult((Field("姓名", "x", score),), key=str(score)) for score in (10, 99, 50)])
    assert evaluate(frame, truth_of(*((str(k), {"name": "y"}) for k in (10, 50, 99)))).worst().key.tolist() == [
        "99",
        "50",
        "10",
    ]


def test_the_frame_itself_is_no_truth_and_an_audit_of_correct_readings_is_one():
    frame = to_frame([job({"姓名": "a"}, key=str(k), score=80 + k) for k in range(9)])
    for same in (frame, frame.iloc[::-1], frame.assign(job_id="x")):
        with pytest.raises(ValueError, match="the truth is the frame of the readings itself"):
            evaluate(frame, same)
    audit = audit_sample(frame, 60).merge(frame[["key", "field", "text"]].astype({"field": "str"}), on=["key", "field"])
    assert evaluate(frame, audit).fields["correct"].tolist() == [9]
    assert evaluate(frame, frame.assign(text="b", score=50)).fields["correct"].tolist() == [0]
