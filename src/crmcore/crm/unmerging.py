"""Unmerging: what taking a merge back needs to see, all of it ledger rows and stored records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from crmcore.crm import gather, reading
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Contact,
    LaterEdit,
    MergeReceipt,
    Record,
    UnmergeReceipt,
)
from crmcore.entities.ledger import Clash
from crmcore.errors import NotFoundError
from crmcore.fields import KEEP
from crmcore.model.model import Model
from crmcore.model.references import references
from crmcore.ports import Snapshot
from crmcore.query import F, Path, Query
from crmcore.rules.merge import History, Merge, Unmerge, reversal
from crmcore.rules.merge.claims import with_rows
from crmcore.rules.rule import Context
from crmcore.rules.rulebook import RuleBook
from crmcore.rules.survivorship import Survivorship
from crmcore.values.ref import Ref

MergeLike: TypeAlias = "str | MergeReceipt | Merge"
"""A merge: its id, its receipt, or the decision."""

_FEW = 32
"""Up to so many records are asked for one by one; for more, all receipts are read once."""


def unmerge(
    snapshot: Snapshot,
    context: Context,
    *,
    rules: RuleBook,
    merge: MergeLike,
    survivorship: Survivorship | None = None,
) -> Unmerge:
    """Decide that a merge is taken back; see ``Crm.unmerge``."""
    receipt = _receipt(snapshot, merge)
    model = context.model
    history = history_of(snapshot, receipt, model)
    stored = gather.fetch(snapshot, _named(history, receipt, model), model)
    start = reversal(
        receipt,
        history=history,
        stored=stored.values(),
        context=context,
        survivorship=survivorship or rules.survivorship,
    )
    touched = tuple(start.touched)
    around = gather.surroundings(snapshot, touched, model)
    rivals = {row.ref: row for row in gather.rivals(snapshot, _people(touched))}
    around |= rivals
    around |= {one.ref: one for one in _persons(snapshot, (*stored.values(), *around.values()))}
    return start.decided(around=around.values(), derived=_derived(snapshot, rivals.values()))


def _derived(snapshot: Snapshot, rows: Iterable[Record]) -> frozenset[Ref[Any]]:
    """The direct relations among ``rows`` that came with a merge or an unmerge."""
    direct = [row for row in rows if isinstance(row, AccountContactRelation) and row.is_direct]
    return frozenset(
        row.ref
        for row in direct
        for entity in (MergeReceipt, UnmergeReceipt)
        if any(True for _ in snapshot.find(Query.of(entity, F.begun.contains(row.ref))))
    )


def _people(touched: Iterable[Record]) -> Iterator[Record]:
    """The rows that are written, and stand-ins for the relations of contacts that are."""
    for one in touched:
        yield one
        if isinstance(one, Contact) and one.account_id is not None:
            yield AccountContactRelation(account_id=one.account_id, contact_id=one.id)


def _receipt(snapshot: Snapshot, merge: MergeLike) -> MergeReceipt:
    id_ = merge if isinstance(merge, str) else merge.id
    found = snapshot.get(MergeReceipt, [id_]).get(id_)
    if found is None:
        raise NotFoundError("merge_receipt", str(id_), "pass the id of a merge, as crm.merge gave")
    return with_rows(found)


def _persons(snapshot: Snapshot, records: Iterable[Record]) -> Iterator[Record]:
    """The contacts of the person accounts among ``records``."""
    ids = sorted({one.id for one in records if isinstance(one, Account) and one.is_person})
    if ids:
        yield from snapshot.find(Query.of(Contact, F.account_id.in_(ids)))


def history_of(snapshot: Snapshot, merge: MergeReceipt, model: Model) -> History:
    """The history of a merge: the merges of the same records, of what they became, and so on."""
    found: dict[str, MergeReceipt] = {}
    through = tuple(snapshot.find(Query.of(UnmergeReceipt, F.through.contains(merge.id))))
    fresh = [merge, *_merged_since(snapshot, merge, through, model)]
    seen: set[Ref[Any]] = set()
    while fresh:
        found.update((one.id, one) for one in fresh)
        refs = {ref for one in fresh for ref in _merged(one)} - seen
        seen |= refs
        fresh = [one for one in _around(snapshot, sorted(refs)) if one.id not in found]
    late = _late(snapshot, merge)
    found.update(snapshot.get(MergeReceipt, [row.merge_id for row in late]))
    led_on = (move.ref for row in through for move in row.led_on)
    beside = sorted({*_beside(merge), *led_on})
    survived = snapshot.find(Query.of(MergeReceipt, F.survivor.in_(beside))) if beside else ()
    found.update((one.id, one) for one in survived)
    links = [move.ref for move in merge.moved if gather.is_link_kind(move.ref.kind, model)]
    found.update((one.id, one) for one in _around(snapshot, links))
    _follow(snapshot, found, model)
    unmerges = dict.fromkeys((*_unmerges(snapshot, found, beside), *through, *late))
    while more := {id_ for one in unmerges for id_ in (one.merge_id, *one.through)} - found.keys():
        found.update((id_, one) for id_, one in snapshot.get(MergeReceipt, sorted(more)).items())
        # a merge that is known must also be known to be taken back
        unmerges.update(dict.fromkeys(_undoing(snapshot, more)))
        if more - found.keys():
            break  # damaged data: a receipt that is gone
    refs = {ref for one in found.values() for ref in (*_merged(one), *_beside(one))}
    refs |= {stayed.ref for row in unmerges for stayed in row.stayed}
    refs |= {move.ref for row in unmerges for move in row.led_on}
    edits = snapshot.find(Query.of(LaterEdit, F.record.in_(sorted(refs))))
    return History(model=model, merges=found.values(), unmerges=tuple(unmerges), edits=tuple(edits))


def _merged_since(
    snapshot: Snapshot, merge: MergeReceipt, through: Iterable[UnmergeReceipt], model: Model
) -> Iterator[MergeReceipt]:
    """The merges of records whose references the merge moved: others have these values now."""
    led_on = (move.ref for row in through for move in row.led_on)
    refs = dict.fromkeys((*_beside(merge), *led_on))
    stored = gather.fetch(snapshot, refs, model)
    return _around(snapshot, [ref for ref in refs if ref not in stored])


def _late(snapshot: Snapshot, merge: MergeReceipt) -> list[UnmergeReceipt]:
    """The unmerges after which something waits for this merge, or one above it, to go as well."""
    found: dict[str, UnmergeReceipt] = {}
    at: Ref[Any] | None = merge.survivor
    seen: set[Ref[Any]] = set()
    while at is not None and at not in seen:
        seen.add(at)
        rows = snapshot.find(Query.of(UnmergeReceipt, F.waiting.contains(at)))
        found.update((one.id, one) for one in rows)
        above = reading.merge_of(snapshot, at)
        at = None if above is None else above.survivor
    return list(found.values())


def _merged(one: MergeReceipt) -> Iterator[Ref[Any]]:
    yield from (one.survivor, *one.losers, *one.heirs, *one.removed)


def _beside(one: MergeReceipt) -> Iterator[Ref[Any]]:
    yield from (move.ref for move in one.moved)
    yield from (row.before.ref for row in one.rewritten)


def _around(snapshot: Snapshot, refs: Sequence[Ref[Any]]) -> Iterator[MergeReceipt]:
    """The receipts in which one of ``refs`` survived, stood for others, or went."""
    if len(refs) > _FEW:
        wanted = frozenset(refs)
        every = snapshot.find(Query.of(MergeReceipt))
        yield from (one for one in every if not wanted.isdisjoint(_merged(one)))
        return
    if refs:
        yield from snapshot.find(Query.of(MergeReceipt, F.survivor.in_(refs)))
    places: tuple[Path, ...] = (F.losers, F.heirs, F.removed)
    for ref in refs:
        for place in places:
            yield from snapshot.find(Query.of(MergeReceipt, place.contains(ref)))


def _follow(snapshot: Snapshot, found: dict[str, MergeReceipt], model: Model) -> None:
    """Add the merges that moved the references of the records in ``found``, or lead them on.

    Of these merges only what answers for a record counts, not what else they merged.
    """
    seen: set[Ref[Any]] = set()
    fresh = list(found.values())
    while fresh:
        refs = {ref for one in fresh for ref in _pointed(one, model)} - seen
        seen |= refs
        near = {one.id: one for one in _around(snapshot, sorted(refs))}
        fresh = [one for id_, one in near.items() if id_ not in found]
        found.update((one.id, one) for one in fresh)


def _pointed(one: MergeReceipt, model: Model) -> Iterator[Ref[Any]]:
    """What the images of a receipt refer to, and where references were before they moved."""
    images = (one.before, one.after, *one.merged, *one.ended)
    pairs = [image for clash in one.clashes for image in _sides(clash)]
    rows = (row.before for row in one.rewritten)
    for image in (*images, *pairs, *rows):
        if image is not None and model.has(type(image)):
            for part, ref in references(image, model.schema_of(image)):
                if part.lookup is not None and part.lookup.on_merge is not KEEP:
                    yield ref
    yield one.survivor
    yield from (move.before for move in one.moved)


def _sides(clash: Clash) -> tuple[Record, ...]:
    return (clash.removed,) if clash.kept is None else (clash.kept, clash.removed)


def _unmerges(
    snapshot: Snapshot, found: dict[str, MergeReceipt], beside: Iterable[Ref[Any]]
) -> list[UnmergeReceipt]:
    """The receipts of those taken back, and of what restored what they wrote."""
    rows = {one.id: one for one in _undoing(snapshot, found)}
    back = {ref for one in found.values() for ref in one.removed}
    rows.update((one.id, one) for one in _restoring(snapshot, back.union(beside)))
    return list(rows.values())


def _undoing(snapshot: Snapshot, merge_ids: Iterable[str]) -> Iterator[UnmergeReceipt]:
    return snapshot.find(Query.of(UnmergeReceipt, F.merge_id.in_(sorted(merge_ids))))


def _restoring(snapshot: Snapshot, refs: set[Ref[Any]]) -> Iterator[UnmergeReceipt]:
    """The unmerges that restored one of ``refs``, perhaps with references that lead elsewhere."""
    if len(refs) > _FEW:
        every = snapshot.find(Query.of(UnmergeReceipt))
        yield from (one for one in every if not refs.isdisjoint(one.restored))
        return
    for ref in refs:
        yield from snapshot.find(Query.of(UnmergeReceipt, F.restored.contains(ref)))


def _named(history: History, merge: MergeReceipt, model: Model) -> Iterator[Ref[Any]]:
    """Every record that may have to be seen."""
    for one in history.merges:
        yield from _merged(one)
        yield from _pointed(one, model)
        # a link row may come back before the merge that took it is taken back
        yield from (move.ref for move in one.moved if move.before in one.removed)
    yield from _beside(merge)
    for row in history.unmerges:
        for move in row.led_on:
            yield from (move.ref, move.before, move.after)
        yield from (stayed.ref for stayed in row.stayed)
