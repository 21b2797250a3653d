from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.cards import FIELDS
from cardocr_nb.frame import empty, to_frame
from cardocr_nb.privacy import RULES, mask, mask_text
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

FIELD_NAMES = sorted({f.name for fields in FIELDS.values() for f in fields})


@pytest.mark.parametrize(
    ("field", "text", "masked"),
    [
        ("name", "样本一", "样**"),
        ("name", "样本·样例", "样*·**"),
        ("name", "Yang Ben", "Y*** ***"),
        ("name", "样", "*"),
        ("gender", "女", "*"),
        ("ethnicity", "汉", "*"),
        ("birth_date", "1974年12月1日", "**********"),
        ("birth_date", "1974-12-01", "****-**-**"),
        ("address", "样本省示例市标本路1号", "样本省********"),
        ("address", "样本路1号", "*****"),
        ("id_number", "990101197412010014", "99**************14"),
        ("id_number", "9901011974", "**********"),
        ("licence_number", "99020219830315002X", "99**************2X"),
        ("vehicle_class", "A1A2D", "A1***"),
        ("nationality", "中国", "中国"),
        ("issuing_authority", "样本省示例市公安局", "样本省******"),
        ("blood_group", "O Rh+", "* ***"),
        ("vehicle_class", "张三", "**"),
        ("nationality", "李四", "**"),
        ("name", "990101197412010014", "******************"),
        ("address", "990101197412010014", "******************"),
        ("address", "样本甲样本乙样本丙", "*********"),
        ("issuing_authority", "样本甲样本乙样本丙", "*********"),
        ("id_number", "样本省示例市标本路1号样本省示例市", "*****************"),
    ],
)
def test_masked_texts_keep_their_length_and_lose_their_content(field, text, masked):
    assert mask_text(text, field) == masked


@given(st.text(min_size=1, max_size=30), st.sampled_from([*FIELD_NAMES, "other"]))
def test_length_stays_and_visible_characters_follow_the_rule(text, field):
    masked = mask_text(text, field)
    assert len(masked) == len(text)
    shown = sum(a == b and b.isalnum() for a, b in zip(text, masked, strict=True))
    rule = RULES.get(field)
    assert shown <= (rule.head + rule.tail if rule and len(text) >= rule.least else 0)


def test_each_rule_belongs_to_a_field_and_shows_less_than_two_thirds():
    assert set(RULES) <= set(FIELD_NAMES)
    for field in ("name", "address", "id_number", "licence_number"):
        rule = RULES[field]
        assert rule.head + rule.tail <= rule.least * 0.6


def test_only_text_columns_of_a_frame_are_masked():
    fields = (Field("姓名", "样本一", 98), Field("公民身份号码", "990101197412010014", 97), Field("性别"))
    frame = to_frame(Job("j", JobState.SUCCESS, "1.jpg", user_data="case 7", result=CardResult(fields)))
    masked = mask(frame)
    assert masked.text[:2].tolist() == ["样**", "99**************14"]
    assert pd.isna(masked.text[2])
    assert masked.user_data.tolist() == ["**** *"] * 3
    others = [c for c in frame.columns if c not in ("text", "user_data")]
    pd.testing.assert_frame_equal(masked[others], frame[others])
    assert masked.dtypes.equals(frame.dtypes)
    assert frame.text[0] == "样本一"


def test_the_truth_column_is_masked_like_the_text():
    cells = pd.DataFrame({"field": ["name"], "text": ["样木一"], "truth": ["样本一"]}, index=[5])
    assert mask(cells).loc[5, ["text", "truth"]].tolist() == ["样**", "样**"]


def test_frames_without_fields_or_without_rows_are_masked():
    failed = to_frame(Job("j", JobState.FAILED, "1.jpg", code="InvalidImage"))
    pd.testing.assert_frame_equal(mask(failed), failed)
    pd.testing.assert_frame_equal(mask(empty()), empty())
