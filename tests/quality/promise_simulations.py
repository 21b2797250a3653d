"""Simulations of the statistical promises, drawn with NumPy alone; run as a script they print the figures of the docs.

``python tests/quality/promise_simulations.py 500 thresholds drift`` prints the measured values of 500 repetitions in each
setting of two groups of settings; without names, of all groups.
"""

# ruff: noqa: T201 - the script prints its table

from __future__ import annotations

import itertools
import sys
import time
import warnings
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from cardocr_nb.frame import conform
from cardocr_nb.quality import _drift as drift_module
from cardocr_nb.quality import (
    audit_sample,
    bootstrap,
    calibrate,
    calibration,
    compare,
    drift,
    estimate_accuracy,
    evaluate,
    review_queue,
    threshold,
)
from cardocr_nb.quality._comparison import _gain
from cardocr_nb.quality._distribution_shift import psi, psi_test
from cardocr_nb.quality._error_estimate import error_table, judged_pairs
from cardocr_nb.quality._fixed_sequence import lowest_threshold
from cardocr_nb.quality._group_dependence import dependence

FIELDS = ["name", "gender", "ethnicity", "birth_date", "address", "id_number"]


# --- cards -------------------------------------------------------------------------------------------------------------


def frame_of(correct, score=None, keys=None, fields=FIELDS, unread=None):
    """Frame and truth of cards; `correct` has a row a card and a column a field."""
    n, k = correct.shape
    text = np.where(correct, "样本", "不同").ravel().astype(object)
    if unread is not None:
        text[unread.ravel()] = None
    keys = tuple(f"{i}.jpg" for i in range(n)) if keys is None else tuple(keys)
    frame, truth = cards_of_keys(keys, tuple(fields))
    score = np.full(n * k, 90) if score is None else score.ravel()
    return frame.assign(text=pd.array(text, dtype="str"), score=pd.array(score, dtype="Int16")), truth.copy()


@lru_cache(maxsize=2)
def cards_of_keys(keys, fields):
    """Frame of cards with these keys, without texts and scores, and their truth."""
    n, k = len(keys), len(fields)
    frame = conform(pd.DataFrame({
        "job_id": np.repeat([f"j{i}" for i in range(n)], k), "key": np.repeat(keys, k), "card_type": "IDCard",
        "state": "Success", "field": np.tile(fields, n),
    }))  # fmt: skip
    images = np.unique(keys)
    return frame, pd.DataFrame({"key": np.repeat(images, k), "field": np.tile(fields, len(images)), "text": "样本"})


def cells_of(correct, group=None):
    """Cells of an evaluation, all of one field name; `correct` has a row a card and a column a field."""
    n, k = correct.shape
    cells = pd.DataFrame({
        "key": np.repeat(np.arange(n), k).astype(str), "field": pd.Categorical(["name"] * (n * k)),
        "outcome": np.where(correct.ravel(), "correct", "wrong"), "distance": 0, "length": 1,
    })  # fmt: skip
    return cells if group is None else cells.assign(group=np.repeat(group, k))


def cards(rng, n, kind="smooth"):
    """Correct readings and scores of `n` cards; errors come with low scores, in some kinds on whole cards together."""
    if kind == "one score":
        return rng.random((n, 6)) < 0.995, np.full((n, 6), 90)
    if kind == "ties":
        score = rng.choice([70, 85, 95], (n, 6), p=[0.1, 0.3, 0.6])
        return rng.random((n, 6)) < np.select([score == 70, score == 85], [0.8, 0.98], 0.998), score
    if kind == "bad photos":
        bad = rng.random((n, 1)) < 0.1
        score = np.where(bad, rng.integers(40, 95, (n, 6)), rng.integers(80, 100, (n, 6)))
        return rng.random((n, 6)) < np.where(bad, 0.7, 0.997), score
    score = rng.integers(60, 100, (n, 6))
    return rng.random((n, 6)) < 1 - 0.06 * np.exp(-(score - 60) / 8.0), score


def group_sizes(rng, n_groups, kind):
    """Number of cards of each group."""
    if kind == "equal":
        return np.full(n_groups, 20)
    if kind == "one large":
        return np.append(np.full(n_groups - 1, 5), 200)
    return np.ceil(np.exp(rng.normal(2.5, 1.0, n_groups))).astype(int)


def groups_that_fail(rng, n_groups, kind, rate, icc, *, worse_if_large=False):
    """Group of each card and whether it is correct, beta-binomial; and the rate of the population of such cards."""
    size = group_sizes(rng, n_groups, kind)
    p = rng.beta(rate * (1 / icc - 1), (1 - rate) * (1 / icc - 1), n_groups) if icc else np.full(n_groups, rate)
    if worse_if_large:
        p = np.where(size > np.median(size), 1 - 1.5 * (1 - p), 1 - 0.5 * (1 - p)).clip(0, 1)
    group = np.repeat(np.arange(n_groups), size)
    return group, rng.random(len(group)) < p[group]


# --- intervals ---------------------------------------------------------------------------------------------------------


def coverage_of_rates(rng, repetitions, n, rate):
    """Coverage of the interval of a field's accuracy over `n` cards."""
    count, covered, seen = rng.binomial(n, rate, repetitions), 0, {}
    for k in count.tolist():
        if k not in seen:
            row = bootstrap(cells_of((np.arange(n) < k)[:, np.newaxis])).iloc[0]
            seen[k] = row.exact_low <= rate <= row.exact_high
        covered += seen[k]
    return covered / repetitions


