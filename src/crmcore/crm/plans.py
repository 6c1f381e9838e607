"""Plans: for each command, gather what its rule needs and let the rule decide.

Nothing here decides anything itself, and nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import attrs

from crmcore.changes import ChangeSet, ConflictError, Insert, Update, differences
from crmcore.crm import gather, old_ids, reading
from crmcore.crm.choices import Target
from crmcore.crm.complete import decided
from crmcore.entities import Account, Lead, Record
from crmcore.entities.ledger import Verdict
from crmcore.errors import NotFoundError, UsageError
from crmcore.findings import Finding, Findings, error
from crmcore.model.policies import OldIds
from crmcore.ports import Snapshot
from crmcore.rules import deletion, hierarchy, matching
from crmcore.rules.integrity import require_kind
from crmcore.rules.rule import Context, Decided, Decision
from crmcore.values.ref import Ref

D = TypeVar("D", bound=Decided)


def add(snapshot: Snapshot, context: Context, records: Iterable[Record]) -> Decision:
    """Store records for the first time."""
    fresh = [attrs.evolve(_record(one), version=0) for one in records]
    taken = gather.fetch(snapshot, (one.ref for one in fresh), context.model)
    former = old_ids.survivors(snapshot, (one.ref for one in fresh if one.ref not in taken))
    found: list[Finding] = []
    first: dict[Ref[Any], Record] = {}
    for one in fresh:
        if one.ref in taken or one.ref in first:
            found.append(
                error(
                    "id.taken",
                    f"another {one.ref.kind} has this id already",
                    ref=one.ref,
                    path="id",
                    value=one.id,
                    suggestion="use save to change it, or leave the id out",
                )
            )
        elif one.ref in former:
            found.append(
                error(
                    "id.merged",
                    f"the record of this id was merged into {former[one.ref]}",
                    ref=one.ref,
                    path="id",
                    value=one.id,
                    suggestion="change that one, or leave the id out",
                )
            )
        first.setdefault(one.ref, one)
    inserts = [Insert(one) for ref, one in first.items() if ref not in taken]
    return Decision(ChangeSet(inserts), Findings(found))


def _record(value: Any) -> Record:
    if not isinstance(value, Record):
        raise UsageError("only records can be stored", value, "pass for instance Account(name=...)")
    return value


def save(snapshot: Snapshot, context: Context, record: Record) -> Decision:
    """Store what changed in a record that was read before, or in what it was merged into."""
    _record(record)
    stored = snapshot.get(type(record), [record.id]).get(record.id)
    if stored is None:
        stored, record = old_ids.followed(snapshot, context.model, record)
    if stored.version != record.version:
        raise ConflictError(record.ref, f"version {record.version}", f"version {stored.version}")
    created = record.created_at if record.created_at is not None else stored.created_at
    after = attrs.evolve(record, created_at=created)
    if not differences(stored, after):
        return Decision()
    return Decision(ChangeSet([Update(stored, after)]), _read_only(stored))


def _read_only(stored: Record) -> Findings:
    """That a converted lead no longer changes (law C5)."""
    if not isinstance(stored, Lead) or stored.converted_at is None:
        return Findings()
    return Findings(
        [
            error(
                "lead.converted",
                "a converted lead is read-only",
                ref=stored.ref,
                path="converted_at",
                value=stored.converted_at,
                suggestion="change the contact or the deal that it became",
            )
        ]
    )


def delete(snapshot: Snapshot, context: Context, entity: type[Record], id_: str) -> Decision:
    """Remove a record with everything that cascades."""
    require_kind(entity, context.model)
    record = reading.get(snapshot, context.model, entity, id_)
    if record.id != id_ and context.model.policies.old_ids is OldIds.REFUSE:
        hint = f"it was merged into {record.ref}; delete that one"
        raise NotFoundError(record.ref.kind, id_, hint)
    referring = gather.deleted_with(snapshot, record, context.model)
    return deletion.delete(record, referring=referring.values(), model=context.model)


def reparent(
    snapshot: Snapshot, context: Context, account_id: str, parent_id: str | None
) -> Decision:
    """Move an account, with everything below it, under another one (``None``: to the top)."""
    account = reading.get(snapshot, context.model, Account, account_id)
    parent = None
    above: list[Record] = []
    if parent_id is not None:
        parent = reading.get(snapshot, context.model, Account, parent_id)
        above = gather.ancestors(snapshot, parent, context.model.schema(Account).field("parent_id"))
    former = gather.ancestors(snapshot, account, context.model.schema(Account).field("parent_id"))
    return hierarchy.reparent(
        account, parent, context=context, ancestors_of_parent=above, former_line=former
    )


def repair_hierarchy(snapshot: Snapshot, context: Context, entity: type[Record]) -> Decision:
    """Make trees of the records of an entity that are none."""
    kind = require_kind(entity, context.model)
    return hierarchy.repair(gather.records_of(snapshot, [kind]), context=context)


def given(_: Snapshot, __: Context, decision: D) -> D:
    """A decision that was made before, with what is wrong with it today."""
    found: list[Finding] = []
    if isinstance(decision, Decision):
        updates = (one for one in decision.changes if isinstance(one, Update))
        found = [finding for one in updates for finding in _read_only(one.before)]
    return decided(decision, changes=decision.changes, findings=decision.findings + found)


def not_duplicates(
    snapshot: Snapshot, context: Context, first: Target, second: Target, reason: str | None
) -> Decision:
    """Say that two records are not one."""
    left = reading.locate(snapshot, context.model, first)
    right = reading.locate(snapshot, context.model, second)
    return Decision(matching.judge(left, right, Verdict.NOT_DUPLICATE, context, reason=reason))
