"""RuleFiring: that an automation rule acted on a record; and where a rule that takes turns stands.

A firing is a ledger row: written by the commit that did what the rule said, and only ever added.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.record import Record, text_tuple
from crmcore.fields import KEEP, DateTime, Lookup
from crmcore.values.ids import RuleFiringId, RuleStateId, UserId, new_id
from crmcore.values.ref import Ref


def new_rule_firing_id() -> RuleFiringId:
    """A fresh id for the firing of a rule."""
    return RuleFiringId(new_id())


def new_rule_state_id() -> RuleStateId:
    """A fresh id for the state of a rule."""
    return RuleStateId(new_id())


@frozen(kw_only=True)
class RuleFiring(Record):
    """That ``rule`` acted on the record ``about`` at ``at``; ``effects`` say in words what it did.

    ``due_at`` is the moment a rule that acts by time was due (``None``: it acted on a change); its
    id is made of rule, record and that moment, so that it can be stored only once.
    """

    id: RuleFiringId = field(factory=new_rule_firing_id)
    rule: str
    about: Annotated[Ref[Record], Lookup(on_merge=KEEP)]
    at: Annotated[datetime | None, DateTime()] = None
    due_at: Annotated[datetime | None, DateTime()] = None
    effects: tuple[str, ...] = field(default=(), converter=text_tuple)


@frozen(kw_only=True)
class RuleState(Record):
    """Where a rule stands that gives records to users in turn; its id is the name of the rule.

    Every turn writes it, so that two commits at once cannot take the same turn. ``turns`` is how
    many were taken, ``last_user_id`` who had the last (``None``: nobody yet).
    """

    id: RuleStateId = field(factory=new_rule_state_id)
    turns: int = 0
    last_user_id: Annotated[UserId | None, Lookup("user", on_merge=KEEP)] = None
