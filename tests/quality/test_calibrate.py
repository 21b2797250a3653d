from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_cards import ID_CARD, job
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from test_calibration import cards_and_truth

from cardocr_nb.frame import empty, to_frame
from cardocr_nb.quality import Calibrator, NotCalibratedWarning, calibrate
from cardocr_nb.quality._calibration import calibration_error
from cardocr_nb.quality._calibration_fit import SCORES, _targets, choose, fit
from cardocr_nb.quality._folds import folds_of


def drawn(n, seed=8, power=3.0):
    """Readings whose scores boast: they are right with chance (score / 100) ** power."""
    rng = np.random.default_rng(seed)
    score = np.minimum(rng.integers(40, 121, n), 100)
    return score, rng.random(n) < (score / 100) ** power


@pytest.fixture(scope="module")
def calibrator():
    return calibrate(*cards_and_truth(*drawn(400)))


cases = st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=60)


@settings(max_examples=60)
@given(cases, st.sampled_from(["isotonic", "platt", "constant"]))
def test_a_map_never_falls_and_never_reaches_0_or_1(many, method):
    score, right = (np.array(side) for side in zip(*many, strict=True))
    values = fit(score, right.astype(bool), method)
    assert values.shape == SCORES.shape
    assert (np.diff(values) >= 0).all()
    assert values[0] > 0
    assert values[-1] < 1


def test_isotonic_maps_are_those_of_scikit_learn():
    score, right = drawn(2000)
    theirs = IsotonicRegression().fit(score, _targets(right, np.ones(len(right))))
    seen = np.unique(score)
    assert fit(score, right, "isotonic")[seen] == pytest.approx(theirs.predict(seen))


def test_platts_curve_is_that_of_scikit_learn():
    score, right = drawn(300)
    target, share = _targets(right, np.ones(len(right))), SCORES[:, None] / 100
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    twice = np.concatenate([share[score], share[score]])
    model.fit(twice, np.repeat([1, 0], len(score)), sample_weight=np.concatenate([target, 1 - target]))
    assert fit(score, right, "platt") == pytest.approx(model.predict_proba(share)[:, 1], abs=1e-4)


def test_a_score_that_means_the_opposite_gives_a_level_curve():
    score = np.repeat([20, 90], 50)
    values = fit(score, score == 20, "platt")
    assert values == pytest.approx(np.full(101, 0.5), abs=0.01)


@pytest.mark.parametrize(
    ("score", "right", "expected"),
    [
        ([90], [True], 2 / 3),
        ([90], [False], 1 / 3),
        ([50, 90, 99], [True] * 3, 4 / 5),
        ([50, 90, 99], [False] * 3, 1 / 5),
        ([90] * 4, [True, True, True, False], (3 * 4 / 5 + 1 / 3) / 4),
        ([], [], 0.5),
    ],
)
def test_scores_that_separate_nothing_get_one_shrunk_probability(score, right, expected):
    score, right = np.array(score, dtype=np.int64), np.array(right, dtype=bool)
    assert choose(score, right, isotonic_from=1) == "constant"
    assert fit(score, right, "constant") == pytest.approx(np.full(101, expected))


def test_the_method_goes_by_the_number_of_cases():
    assert calibrate(*cards_and_truth(*drawn(999))).fields.method.tolist() == ["platt"]
    assert calibrate(*cards_and_truth(*drawn(1000))).fields.method.tolist() == ["isotonic"]


@pytest.mark.parametrize("n", [400, 3000])
def test_probabilities_of_cards_not_seen_are_better_than_scores(n):
    made = calibrate(*cards_and_truth(*drawn(n)))
    row = made.fields.iloc[0]
    assert row.ece < 0.4 * row.ece_score
    assert row.brier < row.brier_score
    fresh, right = drawn(20_000, seed=9)
    frame, _ = cards_and_truth(fresh, right)
    values = made.apply(frame)["probability"].to_numpy()
    assert calibration_error(values, right) < 0.08
    assert row.brier == pytest.approx(brier_score_loss(right, values), abs=0.03)


