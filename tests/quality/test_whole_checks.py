from __future__ import annotations

import pytest
from quality_cards import BOX, ID_CARD, job

from cardocr_nb.cards import expected_fields
from cardocr_nb.frame import UnknownLabelWarning, to_frame
from cardocr_nb.quality import check
from cardocr_nb.wire._records import CardResult, Field, Job, JobState


def failing(df, name):
    table = check(df, [name])
    return table[~table.passed]


def test_a_whole_card_has_every_field(id_card, driver_license):
    for frame, kind in ((id_card(), "IDCard"), (driver_license(), "DriverLicense")):
        table = check(frame, ["field_is_there"])
        assert table.passed.all()
        assert table.field.tolist() == list(expected_fields(kind))


def test_a_field_that_is_not_there_or_has_no_text_is_found(id_card):
    frame = to_frame(job(ID_CARD | {"民族": None}))
    assert failing(frame, "field_is_there").field.tolist() == ["ethnicity"]
    assert failing(id_card(住址=None), "field_is_there").field.tolist() == ["address"]


def test_an_empty_card_is_one_finding_and_not_six():
    frame = to_frame([job({}), job(ID_CARD, key="2.jpg")])
    assert failing(frame, "card_was_read").key.tolist() == ["1.jpg"]
    assert failing(frame, "card_was_read").field.isna().all()
    assert failing(frame, "field_is_there").empty


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.RUNNING, JobState.CANCEL])
def test_cards_that_failed_or_are_under_way_are_not_asked(state):
    assert check(to_frame(Job("j", state, "1.jpg", "IDCard")), ["card_was_read", "field_is_there"]).empty


def test_a_doubled_field_fails_from_the_second_on():
    fields = (Field("姓名", "a"), Field("Name", "b"), Field("性别", "男"), Field("名字", "c"))
    table = check(to_frame(CardResult(fields)), ["field_is_single"])
    assert table.passed.tolist() == [True, False, True, False]


def test_a_label_never_seen_is_found():
    with pytest.warns(UnknownLabelWarning):
        frame = to_frame(CardResult((Field("姓名", "a"), Field("血型", "O"))))
    table = check(frame, ["label_is_known"])
    assert dict(zip(table.field, table.passed, strict=True)) == {"name": True, "血型": False}


LINE = ((0, 0), (9, 0), (5, 0), (2, 0))
BOW = ((0, 0), (9, 9), (9, 0), (0, 9))


@pytest.mark.parametrize(("points", "area", "simple"), [(BOX, [True], [True]), (BOW, [True], [False]), (LINE, [False], []), (None, [], [])])  # fmt: skip
def test_polygons_are_judged_where_they_are(points, area, simple):
    frame = to_frame(job({"姓名": "a"}, polygon=points))
    assert check(frame, ["polygon_has_area"]).passed.tolist() == area
    assert check(frame, ["polygon_is_simple"]).passed.tolist() == simple


def test_scores_that_hardly_differ_are_a_finding_about_the_field():
    stuck = to_frame([job({"姓名": "a", "性别": "男"}, key=str(k), score=90 + k % 3) for k in range(30)])
    table = check(stuck, ["scores_vary"])
    assert table.passed.tolist() == [False, False]
    assert table.key.isna().all()
    assert check(stuck.iloc[:-2], ["scores_vary"]).empty
    alive = to_frame([job({"姓名": "a"}, key=str(k), score=k) for k in range(30)])
    assert check(alive, ["scores_vary"]).passed.tolist() == [True]


def test_a_score_that_nearly_all_readings_have_is_a_finding_about_the_field():
    def scores(*values):
        return to_frame([job({"姓名": "a"}, key=str(k), score=value) for k, value in enumerate(values)])

    stuck = scores(*[99] * 95, 10, 20, 30, 40, 50)
    assert failing(stuck, "scores_are_not_stuck").field.tolist() == ["name"]
    assert failing(stuck, "scores_vary").empty
    assert failing(scores(*[99] * 94, *range(10, 16)), "scores_are_not_stuck").empty
    assert check(scores(*[99] * 29), ["scores_are_not_stuck"]).empty
