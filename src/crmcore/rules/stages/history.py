"""History: the rows that tell how deals change, written by the same commit (law P3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import attrs

from crmcore.changes import Change, ChangeSet, Delete, Insert, Update
from crmcore.entities.ledger import DealState, OpportunityChange
from crmcore.entities.opportunity import Opportunity
from crmcore.rules.rule import Context
from crmcore.values.ids import OpportunityChangeId, OpportunityId, UserId


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


def states(one: Change) -> tuple[DealState | None, DealState | None]:
    """The kept fields of a deal before and after a change; both ``None`` for other records."""
    before = one.before if isinstance(one, Update | Delete) else None
    after = one.after if isinstance(one, Insert | Update) else None
    return (
        deal_state(before) if isinstance(before, Opportunity) else None,
        deal_state(after) if isinstance(after, Opportunity) else None,
    )


def changed_deals(changes: ChangeSet) -> dict[str, tuple[DealState | None, DealState | None]]:
    """The deals whose kept fields a set changes, by id: as they were, and as they will be."""
    found = {one.ref.id: states(one) for one in changes if one.ref.kind == "opportunity"}
    return {id_: ends for id_, ends in found.items() if ends[0] != ends[1]}


def in_order(rows: Iterable[OpportunityChange]) -> tuple[OpportunityChange, ...]:
    """The rows of one deal in the order in which the changes happened.

    By commit, then moment; rows that share both follow one another as their states do, and by id
    where nothing tells.
    """
    ordered: list[OpportunityChange] = []
    for _, group in groupby(sorted(rows, key=_when), key=lambda one: _when(one)[:3]):
        ordered += _chained(list(group), ordered[-1].after if ordered else None)
    return tuple(ordered)


def _chained(tied: list[OpportunityChange], state: DealState | None) -> Iterable[OpportunityChange]:
    """Rows of one moment, each beginning where the one before ends, from ``state`` if that can be.

    A walk over all of them (Hierholzer, 1873), the lowest id first; what it does not reach is last.
    """
    if len(tied) == 1:
        return tied
    leaving: dict[DealState | None, list[OpportunityChange]] = {}
    for row in reversed(tied):
        leaving.setdefault(row.before, []).append(row)
    start = state if state in leaving else tied[0].before
    trail: list[tuple[DealState | None, OpportunityChange | None]] = [(start, None)]
    walked: list[OpportunityChange] = []
    while trail:
        waiting = leaving.get(trail[-1][0])
        if waiting:
            row = waiting.pop()
            trail.append((row.after, row))
        else:
            done = trail.pop()[1]
            walked += [] if done is None else [done]
    walked.reverse()
    return [*walked, *(row for group in leaving.values() for row in reversed(group))]


def _when(row: OpportunityChange) -> tuple[int, bool, float, str]:
    moment = 0.0 if row.at is None else row.at.timestamp()
    return row.version, row.at is not None, moment, row.id


def with_history(changes: ChangeSet, *, context: Context) -> ChangeSet:
    """The set with one row of history for each deal whose kept fields it changes.

    Rows that the set has already, of decisions it is made of, become one; a row that it would take
    back stays, as the change back is a change of its own (see ``told`` for what is refused). Rows
    that were imported stay, and what changed since then gets a row behind them.
    """
    if not context.model.is_enabled(OpportunityChange):
        return changes
    changed = changed_deals(changes)
    kept = [one for one in changes if not _is_superseded(one, changed)]
    ids: dict[str, OpportunityChangeId] = {
        one.after.opportunity_id: one.after.id
        for one in changes
        if isinstance(one, Insert)
        and isinstance(one.after, OpportunityChange)
        and not one.after.is_imported
    }
    rows = deal_history(attrs.evolve(changes, changes=kept), context=context, ids=ids)
    if not rows and len(kept) == len(changes):
        return changes
    return attrs.evolve(changes, changes=(*kept, *rows))


def _is_superseded(
    one: Change, changed: dict[str, tuple[DealState | None, DealState | None]]
) -> bool:
    """Whether a change is one of a row that is derived anew, or of one that must stay."""
    if isinstance(one, Insert):
        return isinstance(one.after, OpportunityChange) and not one.after.is_imported
    before = one.before
    return (
        isinstance(one, Delete)
        and isinstance(before, OpportunityChange)
        and before.opportunity_id in changed
    )


def deal_history(
    changes: ChangeSet, *, context: Context, ids: Mapping[str, OpportunityChangeId] | None = None
) -> ChangeSet:
    """The rows of history that belong to ``changes``: one for each deal that it changes.

    A row begins where the imported rows of the deal in the set end. Deals whose kept fields stay
    as they were get none; nor does any where the model has the history disabled. ``ids`` are the
    ids that the rows of deals are to have (``None``: fresh ones).
    """
    if not context.model.is_enabled(OpportunityChange):
        return ChangeSet()
    return ChangeSet([Insert(row) for row in _rows(changes, context, ids or {})])


def _rows(
    changes: ChangeSet, context: Context, ids: Mapping[str, OpportunityChangeId]
) -> Iterator[OpportunityChange]:
    told = imported(changes)
    for id_, (before, after) in changed_deals(changes).items():
        start = in_order(told[id_])[-1].after if id_ in told else before
        if start == after:
            continue
        known = ids.get(id_)
        yield OpportunityChange(
            id=OpportunityChangeId(context.new_id()) if known is None else known,
            opportunity_id=OpportunityId(id_),
            at=context.now,
            by=None if context.by is None else UserId(context.by),
            before=start,
            after=after,
            created_at=context.now,
            updated_at=context.now,
        )


def imported(changes: ChangeSet) -> dict[str, list[OpportunityChange]]:
    """The imported rows that a set inserts, by the deal they are about."""
    found: dict[str, list[OpportunityChange]] = {}
    for one in changes:
        row = one.after if isinstance(one, Insert) else None
        if isinstance(row, OpportunityChange) and row.is_imported:
            found.setdefault(row.opportunity_id, []).append(row)
    return found