def test_figures_are_those_of_the_readings_held_out(calibrator):
    held = calibrator.held_out
    assert held.columns.tolist() == ["job_id", "key", "field", "score", "right", "probability", "weight"]
    assert (held["weight"] == 1).all()
    assert len(held) == calibrator.fields.cases[0] == 400
    assert calibrator.fields.brier[0] == pytest.approx(brier_score_loss(held["right"], held["probability"]))
    assert calibrator.fields.brier_score[0] == pytest.approx(brier_score_loss(held["right"], held["score"] / 100))


def test_the_figures_of_a_drawn_sample_follow_from_the_weights_of_the_readings_held_out():
    rng = np.random.default_rng(6)
    score = rng.integers(60, 100, 400)
    frame, truth = cards_and_truth(score, rng.random(400) < score / 100)
    weight = rng.choice([1.0, 2.5, 40.0], 400)
    made = calibrate(frame, truth.assign(weight=weight))
    held = made.held_out.set_index("key")
    assert held["weight"].to_dict() == dict(zip(truth["key"], weight, strict=True))
    expected = brier_score_loss(held["right"], held["probability"], sample_weight=held["weight"])
    assert made.fields.brier[0] == pytest.approx(expected)


def test_a_held_out_probability_does_not_know_its_own_image():
    score = np.repeat([50, 90], 20)
    right = score == 90
    base = calibrate(*cards_and_truth(score, right)).held_out["probability"]
    turned = right.copy()
    turned[0] = True
    other = calibrate(*cards_and_truth(score, turned)).held_out["probability"]
    fold = folds_of(pd.Series([f"{k}.jpg" for k in range(40)]), 5, seed=0)
    same = fold == fold[0]
    assert (base[same] == other[same]).all()
    assert (base[~same] != other[~same]).all()


def test_all_readings_of_an_image_lie_in_one_fold():
    fold = folds_of(pd.Series(["a", "b", "c", "a", "b"]), 3, seed=1)
    assert (fold[0], fold[1]) == (fold[3], fold[4])
    assert set(folds_of(pd.Series(map(str, range(9))), 3, seed=1)) == {0, 1, 2}


def test_a_probability_is_that_of_the_map_at_the_score(calibrator):
    frame, _ = cards_and_truth([0, 57, 100], [True] * 3)
    applied = calibrator.apply(frame.set_axis([9, 8, 7]))
    assert applied.index.tolist() == [9, 8, 7]
    assert applied["probability"].tolist() == calibrator.table["probability"].iloc[[0, 57, 100]].tolist()
    assert "probability" not in frame.columns


def test_readings_without_a_probability_warn_once(calibrator):
    known, _ = cards_and_truth([80, 80, 80], [True] * 3)
    known.loc[0, "score"] = pd.NA
    known.loc[1, "text"] = pd.NA
    frame = pd.concat([known, cards_and_truth([70, 70], [True] * 2, field="address")[0]], ignore_index=True)
    message = r"3 readings get no probability: 1 have no score, 2 are of unknown fields \(address\)"
    with pytest.warns(NotCalibratedWarning, match=message):
        applied = calibrator.apply(frame)
    assert applied["probability"].notna().tolist() == [False, False, True, False, False]


def test_a_saved_calibrator_gives_the_same_and_holds_no_key(calibrator, tmp_path):
    path = calibrator.save(tmp_path / "calibrator.json")
    loaded = Calibrator.load(path)
    frame, _ = cards_and_truth(*drawn(50, seed=3))
    assert loaded.apply(frame).equals(calibrator.apply(frame))
    pd.testing.assert_frame_equal(loaded.fields, calibrator.fields, check_categorical=False)
    assert loaded.held_out.empty
    assert loaded.held_out.columns.tolist() == calibrator.held_out.columns.tolist()
    assert ".jpg" not in path.read_text(encoding="utf-8")


def test_no_truth_gives_a_calibrator_that_knows_nothing(tmp_path):
    made = calibrate(empty(), pd.DataFrame({"key": [], "field": [], "text": []}))
    assert made.fields.empty
    assert made.table.empty
    for one in (made, Calibrator.load(made.save(tmp_path / "nothing.json"))):
        assert one.apply(empty())["probability"].dtype == np.float64
        with pytest.warns(NotCalibratedWarning, match="1 are of unknown fields"):
            assert one.apply(cards_and_truth([90], [True])[0])["probability"].isna().all()