def coverage_of_all_fields(rng, repetitions, n, rate, together=0.1, fields=6):
    """Coverage of the interval for all fields, where a part of the errors spoils whole cards."""
    covered = 0
    whole = together * (1 - rate)
    single = 1 - rate / (1 - whole)
    for _ in range(repetitions):
        correct = (rng.random((n, fields)) >= single) & (rng.random((n, 1)) >= whole)
        row = bootstrap(cells_of(correct), n_resamples=500).iloc[-1]
        covered += row.exact_low <= rate <= row.exact_high
    return covered / repetitions


def coverage_of_character_errors(rng, repetitions, n, rate, edits, together=0.0, readings=6):
    """Coverage of the character error rate of `n` cards with readings of 18 characters, `together` wholly correct or not.

    Incorrect readings have one edit, or in a tenth of the cases as many as characters (`losses`) or twice as many
    (`insertions`).
    """
    covered = 0
    many = {"one": 1, "losses": 18, "insertions": 36}[edits]
    true = rate * (0.9 + 0.1 * many) / 18
    for _ in range(repetitions):
        wrong = np.where(rng.random((n, 1)) < together, rng.random((n, 1)), rng.random((n, readings))) < rate
        distance = np.where(rng.random(wrong.shape) < 0.1, many, 1) * wrong
        cells = cells_of(~wrong).assign(distance=distance.ravel(), length=18)
        row = bootstrap(cells, n_resamples=500).iloc[-1]
        covered += row.cer_low <= true <= row.cer_high
    return covered / repetitions


def coverage_of_groups(rng, repetitions, n_groups, kind, rate, icc, worse_if_large=False):
    """Coverage of the accuracy of cards of new groups by an interval over groups."""
    draw = np.random.default_rng(1)
    if worse_if_large:
        # The rate of the population weights each group by its cards.
        population = [groups_that_fail(draw, n_groups, kind, rate, icc, worse_if_large=True)[1] for _ in range(4000)]
        rate = np.concatenate(population).mean()
    covered = 0
    for _ in range(repetitions):
        group, correct = groups_that_fail(rng, n_groups, kind, rate if not worse_if_large else 0.95, icc,
                                          worse_if_large=worse_if_large)  # fmt: skip
        row = bootstrap(cells_of(correct[:, np.newaxis], group.astype(str)), n_resamples=1000).iloc[0]
        covered += row.exact_low <= rate <= row.exact_high
    return covered / repetitions


def coverage_of_difference(rng, repetitions, n, lost, gained):
    """Coverage of the difference of two runs, by `compare`."""
    drawn = rng.multinomial(n, [lost, gained, 1 - lost - gained], repetitions)[:, :2]
    pairs, times = np.unique(drawn, axis=0, return_counts=True)
    covered = 0
    # Each pair of counts is a field of its own.
    for fields in at_once(len(pairs)):
        some, pairs = pairs[: len(fields)], pairs[len(fields) :]
        image, (a, b) = np.arange(n)[:, np.newaxis], some.T
        sides = [frame_of(side, fields=fields) for side in ((image < a) | (image >= a + b), image >= a)]
        rows = compare(sides[0][0], sides[1][0], sides[0][1]).accuracy.set_index("field").loc[fields]
        inside = (rows["low"] <= gained - lost) & (gained - lost <= rows["high"])
        covered += times[: len(fields)] @ inside.to_numpy(np.int64)
        times = times[len(fields) :]
    return covered / repetitions


def coverage_of_difference_of_all_fields(rng, repetitions, n, rates, bad):
    """Coverage of the difference for all fields; both runs are worse on the same bad photos, the part `bad` of all."""
    covered, lost = 0, [np.array([rate, 10 * rate]) for rate in rates]
    true = (1 - bad) * (lost[0][0] - lost[1][0]) + bad * (lost[0][1] - lost[1][1])
    for _ in range(repetitions):
        photo = (rng.random((n, 1)) < bad).astype(int)
        sides = [rng.random((n, 6)) >= each[photo] for each in lost]
        gain = sides[1].astype(int) - sides[0]
        cells = pd.DataFrame({"key": np.repeat(np.arange(n), 6), "weight": 1.0, "gain": gain.ravel()})
        _, low, high = _gain(cells, 0.95)
        covered += low <= true <= high
    return covered / repetitions


def coverage_of_difference_in_groups(rng, repetitions, n_groups, kind, gained):
    """The same where a new engine mends whole batches: the gain is 0 or 1 for all cards of a batch."""
    covered = 0
    # Fields are judged one by one, so that 20 of them are as many repetitions with groups of the same sizes.
    for fields in at_once(repetitions):
        group = np.repeat(np.arange(n_groups), group_sizes(rng, n_groups, kind))
        left = (rng.random((n_groups, len(fields))) >= gained)[group]
        sides = [frame_of(side, fields=fields) for side in (left, np.ones_like(left))]
        groups = dict(zip(sides[0][0]["key"].drop_duplicates(), group.astype(str), strict=True))
        rows = compare(sides[0][0], sides[1][0], sides[0][1], groups=groups).accuracy.iloc[:-1]
        covered += ((rows["low"] <= gained) & (gained <= rows["high"])).sum()
    return covered / repetitions


def at_once(repetitions, most=20):
    """Names of fields for that many repetitions, at most so many at once."""
    for start in range(0, repetitions, most):
        yield [f"field_{k}" for k in range(min(most, repetitions - start))]


# --- thresholds --------------------------------------------------------------------------------------------------------


def broken_thresholds(rng, repetitions, n, precision, quality, weight=None):
    """Rate of sets in which the precision above the threshold is lower than promised; `quality` by score 50 to 99."""
    values = np.arange(50, 100)
    weight = np.ones(50) if weight is None else weight
    true = np.cumsum((weight * quality)[::-1])[::-1] / np.cumsum(weight[::-1])[::-1]
    broken = 0
    for _ in range(repetitions):
        at = rng.choice(50, n, p=weight / weight.sum())
        found = lowest_threshold(values[at], rng.random(n) < quality[at], precision, 0.95)
        broken += not np.isnan(found.threshold) and bool(true[int(found.threshold) - 50] < precision - 1e-12)
    return broken / repetitions


