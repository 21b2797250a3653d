from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardocr_nb.frame import COLUMNS, conform, empty, read_responses, to_frame, validate
from cardocr_nb.wire._records import CardResult, Field

BOX = ((1, 2), (1, 9), (30, 9), (30, 2))
PRIVATE = "样本的文字"


def good():
    return to_frame(
        [
            CardResult((Field("姓名", PRIVATE, 98, BOX), Field("性别", "女", 91)), key="a.jpg"),
            CardResult((), key="b.jpg"),
            CardResult((Field("姓名", PRIVATE, 88, BOX),), key="c.jpg"),
        ]
    )


def found_faults(df):
    return {(f.column, f.rule): (f.rows, f.first_rows) for f in validate(df).itertuples()}


def test_a_frame_of_this_package_has_no_fault():
    assert validate(good()).empty
    assert validate(empty()).columns.tolist() == ["column", "rule", "rows", "first_rows", "advice"]


@pytest.mark.filterwarnings(
    "ignore::cardocr_nb.wire._xml_tree.RepairWarning", "ignore::cardocr_nb.frame.PolygonWarning"
)
def test_saved_responses_break_nothing_but_that_jobs_were_saved_twice(data):
    faults = validate(read_responses(data / "responses", errors="row"))
    assert set(faults["column"]) <= {"field", "key", "state"}


def test_columns_that_are_absent_or_double_are_named():
    df = good().drop(columns=["polygon", "text"])
    df.insert(0, "score", 1, allow_duplicates=True)
    assert found_faults(df) == {
        ("text", "column is there"): (4, []),
        ("polygon", "column is there"): (4, []),
        ("score", "column appears once"): (4, []),
    }


def test_the_advice_for_a_wrong_dtype_says_whether_it_can_be_converted():
    df = good().astype({"score": "float64", "status": "str"})
    df["created"] = "yesterday-ish"
    faults = validate(df).set_index("column")
    assert faults.loc["score", "rule"] == "dtype is Int16"
    assert "conform(df) converts it" in faults.loc["score", "advice"]
    assert "cannot be converted" in faults.loc["created", "advice"]


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("score", 101, "lies from 0 to 100"),
        ("score", -1, "lies from 0 to 100"),
        ("score", 0.987, "is a whole number"),
        ("score", "high", "is a number"),
        ("status", 2, "lies from 0 to 1"),
        ("job_level", 7, "lies from 0 to 2"),
        ("card_type", "Passport", "is one of IDCard, DriverLicense"),
        ("text", "", "is missing where empty"),
        ("key", " ", "is missing where empty"),
        ("polygon", [(0, 0), (1, 1)], "has four corners (x, y) in pixels"),
    ],
)
def test_a_value_out_of_its_range_is_found_with_its_row(column, value, rule):
    df = good().astype({column: object})
    df[column] = [*df[column][:3], value]
    assert found_faults(df)[column, rule] == (1, [3])


def test_repeated_fields_and_cards_without_a_name_are_found():
    df = good()
    df["key"] = "one.jpg"
    found = found_faults(df)
    assert found["field", "appears once on a card"] == (2, [0, 3])
    assert found["field", "is missing on the only row of a card"] == (1, [2])
    df["key"] = None
    assert found_faults(df)["key", "names the card"] == (4, [0, 1, 2, 3])


def test_a_card_has_one_type():
    df = good().assign(key="one.jpg", card_type=["IDCard", "DriverLicense", None, None])
    assert found_faults(df)["card_type", "is the same on all rows of a card"] == (4, [0, 1, 2, 3])


def test_a_text_without_a_field_is_found():
    df = good().assign(field=None)
    assert found_faults(conform(df))["field", "is there where a text is"] == (3, [0, 1, 3])


def test_all_faults_come_at_once_and_no_text_of_a_card():
    df = good().drop(columns="label").astype(object)
    df.loc[0, ["score", "card_type", "field"]] = [150, PRIVATE, None]
    faults = validate(df)
    assert len(faults) > 10
    assert PRIVATE not in faults.to_string()


cells = st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=3)


@settings(max_examples=30)
@given(st.data())
def test_any_frame_is_validated(data):
    names = data.draw(st.lists(st.sampled_from(COLUMNS), unique=True))
    rows = data.draw(st.integers(0, 4))
    df = pd.DataFrame({n: pd.Series([data.draw(cells) for _ in range(rows)], dtype=object) for n in names})
    faults = validate(df)
    assert (faults["rows"] >= 0).all()
    assert set(empty().columns) - set(names) <= set(faults.loc[faults["rule"] == "column is there", "column"])
