"""History: the merges around one merge, those taken back, and what was edited since.

Own values are read from it. The own value of a field is what a command other than a merge or an
unmerge last set: walking back over the merges that were in force, each of which tells what stood
there before, up to the last later edit (law M20).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import attrs
from attrs import field, frozen

from crmcore.changes import differences
from crmcore.entities import LaterEdit, MergeReceipt, Record, UnmergeReceipt
from crmcore.model.describe import EntitySchema, FieldSchema, Holds
from crmcore.model.model import Model
from crmcore.rules.merge.claims import moment_of, with_rows
from crmcore.rules.merge.golden import fields_of
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ids import MergeReceiptId
from crmcore.values.ref import Ref

Moment: TypeAlias = tuple[int, int]
"""A commit, and a turn within it."""

NOW: Moment = (1 << 63, 0)
"""Behind everything that has happened."""


@frozen(kw_only=True)
class Event:
    """That ``before`` stands in a field when a merge is not in force (``None``: in any case)."""

    at: Moment
    merge_id: MergeReceiptId | None
    before: Any


def _at(one: Event) -> Moment:
    return one.at


def _by_moment(given: Iterable[MergeReceipt]) -> tuple[MergeReceipt, ...]:
    return tuple(sorted(map(with_rows, given), key=moment_of))


@attrs.frozen(kw_only=True, slots=False)
class History:
    """Merge receipts in their order, with the receipts of those taken back and the later edits."""

    model: Model
    merges: tuple[MergeReceipt, ...] = field(converter=_by_moment)
    unmerges: tuple[UnmergeReceipt, ...] = ()
    edits: tuple[LaterEdit, ...] = ()

    @cached_property
    def _undone(self) -> Mapping[str, Moment]:
        return {one.merge_id: moment_of(one) for one in self.unmerges}

    @cached_property
    def _made(self) -> Mapping[str, Moment]:
        return {one.id: moment_of(one) for one in self.merges}

    def is_in_force(self, merge_id: str, at: Moment = NOW) -> bool:
        """Whether a merge had been made, and not been taken back, right before a moment."""
        return self._made.get(merge_id, NOW) < at <= self._undone.get(merge_id, NOW)

    def is_taken(self, row: Ref[Any], merge: MergeReceipt) -> bool:
        """Whether a link row is gone by this merge now, and was not restored since."""
        back = self._restored.get(row, (0, 0))
        return self.is_in_force(merge.id) and back < moment_of(merge)

    @cached_property
    def _restored(self) -> Mapping[Ref[Any], Moment]:
        """When each record was last restored."""
        found: dict[Ref[Any], Moment] = {}
        for one in self.unmerges:
            for ref in one.restored:
                found[ref] = max(found.get(ref, (0, 0)), moment_of(one))
        return found

    def in_force(self, *, without: str | None = None) -> tuple[MergeReceipt, ...]:
        """The merges in force now, but for one, in their order."""
        return tuple(one for one in self.merges if self.is_in_force(one.id) and one.id != without)

    def last_edit(self, ref: Ref[Any], path: str) -> Moment:
        """When people last set a field on which a merge had a claim; ``(0, 0)``: never."""
        edits = self._edits.get(ref, {})
        return max(edits.get(path, (0, 0)), edits.get("", (0, 0)))

    @cached_property
    def _edits(self) -> Mapping[Ref[Any], Mapping[str, Moment]]:
        found: dict[Ref[Any], dict[str, Moment]] = {}

        def tell(ref: Ref[Any], path: str, at: Moment) -> None:
            own = found.setdefault(ref, {})
            own[path] = max(own.get(path, (0, 0)), at)

        for row in self.edits:
            for path in row.fields or ("",):
                tell(row.record, path, moment_of(row))
        for one in self.unmerges:
            for stayed in one.stayed:
                if not stayed.is_waiting:
                    tell(stayed.ref, stayed.field, moment_of(one))
        return found

    def own(self, record: Record, at: Moment) -> Record:
        """A record as it was at a moment, each field with its own value."""
        events = self._events.get(record.ref, {})
        images = self._before.get(record.ref, ())
        if not events and not images:
            return record
        schema = fields_of((record, *(image for *_, image in images)), self._schema(record))
        paths = [one.path for one in decided_fields(schema)] if images else list(events)
        own: dict[str, Any] = {}
        for path in paths:
            now = value_at(record, path, schema)
            value, moment = now, at
            edited = self.last_edit(record.ref, path)
            for one in self._back(events.get(path, ()), images, path, schema):
                holds = one.merge_id is None or self.is_in_force(one.merge_id, moment)
                if edited < one.at < moment and holds:
                    value, moment = one.before, one.at
            if value is not now:
                own[path] = value
        return with_values(record, own)

    def _schema(self, record: Record) -> EntitySchema:
        return self.model.schema_of(record)

    def _back(
        self,
        events: Sequence[Event],
        images: Sequence[tuple[Moment, MergeReceiptId, Record]],
        path: str,
        schema: EntitySchema,
    ) -> Sequence[Event]:
        """What stood in a field before each merge, the latest first."""
        if not images:
            return events
        found = [
            Event(at=at, merge_id=id_, before=value_at(image, path, schema))
            for at, id_, image in images
        ]
        return sorted((*events, *found), key=_at, reverse=True) if events else found

    @cached_property
    def _before(self) -> Mapping[Ref[Any], list[tuple[Moment, MergeReceiptId, Record]]]:
        """The records that took over others, as they were before each merge, the latest first.

        What a merge left as it was counts too: by now it may be due to that merge alone, as an
        earlier one that had said the same was taken back.
        """
        found: dict[Ref[Any], list[tuple[Moment, MergeReceiptId, Record]]] = {}
        for one in self.merges:
            kept = {clash.kept.ref: clash.kept for clash in one.clashes if clash.kept is not None}
            images = [one.before] if one.before is not None and one.after is not None else []
            for image in (*images, *kept.values()):
                found.setdefault(image.ref, []).append((moment_of(one), one.id, image))
        for told in found.values():
            told.reverse()
        return found

    def waiting(self) -> Iterator[tuple[Ref[Any], str]]:
        """What still waits for another merge to be taken back, and was not edited since."""
        for one in self.unmerges:
            for ref, path, _ in waiting_in(one):
                if self.last_edit(ref, path) <= moment_of(one):
                    yield ref, path

    @cached_property
    def _events(self) -> Mapping[Ref[Any], Mapping[str, list[Event]]]:
        """The events of every field, the latest first."""
        found: dict[Ref[Any], dict[str, list[Event]]] = {}
        for ref, path, event in (*self._of_merges(), *self._of_unmerges()):
            found.setdefault(ref, {}).setdefault(path, []).append(event)
        for paths in found.values():
            for rows in paths.values():
                rows.sort(key=lambda one: one.at, reverse=True)
        return found

    def _of_merges(self) -> Iterator[tuple[Ref[Any], str, Event]]:
        for one in self.merges:
            at = moment_of(one)
            told = {one.survivor, *one.heirs, *(row.before.ref for row in one.rewritten)}
            for row in one.rewritten:
                if row.before.ref not in one.heirs:
                    for path, old, _ in differences(row.before, row.after):
                        yield row.before.ref, path, Event(at=at, merge_id=one.id, before=old)
            for move in one.moved:
                # of a collection the whole of it would have to be told, as newer receipts do
                if move.ref not in told and self._is_one(move.ref, move.field):
                    old = self._stored(move.ref, move.field, move.before)
                    yield move.ref, move.field, Event(at=at, merge_id=one.id, before=old)

    def _of_unmerges(self) -> Iterator[tuple[Ref[Any], str, Event]]:
        """What restored records named at first, where merges in force lead elsewhere.

        These claims, and what waits, stand behind what stayed at the same moment.
        """
        for one in self.unmerges:
            commit, turn = moment_of(one)
            for ref, path, own in waiting_in(one):
                yield ref, path, Event(at=(commit, turn + 1), merge_id=None, before=own)
            for move in one.led_on:
                merge = self._taking(move.before, (commit, turn))
                if merge is not None:
                    old = self._stored(move.ref, move.field, move.before)
                    at = (commit, turn + 1)
                    yield move.ref, move.field, Event(at=at, merge_id=merge.id, before=old)

    def _taking(self, ref: Ref[Any], at: Moment) -> MergeReceipt | None:
        """The merge by which a record was gone at a moment."""
        return next(
            (one for one in self._takers.get(ref, ()) if self.is_in_force(one.id, at)), None
        )

    @cached_property
    def _takers(self) -> Mapping[Ref[Any], list[MergeReceipt]]:
        found: dict[Ref[Any], list[MergeReceipt]] = {}
        for one in self.merges:
            for ref in (*one.losers, *one.removed):
                found.setdefault(ref, []).append(one)
        return found

    def _is_one(self, ref: Ref[Any], path: str) -> bool:
        return self.model.schema(ref.kind).field(path).holds is Holds.ONE

    def _stored(self, ref: Ref[Any], path: str, target: Ref[Any]) -> Any:
        one = self.model.schema(ref.kind).field(path)
        return target.id if one.lookup is not None and one.lookup.kind is not None else target


def waiting_in(one: UnmergeReceipt) -> Iterator[tuple[Ref[Any], str, Any]]:
    """Record, field and own value of what waits for another merge to be taken back."""
    for stayed in one.stayed:
        if stayed.is_waiting:
            yield stayed.ref, stayed.field, stayed.own


def decided_fields(schema: EntitySchema) -> list[FieldSchema]:
    """The fields that a merge decides."""
    return [one for one in schema if one.is_custom or one.name not in _KEPT]


_KEPT = ("id", "version", "updated_at", "custom")


def value_at(record: Record, path: str, schema: EntitySchema) -> Any:
    """The value of the field at ``path``; ``None`` for a custom value that is not there."""
    if path.startswith("custom."):
        return record.custom.get(path.removeprefix("custom."))
    return schema.field(path).value(record)


def with_value(record: Record, path: str, value: Any) -> Record:
    """The record with another value at ``path``; a custom value ``None`` is left out."""
    return with_values(record, {path: value})


def with_values(record: Record, values: Mapping[str, Any]) -> Record:
    """The record with other values at these paths, each as ``with_value``."""
    if not values:
        return record
    plain = {path: value for path, value in values.items() if not path.startswith("custom.")}
    custom = {path.removeprefix("custom."): values[path] for path in values.keys() - plain.keys()}
    if custom:
        kept = {key: value for key, value in record.custom.items() if key not in custom}
        set_anew = {key: value for key, value in custom.items() if value is not None}
        plain["custom"] = FrozenMap({**kept, **set_anew})
    return attrs.evolve(record, **plain)
