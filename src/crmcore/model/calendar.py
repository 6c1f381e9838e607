"""Calendar: what *today* is, and where a fiscal quarter and year begin and end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen


@frozen(kw_only=True)
class Calendar:
    """A time zone by its IANA name, and the month (1 to 12) in which the fiscal year begins."""

    time_zone: str = "UTC"
    fiscal_year_start: int = 1

    def today(self, now: datetime) -> date:
        """The calendar date of the moment ``now`` in the time zone."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()

    def quarter(self, day: date) -> tuple[date, date]:
        """The first and the last day of the fiscal quarter that ``day`` lies in."""
        return _period(day, (day.month - self.fiscal_year_start) % 3, 3)

    def year(self, day: date) -> tuple[date, date]:
        """The first and the last day of the fiscal year that ``day`` lies in."""
        return _period(day, (day.month - self.fiscal_year_start) % 12, 12)


def _period(day: date, before: int, months: int) -> tuple[date, date]:
    """The first and the last day of ``months`` months that begin ``before`` months before ``day``.

    Both are cut to the years 1 to 9999, as there are no other dates.
    """
    start = _month(day) - before
    end = start + months
    return (
        _first_of(start) if start >= _month(date.min) else date.min,
        _first_of(end) - timedelta(days=1) if end <= _month(date.max) else date.max,
    )


def _month(day: date) -> int:
    """The number of the month of ``day``, counted from January of the year 0."""
    return day.year * 12 + day.month - 1


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)
