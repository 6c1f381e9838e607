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
        into = (day.month - self.fiscal_year_start) % 3
        first = _month(day, -into)
        return first, _month(first, 3) - timedelta(days=1)

    def year(self, day: date) -> tuple[date, date]:
        """The first and the last day of the fiscal year that ``day`` lies in."""
        into = (day.month - self.fiscal_year_start) % 12
        first = _month(day, -into)
        return first, _month(first, 12) - timedelta(days=1)


def _month(day: date, months: int) -> date:
    """The first day of the month that lies ``months`` after the month of ``day``."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
