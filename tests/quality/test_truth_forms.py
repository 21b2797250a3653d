"""Truths in other forms than the expected one, and groups by day: the message says what to pass."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cardocr_nb import CardResult, Field, to_frame
from cardocr_nb.quality import EmptyTruthWarning, audit_sample, evaluate

CARDS = to_frame(CardResult((Field("姓名", "样本", 80 + k), Field("性别", "女", 90)), key=f"{k}.jpg") for k in range(8))
TRUTH = CARDS[["key", "field", "text"]].astype({"field": "str"})


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "pyarrow"])
def test_a_table_of_another_library_is_named_with_its_conversion(make):
    with pytest.raises(
        TypeError, match=r"truth must be a DataFrame of pandas.* of (polars|pyarrow); pass its to_pandas\(\)"
    ):
        evaluate(CARDS, make(TRUTH))
    assert evaluate(CARDS, make(TRUTH).to_pandas()).fields["exact"].eq(1).all()


@pytest.mark.parametrize("lines", [False, True])
def test_json_that_is_read_as_advised_is_a_truth(tmp_path, lines):
    path = tmp_path / "truth.json"
    TRUTH.to_json(path, force_ascii=False, orient="records", lines=lines)
    assert evaluate(CARDS, pd.read_json(path, dtype=False, lines=lines)).fields["exact"].eq(1).all()


def test_a_folder_is_said_to_be_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="it is a folder"):
        evaluate(CARDS, tmp_path)


def test_a_truth_without_rows_is_warned_about():
    with pytest.warns(EmptyTruthWarning, match="the truth has no rows"):
        assert evaluate(CARDS, TRUTH[:0]).fields.empty


@pytest.mark.parametrize("column", ["key", "field"])
def test_rows_without_a_key_or_field_are_counted(column):
    truth = TRUTH.copy()
    truth.loc[[0, 3, 5], column] = None
    with pytest.warns(UserWarning, match=f"3 rows of the truth are left out.*3 without {column}"):
        assert evaluate(CARDS, truth).fields["cases"].sum() == 13


def test_probabilities_in_the_place_of_weights_are_refused():
    chance = np.where(TRUTH.index % 3 == 0, 0.05, 0.8)
    for wrong in (chance, np.where(chance < 0.1, 0.5, 1.0)):
        with pytest.raises(ValueError, match="a weight is 1 / inclusion probability"):
            evaluate(CARDS, TRUTH.assign(weight=wrong))
    assert len(evaluate(CARDS, TRUTH.assign(weight=1 / chance)).cells) == 16
    scaled = evaluate(CARDS, TRUTH.assign(weight=1 / chance / (1 / chance).mean()))
    pd.testing.assert_frame_equal(scaled.fields, evaluate(CARDS, TRUTH.assign(weight=1 / chance)).fields)


def test_groups_by_day_are_those_of_the_column_created():
    created = pd.Series(pd.date_range("2026-03-01 09:00", periods=8, freq="12h", tz="+08:00")).repeat(2).array
    frame = CARDS.assign(created=created)
    named = evaluate(frame, TRUTH, groups="day")
    assert named.cells["group"].nunique() == 4
    pd.testing.assert_frame_equal(named.fields, evaluate(frame, TRUTH, groups="created").fields)
    own = frame.assign(day=[k // 6 for k in range(16)])
    assert evaluate(own, TRUTH, groups="day").cells["group"].nunique() == 3


def test_days_without_times_are_an_error_and_not_one_day():
    with pytest.raises(ValueError, match="no card has a group"):
        evaluate(CARDS, TRUTH, groups="day")
    with pytest.raises(ValueError, match="there are no days"):
        audit_sample(CARDS, 5, by="day")


def test_only_columns_that_the_frame_has_are_listed():
    frame = CARDS[["key", "field", "text", "score"]]
    with pytest.raises(KeyError, match=r"it has key, field, text and score\"") as by:
        evaluate(frame, TRUTH, by="batch")
    assert "'batch'" in str(by.value)
    with pytest.raises(ValueError, match=r"it has key, field, text and score\. .*'day' for that of `created`"):
        evaluate(frame, TRUTH, groups="batch")