@pytest.fixture
def document(calibrator, tmp_path):
    return json.loads(calibrator.save(tmp_path / "sound.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d | {"format": "other"}, "its format is not 'cardocr_nb calibrator'"),
        (lambda d: d | {"version": 2}, "this release reads version 1, not 2"),
        (lambda d: d | {"more": 1}, "does not hold format, version and a list of fields"),
        (lambda d: d | {"fields": {}}, "does not hold format, version and a list of fields"),
        (lambda d: d | {"fields": d["fields"] * 2}, "it holds a field twice"),
        (lambda d: d | {"fields": [{"field": "name"}]}, "field 1 does not hold brier, "),
        (lambda d: d | {"fields": [d["fields"][0] | {"field": ""}]}, "field 1 has no name"),
        (lambda d: d | {"fields": [d["fields"][0] | {"method": "magic"}]}, "field 1 has a method other than isotonic"),
        (lambda d: d | {"fields": [d["fields"][0] | {"cases": 1.5}]}, "field 1 has counts that cannot be"),
        (lambda d: d | {"fields": [d["fields"][0] | {"correct": 10**6}]}, "field 1 has counts that cannot be"),
        (lambda d: d | {"fields": [d["fields"][0] | {"ece": None}]}, "field 1 has an error that is not a number"),
        (lambda d: d | {"fields": [d["fields"][0] | {"probabilities": [0.5]}]}, "does not hold 101 probabilities"),
        (lambda d: d | {"fields": [d["fields"][0] | {"probabilities": [0.5] * 100 + [2]}]}, "does not hold 101"),
        (
            lambda d: d | {"fields": [d["fields"][0] | {"probabilities": [0.5] * 100 + [0.4]}]},
            "fall as the score rises",
        ),
        (lambda d: [d], "its format is not"),
    ],
)
def test_a_file_that_is_no_calibrator_is_refused_with_the_reason(document, tmp_path, change, message):
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(change(document)), encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.json is not a usable calibrator: .*" + message):
        Calibrator.load(path)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.one_of(st.binary(max_size=40), values.map(lambda v: json.dumps(v).encode())), st.booleans())
def test_no_file_is_taken_for_a_calibrator_by_chance(tmp_path_factory, content, framed):
    path = tmp_path_factory.mktemp("files") / "any.json"
    head = b'{"format": "cardocr_nb calibrator", "version": 1, "fields": [' if framed else b""
    path.write_bytes(head + content + (b"]}" if framed else b""))
    if framed and not content.strip(b" \t\n\r"):
        assert Calibrator.load(path).fields.empty
        return
    with pytest.raises(ValueError, match="not a usable calibrator"):
        Calibrator.load(path)


@pytest.mark.parametrize("given_", [{"folds": 1}, {"isotonic_from": 0}])
def test_what_makes_no_sense_is_refused(given_):
    with pytest.raises(ValueError, match=r"must be .*\d or more, got"):
        calibrate(*cards_and_truth([90], [True]), **given_)


def test_what_is_shown_is_the_table_of_fields(calibrator):
    for shown in (repr(calibrator), calibrator._repr_html_()):
        assert "platt" in shown
        assert ".jpg" not in shown


@pytest.mark.parametrize("isotonic_from", [1, 10**6])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_probabilities_of_an_error_add_up_to_the_errors_of_the_labels(isotonic_from, weighted):
    rng = np.random.default_rng(12)
    frames, truths = [], []
    for field, chance in {"name": 0.005, "address": 0.03, "licence_number": 0.0}.items():
        frame, truth = cards_and_truth(rng.integers(70, 100, 400), rng.random(400) >= chance, field=field)
        frames.append(frame.assign(job_id=frame["key"], key=field + frame["key"]))
        truths.append(truth.assign(key=field + truth["key"], weight=rng.choice([1.0, 5.0], 400) if weighted else 1.0))
    frame, truth = pd.concat(frames, ignore_index=True), pd.concat(truths, ignore_index=True)
    made = calibrate(frame, truth, isotonic_from=isotonic_from)
    wrong = made.held_out["weight"] @ ~made.held_out["right"]
    chance = 1 - made.apply(frame)["probability"].to_numpy()
    assert truth["weight"].to_numpy() @ chance == pytest.approx(wrong, rel=1e-6)
    without = chance[frame["field"].to_numpy() == "licence_number"]
    assert 0 < without.sum() < 1