def broken_in_groups(rng, repetitions, n_groups, kind, precision, icc=0.3, n_scores=20, worse_if_large=False):
    """The same for batches that fail together, at a precision a little below the promise at every score."""
    broken, rate = 0, precision - 0.005
    if worse_if_large:
        draw = np.random.default_rng(1)
        pooled = [groups_that_fail(draw, n_groups, kind, rate, icc, worse_if_large=True)[1] for _ in range(4000)]
        precision = np.concatenate(pooled).mean() + 0.005
    for _ in range(repetitions):
        group, right = groups_that_fail(rng, n_groups, kind, rate, icc, worse_if_large=worse_if_large)
        found = lowest_threshold(rng.integers(80, 80 + n_scores, len(group)), right, precision, 0.95, group=group)
        broken += not np.isnan(found.threshold)
    return broken / repetitions


def broken_with_an_audit(rng, repetitions, n, precision, quality, mass, parts):
    """The same for a sample of `n` readings, stratified by score into four bands that get unequal `parts` of it."""
    band = np.arange(20) // 5
    true = np.cumsum((mass * quality)[::-1])[::-1] / np.cumsum(mass[::-1])[::-1]
    drawn = np.maximum(5, np.round(n * np.array(parts))).astype(int)
    size = np.bincount(band, weights=mass)
    weight, broken = np.repeat(1000 * size / drawn, drawn), 0
    for _ in range(repetitions):
        score = np.concatenate([
            rng.choice(20, k, p=np.where(band == h, mass, 0) / size[h]) for h, k in enumerate(drawn)
        ])  # fmt: skip
        found = lowest_threshold(score, rng.random(len(score)) < quality[score], precision, 0.95, weight=weight)
        broken += not np.isnan(found.threshold) and bool(true[int(found.threshold)] < precision - 1e-12)
    return broken / repetitions


def broken_with_repeated_images(rng, repetitions, images, readings, precision):
    """The same for images that were read several times with the same result."""
    broken = 0
    for _ in range(repetitions):
        correct = np.repeat(rng.random(images) < precision - 0.002, readings)[:, np.newaxis]
        keys = np.repeat([f"{i}.jpg" for i in range(images)], readings)
        frame, truth = frame_of(correct, keys=keys, fields=["name"])
        broken += threshold(frame, truth, precision=precision).fields["threshold"].notna().iloc[0]
    return broken / repetitions


def broken_whole_cards(rng, repetitions, n, precision, unread=0.03, kind="smooth"):
    """Rate of sets in which new cards that pass are correct less often than promised, with unread fields."""
    broken = 0
    for _ in range(repetitions):
        right, score = cards(rng, n, kind)
        frame, truth = frame_of(right, score, unread=rng.random(right.shape) < unread)
        found = threshold(frame, truth, precision=precision, unit="card")
        new, scores = cards(rng, 4000, kind)
        missing = rng.random(new.shape) < unread
        passing = passing_by_hand(found, scores, missing)
        if passing.any():
            rate = (new & ~missing).all(axis=1)[passing].mean()
            # The sample of new cards varies too: 4,000 of them decide only beyond two standard errors.
            broken += rate < precision - 2 * np.sqrt(precision * (1 - precision) / passing.sum())
    return broken / repetitions


def passing_by_hand(found, scores, missing):
    """Cards that pass a threshold for whole cards, by the maps of its calibrator."""
    maps = found.calibrator.table.set_index(["field", "score"])["probability"].loc[FIELDS].to_numpy().reshape(6, -1)
    smallest = maps[np.arange(6), scores].min(axis=1)
    least = found.table["threshold"].iloc[0]
    return (smallest >= least) & ~missing.any(axis=1) if pd.notna(least) else np.zeros(len(scores), dtype=bool)


# --- samples -----------------------------------------------------------------------------------------------------------


def coverage_of_audits(rng, repetitions, n, by, kind="smooth", size=800, unit="field"):
    """Coverage of the accuracy of all fields of a frame by a sample of its readings."""
    covered = 0
    frame = truth = right = None
    for seed in range(repetitions):
        if seed % 10 == 0:
            right, score = cards(rng, size, kind)
            frame, truth = frame_of(right, score)
        sample = audit_sample(frame, n, by=by, unit=unit, seed=seed).merge(truth, on=["key", "field"])
        row = evaluate(frame, sample).bootstrap(n_resamples=500).iloc[-1]
        covered += row.exact_low <= right.mean() <= row.exact_high
    return covered / repetitions


def coverage_of_weighted_field(rng, repetitions, n, ratio, rate=0.97):
    """Coverage of a rate from two strata; the small one has most errors and was drawn `ratio` times as often."""
    covered, share = 0, 0.1
    rates = np.array([1 - 6 * (1 - rate), 1 - (1 - rate) * 4 / 9])
    chance = np.array([share * ratio, 1 - share])
    # At least 5 cases a stratum, as `audit_sample` draws them.
    drawn = np.clip(np.round(n * chance / chance.sum()), 5, n - 5).astype(int)
    weight = np.repeat(np.array([share, 1 - share]) / drawn, drawn)
    true = share * rates[0] + (1 - share) * rates[1]
    for _ in range(repetitions):
        correct = rng.random(n) < np.repeat(rates, drawn)
        row = bootstrap(cells_of(correct[:, np.newaxis]).assign(weight=weight * n), n_resamples=1000).iloc[0]
        covered += row.exact_low <= true <= row.exact_high
    return covered / repetitions


