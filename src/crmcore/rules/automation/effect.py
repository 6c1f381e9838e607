"""Effect: what an automation rule does to the record it acts on, as data."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeAlias

from attrs import field, frozen

from crmcore.changes import ChangeSet
from crmcore.entities.record import Record, text_tuple
from crmcore.query import ALL, Filter
from crmcore.rules.automation.trigger import path_text
from crmcore.rules.rule import Context

Function: TypeAlias = Callable[[Record, Context], ChangeSet]
"""A function of one's own: the record as it stands and the circumstances in, changes out.

It decides and stores nothing. It may change the record and make new ones.
"""


@frozen
class InDays:
    """A date or moment that lies ``days`` days after the present one; negative: before."""

    days: int

    def __str__(self) -> str:
        return f"in {self.days} days"


@frozen
class Set:
    """Give a field a value; ``None`` empties it, ``InDays(7)`` is a date from now."""

    field: str = field(converter=path_text)
    value: Any

    def __str__(self) -> str:
        return f"set {self.field} to {self.value}"


@frozen
class AddLabel:
    """Add a label."""

    label: str

    def __str__(self) -> str:
        return f"add the label {self.label}"


@frozen
class MoveStage:
    """Move the deal to a stage, by its key.

    ``pipeline`` is the key of another sales process (``None``: the deal's own).
    """

    stage: str
    pipeline: str | None = None

    def __str__(self) -> str:
        return f"move to {self.stage}"


@frozen(kw_only=True)
class CreateActivity:
    """Make an activity with the record, or about it, that its owner is to do.

    ``due_in`` is in days from today (``None``: any time).
    """

    subject: str
    kind: str = "task"
    due_in: int | None = None
    priority: str | None = None

    def __str__(self) -> str:
        return f"create {self.kind} {self.subject!r}"


class Turn(Enum):
    """Who of several users gets the next record."""

    ROUND_ROBIN = "round_robin"
    """One after the other, in the order of the list."""
    LOAD = "load"
    """Who owns the fewest records of the kind; the first of the list where several do."""


@frozen(kw_only=True)
class AssignOwner:
    """Give the record to one of ``users``, by their ids, in turn.

    ``load`` says which records count when it goes by load. Users that are stored and not active
    are passed over.
    """

    users: tuple[str, ...] = field(converter=text_tuple)
    by: Turn = Turn.ROUND_ROBIN
    load: Filter = ALL

    def __str__(self) -> str:
        return f"assign to {', '.join(self.users)} by {self.by.value}"


@frozen
class Call:
    """Do what the function of this name in the rule book decides."""

    function: str

    def __str__(self) -> str:
        return f"call {self.function}"


Effect: TypeAlias = Set | AddLabel | MoveStage | CreateActivity | AssignOwner | Call
"""Any effect."""
