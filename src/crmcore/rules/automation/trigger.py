"""Trigger: when an automation rule acts: on a change of a record, or some time after a moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from attrs import field, frozen

from crmcore.changes import differences
from crmcore.entities.opportunity import Opportunity
from crmcore.entities.record import Record
from crmcore.errors import UsageError
from crmcore.model.model import Model
from crmcore.model.pipeline import StageCategory
from crmcore.query import Path, value_at


def path_text(value: Path | str) -> str:
    """A field as text, ``custom.tier``, given as text or as ``F.custom["tier"]``."""
    if isinstance(value, Path):
        return ".".join(value.steps)
    if isinstance(value, str) and value:
        return value
    raise UsageError("this is not a field", value, "write F.amount, or the name of a field")


def path_texts(values: Path | str | Iterable[Path | str]) -> tuple[str, ...]:
    """Several fields as text; a lone one counts as one."""
    several: Iterable[Path | str] = (values,) if isinstance(values, str | Path) else values
    return tuple(path_text(one) for one in several)


@frozen
class Created:
    """When a record is stored for the first time."""

    def fits(self, before: Record | None, _after: Record, _model: Model) -> bool:
        """Whether this change is one that the rule waits for."""
        return before is None

    def __str__(self) -> str:
        return "created"


@frozen
class Updated:
    """When anything in a stored record changes."""

    def fits(self, before: Record | None, after: Record, _model: Model) -> bool:
        """Whether this change is one that the rule waits for."""
        return before is not None and bool(differences(before, after))

    def __str__(self) -> str:
        return "updated"


@frozen
class Changed:
    """When one of these ``fields`` of a stored record changes, such as ``F.amount``."""

    fields: tuple[str, ...] = field(converter=path_texts)

    def fits(self, before: Record | None, after: Record, _model: Model) -> bool:
        """Whether this change is one that the rule waits for."""
        if before is None:
            return False
        changed = {path for path, _, _ in differences(before, after)}
        return not changed.isdisjoint(self.fields)

    def __str__(self) -> str:
        return f"change of {', '.join(self.fields)}"


@frozen(kw_only=True)
class EnteredStage:
    """When a deal enters a stage, from another one or by being made.

    ``stage`` and ``pipeline`` are keys, ``category`` what the stage means; ``None`` is any.
    """

    stage: str | None = None
    pipeline: str | None = None
    category: StageCategory | None = None

    def fits(self, before: Record | None, after: Record, model: Model) -> bool:
        """Whether this change is one that the rule waits for."""
        if not isinstance(after, Opportunity) or _place(before) == _place(after):
            return False
        if self.stage not in (None, after.stage) or self.pipeline not in (None, after.pipeline):
            return False
        stage = model.stage_of(after.pipeline, after.stage)
        return self.category is None or (stage is not None and stage.category is self.category)

    def __str__(self) -> str:
        named = [one for one in (self.pipeline, self.stage, self.category) if one is not None]
        return f"entry into {'/'.join(map(str, named)) or 'any stage'}"


def _place(record: Record | None) -> tuple[str, str] | None:
    return (record.pipeline, record.stage) if isinstance(record, Opportunity) else None


@frozen
class TimePassed:
    """When ``after`` has passed since the moment in a field; the field may be a date.

    A date counts from its first moment in the model's time zone. A negative ``after`` acts before
    the moment. Moments due before ``not_before`` are never acted on (``None``: all are).
    ``crm.run_due`` looks for what is due; a record whose moment changes is due once more.
    """

    since: str = field(converter=path_text)
    after: timedelta = timedelta()
    not_before: datetime | None = None

    def fits(self, _before: Record | None, _after: Record, _model: Model) -> bool:
        """Never: it waits for no change."""
        return False

    def due_at(self, record: Record, model: Model) -> datetime | None:
        """The moment it is due for a record; ``None`` where it never is."""
        value = value_at(record, Path(*self.since.split(".")))
        try:
            due = _moment(value, model) + self.after if isinstance(value, date) else None
        except OverflowError:  # there are no later or earlier moments
            return None
        if due is None or (self.not_before is not None and due < self.not_before):
            return None
        return due.astimezone(UTC)

    def __str__(self) -> str:
        return f"{self.after} after {self.since}"


def _moment(value: date, model: Model) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time.min, ZoneInfo(model.calendar.time_zone))


Trigger: TypeAlias = Created | Updated | Changed | EnteredStage | TimePassed
"""Any trigger."""
