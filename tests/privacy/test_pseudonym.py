import base64
import hashlib
import hmac
import random
import re
import unicodedata
import uuid

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame import empty, to_frame
from cardocr_nb.privacy import pseudonym
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

SECRET = b"sixteen bytes at"


def digest(text, field="name", key=SECRET):
    return pseudonym(pd.DataFrame({"field": [field], "text": [text]}), key=key)["text"][0]


def test_a_pseudonym_is_the_hmac_of_field_and_text():
    message = "name\0样本".encode()
    assert digest("样本") == "~" + hmac.new(SECRET, message, hashlib.sha256).hexdigest()[:32]


def test_a_pseudonym_differs_from_plain_digests():
    plain = {hashlib.new(name, b"abc").hexdigest()[:32] for name in ("md5", "sha1", "sha256", "sha512")}
    assert digest("abc")[1:] not in plain


@given(st.text(min_size=1), st.text(min_size=1))
def test_equal_texts_get_equal_pseudonyms_and_others_do_not(a, b):
    plain = [re.sub(r"\s+", "", unicodedata.normalize("NFKC", t)).casefold() for t in (a, b)]
    assert (digest(a) == digest(b)) == (plain[0] == plain[1])
    assert re.fullmatch("~[0-9a-f]{32}", digest(a))


def test_width_case_and_white_space_do_not_matter():
    assert digest("99020219830315002X", "id_number") == digest(" 990202 19830315 ００２x", "id_number")


def test_another_key_gives_another_pseudonym():
    assert digest("样本") != digest("样本", key=b"another sixteen!")
    assert digest("样本", key="sixteen bytes at") == digest("样本")


def test_equal_texts_of_two_fields_differ_except_the_two_numbers_of_one_person():
    assert digest("样本", "name") != digest("样本", "address")
    assert digest("99020219830315002X", "id_number") == digest("99020219830315002X", "licence_number")


def test_the_border_between_field_and_text_is_unambiguous():
    assert digest("b", "a") != digest("", "ab") != digest("ab", "")


@pytest.mark.parametrize("key", [b"", b"fifteen bytes a", "短密钥"])
def test_a_short_key_is_refused_and_not_shown(key):
    with pytest.raises(InvalidRequestError, match="at least 16 bytes") as raised:
        digest("样本", key=key)
    assert not key or str(key) not in str(raised.value)


WEAK = (
    *(b"a" * 16, b"ab" * 20, "0" * 64, b"1234567" * 5, bytes(32), bytes(range(32)), bytes(range(250, 0, -5)), bytes(range(16)).hex()),
    *(base64.b64encode(bytes(range(24))), bytes(i * i % 256 for i in range(40)), b"\xde\xad\xbe\xef" * 8, b"0123456789abcdef"),
    *("passwordpassword1234", "Password123!Password123!", "my-secret-key-123456", "changemechangeme", "qwertyuiop123456"),
    *("ABCDabcd12345678", "aaaabbbbccccdddd", "correct horse battery staple", "1111222233334444", "样本" * 12),
)  # fmt: skip


@pytest.mark.parametrize("key", WEAK)
def test_a_key_that_people_type_is_refused_and_not_shown(key):
    with pytest.raises(InvalidRequestError, match=r"can be guessed.*secrets\.token_bytes\(32\)") as raised:
        digest("样本", key=key)
    assert str(key)[:8] not in str(raised.value)


@pytest.mark.parametrize(
    "text", [bytes, bytes.hex, lambda key: base64.b64encode(key).decode(), lambda key: str(uuid.UUID(bytes=key))]
)
def test_random_keys_are_accepted(text):
    for seed in range(300):
        assert digest("样本", key=text(random.Random(seed).randbytes(16)))


def test_only_text_truth_and_user_data_are_replaced():
    fields = (Field("姓名", "样本", 98), Field("性别"))
    frame = to_frame(Job("j", JobState.SUCCESS, "1.jpg", user_data="case 7", result=CardResult(fields)))
    frame["truth"] = frame["text"]
    hidden = pseudonym(frame, key=SECRET)
    assert hidden["text"][0] == hidden["truth"][0] == digest("样本")
    assert pd.isna(hidden["text"][1])
    assert hidden["user_data"].tolist() == [digest("case 7", "user_data")] * 2
    others = [c for c in frame.columns if c not in ("text", "truth", "user_data")]
    pd.testing.assert_frame_equal(hidden[others], frame[others])
    assert hidden.dtypes.equals(frame.dtypes)
    assert frame["text"][0] == "样本"


def test_only_the_fields_named_are_replaced():
    frame = pd.DataFrame({"field": ["name", "gender"], "text": ["样本", "女"], "user_data": "c"}, index=[7, 7])
    hidden = pseudonym(frame, key=SECRET, fields=["name"])
    assert hidden["text"].tolist() == [digest("样本"), "女"]
    assert hidden["user_data"].tolist() == ["c", "c"]
    pd.testing.assert_frame_equal(pseudonym(frame, key=SECRET, fields="name"), hidden)


def test_a_field_without_rows_is_refused():
    with pytest.raises(InvalidRequestError, match="no row has the field 1 unknown name"):
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


def test_frames_without_fields_or_without_rows_are_accepted():
    failed = to_frame(Job("j", JobState.FAILED, "1.jpg", code="InvalidImage"))
    pd.testing.assert_frame_equal(pseudonym(failed, key=SECRET), failed)
    pd.testing.assert_frame_equal(pseudonym(empty(), key=SECRET, fields=["name"]), empty())
