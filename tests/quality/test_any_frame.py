"""Whatever comes over the wire, the tables come out, and no card is lost on the way."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_cards import ID_CARD, LICENCE

from cardocr_nb.frame import to_frame, wide
from cardocr_nb.frame.shapes import card_numbers
from cardocr_nb.privacy import mask
from cardocr_nb.quality import check, evaluate, summary, tally
from cardocr_nb.wire.models import CardResult, Field, Job, JobState

pytestmark = [
    pytest.mark.filterwarnings("ignore::cardocr_nb.frame.UnknownLabelWarning"),
    pytest.mark.filterwarnings("ignore::cardocr_nb.frame.PolygonWarning"),
    pytest.mark.filterwarnings("ignore::cardocr_nb.frame.DoubledFieldWarning"),
]

pixels = st.integers(-(2**31), 2**31 - 1)
corners = st.lists(st.tuples(pixels, pixels), min_size=3, max_size=5).map(tuple)
texts = st.none() | st.sampled_from([*ID_CARD.values(), *LICENCE.values()]) | st.text(max_size=20)
labels = st.sampled_from([*ID_CARD, *LICENCE, "Sex", "血型", "key", ""])
fields = st.builds(Field, label=labels, text=texts, score=st.none() | st.integers(0, 100), polygon=st.none() | corners)
results = st.builds(CardResult, fields=st.lists(fields, max_size=8).map(tuple), status=st.none() | st.integers(0, 1))
jobs = st.builds(
    Job,
    id=st.sampled_from(["", "j1", "j2"]),
    state=st.sampled_from(JobState),
    key=st.none() | st.sampled_from(["1.jpg", "2.jpg"]),
    card_type=st.none() | st.sampled_from(["IDCard", "DriverLicense", "Passport"]),
    code=st.none() | st.sampled_from(["InvalidImage", "Other"]),
    result=st.none() | results,
)
cells = st.tuples(
    st.sampled_from(["1.jpg", "2.jpg", "9.jpg"]), st.sampled_from(["name", "gender", "id_number", "odd"]), texts
)
TRUTH = pd.DataFrame({"key": ["1.jpg", "2.jpg"], "field": "name", "text": ["样本一", ""]})


@settings(max_examples=25)
@given(st.lists(jobs, max_size=5))
def test_summary_check_wide_and_mask_take_every_frame(many):
    frame = to_frame(many)
    before = frame.copy(deep=True)
    found = summary(frame)
    checked = check(frame)
    assert found.cards == len(set(card_numbers(frame).tolist())) == len(wide(frame)) == found.outcomes.sum()
    assert (found.fields["read"] + found.fields["missing"] == found.fields["cards"]).all()
    assert tally(checked)["cases"].sum() == len(checked)
    assert mask(frame)["text"].isna().equals(frame["text"].isna())
    pd.testing.assert_frame_equal(frame, before)


@settings(max_examples=25)
@given(st.lists(jobs, max_size=4), st.lists(cells, max_size=5, unique_by=lambda c: c[:2]))
def test_every_field_of_a_known_card_has_one_outcome(many, truth):
    frame = to_frame(many)
    given_truth = pd.concat([TRUTH[:0], pd.DataFrame(truth, columns=["key", "field", "text"])], ignore_index=True)
    if not set(given_truth.key) & set(frame.key.dropna()):
        return
    result = evaluate(frame, given_truth)
    counted = result.fields
    assert (counted["correct"] + counted["wrong"] + counted["missing"] == counted["cases"]).all()
    assert counted["cases"].sum() + counted["spurious"].sum() == len(result.cells)
    assert not result.cells.duplicated(["job_id", "key", "field"]).any()
