"""Stages: the history of deals, written by the same commit that changes them (law P3)."""

from __future__ import annotations

from collections.abc import Iterator

from crmcore.changes import Change, ChangeSet, Delete, Insert, Update
from crmcore.entities.ledger import DealState, OpportunityChange
from crmcore.entities.opportunity import Opportunity
from crmcore.rules.rule import Context
from crmcore.values.ids import OpportunityChangeId, UserId


def deal_state(deal: Opportunity) -> DealState:
    """The fields of a deal whose history is kept, as they stand."""
    return DealState(
        pipeline=deal.pipeline,
        stage=deal.stage,
        amount=deal.amount,
        probability=deal.probability,
        forecast_category=deal.forecast_category,
        close_on=deal.close_on,
        owner_id=deal.owner_id,
        account_id=deal.account_id,
    )


def deal_history(changes: ChangeSet, *, context: Context) -> ChangeSet:
    """The rows of history that belong to ``changes``: one for each deal that it changes.

    Deals for which the set has a row already, or whose kept fields stay as they were, get none;
    nor does any where the model has the history disabled.
    """
    if not context.model.is_enabled(OpportunityChange):
        return ChangeSet()
    told = {
        one.after.opportunity_id
        for one in changes
        if isinstance(one, Insert) and isinstance(one.after, OpportunityChange)
    }
    return ChangeSet(
        [Insert(row) for row in _rows(changes, context) if row.opportunity_id not in told]
    )


def _rows(changes: ChangeSet, context: Context) -> Iterator[OpportunityChange]:
    for one in changes:
        before, after = _deals(one)
        old = None if before is None else deal_state(before)
        new = None if after is None else deal_state(after)
        deal = after or before
        if deal is not None and old != new:
            yield OpportunityChange(
                id=OpportunityChangeId(context.new_id()),
                opportunity_id=deal.id,
                at=context.now,
                by=None if context.by is None else UserId(context.by),
                before=old,
                after=new,
            )


def _deals(one: Change) -> tuple[Opportunity | None, Opportunity | None]:
    before = one.before if isinstance(one, Update | Delete) else None
    after = one.after if isinstance(one, Insert | Update) else None
    return (
        before if isinstance(before, Opportunity) else None,
        after if isinstance(after, Opportunity) else None,
    )
