from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quality_cards import ID_CARD, job
from scipy.stats import binomtest

from cardocr_nb.frame import empty, to_frame
from cardocr_nb.quality import compare, exact_interval
from cardocr_nb.quality._comparison import _gain
from cardocr_nb.wire._records import CardResult, Field, Job, JobState


def names(texts, scores=None):
    scores = scores or [90] * len(texts)
    return to_frame(
        [CardResult((Field("姓名", t, s),), key=f"{k}.jpg") for k, (t, s) in enumerate(zip(texts, scores, strict=True))]
    )


def truth(texts):
    return pd.DataFrame({"key": [f"{k}.jpg" for k in range(len(texts))], "field": "name", "text": texts})


def test_a_run_agrees_with_itself():
    frame = to_frame([job(ID_CARD, key=str(k), score=80 + k) for k in range(5)])
    result = compare(frame, frame)
    assert (result.fields.share == 1).all()
    assert (result.fields[["only_left", "only_right", "ks"]] == 0).all(axis=None)
    assert result.fields.psi.abs().max() == 0
    assert result.flips.empty
    assert result.accuracy is None


def test_pairs_that_differ_are_listed_with_both_texts():
    result = compare(names(["a", "b", None, "d"], [90, 91, 92, 93]), names(["a", "x", "c", None]))
    row = result.fields.iloc[0]
    assert (row.pairs, row.agree, row.only_left, row.only_right) == (4, 1, 1, 1)
    low, high = exact_interval(1, 4)
    assert (row.low, row.high) == (low, high)
    assert result.flips.key.tolist() == ["1.jpg", "2.jpg", "3.jpg"]
    assert result.flips.loc[0, ["text_left", "text_right", "score_left", "score_right"]].tolist() == ["b", "x", 91, 90]


def test_spellings_agree_unless_compared_character_by_character():
    left, right = (to_frame(CardResult((Field("性别", t),), key="1.jpg")) for t in ("男", "Male"))
    assert compare(left, right).fields.agree.tolist() == [1]
    assert compare(left, right, normalize=False).fields.agree.tolist() == [0]


def test_images_on_one_side_only_are_counted_and_left_out():
    result = compare(names(list("abcd")), names(list("ab")))
    assert (result.left_only, result.right_only) == (2, 0)
    assert result.fields.pairs.tolist() == [2]
    with pytest.raises(ValueError, match="no key is in both frames"):
        compare(names(["a"]), names(["a"]).assign(key="other.jpg"))


def test_of_two_readings_of_an_image_the_first_counts():
    twice = to_frame(
        [Job(f"j{k}", JobState.SUCCESS, "0.jpg", result=CardResult((Field("姓名", t),))) for k, t in enumerate("ab")]
    )
    assert compare(twice, names(["a"])).fields.agree.tolist() == [1]


def test_nothing_gives_empty_tables():
    result = compare(empty(), empty(), truth([]))
    assert result.fields.empty
    assert result.accuracy.cases.tolist() == [0]


def test_a_shift_of_the_scores_is_seen():
    low, high = list(range(50, 70)), list(range(70, 90))
    row = compare(names(["x"] * 20, low), names(["x"] * 20, high)).fields.iloc[0]
    assert (row.score_left, row.score_right, row.ks) == (59.5, 79.5, 1)
    assert row.psi > 0.25
    assert compare(names(["x"] * 20, low), names(["x"] * 20, low[::-1])).fields.psi[0] == 0


def test_with_truth_what_was_lost_and_gained_is_tested():
    true = ["a"] * 40
    left = ["a"] * 30 + ["x"] * 10
    right = ["a"] * 28 + ["x"] * 2 + ["a"] * 9 + ["x"]
    table = compare(names(left), names(right), truth(true)).accuracy
    row = table.iloc[0]
    assert (row.cases, row.right_left, row.right_right, row.lost, row.gained) == (40, 30, 37, 2, 9)
    assert row.p == pytest.approx(binomtest(9, 11).pvalue)
    assert row.difference == pytest.approx(7 / 40)
    assert row.low < 7 / 40 < row.high
    assert table.field.iloc[-1] == "all"
    assert np.isnan(table.p.iloc[-1])


