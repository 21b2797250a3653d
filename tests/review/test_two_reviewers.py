"""Two people decide on the same fields: both decisions stay in the file, and can be compared."""

import csv
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from cardocr_nb.review import Corrections, Decision, Session, agreement, disagreements, items_of, review

# Krippendorff (2011), example C: four observers, twelve units, missing values; alpha of nominal data is 0.743.
EXAMPLE = {"A": "123321412...", "B": "1233224125.3", "C": ".3332342251.", "D": "12332441251."}


@pytest.fixture(params=["csv", "parquet"])
def file(tmp_path, request):
    return Corrections(tmp_path / f"c.{request.param}")


def sessions(cards, queue, file):
    return [Session(items_of(cards, queue), Corrections(file.path), reviewer) for reviewer in ("a", "b")]


def test_decisions_of_both_reviewers_on_one_field_stay_in_the_file(cards, queue, file):
    first, second = sessions(cards, queue, file)
    first.decide(0, text="样本")
    second.decide(0, verdict="absent")
    assert file.read()[["reviewer", "verdict", "text"]].to_numpy().tolist() == [
        ["a", "corrected", "样本"],
        ["b", "absent", ""],
    ]


def test_each_reviewer_goes_on_with_the_own_decisions_only(cards, queue, file):
    first, second = sessions(cards, queue, file)
    first.decide(0, text="样本")
    first.decide(1, text="样本")
    second.decide(0, verdict="absent")
    first, second = sessions(cards, queue, file)
    assert (first.done, first.position) == (2, 2)
    assert (second.done, second.position) == (1, 1)
    assert first.decision(first.items[0]).text == "样本"
    assert second.decision(second.items[0]).verdict == "absent"
    assert Session(items_of(cards, queue), file).done == 2


def test_the_weight_of_an_audit_sample_outlives_another_reviewer_without_it(cards, queue, file):
    Session(items_of(cards, queue.assign(selection="audit", weight=8.0)), file, "a").decide(0, text="样本")
    Session(items_of(cards, queue), file, "b").decide(0, text="样本二")
    assert file.truth()[["text", "selection", "weight"]].to_numpy().tolist() == [["样本二", "audit", 8.0]]


def test_a_file_of_an_earlier_release_gets_the_column_and_keeps_its_rows(cards, queue, tmp_path):
    path = tmp_path / "c.csv"
    path.write_text('key,field,verdict,text,note\nid/0001.jpg,name,accepted,样本,"mine"\n', encoding="utf-8")
    Session(items_of(cards, queue), Corrections(path), "b").decide(0, verdict="absent")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert [(row["reviewer"], row["note"]) for row in rows] == [("", "mine"), ("b", "")]


def test_disagreements_are_a_queue_for_a_third_person(cards, queue, file):
    first, second = sessions(cards, queue, file)
    for number in range(3):
        first.decide(number, text="样本")
        second.decide(number, text="样本" if number else "样木")
    found = disagreements(file.path)
    assert found[["reviewer", "text"]].to_numpy().tolist() == [["a", "样本"], ["b", "样木"]]
    [item] = items_of(cards, found)
    assert (item.key, item.field) == (first.items[0].key, first.items[0].field)


def test_alpha_is_that_of_the_published_example(tmp_path):
    file = Corrections(tmp_path / "c.csv")
    for reviewer, values in EXAMPLE.items():
        for unit, value in enumerate(values):
            if value != ".":
                file.add(Decision(f"{unit}.jpg", "name", "corrected", value, reviewer=reviewer))
    table = agreement(file).set_index("field")
    assert table.loc["name", "alpha"] == pytest.approx(0.743, abs=0.0005)
    assert table.loc["name", ["n", "agreed"]].tolist() == [11, 8]
    assert table.loc["all"].equals(table.loc["name"].rename("all"))


def test_agreement_counts_fields_of_two_reviewers_only(file):
    file.add(Decision("1.jpg", "name", "accepted", "absent", reviewer="a"))
    file.add(Decision("1.jpg", "name", "absent", reviewer="b"))
    file.add(Decision("2.jpg", "name", "accepted", "样本", reviewer="a"))
    assert agreement(file).to_numpy().tolist() == [["name", 1, 0, 0.0], ["all", 1, 0, 0.0]]


