"""Due: which rules that act by time are due for which records, each once for each moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.model.calendar import Calendar
from crmcore.model.describe import EntitySchema
from crmcore.query import Filter, Path, field_at, matches
from crmcore.rules.automation.definition import AutomationRule
from crmcore.rules.automation.trigger import TimePassed
from crmcore.rules.rule import Context
from crmcore.values.ref import Ref


@frozen
class Due:
    """That ``rule`` was due for the record ``ref`` at ``at``."""

    rule: str
    ref: Ref[Any]
    at: datetime

    @property
    def firing_id(self) -> str:
        """The id of the firing, which can be stored once: each due moment fires exactly once."""
        return f"{self.rule}/{self.ref}/{self.at.isoformat()}"


def due_filter(
    when: TimePassed, schema: EntitySchema, *, calendar: Calendar, now: datetime
) -> Filter:
    """A filter that every record matches for which the trigger is due by ``now``, and some more."""
    path = Path(*when.since.split("."))
    _, python = field_at(path, schema)
    limit = now - when.after
    if issubclass(python, datetime):
        return path <= limit
    return path <= calendar.today(limit + timedelta(days=1))


def due(
    rules: Iterable[AutomationRule], records: Iterable[Record], *, context: Context
) -> Iterator[Due]:
    """What is due by the present moment, by rule in their order, then moment, then id.

    ``records`` are candidates of any kind; the ``where`` of the rules is read already.
    """
    by_entity: dict[type[Record], list[Record]] = {}
    for record in records:
        by_entity.setdefault(type(record), []).append(record)
    for rule in rules:
        when = rule.when
        if not isinstance(when, TimePassed):
            continue
        found = [
            Due(rule.name, record.ref, at)
            for record in by_entity.get(rule.on, ())
            if (at := when.due_at(record, context.model)) is not None
            and at <= context.now
            and matches(rule.where, record)
        ]
        yield from sorted(found, key=lambda one: (one.at, one.ref.id))