def test_no_change_in_two_images_is_weak_evidence():
    row = compare(names(["a", "b"]), names(["a", "b"]), truth(["a", "x"])).accuracy.iloc[0]
    assert (row.p, row.difference) == (1, 0)
    # Without a flip each end is that of Clopper and Pearson for 0 of 2.
    assert [row.low, row.high] == pytest.approx([-0.842, 0.842], abs=0.02)


def test_the_interval_of_the_difference_covers_it_also_when_fields_of_a_card_fail_together():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        left, right = rng.random((2, 150)) < np.array([[0.8], [0.9]])
        gain = np.repeat(right.astype(int) - left, 6)
        low, high = _gain(pd.DataFrame({"key": np.repeat(np.arange(150), 6), "gain": gain, "weight": 1.0}), 0.95)[1:]
        covered += low <= 0.1 <= high
    assert covered >= 0.9 * 200


@pytest.mark.parametrize(
    ("n", "lost", "gained"), [(10, 0.0, 0.02), (10, 0.05, 0.05), (60, 0.01, 0.03), (300, 0.05, 0.1)]
)
def test_the_interval_of_the_difference_covers_it_with_few_flips_too(n, lost, gained):
    rng = np.random.default_rng(11)
    covered, seen = 0, {}
    for counts in map(tuple, rng.multinomial(n, [lost, gained, 1 - lost - gained], size=300).tolist()):
        if counts not in seen:
            gain = np.repeat([-1, 1, 0], counts)
            seen[counts] = _gain(pd.DataFrame({"key": np.arange(n), "gain": gain, "weight": 1.0}), 0.95)[1:]
        low, high = seen[counts]
        covered += low <= gained - lost <= high
    assert covered >= 0.93 * 300


def test_what_is_shown_holds_no_text():
    result = compare(names(["样本甲乙"]), names(["样木甲乙"]), truth(["样本甲乙"]))
    for shown in (repr(result), result._repr_html_()):
        assert "name" in shown
        assert "甲乙" not in shown


FAILED = CardResult((), status=0)


@pytest.mark.parametrize("failures", [1, 3])
@pytest.mark.parametrize("side", ["left", "right"])
def test_an_image_that_was_read_after_failures_counts_as_evaluate_counts_it(failures, side):
    jobs = [Job(f"first {k}", JobState.FAILED, "0.jpg", "IDCard", result=FAILED) for k in range(failures)]
    repeated = to_frame([*jobs, *(job(ID_CARD, key=f"{k}.jpg") for k in range(3))])
    once = to_frame([job(ID_CARD, key=f"{k}.jpg") for k in range(3)])
    frames = (repeated, once) if side == "left" else (once, repeated)
    names = pd.DataFrame({"key": [f"{k}.jpg" for k in range(3)], "field": "name", "text": "样本一"})
    found = compare(*frames, names)
    assert (found.fields[["pairs", "agree"]] == 3).all(axis=None)
    assert (found.accuracy.iloc[0][["right_left", "right_right"]] == 3).all()


@pytest.mark.parametrize("weight", [0.3, 7.0])
def test_equal_weights_are_no_weights(weight):
    left, right = names(["a", "b", "x", "d", "e"]), names(["a", "b", "c", "d", "x"])
    plain, weighted = (
        compare(left, right, t).accuracy for t in (truth(list("abcde")), truth(list("abcde")).assign(weight=weight))
    )
    pd.testing.assert_frame_equal(plain, weighted)


@pytest.mark.parametrize("groups", ["folder", "user_data", "mapping"])
def test_agreement_within_groups_is_as_wide_as_that_of_the_groups(groups):
    # 8 batches of 25 images: two differ as a whole.
    keys = [f"{k // 25}/{k}.jpg" for k in range(200)]
    left = to_frame([CardResult((Field("姓名", "样本", 90),), key=key) for key in keys])
    left["user_data"] = left["key"].str.partition("/")[0]
    right = left.assign(text=left["text"].where(left["user_data"] > "1", "样木"))
    given = dict(zip(left["key"], left["user_data"], strict=True)) if groups == "mapping" else groups
    alone, together = (compare(left, right, groups=g).fields.iloc[0] for g in (None, given))
    assert alone["share"] == together["share"] == 0.75
    low, high = exact_interval(6, 8)
    assert [together["low"], together["high"]] == pytest.approx([low, high], abs=0.03)
    assert alone["low"] > 0.68
