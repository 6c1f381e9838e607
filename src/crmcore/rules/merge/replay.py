"""Replay: what records are once some merges are in force, from their own values.

The same merges on the same own values always give the same records, whatever was merged and taken
back in between. Where a merge had the same values before it as now, what it decided then stands;
where one of them is another today, as a merge before it was taken back, it is decided anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any

import attrs
from attrs import field, frozen

from crmcore.changes import differences
from crmcore.entities import MergeReceipt, Record
from crmcore.entities.ledger import Clash
from crmcore.fields import KEEP
from crmcore.model.describe import EntitySchema, FieldSchema, Holds
from crmcore.model.model import Model
from crmcore.model.references import as_ref, field_references, repointed
from crmcore.query import equal
from crmcore.rules.merge.claims import moment_of
from crmcore.rules.merge.golden import fields_of, golden
from crmcore.rules.merge.history import NOW, History, Moment, decided_fields, with_values
from crmcore.rules.merge.links import link_ends, united_rows
from crmcore.rules.survivorship import Survivorship
from crmcore.values.ref import Ref

Known = Mapping[Ref[Any], Record]


@attrs.frozen(kw_only=True, slots=False)
class Replay:
    """Records with the values that merges in force give them.

    ``stored`` are the records that are stored now; ``without`` is a merge that is left out.
    """

    history: History
    stored: Known
    model: Model
    survivorship: Survivorship
    without: str | None = None
    _owned: dict[Ref[Any], Record | None] = field(factory=dict)
    _states: dict[Ref[Any], Record | None] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        for one in self.merges:
            self._absorb(one)

    def leaving_out(self, merge_id: str) -> Replay:
        """The same without a merge; what has nothing to do with it is not worked out again."""
        return attrs.evolve(self, without=merge_id)

    def seeing(self, more: Known) -> Replay:
        """The same with ``more`` stored records, none of which it came upon as gone."""
        seen = copy(self)
        for name, known in (("_owned", self._owned), ("_states", self._states)):
            told = {ref: record for ref, record in known.items() if ref not in more}
            object.__setattr__(seen, name, told)
        object.__setattr__(seen, "stored", {**self.stored, **more})
        return seen

    @cached_property
    def merges(self) -> tuple[MergeReceipt, ...]:
        """The merges in force here, in their order."""
        return self.history.in_force(without=self.without)

    @cached_property
    def answers(self) -> Mapping[Ref[Any], tuple[Ref[Any] | None, MergeReceipt]]:
        """What each record that is gone is part of (``None``: nothing), by which merge."""
        found: dict[Ref[Any], tuple[Ref[Any] | None, MergeReceipt]] = {}
        for one in self.merges:
            found.update((ref, (one.survivor, one)) for ref in one.losers)
            for clash in self._clashes(one):
                kept = None if clash.kept is None else clash.kept.ref
                found[clash.removed.ref] = (kept, one)
        return found

    def _clashes(self, merge: MergeReceipt) -> list[Clash]:
        """The clashes of a merge that still are some."""
        apart = self.apart
        return [
            one
            for one in merge.clashes
            if self.history.is_taken(one.removed.ref, merge) and one.removed.ref not in apart
        ]

    @cached_property
    def apart(self) -> frozenset[Ref[Any]]:
        """Link rows that are no longer the same link as those that stand for them.

        They came to be the same by two merges, and one of these is left out.
        """
        return frozenset(
            clash.removed.ref
            for one in (self.merges if self.without is not None else ())
            for clash in one.clashes
            if clash.kept is not None
            and self.history.is_taken(clash.removed.ref, one)
            and self._ends(clash.kept.ref) != self._ends(clash.removed.ref)
        )

    def _ends(self, ref: Ref[Any]) -> list[Ref[Any] | None]:
        """What the ends of a link row lead to, by the merges of records other than link rows."""
        record = self.own(ref)
        if record is None:
            return []
        found: list[Ref[Any] | None] = []
        for one in link_ends(self.model.schema_of(record)):
            for end in field_references(record, one):
                at = end
                while at in self._survivors:
                    at = self._survivors[at]
                found.append(at)
        return found

    @cached_property
    def _survivors(self) -> Mapping[Ref[Any], Ref[Any]]:
        return {ref: one.survivor for one in self.merges for ref in one.losers}

    def resolved(self, ref: Ref[Any]) -> Ref[Any] | None:
        """The record that answers for ``ref``; ``None`` where nothing does."""
        return self.way(ref)[0]

    def way(self, ref: Ref[Any]) -> tuple[Ref[Any] | None, tuple[MergeReceipt, ...]]:
        """The record that answers for ``ref``, and the merges that lead there."""
        met: list[MergeReceipt] = []
        at: Ref[Any] | None = ref
        while at is not None and at in self.answers and len(met) <= len(self.answers):
            at, merge = self.answers[at]
            met.append(merge)
        return at, tuple(met)

    def at_first(self, ref: Ref[Any]) -> Record | None:
        """A record whose references still name what they named at first; ``None``: unknown."""
        if ref not in self._states:
            self._states[ref] = self.own(ref)
        return self._states[ref]

    def record(self, ref: Ref[Any]) -> Record | None:
        """A record as the merges in force make it; ``None`` where nothing is known of it."""
        record = self.at_first(ref)
        if record is None or not self.model.has(type(record)):
            return record
        for one in self.model.schema_of(record).lookups:
            if one.lookup is not None and one.lookup.on_merge is not KEEP:
                record = repointed(record, one, self.resolved)
        return record

    def own(self, ref: Ref[Any]) -> Record | None:
        """A record with nothing but its own values; ``None`` where nothing is known of it."""
        if ref not in self._owned:
            image, at = self._images.get(ref, (None, NOW))
            image = self.stored.get(ref, image) if at == NOW else image
            self._owned[ref] = None if image is None else self.history.own(image, at)
        return self._owned[ref]

    def images(self, refs: Iterable[Ref[Any]]) -> dict[Ref[Any], Record]:
        """Those of ``refs`` that are gone now, as they last were."""
        found = ((ref, self._images.get(ref, (None, NOW))[0]) for ref in refs)
        return {ref: image for ref, image in found if image is not None}

    @cached_property
    def _images(self) -> Mapping[Ref[Any], tuple[Record | None, Moment]]:
        """The records that are gone now, as they last were, and until when."""
        found: dict[Ref[Any], tuple[Record | None, Moment]] = {}
        for one in self.history.in_force():
            rows = (clash.removed for clash in one.clashes)
            gone = (*one.merged, *(row for row in rows if self.history.is_taken(row.ref, one)))
            found.update((row.ref, (row, moment_of(one))) for row in (*gone, *one.ended))
        waiting = {ref for ref, path in self.history.waiting() if path == "id"} - found.keys()
        for one in self.history.merges if waiting else ():
            rows = (clash.removed for clash in one.clashes)
            found.update((row.ref, (row, moment_of(one))) for row in rows if row.ref in waiting)
        return {ref: told for ref, told in found.items() if ref not in self.stored}

    def _absorb(self, merge: MergeReceipt) -> None:
        at = moment_of(merge)
        before, after = merge.before, merge.after
        if before is not None and after is not None:
            losers = [self.at_first(ref) for ref in merge.losers]
            taken = _Taken(before=before, after=after, images=merge.merged, losers=losers)
            self._take(merge.survivor, taken, at, self._golden, merge.chosen)
        became = {one.before.ref: one.after for one in merge.rewritten}
        groups: dict[Ref[Any], list[Record]] = {}
        kept: dict[Ref[Any], Record] = {}
        for clash in merge.clashes:
            if clash.kept is not None:
                kept[clash.kept.ref] = clash.kept
                groups.setdefault(clash.kept.ref, []).append(clash.removed)
        held = {clash.removed.ref for clash in self._clashes(merge)}
        for ref, images in groups.items():
            # a row that stands by itself again says nothing here, and what it said is to go
            rows = [self.at_first(one.ref) if one.ref in held else None for one in images]
            end = became.get(ref, kept[ref])
            taken = _Taken(before=kept[ref], after=end, images=tuple(images), losers=rows)
            self._take(ref, taken, at, self._united, ())
        for one in merge.rewritten:
            if one.before.ref not in merge.heirs:
                self._rewrite(one.before, one.after, at)

    def _rewrite(self, before: Record, after: Record, at: Moment) -> None:
        """What a merge set besides references: a flag of which there is only one."""
        record = self.at_first(before.ref)
        if record is None:
            return
        schema = self._schema((record, before, after))
        self._states[record.ref] = with_values(
            record,
            {
                path: new
                for path, _, new in differences(before, after)
                if not (schema.has(path) and _follows(schema.field(path)))
                and self.history.last_edit(record.ref, path) < at
            },
        )

    def _take(
        self,
        ref: Ref[Any],
        taken: _Taken,
        at: Moment,
        anew: Callable[[Record, Sequence[Record]], Record],
        chosen: Sequence[str],
    ) -> None:
        """Let the record ``ref`` become what it becomes with those that it takes over."""
        record = self.at_first(ref)
        if record is None:
            return
        losers = [one for one in taken.losers if one is not None]
        schema = self._schema((record, taken.before, taken.after, *losers))
        decided: Record | None = None
        taken_over: dict[str, Any] = {}
        for one in decided_fields(schema):
            if self.history.last_edit(ref, one.path) >= at:
                continue
            if anew == self._united and _follows(one):
                continue  # the ends of a link row are its own
            old = one.value(record)
            if one.path in chosen:
                new = one.value(taken.after)
            elif self._unchanged(record, taken, one):
                new = taken.outcome(old, one)
            else:
                decided = anew(record, losers) if decided is None else decided
                new = one.value(decided)
            if not _same(old, new):
                taken_over[one.path] = new
        self._states[ref] = with_values(record, taken_over)

    def _unchanged(self, record: Record, taken: _Taken, one: FieldSchema) -> bool:
        """Whether the values that a merge met are those that it would meet now."""
        for image, now in ((taken.before, record), *taken.others):
            left, right = None if now is None else one.value(now), one.value(image)
            if left is not right and not _same(left, right) and not self._alike(left, right, one):
                return False
        return True

    def _alike(self, left: Any, right: Any, one: FieldSchema) -> bool:
        """Whether two references come to the same record."""
        if one.lookup is None or one.lookup.on_merge is KEEP:
            return False
        if one.holds is not Holds.ONE:
            return False
        refs = as_ref(left, one.lookup), as_ref(right, one.lookup)
        if refs[0] is None or refs[1] is None:
            return False
        return self.resolved(refs[0]) == self.resolved(refs[1])

    def _golden(self, record: Record, losers: Sequence[Record]) -> Record:
        members = {record.ref, *(one.ref for one in losers)}
        apart = [self._apart(one, members) for one in (record, *losers)]
        return golden(apart, model=self.model, survivorship=self.survivorship).record

    def _apart(self, record: Record, members: set[Ref[Any]]) -> Record:
        """The record without references to what it becomes one with."""
        for one in self.model.schema_of(record).lookups:
            follows = one.lookup is not None and one.lookup.on_merge is not KEEP
            if follows and (one.is_optional or one.holds is not Holds.ONE):
                record = repointed(record, one, lambda ref: None if ref in members else ref)
        return record

    def _united(self, record: Record, losers: Sequence[Record]) -> Record:
        return united_rows(
            record, losers, model=self.model, survivorship=self.survivorship, known=self.stored
        )

    def _schema(self, records: Iterable[Record]) -> EntitySchema:
        given = tuple(records)
        return fields_of(given, self.model.schema_of(given[0]))


def _follows(one: FieldSchema) -> bool:
    return one.lookup is not None and one.lookup.on_merge is not KEEP


@frozen(kw_only=True)
class _Taken:
    """That one record took over others: as all of them were, and what came of it.

    ``losers`` are the same records as they would be today, in the order of ``images``; ``others``
    those of both that are not one and the same record: nearly all are, and are left alone.
    """

    before: Record
    after: Record
    images: tuple[Record, ...]
    losers: Sequence[Record | None]
    others: tuple[tuple[Record, Record | None], ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        pairs = zip(self.images, self.losers, strict=True)
        others = tuple((image, loser) for image, loser in pairs if image is not loser)
        object.__setattr__(self, "others", others)

    def outcome(self, old: Any, one: FieldSchema) -> Any:
        """What was decided for a field: the value of the record whose value won, as it is now."""
        end = one.value(self.after)
        if _same(end, one.value(self.before)):
            return old
        for image, loser in zip(self.images, self.losers, strict=True):
            if loser is not None and _same(end, one.value(image)):
                return one.value(loser)
        return end


def _same(left: Any, right: Any) -> bool:
    return (left is None and right is None) or (
        type(left) is type(right) and (left == right or equal(left, right))
    )
