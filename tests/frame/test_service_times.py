"""Times of files of other programs: the time that is meant, or missing and counted where it cannot be known."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardocr_nb.frame import ExcelDamageWarning, conform
from cardocr_nb.wire._records import SERVICE_TIME

MOMENTS = st.integers(0, 39_000_000).map(
    lambda minutes: dt.datetime(2016, 1, 1, tzinfo=SERVICE_TIME) + dt.timedelta(minutes=minutes)
)
YEAR_FIRST = [
    "{0:%Y-%m-%d %H:%M}",
    "{0.year}/{0.month}/{0.day} {0.hour}:{0:%M}",
    "{0.year}/{0.month}/{0.day} {0:%I:%M %p}",
    "{0.year}年{0.month}月{0.day}日 {0.hour}:{0:%M:%S}",
    "{0.year}年{0.month}月{0.day}日 {0.hour}时{0:%M}分",
    "{0:%Y.%m.%d %H:%M:%S.000}",
    "{0:%d-%b-%Y %H:%M}",
    "{0:%B} {0.day}, {0.year} {0.hour}:{0:%M}",
    "{0:%Y%m%d%H%M%S}",
    "{0:%Y%m%d%H%M}",
]
YEAR_LAST = [
    "{0:%d/%m/%Y %H:%M}",
    "{0.month}/{0.day}/{0.year} {0.hour}:{0:%M}",
    "{0.day}.{0.month}.{0.year} {0:%H:%M:%S}",
]


def created(*values):
    return conform(pd.DataFrame({"key": [str(n) for n in range(len(values))], "created": values}))["created"]


@settings(max_examples=40)
@given(st.lists(st.tuples(MOMENTS, st.sampled_from(YEAR_FIRST)), min_size=1, max_size=4))
def test_times_with_the_year_first_or_a_named_month_are_those_that_were_meant(rows):
    found = created(*[form.format(moment) for moment, form in rows])
    assert [time.to_pydatetime() for time in found] == [m for m, _ in rows]


@settings(max_examples=40)
@given(MOMENTS, st.sampled_from(YEAR_LAST))
def test_with_the_year_last_only_one_possible_order_is_read(moment, form):
    text = form.format(moment)
    if moment.day > 12 or moment.day == moment.month:
        assert created(text)[0].to_pydatetime() == moment
    else:
        with pytest.warns(ExcelDamageWarning, match="changed 1 texts of the column 'created'"):
            assert created(text, "2022-06-27 10:00:00").isna().tolist() == [True, False]


def test_two_digits_of_a_year_may_be_a_day():
    with pytest.warns(ExcelDamageWarning, match="changed 2 texts"):
        assert created("27/6/22 14:44", "6/7/22").isna().all()


@settings(max_examples=40)
@given(st.lists(st.tuples(MOMENTS, st.sampled_from([1, 10**3, 10**6, 10**9])), min_size=1, max_size=5), st.booleans())
def test_each_number_has_a_unit_of_its_own(rows, as_texts):
    numbers = [int(moment.timestamp()) * unit for moment, unit in rows]
    found = created(*map(str, numbers)) if as_texts else created(*numbers)
    assert [time.to_pydatetime() for time in found] == [m for m, _ in rows]


def test_numbers_texts_and_dates_may_be_in_one_column():
    found = created(
        pd.Timestamp("2022-06-27"), "27/06/2022", "20220627", "44739", "1656259200000", None, "2022-06-26T16:00:00Z"
    )
    assert found.isna().sum() == 1
    assert set(found.dropna()) == {pd.Timestamp("2022-06-27", tz=SERVICE_TIME)}


@pytest.mark.parametrize("value", ["31/31/2022", "2022-13-01", "soon", "27/06/2022 25:00", 12345678, "20221399", -5])
def test_what_is_no_time_is_refused(value):
    with pytest.raises(ValueError, match="the column 'created' cannot be made"):
        created(value)
