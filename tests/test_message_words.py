"""Words in messages: those of the package are shown, and what may be a name of a person is described."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import cardocr_nb as ocr
from cardocr_nb import quality
from cardocr_nb._text_safety import shown_choice, shown_word
from cardocr_nb.cards import KNOWN_FIELDS
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame._frame_columns import COLUMNS
from cardocr_nb.local import FaultInjector

SURNAMES = [
    "wang",
    "li",
    "zhang",
    "liu",
    "chen",
    "yang",
    "huang",
    "zhao",
    "wu",
    "zhou",
    "xu",
    "sun",
    "ma",
    "zhu",
    "hu",
    "guo",
    "he",
    "lin",
    "gao",
    "luo",
    "an",
    "men",
    "bai",
    "fang",
    "shi",
    "tan",
    "mo",
]
GIVEN = [
    "wei",
    "fang",
    "na",
    "min",
    "jing",
    "li",
    "qiang",
    "lei",
    "jun",
    "yang",
    "yong",
    "yan",
    "jie",
    "juan",
    "tao",
    "ming",
    "chao",
    "xiu",
    "lan",
    "xia",
    "ping",
    "gang",
    "hua",
    "jian",
]


@pytest.mark.parametrize("name", sorted({*KNOWN_FIELDS, *COLUMNS, "image", "batch", "yolo", "coco", "audit-sample"}))
def test_columns_fields_and_usual_units_are_shown(name):
    assert shown_word(name) == repr(name)


@pytest.mark.parametrize("function", [quality.evaluate, quality.threshold, quality.audit_sample, ocr.run])
def test_functions_and_their_parameters_are_shown(function):
    names = [function.__name__, *inspect.signature(function).parameters]
    assert [name for name in names if shown_word(name) != repr(name) and len(name) > 3] == []


@given(
    st.sampled_from(SURNAMES),
    st.lists(st.sampled_from(GIVEN), min_size=1, max_size=2),
    st.sampled_from(["", "-", "_", ".", "/"]),
)
def test_names_in_pinyin_are_never_shown(surname, given_name, sign):
    assert shown_word(sign.join([surname, *given_name])).startswith("a str of ")


@pytest.mark.parametrize("surname", SURNAMES)
def test_a_surname_alone_is_never_shown(surname):
    assert shown_word(surname).startswith("a str of ")


def test_a_value_near_to_a_choice_names_it_and_another_does_not():
    assert shown_choice("audit_sampel", ["audit_sample"]) == "'audit_sampel'; did you mean 'audit_sample'?"
    assert "did you mean" not in shown_choice("zhangwei", ["audit_sample"])


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ({"throtle": 0.5}, "got 'throtle'; did you mean 'throttle'"),
        ({"throttle": 2}, "the rate of throttle must be 0 to 1, got 2$"),
        ({"张三": 0.5}, "a fault must be .* got a str of 2 characters"),
    ],
)
def test_a_wrong_failure_is_named_with_the_nearest(rates, said):
    with pytest.raises(InvalidRequestError, match=said):
        FaultInjector(rates)


@pytest.mark.parametrize(
    "images",
    [Image.new("RGB", (9, 9)), np.zeros((9, 9), np.uint8), 5, b"abc", [Image.new("L", (9, 9))], [5]],
)
def test_pictures_in_the_place_of_files_are_described(images):
    with pytest.raises(
        InvalidRequestError, match="images must be files, folders, patterns or a list of them, got"
    ) as caught:
        ocr.photo_quality(images)
    assert "fault in cardocr_nb" not in str(caught.value)


@pytest.mark.parametrize("picture", [5, [1], {"a": 1}])
def test_a_picture_of_another_kind_is_described_where_cards_are_read_again(picture):
    box = ((1, 1), (1, 9), (9, 9), (9, 1))
    cards = ocr.to_frame(ocr.CardResult((ocr.Field("姓名", None, None, box),), key="a.jpg")).assign(card_type="IDCard")
    for call in (cards.cardocr.complete, cards.assign(text="样本").cardocr.second_opinion):
        with pytest.raises(TypeError, match="a picture must be a path, bytes, an array or an image of Pillow"):
            call({"a.jpg": picture})
        with pytest.raises(TypeError, match="images must be a folder, a list of files"):
            call(5)
