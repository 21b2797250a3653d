from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.quality import exact_interval, sample_size, wilson
from cardocr_nb.quality._intervals import lower_bound, upper_bound


@pytest.mark.parametrize(
    ("count", "cases", "low", "high"),
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998,
    # table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(count, cases, low, high):
    assert [float(v) for v in wilson(count, cases)] == pytest.approx([low, high], abs=5e-5)


@given(st.integers(0, 500), st.integers(1, 500), st.floats(0.5, 0.999))
def test_it_holds_the_share_within_0_and_1_and_grows_with_confidence(count, cases, confidence):
    count = min(count, cases)
    low, high = wilson(count, cases, confidence=confidence)
    assert 0 <= low <= count / cases + 1e-12
    assert count / cases - 1e-12 <= high <= 1
    wider = wilson(count, cases, confidence=(1 + confidence) / 2)
    assert wider[0] <= low + 1e-12
    assert wider[1] >= high - 1e-12


def test_no_cases_give_no_interval():
    low, high = wilson([0, 1], [0, 2])
    assert np.isnan([low[0], high[0]]).all()
    assert not np.isnan([low[1], high[1]]).any()


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_that_is_none_is_refused(confidence):
    with pytest.raises(ValueError, match=f"between 0 and 1, got {confidence}"):
        wilson(1, 2, confidence=confidence)


@pytest.mark.parametrize("n", [1.0, 1.3, 2.5, 17.2])
def test_bounds_of_fractions_of_cases_contain_their_rate_and_rise_with_it(n):
    count = np.unique([0, 1e-6, 1e-3, 0.01, *np.linspace(0, n, 40)])
    low, high = exact_interval(count, np.full(len(count), n))
    assert (low <= count / n + 1e-12).all()
    assert (count / n <= high + 1e-12).all()
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()


@pytest.mark.parametrize("interval", [wilson, exact_interval, lower_bound, upper_bound])
@pytest.mark.parametrize(
    ("count", "n"), [(3, 2), (-1, 2), (np.nan, 2), (1, np.nan), (1, np.inf), (0, -1), (1, 0), ([1, 3], 2)]
)
def test_counts_that_are_none_are_refused(interval, count, n):
    with pytest.raises(ValueError, match="count must be from 0 to n"):
        interval(count, n)


@pytest.mark.parametrize("n", [1, 3, 7, 13, 29, 1000, 12345])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_the_ends_are_0_and_1_exactly_where_all_or_none_succeed(n, confidence):
    for interval in (wilson, exact_interval):
        assert interval(0, n, confidence=confidence)[0] == 0
        assert interval(n, n, confidence=confidence)[1] == 1


@pytest.mark.parametrize(
    "options",
    [{"errors": np.nan}, {"errors": np.inf}, {"errors": "1"}, {"errors": 1.5}, {"group_size": np.nan}, {"icc": np.nan}],
)
def test_numbers_of_a_sample_size_that_are_none_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        sample_size(**options)
