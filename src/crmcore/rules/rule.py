"""Rule: what every rule is given besides records, and what every rule returns.

A rule is a pure function from records to a decision. It never reads the clock, never makes up an
id by itself, and never stores anything.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from attrs import frozen

from crmcore.changes import ChangeSet
from crmcore.findings import Findings
from crmcore.model.model import Model


@frozen(kw_only=True)
class Context:
    """The circumstances of a decision.

    ``now`` is the moment it is made at, ``by`` the user who makes it (``None``: nobody in
    particular), ``new_id`` gives the ids of records that the rule creates.
    """

    model: Model
    now: datetime
    new_id: Callable[[], str]
    by: str | None = None

    @property
    def today(self) -> date:
        """The calendar date of ``now`` in the model's time zone."""
        return self.model.calendar.today(self.now)


@runtime_checkable
class Decided(Protocol):
    """What every decision has: the changes to store, and what was found on the way."""

    @property
    def changes(self) -> ChangeSet:
        """The changes; empty where nothing is to be stored."""
        ...

    @property
    def findings(self) -> Findings:
        """Every finding; an error among them keeps the changes from being stored."""
        ...


@frozen
class Decision:
    """A decision without a receipt: adding, saving and deleting records."""

    changes: ChangeSet = ChangeSet()
    findings: Findings = Findings()

    def __str__(self) -> str:
        return f"{self.changes}\n{self.findings}" if self.findings else str(self.changes)
