from __future__ import annotations

import pytest
from quality_cards import answer

from cardocr_nb.quality import _plausibility_checks as plausible
from cardocr_nb.quality._vocabulary import VEHICLE_CLASSES


@pytest.mark.parametrize(
    ("text", "known"), [("男", True), ("Female", True), ("F", True), ("另", False), ("男女", False)]
)
def test_genders(text, known):
    assert answer(plausible.gender_is_known, text) == known


@pytest.mark.parametrize(
    ("text", "known"),
    [("汉", True), ("汉族", True), ("Han", True), ("穿青人", True), ("维吾尔", True), ("没", False), ("汗", False)],
)
def test_ethnicities(text, known):
    assert answer(plausible.ethnicity_is_known, text) == known


@pytest.mark.parametrize("text", [*VEHICLE_CLASSES, "A1A2D", "B2E", "C1D", "c1", "A1 A2", "C1、D", "A1A2A3B1B2C1M"])
def test_classes_that_exist(text):
    assert answer(plausible.vehicle_class_is_known, text)


@pytest.mark.parametrize("text", ["C7", "A", "CI", "C1G", "1C", "", "C1-D"])
def test_classes_that_do_not_exist(text):
    assert not answer(plausible.vehicle_class_is_known, text)


@pytest.mark.parametrize(
    ("text", "digits", "script"),
    [
        ("样本一", True, True),
        ("样本·样例", True, True),
        ("Yang Ben", True, True),
        ("样本1", False, True),
        ("样本B", True, False),
        ("𠮷田", True, True),
    ],
)
def test_names(text, digits, script):
    assert answer(plausible.name_has_no_digits, text) == digits
    assert answer(plausible.name_is_of_one_script, text) == script


@pytest.mark.parametrize(
    ("text", "readable", "past"),
    [("1974年12月1日", True, True), ("2999-01-01", True, False), ("1974年12月", False, None)],
)
def test_dates(text, readable, past):
    assert answer(plausible.date_is_readable, text) == readable
    assert answer(plausible.date_is_past, text) == past


@pytest.mark.parametrize(
    ("issued", "born", "of_age"),
    [
        ("2008-05-20", "1983-03-15", True),
        ("2001-03-15", "1983-03-15", True),
        ("2001-03-14", "1983-03-15", False),
        ("2001", "1983-03-15", None),
    ],
)
def test_a_first_license_comes_after_the_18th_birthday(issued, born, of_age):
    assert answer(plausible.first_issue_is_of_age, issued, born) == of_age


@pytest.mark.parametrize(
    ("text", "readable", "forward"),
    [
        ("2018-05-20至2028-05-20", True, True),
        ("2028-05-20至2018-05-20", True, False),
        ("2018-05-20至2018-05-20", True, False),
        ("2018-05-20至长期", True, None),
        ("长期", True, None),
        ("6年", True, None),
        ("2018-05-20至", False, None),
    ],
)
def test_periods(text, readable, forward):
    assert answer(plausible.period_is_readable, text) == readable
    assert answer(plausible.period_runs_forward, text) == forward