def test_a_table_of_decisions_is_compared_as_the_file_is(file):
    for reviewer, text in (("a", "样本"), ("b", "样木")):
        file.add(Decision("1.jpg", "name", "corrected", text, reviewer=reviewer))
    pd.testing.assert_frame_equal(agreement(file.read()), agreement(file))
    pd.testing.assert_frame_equal(disagreements(file.read()), disagreements(file.path))
    with pytest.raises(ValueError, match="the corrections have no column verdict"):
        agreement(file.read().drop(columns="verdict"))


@pytest.mark.parametrize("of", [pl.from_pandas, lambda df: pl.from_pandas(df).lazy(), pa.Table.from_pandas])
def test_a_table_of_another_tool_is_compared_as_that_of_pandas(file, of):
    for reviewer, text in (("a", "样本"), ("b", "样木")):
        file.add(Decision("1.jpg", "name", "corrected", text, reviewer=reviewer))
    pd.testing.assert_frame_equal(agreement(of(file.read())), agreement(file))
    pd.testing.assert_frame_equal(disagreements(of(file.read())), disagreements(file))


@pytest.mark.parametrize("compare", [agreement, disagreements])
@pytest.mark.parametrize("wrong", [5, ["1.jpg"], pd.Series(["1.jpg"])])
def test_what_is_no_table_of_decisions_is_named(compare, wrong):
    with pytest.raises(TypeError, match=f"a frame of pandas is needed, got {type(wrong).__name__}"):
        compare(wrong)


def test_agreement_without_decisions_is_unknown(file):
    [row] = agreement(file).to_dict("records")
    assert (row["field"], row["n"], row["agreed"]) == ("all", 0, 0)
    assert np.isnan(row["alpha"])


@pytest.mark.skipif(sys.platform == "win32", reason="the folder is locked on Linux and macOS only")
def test_reviewers_who_decide_at_the_same_time_lose_no_decision(file):
    def decide(reviewer):
        own = Corrections(file.path)
        for number in range(20):
            own.add(Decision(f"{number}.jpg", "name", "absent", reviewer=reviewer))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(decide, "abcd"))
    assert file.read()["reviewer"].value_counts().to_dict() == dict.fromkeys("abcd", 20)


def test_a_filter_restricts_moves_and_the_next_open_field(cards, queue, tmp_path):
    session = Session(items_of(cards, queue), Corrections(tmp_path / "c.csv"))
    addresses = [n for n, item in enumerate(session.items) if item.field == "address"]
    session.filter("address")
    assert (session.position, session.place, len(session.shown)) == (addresses[0], 0, 2)
    session.move(1)
    assert (session.position, session.place) == (addresses[1], 1)
    session.decide(addresses[1], verdict="absent")
    assert session.position == addresses[0]
    session.decide(addresses[0], verdict="absent")
    assert (session.current, session.place) == (None, 2)
    session.move(-1)
    assert session.position == addresses[1]
    session.filter(None)
    assert session.current.field == "name"
    with pytest.raises(ValueError, match="no field to review has this name"):
        session.filter("blood_group")


def test_the_panel_filters_by_keyboard_and_names_the_reviewer(show, look, tmp_path):
    page = show(reviewer="Reviewer One")
    line, chosen = page.get_by_role("textbox"), page.get_by_role("combobox", name="Show")
    top, heading = page.locator(".top"), page.get_by_role("heading")
    expect(top).to_contain_text("Reviewer: Reviewer One")
    expect(top).to_contain_text("Field 1 of 4")
    line.press("Alt+l")
    expect(chosen).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(heading).to_have_text("Address 住址")
    expect(top).to_contain_text("Field 1 of 2")
    expect(chosen).to_have_value("address")
    expect(chosen).to_be_focused()
    look(page, "filter")
    found = Axe().run(page, context=".cardocr-review").response["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
    page.keyboard.press("Tab")
    expect(line).to_be_focused()
    page.keyboard.press("Alt+n")
    expect(top).to_contain_text("1 of 2 fields decided")
    expect(line).to_be_focused()
    page.keyboard.press("Alt+n")
    expect(page.get_by_role("status")).to_contain_text("2 others are open")
    assert Corrections(tmp_path / "c.csv").read()["reviewer"].tolist() == ["Reviewer One"] * 2


def test_review_takes_the_name_of_the_reviewer(cards, queue, tmp_path):
    panel = review(cards, tmp_path, tmp_path / "c.csv", queue=queue, reviewer=" a\n b ")
    assert panel.session.reviewer == "a b"
