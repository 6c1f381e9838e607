"""Unmerging: a merge is taken back, at any time and in any order, and what was done since stays.

Merges form a set. A reference has an own target, which a command other than a merge or an unmerge
last set, and leads to whatever answers for that target by the merges in force. Taking a merge back
takes one element out of the set (law M20). Pure: ledger rows and records go in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import attrs
from attrs import field, frozen

from crmcore.changes import (
    Change,
    ChangeSet,
    Check,
    CheckNone,
    CheckVersion,
    Insert,
    Update,
    differences,
)
from crmcore.entities import Lead, MergeReceipt, Record, UnmergeReceipt
from crmcore.entities.ledger import Moved, Stayed
from crmcore.errors import CrmError
from crmcore.fields import KEEP
from crmcore.findings import Finding, Findings, ModelError, remark, warning
from crmcore.model.describe import EntitySchema, Holds
from crmcore.model.references import as_ref, field_references, references
from crmcore.query import F, Query
from crmcore.rules.merge.claims import moment_of
from crmcore.rules.merge.golden import fields_of
from crmcore.rules.merge.history import History, value_at, with_value
from crmcore.rules.merge.replay import Replay
from crmcore.rules.merge.reversal import Unmerge
from crmcore.rules.merge.sound import Draft, sound
from crmcore.rules.rule import Context
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP, Survivorship
from crmcore.values.ids import UnmergeReceiptId, UserId
from crmcore.values.ref import Ref


@frozen
class UnmergeError(CrmError):
    """A merge that cannot be taken back: ``why``, and the way out."""

    merge_id: str
    why: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        return f"cannot take back the merge {self.merge_id}: {self.why}{hint}"


def unmerge(
    merge: MergeReceipt,
    *,
    history: History,
    stored: Iterable[Record],
    derived: frozenset[Ref[Any]] = frozenset(),
    context: Context,
    survivorship: Survivorship = STANDARD_SURVIVORSHIP,
) -> Unmerge:
    """The decision that ``merge`` is no longer in force.

    ``history`` has the merges of the same records, of those they were merged with, and so on, with
    what was taken back and edited since. ``stored`` has every record that these name and that is
    stored, those that restored records refer to and all above them, and the link rows that share a
    contact or a deal with one that is given back; of these, ``derived`` came with a merge or an
    unmerge, and go again by themselves. ``survivorship`` decides anew where another merge
    met a value that it would not meet today.

    Restored records come back as they were, their references as M20 says. What was edited since
    stays, as does a reference that would break a law if it were given back; the receipt lists
    both. Raises ``UnmergeError`` for a merge that was taken back before.
    """
    start = reversal(
        merge, history=history, stored=stored, context=context, survivorship=survivorship
    )
    return start.decided(derived=derived)


def reversal(
    merge: MergeReceipt,
    *,
    history: History,
    stored: Iterable[Record],
    context: Context,
    survivorship: Survivorship = STANDARD_SURVIVORSHIP,
) -> Reversal:
    """What ``unmerge`` would write, as far as the merges and ``stored`` tell; see there.

    For one who has to read what is around these records before it is ``decided``.
    """
    if not history.is_in_force(merge.id):
        hint = "its records are separate again; merge them anew if that was wrong"
        raise UnmergeError(merge.id, "it was taken back before", hint)
    unfit = survivorship.check(context.model)
    if unfit:
        raise ModelError("survivorship", unfit)
    known = {one.ref: one for one in stored}
    now = Replay(history=history, stored=known, model=context.model, survivorship=survivorship)
    return Reversal.of(
        merge,
        history=history,
        known=known,
        now=now,
        then=now.leaving_out(merge.id),
        context=context,
    )


@frozen(kw_only=True)
class Reversal:
    """One merge on its way out: ``now`` with it, ``then`` without.

    ``restored`` and ``changed`` are the records as they should be then, before anybody asked
    whether that is sound; ``ended`` the direct relations that the merge made superfluous.
    """

    merge: MergeReceipt
    history: History
    known: Mapping[Ref[Any], Record]
    now: Replay
    then: Replay
    context: Context
    restored: dict[Ref[Any], Record] = field(factory=dict)
    changed: dict[Ref[Any], Record] = field(factory=dict)
    stayed: tuple[Stayed, ...] = ()
    ended: tuple[Record, ...] = ()

    @classmethod
    def of(cls, merge: MergeReceipt, **rest: Any) -> Reversal:
        """With what the merges alone decide."""
        bare = cls(merge=merge, **rest)
        stayed: list[Stayed] = []
        restored = dict(bare._restored(stayed))
        changed = dict(bare._changed(stayed))
        bare._try_again(restored, changed)
        stayed += bare._untold(changed)
        return attrs.evolve(
            bare,
            restored=restored,
            changed=changed,
            stayed=tuple(stayed),
            ended=tuple(bare._ended()),
        )

    @property
    def touched(self) -> Iterator[Record]:
        """The records that it may write, as they are and as they should be."""
        for ref, row in self.changed.items():
            yield self.known[ref]
            yield row
        yield from self.restored.values()
        yield from self.ended
        top = self.now.resolved(self.merge.survivor)
        if top is not None and top in self.known:
            yield self.known[top]

    def decided(
        self, *, around: Iterable[Record] = (), derived: frozenset[Ref[Any]] = frozenset()
    ) -> Unmerge:
        """The decision, with a look at what is ``around``; ``derived`` as ``unmerge`` has it."""
        more = {one.ref: one for one in around if one.ref not in self.known}
        if more:
            seen = attrs.evolve(self, known={**self.known, **more}, then=self.then.seeing(more))
            return seen.decided(derived=derived)
        draft = Draft(
            restored=self.restored,
            changed=self.changed,
            apart=self.then.apart,
            derived=derived,
            known=self.known,
            survivor=self.now.resolved(self.merge.survivor),
            ended=self.ended,
            images=self.now.images(self.restored),
            model=self.context.model,
        )
        outcome = sound(draft)
        stayed = [*self.stayed, *map(self._as_own, outcome.stayed)]
        updates = [
            Update(self.known[ref], row)
            for ref, row in outcome.changed.items()
            if differences(self.known[ref], row)
        ]
        receipt = self._receipt(outcome.restored, updates, stayed)
        return Unmerge(
            changes=self._changes(outcome.restored, updates, receipt),
            findings=Findings([*self._told(), *map(_finding, stayed)]),
            receipt=receipt,
            merge=self.merge,
            restored=tuple(outcome.restored.values()),
        )

    def _changes(
        self,
        restored: Mapping[Ref[Any], Record],
        updates: Sequence[Update],
        receipt: UnmergeReceipt,
    ) -> ChangeSet:
        changes: list[Change] = [
            *(Insert(attrs.evolve(row, version=0)) for row in restored.values()),
            *updates,
            Insert(receipt),
        ]
        return ChangeSet(
            changes,
            checks=self._checks({one.ref for one in updates}),
            reason=f"unmerge {len(self.merge.losers)} from {self.merge.survivor}",
            by=self.context.by,
            at=self.context.now,
        )

    def _restored(self, stayed: list[Stayed]) -> Iterator[tuple[Ref[Any], Record]]:
        """The merged records and the link rows that went, as they are without the merge."""
        rows = [ref for ref in self.merge.removed if self.history.is_taken(ref, self.merge)]
        for ref in dict.fromkeys((*self.merge.losers, *rows, *sorted(self.then.apart))):
            record = self.then.record(ref)
            if ref in self.known:
                why = "another record has this id by now"
                stayed.append(Stayed(ref=ref, field="id", own=ref.id, value=ref.id, why=why))
            elif record is not None:
                yield ref, record

    def _ended(self) -> Iterator[Record]:
        for one in self.merge.ended:
            row = self.then.record(one.ref)
            if row is not None and one.ref not in self.known:
                yield row

    def _try_again(self, restored: dict[Ref[Any], Record], changed: dict[Ref[Any], Record]) -> None:
        """Add what waited for another merge to be taken back; perhaps it was this one."""
        for ref, path in self.history.waiting():
            due = self.then.record(ref)
            if due is None or ref in restored:
                continue
            if path == "id":
                if ref not in self.known and ref not in self.then.answers:
                    restored[ref] = due
            elif ref in self.known:
                record = changed.get(ref, self.known[ref])
                schema = fields_of((record, due), self.context.model.schema_of(record))
                changed[ref] = with_value(record, path, value_at(due, path, schema))

    def _as_own(self, stayed: Stayed) -> Stayed:
        """What waits, told with the value of its own that no merge had a part in."""
        record = self.then.own(stayed.ref) if stayed.is_waiting else None
        if record is None or stayed.field == "id":
            return stayed
        own = value_at(record, stayed.field, self._schema(record))
        return attrs.evolve(stayed, own=own)

    def _changed(self, stayed: list[Stayed]) -> Iterator[tuple[Ref[Any], Record]]:
        """The stored records on which the merge has a claim, as they are without it."""
        for ref, paths in self._touched().items():
            record, old, new = self.known.get(ref), self.now.record(ref), self.then.record(ref)
            if record is None or old is None or new is None:
                continue
            if isinstance(record, Lead) and record.converted_at is not None:
                stayed.extend(self._kept(record, old, new))
                continue
            schema = fields_of((record, old, new), self.context.model.schema_of(record))
            successor = record
            for path, was, becomes in differences(old, new):
                value = value_at(record, path, schema)
                if paths is not None and path not in paths:
                    continue
                if value != was and not self._is_told(ref, path, value):
                    why = "it was changed since, by other means"
                    told = Stayed(ref=ref, field=path, own=becomes, value=value, why=why)
                    stayed.append(told)
                else:
                    successor = with_value(successor, path, becomes)
            stayed.extend(self._edited(record))
            yield ref, successor

    def _touched(self) -> dict[Ref[Any], frozenset[str] | None]:
        """The records on which the merge has a claim, and on which fields (``None``: on all)."""
        found: dict[Ref[Any], set[str]] = {}
        for ref, path in self._claims():
            found.setdefault(ref, set()).add(path)
            # what it said may stand on a record by now that it was merged into since
            top = self.now.resolved(ref)
            if top is not None:
                found.setdefault(top, set()).add(path)
        touched: dict[Ref[Any], frozenset[str] | None] = {
            ref: frozenset(paths) for ref, paths in found.items()
        }
        apart = (self.now.answers[ref][0] for ref in self.then.apart if ref in self.now.answers)
        for kept in (self.merge.survivor, *self.merge.heirs, *apart):
            end = None if kept is None else self.now.resolved(kept)
            if end is not None:
                touched[end] = None
        return touched

    def _claims(self) -> Iterator[tuple[Ref[Any], str]]:
        """The fields of other records that the merge wrote, or leads elsewhere."""
        for one in self.merge.rewritten:
            for path, _, _ in differences(one.before, one.after):
                yield one.before.ref, path
        led_on = (row.led_on for row in self.history.unmerges if self.merge.id in row.through)
        for move in (*self.merge.moved, *chain(*led_on), *self._of_rows_apart()):
            yield move.ref, move.field

    def _of_rows_apart(self) -> Iterator[Moved]:
        """The references to link rows that come back though the merge which took them stands."""
        if not self.then.apart:
            return
        moves = (move for one in self.now.merges for move in one.moved)
        led_on = (move for row in self.history.unmerges for move in row.led_on)
        for move in (*moves, *led_on):
            if self.now.resolved(move.before) != self.then.resolved(move.before):
                yield move

    def _is_told(self, ref: Ref[Any], path: str, value: Any) -> bool:
        """Whether some receipt says that this value came of a merge."""
        for one in self.history.merges:
            pairs = [(one.before, one.after), *((row.before, row.after) for row in one.rewritten)]
            for before, after in pairs:
                if before is not None and after is not None and before.ref == ref:
                    schema = fields_of((before, after), self.context.model.schema_of(before))
                    if value in (value_at(after, path, schema), value_at(before, path, schema)):
                        return True
        return False

    def _kept(self, record: Lead, old: Record, new: Record) -> Iterator[Stayed]:
        for path, was, becomes in differences(old, new):
            why = "a converted lead is read-only"
            yield Stayed(ref=record.ref, field=path, own=becomes, value=was, why=why)

    def _edited(self, record: Record) -> Iterator[Stayed]:
        """The fields that the merge set and that people have set since (law M19)."""
        at = moment_of(self.merge)
        pairs = [(self.merge.before, self.merge.after)]
        pairs += [(row.before, row.after) for row in self.merge.rewritten]
        for before, after in pairs:
            if before is None or after is None or before.ref != record.ref:
                continue
            schema = fields_of((before, record), self.context.model.schema_of(record))
            for path, own, _ in differences(before, after):
                if self.history.last_edit(record.ref, path) > at:
                    value = value_at(record, path, schema)
                    why = "it was edited since"
                    yield Stayed(ref=record.ref, field=path, own=own, value=value, why=why)

    def _untold(self, changed: Mapping[Ref[Any], Record]) -> Iterator[Stayed]:
        """What a receipt of an older version does not tell: what became of those that stayed."""
        if self.merge.after is not None:
            return
        kept = (clash.kept for clash in self.merge.clashes)
        for before in (self.merge.before, *kept):
            now = None if before is None else self._now(before.ref, changed)
            if before is None or now is None:
                continue
            for path, own, value in differences(before, now):
                yield Stayed(ref=now.ref, field=path, own=own, value=value, why=_UNTOLD)
        for move in self.merge.moved:
            record = self.known.get(move.ref)
            one = self.context.model.schema(move.ref.kind).field(move.field)
            if record is not None and one.holds is not Holds.ONE:
                value = one.value(record)
                yield Stayed(
                    ref=move.ref, field=move.field, own=move.before, value=value, why=_UNTOLD
                )

    def _now(self, ref: Ref[Any], changed: Mapping[Ref[Any], Record]) -> Record | None:
        return changed.get(ref, self.known.get(ref))

    def _receipt(
        self,
        restored: Mapping[Ref[Any], Record],
        updates: Sequence[Update],
        stayed: Sequence[Stayed],
    ) -> UnmergeReceipt:
        context = self.context
        led_on, through = self._led_on(restored, updates)
        return UnmergeReceipt(
            id=UnmergeReceiptId(context.new_id()),
            merge_id=self.merge.id,
            survivor=self.merge.survivor,
            restored=tuple(restored),
            unmerged_at=context.now,
            unmerged_by=None if context.by is None else UserId(context.by),
            given_back=tuple(self._given_back(updates)),
            led_on=led_on,
            through=through,
            stayed=dict.fromkeys(stayed),
            waiting=self._waited_for([one for one in stayed if one.is_waiting]),
        )

    def _waited_for(self, stayed: Iterable[Stayed]) -> tuple[Ref[Any], ...]:
        """The survivors, one of which has to be taken apart for what waits; each once."""
        found: dict[Ref[Any], None] = {}
        for one in stayed:
            record = self.then.at_first(one.ref)
            found[one.ref] = None
            for _, ref in () if record is None else references(record, self._schema(record)):
                end, way = self.then.way(ref)
                if end is not None:
                    found[end] = None
                found.update((merge.survivor, None) for merge in way)
        return tuple(found)

    def _schema(self, record: Record) -> EntitySchema:
        return self.context.model.schema_of(record)

    def _given_back(self, updates: Iterable[Update]) -> Iterator[Moved]:
        for one in updates:
            for part in self.context.model.schema_of(one.before).lookups:
                if part.lookup is None or part.lookup.on_merge is KEEP:
                    continue
                before = tuple(field_references(one.before, part))
                after = tuple(field_references(one.after, part))
                lost = [ref for ref in before if ref not in after]
                for ref in (ref for ref in after if ref not in before):
                    source = lost[0] if lost else self.merge.survivor
                    yield Moved(ref=one.ref, field=part.path, before=source, after=ref)

    def _led_on(
        self, restored: Mapping[Ref[Any], Record], updates: Iterable[Update]
    ) -> tuple[tuple[Moved, ...], tuple[Any, ...]]:
        """The references given back that lead elsewhere, and the merges they lead by."""
        given = {
            one.after.ref: {path for path, _, _ in differences(one.before, one.after)}
            for one in updates
        }
        found: list[Moved] = []
        through: dict[str, None] = {}
        for ref in (*restored, *given):
            record = self.then.at_first(ref)
            if record is None or not self.context.model.has(type(record)):
                continue
            for part in self.context.model.schema_of(record).lookups:
                if part.lookup is None or part.lookup.on_merge is KEEP:
                    continue
                if ref in given and part.path not in given[ref]:
                    continue
                own = as_ref(part.value(record), part.lookup)
                end, way = (None, ()) if own is None else self.then.way(own)
                if own is not None and end is not None and way:
                    found.append(Moved(ref=ref, field=part.path, before=own, after=end))
                    through.update((one.id, None) for one in way)
        return tuple(found), tuple(through)

    def _checks(self, written: set[Ref[Any]]) -> Iterator[Check]:
        yield CheckNone(Query.of(UnmergeReceipt, F.merge_id == self.merge.id))
        top = self.now.resolved(self.merge.survivor)
        if top is not None and top in self.known and top not in written:
            yield CheckVersion(top, self.known[top].version)

    def _told(self) -> Iterator[Finding]:
        top = self.now.resolved(self.merge.survivor)
        if top is None or top not in self.known:
            text = "the survivor was deleted since, and stays deleted"
            yield remark("unmerge.no_survivor", text, ref=self.merge.survivor)


_UNTOLD = "the receipt is of an older version, and does not tell what set it"


def _finding(stayed: Stayed) -> Finding:
    return warning(
        "unmerge.stayed",
        f"this is not given back: {stayed.why}",
        ref=stayed.ref,
        path=stayed.field,
        value=stayed.own,
    )
