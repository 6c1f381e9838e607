"""Sound: what an unmerge may not give back, as it would break what must hold between records.

A reference whose target is gone, a loop (law X2), a second direct or primary link (X1, X5), a
second person of a person account (X4), and values that do not go together with what was edited
since: these stay as they are, and are told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import attrs
from attrs import field, frozen

from crmcore.changes import differences
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Contact,
    OpportunityContactRole,
    Record,
)
from crmcore.entities.ledger import Stayed
from crmcore.fields import CASCADE, KEEP, Target
from crmcore.model.check import INTERVALS, check_record
from crmcore.model.describe import FieldSchema, Holds
from crmcore.model.model import Model
from crmcore.model.references import field_references, repointed
from crmcore.rules.merge.history import with_values
from crmcore.rules.tree import tree_fields
from crmcore.values.ref import Ref

Records = dict[Ref[Any], Record]


@frozen(kw_only=True)
class Draft:
    """What an unmerge would write: records ``restored`` and ``changed``, by reference.

    Of the restored ones ``apart`` are link rows that another merge in force holds: where they are
    in the way of others they stay there, and nothing is lost. ``derived`` are the direct
    relations that are kept in step with contacts by themselves.

    ``known`` are the records stored now, ``survivor`` the one that answers for the survivor
    (``None``: nothing does), ``ended`` the direct relations that the merge made superfluous.
    ``images`` are the restored records as they were when they were merged.
    """

    restored: Records
    changed: Records
    apart: frozenset[Ref[Any]]
    derived: frozenset[Ref[Any]]
    known: Mapping[Ref[Any], Record]
    survivor: Ref[Any] | None
    ended: tuple[Record, ...]
    images: Mapping[Ref[Any], Record]
    model: Model
    stayed: tuple[Stayed, ...] = ()


def sound(draft: Draft) -> Draft:
    """The draft without what must stay, each thing told."""
    work = _Work(draft=draft)
    while work.settle():
        pass  # what stays may be in the way of something that was looked at before
    return attrs.evolve(
        draft, restored=work.restored, changed=work.changed, stayed=tuple(work.stayed)
    )


@frozen(kw_only=True)
class _Work:
    """A draft under revision."""

    draft: Draft
    restored: Records = field(init=False)
    changed: Records = field(init=False)
    stayed: list[Stayed] = field(factory=list, init=False)
    left: set[Ref[Any]] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "restored", dict(self.draft.restored))
        object.__setattr__(self, "changed", dict(self.draft.changed))

    @property
    def model(self) -> Model:
        """The model of the decision."""
        return self.draft.model

    def now(self, ref: Ref[Any]) -> Record | None:
        """A record as it will be."""
        for place in (self.restored, self.changed, self.draft.known):
            if ref in place:
                return place[ref]
        return None

    def all_of(self, entity: type[Any]) -> list[Any]:
        """The records of an entity as they will be, by reference; of those that are known."""
        known = self.draft.known
        refs = {*self.restored, *self.changed, *known}
        rows = [row for row in map(self.now, refs) if isinstance(row, entity)]
        return sorted(rows, key=lambda row: row.id)

    def put(self, record: Record) -> None:
        """Write a record otherwise."""
        place = self.restored if record.ref in self.restored else self.changed
        place[record.ref] = record

    def stays(
        self, record: Record, path: str, own: Any, why: str, *, is_waiting: bool = True
    ) -> None:
        """Tell that a field does not get its own value; ``record`` is as it will be.

        It waits for another merge to be taken back, unless nothing can come of that.
        """
        value = self.model.schema_of(record).field(path).value(record)
        told = Stayed(
            ref=record.ref, field=path, own=own, value=value, why=why, is_waiting=is_waiting
        )
        self.stayed.append(told)

    def _held(
        self, record: Record, one: FieldSchema, why: str, *, is_waiting: bool = True
    ) -> Record:
        """The record with a reference as it is stored now, or without it; told."""
        own = one.value(record)
        stored = self.draft.known.get(record.ref)
        value: Any = None if one.holds is Holds.ONE else type(own)()
        if stored is not None:
            value = one.value(stored)
        record = one.changed(record, value)
        self.stays(record, one.path, own, why, is_waiting=is_waiting)
        self.put(record)
        return record

    def settle(self) -> bool:
        """Look at everything once; whether something more must stay."""
        told = len(self.stayed), len(self.left)
        self.settle_missing()
        self.settle_loops()
        self.settle_persons()
        self.settle_values()
        self.settle_relations()
        self.settle_primaries()
        self.settle_missing()
        return told != (len(self.stayed), len(self.left))

    def settle_values(self) -> None:
        """What a record says by itself: of what is wrong then nothing is given back.

        A restored record, which has no other values, says instead what it said when it was merged.
        """
        for ref in (*self.changed, *self.restored):
            before = self.draft.images.get(ref) if ref in self.restored else self.draft.known[ref]
            while before is not None and self._is_written_ref(ref):
                record = self._written(ref)
                found = check_record(record, self.model).errors
                wrong = {path for one in found for path in _together(one.path)}
                if not found or not (
                    self._keep(record, before, _UNFIT, wrong)
                    or (ref not in self.restored and self._keep(record, before, _UNFIT))
                ):
                    break

    def _written(self, ref: Ref[Any]) -> Record:
        return self.restored[ref] if ref in self.restored else self.changed[ref]

    def _keep(
        self, record: Record, before: Record, why: str, paths: Collection[str] | None = None
    ) -> bool:
        """Leave fields as they were ``before`` (``None``: all); whether there were any. Told."""
        held: dict[str, Any] = {}
        for path, value, own in differences(before, record):
            if paths is not None and path not in paths:
                continue
            if record.ref in self.restored and self._is_reference(record, path):
                continue  # what was named then need not be stored any more
            held[path] = value
            self.stayed.append(
                Stayed(ref=record.ref, field=path, own=own, value=value, why=why, is_waiting=True)
            )
        if held:
            self.put(with_values(record, held))
        return bool(held)

    def _is_reference(self, record: Record, path: str) -> bool:
        schema = self.model.schema_of(record)
        return schema.has(path) and schema.field(path).lookup is not None

    def settle_missing(self) -> None:
        """References to records that are no longer stored, and rows that cannot be without."""
        again = True
        while again:
            again = False
            for ref in [*self.restored, *self.changed]:
                record = self.now(ref)
                if record is not None:
                    again = self._settle_targets(record) or again

    def _settle_targets(self, record: Record) -> bool:
        """Whether a record had to be left out, so that others must be looked at again."""
        stored = self.draft.known.get(record.ref)
        for one in _bound(record, self.model):
            there = () if stored is None else tuple(field_references(stored, one))
            named = (ref for ref in field_references(record, one) if ref not in there)
            missing = frozenset(ref for ref in named if self.now(ref) is None)
            if not missing:
                continue
            why = "the record that it named is no longer stored"
            waits = not self.left.isdisjoint(missing)
            if one.holds is not Holds.ONE:
                own = one.value(record)
                record = _freed(record, one, missing)
                self.stays(record, one.path, own, why, is_waiting=waits)
                self.put(record)
            elif record.ref in self.restored and not self._can_be_without(record, one):
                stand_in = self._stand_in(record, one)
                if stand_in in (None, one.value(record)):
                    self._leave(record, f"{one.path}: {why}", is_waiting=waits)
                    return True
                own = one.value(record)
                record = one.changed(record, stand_in)
                self.stays(record, one.path, own, why, is_waiting=waits)
                self.put(record)
            else:
                record = self._held(record, one, why, is_waiting=waits)
        return False

    def _can_be_without(self, record: Record, one: FieldSchema) -> bool:
        if not one.is_optional:
            return False
        found = check_record(one.changed(record, None), self.model).errors
        return all(error.path != one.path for error in found)

    def _stand_in(self, record: Record, one: FieldSchema) -> Any:
        """What the survivor has in a field that a restored record must have."""
        if one.lookup is None or one.lookup.on_delete is CASCADE or self.draft.survivor is None:
            return None
        survivor = self.now(self.draft.survivor)
        if survivor is None or survivor.ref.kind != record.ref.kind:
            return None
        return one.value(survivor)

    def settle_loops(self) -> None:
        """Loops in trees: a reference given back stays, else a restored record is at the top."""
        for kind in sorted({ref.kind for ref in (*self.restored, *self.changed)}):
            for one in tree_fields(self.model.schema(kind)):
                refs = [ref for ref in (*self.changed, *self.restored) if ref.kind == kind]
                for loop in self._loops(refs, one):
                    self._break(loop, one)

    def _loops(self, refs: Iterable[Ref[Any]], one: FieldSchema) -> Iterator[list[Ref[Any]]]:
        """The loops through these records, found anew once the one before is broken."""
        clear: set[Ref[Any]] = set()
        for start in refs:
            while True:
                way: dict[Ref[Any], None] = {}
                at: Ref[Any] | None = start
                while at is not None and at not in way and at not in clear:
                    way[at] = None
                    record = self.now(at)
                    parent = None if record is None else one.value(record)
                    at = Ref(start.kind, parent) if isinstance(parent, str) else None
                met = list(way)
                if at is None or at in clear or not self._is_made_here(met[met.index(at) :], one):
                    clear.update(way)
                    break
                yield met[met.index(at) :]

    def _is_made_here(self, loop: Iterable[Ref[Any]], one: FieldSchema) -> bool:
        """Whether a loop comes of what is restored or given back, and was not there before."""
        return any(ref in self.restored or self._is_given_back(ref, one) for ref in loop)

    def _is_given_back(self, ref: Ref[Any], one: FieldSchema) -> bool:
        record = self.changed.get(ref)
        return record is not None and one.value(record) != one.value(self.draft.known[ref])

    def _break(self, loop: list[Ref[Any]], one: FieldSchema) -> None:
        why = "the records would stand below themselves"
        back = next((ref for ref in loop if self._is_given_back(ref, one)), None)
        if back is not None:
            self._held(self.changed[back], one, why)
            return
        ref = next(ref for ref in loop if ref in self.restored)
        self._held(self.restored[ref], one, why)

    def settle_persons(self) -> None:
        """A person account has one person."""
        persons = {one.id for one in self.all_of(Account) if one.is_person}
        if not persons:
            return
        held: dict[str, str] = {}
        stored = self.draft.known
        contacts = sorted(self.all_of(Contact), key=lambda one: (one.ref not in stored, one.id))
        for one in contacts:
            before = stored.get(one.ref)
            is_new = not isinstance(before, Contact) or before.account_id != one.account_id
            if one.account_id not in persons or one.account_id is None:
                continue
            if one.account_id in held and is_new and (self.restored.get(one.ref) or before):
                schema = self.model.schema_of(one)
                self._held(one, schema.field("account_id"), "a person account has one person")
            else:
                held[one.account_id] = one.id

    def settle_relations(self) -> None:
        """One direct relation per contact, that of its account; no two for the same time."""
        taken: dict[tuple[Any, ...], Ref[Any]] = {}
        direct: dict[str, Ref[Any]] = {}
        rows = [*self.all_of(AccountContactRelation), *self._ended()]
        for row in sorted(rows, key=self._standing):
            stored = self.draft.known.get(row.ref)
            if self._is_needed(row, stored):
                row = self._held_ends(row)  # noqa: PLW2901  # as it will be
            period = (row.contact_id, row.account_id, row.start_on, row.end_on)
            if taken.get(period, row.ref) != row.ref and (stored is None or self._differs(row)):
                self._leave(row, "there is a relation for the same time already")
                continue
            taken[period] = row.ref
            contact = self.now(Ref("contact", row.contact_id))
            fits = isinstance(contact, Contact) and contact.account_id == row.account_id
            is_second = direct.get(row.contact_id, row.ref) != row.ref
            is_own = row.ref not in self.draft.derived and isinstance(contact, Contact)
            if row.is_direct and (not fits or is_second) and is_own:
                row = attrs.evolve(row, is_direct=False)  # noqa: PLW2901  # as it will be
                why = "the contact has another direct account"
                self.stays(row, "is_direct", own=True, why=why)
                self.put(row)
            elif row.is_direct:
                direct[row.contact_id] = row.ref

    def _ended(self) -> Iterator[AccountContactRelation]:
        """The direct relations that the merge made superfluous and that are true again."""
        for row in self.draft.ended:
            if not isinstance(row, AccountContactRelation) or row.ref in self.left:
                continue
            contact = self.now(Ref("contact", row.contact_id))
            account = self.now(Ref("account", row.account_id))
            fits = isinstance(contact, Contact) and contact.account_id == row.account_id
            if (
                fits
                and account is not None
                and self._is_written_ref(Ref("contact", row.contact_id))
            ):
                self.restored[row.ref] = row
                yield row

    def _standing(self, row: AccountContactRelation) -> tuple[bool, bool, str]:
        """Rows that nobody writes first, then those that are stored, then restored ones."""
        return self._is_written(row), row.ref in self.restored, row.id

    def _is_written(self, row: Record) -> bool:
        return self._is_written_ref(row.ref)

    def _is_written_ref(self, ref: Ref[Any]) -> bool:
        return ref in self.restored or self._differs_ref(ref)

    def _differs(self, row: Record) -> bool:
        return self._differs_ref(row.ref)

    def _differs_ref(self, ref: Ref[Any]) -> bool:
        return ref in self.changed and self.changed[ref] != self.draft.known[ref]

    def _is_needed(self, row: AccountContactRelation, stored: Record | None) -> bool:
        """Whether a row given back is what makes another contact's account direct."""
        if not isinstance(stored, AccountContactRelation):
            return False
        if (stored.contact_id, stored.account_id) == (row.contact_id, row.account_id):
            return False
        contact = self.now(Ref("contact", stored.contact_id))
        account = contact.account_id if isinstance(contact, Contact) else None
        needed = stored.is_direct and account == stored.account_id
        return needed and not any(
            one.is_direct
            and one.ref != row.ref
            and (one.contact_id, one.account_id) == (stored.contact_id, account)
            for one in self.all_of(AccountContactRelation)
        )

    def _held_ends(self, row: AccountContactRelation) -> AccountContactRelation:
        """A relation between the two records that it is between now; told."""
        schema, held = self.model.schema_of(row), row
        stored = self.draft.known[row.ref]
        for name in ("contact_id", "account_id"):
            one = schema.field(name)
            if one.value(held) != one.value(stored):
                why = "it is the direct relation of that contact and its account"
                held = self._held(held, one, why)  # type: ignore[assignment]  # evolve keeps the class
        return held

    def _leave(self, row: Record, why: str, *, is_waiting: bool = True) -> None:
        """Leave a restored row in its receipt; one that is stored keeps its ends, or its period."""
        if row.ref in self.draft.known:
            ends = [one.path for one in _bound(row, self.model)]
            for paths in (ends, ("start_on", "end_on"), None):
                if self._keep(row, self.draft.known[row.ref], why, paths):
                    return
            return
        if row.ref not in self.draft.apart:
            self.stayed.append(
                Stayed(
                    ref=row.ref,
                    field="id",
                    own=row.id,
                    value=None,
                    why=why,
                    is_waiting=is_waiting,
                )
            )
        self.left.add(row.ref)
        del self.restored[row.ref]

    def settle_primaries(self) -> None:
        """A deal has one primary role: that of a row which nobody writes, else the first."""
        primary: dict[str, Ref[Any]] = {}
        rows: list[OpportunityContactRole] = self.all_of(OpportunityContactRole)
        key: Callable[[OpportunityContactRole], Any] = lambda row: (  # noqa: E731  # one line, typed
            self._is_written(row),
            row.ref in self.restored,
            row.id,
        )
        for row in sorted(rows, key=key):
            if not row.is_primary:
                continue
            if row.opportunity_id in primary and self._is_written(row):
                plain = attrs.evolve(row, is_primary=False)
                why = "the deal has another primary role"
                self.stays(plain, "is_primary", own=True, why=why)
                self.put(plain)
            else:
                primary[row.opportunity_id] = row.ref


_UNFIT = "it does not go together with what the record says besides"


def _together(path: str) -> tuple[str, ...]:
    """The fields that only make sense together with the one of a finding."""
    name = path if path.startswith("custom.") else path.partition(".")[0]
    return next((pair for pair in INTERVALS if name in pair), (name,))


def _freed(record: Record, one: FieldSchema, gone: frozenset[Ref[Any]]) -> Record:
    return repointed(record, one, lambda ref: None if ref in gone else ref)


def _bound(record: Record, model: Model) -> Iterator[FieldSchema]:
    """The references of a record whose targets must be stored."""
    if model.has(type(record)):
        for one in model.schema_of(record).lookups:
            lookup = one.lookup
            is_bound = lookup is not None and lookup.on_merge is not KEEP
            if lookup is not None and is_bound and lookup.target is Target.STORED:
                yield one
