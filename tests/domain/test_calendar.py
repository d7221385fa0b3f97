import itertools
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roi_pipeline.domain.calendar import (
    Months,
    add_months,
    month_end,
    month_of,
    months_between,
    parse_month,
    runs,
)
from roi_pipeline.errors import ConfigurationError

days = st.dates(date(1990, 1, 1), date(2090, 12, 31))
firsts = days.map(month_of)


@given(days, st.integers(-600, 600))
def test_adding_and_counting_months_agree(day, count):
    assert months_between(day, add_months(day, count)) == count
    assert add_months(add_months(day, count), -count) == month_of(day)


@given(days)
def test_a_month_ends_the_day_before_the_next(day):
    assert (add_months(day, 1) - month_end(day)).days == 1
    assert month_of(month_end(day)) == month_of(day)


def test_an_instant_has_the_month_of_its_date():
    assert month_of(datetime(2026, 10, 31, 23, 59)) == date(2026, 10, 1)
    assert type(month_of(datetime(2026, 10, 31))) is date


@given(firsts, st.integers(0, 60))
def test_months_hold_both_ends_and_nothing_else(first, count):
    months = Months(first, add_months(first, count))
    assert len(list(months)) == len(months) == count + 1
    assert all(month in months for month in months)
    assert add_months(first, -1) not in months
    assert add_months(first, count + 1) not in months


@given(st.sets(firsts, max_size=30))
def test_runs_cover_the_set_exactly_and_never_touch(months):
    found = runs(months)
    assert [month for run in found for month in run] == sorted(months)
    gaps = [months_between(a.last, b.first) for a, b in itertools.pairwise(found)]
    assert all(gap > 1 for gap in gaps)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-10", "2026-10-01", "0000-01", "", " "])
def test_what_is_not_a_month_is_refused_with_the_remedy(text):
    with pytest.raises(ConfigurationError, match="YYYY-MM, for example 2026-10"):
        parse_month(text)


def test_months_the_wrong_way_round_are_refused():
    with pytest.raises(ConfigurationError, match=r"2026-10 to 2026-09 .* swap"):
        Months(date(2026, 10, 1), date(2026, 9, 1))


def test_months_are_first_days():
    with pytest.raises(ValueError, match="month_of"):
        Months(date(2026, 10, 2), date(2026, 11, 1))
