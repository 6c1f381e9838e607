"""The calendar: today, fiscal quarters and years."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.model.calendar import Calendar

STARTS = st.integers(1, 12)


def test_today_depends_on_the_time_zone() -> None:
    night = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert Calendar().today(night) == date(2026, 3, 31)
    assert Calendar(time_zone="Europe/Paris").today(night) == date(2026, 4, 1)
    assert Calendar(time_zone="America/New_York").today(night) == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("start", "day", "quarter", "year"),
    [
        (1, (2026, 2, 28), ((2026, 1, 1), (2026, 3, 31)), ((2026, 1, 1), (2026, 12, 31))),
        (1, (2026, 12, 31), ((2026, 10, 1), (2026, 12, 31)), ((2026, 1, 1), (2026, 12, 31))),
        (4, (2026, 3, 31), ((2026, 1, 1), (2026, 3, 31)), ((2025, 4, 1), (2026, 3, 31))),
        (4, (2026, 4, 1), ((2026, 4, 1), (2026, 6, 30)), ((2026, 4, 1), (2027, 3, 31))),
        (2, (2028, 2, 29), ((2028, 2, 1), (2028, 4, 30)), ((2028, 2, 1), (2029, 1, 31))),
        (12, (2026, 1, 15), ((2025, 12, 1), (2026, 2, 28)), ((2025, 12, 1), (2026, 11, 30))),
        (1, (9999, 12, 31), ((9999, 10, 1), (9999, 12, 31)), ((9999, 1, 1), (9999, 12, 31))),
        (12, (9999, 12, 31), ((9999, 12, 1), (9999, 12, 31)), ((9999, 12, 1), (9999, 12, 31))),
        (12, (1, 1, 1), ((1, 1, 1), (1, 2, 28)), ((1, 1, 1), (1, 11, 30))),
    ],
)
def test_fiscal_periods_begin_with_the_fiscal_year(
    start: int,
    day: tuple[int, int, int],
    quarter: tuple[tuple[int, int, int], tuple[int, int, int]],
    year: tuple[tuple[int, int, int], tuple[int, int, int]],
) -> None:
    calendar = Calendar(fiscal_year_start=start)
    assert calendar.quarter(date(*day)) == (date(*quarter[0]), date(*quarter[1]))
    assert calendar.year(date(*day)) == (date(*year[0]), date(*year[1]))


@given(st.dates(), STARTS)
@example(date.min, 12)
@example(date.max, 2)
def test_periods_hold_their_day_and_their_quarter(day: date, start: int) -> None:
    calendar = Calendar(fiscal_year_start=start)
    (first, last), (new_year, old_year) = calendar.quarter(day), calendar.year(day)
    assert new_year <= first <= day <= last <= old_year
    assert first.day == new_year.day == 1
    assert calendar.quarter(first) == calendar.quarter(last) == (first, last)
    assert calendar.year(new_year) == calendar.year(old_year) == (new_year, old_year)


@given(st.dates(date(2, 1, 1), date(9998, 1, 1)), STARTS)
def test_periods_follow_one_another_without_gap(day: date, start: int) -> None:
    calendar = Calendar(fiscal_year_start=start)
    for period, months in ((calendar.quarter, 3), (calendar.year, 12)):
        first, last = period(day)
        following = last + timedelta(days=1)
        assert period(following)[0] == following
        assert (following.year - first.year) * 12 + following.month - first.month == months
        assert (first.month - start) % months == 0
