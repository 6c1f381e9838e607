"""Complete: a decision made ready to be stored: derived rows, dates, findings and checks.

The one path that every write takes, whichever rule decided it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar

import attrs

from crmcore.changes import ChangeSet, Update
from crmcore.crm import gather
from crmcore.crm.automating import automated
from crmcore.crm.claims import with_ledger
from crmcore.entities import (
    AccountContactRelation,
    Contact,
    OpportunityChange,
    Record,
    RuleFiring,
)
from crmcore.findings import Finding, Findings
from crmcore.model.check import check_record
from crmcore.ports import Overlay, Snapshot
from crmcore.query import F, Query
from crmcore.rules.automation import Automated
from crmcore.rules.integrity import check_between
from crmcore.rules.merge.claims import is_merging
from crmcore.rules.qualification import status_changes
from crmcore.rules.relations import direct_relations, rehomed, unhomed
from crmcore.rules.rule import Context, Decided
from crmcore.rules.rulebook import STANDARD_RULES, RuleBook
from crmcore.rules.stages import StageMoves, stage_findings, told_findings, with_history
from crmcore.rules.stages.entry import deal_steps, softened, steps_of, taken_back
from crmcore.rules.stages.history import imported
from crmcore.values.ref import Ref

D = TypeVar("D", bound=Decided)


class Automation(Enum):
    """Whether automation rules act on a decision."""

    RUN = "run"
    SKIP = "skip"
    """They acted on its parts already, or it restores what was there."""


def complete(
    decision: D,
    snapshot: Snapshot,
    context: Context,
    rules: RuleBook = STANDARD_RULES,
    automation: Automation | Automated = Automation.RUN,
) -> D:
    """The decision with everything that has to be stored with it, and everything wrong with it.

    What automation rules do about it is part of it, each with a remark that says which rule did
    it; ``automation`` may be what they did already. A missing reference of a derived row is that
    of the record it derives from, and reported there.
    """
    planned = decision.changes
    said = told_findings(planned, stored=_told_before(planned, snapshot), context=context)
    if isinstance(automation, Automated):
        acted = automation
    elif automation is Automation.RUN:
        acted = automated(planned, snapshot, context, rules)
    else:
        acted = Automated(changes=planned)
    changes = with_relations(acted.changes, snapshot, context)
    changes = with_history(changes, context=context)
    changes = with_ledger(changes, snapshot, context)
    changes = changes.stamped(context.now, context.by)
    found, changes = _checked(changes, snapshot, context)
    found += [*said, *_stage_findings(decision, changes, acted, context, rules)]
    found += status_changes(changes, context.model)
    derived = changes.refs - acted.changes.refs
    found = [one for one in found if one.ref not in derived or one.code != "reference.missing"]
    findings = Findings(dict.fromkeys((*decision.findings, *acted.findings, *found)))
    return decided(decision, changes=changes, findings=findings)


def decided(decision: D, *, changes: ChangeSet, findings: Findings) -> D:
    """The same decision with these changes and findings; its records are those of the changes."""
    plain: Any = decision  # Any: every decision is an attrs class, which a Protocol cannot say
    records = _records(decision, written(changes))
    successor: D = attrs.evolve(plain, changes=changes, findings=findings, **records)
    return successor


def with_records(decision: D, after: Mapping[Ref[Any], Record]) -> D:
    """The same decision with each of its records as ``after`` has it."""
    plain: Any = decision  # Any: as above
    successor: D = attrs.evolve(plain, **_records(decision, after))
    return successor


def _records(decision: Decided, after: Mapping[Ref[Any], Record]) -> dict[str, Record]:
    plain: Any = decision  # Any: as above
    values = {one.name: getattr(decision, one.name) for one in attrs.fields(type(plain))}
    return {
        name: after.get(value.ref, value)
        for name, value in values.items()
        if isinstance(value, Record)
    }


def _told_before(changes: ChangeSet, snapshot: Snapshot) -> Iterator[OpportunityChange]:
    """The stored rows of the deals that imported rows are about."""
    ids = sorted(imported(changes))
    if ids:
        yield from snapshot.find(Query.of(OpportunityChange, F.opportunity_id.in_(ids)))


def _stage_findings(
    decision: Decided, changes: ChangeSet, acted: Automated, context: Context, rules: RuleBook
) -> list[Finding]:
    """What keeps deals from moving; where they are moved by a map it is said, and stops nothing.

    Where rules moved a deal, each of their steps was asked about when they did.
    """
    is_map = isinstance(decision, StageMoves)
    moved = {one.about for one in decision.changes.written if isinstance(one, RuleFiring)}
    steps = [one for one in steps_of(decision.changes) if one[1].ref not in moved]
    steps += deal_steps(acted.steps)
    found = stage_findings(
        changes,
        steps=() if is_map else steps,
        back=taken_back(decision.changes),
        conditions=rules.entry_conditions,
        model=context.model,
    )
    return softened(found) if is_map else found


def written(changes: ChangeSet) -> dict[Ref[Any], Record]:
    """The records as ``changes`` leave them, by reference."""
    return {record.ref: record for record in changes.written}


def with_relations(changes: ChangeSet, snapshot: Snapshot, context: Context) -> ChangeSet:
    """The changes with the direct relations of the contacts that they move (law X1).

    Those of a merge or an unmerge may also take one from a contact that keeps its account.
    """
    moved = {one.id: one for one in rehomed(changes)}
    left = unhomed(changes) - moved.keys() if is_merging(changes) else frozenset()
    if not (moved or left) or not context.model.is_enabled(AccountContactRelation):
        return changes
    after = Overlay(snapshot, changes)
    moved.update((one.id, one) for one in after.get(Contact, sorted(left)).values())
    contacts = tuple(moved.values())
    ids = sorted(moved)
    rows = tuple(after.find(Query.of(AccountContactRelation, F.contact_id.in_(ids))))
    direct = [row.ref for row in rows if row.is_direct]
    named = gather.named(after, direct, context.model) if direct else ()
    return changes.then(direct_relations(contacts, rows, context=context, named=named))


def _checked(
    changes: ChangeSet, snapshot: Snapshot, context: Context
) -> tuple[list[Finding], ChangeSet]:
    model = context.model
    records = changes.written
    found = [one for record in records for one in check_record(record, model)]
    broken = {one.ref for one in found if one.code in ("type.wrong", "entity.unknown")}
    sound = [record for record in records if record.ref not in broken]
    before = {one.ref: one.before for one in changes if isinstance(one, Update)}
    after = Overlay(snapshot, changes)
    between = check_between(
        sound,
        before=before,
        known=gather.surroundings(after, sound, model),
        rivals=gather.rivals(after, sound),
        model=model,
    )
    people = gather.persons(after, (one for one in changes if one.ref not in broken), model)
    found += (*between.findings, *people.findings)
    checks = dict.fromkeys((*changes.checks, *between.checks, *people.checks))
    return found, attrs.evolve(changes, checks=tuple(checks))
