"""Slices by a column that names people are refused, since tables and reprs show the values of slices."""

import pandas as pd
import pytest

from cardocr_nb import CardResult, Field, to_frame
from cardocr_nb.quality import evaluate

CARDS = to_frame(
    [CardResult((Field("姓名", text), Field("性别", "女")), key=f"{text}.jpg") for text in ("样本甲", "样本乙")]
).assign(person=lambda df: df["key"].str.removesuffix(".jpg"), sex="女", batch="one")
TRUTH = pd.DataFrame({"key": ["样本甲.jpg", "样本乙.jpg"], "field": "name", "text": ["样本甲", "样本乙"]})


@pytest.mark.parametrize("by", ["text", "person", ["batch", "person"]])
def test_a_slice_by_names_is_refused_without_showing_them(by):
    with pytest.raises(ValueError, match="contains texts of the cards") as caught:
        evaluate(CARDS, TRUTH, by=by)
    assert "样本" not in str(caught.value)


@pytest.mark.parametrize("by", ["sex", "batch"])
def test_a_slice_that_names_no_person_is_made(by):
    assert len(evaluate(CARDS, TRUTH, by=by).fields) == 1
