from __future__ import annotations

import datetime as dt
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from quality_cards import answer, number
from stdnum.cn import ric

from cardocr_nb.quality import _number_checks as numbers

digits17 = st.text("0123456789", min_size=17, max_size=17)


@given(digits17, st.sampled_from("0123456789X"))
def test_the_check_digit_agrees_with_python_stdnum(head, last):
    assert answer(numbers.number_check_digit, head + last) == (ric.calc_check_digit(head + last) == last)


@given(digits17)
def test_a_small_x_counts_as_the_capital(head):
    whole = number(head)
    assert answer(numbers.number_check_digit, whole.lower())


@given(digits17, st.integers(0, 16), st.integers(1, 9))
def test_one_changed_digit_never_passes(head, place, by):
    whole = number(head)
    changed = str((int(whole[place]) + by) % 10)
    assert not answer(numbers.number_check_digit, whole[:place] + changed + whole[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "99010119741201001", "9901011974120100149", "X90101197412010019", "样本", "９90101197412010014"]
)
def test_what_has_not_the_shape_of_a_number_is_not_asked_further(text):
    for check in (numbers.number_check_digit, numbers.number_date, numbers.number_region):
        assert answer(check, text) is None


@pytest.mark.parametrize(
    ("text", "length", "characters"),
    [
        ("990101197412010014", True, True),
        ("99010119741201001X", True, True),
        ("9901011974120100", False, True),
        ("99010119741201O019", True, False),
        ("X90101197412010019", True, False),
    ],
)
def test_length_and_characters_are_judged_apart(text, length, characters):
    assert answer(numbers.number_length, text) == length
    assert answer(numbers.number_characters, text) == characters


@given(st.dates(min_value=dt.date(1890, 1, 1), max_value=dt.date(2300, 1, 1)))
def test_a_birth_date_in_the_future_is_refused(day):
    assert answer(numbers.number_date, number(f"990101{day:%Y%m%d}001")) == (day <= dt.date.today())  # noqa: DTZ011 - the machine's day is meant


@pytest.mark.parametrize("eight", ["19740230", "19741301", "00000101", "18000101", "19740100"])
def test_a_day_that_no_living_person_was_born_on_is_refused(eight):
    assert not answer(numbers.number_date, number(f"990101{eight}001"))


@pytest.mark.parametrize(
    ("code", "known"), [("110101", True), ("990101", False), ("659010", True), ("110000", True), ("110001", False)]
)
def test_regions_are_looked_up(code, known):
    assert answer(numbers.number_region, number(f"{code}19741201001")) == known


@given(digits17)
def test_no_region_breaks_the_check(head):
    assert answer(numbers.number_region, number(head)) in (True, False)


def test_region_is_a_warning_and_no_error(id_card):
    from cardocr_nb.quality import check

    row = check(id_card(), ["number_region"]).iloc[0]
    assert (row.passed, row.severity) == (False, "warning")


@pytest.mark.parametrize(
    ("birth", "agrees"),
    [("1974年12月1日", True), ("December 1, 1974", True), ("1974年12月7日", False), ("unreadable", None)],
)
def test_the_birth_date_must_be_that_of_the_number(birth, agrees):
    assert answer(numbers.birth_date_agrees, birth, number("99010119741201001")) == agrees


@pytest.mark.parametrize(
    ("gender", "digit", "agrees"),
    [("男", 1, True), ("女", 2, True), ("男", 2, False), ("Female", 1, False), ("Male", 3, True), ("口", 1, None)],
)
def test_the_gender_must_be_that_of_the_number(gender, digit, agrees):
    assert answer(numbers.gender_agrees, gender, number(f"9901011974120100{digit}")) == agrees


def test_both_cards_tie_their_fields_to_their_own_number(id_card, driver_license, verdict):
    for name in ("birth_date_agrees", "gender_agrees"):
        assert list(verdict(id_card(), name).values()) == [True]
        assert list(verdict(driver_license(), name).values()) == [True]
    assert verdict(id_card(出生="1974年12月7日"), "birth_date_agrees") == {"birth_date": False}
    assert verdict(driver_license(性别="男"), "gender_agrees") == {"gender": False}
    assert verdict(id_card(公民身份号码=None), "birth_date_agrees") == {}


@given(st.lists(st.tuples(digits17, st.integers(0, 17), st.sampled_from("/:0Xx;@AＯ９\x7f\x80é")), min_size=1))
def test_only_17_digits_and_a_digit_or_x_have_the_shape_of_a_number(given_texts):
    texts = [f"{head}1"[:at] + odd + f"{head}1"[at + 1 :] for head, at, odd in given_texts]
    read = numbers.read_numbers(pd.Series(texts, dtype="str"))
    expected = [re.fullmatch("[0-9]{17}[0-9Xx]", text) is not None for text in texts]
    assert read.whole.tolist() == expected
    for text, row in zip(texts, read.itertuples(), strict=True):
        if row.whole:
            assert (row.region, row.odd) == (int(text[:6]), int(text[16]) % 2 == 1)
            assert row.sound == (ric.calc_check_digit(text.upper()) == text[-1].upper())
        else:
            assert (row.region, row.odd, row.sound, pd.isna(row.born)) == (-1, False, False, True)


@given(st.dates(min_value=dt.date(1, 1, 1)), st.sampled_from(["00", "13", "99"]))
def test_digits_7_to_14_are_read_as_a_day(day, month):
    eight = f"{day:%Y%m%d}".zfill(8)
    read = numbers.read_numbers(pd.Series([number(f"990101{e}001") for e in (eight, eight[:4] + month + eight[6:])]))
    assert read.born[0].date() == day
    assert pd.isna(read.born[1])
