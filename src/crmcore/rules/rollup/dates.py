"""Dates: days relative to today, for filters that mean something else each day (law R8).

``F.due_on < days_ago(30)`` and ``this_quarter(F.close_on)`` are filters like any other; what they
mean on a day is found by ``resolved``. Quarters and years are the fiscal ones of the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import attrs
from attrs import frozen

from crmcore.errors import QueryError
from crmcore.query import And, Compare, Filter, Not, Operator, Or, Path, field_at

if TYPE_CHECKING:
    from crmcore.model.calendar import Calendar
    from crmcore.model.describe import EntitySchema


class Period(Enum):
    """A stretch of time that today lies in."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    """Of the model's fiscal year."""
    YEAR = "year"
    """The model's fiscal year."""


@frozen
class Day:
    """The first day of a period relative to the one that today lies in.

    ``shift`` counts periods from the present one: 0 is it, 1 the next, -1 the one before. As time
    goes on, such a day only ever moves forward.
    """

    period: Period = Period.DAY
    shift: int = 0

    def on(self, today: date, calendar: Calendar) -> date:
        """The day that is meant; the first or last that there is where it lies beyond."""
        try:
            if self.period is Period.DAY:
                return today + timedelta(days=self.shift)
            months = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[self.period]
            first = today.replace(day=1)
            if self.period is Period.QUARTER:
                first = calendar.quarter(today)[0]
            elif self.period is Period.YEAR:
                first = calendar.year(today)[0]
            month = first.year * 12 + first.month - 1 + months * self.shift
            return date(month // 12, month % 12 + 1, 1)
        except (OverflowError, ValueError):
            return date.min if self.shift < 0 else date.max

    def __repr__(self) -> str:
        sign = f"{self.shift:+d}" if self.shift else ""
        return f"<{self.period.value}{sign}>"

    __str__ = __repr__


TODAY = Day()
"""Today, by the clock, in the model's time zone."""


def days_ago(days: int) -> Day:
    """The day so many days before today."""
    return Day(Period.DAY, -days)


def days_ahead(days: int) -> Day:
    """The day so many days after today."""
    return Day(Period.DAY, days)


def within(path: Path, period: Period, shift: int = 0) -> Filter:
    """A filter: the date, or the moment, lies in this period."""
    start, end = Day(period, shift), Day(period, shift + 1)
    return Compare(path, Operator.GE, start) & Compare(path, Operator.LT, end)


def this_month(path: Path) -> Filter:
    """A filter: the date lies in the present month."""
    return within(path, Period.MONTH)


def this_quarter(path: Path) -> Filter:
    """A filter: the date lies in the present quarter of the model's fiscal year."""
    return within(path, Period.QUARTER)


def this_year(path: Path) -> Filter:
    """A filter: the date lies in the model's present fiscal year."""
    return within(path, Period.YEAR)


def relative_terms(where: Filter) -> Iterator[Compare]:
    """The comparisons with a relative day in a filter, in their order."""
    if isinstance(where, And | Or):
        for term in where.terms:
            yield from relative_terms(term)
    elif isinstance(where, Not):
        yield from relative_terms(where.term)
    elif isinstance(where, Compare) and isinstance(where.value, Day):
        yield where


def resolved(where: Filter, schema: EntitySchema, today: date, calendar: Calendar) -> Filter:
    """The filter as it reads today, with every relative day replaced.

    In a field of moments, a day is its beginning in the time zone of the calendar. Raises
    ``QueryError`` where a day is compared with what has no date.
    """
    match where:
        case And(terms):
            return And(tuple(resolved(one, schema, today, calendar) for one in terms))
        case Or(terms):
            return Or(tuple(resolved(one, schema, today, calendar) for one in terms))
        case Not(term):
            return Not(resolved(term, schema, today, calendar))
        case Compare(path, _, Day() as day):
            bound = boundary(day, field_at(path, schema)[1], today, calendar, where)
            return attrs.evolve(where, value=bound)
    return where


def boundary(
    day: Day, python: type, today: date, calendar: Calendar, where: Filter
) -> date | datetime:
    """What a relative day is compared as, in a field of values of this class."""
    found = day.on(today, calendar)
    if issubclass(python, datetime):
        return datetime.combine(found, time(), ZoneInfo(calendar.time_zone))
    if not issubclass(python, date):
        raise QueryError("a day is compared with a date", str(where), "give a field with a date")
    return found
