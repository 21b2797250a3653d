"""The pace is never above what was asked, close below it, and lower while the service throttles."""

import math
import threading
from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardocr_nb._batch._pace import Pace, RateLimiter
from cardocr_nb.errors import InvalidRequestError


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def passes(limit, clock, seconds, late=0.0):
    """The moments at which calls pass when one is always waiting and wakes up a little late."""
    end, moments = clock.now + seconds, []
    while clock.now < end:
        wait = limit.try_call()
        if wait:
            clock.now += wait + late
        else:
            moments.append(clock.now)
    return moments


def most_in_a_second(moments):
    return max(bisect_left(moments, m + 1) - n for n, m in enumerate(moments))


@settings(max_examples=40)
@given(st.floats(0.2, 300.0), st.sampled_from([0.0, 0.0004]))
def test_in_no_second_more_pass_than_asked_and_nearly_as_many_do(rate, late):
    clock = Clock()
    seconds = max(20.0, 20 / rate)
    moments = passes(RateLimiter(rate, clock), clock, seconds, late)
    assert most_in_a_second(moments) <= math.ceil(rate)
    assert len(moments) >= 0.95 * rate * seconds - 1


def test_while_throttled_fewer_pass_and_later_all_again():
    clock = Clock()
    limit = RateLimiter(100, clock)
    limit.slow_down()
    assert limit.fraction == 0.5
    assert len(passes(limit, clock, 2)) <= 2 * 60
    clock.now += 60
    assert limit.fraction == 1.0
    assert len(passes(limit, clock, 10)) >= 950


def test_throttled_calls_of_one_moment_halve_the_rate_once():
    clock = Clock()
    limit = RateLimiter(100, clock)
    for _ in range(10):
        limit.slow_down()
    assert limit.fraction == 0.5


def test_however_long_it_is_throttled_something_passes():
    clock = Clock()
    limit = RateLimiter(10, clock)
    for _ in range(100):
        limit.slow_down()
        clock.now += 1.5
    assert 0.02 <= limit.fraction <= 0.2


def test_retry_after_closes_the_way_for_so_long():
    clock = Clock()
    limit = RateLimiter(100, clock)
    limit.slow_down(30.0)
    assert limit.try_call() == 30.0
    clock.now += 30
    assert limit.try_call() == 0.0


def test_a_stop_ends_the_wait():
    limit, stop = RateLimiter(0.001), threading.Event()
    assert limit.wait(stop)
    threading.Timer(0.05, stop.set).start()
    assert not limit.wait(stop)


@pytest.mark.parametrize(
    "wrong", [{"submissions": 0}, {"queries": -1}, {"in_flight": 0}, {"threads": 0}, {"submissions": 1e9}]
)
def test_a_pace_that_makes_no_sense_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(InvalidRequestError, match=f"{name} must be"):
        Pace(**wrong)
