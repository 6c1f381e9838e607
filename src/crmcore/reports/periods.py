"""Period: a month, quarter or year of the fiscal calendar, as reports cut time."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from attrs import frozen

from crmcore.errors import UsageError
from crmcore.model.calendar import Calendar


class Every(StrEnum):
    """How long the periods of a report are."""

    MONTH = "month"
    QUARTER = "quarter"
    """Of the fiscal year."""
    YEAR = "year"
    """The fiscal year."""


@frozen(order=True)
class Period:
    """From ``start`` to ``end``, both included."""

    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    def __str__(self) -> str:
        """Such as ``2026-03`` for a month of the calendar, else ``2026-01 to 2026-03``."""
        first, last = f"{self.start:%Y-%m}", f"{self.end:%Y-%m}"
        return first if first == last else f"{first} to {last}"


def as_every(given: Every | str) -> Every:
    """The length of a period by its name; raises ``UsageError`` for another."""
    try:
        return Every(given)
    except ValueError:
        known = ", ".join(Every)
        raise UsageError("this is no length of a period", given, f"use one of {known}") from None


def period_of(day: date, every: Every, calendar: Calendar) -> Period:
    """The period that a day lies in."""
    if every is Every.QUARTER:
        return Period(*calendar.quarter(day))
    if every is Every.YEAR:
        return Period(*calendar.year(day))
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1) if first < _LAST_MONTH else None
    return Period(first, date.max if following is None else following - timedelta(days=1))


_LAST_MONTH = date.max.replace(day=1)
