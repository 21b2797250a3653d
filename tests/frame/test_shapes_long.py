from __future__ import annotations

from unicodedata import category

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame import ExcelDamageWarning, conform, empty, to_frame, to_long, wide
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

BOX = ((1, 2), (1, 9), (30, 9), (30, 2))
OPEN = ["code", "label"]
HELD = ["job_id", "key", "card_type", "state", "code", "message", "field", "text"]
numbers = st.integers(-50, 50_000)
boxes = st.none() | st.tuples(*[st.tuples(numbers, numbers)] * 4)
# A text of spaces or marks without width is missing in a frame (test_card_types), so that a wide one has no field for it.
# A question mark among ASCII signs is what a spreadsheet leaves of letters that an encoding lacks: `to_long` leaves it out.
texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8).filter(
    lambda text: ("?" not in text or not text.isascii()) and any(category(c)[0] not in "ZC" for c in text)
)


@st.composite
def frames(draw):
    jobs = []
    for number in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(CardType))
        names = draw(st.lists(st.sampled_from(expected_fields(kind)), unique=True))
        fields = tuple(Field(n, draw(texts), draw(st.none() | st.integers(0, 100)), draw(boxes)) for n in names)
        state = draw(st.sampled_from([JobState.SUCCESS, JobState.FAILED])) if not fields else JobState.SUCCESS
        jobs.append(
            Job(f"j{number}", state, f"{number % 2}.jpg", kind, code="Bad", message="?", result=CardResult(fields))
        )
    return to_frame(jobs)


def in_order_of_the_card(df, columns):
    rank = {name: place for place, name in enumerate(df["field"].cat.categories)}
    placed = df.assign(card=df.groupby(["job_id"], sort=False).ngroup(), place=df["field"].astype("str").map(rank))
    return placed.sort_values(["card", "place"], kind="stable", ignore_index=True)[columns]


@settings(max_examples=25)
@given(frames(), st.booleans(), st.booleans())
def test_there_and_back_nothing_is_lost(df, scores, polygons):
    again = to_long(wide(df, scores=scores, polygons=polygons))
    pd.testing.assert_series_equal(again.dtypes.drop(OPEN), df.dtypes.drop(OPEN))
    columns = [*HELD, *(["score"] if scores else []), *(["polygon"] if polygons else [])]
    # Driving license and identity card share fields, in two orders: compare each card by the order of the categories.
    pd.testing.assert_frame_equal(
        in_order_of_the_card(again, columns), in_order_of_the_card(df, columns), check_categorical=False
    )
    assert scores or again["score"].isna().all()


@settings(max_examples=25)
@given(frames())
def test_back_and_there_nothing_changes(df):
    cards = wide(df, scores=True, polygons=True)
    pd.testing.assert_frame_equal(wide(to_long(cards), scores=True, polygons=True), cards, check_categorical=False)


def test_a_table_of_a_spreadsheet_becomes_a_frame():
    table = pd.DataFrame({"key": ["a.jpg", "b.jpg"], "name": ["样本", None], "name_score": [98.0, None]})
    frame = to_long(table)
    pd.testing.assert_series_equal(frame.dtypes, empty().dtypes)
    assert frame[["key", "text", "score"]].astype(object).to_numpy().tolist()[0] == ["a.jpg", "样本", 98]
    assert frame["field"].tolist()[0] == "name"
    assert frame.loc[1, ["field", "text", "score"]].isna().all()


def test_a_field_whose_name_a_card_column_has_comes_back_under_its_own():
    df = conform(pd.DataFrame({"key": ["a.jpg"], "field": ["state"], "text": ["Hunan"], "score": [90]}))
    again = to_long(wide(df, scores=True))
    assert again[["field", "text", "score"]].astype(object).to_numpy().tolist() == [["state", "Hunan", 90]]


def test_a_polygon_alone_keeps_its_field():
    df = to_frame(CardResult((Field("姓名", "", None, BOX),), key="a.jpg"))
    again = to_long(wide(df, polygons=True))
    assert (again["field"][0], again["polygon"][0].points) == ("name", BOX)


def test_no_cards_give_the_empty_frame():
    pd.testing.assert_frame_equal(to_long(wide(empty(), scores=True)), empty())


def test_a_frame_without_keys_is_refused():
    with pytest.raises(ValueError, match="names each card in the column 'key', got 1 unknown name"):
        to_long(pd.DataFrame({"name": ["样本"]}))


@given(st.text("?a 1", min_size=1, max_size=8).filter(lambda text: "?" in text and "aa?" not in text))
def test_question_marks_among_ascii_signs_are_counted_as_lost_letters(text):
    with pytest.warns(ExcelDamageWarning, match="changed 1 texts"):
        frame = to_long(pd.DataFrame({"key": ["a.jpg"], "name": [text], "gender": ["男"]}))
    assert frame["text"].dropna().tolist() == ["男"]


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ValueError, match="several columns with one name: name; keep one"):
        to_long(pd.DataFrame([["a", "李", "王"]], columns=["key", "name", "name"]))


def test_keys_in_the_index_name_the_cards():
    assert to_long(pd.DataFrame({"key": ["a"], "name": ["李"]}).set_index("key"))["key"].tolist() == ["a"]
