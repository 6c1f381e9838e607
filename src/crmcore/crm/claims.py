"""Claims: the ledger rows that a write owes to the merges before it, read and made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.crm import gather
from crmcore.entities import LEDGER, LaterEdit, MergeReceipt, Record, UnmergeReceipt
from crmcore.model.model import Model
from crmcore.ports import Overlay, Snapshot
from crmcore.query import F, Query
from crmcore.rules.merge.claims import (
    claimed,
    is_merging,
    later_edits,
    moment_of,
    with_claims,
)
from crmcore.rules.rule import Context
from crmcore.values.ref import Ref


def with_ledger(changes: ChangeSet, snapshot: Snapshot, context: Context) -> ChangeSet:
    """The set with what the ledger has to say of it.

    A merge lists everything that it changes; any other command tells which fields it set that a
    merge has a claim on. Where nothing was ever merged, that is one question that finds nothing.
    """
    turn = _turn(snapshot)
    if is_merging(changes):
        return with_claims(changes, turn=turn)
    before = [one.before for one in changes if isinstance(one, Update | Delete)]
    before = [one for one in before if one.ref.kind not in LEDGER]
    if not before:
        return changes
    since = _survivors(snapshot, before, context.model)
    if not since:
        return changes
    refs = sorted(one.ref for one in before)
    edits = snapshot.find(Query.of(LaterEdit, F.record.in_(refs)))
    rows = later_edits(
        changes,
        survivors=frozenset(since),
        edits=edits,
        since=since,
        context=context,
        turn=turn,
    )
    return changes.then(rows)


def _turn(snapshot: Snapshot) -> int:
    """How many ledger rows about merges the transaction has written so far."""
    if not isinstance(snapshot, Overlay):
        return 0
    rows = (one.after for one in snapshot.changes if isinstance(one, Insert))
    # an unmerge takes two turns: what led elsewhere stands behind what stayed
    return 2 * sum(isinstance(row, MergeReceipt | UnmergeReceipt | LaterEdit) for row in rows)


def _survivors(
    snapshot: Snapshot, records: Iterable[Record], model: Model
) -> dict[Ref[Any], tuple[int, int]]:
    """The records around ``records`` for which others were given up, and when that was last."""
    refs = {ref for one in records for ref in claimed(one, model)}
    found: dict[Ref[Any], tuple[int, int]] = {}
    for receipt in _receipts(snapshot, refs, model):
        for ref in (receipt.survivor, *receipt.heirs):
            if ref in refs:
                found[ref] = max(found.get(ref, (0, 0)), moment_of(receipt))
    return found


def _receipts(snapshot: Snapshot, refs: Iterable[Ref[Any]], model: Model) -> Iterator[MergeReceipt]:
    wanted = sorted(refs)
    yield from snapshot.find(Query.of(MergeReceipt, F.survivor.in_(wanted)))
    links = {kind for kind in {ref.kind for ref in wanted} if gather.is_link_kind(kind, model)}
    for ref in wanted:
        if ref.kind in links:
            yield from snapshot.find(Query.of(MergeReceipt, F.heirs.contains(ref)))
