from __future__ import annotations

import pandas as pd
import pytest

from cardocr_nb.cards import expected_fields
from cardocr_nb.frame import DoubledFieldWarning, UnknownLabelWarning, empty, to_frame, wide
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

KEPT = ["image", "key", "card_type", "state", "code", "message", "job_id"]
BOX = ((1, 2), (1, 9), (30, 9), (30, 2))


def job(number, *fields, state=JobState.SUCCESS, card_type="IDCard", **other):
    return Job(f"j{number}", state, f"{number}.jpg", card_type, result=CardResult(fields), **other)


def test_a_card_is_a_row_and_a_field_a_column_in_the_order_of_the_card():
    frame = wide(to_frame([job(1, Field("性别", "女"), Field("姓名", "样本")), job(2, Field("Name", "Yangben"))]))
    assert frame.columns.tolist() == [*KEPT, *expected_fields("IDCard")]
    assert frame.name.tolist() == ["样本", "Yangben"]
    assert frame.gender[0] == "女"
    assert pd.isna(frame.gender[1])


def test_cards_without_fields_stay():
    failed = job(2, state=JobState.FAILED, code="InvalidImage")
    frame = wide(to_frame([job(1, Field("姓名", "样本")), failed]))
    assert frame.loc[1, ["key", "state", "code"]].tolist() == ["2.jpg", "Failed", "InvalidImage"]
    assert frame[list(expected_fields("IDCard"))].loc[1].isna().all()


def test_scores_and_polygons_are_next_to_the_text_with_their_dtypes():
    frame = wide(to_frame(job(1, Field("姓名", "样本", 97, BOX))), scores=True, polygons=True)
    assert frame.columns.tolist()[7:10] == ["name", "name_score", "name_polygon"]
    assert (frame.name.dtype, frame.name_score.dtype, frame.name_polygon.dtype) == ("str", "Int16", "polygon")
    assert frame.name_score[0] == 97
    assert frame.name_polygon[0].points == BOX


def test_both_card_types_give_the_fields_of_both():
    frame = wide(to_frame([job(1), job(2, card_type="DriverLicense")]))
    assert set(frame.columns[7:]) == {*expected_fields("IDCard"), *expected_fields("DriverLicense")}


def test_the_first_of_a_doubled_field_is_kept_with_a_warning():
    twice = to_frame(job(1, Field("姓名", "first"), Field("Name", "second")))
    with pytest.warns(DoubledFieldWarning, match=r"1 fields appear twice on their card \(1 cards\)") as caught:
        assert wide(twice).name.tolist() == ["first"]
    assert caught[0].filename == __file__


def test_two_readings_of_one_image_are_two_rows():
    frame = to_frame(
        [job(1, Field("姓名", "a")), Job("j2", JobState.SUCCESS, "1.jpg", result=CardResult((Field("姓名", "b"),)))]
    )
    assert wide(frame).name.tolist() == ["a", "b"]


def test_the_order_of_rows_does_not_matter_but_for_the_order_of_cards():
    frame = to_frame([job(k, Field("姓名", str(k)), Field("性别", "女")) for k in range(5)])
    shuffled = wide(frame.sample(frac=1, random_state=3))
    assert shuffled.sort_values("key").name.tolist() == list("01234")
    assert shuffled.gender.tolist() == ["女"] * 5


def test_an_unknown_field_is_the_last_column_and_hides_no_column():
    with pytest.warns(UnknownLabelWarning):
        frame = to_frame(job(1, Field("State", "Hunan"), Field("Blood group", "O")))
    result = wide(frame)
    assert result.columns.tolist()[-2:] == ["blood_group", "state_field"]
    assert result.state.tolist() == ["Success"]


def test_no_cards_give_no_rows():
    assert wide(empty()).columns.tolist() == KEPT
    assert len(wide(empty(), scores=True)) == 0