def mean_probability_with_partial_truth(rng, repetitions):
    """Mean calibrated probability of readings that are correct at a rate of 0.98, where the truth names one field."""
    means = []
    for _ in range(repetitions):
        frame, truth = frame_of(rng.random((300, 6)) < 0.98, rng.integers(60, 100, (300, 6)))
        held_out = calibrate(frame, truth[truth["field"] == "name"]).held_out
        means.append(held_out["probability"].mean())
    return float(np.mean(means))


# --- days --------------------------------------------------------------------------------------------------------------


def false_warnings(rng, repetitions, n, days, rate):
    """Rate of warnings of correlated errors where cards of one stratum are independent."""
    first = pd.DataFrame({
        "key": [f"{k % 7}/{k}.jpg" for k in range(n)], "bucket": rng.choice(["a", "b"], n),
        "created": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, days, n), unit="D"),
        "user_data": rng.integers(0, n // 2, n).astype(str),
    })  # fmt: skip
    false = 0
    for _ in range(repetitions):
        stratum = rng.integers(0, 3, n)
        false += dependence(first, rng.random(n) < rate * (0.5 + stratum / 2), stratum) is not None
    return false / repetitions


TEXTS = {"name": "样本一", "gender": "男", "ethnicity": "汉", "birth_date": "1974年12月1日", "address": "样本省示例市1号",
         "id_number": "990101197412010014"}  # fmt: skip


def days_of_cards(rng, days, *, rate, change=None, per_day=30, between=0.2, score="usual", factor=2.0,
                  alike=0.0):  # fmt: skip
    """Days of identity cards; readings are unread at a rate that varies from day to day, and rises from a day on.

    The variation of one day has the correlation `alike` with that of the day before. `per_day` is a number of cards, 0 for one
    that varies around 30, or one for the first 15 days and one for the others.
    """
    day = np.arange(days)
    p = rate * np.exp(between * variation(rng, days, alike) - between**2 / 2)
    if change is not None:
        p = np.where(day >= change, factor * p, p)
    if isinstance(per_day, tuple):
        per = np.where(day < 15, *per_day)
    else:
        per = np.full(days, per_day) if per_day else rng.poisson(30, days) + 1
    of_card = np.repeat(day, per)
    n = len(of_card)
    unread = rng.random((n, 6)) < np.minimum(p, 1)[of_card][:, np.newaxis]
    if score == "usual":
        values = np.clip(
            rng.normal((95 + 0.7 * variation(rng, days, alike))[of_card][:, np.newaxis], 4, (n, 6)), 0, 100
        )
    else:
        values = (
            np.full((n, 6), 99.0) if score == "one" else rng.choice([80.0, 95.0, 99.0], (n, 6), p=[0.05, 0.15, 0.8])
        )
    text = np.tile(np.array(list(TEXTS.values()), dtype=object), n)
    text[unread.ravel()] = None
    scores = pd.array(values.astype(int).ravel(), dtype="Int16")
    scores[unread.ravel()] = pd.NA
    return cards_of_days(tuple(per)).assign(text=pd.array(text, dtype="str"), score=scores)


def variation(rng, days, alike):
    """Standard normal values of days, an autoregression of first order."""
    new = rng.standard_normal(days)
    new[1:] *= np.sqrt(1 - alike**2)
    return lfilter([1], [1, -alike], new)


@lru_cache(maxsize=1)
def cards_of_days(per):
    """Frame of so many identity cards a day, without texts and scores."""
    n = sum(per)
    return conform(pd.DataFrame({
        "key": np.repeat(np.arange(n), 6).astype(str), "card_type": "IDCard", "state": "Success", "field": np.tile(FIELDS, n),
        "created": pd.Timestamp("2026-03-01", tz="+08:00")
        + pd.to_timedelta(np.repeat(np.arange(len(per)), 6 * np.array(per)), unit="D"),
    }))  # fmt: skip


def delays_and_false_alarms(rng, repetitions, days, change, **options):
    """Median day after a change on which an alarm comes, and the mean number of days with a false alarm before it."""
    delays, false_alarms = [], []
    # Alarms do not use the distances of the scores of one day, which take most of the time.
    kept = drift_module._distances
    drift_module._distances = lambda *_: (0.0, 1.0, 0.0, 0.0, 1.0)
    try:
        for _ in range(repetitions):
            table = drift(days_of_cards(rng, days, change=change, **options))
            at = np.flatnonzero(table.groupby("day")["alarm"].any().to_numpy(bool))
            until = days if change is None else change
            false_alarms.append((at < until).sum())
            after = at[at >= until]
            delays.append(after[0] - until + 1 if len(after) else np.inf)
    finally:
        drift_module._distances = kept
    return float(np.median(delays)), float(np.mean(false_alarms))


# --- without truth -----------------------------------------------------------------------------------------------------


def chances_of_errors(rng, n, rate, kind):
    """Scores of cards and the probability of an error of each reading; in most kinds it is not a logistic curve of the score."""
    score = np.clip(rng.normal(88, 8, (n, 6)), 40, 100).astype(int)
    if kind == "bad photos":
        chance = np.where(rng.random((n, 1)) < 0.08, 10 * rate, rate / 5) * 0.1 * np.ones((1, 6))
        return np.where(chance > rate / 40, score - 10, score).clip(40, 100), chance
    if kind == "two fields":
        return score, rate * np.exp(-(score - 60) / 12) * np.array([0, 0, 0, 0, 3, 2])
    if kind == "scores say nothing":
        return score, np.full((n, 6), rate * 0.1)
    if kind == "a step":
        return score, np.where(score < 78, rate, 0.002)
    if kind == "one score":
        return np.full((n, 6), 96), np.full((n, 6), rate * 0.1)
    return score, rate * np.exp(-(score - 60) / 12)


