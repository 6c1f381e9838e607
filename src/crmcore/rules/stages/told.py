"""Told: the history of deals as another system tells it, made into rows and checked.

History is never invented: rows from elsewhere say so (``is_imported``), come together with the
deal they are about, and must lead without a gap to what the deal is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import attrs
from attrs import frozen

from crmcore.changes import Change, ChangeSet, Delete, Insert, Update
from crmcore.entities.ledger import DealState, OpportunityChange
from crmcore.entities.opportunity import Opportunity
from crmcore.findings import Finding, error, warning
from crmcore.model.model import Model
from crmcore.rules.rule import Context
from crmcore.rules.stages.history import changed_deals, deal_state, imported, in_order, states
from crmcore.values.ids import OpportunityChangeId, UserId


@frozen
class Entry:
    """That a deal entered ``stage`` at ``at``; of ``pipeline`` (``None``: the deal's)."""

    stage: str
    at: datetime
    pipeline: str | None = None
    by: str | None = None


def told_history(
    deal: Opportunity, entries: Iterable[Entry], *, context: Context
) -> tuple[OpportunityChange, ...]:
    """The rows of a deal of which another system tells only when it entered which stage.

    In the order given. What it does not tell (amount, owner and so on) is taken to have been as it
    is now. An entry into the stage that the deal is in already makes no row.
    """
    rows: list[OpportunityChange] = []
    before: DealState | None = None
    now = deal_state(deal)
    for one in entries:
        after = attrs.evolve(now, stage=one.stage, pipeline=one.pipeline or deal.pipeline)
        if after != before:
            rows.append(
                OpportunityChange(
                    id=OpportunityChangeId(context.new_id()),
                    opportunity_id=deal.id,
                    at=one.at,
                    by=None if one.by is None else UserId(one.by),
                    before=before,
                    after=after,
                    is_imported=True,
                )
            )
        before = after
    return tuple(rows)


def told_findings(
    changes: ChangeSet, *, stored: Iterable[OpportunityChange], context: Context
) -> list[Finding]:
    """What is wrong with the rows of history in a set as it was planned.

    ``stored`` are the rows that the deals have which imported rows are about.
    """
    changed = changed_deals(changes)
    deals = {one.ref.id: states(one) for one in changes if one.ref.kind == "opportunity"}
    found = [finding for one in changes for finding in _forbidden(one, changed, deals)]
    known: dict[str, list[OpportunityChange]] = {}
    for row in stored:
        known.setdefault(row.opportunity_id, []).append(row)
    for id_, rows in imported(changes).items():
        if id_ in deals:
            last = in_order(known.get(id_, ()))
            found += _moments(rows, last[-1].at if last else None, context.now)
            if all(row.at is not None for row in rows):
                found += chain_findings(in_order(rows), *deals[id_])
            found += _stages(rows, context.model)
    return found


def _forbidden(
    one: Change, changed: Mapping[str, object], deals: Mapping[str, object]
) -> Iterator[Finding]:
    """That rows are only ever added, and with the deal they are about."""
    row = one.after if isinstance(one, Insert) else one.before
    if not isinstance(row, OpportunityChange):
        return
    if isinstance(one, Update) or (isinstance(one, Delete) and row.opportunity_id not in changed):
        yield error(
            "history.append_only",
            "the history of a deal is never changed or removed",
            ref=row.ref,
            suggestion="change the deal: that writes a row of its own",
        )
    elif isinstance(one, Insert) and row.opportunity_id not in deals:
        yield error(
            "history.alone",
            "a row of history comes with the deal that it is about",
            ref=row.ref,
            path="opportunity_id",
            value=row.opportunity_id,
            suggestion="add the deal and its rows together, with is_imported=True",
        )


def _moments(
    rows: Iterable[OpportunityChange], last: datetime | None, now: datetime
) -> Iterator[Finding]:
    for row in rows:
        if row.at is None:
            yield error(
                "history.moment", "an imported row needs its moment", ref=row.ref, path="at"
            )
        elif row.at > now:
            yield error(
                "history.future", "history is of the past", ref=row.ref, path="at", value=row.at
            )
        elif last is not None and row.at < last:
            yield error(
                "history.overlap",
                f"the history of this deal is known up to {last}",
                ref=row.ref,
                path="at",
                value=row.at,
                suggestion="import what came after that",
            )


def chain_findings(
    rows: Iterable[OpportunityChange], before: DealState | None, after: DealState | None
) -> Iterator[Finding]:
    """Where rows in their order do not lead from one state of a deal to another without a gap."""
    state, row = before, None
    for row in rows:
        if row.before != state:
            yield error(
                "history.gap",
                f"before this row the deal is {_said(state)}",
                ref=row.ref,
                path="before",
                value=_said(row.before),
                suggestion="add the row that leads from the one to the other, or mend this one",
            )
        state = row.after
    if row is not None and state != after:
        yield error(
            "history.end",
            f"the history ends where the deal is {_said(state)}, and it is {_said(after)}",
            ref=row.ref,
            path="after",
            suggestion="add the last row, or give the deal as the history leaves it",
        )


def _said(state: DealState | None) -> str:
    if state is None:
        return "not there"
    values = (f"{one.name}={getattr(state, one.name)}" for one in attrs.fields(DealState))
    return ", ".join(one for one in values if not one.endswith("=None"))


def _stages(rows: Iterable[OpportunityChange], model: Model) -> Iterator[Finding]:
    """That history may tell of stages which the model does not have, or no longer."""
    told = {(row.after.pipeline, row.after.stage): row for row in rows if row.after is not None}
    for (pipeline, stage), row in told.items():
        if model.stage_of(pipeline, stage) is None:
            yield warning(
                "history.stage",
                "the history tells of a stage that the model does not have",
                ref=row.ref,
                path="after.stage",
                value=f"{pipeline}/{stage}",
                suggestion="fine for a stage of the past; reports show it by its key",
            )
