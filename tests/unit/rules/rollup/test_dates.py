from datetime import UTC, date, datetime
from typing import Any

import pytest

from crmcore.entities import Activity, Opportunity
from crmcore.errors import QueryError
from crmcore.findings import ModelError
from crmcore.model.calendar import Calendar
from crmcore.model.describe import describe
from crmcore.query import F
from crmcore.rules.rollup import (
    TODAY,
    Day,
    Period,
    Rollup,
    days_ago,
    days_ahead,
    roll_up,
    this_month,
    this_year,
    within,
)
from crmcore.rules.rollup.dates import relative_terms, resolved
from tests.unit.rules.rollup.test_compute import CONTEXT, GROUP

APRIL = Calendar(fiscal_year_start=4, time_zone="Asia/Tokyo")
DAY = date(2025, 2, 14)


@pytest.mark.parametrize(
    ("day", "meant"),
    [
        (TODAY, DAY),
        (days_ago(30), date(2025, 1, 15)),
        (days_ahead(15), date(2025, 3, 1)),
        (Day(Period.MONTH), date(2025, 2, 1)),
        (Day(Period.MONTH, -2), date(2024, 12, 1)),
        (Day(Period.MONTH, 11), date(2026, 1, 1)),
        (Day(Period.QUARTER), date(2025, 1, 1)),
        (Day(Period.QUARTER, 1), date(2025, 4, 1)),
        (Day(Period.YEAR), date(2024, 4, 1)),
        (Day(Period.YEAR, -1), date(2023, 4, 1)),
        (days_ago(10**7), date.min),
        (Day(Period.YEAR, 9_000), date.max),
        (Day(Period.MONTH, -90_000), date.min),
    ],
)
def test_a_relative_day_is_a_day_of_the_calendar(day: Day, meant: date) -> None:
    assert day.on(DAY, APRIL) == meant


def test_a_relative_day_shows_what_it_is() -> None:
    assert [str(TODAY), str(days_ago(3)), str(Day(Period.QUARTER, 1))] == [
        "<day>",
        "<day-3>",
        "<quarter+1>",
    ]


def test_a_filter_is_read_as_of_a_day() -> None:
    where = ~(this_month(F.close_on) | (F.stage == "Won"))
    assert [str(one.value) for one in relative_terms(where)] == ["<month>", "<month+1>"]
    expected = ~(
        ((F.close_on >= date(2025, 2, 1)) & (F.close_on < date(2025, 3, 1))) | (F.stage == "Won")
    )
    assert resolved(where, describe(Opportunity), DAY, APRIL) == expected


def test_in_a_field_of_moments_a_day_begins_at_midnight_in_the_time_zone() -> None:
    found: Any = resolved(F.done_at < TODAY, describe(Activity), DAY, APRIL)
    assert found.value == datetime(2025, 2, 13, 15, tzinfo=UTC)


def test_a_day_is_compared_with_a_date() -> None:
    with pytest.raises(QueryError, match="compared with a date"):
        resolved(F.stage < TODAY, describe(Opportunity), DAY, APRIL)
    wrong = Rollup(
        name="x", child=Opportunity, by=F.account_id, where=this_year(F.name), aggregate="count"
    )
    with pytest.raises(ModelError, match="give a field with a date"):
        roll_up(wrong, accounts=GROUP, children=(), context=CONTEXT)


def test_a_period_has_its_end() -> None:
    where: Any = within(F.close_on, Period.QUARTER, -1)
    assert [one.value.on(DAY, APRIL) for one in where.terms] == [
        date(2024, 10, 1),
        date(2025, 1, 1),
    ]