def read_cards(rng, n, first=0, rate=0.25, kind="smooth"):
    """Frame of identity cards, its truth, and the incorrect readings."""
    score, chance = chances_of_errors(rng, n, rate, kind)
    wrong = rng.random((n, 6)) < chance
    text = np.tile(np.array(list(TEXTS.values()), dtype=object), (n, 1))
    for card, column in zip(*np.nonzero(wrong), strict=True):
        right = text[card, column]
        at = rng.integers(len(right))
        digit = str((int(right[at]) + rng.integers(1, 10)) % 10) if right[at].isdigit() else "口"
        text[card, column] = right[:at] + digit + right[at + 1 :]
    keys = np.repeat([f"{k}.jpg" for k in range(first, first + n)], 6)
    frame = pd.DataFrame({
        "job_id": keys, "key": keys, "card_type": "IDCard", "state": "Success", "field": np.tile(FIELDS, n),
        "text": text.ravel(), "score": pd.array(score.ravel(), dtype="Int16"),
    })  # fmt: skip
    truth = frame[["key", "field"]].assign(text=np.tile(list(TEXTS.values()), n))
    return conform(frame), truth, dict(zip(zip(keys, np.tile(FIELDS, n), strict=True), wrong.ravel(), strict=True))


def expected_over_found(rng, repetitions, n=400, rate=0.25, kind="smooth"):
    """Expected errors in the first twentieth, the first fifth and all of a queue, over those that are there."""
    expected, found = np.zeros(3), np.zeros(3)
    for _ in range(repetitions):
        learned, truth, _ = read_cards(rng, n, rate=rate, kind=kind)
        frame, _, wrong = read_cards(rng, 400, first=n, rate=rate, kind=kind)
        queue = review_queue(frame, calibrator=calibrate(learned, truth))
        hits = np.cumsum([wrong[pair] for pair in zip(queue["key"], queue["field"], strict=True)])
        ends = np.array([len(queue) // 20, len(queue) // 5, len(queue)]) - 1
        expected += queue["found"].to_numpy()[ends]
        found += hits[ends]
    return [*(expected / found).round(3).tolist(), found.tolist()]


def coverage_of_estimates(rng, repetitions, n, rate, other):
    """Coverage of the accuracy of license numbers by the bounds without truth, the worse of both methods."""
    from test_valid_cards import valid_cards

    frame = valid_cards(2 * n, 1, other=other)
    rows = np.flatnonzero(frame["field"] == "licence_number")
    covered = np.zeros(2)
    right = frame["text"].astype(object).to_numpy()
    for _ in range(repetitions):
        wrong = rows[rng.random(len(rows)) < 1 - rate]
        text = right.copy()
        text[wrong] = [t[:-1] + ("1" if t[-1] != "1" else "2") for t in right[wrong]]
        table = estimate_accuracy(frame.assign(text=pd.Series(text, index=frame.index, dtype=frame["text"].dtype)))
        found = table[table["field"] == "licence_number"]
        true = 1 - len(wrong) / len(rows)
        covered += ((found["low"] <= true) & (true <= found["high"])).to_numpy()
    return covered.min() / repetitions


READ_TWICE = ["name", "gender", "birth_date", "id_number"]
GOOD, BAD = np.array([[0.006, 0.002, 0.004, 0.01], [0.01, 0.003, 0.006, 0.02]]), np.array([[0.2, 0.08, 0.15, 0.3]] * 2)
LETTERS = np.array([chr(0x4E00 + k) for k in range(3000)])


def with_check_digit(head):
    """Numbers of arrays of 17 digits, by the rule of GB 11643."""
    total = head @ np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11
    return ["".join(map(str, row)) + "10X98765432"[t] for row, t in zip(head.tolist(), total.tolist(), strict=True)]


def printed_cards(rng, n):
    """Texts of cards, and the 17 digits of their numbers."""
    born = np.array("1950-01-01", "M8[D]") + rng.integers(0, 20_000, n)
    born_digits = [[int(c) for c in str(day).replace("-", "")] for day in born]
    head = np.hstack([np.tile([9, 9, 0, 1, 0, 1], (n, 1)), born_digits, rng.integers(0, 10, (n, 3))])
    name = ["".join(row) for row in rng.choice(LETTERS, (n, 3))]
    texts = [name, np.where(head[:, 16] % 2, "男", "女"), [str(day) for day in born], with_check_digit(head)]
    return np.array(texts, dtype=object).T, head


def misread_text(rng, field, text, head, passing):
    """A text that differs; a number passes its check with a probability, by chance only if that is 0."""
    if field == "gender":
        return "女" if text == "男" else "男"
    if field == "name":
        at, new = rng.integers(3), rng.choice(LETTERS)
        return misread_text(rng, field, text, head, passing) if new == text[at] else text[:at] + new + text[at + 1 :]
    if field == "birth_date":
        return str(np.array(text, "M8[D]") + rng.choice([-30, -10, -2, -1, 1, 2, 10, 30, 365 * 3]))
    if rng.random() < passing:
        new = head.copy()
        new[[rng.integers(6), rng.integers(14, 17)]] = rng.integers(0, 10, 2)
        found = with_check_digit(new[np.newaxis])[0]
        return found if found != text else misread_text(rng, field, text, head, passing)
    if rng.random() < 0.1:
        return text[:-1]
    digits = list(text)
    for at in rng.choice(18, rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]), replace=False):
        digits[at] = str((int(digits[at].replace("X", "0")) + rng.integers(1, 10)) % 10)
    return "".join(digits)


