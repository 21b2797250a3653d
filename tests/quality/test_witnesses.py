"""Statistics that agree with SciPy, scikit-learn or statsmodels, by another formula than the code has."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from promise_simulations import cells_of, frame_of, groups_that_fail
from scipy.linalg import solve
from scipy.stats import binomtest, f_oneway, norm, permutation_test, ttest_ind_from_stats
from sklearn.metrics import accuracy_score, cohen_kappa_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from cardocr_nb.quality import audit_sample, bootstrap, compare, evaluate, exact_interval, wilson
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
    found = deviations(values, np.zeros(30), np.full(30, 40.0), 10)
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


@pytest.mark.parametrize(("method", "ours"), [("beta", exact_interval), ("wilson", wilson)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_intervals_of_rates_are_those_of_statsmodels(method, ours, confidence):
    n = np.array([1, 2, 7, 30, 598, 12_345])
    count = np.concatenate([np.zeros(6, dtype=int), n // 3, n - n // 6, n])
    theirs = proportion_confint(count, np.tile(n, 4), alpha=1 - confidence, method=method)
    assert np.array(ours(count, np.tile(n, 4), confidence=confidence)) == pytest.approx(np.array(theirs), abs=1e-9)


@pytest.mark.parametrize(("lost", "gained"), [(0, 6), (4, 9), (15, 15)])
def test_the_p_value_of_a_comparison_is_mcnemars_of_statsmodels(lost, gained):
    left, right = np.ones((60, 1), dtype=bool), np.ones((60, 1), dtype=bool)
    right[:lost], left[lost : lost + gained] = False, False
    (one, truth), (other, _) = (frame_of(side, fields=["name"]) for side in (left, right))
    theirs = mcnemar([[60 - lost - gained, lost], [gained, 0]], exact=True).pvalue
    assert compare(one, other, truth).accuracy["p"].iloc[0] == pytest.approx(theirs)


def half_width(cells):
    row = bootstrap(cells, n_resamples=4000).iloc[0]
    return (row["exact_high"] - row["exact_low"]) / 2 / norm.ppf(0.975)


@pytest.mark.parametrize("icc", [0.05, 0.4])
def test_intervals_over_many_groups_are_as_wide_as_the_cluster_robust_ones_of_statsmodels(rng, icc):
    group, right = groups_that_fail(rng, 400, "uneven", 0.75, icc)
    model = sm.GEE(right.astype(float), np.ones(len(right)), groups=group, cov_struct=sm.cov_struct.Independence())
    robust = model.fit().bse[0]
    plain = np.sqrt(right.mean() * (1 - right.mean()) / len(right))
    assert robust > 1.4 * plain
    # The imaginary group makes the interval a little wider.
    assert robust * 0.95 < half_width(cells_of(right[:, np.newaxis], group.astype(str))) < robust * 1.2


def test_intervals_with_weights_are_as_wide_as_the_robust_ones_of_statsmodels(rng):
    weight = rng.choice([1.0, 4.0, 20.0], 1500)
    right = rng.random(1500) < np.where(weight == 1, 0.6, 0.9)
    robust = sm.WLS(right.astype(float), np.ones(1500), weights=weight).fit(cov_type="HC0").bse[0]
    assert robust * 0.95 < half_width(cells_of(right[:, np.newaxis]).assign(weight=weight)) < robust * 1.2


def test_the_correlation_within_groups_is_the_exchangeable_one_of_statsmodels(rng):
    group, right = groups_that_fail(rng, 80, "equal", 0.7, 0.25)
    model = sm.GEE(right.astype(float), np.ones(len(right)), groups=group, cov_struct=sm.cov_struct.Exchangeable())
    frame = pd.DataFrame({"key": [f"{k}.jpg" for k in range(len(group))], "user_data": group.astype(str)})
    found = dependence(frame, ~right, np.zeros(len(group), dtype=int))
    assert found.icc == pytest.approx(model.fit().cov_struct.dep_params, abs=0.01)
