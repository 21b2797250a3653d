import datetime as dt
import string

from hypothesis import given
from hypothesis import strategies as st
from stdnum import numdb

from cardocr_nb.specimen import _people as people
from cardocr_nb.specimen import make_person

seeds = st.integers(0, 2**31)


@given(seeds)
def test_a_number_has_the_form_of_the_standard_and_its_check_digit(seed):
    number = make_person(seed).number
    assert len(number) == 18
    assert set(number[:17]) <= set(string.digits)
    weighted = sum(2**power * "0123456789X".index(c) for power, c in enumerate(reversed(number)))
    assert weighted % 11 == 1


@given(seeds)
def test_a_number_begins_with_a_region_that_no_place_has(seed):
    number = make_person(seed).number
    assert number.startswith("99")
    assert not any(info for _, info in numdb.get("cn/loc").info(number[:6]))


@given(seeds)
def test_birth_date_and_gender_are_those_of_the_number(seed):
    person = make_person(seed)
    assert person.number[6:14] == f"{person.birth:%Y%m%d}"
    assert person.gender == ("男" if int(person.number[16]) % 2 else "女")


@given(seeds)
def test_a_license_is_issued_to_an_adult_and_ends_after_it_begins(seed):
    person = make_person(seed)
    assert person.first_issue.year - person.birth.year >= 18
    assert person.first_issue <= person.valid_from <= dt.date(2024, 12, 31)
    assert person.valid_until is None or person.valid_until.year - person.valid_from.year in (6, 10)


@given(seeds)
def test_an_address_is_in_an_invented_place(seed):
    person = make_person(seed)
    assert any(city in person.address for city in people._CITIES)
    assert any(person.authority.startswith(place) for place in (*people._PROVINCES, *people._CITIES))
    assert any(person.address.startswith(place) for place in (*people._PROVINCES, *people._CITIES))


def test_the_same_seed_gives_the_same_person_and_others_give_others():
    assert make_person(3) == make_person(3)
    assert len({make_person(seed).number for seed in range(300)}) == 300


def test_nothing_of_a_person_is_in_its_repr():
    person = make_person(3)
    assert person.number not in repr(person)
    assert person.name not in repr(person)


def test_there_are_many_kinds_of_people():
    crowd = [make_person(seed) for seed in range(400)]
    assert {len(p.name) for p in crowd} >= {2, 3, 4, 5}
    assert sum("·" in p.name for p in crowd) > 10
    assert sum(any(c in people._RARE for c in p.name) for p in crowd) > 10
    assert sum(p.number.endswith("X") for p in crowd) > 10
    assert len({p.ethnicity for p in crowd}) > 30
    assert len({p.vehicle_class for p in crowd}) > 8
    assert sum(p.valid_until is None for p in crowd) > 20
    assert min(len(p.address) for p in crowd) < 12
    assert max(len(p.address) for p in crowd) > 30