def test_without_any_error_the_rule_of_succession_remains():
    made = calibrate(*cards_and_truth([80, 90, 99], [True] * 3))
    assert made.table["probability"].to_numpy() == pytest.approx(np.full(101, 4 / 5))


def test_the_checks_that_incorrect_readings_fail_are_counted():
    texts = [ID_CARD | change for change in (
        [{"性别": "另"}] * 6 + [{"出生": "1974年12月3日"}] * 5 + [{"姓名": "样7本"}] * 4 + [{"住址": "他省"}] * 3 + [{}] * 182)]  # fmt: skip
    frame = to_frame([job(each, key=f"{k}.jpg", score=90) for k, each in enumerate(texts)])
    truth = pd.DataFrame(
        [(f"{k}.jpg", label, text) for k in range(200) for label, text in ID_CARD.items()],
        columns=["key", "field", "text"],
    )
    rates = calibrate(frame, truth).fields.set_index("field")
    assert (rates["cases"] - rates["correct"]).to_dict() == {
        "name": 4, "gender": 6, "ethnicity": 0, "birth_date": 5, "address": 3, "id_number": 0,
    }  # fmt: skip
    # What passes is pooled over six fields, one error in all: a rate of 1 becomes a little less.
    assert rates.loc["gender", ["caught_alone", "caught"]].tolist() == pytest.approx([1, 1], abs=0.04)
    assert rates.loc["birth_date", ["caught_alone", "caught"]].tolist() == pytest.approx([0, 1], abs=0.05)
    assert rates.loc["name", ["caught", "warned"]].tolist() == pytest.approx([0, 1], abs=0.1)
    assert rates.loc["address", ["caught_alone", "caught", "warned"]].tolist() == pytest.approx([0, 0, 0], abs=0.2)
    assert (rates[["caught_alone", "caught", "warned"]].max() <= 0.99).all()


@pytest.mark.parametrize("method", ["isotonic", "platt", "constant"])
def test_only_the_proportions_of_weights_count(method):
    score, right = drawn(500)
    assert fit(score, right, method, weight=np.full(500, 7.0)) == pytest.approx(fit(score, right, method))


def test_weighted_maps_are_those_of_scikit_learn():
    score, right = drawn(2000)
    weight = np.random.default_rng(8).choice([1.0, 9.0], 2000)
    scaled = weight * weight.sum() / (weight**2).sum()
    target = _targets(right, scaled)
    theirs = IsotonicRegression().fit(score, target, sample_weight=weight)
    seen = np.unique(score)
    assert fit(score, right, "isotonic", weight=weight)[seen] == pytest.approx(theirs.predict(seen))
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    twice = np.concatenate([score, score])[:, None] / 100
    both = np.concatenate([target * weight, (1 - target) * weight])
    model.fit(twice, np.repeat([1, 0], 2000), sample_weight=both)
    expected = model.predict_proba(SCORES[:, None] / 100)[:, 1]
    assert fit(score, right, "platt", weight=weight) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("isotonic_from", [1, 10**6])
def test_probabilities_from_an_informative_sample_are_those_of_all_cards(isotonic_from):
    rng = np.random.default_rng(9)
    score, bad = rng.integers(60, 100, 20_000), rng.random(20_000) < 0.1
    right = rng.random(20_000) < np.where(bad, 0.3, 0.98)
    chance = np.where(bad, 1.0, 0.05)  # the batch with most errors is drawn whole
    chosen = rng.random(20_000) < chance
    frame, truth = cards_and_truth(score[chosen], right[chosen])
    values = {}
    for name, given_ in (("weighted", truth.assign(weight=1 / chance[chosen])), ("plain", truth)):
        found = calibrate(frame, given_, isotonic_from=isotonic_from)
        values[name] = float(found.table["probability"].iloc[60:].mean())
    assert values["weighted"] == pytest.approx(right.mean(), abs=0.02)
    assert values["plain"] < right.mean() - 0.2
