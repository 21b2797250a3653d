"""Readings without scores, as some services return them: what cannot be learned is said with its reason."""

import numpy as np
import pytest

from cardocr_nb import CardResult, Field, to_frame
from cardocr_nb.quality import (
    EmptyTruthWarning,
    FewScoresWarning,
    audit_sample,
    calibrate,
    calibration,
    cost,
    evaluate,
    threshold,
)

LABELS = {"姓名": "样本", "性别": "女", "民族": "汉", "出生": "1991年5月5日", "住址": "样本路1号", "公民身份号码": "990101199105050029"}  # fmt: skip


def cards(n, scores):
    """`scores`: from the label to a score or None."""
    return to_frame(
        CardResult(tuple(Field(label, text, scores(label)) for label, text in LABELS.items()), key=f"{k}.jpg") for k in range(n)
    )  # fmt: skip


def truth_of(frame):
    return frame[["key", "field", "text"]].astype({"field": "str"})


@pytest.mark.parametrize("learn", [calibration, calibrate, threshold], ids=["calibration", "calibrate", "threshold"])
def test_a_frame_without_scores_is_warned_about_with_its_fields(learn):
    frame = cards(40, lambda label: None)
    with pytest.warns(FewScoresWarning, match="no reading of name, gender, .* has a score") as caught:
        learn(frame, truth_of(frame))
    assert len(caught) == 1
    assert not any(text in str(caught[0].message) for text in LABELS.values())


def test_one_field_without_scores_is_named_alone():
    frame = cards(40, lambda label: None if label == "住址" else 93)
    with pytest.warns(FewScoresWarning, match="no reading of address has a score"):
        found = threshold(frame, truth_of(frame), precision=0.9)
    assert "address" not in found.fields["field"].tolist()


def test_advice_for_readings_without_scores_asks_for_no_labels():
    frame = cards(40, lambda label: None)
    with pytest.warns(FewScoresWarning):
        whole = threshold(frame, truth_of(frame), precision=0.9, unit="card")
    assert whole.table["cases"].iloc[0] > 20
    assert "score" in whole.advice
    assert "you have" not in whole.advice


def test_costs_of_readings_without_scores_are_those_of_reviewing_all():
    frame = cards(10, lambda label: None)
    found = cost(frame, truth_of(frame), review=1, error=5).fields
    assert found["threshold"].isna().all()
    assert (found["cost"] == found["cost_all_reviewed"]).all()


@pytest.mark.parametrize("unit", ["field", "card"])
def test_texts_without_a_score_have_a_stratum_of_their_own(unit):
    frame = cards(30, lambda label: None)
    frame.loc[frame["key"].isin([f"{k}.jpg" for k in range(8)]) & (frame["field"] == "name"), "text"] = None
    sample = audit_sample(frame, 200, by="score", unit=unit)
    sizes = sample.drop_duplicates("key" if unit == "card" else ["key", "field"])["stratum"].value_counts()
    assert sizes.to_dict() == {"no score": 22 if unit == "card" else 172, "no text": 8}


@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.GroupsWarning")
def test_held_out_figures_of_one_group_are_missing():
    frame = cards(40, lambda label: 50 + len(label))
    truth = truth_of(frame)
    truth.loc[truth.index % 7 == 0, "text"] = "x"
    groups = dict.fromkeys(frame["key"], "one")
    made = calibrate(frame, truth, groups=groups)
    assert made.fields[["ece", "brier"]].isna().all(axis=None)
    assert made.fields[["ece_score", "brier_score"]].notna().all(axis=None)
    assert made.held_out["probability"].isna().all()
    assert cost(frame, truth, review=1, error=5, groups=groups).fields["cost_held_out"].isna().all()
    two = {key: n % 2 for n, key in enumerate(dict.fromkeys(frame["key"]))}
    assert calibrate(frame, truth, groups=two).fields[["ece", "brier"]].notna().all(axis=None)


@pytest.mark.parametrize(
    "kept", [["key", "field", "text", "score", "state"], ["key", "card_type", "field", "text", "score", "created"]]
)
def test_the_readings_are_no_truth_without_their_places_either(kept):
    rng = np.random.default_rng(4)
    frame = cards(5, lambda label: int(rng.integers(60, 99)))
    with pytest.raises(ValueError, match="is the frame of the readings itself"):
        evaluate(frame, frame[kept].astype({"field": "str"}))
    assert evaluate(frame, frame[["key", "field", "text"]]).fields["exact"].eq(1).all()
    corrected = frame[kept].astype({"field": "str"})
    corrected.loc[0, "text"] = "木"
    assert evaluate(frame, corrected).fields["exact"].lt(1).sum() == 1


def test_an_empty_truth_names_the_field_of_the_package():
    frame = cards(6, lambda label: 90)
    truth = truth_of(frame)
    truth["text"] = truth["text"].mask(truth["field"].isin(["name", "gender"]))
    with pytest.warns(EmptyTruthWarning, match=r"the truth is empty for (name|gender) on .*; for (name|gender) on"):
        evaluate(frame, truth)


def test_advice_about_a_review_queue_is_a_call_that_works():
    frame = cards(6, lambda label: 90)
    queue = truth_of(frame).iloc[:3].assign(selection="queue")
    with pytest.raises(ValueError, match=r"cards\.cardocr\.evaluate\(truth, weights=False\)"):
        threshold(frame, queue)
    alone = frame.cardocr.evaluate(queue, weights=False)
    assert threshold(frame, alone, precision=0.5).fields["cases"].tolist() == [1, 1, 1]
