"""Statistics that agree with SciPy or scikit-learn, by another formula than the code has."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from promise_simulations import frame_of
from scipy.linalg import solve
from scipy.stats import binomtest, f_oneway, norm, permutation_test, ttest_ind_from_stats
from sklearn.metrics import accuracy_score, cohen_kappa_score

from cardocr_nb.quality import audit_sample, evaluate
from cardocr_nb.quality._distribution_shift import psi, psi_test
from cardocr_nb.quality._drift_alarms import PERIOD, cusum, deviations, limit
from cardocr_nb.quality._fixed_sequence import lowest_threshold
from cardocr_nb.quality._group_dependence import dependence
from cardocr_nb.review import Corrections, Decision, agreement


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def test_the_ratio_estimate_of_an_audit_is_the_weighted_accuracy_of_scikit_learn(rng):
    score = rng.integers(50, 100, (400, 6))
    frame, truth = frame_of(rng.random((400, 6)) < score / 100, score)
    labels = audit_sample(frame, 200, by="score", seed=3).merge(truth, on=["key", "field"])
    cells = evaluate(frame, labels).cells
    texts = labels.merge(frame[["key", "field", "text"]], on=["key", "field"], suffixes=("", "_read"))
    assert texts["weight"].max() > 1.5 * texts["weight"].min()
    expected = accuracy_score(texts["text"], texts["text_read"], sample_weight=texts["weight"])
    right = (cells["outcome"] == "correct").to_numpy()
    assert np.average(right, weights=cells["weight"]) == pytest.approx(expected)
    assert evaluate(frame, labels).bootstrap(n_resamples=100)["exact"].iloc[-1] == pytest.approx(expected)
    # Horvitz and Thompson: the weights add up to the readings of the frame.
    assert texts["weight"].sum() == pytest.approx(2400)


def test_the_intraclass_correlation_is_that_of_scipys_analysis_of_variance(rng):
    size = rng.integers(5, 40, 30)
    day = np.repeat(np.arange(30), size)
    incorrect = rng.random(len(day)) < rng.beta(0.5, 2, 30)[day]
    created = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(day, unit="D")
    found = dependence(
        pd.DataFrame({"key": [f"{k}.jpg" for k in range(len(day))], "created": created}),
        incorrect,
        np.zeros(len(day), dtype=int),
    )
    f = f_oneway(*(incorrect[day == k].astype(float) for k in range(30))).statistic
    m0 = (len(day) - (size**2).sum() / len(day)) / 29
    # The package divides by the mean of the permuted sums of squares, SciPy by the mean square within groups.
    assert found.icc == pytest.approx((f - 1) / (f - 1 + m0), abs=0.02)


@pytest.mark.parametrize("shift", [0, 4])
def test_the_p_value_of_the_stability_index_is_that_of_scipys_permutation_test(rng, shift):
    left, right = rng.integers(60, 100, 300), rng.integers(60, 100, 80) - shift
    edges = np.unique(np.quantile(left, np.arange(1, 10) / 10))

    def index(a, b):
        # The bins are those of the observed left side, as in the package.
        counts = [np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1) + 0.5 for side in (a, b)]
        one, other = (each / each.sum() for each in counts)
        return float(((other - one) * np.log(other / one)).sum())

    assert index(left, right) == pytest.approx(psi(left, right))
    theirs = permutation_test(
        (left, right), index, n_resamples=1500, alternative="greater", random_state=rng, vectorized=False
    )
    expected, p = psi_test(left, right)
    assert p == pytest.approx(theirs.pvalue, abs=0.05)
    assert expected == pytest.approx(theirs.null_distribution.mean(), rel=0.05)


def test_krippendorffs_alpha_of_two_reviewers_follows_from_scikit_learns_kappa(rng, tmp_path):
    one = rng.choice(["男", "女", "口"], 15)
    other = np.where(rng.random(15) < 0.6, one, rng.choice(["男", "女", "口"], 15))
    file = Corrections(tmp_path / "corrections.csv")
    for k, texts in enumerate(zip(one, other, strict=True)):
        for reviewer, text in zip("ab", texts, strict=True):
            file.add(Decision(f"{k}.jpg", "gender", "corrected", str(text), reviewer=reviewer))
    # Cohen's kappa of both orders together has the margins of both reviewers (Scott's pi); alpha corrects it for 2 n values.
    pi = cohen_kappa_score(np.concatenate([one, other]), np.concatenate([other, one]))
    assert agreement(file)["alpha"].tolist() == pytest.approx([1 - (1 - pi) * (1 - 1 / 30)] * 2)


@pytest.mark.parametrize("false_alarms", [0.05, 0.2, 1.0])
def test_the_limit_of_the_cusum_has_the_run_length_of_a_markov_chain(false_alarms):
    # D. Brook and D. A. Evans, "An approach to the probability distribution of CUSUM run length", Biometrika 59, 1972.
    height, states = limit(false_alarms), 400
    slack = height * (1 - cusum(np.array([height]), false_alarms)[0][0])
    width = 2 * height / (2 * states - 1)
    middle = np.arange(states) * width
    step = norm.cdf(middle - middle[:, np.newaxis] + width / 2 + slack)
    moves = np.diff(step, axis=1, prepend=0)
    run_length = solve(np.eye(states) - moves, np.ones(states))[0]
    assert run_length == pytest.approx(PERIOD / false_alarms, rel=0.03)


def test_the_deviation_of_a_day_is_scipys_t_test_of_one_value(rng):
    values = rng.normal(size=30)
    found = deviations(values, np.zeros(30), 10)
    for day in (10, 20, 29):
        before = values[: max(10, day - 7)]
        test = ttest_ind_from_stats(
            values[day], 0, 1, before.mean(), before.std(ddof=1), len(before), alternative="less"
        )
        assert found[day] == pytest.approx(norm.ppf(test.pvalue))


@pytest.mark.parametrize("precision", [0.9, 0.95])
def test_the_fixed_sequence_is_that_of_scipys_exact_tests(rng, precision):
    for _ in range(20):
        score = rng.integers(70, 100, 90)
        right = rng.random(90) < 0.9 + 0.1 * (score > 80)
        expected = np.nan
        for least in np.unique(score)[::-1]:
            n = int((score >= least).sum())
            if precision**n > 0.05:
                continue  # too few for any result to show the precision
            if binomtest(int(right[score >= least].sum()), n, precision, alternative="greater").pvalue > 0.05:
                break
            expected = least
        assert lowest_threshold(score, right, precision, 0.95).threshold == pytest.approx(expected, nan_ok=True)
