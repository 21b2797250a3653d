"""A service with known errors on specimens, and what the embedded engine says of its readings."""

import signal
import subprocess
import sys
import textwrap

import pandas as pd
import pytest

import cardocr_nb as ocr
from cardocr_nb.local.engine import Engine
from cardocr_nb.quality import evaluate
from cardocr_nb.rereading import UnfinishedWarning

pytestmark = pytest.mark.heavy
PHOTOS = [f"id/{n:04d}.jpg" for n in range(1, 7)]
PLANTED = {("id/0002.jpg", "name"), ("id/0003.jpg", "id_number"), ("id/0005.jpg", "gender")}


def wrong_text(field, text):
    """Another text of the kind: a digit that the check digit betrays, a last character, the other gender."""
    if field == "id_number":
        return text[:7] + str((int(text[7]) + 1) % 10) + text[8:]
    return {"男": "女", "女": "男"}.get(text, text[:-1] + "口")


@pytest.fixture(scope="module")
def truth(data):
    table = pd.read_csv(data / "truth.csv", dtype=str)
    return table[table["key"].isin(PHOTOS)].reset_index(drop=True)


@pytest.fixture(scope="module")
def cards(truth):
    """Readings of a service with three errors."""
    text = [
        wrong_text(field, text) if (key, field) in PLANTED else text
        for key, field, text in truth[["key", "field", "text"]].itertuples(index=False)
    ]
    return ocr.frame.conform(truth.assign(text=text, score=95, state="Success", job_id=truth["key"]))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept") / "readings.jsonl"


@pytest.fixture(scope="module")
def opinion(cards, data, kept):
    return cards.cardocr.second_opinion(data / "cards", results=kept, progress=False)


def test_the_errors_of_the_service_come_first(opinion, cards):
    queue = opinion.queue.astype({"field": "str"})
    first = queue[queue["reasons"].str.contains("readers_disagree")]
    assert len(first) < len(PLANTED) + 3
    assert first["rank"].tolist() == list(range(1, len(first) + 1))
    assert set(zip(first["key"], first["field"], strict=True)) >= PLANTED
    assert len(queue) == len(cards)
    assert set(queue.loc[queue["rank"] <= 2, "field"]) == {"id_number", "gender"}  # a check refutes them


def test_intervals_contain_the_rates_of_both_readers(opinion, cards, truth):
    rows = opinion.errors.astype({"field": "str"}).set_index(["field", "reader"])
    for reader, frame in (("service", cards), ("embedded", opinion.readings)):
        cells = evaluate(frame, truth).cells.astype({"field": "str"})
        for field, wrong in (cells["outcome"] != "correct").groupby(cells["field"]).mean().items():
            assert rows.loc[(field, reader), "low"] <= wrong <= rows.loc[(field, reader), "high"]
    assert rows.loc[("id_number", "service"), "wrong"] == 1
    assert rows.loc[("gender", "service"), "rate"] == pytest.approx(1 / len(PHOTOS))


def test_the_assumption_goes_with_the_table_and_is_shown(opinion, cards, data, kept, tmp_path):
    assert opinion.assumption.startswith("Assumed: at most 10 % of a reader's errors are made alike by the other")
    assert opinion.assumption in repr(opinion)
    assert opinion.assumption in opinion._repr_html_()
    wide = cards.cardocr.second_opinion(
        data / "cards", shared=0.25, service_corrects=True, results=kept, progress=False
    )
    wide.errors.to_csv(tmp_path / "errors.csv")
    both = pd.concat([opinion.errors, pd.read_csv(tmp_path / "errors.csv")])
    assert both["assumed"].unique().tolist() == [
        "at most 10 % of errors are shared; numbers are corrected by embedded",
        "at most 25 % of errors are shared; numbers are corrected by service and embedded",
    ]


def test_the_readings_are_those_of_the_engine(opinion, data):
    from cardocr_nb._images import load_upright

    own = {f.label: f.text for f in Engine().read(load_upright(data / "cards" / PHOTOS[0]), "IDCard")}
    found = opinion.readings[opinion.readings["key"] == PHOTOS[0]]
    assert dict(zip(found["label"].astype(str), found["text"], strict=True)) == own


def test_the_queue_can_be_reviewed_and_the_decisions_close_the_estimate(opinion, cards, data, truth, kept, tmp_path):
    panel = cards.cardocr.review(data / "cards", tmp_path / "corrections.csv", queue=opinion.queue)
    assert repr(panel) == f"<Review 0 of {len(cards)} fields decided>"
    disagree = opinion.queue[opinion.queue["reasons"].str.contains("readers_disagree")].astype({"field": "str"})
    decided = truth.merge(disagree[["key", "field"]], on=["key", "field"])
    closed = cards.cardocr.second_opinion(data / "cards", truth=decided, results=kept, progress=False).errors
    name = closed[closed["field"] == "name"].set_index("reader")
    assert name.loc["service", ["wrong", "open"]].tolist() == [1, 0]


def test_a_repr_has_no_text_of_a_card(opinion, truth):
    shown = repr(opinion) + opinion._repr_html_()
    assert not [text for text in truth["text"] if len(text) > 1 and text in shown]


def test_a_sample_is_drawn_as_an_audit_sample(cards, data, kept):
    from cardocr_nb.quality import audit_sample

    opinion = cards.cardocr.second_opinion(data / "cards", 2, seed=3, results=kept, progress=False)
    assert set(opinion.readings["key"]) == set(audit_sample(cards, 2, unit="card", seed=3)["key"])
    assert len(opinion.queue) == 12


