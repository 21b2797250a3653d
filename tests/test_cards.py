"""The field registry: every label of the specification names one field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.cards import FIELDS, CardType, card_type, english, expected_fields, field_name, known_field
from cardocr_nb.errors import InvalidRequestError


def test_every_label_names_one_field():
    for fields in FIELDS.values():
        for field in fields:
            labels = (field.name, field.label, field.english, *field.variants)
            assert {known_field(label) for label in labels} == {field.name}


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("Name", "name"),
        ("Gender", "gender"),
        ("Sex", "gender"),
        ("Ethnicity", "ethnicity"),
        ("Birth (Date)", "birth_date"),
        ("Address", "address"),
        ("Identification Number (ID Number)", "id_number"),
        ("出生", "birth_date"),
        ("出生日期", "birth_date"),
        ("公民身份号码", "id_number"),
        ("证号", "licence_number"),
        ("国籍", "nationality"),
        ("初次领证日期", "first_issue_date"),
        ("准驾车型", "vehicle_class"),
        ("有效期限", "valid_period"),
        ("发证单位", "issuing_authority"),
        (" birth(date) ", "birth_date"),
        ("ＮＡＭＥ", "name"),
        ("姓 名", "name"),
        ("性别：", "gender"),
    ],
)
def test_a_label_of_the_specification_and_its_spellings_are_known(label, field):
    assert known_field(label) == field


@given(st.text())
def test_any_label_gets_a_field_name_that_can_be_a_column(label):
    name = field_name(label)
    assert name
    assert name == name.strip("_")
    assert not any(c.isspace() for c in name)


def test_an_unknown_label_gets_a_name_made_from_it():
    assert [field_name(label) for label in ("Blood Group (ABO)", "档案编号", "", "--")] == [
        "blood_group_abo",
        "档案编号",
        "unlabeled",
        "unlabeled",
    ]


def test_every_field_has_an_english_name():
    for fields in FIELDS.values():
        assert all(english(field.name).isascii() for field in fields)


def test_the_cards_have_the_fields_that_are_printed_on_them():
    assert (len(expected_fields("IDCard")), len(expected_fields(CardType.DRIVER_LICENSE))) == (6, 10)


def test_the_error_of_an_unknown_card_type_lists_the_known_ones():
    with pytest.raises(
        InvalidRequestError, match="card_type must be 'IDCard' or 'DriverLicense', got a str of 8 characters"
    ):
        card_type("Passport")
