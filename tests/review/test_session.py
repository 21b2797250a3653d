import numpy as np
import pandas as pd
import pytest

from cardocr_nb.cards import expected_fields
from cardocr_nb.frame import to_frame
from cardocr_nb.quality import audit_sample, evaluate
from cardocr_nb.review import Corrections, Session, items_of
from cardocr_nb.wire._records import Job, JobState


@pytest.fixture
def session(cards, queue, tmp_path):
    return Session(items_of(cards, queue), Corrections(tmp_path / "c.csv"))


def test_an_item_holds_what_was_read_where_and_why_it_is_asked_for(cards, queue):
    item = items_of(cards, queue)[1]
    row = cards[(cards["key"] == item.key) & (cards["field"] == item.field)].iloc[0]
    assert (item.text, item.score, item.job_id, item.card_type) == (row["text"], 41, row["job_id"], "IDCard")
    assert (item.chance, item.reasons) == (0.5, ("number_check_digit", "number_length"))
    assert np.array_equal(item.polygon, row["polygon"].points)
    assert item.text not in repr(item)


def test_of_two_jobs_for_one_image_the_one_in_the_queue_is_shown(cards):
    again = cards.assign(job_id="second", text=cards["text"] + "二")
    both = pd.concat([cards, again], ignore_index=True)
    item = items_of(both, again.loc[[0], ["job_id", "key", "field"]])[0]
    assert item.job_id == "second"
    assert item.text.endswith("二")


def test_a_field_that_was_not_read_is_asked_for_without_text_and_place(cards):
    [item] = items_of(cards, pd.DataFrame({"key": ["id/0001.jpg"], "field": ["blood_group"]}))
    assert (item.text, item.score, item.polygon) == (None, None, None)


def test_a_card_that_failed_is_asked_for_field_by_field(cards):
    failed = to_frame(Job("j9", JobState.FAILED, "id/0009.jpg", card_type="IDCard", code="InvalidImage"))
    both = pd.concat([cards, failed], ignore_index=True)
    queue = pd.DataFrame({"job_id": ["j9"], "key": ["id/0009.jpg"], "field": [None], "reasons": ["Failed"]})
    items = items_of(both, queue)
    assert [item.field for item in items] == list(expected_fields("IDCard"))
    assert {(item.text, item.polygon, item.reasons) for item in items} == {(None, None, ("Failed",))}


def test_a_field_is_asked_for_once(cards, queue):
    assert len(items_of(cards, pd.concat([queue, queue]))) == len(queue)


def test_a_queue_without_columns_or_keys_is_refused(cards, queue):
    with pytest.raises(ValueError, match=r"no column field.*review_queue"):
        items_of(cards, queue[["key"]])
    with pytest.raises(ValueError, match="1 rows of the queue have no key"):
        items_of(cards, pd.DataFrame({"key": [None], "field": ["name"]}))


def test_every_decision_leads_to_the_next_open_field_and_round_to_the_first(session):
    session.move(2)
    session.decide(2, "absent")
    assert session.position == 3
    session.decide(3, "unreadable")
    assert session.position == 0
    session.decide(0, text="样本")
    session.decide(1, text="样本")
    assert session.current is None
    assert session.done == 4


def test_what_is_decided_is_not_asked_again_and_can_be_changed(session, cards, queue):
    first = session.items[0]
    session.decide(0, text="样本")
    again = Session(items_of(cards, queue), Corrections(session.file.path))
    assert (again.position, again.done) == (1, 1)
    again.move(-1)
    assert again.decision(again.current).text == "样本"
    again.decide(0, text="样品")
    assert again.done == 1
    assert again.file.last()[first.key, first.field].text == "样品"


def test_one_cannot_walk_off_either_end(session):
    session.move(-5)
    assert session.position == 0
    session.move(50)
    assert session.position == 4
    session.move(-1)
    assert session.position == 3


def test_a_text_as_it_was_read_is_accepted_and_any_other_is_a_correction(session):
    assert session.decide(0, text=f"  {session.items[0].text} ").verdict == "accepted"
    assert session.decide(1, text="样本").verdict == "corrected"


@pytest.mark.parametrize("text", ["", "  ", "\u3000"])
def test_an_empty_line_is_no_decision(session, text):
    with pytest.raises(ValueError, match="no text was given"):
        session.decide(0, text=text)
    assert not session.file.path.exists()


@pytest.mark.parametrize("number", [-1, 4])
def test_a_field_that_is_not_there_cannot_be_decided(session, number):
    with pytest.raises(ValueError, match=f"field number {number} does not exist"):
        session.decide(number, "absent")


def test_a_queue_without_rows_is_at_its_end(cards, queue, tmp_path):
    session = Session(items_of(cards, queue[:0]), Corrections(tmp_path / "c.csv"))
    assert session.current is None
    assert repr(session) == f"<Session 0 of 0 fields decided, kept in {tmp_path / 'c.csv'}>"


def test_what_was_decided_is_a_truth_to_evaluate_against(session, cards, data):
    truth = pd.read_csv(data / "truth.csv", dtype="str").set_index(["key", "field"])["text"]
    for number, item in enumerate(session.items):
        session.decide(number, text=truth[item.key, item.field])
    fields = evaluate(cards, session.file.truth(), weights=False).fields.set_index("field")
    assert fields["cases"].to_dict() == {"name": 2, "address": 2}
    assert fields["wrong"].to_dict() == {"name": 2, "address": 2}


def test_an_audit_sample_brings_its_weights_into_the_truth(cards, tmp_path):
    sample = audit_sample(cards, 2, seed=1)
    file = Corrections(tmp_path / "c.csv")
    session = Session(items_of(cards, sample), file)
    for number in range(2):
        session.decide(number, "absent")
    truth = file.truth()
    assert truth["selection"].tolist() == ["audit"] * 2
    assert truth["weight"].tolist() == sample["weight"].tolist()
    assert evaluate(cards, truth).cells["weight"].tolist() == sample["weight"].tolist()


def test_a_field_that_a_queue_decided_before_gets_its_weight_without_being_asked_again(cards, queue, tmp_path):
    file = Corrections(tmp_path / "c.csv")
    first = Session(items_of(cards, queue), file)
    for number, item in enumerate(first.items):
        first.decide(number, text=item.text or "x")
    assert file.read()["selection"].unique().tolist() == ["queue"]
    sample = audit_sample(cards, 1000)
    seen = sample.merge(queue[["key", "field"]], on=["key", "field"])
    again = Session(items_of(cards, seen), file)
    assert again.done == len(seen)
    assert set(file.truth()["selection"]) == {"audit"}
    # A queue that shows the case again does not take the weight away.
    Session(items_of(cards, queue), file).decide(0, "absent")
    assert set(file.truth()["selection"]) == {"audit"}


def test_a_file_of_an_earlier_release_gets_the_columns_of_an_audit(cards, tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("key,field,verdict,text,job_id,decided,note\nx.jpg,name,accepted,a,,,mine\n", encoding="utf-8")
    Session(items_of(cards, audit_sample(cards, 1)), Corrections(path)).decide(0, "absent")
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    assert table["note"].tolist() == ["mine", ""]
    assert table["selection"].tolist() == ["", "audit"]
