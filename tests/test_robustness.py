from __future__ import annotations

import pandas as pd
import pytest

import cardocr_nb as ocr
from cardocr_nb._robustness import robustness
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.quality import wilson
from cardocr_nb.specimen import draw
from cardocr_nb.wire._records import Field


class Faded:
    """Knows a specimen's texts, returns only two on a small picture, with scores that rise with its brightness."""

    def __init__(self, seed):
        self.texts = dict(draw("IDCard", seed).texts)

    def read(self, image, card_type):
        score = int(image.mean() / 2.55)
        kept = len(self.texts) if image.shape[1] > 800 else 2
        return [Field(label, self.texts[label], score) for label in list(self.texts)[:kept]]


def read(tmp_path, reader, **options):
    (tmp_path / "bucket").mkdir()
    with ocr.Client.local(tmp_path / "bucket", reader=reader, create=True) as client:
        return robustness(client, card_type="IDCard", progress=False, **options)


def test_points_are_counted_for_each_condition_strength_and_field(tmp_path):
    found = read(tmp_path, Faded(5), conditions=["resolution", "shadow"], strengths=[0, 0.5, 1], n=1, seed=5)
    together = found.points[found.points.field == "all"].set_index(["condition", "strength"])
    assert together.cases.tolist() == [6] * 6
    assert together.correct.to_dict() == {
        ("resolution", 0.0): 6, ("resolution", 0.5): 2, ("resolution", 1.0): 2,
        ("shadow", 0.0): 6, ("shadow", 0.5): 6, ("shadow", 1.0): 6,
    }  # fmt: skip
    assert together.score["shadow"].is_monotonic_decreasing
    assert together.score["shadow", 1.0] < together.score["shadow", 0.0]
    low, high = wilson(1 / 3, 1)
    assert together.loc[("resolution", 1.0), ["low", "high"]].tolist() == [low, high]
    numbers = found.points[found.points.field == "id_number"].set_index(["condition", "strength"])
    assert numbers.exact["resolution"].tolist() == [1, 0, 0]
    assert found.points.columns.tolist() == [
        "condition", "strength", "field", "cases", "correct", "exact", "low", "high", "score",
    ]  # fmt: skip


def test_what_is_not_spoiled_is_read_once_for_all_conditions(tmp_path):
    found = read(tmp_path, StubReader(), conditions=["blur", "jpeg", "noise"], strengths=[0, 1], n=2)
    assert found.readings.key.nunique() == 2 * (3 + 1)
    assert set(found.readings.condition) == {"none", "blur", "jpeg", "noise"}
    assert (found.readings.key.str.startswith("robustness/")).all()
    assert set(found.truth.key) == set(found.readings.key)
    assert found.points[found.points.strength == 0].condition.unique().tolist() == ["blur", "jpeg", "noise"]


def test_the_same_seed_gives_the_same_points_and_pictures_can_be_kept(tmp_path):
    options = {"conditions": ["glare"], "strengths": [0.5], "n": 2, "seed": 9}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = read(tmp_path / "a", StubReader(), folder=tmp_path / "kept", **options)
    two = read(tmp_path / "b", StubReader(), **options)
    pd.testing.assert_frame_equal(one.points, two.points)
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == ["glare-0.5-10.jpg", "glare-0.5-9.jpg"]


def test_pictures_that_lie_in_the_bucket_are_read_where_they_lie(tmp_path):
    found = read(
        tmp_path, StubReader(), conditions=["jpeg"], strengths=[1e-05], n=1, folder=tmp_path / "bucket" / "here"
    )
    assert found.readings.key.unique().tolist() == ["here/jpeg-1e-05-0.jpg"]
    assert found.points.strength.unique().tolist() == [1e-05]


def test_a_card_that_fails_counts_as_read_wrongly(tmp_path):
    class Broken:
        def read(self, image, card_type):
            raise RuntimeError

    found = read(tmp_path, Broken(), conditions=["jpeg"], strengths=[1], n=1)
    assert found.points.exact.tolist() == [0] * 7
    assert found.points.score.isna().all()


def test_more_images_than_allowed_are_refused_before_anything_is_sent(tmp_path):
    with pytest.raises(InvalidRequestError, match="are 12 images, each a paid call in the cloud, and max_calls is 11"):
        read(tmp_path, StubReader(), conditions=["jpeg", "blur", "noise"], strengths=[0.5, 1], n=2, max_calls=11)
    assert list((tmp_path / "bucket").iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"conditions": ["rain"]}, "a condition is one of watermark.*, got a str of 4 characters"),
        ({"strengths": [2]}, "must be from 0 to 1"),
        ({"n": 0}, "n must be 1 or more, got 0"),
        ({"conditions": []}, "one condition and one strength or more"),
        ({"strengths": []}, "one condition and one strength or more"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, wrong, message):
    with pytest.raises(InvalidRequestError, match=message):
        read(tmp_path, StubReader(), **wrong)


def test_the_embedded_engine_reads_clean_cards_and_fails_on_ruined_ones(tmp_path):
    found = read(tmp_path, None, conditions=["glare+blur+noise"], strengths=[0, 1], n=2, seed=100)
    assert found.points.condition.unique().tolist() == ["glare+blur+noise"]
    exact = found.points[found.points.field == "all"].set_index("strength").exact
    assert exact[0.0] > 0.8
    assert exact[1.0] < exact[0.0]


def test_what_is_shown_holds_no_text(tmp_path):
    found = read(tmp_path, StubReader(), conditions=["jpeg"], strengths=[1], n=1)
    texts = [t for t in [*found.truth.text, *found.readings.text] if len(t) > 1]
    for shown in (repr(found), found._repr_html_()):
        assert "jpeg" in shown
        assert not [t for t in texts if t in shown]
