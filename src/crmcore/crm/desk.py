"""Desk: what every command of one ``Crm`` has in common: model, rules, clock, ids, user."""

from __future__ import annotations

from attrs import frozen

from crmcore.model.model import Model
from crmcore.ports import Clock, IdFactory
from crmcore.rules.rule import Context
from crmcore.rules.rulebook import RuleBook


@frozen(kw_only=True)
class Desk:
    """The settings that do not change from command to command."""

    model: Model
    rules: RuleBook
    clock: Clock
    ids: IdFactory
    by: str | None

    def context(self) -> Context:
        """The circumstances of a decision made now."""
        return Context(model=self.model, now=self.clock(), new_id=self.ids, by=self.by)
