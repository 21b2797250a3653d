import hashlib
import hmac
import re
import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame import empty, to_frame
from cardocr_nb.privacy import pseudonym
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

SECRET = b"sixteen bytes at"


def of(text, field="name", key=SECRET):
    return pseudonym(pd.DataFrame({"field": [field], "text": [text]}), key=key)["text"][0]


def test_it_is_the_hmac_of_domain_and_text():
    said = "name\0样本".encode()
    assert of("样本") == "~" + hmac.new(SECRET, said, hashlib.sha256).hexdigest()[:32]


def test_it_is_no_plain_digest_of_the_text():
    plain = {hashlib.new(name, b"abc").hexdigest()[:32] for name in ("md5", "sha1", "sha256", "sha512")}
    assert of("abc")[1:] not in plain


@given(st.text(min_size=1), st.text(min_size=1))
def test_equal_texts_get_equal_pseudonyms_and_others_do_not(a, b):
    plain = [re.sub(r"\s+", "", unicodedata.normalize("NFKC", t)).casefold() for t in (a, b)]
    assert (of(a) == of(b)) == (plain[0] == plain[1])
    assert re.fullmatch("~[0-9a-f]{32}", of(a))


def test_width_case_and_white_space_do_not_matter():
    assert of("99020219830315002X", "id_number") == of(" 990202 19830315 ００２x", "id_number")


def test_another_secret_gives_another_pseudonym():
    assert of("样本") != of("样本", key=b"another sixteen!")
    assert of("样本", key="sixteen bytes at") == of("样本")


def test_fields_are_apart_but_for_the_two_numbers_of_one_person():
    assert of("样本", "name") != of("样本", "address")
    assert of("99020219830315002X", "id_number") == of("99020219830315002X", "licence_number")


def test_domain_and_text_cannot_be_shifted_against_each_other():
    assert of("b", "a") != of("", "ab") != of("ab", "")


@pytest.mark.parametrize("key", [b"", b"fifteen bytes a", "短密钥"])
def test_a_short_secret_is_refused_without_being_told(key):
    with pytest.raises(InvalidRequestError, match="at least 16 bytes") as raised:
        of("样本", key=key)
    assert not key or str(key) not in str(raised.value)


def test_texts_truths_and_user_data_are_replaced_and_nothing_else():
    fields = (Field("姓名", "样本", 98), Field("性别"))
    frame = to_frame(Job("j", JobState.SUCCESS, "1.jpg", user_data="case 7", result=CardResult(fields)))
    frame["truth"] = frame["text"]
    hidden = pseudonym(frame, key=SECRET)
    assert hidden["text"][0] == hidden["truth"][0] == of("样本")
    assert pd.isna(hidden["text"][1])
    assert hidden["user_data"].tolist() == [of("case 7", "user_data")] * 2
    others = [c for c in frame.columns if c not in ("text", "truth", "user_data")]
    pd.testing.assert_frame_equal(hidden[others], frame[others])
    assert hidden.dtypes.equals(frame.dtypes)
    assert frame["text"][0] == "样本"


def test_only_the_fields_named_are_replaced():
    frame = pd.DataFrame({"field": ["name", "gender"], "text": ["样本", "女"], "user_data": "c"}, index=[7, 7])
    hidden = pseudonym(frame, key=SECRET, fields=["name"])
    assert hidden["text"].tolist() == [of("样本"), "女"]
    assert hidden["user_data"].tolist() == ["c", "c"]
    pd.testing.assert_frame_equal(pseudonym(frame, key=SECRET, fields="name"), hidden)


def test_a_field_that_is_in_no_row_is_told():
    with pytest.raises(InvalidRequestError, match="no row has the field nmae"):
        pseudonym(pd.DataFrame({"field": ["name"], "text": ["样本"]}), key=SECRET, fields=["nmae"])


def test_two_frames_still_join():
    a = pd.DataFrame({"key": ["1", "2"], "field": "id_number", "text": ["990101197412010014", "99020219830315002X"]})
    b = pd.DataFrame({"key": ["3"], "field": ["licence_number"], "text": ["99020219830315002X"]})
    joined = pseudonym(a, key=SECRET).merge(pseudonym(b, key=SECRET), on="text")
    assert joined[["key_x", "key_y"]].to_numpy().tolist() == [["2", "3"]]


def test_the_accessor_does_the_same():
    frame = to_frame(CardResult((Field("姓名", "样本", 98), Field("性别", "女", 98)), key="1.jpg"))
    pd.testing.assert_frame_equal(
        frame.cardocr.pseudonym(key=SECRET, fields=["name"]), pseudonym(frame, key=SECRET, fields=["name"])
    )


def test_cards_without_fields_and_no_cards_at_all_are_no_trouble():
    failed = to_frame(Job("j", JobState.FAILED, "1.jpg", code="InvalidImage"))
    pd.testing.assert_frame_equal(pseudonym(failed, key=SECRET), failed)
    pd.testing.assert_frame_equal(pseudonym(empty(), key=SECRET, fields=["name"]), empty())