def test_missing_pictures_are_counted_and_the_others_compared(cards, data, kept):
    pictures = {key: data / "cards" / key for key in PHOTOS[:2]}
    with pytest.warns(UnfinishedWarning, match="4 pictures are missing or damaged; the result is of the other cards"):
        opinion = cards.cardocr.second_opinion(pictures, results=kept, progress=False)
    assert set(opinion.queue["key"]) == set(PHOTOS[:2])
    with pytest.raises(ValueError, match="no picture of these cards was found"):
        cards.cardocr.second_opinion({}, progress=False)


def test_pictures_of_other_people_are_no_second_opinion(cards, data):
    pictures = {key: data / "cards" / other for key, other in zip(PHOTOS, PHOTOS[1:] + PHOTOS[:1], strict=True)}
    with pytest.raises(ValueError, match=r"6 pictures are not those that the service read .*numbers are those of two"):
        cards.cardocr.second_opinion(pictures, progress=False)
    one = dict(zip(PHOTOS, (data / "cards" / key for key in PHOTOS), strict=True)) | {PHOTOS[0]: pictures[PHOTOS[0]]}
    with pytest.warns(UnfinishedWarning, match="1 picture is not the one that the service read"):
        opinion = cards.cardocr.second_opinion(one, progress=False)
    assert set(opinion.readings["key"]) == set(PHOTOS[1:])


def test_pictures_on_which_the_engine_reads_nothing_are_named(cards, data):
    import numpy as np

    blank = np.full((400, 600, 3), 200, np.uint8)
    with pytest.raises(ValueError, match="read no text on the 6 pictures"):
        cards.cardocr.second_opinion(dict.fromkeys(PHOTOS, blank), progress=False)


def test_a_frame_without_texts_is_refused(cards):
    with pytest.raises(ValueError, match="no card with a key, a card type and a text"):
        cards.assign(text=None).cardocr.second_opinion({}, progress=False)


KILLED = """
    import os, signal, sys
    import cardocr_nb as ocr
    from cardocr_nb.rereading._kept_readings import KeptReadings

    add, calls = KeptReadings.add, []

    def add_and_die(self, *args):
        add(self, *args)
        calls.append(1)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    KeptReadings.add = add_and_die
    cards = ocr.frame.read_table(sys.argv[1])
    cards.cardocr.second_opinion(sys.argv[2], results=sys.argv[3], progress=False)
"""


def test_a_killed_call_goes_on_with_the_cards_that_are_not_kept(cards, data, tmp_path, opinion, monkeypatch):
    cards.cardocr.to_parquet(tmp_path / "cards.parquet")
    results = tmp_path / "results.jsonl"
    arguments = [str(tmp_path / "cards.parquet"), str(data / "cards"), str(results)]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), *arguments], check=False)  # noqa: S603
    assert done.returncode == -signal.SIGKILL
    assert results.stat().st_mode & 0o777 == 0o600
    left = len(PHOTOS) - (len(results.read_bytes().splitlines()) - 1)
    assert 2 <= left <= 4
    with results.open("ab") as file:
        file.write(b'{"card": "torn by the ki')
    calls, read = [], Engine.read
    monkeypatch.setattr(Engine, "read", lambda *args: calls.append(1) or read(*args))
    again = cards.cardocr.second_opinion(data / "cards", results=results, progress=False)
    assert len(calls) == left
    pd.testing.assert_frame_equal(again.readings, opinion.readings)
    cards.cardocr.second_opinion(data / "cards", results=results, progress=False)
    assert len(calls) == left


def test_a_file_of_something_else_is_left_as_it_is(cards, data, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("mine\n")
    with pytest.raises(ValueError, match="something else than readings"):
        cards.cardocr.second_opinion(data / "cards", results=file, progress=False)
    assert file.read_text() == "mine\n"


def test_texts_that_complete_filled_in_are_no_reading_of_the_service(opinion, cards, data, kept):
    filled = cards.assign(read_by="service")
    own = filled["field"].isin(["name", "gender"])
    filled.loc[own, "read_by"] = "embedded"
    filled.loc[own, "text"] = (
        opinion.readings.set_index(["key", "field"])["text"]
        .reindex(pd.MultiIndex.from_frame(filled.loc[own, ["key", "field"]]))
        .to_numpy()
    )
    again = filled.cardocr.second_opinion(data / "cards", results=kept, progress=False)
    assert not again.agreement["field"].isin(["name", "gender"]).any()
    rest = opinion.agreement[~opinion.agreement["field"].isin(["name", "gender"])]
    assert again.agreement["pairs"].tolist() == rest["pairs"].tolist()
    assert len(again.queue) == len(cards)


def test_a_frame_with_nothing_but_texts_of_complete_is_refused(cards, data):
    with pytest.raises(ValueError, match="a text of the service"):
        cards.assign(read_by="embedded").cardocr.second_opinion(data / "cards", progress=False)


def test_places_in_which_the_engine_finds_the_fields_are_not_searched_for(cards, data, opinion, kept, monkeypatch):
    def never(*_):
        raise AssertionError("searched")

    monkeypatch.setattr("cardocr_nb.plot._picture_identity.better_place", never)
    known = opinion.readings.set_index(["key", "field"])["polygon"].reindex(
        pd.MultiIndex.from_frame(cards[["key", "field"]])
    )
    placed = cards.assign(polygon=known.array, image=None)
    placed.loc[placed["field"] == "id_number", "text"] = None  # the number would prove the picture
    assert len(placed.cardocr.second_opinion(data / "cards", results=kept, progress=False).readings)
