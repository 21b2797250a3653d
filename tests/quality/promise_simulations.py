"""Simulations of the statistical promises, drawn with NumPy alone; run as a script they print the table of the docs.

``python tests/quality/promise_simulations.py 500`` prints nominal and measured values of 500 repetitions.
"""

# ruff: noqa: T201 - the script prints its table

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd

from cardocr_nb.frame import conform
from cardocr_nb.quality import audit_sample, bootstrap, calibrate, compare, evaluate, threshold
from cardocr_nb.quality._fixed_sequence import lowest_threshold

FIELDS = ["name", "gender", "ethnicity", "birth_date", "address", "id_number"]
EACH_FIELD = 1


def frame_of(correct, score=None, keys=None, fields=FIELDS, unread=None):
    """Frame and truth of cards; `correct` has a row a card and a column a field."""
    n, k = correct.shape
    keys = np.array([f"{i}.jpg" for i in range(n)]) if keys is None else keys
    text = np.where(correct, "样本", "不同").ravel().astype(object)
    if unread is not None:
        text[unread.ravel()] = None
    table = pd.DataFrame({
        "job_id": np.repeat([f"j{i}" for i in range(n)], k), "key": np.repeat(keys, k), "card_type": "IDCard",
        "state": "Success", "field": np.tile(fields, n), "text": text,
        "score": np.full(n * k, 90) if score is None else score.ravel(),
    })  # fmt: skip
    truth = pd.DataFrame(
        {"key": np.repeat(np.unique(keys), k), "field": np.tile(fields, len(np.unique(keys))), "text": "样本"}
    )
    return conform(table.astype({"score": "Int16"})), truth


def coverage_of_rates(rng, repetitions, n, rate):
    """Coverage of the interval of a field's accuracy over `n` cards."""
    count, covered, seen = rng.binomial(n, rate, repetitions), 0, {}
    for k in count.tolist():
        if k not in seen:
            outcome = np.repeat(["correct", "wrong"], [k, n - k])
            cells = pd.DataFrame(
                {"key": np.arange(n).astype(str), "field": pd.Categorical(["name"] * n), "outcome": outcome}
            )
            row = bootstrap(cells.assign(distance=0, length=1)).iloc[0]
            seen[k] = row.exact_low <= rate <= row.exact_high
        covered += seen[k]
    return covered / repetitions


def coverage_of_all_fields(rng, repetitions, n, rate):
    """Coverage of the interval for all fields, where a tenth of the errors spoil whole cards."""
    covered = 0
    whole = 0.1 * (1 - rate)
    single = 1 - rate / (1 - whole)
    for _ in range(repetitions):
        correct = (rng.random((n, 6)) >= single) & (rng.random((n, 1)) >= whole)
        outcome = np.where(correct.ravel(), "correct", "wrong")
        cells = pd.DataFrame(
            {
                "key": np.repeat(np.arange(n), 6).astype(str),
                "field": pd.Categorical(np.tile(FIELDS, n)),
                "outcome": outcome,
            }
        )
        row = bootstrap(
            cells.assign(distance=0, length=1, field=pd.Categorical(["name"] * len(cells))), n_resamples=500
        ).iloc[-1]
        covered += row.exact_low <= rate <= row.exact_high
    return covered / repetitions


def coverage_of_difference(rng, repetitions, n, lost, gained):
    """Coverage of the difference of two runs, by `compare`."""
    covered = 0
    seen = {}
    for counts in map(tuple, rng.multinomial(n, [lost, gained, 1 - lost - gained], repetitions).tolist()):
        if counts not in seen:
            a, b, _ = counts
            left, right = np.ones((n, EACH_FIELD), dtype=bool), np.ones((n, EACH_FIELD), dtype=bool)
            right[:a], left[a : a + b] = False, False
            frames = [frame_of(side, fields=["name"]) for side in (left, right)]
            row = compare(frames[0][0], frames[1][0], frames[0][1]).accuracy.iloc[0]
            seen[counts] = row.low <= gained - lost <= row.high
        covered += seen[counts]
    return covered / repetitions


def broken_thresholds(rng, repetitions, n, precision, quality):
    """Rate of sets in which the precision above the threshold is lower than promised; `quality` by score 50 to 99."""
    values = np.arange(50, 100)
    true = np.cumsum(quality[::-1])[::-1] / np.arange(50, 0, -1)
    broken = 0
    for _ in range(repetitions):
        at = rng.integers(0, 50, n)
        found = lowest_threshold(values[at], rng.random(n) < quality[at], precision, 0.95)
        broken += not np.isnan(found.threshold) and bool(true[int(found.threshold) - 50] < precision)
    return broken / repetitions