def two_readings(rng, n, *, bad=0.15, good_rates=GOOD, bad_rates=BAD, alike=0.0, passing=(0.0, 0.8), misprinted=0.0, batches=0,
                 samples=1):  # fmt: skip
    """Frames of two readers of the same cards, and their true rates of errors by field, shape (2, 4).

    Both are worse on the same bad photos; the part `alike` of the errors of the better reader is the other's as well.
    """
    texts, head = printed_cards(rng, n)
    spoiled = rng.random(n) < bad
    if batches:
        spoiled = (rng.random((batches, samples)) < bad)[rng.integers(0, batches, n), np.arange(n) % samples]
    for card in np.flatnonzero(rng.random(n) < misprinted):
        texts[card, 3] = texts[card, 3][:-1] + str((int(texts[card, 3][-1].replace("X", "0")) + 1) % 10)
    both = [alike * rates.min(axis=0) for rates in (good_rates, bad_rates)]
    own = [(rates - s) / (1 - s) for rates, s in zip((good_rates, bad_rates), both, strict=True)]
    common = rng.random((n, 4)) < np.where(spoiled[:, np.newaxis], both[1], both[0])
    sides = []
    for side in (0, 1):
        wrong = rng.random((n, 4)) < np.where(spoiled[:, np.newaxis], own[1][side], own[0][side])
        read = texts.copy()
        for card, column in zip(*np.nonzero(wrong), strict=True):
            read[card, column] = misread_text(rng, READ_TWICE[column], texts[card, column], head[card], passing[side])
        sides.append(read)
    for card, column in zip(*np.nonzero(common), strict=True):
        sides[0][card, column] = sides[1][card, column] = misread_text(
            rng, READ_TWICE[column], texts[card, column], head[card], min(passing))  # fmt: skip
    keys = np.repeat([f"{k}.jpg" for k in range(n)], 4)
    frames = [
        conform(pd.DataFrame({"job_id": keys, "key": keys, "card_type": "IDCard", "state": "Success",
                              "field": np.tile(READ_TWICE, n), "text": read.ravel()}))
        for read in sides
    ]  # fmt: skip
    return *frames, (1 - bad) * good_rates + bad * bad_rates


def coverage_of_two_readers(rng, repetitions, n, shared=0.1, corrects=(False, True), **cards):
    """Coverage of the error rates of two readers without truth: of each reader and their mean, the worst of four fields.

    Also the mean of the estimated rates over the true ones, of the numbers of both readers and of all means.
    """
    covered, rates = np.zeros((4, 3)), []
    # All samples at once: cards are judged one by one.
    first, second, true = two_readings(rng, n * repetitions, samples=repetitions, **cards)
    truth = np.vstack([true, true.mean(axis=0)]).T
    pairs = judged_pairs(first, second, corrects=corrects)
    sample = pairs["key"].str.removesuffix(".jpg").astype(int).to_numpy() % repetitions
    for _, part in pairs.groupby(sample):
        table = error_table(part, shared, corrects, 0.95).set_index(["field", "reader"])
        table = table.loc[[(f, r) for f in READ_TWICE for r in ("first", "second", "mean")]]
        low, high, rate = (table[c].to_numpy().reshape(4, 3) for c in ("low", "high", "rate"))
        covered += (low <= truth) & (truth <= high)
        rates.append(rate / truth)
    over = np.mean(rates, axis=0)
    return (*np.round(covered.min(axis=0) / repetitions, 3).tolist(),
            *over[3, :2].round(2).tolist(), *over[:, 2].round(2).tolist())  # fmt: skip


def level_of_psi(rng, repetitions, left, right, scores):
    """Rate of p values of the stability index up to 0.05 without change, and its mean over the mean expected value."""
    tests, index = [], []
    for _ in range(repetitions):
        sides = [rng.integers(0, scores, n) for n in (left, right)]
        tests.append(psi_test(*sides, n_resamples=199))
        index.append(psi(*sides))
    expected, p = np.array(tests).T
    return float(np.mean(p <= 0.05)), round(float(expected.mean() / np.mean(index)), 2)


def ece_over_expected(rng, repetitions, n, largest=1.0):
    """Mean calibration error of scores that are the true probabilities, over the mean expected value.

    A fifth of the readings has the largest weight, the others 1.
    """
    found = []
    for fields in at_once(repetitions):
        score = rng.integers(70, 100, (n, len(fields)))
        frame, truth = frame_of(rng.random(score.shape) < score / 100, score, fields=fields)
        truth["weight"] = np.where(rng.random(len(truth)) < 0.2, largest, 1.0)
        found.append(calibration(frame, truth).fields[["ece", "ece_expected"]].to_numpy())
    observed, expected = np.concatenate(found).mean(axis=0)
    return round(float(observed / expected), 3)


# --- the table ---------------------------------------------------------------------------------------------------------


