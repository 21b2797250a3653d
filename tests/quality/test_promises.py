"""Each statistical promise of docs/concepts/promises.md, in a form of seconds; the long form is marked slow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import promise_simulations as simulate
import pytest
from scipy.stats import binom


def at_most(nominal, repetitions):
    """Rate that a promise of `nominal` exceeds in one of a thousand runs."""
    return binom.ppf(0.999, repetitions, nominal) / repetitions


@pytest.fixture(params=[1, pytest.param(30, marks=pytest.mark.slow)], ids=["short", "long"])
def times(request):
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_every_simulation_is_in_the_table_of_the_docs_and_every_row_has_one():
    lines = (Path(__file__).parents[2] / "docs" / "concepts" / "promises.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert rows[0][-1] == "simulation"
    assert {len(row) for row in rows} == {len(rows[0])}
    named = {row[-1].strip("`") for row in rows[2:]}
    assert named - {"test_valid_cards.py"} == {group for group, _, _ in simulate.settings()}


@pytest.mark.parametrize("n", [5, 20, 85, 500])
@pytest.mark.parametrize("rate", [0.8, 0.95, 0.98, 0.998])
def test_intervals_of_rates_cover_with_few_errors_and_with_none(rng, times, n, rate):
    repetitions = 500 * times
    assert simulate.coverage_of_rates(rng, repetitions, n, rate) >= 1 - at_most(0.07, repetitions)


@pytest.mark.parametrize(("n", "rate"), [(5, 0.998), (20, 0.95), (100, 0.99)])
def test_intervals_of_all_fields_cover(rng, times, n, rate):
    repetitions = 60 * times
    assert simulate.coverage_of_all_fields(rng, repetitions, n, rate) >= 1 - at_most(0.07, repetitions)


@pytest.mark.parametrize(
    ("n", "rate", "readings", "edits"), [(5, 0.2, 1, "one"), (50, 0.02, 6, "insertions"), (400, 0.2, 1, "insertions")]
)
def test_intervals_of_character_error_rates_cover(rng, times, n, rate, readings, edits):
    repetitions = 60 * times
    covered = simulate.coverage_of_character_errors(rng, repetitions, n, rate, edits, readings=readings)
    assert covered >= 1 - at_most(0.07, repetitions)


@pytest.mark.parametrize(("n", "rates", "bad"), [(10, (0.09, 0.02), 0.1), (50, (0.02, 0.05), 0.5)])
def test_differences_of_all_fields_are_covered_where_both_runs_fail_on_the_same_photos(rng, times, n, rates, bad):
    repetitions = 60 * times
    covered = simulate.coverage_of_difference_of_all_fields(rng, repetitions, n, rates, bad)
    assert covered >= 1 - at_most(0.07, repetitions)


@pytest.mark.parametrize(("n", "lost", "gained"), [(5, 0.0, 0.02), (10, 0.02, 0.05)])
def test_differences_of_runs_are_covered(rng, times, n, lost, gained):
    repetitions = 200 * times
    assert simulate.coverage_of_difference(rng, repetitions, n, lost, gained) >= 1 - at_most(0.07, repetitions)


@pytest.mark.parametrize(
    ("groups", "kind", "precision"), [(5, "uneven", 0.6), (30, "uneven", 0.9), (60, "equal", 0.95)]
)
def test_batches_that_are_named_keep_the_promise(rng, times, groups, kind, precision):
    repetitions = 30 * times
    broken = simulate.broken_in_groups(rng, repetitions, groups, kind, precision, icc=0.05, n_scores=1)
    assert broken <= at_most(0.05, repetitions)


@pytest.mark.parametrize(("groups", "kind"), [(5, "uneven"), (10, "one large"), (30, "one large")])
def test_intervals_over_groups_of_unequal_size_cover(rng, times, groups, kind):
    repetitions = 60 * times
    assert simulate.coverage_of_groups(rng, repetitions, groups, kind, 0.95, 0.3) >= 1 - at_most(0.07, repetitions)


@pytest.mark.parametrize(("n", "ratio"), [(20, 30), (100, 300)])
def test_intervals_with_very_uneven_weights_cover(rng, times, n, ratio):
    repetitions = 60 * times
    assert simulate.coverage_of_weighted_field(rng, repetitions, n, ratio) >= 1 - at_most(0.07, repetitions)


def test_thresholds_of_a_stratified_audit_keep_the_promise(rng, times):
    repetitions, parts = 40 * times, (0.4, 0.3, 0.2, 0.1)
    broken = simulate.broken_with_an_audit(rng, repetitions, 300, 0.9, np.full(20, 0.895), np.ones(20), parts)
    assert broken <= at_most(0.05, repetitions)


def test_images_that_were_read_five_times_count_once(rng, times):
    repetitions = 5 * times
    assert simulate.broken_with_repeated_images(rng, repetitions, 300, 5, 0.98) <= at_most(0.05, repetitions)


def test_whole_cards_keep_their_promise_with_unread_fields(rng, times):
    repetitions = 2 * times
    assert simulate.broken_whole_cards(rng, repetitions, 900, 0.95) <= at_most(0.05, repetitions)


@pytest.mark.parametrize("by", [(), "score"])
def test_audit_samples_cover_the_accuracy_of_the_frame(rng, times, by):
    repetitions = 5 * times
    assert simulate.coverage_of_audits(rng, repetitions, 200, by) >= 1 - at_most(0.07, repetitions)


def test_no_more_than_one_false_alarm_in_200_days(rng, times):
    assert simulate.delays_and_false_alarms(rng, 4 * times, 210, None, rate=0.03)[1] <= 1


@pytest.mark.slow
def test_days_like_the_day_before_give_more_false_alarms_than_promised(rng):
    assert simulate.delays_and_false_alarms(rng, 20, 210, None, rate=0.03, alike=0.8)[1] > 2


@pytest.mark.parametrize("rate", [0.9, 0.995])
def test_bounds_without_truth_cover_with_numbers_of_other_documents(rng, times, rate):
    repetitions = 12 * times
    assert simulate.coverage_of_estimates(rng, repetitions, 100, rate, 0.03) >= 1 - at_most(0.05, repetitions)


@pytest.mark.parametrize("options", [{}, {"alike": 0.1}, {"passing": (0.0, 0.0), "corrects": (False, False)}])
def test_error_rates_of_two_readers_are_covered(rng, times, options):
    repetitions = 20 * times
    covered = simulate.coverage_of_two_readers(rng, repetitions, 100, **options)[:3]
    assert min(covered) >= 1 - at_most(0.05, repetitions)


def test_errors_that_both_readers_make_alike_break_the_intervals_unless_they_are_named(rng):
    assert simulate.coverage_of_two_readers(rng, 5, 1000, alike=0.8)[0] < 0.5
    assert simulate.coverage_of_two_readers(rng, 5, 1000, alike=0.8, shared=0.8)[0] >= 0.8


def test_partial_truth_calibrates_the_field_that_it_names(rng):
    assert simulate.mean_probability_with_partial_truth(rng, 3) == pytest.approx(0.98, abs=0.02)


@pytest.mark.parametrize(("left", "right", "scores"), [(30, 30, 100), (300, 300, 5)])
def test_the_p_value_of_the_stability_index_keeps_its_level(rng, times, left, right, scores):
    repetitions = 200 * times
    level, ratio = simulate.level_of_psi(rng, repetitions, left, right, scores)
    assert level <= at_most(0.05, repetitions)
    assert ratio == pytest.approx(1.05, abs=0.15)


@pytest.mark.parametrize("largest", [1, 20])
def test_the_expected_calibration_error_is_that_of_scores_that_are_probabilities(rng, times, largest):
    assert simulate.ece_over_expected(rng, 8 * times, 330, largest) == pytest.approx(1, abs=0.4)
