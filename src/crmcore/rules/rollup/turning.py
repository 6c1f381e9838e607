"""Turning: which records a clock carries over the bounds of relative days.

Records are kept by the day that a filter compares. When today moves, a bound moves with it, and
only records with a day between the old bound and the new one can change sides (law R8).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, field

from crmcore.entities.record import Record
from crmcore.model.calendar import Calendar
from crmcore.query import Path, value_at
from crmcore.rules.rollup.dates import Day


@define(eq=False)
class Turning:
    """The records of one entity by the day at ``path``; what has no day there is not kept."""

    path: Path
    calendar: Calendar
    by_day: dict[date, dict[str, Record]] = field(factory=dict)
    days: list[date] = field(factory=list)

    def _day(self, record: Record) -> date | None:
        value: Any = value_at(record, self.path)
        if isinstance(value, datetime):
            if value.tzinfo is None:
                return None
            return value.astimezone(ZoneInfo(self.calendar.time_zone)).date()
        return value if isinstance(value, date) else None

    def put(self, record: Record) -> None:
        """Keep a record that was not kept before."""
        day = self._day(record)
        if day is None:
            return
        if day in self.by_day:
            self.by_day[day][record.id] = record
            return
        self.by_day[day] = {record.id: record}
        insort(self.days, day)

    def drop(self, record: Record) -> None:
        """Forget a record."""
        day = self._day(record)
        if day is None:
            return
        del self.by_day[day][record.id]
        if not self.by_day[day]:
            del self.by_day[day]
            del self.days[bisect_left(self.days, day)]

    def crossed(self, day: Day, before: date, after: date) -> Iterator[Record]:
        """The records that may change sides of a bound when today goes from one day to another."""
        if day.on(before, self.calendar) == day.on(after, self.calendar):
            return
        low, high = sorted((day.on(before, self.calendar), day.on(after, self.calendar)))
        for at in range(bisect_left(self.days, low), bisect_right(self.days, high)):
            yield from self.by_day[self.days[at]].values()