def broken_in_groups(rng, repetitions, groups, size, precision):
    """The same for batches that fail together, at a precision a little below the promise at every score."""
    broken = 0
    bad = 1 - precision + 0.005
    for _ in range(repetitions):
        batch = np.repeat(np.arange(groups), size)
        right = rng.random(len(batch)) < np.where(rng.random(groups) < 2 * bad, 0.5, 1.0)[batch]
        found = lowest_threshold(rng.integers(80, 100, len(batch)), right, precision, 0.95, group=batch)
        broken += not np.isnan(found.threshold)
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


def cards(rng, n):
    score = rng.integers(60, 100, (n, 6))
    return rng.random((n, 6)) < 1 - 0.06 * np.exp(-(score - 60) / 8.0), score


def broken_whole_cards(rng, repetitions, n, precision, unread=0.03):
    """Rate of sets in which new cards that pass are correct less often than promised, with unread fields."""
    broken = 0
    for _ in range(repetitions):
        right, score = cards(rng, n)
        frame, truth = frame_of(right, score, unread=rng.random(right.shape) < unread)
        found = threshold(frame, truth, precision=precision, unit="card")
        new, scores = cards(rng, 4000)
        missing = rng.random(new.shape) < unread
        passing = found.cards(frame_of(new, scores, unread=missing)[0])["passes"].to_numpy(bool)
        if passing.any():
            broken += (new & ~missing).all(axis=1)[passing].mean() < precision
    return broken / repetitions


def coverage_of_audits(rng, repetitions, n, by):
    """Coverage of the accuracy of all fields by a sample that is stratified by score."""
    covered = 0
    right, score = cards(rng, 800)
    frame, truth = frame_of(right, score)
    for seed in range(repetitions):
        sample = audit_sample(frame, n, by=by, seed=seed).merge(truth, on=["key", "field"])
        row = evaluate(frame, sample).bootstrap(n_resamples=500).iloc[-1]
        covered += row.exact_low <= right.mean() <= row.exact_high
    return covered / repetitions


def mean_probability_with_partial_truth(rng, repetitions):
    """Mean calibrated probability of readings that are correct at a rate of 0.98, where the truth names one field."""
    means = []
    for _ in range(repetitions):
        frame, truth = frame_of(rng.random((300, 6)) < 0.98, rng.integers(60, 100, (300, 6)))
        held_out = calibrate(frame, truth[truth["field"] == "name"]).held_out
        means.append(held_out["probability"].mean())
    return float(np.mean(means))


def main(repetitions):
    rng = np.random.default_rng(2026)
    rising = 0.9 + 0.1 * (np.arange(50) / 49) ** 0.5
    worst = min(
        (coverage_of_rates(rng, repetitions * 4, n, p), n, p)
        for n in (5, 10, 20, 40, 85, 150, 300, 500)
        for p in (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998)
    )
    print("rate of a field", worst)
    print(
        "all fields",
        min(
            (coverage_of_all_fields(rng, repetitions, n, p), n, p)
            for n in (5, 20, 100, 400)
            for p in (0.8, 0.95, 0.99, 0.998)
        ),
    )
    print(
        "difference",
        min(
            (coverage_of_difference(rng, repetitions, n, a, b), n, a, b)
            for n in (5, 10, 50, 300)
            for a, b in ((0, 0.02), (0.02, 0.02), (0.05, 0.15), (0.01, 0.1))
        ),
    )
    for name, quality, n, precision in (
        ("rising", rising, 3000, 0.98),
        ("flat", np.full(50, 0.979), 3000, 0.98),
        ("falling", rising[::-1], 3000, 0.97),
        ("usual", 1 - 0.02 * np.exp(-np.arange(50) / 10), 5000, 0.995),
    ):
        print("threshold", name, broken_thresholds(rng, repetitions, n, precision, quality))
    print("groups", [(g, broken_in_groups(rng, repetitions, g, 40, p)) for g, p in ((30, 0.9), (60, 0.95), (100, 0.9))])
    print("repeated", broken_with_repeated_images(rng, max(repetitions // 5, 20), 300, 5, 0.98))
    print("cards", broken_whole_cards(rng, max(repetitions // 5, 20), 900, 0.95))
    print("audit", [(by, coverage_of_audits(rng, max(repetitions // 5, 20), 200, by)) for by in ((), "score")])
    print("partial", mean_probability_with_partial_truth(rng, 20))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]))
