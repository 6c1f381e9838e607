"""Ground: a company in which things happen, with a model of its own of what must come of them.

It keeps what every command but a merge or an unmerge last set, and which merges are in force. After
every step each reference must lead where the own target leads by these merges (law M20), what was
edited must be as edited (M19), nothing may be lost, and nothing may dangle.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any, TypeAlias

import attrs
from attrs import field, frozen

from crmcore import Crm
from crmcore.changes import ChangeSet, Insert, differences
from crmcore.entities import (
    LEDGER,
    AccountContactRelation,
    MergeReceipt,
    OpportunityContactRole,
    Record,
)
from crmcore.errors import CycleError
from crmcore.fields import KEEP
from crmcore.findings import ValidationError
from crmcore.model.describe import FieldSchema
from crmcore.model.model import Model
from crmcore.model.references import repointed
from crmcore.ports import Repository
from crmcore.query import Query
from crmcore.rules.conversion import AlreadyConvertedError
from crmcore.rules.merge import MergeError, UnmergeError
from crmcore.values import Ref
from tests.properties.merge.worlds import NOW

World = dict[Ref[Any], Record]

FLAGS = {"is_primary", "is_direct", "is_active", "start_on", "end_on"}

REFUSALS = (ValidationError, CycleError, AlreadyConvertedError, MergeError)


@frozen
class Add:
    """A record is added."""

    record: Record


@frozen
class Change:
    """One field of a record is set; ``what`` is how it is counted."""

    ref: Ref[Any]
    path: str
    value: Any
    what: str = "edit"


@frozen
class Remove:
    """A record is deleted."""

    ref: Ref[Any]


@frozen
class Join:
    """Records are merged into the first of them."""

    name: str
    refs: tuple[Ref[Any], ...]


@frozen
class TakeBack:
    """A merge is taken back."""

    name: str


@frozen
class TakeBackAgain:
    """A merge is taken back that was taken back before."""

    name: str


@frozen
class Convert:
    """A lead is converted, to a contact that there is or to a new one."""

    lead_id: str
    contact_id: str | None = None


Act: TypeAlias = Add | Change | Remove | Join | TakeBack | TakeBackAgain | Convert


def exact(record: Record) -> Record:
    """The record as a store has it: with a moment, and its score as the model wants it."""
    record = attrs.evolve(record, created_at=record.created_at or NOW)
    score = record.custom.get("score")
    if score is None:
        return record
    return attrs.evolve(record, custom=record.custom.with_items(score=Decimal(score)))


def told(old: Record, new: Record) -> str:
    """What differs, field by field."""
    rows = (f"{path} {was!r} -> {now!r}" for path, was, now in differences(old, new))
    return f"{new.ref}: {', '.join(rows)}"


@attrs.define(kw_only=True, eq=False)
class Ground:
    """A company on a store; ``do`` lets something happen, ``check`` looks at everything."""

    model: Model
    store: Repository
    records: tuple[Record, ...]
    crm: Crm = field(init=False)
    counts: Counter[str] = field(factory=Counter)
    own: World = field(factory=dict, init=False)
    start: World = field(factory=dict, init=False)
    active: dict[str, tuple[int, MergeReceipt]] = field(factory=dict, init=False)
    taken_back: dict[str, str] = field(factory=dict, init=False)
    taken_by: dict[Ref[Any], str] = field(factory=dict, init=False)
    edited: dict[tuple[Ref[Any], str], int] = field(factory=dict, init=False)
    waiting: set[tuple[Ref[Any], str]] = field(factory=set, init=False)
    steps: int = field(default=0, init=False)
    log: list[str] = field(factory=list, init=False)
    _at: int = field(default=0, init=False)
    _numbers: Iterator[int] = field(factory=count, init=False)

    def __attrs_post_init__(self) -> None:
        self.crm = Crm(repository=self.store, model=self.model, clock=lambda: NOW, ids=self._new_id)
        self.store.commit(ChangeSet([Insert(exact(one)) for one in self.records]))
        self.own = self.world()
        self.start = dict(self.own)

    def _new_id(self) -> str:
        """An id that stays the same when something that happened before is left out."""
        return f"n{self._at:03}x{next(self._numbers)}"

    def world(self) -> World:
        """Everything stored but the ledger."""
        with self.store.snapshot() as snapshot:
            kinds = [kind for kind in self.model.kinds if kind not in LEDGER]
            return {row.ref: row for kind in kinds for row in snapshot.find(Query[Any](kind))}

    def count(self, what: str) -> None:
        self.counts[what] += 1
        self.counts["steps"] += 1

    # What happens --------------------------------------------------------------------------

    def do(self, act: Act, at: int) -> bool:
        """Let it happen where it can; whether it did. ``at`` is its number."""
        self._at, self._numbers = at, count(1)
        match act:
            case Add(record):
                return self._command("new child", lambda: self.crm.add(record))
            case Change():
                return self._change(act)
            case Remove(ref):
                entity = self.model.schema(ref.kind).entity
                return ref in self.world() and self._command(
                    "delete", lambda: self.crm.delete(entity, ref.id)
                )
            case Join():
                return self._join(act)
            case TakeBack(name):
                return name in self.active and self._take_back(name)
            case TakeBackAgain(name):
                return name in self.taken_back and self._refused_again(name)
            case Convert(lead_id, contact_id):
                return self._is_there(lead_id, contact_id) and self._command(
                    "convert",
                    lambda: self.crm.convert_lead(
                        lead_id, contact=contact_id, allow_duplicates=True
                    ),
                )

    def _is_there(self, lead_id: str, contact_id: str | None) -> bool:
        world = self.world()
        is_known = contact_id is None or Ref("contact", contact_id) in world
        return is_known and Ref("lead", lead_id) in world

    def _change(self, act: Change) -> bool:
        record = self.world().get(act.ref)
        if record is None:
            return False
        saved = self.model.schema_of(record).field(act.path).changed(record, act.value)
        return self._command(act.what, lambda: self.crm.save(saved))

    def _command(self, what: str, act: Callable[[], Any]) -> bool:
        """A command other than a merge or an unmerge: what it sets is own from then on."""
        before = self.world()
        self.steps += 1
        try:
            act()
        except REFUSALS as refused:
            self.log.append(f"{what} refused: {refused}")
            self.count(f"{what} refused")
            self._is_unchanged(before)
            return False
        self.count(what)
        self._learn(before, self.world())
        return True

    def _is_unchanged(self, before: World) -> None:
        after = self.world()
        assert after.keys() == before.keys(), sorted(after.keys() ^ before.keys())
        odd = [told(before[ref], row) for ref, row in after.items() if row != before[ref]]
        assert not odd, "\n".join(odd)

    def _learn(self, before: World, after: World) -> None:
        for ref in before.keys() - after.keys():
            self.own.pop(ref, None)
            self.edited[ref, ""] = self.steps
        for ref, record in after.items():
            old = before.get(ref)
            if old is None:
                self.own[ref] = record
            elif ref in self.own:
                for path, _, _ in differences(old, record):
                    self._set_own(ref, path, record)
                    self.edited[ref, path] = self.steps

    def _set_own(self, ref: Ref[Any], path: str, record: Record) -> None:
        if ref not in self.own:
            return
        own = self.own[ref]
        if path.startswith("custom."):
            key = path.removeprefix("custom.")
            custom = own.custom.without(key)
            if key in record.custom:
                custom = custom.with_items({key: record.custom[key]})
            self.own[ref] = attrs.evolve(own, custom=custom)
        else:
            self.own[ref] = attrs.evolve(own, **{path: getattr(record, path)})

    def _join(self, act: Join) -> bool:
        before = self.world()
        self.steps += 1
        if not before.keys() >= set(act.refs):
            return False
        try:
            merge = self.crm.merge(act.refs[0], act.refs[1:])
        except REFUSALS as refused:
            self.log.append(f"merge refused: {refused}")
            self.count("merge refused")
            self._is_unchanged(before)
            return False
        self.count("merge")
        met = {ref for _, one in self.active.values() for ref in (one.survivor, *one.losers)}
        if met & set(act.refs):
            self.count("second merge over a record")
        if merge.receipt.clashes:
            self.count("merge with clashes")
        self.active[act.name] = (self.steps, merge.receipt)
        self.taken_by.update(dict.fromkeys(merge.receipt.removed, act.name))
        return True

    def _take_back(self, name: str) -> bool:
        is_last = name == next(reversed(self.active))
        _, receipt = self.active[name]
        before = self.world()
        preview = self.crm.unmerge(receipt.id, dry_run=True)
        self._is_unchanged(before)
        unmerge = self.crm.unmerge(receipt.id)
        assert preview.receipt.restored == unmerge.receipt.restored
        self.steps += 1
        del self.active[name]
        self.taken_back[name] = receipt.id
        after = self.world()
        waited, self.waiting = self.waiting, set()
        for stayed in unmerge.receipt.stayed:
            if stayed.is_waiting:
                self.waiting.add((stayed.ref, stayed.field))
        self.waiting |= {(ref, path) for ref, path in waited if self._is_short(after, ref, path)}
        for stayed in unmerge.receipt.stayed:
            self.count("stayed" if not stayed.is_waiting else "waits")
            if not stayed.is_waiting:
                self.log.append(f"stayed: {stayed}")
                if stayed.ref in after and stayed.field != "id":
                    self._set_own(stayed.ref, stayed.field, after[stayed.ref])
                elif self.taken_by.get(stayed.ref) not in self.active:
                    assert self.edited, f"{stayed} without anybody's doing"
                    self.own.pop(stayed.ref, None)
        self.count("unmerge" if is_last else "unmerge out of order")
        if any(ref == receipt.survivor for ref, _ in self.edited):
            self.count("unmerge after edits")
        return True

    def _is_short(self, world: World, ref: Ref[Any], path: str) -> bool:
        """Whether something still waits: a row that is gone, a field that is not its own."""
        if ref not in self.own:
            return False
        if ref not in world or path == "id":
            return ref not in world
        odd = differences(world[ref], self.expected(self.own[ref], self._into(world)))
        return path in {one for one, _, _ in odd}

    def _refused_again(self, name: str) -> bool:
        before = self.world()
        try:
            self.crm.unmerge(self.taken_back[name])
        except UnmergeError:
            self.count("unmerge twice refused")
        else:
            raise AssertionError(f"the merge {name} was taken back twice")
        self._is_unchanged(before)
        return True

    # What must hold ------------------------------------------------------------------------

    def follows(self, record: Record) -> Iterator[FieldSchema]:
        """The references of a record that a merge moves."""
        for one in self.model.schema_of(record).lookups:
            if one.lookup is not None and one.lookup.on_merge is not KEEP:
                yield one

    def _into(self, world: World) -> dict[Ref[Any], Ref[Any] | None]:
        """What each record that is gone is part of, by the merges in force."""
        into: dict[Ref[Any], Ref[Any] | None] = {}
        for _, receipt in self.active.values():
            into.update(dict.fromkeys(receipt.losers, receipt.survivor))
            for clash in receipt.clashes:
                # a link row comes back before its merge where another one made it the same
                if clash.removed.ref not in world:
                    into[clash.removed.ref] = None if clash.kept is None else clash.kept.ref
        return into

    def expected(self, record: Record, into: dict[Ref[Any], Ref[Any] | None]) -> Record:
        """A record with every own target resolved through the merges in force."""

        def resolved(ref: Ref[Any]) -> Ref[Any] | None:
            at: Ref[Any] | None = ref
            while at is not None and at in into:
                at = into[at]
            return at

        for one in self.follows(record):
            record = repointed(record, one, resolved)
        return record

    def check(self) -> None:
        """Look at everything; raises ``AssertionError`` for what does not hold."""
        world = self.world()
        gone: set[Ref[Any]] = set()
        heirs: set[Ref[Any]] = set()
        for _, receipt in self.active.values():
            gone |= {*receipt.losers, *receipt.removed}
            heirs |= {receipt.survivor, *receipt.heirs}
        into = self._into(world)
        rewritten = {row.before.ref for _, one in self.active.values() for row in one.rewritten}
        for ref, own in self.own.items():
            is_there = ref in world or ref in gone or (ref, "id") in self.waiting
            assert is_there, f"{ref} was lost"
            if ref in world:
                due = self.expected(own, into)
                self._is_as_expected(world[ref], due, heirs, rewritten)
        for ref in world.keys() - self.own.keys():
            assert ref.kind == "account_contact_relation", f"{ref} came from nowhere"
        found = self.crm.check()
        odd = [*found.errors, *(one for one in found if one.code == "relation.missing")]
        assert not odd, "\n".join(map(str, odd))

    def _is_as_expected(
        self, record: Record, expected: Record, heirs: set[Ref[Any]], rewritten: set[Ref[Any]]
    ) -> None:
        ref = record.ref
        is_link = isinstance(record, AccountContactRelation | OpportunityContactRole)
        for path, stored, due in differences(record, expected):
            if (ref in heirs and self._is_claimed(ref, path)) or (ref, path) in self.waiting:
                continue
            if (is_link or ref in rewritten) and path in FLAGS:
                continue
            raise AssertionError(f"{ref} {path} is {stored!r}, and should be {due!r}")

    def _is_claimed(self, ref: Ref[Any], path: str) -> bool:
        """Whether a merge in force, of after the last edit, may have its say on a field."""
        at = self.edited.get((ref, path), 0)
        merges = self.active.values()
        return any(ref in (one.survivor, *one.heirs) and step > at for step, one in merges)

    @property
    def order(self) -> list[str]:
        """An order in which the merges in force may be taken back, not that in which they came."""
        names = list(self.active)
        return [*names[1::2], *names[::2][::-1]]

    def end(self) -> None:
        """Take all merges back that are in force: everything must be its own again."""
        for at, name in enumerate(self.order):
            self.do(TakeBack(name), 10_000 + at)
            self.check()
        after = self.world()
        for ref, own in self.own.items():
            if (ref, "id") in self.waiting:
                assert self.edited, f"{ref} waits without anybody's doing"
                continue
            assert ref in after, f"{ref} was lost"
            odd = [
                (path, now, was)
                for path, now, was in differences(after[ref], own)
                if (ref, path) not in self.waiting
                and not (isinstance(own, AccountContactRelation) and path in FLAGS and self.edited)
            ]
            assert not odd, f"{ref}: {odd}"
        if not self.edited and self.own.keys() == self.start.keys():
            assert after.keys() == self.start.keys(), sorted(after.keys() ^ self.start.keys())
