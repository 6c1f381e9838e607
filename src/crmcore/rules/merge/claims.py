"""Claims: what a merge changed around it, and which later edits took away from that.

A receipt lists every move and every rewritten record, so that the merge can be taken back from
the ledger alone. A later edit is noted beside it: what people set themselves stays (law M19).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from crmcore.changes import ChangeSet, Delete, Insert, Update, differences
from crmcore.entities import LEDGER, LaterEdit, MergeReceipt, Record, UnmergeReceipt
from crmcore.entities.ledger import Rewritten
from crmcore.fields import KEEP
from crmcore.model.describe import FieldSchema
from crmcore.model.model import Model
from crmcore.model.references import field_references
from crmcore.rules.merge.links import link_ends
from crmcore.rules.rule import Context
from crmcore.values.ids import LaterEditId, UserId
from crmcore.values.ref import Ref


def is_merging(changes: ChangeSet) -> bool:
    """Whether a change set is that of a merge or an unmerge, or takes one of them back."""
    rows = (one.before if isinstance(one, Delete) else one.after for one in changes)
    return any(isinstance(row, MergeReceipt | UnmergeReceipt) for row in rows)


def with_claims(changes: ChangeSet, *, turn: int = 0) -> ChangeSet:
    """The set of a merge, or an unmerge, whose receipt lists the derived rows as well.

    ``turn`` is how many ledger rows the same commit has before it. A set without a receipt, or
    with several, comes back as it is.
    """
    rows = [one.after for one in changes if isinstance(one, Insert)]
    receipts = [row for row in rows if isinstance(row, MergeReceipt | UnmergeReceipt)]
    if len(receipts) != 1:
        return changes
    receipt = receipts[0]
    if not _is_made_here(receipt, changes):
        return changes
    if isinstance(receipt, MergeReceipt):
        told = Insert(_told(receipt, changes, turn))
    else:
        come = [row.ref for row in rows if row.ref.kind not in LEDGER]
        begun = [ref for ref in come if ref not in receipt.restored]
        told = Insert(attrs.evolve(receipt, begun=begun, turn=turn))
    return attrs.evolve(changes, changes=[told if one.ref == told.ref else one for one in changes])


def with_rows(receipt: MergeReceipt) -> MergeReceipt:
    """A receipt that names the link rows which went, and those that stand for them.

    Receipts of older versions, which have no ``after``, name them in their clashes only.
    """
    if receipt.after is not None or receipt.removed or not receipt.clashes:
        return receipt
    kept = [clash.kept.ref for clash in receipt.clashes if clash.kept is not None]
    removed = [clash.removed.ref for clash in receipt.clashes]
    return attrs.evolve(receipt, heirs=dict.fromkeys(kept), removed=removed)


def _is_made_here(receipt: MergeReceipt | UnmergeReceipt, changes: ChangeSet) -> bool:
    """Whether a set does what its receipt says, rather than copy one from another store."""
    if isinstance(receipt, UnmergeReceipt):
        return not any(isinstance(one, Insert) and one.ref == receipt.survivor for one in changes)
    gone = {one.ref for one in changes if isinstance(one, Delete)}
    return gone.issuperset(receipt.losers)


def _told(receipt: MergeReceipt, changes: ChangeSet, turn: int) -> MergeReceipt:
    kept = [clash.kept.ref for clash in receipt.clashes if clash.kept is not None]
    removed = [clash.removed.ref for clash in receipt.clashes]
    merged = {*receipt.losers, *removed}
    moves = {(one.ref, one.field) for one in receipt.moved}
    gone = [one.before for one in changes if isinstance(one, Delete)]
    come = [one.ref for one in changes if isinstance(one, Insert) and one.ref.kind not in LEDGER]
    updates = [one for one in changes if isinstance(one, Update)]
    rewritten = [
        Rewritten(before=one.before, after=one.after)
        for one in updates
        if one.ref != receipt.survivor and not _only_moved(one, moves)
    ]
    after = next((one.after for one in updates if one.ref == receipt.survivor), None)
    return attrs.evolve(
        receipt,
        after=after or receipt.after,
        rewritten=rewritten,
        heirs=dict.fromkeys(kept),
        removed=removed,
        ended=[row for row in gone if row.ref not in merged],
        begun=come,
        turn=turn,
    )


def _only_moved(one: Update, moves: set[tuple[Ref[Any], str]]) -> bool:
    return all(
        (one.ref, path) in moves and isinstance(old, str | Ref) and isinstance(new, str | Ref)
        for path, old, new in differences(one.before, one.after)
    )


def claimed(record: Record, model: Model) -> Iterator[Ref[Any]]:
    """The records of whose merges one may have a claim on ``record``: itself, and its targets."""
    yield record.ref
    for one in _following(record, model):
        yield from field_references(record, one)


def later_edits(
    changes: ChangeSet,
    *,
    survivors: frozenset[Ref[Any]],
    edits: Iterable[LaterEdit],
    since: Mapping[Ref[Any], tuple[int, int]],
    context: Context,
    turn: int = 0,
) -> ChangeSet:
    """The rows that say what ``changes`` set of the fields on which merges have a claim.

    ``survivors`` are the records for which others were given up, link rows included; ``since`` is
    the moment of the last merge of each; ``edits`` are the rows that there are already.
    """
    rows = tuple(edits)
    found: list[Insert] = []
    for one in changes:
        if isinstance(one, Insert) or one.ref.kind in LEDGER:
            continue
        held = survivors.intersection(claimed(one.before, context.model))
        if not held:
            continue
        last = max(since.get(ref, (0, 0)) for ref in held)
        told = [row for row in rows if row.record == one.ref and moment_of(row) > last]
        known = {path for row in told for path in row.fields}
        paths = [path for path in _paths(one, held, context.model) if path not in known]
        if paths or (isinstance(one, Delete) and not any(not row.fields for row in told)):
            row = LaterEdit(
                id=LaterEditId(context.new_id()),
                record=one.ref,
                fields=paths,
                at=context.now,
                by=None if context.by is None else UserId(context.by),
                turn=turn,
            )
            found.append(Insert(row))
    return ChangeSet(found)


def moment_of(row: MergeReceipt | UnmergeReceipt | LaterEdit) -> tuple[int, int]:
    """When a ledger row was stored: its commit and its turn; one that is not stored is last."""
    return (row.version or 1 << 62, row.turn)


def _paths(one: Update | Delete, held: frozenset[Ref[Any]], model: Model) -> list[str]:
    if isinstance(one, Delete):
        return []
    changed = [path for path, _, _ in differences(one.before, one.after)]
    if one.ref in held or link_ends(model.schema_of(one.before)):
        return changed
    follows = {
        part.path
        for part in _following(one.before, model)
        if not held.isdisjoint(field_references(one.before, part))
    }
    return [path for path in changed if path in follows]


def _following(record: Record, model: Model) -> Iterator[FieldSchema]:
    if model.has(type(record)):
        for one in model.schema_of(record).lookups:
            if one.lookup is not None and one.lookup.on_merge is not KEEP:
                yield one
