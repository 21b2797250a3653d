"""What an own dialect returns is checked, and messages say what it returned and what it must return."""

import pytest

import cardocr_nb as ocr
from cardocr_nb import Field
from cardocr_nb.frame import DialectReading

WRONG = {
    "nothing": (None, "DialectReading, got None"),
    "a text": ("样本甲", "DialectReading, got str"),
    "one field": (Field("姓名", "样本甲"), "DialectReading, got Field"),
    "a dict": ({"fields": ()}, "DialectReading, got dict"),
    "fields that are one field": (DialectReading(Field("姓名", "样本甲")), "tuple of Field, got Field"),
    "a pair in fields": (DialectReading((("姓名", "样本甲"),)), "a Field, got tuple"),
    "a score up to 1": (DialectReading((Field("姓名", "样本甲", 0.93),)), "multiplied by 100"),
    "a score that is true": (DialectReading((Field("姓名", "样本甲", True),)), "whole number from 0 to 100"),
    "a score that is a text": (DialectReading((Field("姓名", "样本甲", "样本甲"),)), "got str"),
    "a high score": (DialectReading((Field("姓名", "样本甲", 101),)), "from 0 to 100"),
    "a low score": (DialectReading((Field("姓名", "样本甲", -5),)), "from 0 to 100"),
    "a number as text": (DialectReading((Field("姓名", 7, 90),)), "a str or None, got int"),
    "no label": (DialectReading((Field(None, "样本甲", 90),)), "a str, got None"),
    "an unknown card type": (DialectReading((), "样本甲"), "IDCard, DriverLicense or None"),
    "a number as code": (DialectReading((), None, 17), "code that the dialect returned must be a str or None"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_a_dialect_may_not_return_is_named(case):
    returned, message = WRONG[case]
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        ocr.read_responses(b"{}", dialect=lambda document: returned)
    assert "the dialect returned" in str(caught.value)
    assert "样本甲" not in str(caught.value)


def test_what_a_dialect_may_return_is_kept():
    reading = DialectReading((Field("姓名", "样本甲", 100), Field("性别", None, 0), Field("民族", "汉")), "IDCard")
    cards = ocr.read_responses(b"{}", dialect=lambda document: reading)
    assert cards["score"].fillna(-1).tolist() == [100, 0, -1]
    assert set(cards["card_type"]) == {"IDCard"}


def careless(tree):
    return DialectReading((Field("姓名", tree["holder"], int(tree["sure"])),), "IDCard")


def test_an_exception_of_a_dialect_is_a_fault_of_its_document_without_texts(tmp_path):
    for name, document in (
        ("1", '{"holder": "样本甲", "sure": "90"}'),
        ("2", '{"name": 1}'),
        ("3", '{"holder": "甲", "sure": "样本乙"}'),
    ):
        (tmp_path / f"{name}.json").write_text(document)
    found = ocr.read_responses(tmp_path, dialect=careless, errors="row")
    assert found["text"].fillna("").tolist() == ["样本甲", "", ""]
    assert found["state"].tolist() == ["Success", "Unreadable", "Unreadable"]
    with pytest.raises(ocr.DecodeError) as raised:
        ocr.read_responses(tmp_path, dialect=careless)
    shown = str(raised.value)
    assert "2.json: the dialect raised KeyError in line" in shown
    assert "3.json: the dialect raised ValueError in line" in shown
    assert "test_own_dialects.py" in shown
    assert "样本" not in shown
    assert raised.value.__cause__ is None
