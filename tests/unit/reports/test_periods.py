from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.errors import UsageError
from crmcore.model.calendar import Calendar
from crmcore.reports.periods import Every, Period, as_every, period_of

APRIL = Calendar(fiscal_year_start=4)


@pytest.mark.parametrize(
    ("every", "text"),
    [
        (Every.MONTH, "2026-02"),
        (Every.QUARTER, "2026-01 to 2026-03"),
        (Every.YEAR, "2025-04 to 2026-03"),
    ],
)
def test_a_period_is_one_of_the_fiscal_calendar(every: Every, text: str) -> None:
    assert str(period_of(date(2026, 2, 28), every, APRIL)) == text


@given(st.dates(), st.sampled_from(Every), st.integers(1, 12))
def test_a_day_lies_in_its_period_and_periods_follow_one_another(
    day: date, every: Every, start: int
) -> None:
    calendar = Calendar(fiscal_year_start=start)
    period = period_of(day, every, calendar)
    assert day in period
    assert period_of(period.start, every, calendar) == period
    assert period_of(period.end, every, calendar) == period
    if period.end < date.max:
        following = period_of(period.end + timedelta(days=1), every, calendar)
        assert following.start == period.end + timedelta(days=1)
        assert period < following


def test_a_length_that_is_none_is_refused() -> None:
    assert as_every("quarter") is Every.QUARTER
    with pytest.raises(UsageError, match="month, quarter, year"):
        as_every("week")
    assert Period(date(2026, 1, 1), date(2026, 1, 31)) == period_of(
        date(2026, 1, 5), Every.MONTH, Calendar()
    )