def settings():
    """Every setting of every promise: its group, its words and a function of generator and repetitions."""
    rising = 0.9 + 0.1 * (np.arange(50) / 49) ** 0.5
    one, three = np.zeros(50), np.zeros(50)
    one[40] = 1
    three[[10, 30, 45]] = [1, 3, 6]
    product = itertools.product
    yield from (
        ("rates", f"{n} cards, rate {p}", lambda g, r, n=n, p=p: coverage_of_rates(g, r * 4, n, p))
        for n, p in product((5, 10, 20, 40, 85, 150, 300, 500), (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998))
    )
    yield from (
        ("all-fields", f"{n} cards, rate {p}, {t} of errors on whole cards, {k} fields",
         lambda g, r, n=n, p=p, t=t, k=k: coverage_of_all_fields(g, r, n, p, t, k))
        for n, p, t, k in product((5, 20, 60, 100, 400), (0.8, 0.95, 0.99, 0.998), (0.1, 0.9), (6, 10))
    )  # fmt: skip
    yield from (
        (
            "difference",
            f"{n} images, {a} lost, {b} gained",
            lambda g, r, n=n, a=a, b=b: coverage_of_difference(g, r, n, a, b),
        )
        for n, (a, b) in product((5, 10, 50, 300), ((0, 0.02), (0.02, 0.02), (0.05, 0.15), (0.01, 0.1), (0.3, 0.3)))
    )
    for n, rates, bad in ((5, (0.02, 0.05), 0.1), (10, (0.09, 0.02), 0.1), (20, (0.02, 0.02), 0.3), (50, (0.09, 0.01), 0.5),
                          (100, (0.002, 0.01), 0.05), (300, (0.05, 0.02), 0.1)):  # fmt: skip
        yield ("difference-all", f"{n} images, rates {rates}, {bad} bad photos",
               lambda g, r, n=n, p=rates, b=bad: coverage_of_difference_of_all_fields(g, r, n, p, b))  # fmt: skip
    yield from (
        ("characters", f"{n} cards of {k} readings, rate {p}, {e}, {t} of cards wholly correct or not",
         lambda g, r, n=n, p=p, e=e, t=t, k=k: coverage_of_character_errors(g, r, n, p, e, t, k))
        for n, (p, t, k), e in product((5, 50, 400), ((0.2, 0.0, 1), (0.2, 0.0, 6), (0.02, 0.5, 6), (0.005, 0.0, 1)),
                                       ("one", "losses", "insertions"))
    )  # fmt: skip
    yield from (
        ("group-rates", f"{n} groups, {kind}, rate {p}, correlation {icc}{', large ones worse' if w else ''}",
         lambda g, r, n=n, kind=kind, p=p, icc=icc, w=w: coverage_of_groups(g, r, n, kind, p, icc, w))
        for n, kind, (p, icc, w) in product(
            (5, 10, 20, 30), ("equal", "uneven", "one large"),
            ((0.95, 0.02, False), (0.95, 0.3, False), (0.8, 0.1, False), (0.99, 0.3, False), (0.95, 0.1, True)))
    )  # fmt: skip
    yield from (
        ("group-difference", f"{n} groups, {kind}, {b} gained",
         lambda g, r, n=n, kind=kind, b=b: coverage_of_difference_in_groups(g, r, n, kind, b))
        for n, kind, b in product((5, 10, 30), ("equal", "uneven", "one large"), (0.05, 0.3))
    )  # fmt: skip
    for name, quality, n, precision, weight in (
        ("rising", rising, 3000, 0.98, None), ("a little below everywhere", np.full(50, 0.9799), 3000, 0.98, None),
        ("a little below everywhere", np.full(50, 0.9799), 150, 0.98, None),
        ("a little below everywhere", np.full(50, 0.9949), 20_000, 0.995, None),
        ("falling", rising[::-1], 3000, 0.97, None), ("usual", 1 - 0.02 * np.exp(-np.arange(50) / 10), 5000, 0.995, None),
        ("one score, a little below", np.full(50, 0.9799), 600, 0.98, one),
        ("three scores, a little below", np.full(50, 0.9799), 1200, 0.98, three),
        ("few cards", np.full(50, 0.89), 40, 0.9, None),
    ):  # fmt: skip
        yield ("thresholds", f"{name}, {n} readings, {precision} promised",
               lambda g, r, q=quality, n=n, p=precision, w=weight: broken_thresholds(g, r * 2, n, p, q, w))  # fmt: skip
    yield from (
        ("group-thresholds", f"{n} groups, {kind}, {p} promised, correlation {icc}, {k} scores{', large ones worse' if w else ''}",
         lambda g, r, n=n, kind=kind, p=p, icc=icc, k=k, w=w: broken_in_groups(g, r, n, kind, p, icc, k, w))
        for (n, p), kind, icc, k, w in product(
            ((5, 0.6), (15, 0.85), (30, 0.9), (60, 0.95)), ("equal", "uneven", "one large"), (0.05, 0.3), (1, 20), (False, True))
    )  # fmt: skip
    values, flat = np.arange(20), np.ones(20)
    for name, n, precision, quality, mass, parts in (
        ("a little below everywhere", 300, 0.9, np.full(20, 0.895), flat, (0.4, 0.3, 0.2, 0.1)),
        ("errors where few are drawn, at the top", 300, 0.9, np.where(values >= 15, 0.88, 0.93), flat, (0.45, 0.3, 0.2, 0.05)),
        ("errors where few are drawn, in the middle", 300, 0.9, np.where(values // 5 == 2, 0.7, 0.96), flat, (0.4, 0.3, 0.03, 0.27)),
        ("most readings at the top", 600, 0.95, np.where(values >= 15, 0.945, 0.7), np.exp(values / 4), (0.4, 0.3, 0.25, 0.05)),
    ):  # fmt: skip
        yield ("audit-thresholds", f"{name}, {n} readings, {precision} promised",
               lambda g, r, n=n, p=precision, q=quality, m=mass, a=parts: broken_with_an_audit(g, r, n, p, q, m, a))  # fmt: skip
    for images, readings, p in ((300, 5, 0.98), (60, 20, 0.95), (600, 2, 0.995)):
        yield ("repeated", f"{images} images read {readings} times, {p} promised",
               lambda g, r, i=images, k=readings, p=p: broken_with_repeated_images(g, r, i, k, p))  # fmt: skip
    for n, p, unread, kind in ((900, 0.95, 0.03, "smooth"), (900, 0.95, 0.0, "bad photos"), (300, 0.9, 0.2, "bad photos"),
                               (900, 0.965, 0.03, "one score"), (900, 0.97, 0.03, "ties"), (120, 0.9, 0.03, "smooth")):  # fmt: skip
        yield ("cards", f"{n} cards, {p} promised, {unread} unread, {kind}",
               lambda g, r, n=n, p=p, u=unread, k=kind: broken_whole_cards(g, r, n, p, u, k))  # fmt: skip
    for n, by, kind, unit in ((200, (), "smooth", "field"), (200, "score", "smooth", "field"), (60, "score", "ties", "field"),
                              (200, ("score", "field"), "bad photos", "field"), (100, (), "bad photos", "card"),
                              (100, "score", "bad photos", "card"), (1200, "score", "bad photos", "field")):  # fmt: skip
        yield ("audits", f"{n} {unit}s by {by}, {kind}",
               lambda g, r, n=n, by=by, k=kind, u=unit: coverage_of_audits(g, r, n, by, k, 800, u))  # fmt: skip
    yield from (
        (
            "weights",
            f"{n} cases, weights 1 to {w}, rate {p}",
            lambda g, r, n=n, w=w, p=p: coverage_of_weighted_field(g, r, n, w, p),
        )
        for n, w, p in product((20, 100, 500), (3, 30, 300), (0.9, 0.97, 0.995))
    )
    for n, days, rate in ((60, 5, 0.1), (300, 30, 0.02), (300, 30, 0.3), (800, 60, 0.05)):
        yield (
            "warnings",
            f"{n} cards, {days} days, rate {rate}",
            lambda g, r, n=n, d=days, p=rate: false_warnings(g, r, n, d, p),
        )
    for options in ({"rate": 0.03}, {"rate": 0.002}, {"rate": 0.15}, {"rate": 0.03, "between": 0.0}, {"rate": 0.03, "between": 0.6},
                    {"rate": 0.03, "per_day": 5}, {"rate": 0.03, "score": "one"}, {"rate": 0.03, "score": "ties"},
                    {"rate": 0.03, "per_day": 0}, {"rate": 0.03, "per_day": (8, 80)}, {"rate": 0.03, "per_day": (80, 8)}):  # fmt: skip
        yield ("drift-false", str(options), lambda g, r, o=options: delays_and_false_alarms(g, r, 210, None, **o)[1])
    for change, options in ((10, {"rate": 0.03}), (30, {"rate": 0.03}), (30, {"rate": 0.02}), (30, {"rate": 0.05}),
                            (30, {"rate": 0.01}), (30, {"rate": 0.03, "score": "one"}), (30, {"rate": 0.03, "between": 0.4})):  # fmt: skip
        yield ("drift-found", f"change after {change} days, {options}",
               lambda g, r, c=change, o=options: delays_and_false_alarms(g, r, c + 40, c, **o))  # fmt: skip
    for n, rate, kind in ((400, 0.25, "smooth"), (400, 0.05, "smooth"), (100, 0.25, "smooth"), (400, 1.0, "smooth"),
                          (400, 0.5, "bad photos"), (400, 0.25, "two fields"), (400, 0.3, "scores say nothing"),
                          (400, 0.2, "a step"), (1500, 0.1, "one score")):  # fmt: skip
        yield ("queue", f"learned on {n} cards, error level {rate}, {kind}",
               lambda g, r, n=n, p=rate, k=kind: expected_over_found(g, r, n, p, k))  # fmt: skip
    for n, rate, other in ((300, 0.98, 0.03), (300, 0.995, 0.03), (300, 0.9, 0.1), (50, 0.95, 0.03)):
        yield ("estimates", f"{n} licenses, rate {rate}, {other} of other documents",
               lambda g, r, n=n, p=rate, o=other: coverage_of_estimates(g, r, n, p, o))  # fmt: skip
    for n, options in (
        (300, {}), (60, {}), (600, {}), (300, {"bad": 0.0}), (300, {"bad": 0.5}), (300, {"alike": 0.1}),
        (300, {"passing": (0.0, 1.0)}), (300, {"passing": (0.0, 0.0), "corrects": (False, False)}),
        (300, {"good_rates": GOOD[[0, 1]] * [[5], [0.5]]}), (300, {"good_rates": GOOD[[0, 1]] * [[0.5], [5]]}),
        (300, {"alike": 0.2}), (300, {"alike": 0.4}), (300, {"alike": 0.7}),
        (300, {"alike": 0.4, "shared": 0.4}), (300, {"alike": 0.7, "shared": 0.7}),
        (300, {"passing": (0.8, 0.8)}), (300, {"passing": (0.8, 0.8), "corrects": (True, True)}),
        (300, {"misprinted": 0.01}), (300, {"batches": 30}), (1500, {"alike": 0.4}),
    ):  # fmt: skip
        yield "two-readers", f"{n} cards, {options}", lambda g, r, n=n, o=options: coverage_of_two_readers(g, r, n, **o)
    for left, right, scores in ((30, 30, 100), (300, 30, 100), (300, 300, 5), (1000, 40, 100)):
        yield ("psi", f"{left} and {right} of {scores} scores",
               lambda g, r, a=left, b=right, k=scores: level_of_psi(g, r, a, b, k))  # fmt: skip
    for n in (60, 330, 2000):
        for largest in (1.0, 5.0, 20.0):
            yield ("ece", f"{n} readings, weights up to {largest:g}",
                   lambda g, r, n=n, w=largest: ece_over_expected(g, r, n, w))  # fmt: skip
    yield "partial", "300 cards, one field named", mean_probability_with_partial_truth


def main(repetitions, groups):
    for group, words, measure in settings():
        if not groups or group in groups:
            start = time.perf_counter()
            value = measure(np.random.default_rng(2026), repetitions)
            print(f"{group} | {words} | {value} | {repetitions} | {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]), sys.argv[2:])
