from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.quality._dates import days, read_dates, read_periods

dates = st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(2100, 12, 31))
FORMS = [
    lambda d: f"{d.year}年{d.month}月{d.day}日",
    lambda d: f"{d.year} 年 {d.month} 月 {d.day} 日",
    lambda d: d.isoformat(),
    lambda d: d.strftime("%Y.%m.%d"),
    lambda d: d.strftime("%Y/%m/%d"),
    lambda d: d.strftime("%Y%m%d"),
    lambda d: d.strftime("%B ") + f"{d.day}, {d.year}",
    lambda d: d.strftime("%b. ") + f"{d.day} {d.year}",
    lambda d: f"{d.day} " + d.strftime("%B %Y").upper(),
]
forms = st.sampled_from(FORMS)


def one(text):
    value = read_dates(pd.Series([text], dtype="str"))[0]
    return None if pd.isna(value) else value.date()


@given(dates, forms)
def test_a_date_is_read_from_every_form(day, written):
    assert one(written(day)) == day


@pytest.mark.parametrize(
    "text", ["", "1974", "1974年12月", "1974-13-01", "2023-02-29", "0000-01-01", "01/12/1974", "12-01-1974", "1974-12-01x", "Foo 1, 1974"]
)  # fmt: skip
def test_anything_else_is_missing(text):
    assert one(text) is None


@given(st.lists(st.text(max_size=12), max_size=4))
def test_no_text_breaks_the_reader(texts):
    column = pd.Series(texts, dtype="str")
    assert len(read_dates(column)) == len(read_periods(column)) == len(texts)


@given(st.integers(1, 3000), st.integers(-2, 15), st.integers(-2, 33))
def test_days_agree_with_the_calendar(year, month, day):
    try:
        expected = dt.date(year, month, day)
    except ValueError:
        expected = None
    made = days(np.array([year]), np.array([month]), np.array([day]))[0]
    assert (None if np.isnat(made) else made.item()) == expected


@given(dates, dates, forms, st.sampled_from(["至", "-", " - ", "到", "~", " to ", "—"]))
def test_a_period_is_read_from_every_form(start, end, written, between):
    period = read_periods(pd.Series([written(start) + between + written(end)])).iloc[0]
    assert (period.start.date(), period.end.date()) == (start, end)
    assert period.readable
    assert not period.long_term


@given(dates, forms, st.sampled_from(["长期", "Long-term", "LONG TERM", "Permanent"]))
def test_a_period_without_end_is_long_term(start, written, endless):
    period = read_periods(pd.Series([f"{written(start)}至{endless}", endless]))
    assert period.long_term.tolist() == period.readable.tolist() == [True, True]
    assert period.start[0].date() == start
    assert period.end.isna().all()


@pytest.mark.parametrize(
    ("text", "readable"), [("6年", True), ("10 years", True), ("2018-05-20", False), ("soon", False)]
)
def test_a_length_is_readable_and_half_a_period_is_not(text, readable):
    assert read_periods(pd.Series([text])).readable.tolist() == [readable]


@pytest.mark.parametrize("text", ["2009-03-14 6年", "2009年3月14日起10年", "20090314 6年", "2009.3.14起6年"])
def test_a_first_date_with_a_length_is_an_older_period(text):
    assert read_periods(pd.Series([text]))["readable"].tolist() == [True]


@pytest.mark.parametrize("text", ["2009-03-14", "2009-03 6年", "起6年", "2009-03-14起"])
def test_a_part_of_a_period_is_not_readable(text):
    assert read_periods(pd.Series([text]))["readable"].tolist() == [False]
