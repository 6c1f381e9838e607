"""A state machine over merges, unmerges and everything that people do in between.

It keeps a model of its own: what every command but a merge or an unmerge last set, and which merges
are in force. After every step each reference must lead where the own target leads by these merges
(law M20), what was edited must be as edited (M19), nothing may be lost, and nothing may dangle.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import attrs
from hypothesis import event, note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from crmcore import Crm
from crmcore.adapters import JsonFileRepository, MemoryRepository
from crmcore.changes import ChangeSet, Insert, differences
from crmcore.entities import (
    LEDGER,
    AccountContactRelation,
    Activity,
    Attachment,
    Case,
    Contact,
    Lead,
    MergeReceipt,
    Opportunity,
    OpportunityContactRole,
    Record,
)
from crmcore.errors import CycleError
from crmcore.fields import FOLLOW, KEEP, CustomField, Lookup
from crmcore.findings import ValidationError
from crmcore.model.describe import FieldSchema, Holds
from crmcore.model.model import Model
from crmcore.model.references import repointed
from crmcore.query import Query
from crmcore.rules.conversion import AlreadyConvertedError
from crmcore.rules.merge import MergeError, UnmergeError
from crmcore.values import PersonName, Ref
from tests.properties.merge.worlds import MODEL, NOW, Subscription, made, worlds

World = dict[Ref[Any], Record]

KINDS = ("contact", "account", "opportunity", "campaign", "lead", "activity")
FLAGS = {"is_primary", "is_direct", "is_active", "start_on", "end_on"}
TEXTS = {
    "contact": "title",
    "account": "website",
    "opportunity": "next_step",
    "lead": "interest",
    "opportunity_contact_role": "role",
    "activity": "outcome",
    "campaign": "type",
}


def exact(record: Record) -> Record:
    """The record as a store has it: with a moment, and its score as the model wants it."""
    record = attrs.evolve(record, created_at=record.created_at or NOW)
    score = record.custom.get("score")
    if score is None:
        return record
    return attrs.evolve(record, custom=record.custom.with_items(score=Decimal(score)))


@st.composite
def models(draw: st.DrawFn) -> Model:
    """The model of the worlds with further custom lookups, of one kind, of several, of any."""
    model = MODEL
    for index in range(draw(st.integers(0, 3))):
        entity = draw(st.sampled_from((Activity, Case, Opportunity, Contact, Lead)))
        targets = draw(st.sampled_from((("contact",), ("account",), ("contact", "lead"), ())))
        lookup = Lookup(*targets, on_merge=KEEP if draw(st.integers(0, 4)) == 0 else FOLLOW)
        model = model.with_custom_fields(entity, CustomField(name=f"extra{index}", type=lookup))
    return model


class MergeMachine(RuleBasedStateMachine):
    """Merges, unmerges, edits, new children, deletions and conversions, in any order."""

    done: ClassVar[Counter[str]] = Counter()
    """The operations of all runs, by kind."""

    def __init__(self) -> None:
        super().__init__()
        self.crm: Crm
        self.own: World = {}
        self.start: World = {}
        self.active: dict[str, tuple[int, MergeReceipt]] = {}
        self.taken_back: list[str] = []
        self.edited: dict[tuple[Ref[Any], str], int] = {}
        self.waiting: set[tuple[Ref[Any], str]] = set()
        self.steps = 0
        self.numbers = 0

    def repository(self, model: Model) -> Any:
        """The store of one run."""
        return MemoryRepository()

    @initialize(records=worlds(), model=models())
    def begin(self, records: tuple[Record, ...], model: Model) -> None:
        store = self.repository(model)
        self.model = model
        self.crm = Crm(repository=store, model=model)
        leads = [
            made(Lead, id=f"w{at}", name=PersonName(family=f"W{at}"), company="Acme")
            for at in range(3)
        ]
        calls = [made(Activity, id=f"wt{at}", subject="Call", who=leads[at].ref) for at in range(3)]
        store.commit(ChangeSet([Insert(exact(one)) for one in (*records, *leads, *calls)]))
        self.own = self.world()
        self.start = dict(self.own)

    def world(self) -> World:
        with self.crm._repository.snapshot() as snapshot:
            kinds = [kind for kind in self.model.kinds if kind not in LEDGER]
            return {row.ref: row for kind in kinds for row in snapshot.find(Query[Any](kind))}

    def fresh(self, letter: str) -> str:
        self.numbers += 1
        return f"{letter}{self.numbers}new"

    def count(self, what: str) -> None:
        type(self).done[what] += 1
        type(self).done["steps"] += 1

    # What the model knows ------------------------------------------------------------------

    def follows(self, record: Record) -> Iterator[FieldSchema]:
        for one in self.model.schema_of(record).lookups:
            if one.lookup is not None and one.lookup.on_merge is not KEEP:
                yield one

    def resolved(self, ref: Ref[Any]) -> Ref[Any] | None:
        into: dict[Ref[Any], Ref[Any] | None] = {}
        for _, receipt in self.active.values():
            into.update(dict.fromkeys(receipt.losers, receipt.survivor))
            for clash in receipt.clashes:
                into[clash.removed.ref] = None if clash.kept is None else clash.kept.ref
        at: Ref[Any] | None = ref
        while at is not None and at in into:
            at = into[at]
        return at

    def expected(self, record: Record) -> Record:
        """A record with every own target resolved through the merges in force."""
        for one in self.follows(record):
            record = repointed(record, one, self.resolved)
        return record

    def command(self, what: str, act: Callable[[], Any]) -> Any:
        """A command other than a merge or an unmerge: what it sets is own from then on."""
        before = self.world()
        self.steps += 1
        try:
            result = act()
        except (ValidationError, CycleError, AlreadyConvertedError, MergeError) as refused:
            note(f"{what} refused: {refused}")
            self.count(f"{what} refused")
            assert self.world() == before
            return None
        self.count(what)
        self.learn(before, self.world())
        return result

    def learn(self, before: World, after: World) -> None:
        for ref in before.keys() - after.keys():
            self.own.pop(ref, None)
        for ref, record in after.items():
            old = before.get(ref)
            if old is None or ref not in self.own:
                if old is None:
                    self.own[ref] = record
                continue
            for path, _, _ in differences(old, record):
                self.set_own(ref, path, record)
                self.edited[ref, path] = self.steps

    def set_own(self, ref: Ref[Any], path: str, record: Record) -> None:
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

    # Merges and unmerges -------------------------------------------------------------------

    @rule(data=st.data(), kind=st.sampled_from(("contact", "contact", "account", *KINDS)))
    def merge(self, data: st.DataObject, kind: str) -> None:
        refs = sorted(ref for ref in self.world() if ref.kind == kind)
        if len(refs) < 2:
            return
        several = data.draw(st.lists(st.sampled_from(refs), min_size=2, max_size=3, unique=True))
        before = self.world()
        self.steps += 1
        try:
            merge = self.crm.merge(several[0], several[1:])
        except (MergeError, ValidationError, CycleError) as refused:
            note(f"merge refused: {refused}")
            self.count("merge refused")
            assert self.world() == before
            return
        self.count("merge")
        met = {ref for _, one in self.active.values() for ref in (one.survivor, *one.losers)}
        if met & set(several):
            self.count("second merge over a record")
            event("second merge over a record")
        if merge.receipt.clashes:
            self.count("merge with clashes")
        self.active[merge.id] = (self.steps, merge.receipt)

    @precondition(lambda self: self.active)
    @rule(data=st.data())
    def unmerge(self, data: st.DataObject) -> None:
        ids = list(self.active)
        id_ = data.draw(st.sampled_from(ids))
        _, receipt = self.active[id_]
        self.take_back(id_, is_last=id_ == ids[-1])
        if any(path != "" and ref == receipt.survivor for ref, path in self.edited):
            self.count("unmerge after edits")

    def take_back(self, id_: str, *, is_last: bool) -> None:
        before = self.world()
        preview = self.crm.unmerge(id_, dry_run=True)
        assert self.world() == before
        unmerge = self.crm.unmerge(id_)
        assert preview.receipt.restored == unmerge.receipt.restored
        self.steps += 1
        del self.active[id_]
        self.taken_back.append(id_)
        after = self.world()
        waited, self.waiting = self.waiting, set()
        for stayed in unmerge.receipt.stayed:
            if stayed.is_waiting:
                self.waiting.add((stayed.ref, stayed.field))
        self.waiting |= {(ref, path) for ref, path in waited if self.is_short(after, ref, path)}
        for stayed in unmerge.receipt.stayed:
            self.count("stayed" if not stayed.is_waiting else "waits")
            if not stayed.is_waiting:
                note(f"stayed: {stayed}")
                if stayed.ref in after and stayed.field != "id":
                    self.set_own(stayed.ref, stayed.field, after[stayed.ref])
                elif all(stayed.ref not in one.removed for _, one in self.active.values()):
                    assert self.edited, f"{stayed} without anybody's doing"
                    self.own.pop(stayed.ref, None)
        self.count("unmerge" if is_last else "unmerge out of order")
        event("unmerge" if is_last else "unmerge out of order")

    def is_short(self, world: World, ref: Ref[Any], path: str) -> bool:
        """Whether something still waits: a row that is gone, a field that is not its own."""
        if ref not in self.own:
            return False
        if ref not in world or path == "id":
            return ref not in world
        told = differences(world[ref], self.expected(self.own[ref]))
        return path in {one for one, _, _ in told}

    @precondition(lambda self: self.taken_back)
    @rule(data=st.data())
    def unmerge_twice(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(self.taken_back))
        before = self.world()
        try:
            self.crm.unmerge(id_)
        except UnmergeError:
            self.count("unmerge twice refused")
        else:
            raise AssertionError("a merge was taken back twice")
        assert self.world() == before

    # What people do ------------------------------------------------------------------------

    def pick(self, data: st.DataObject, *kinds: str) -> Any:
        refs = sorted(ref for ref in self.world() if ref.kind in kinds)
        return self.world()[data.draw(st.sampled_from(refs))] if refs else None

    @rule(data=st.data(), text=st.sampled_from(["a", "b", "", None]))
    def edit_a_text(self, data: st.DataObject, text: str | None) -> None:
        record = self.pick(data, *TEXTS)
        if record is not None:
            name = TEXTS[record.ref.kind]
            self.command("edit", lambda: self.crm.save(attrs.evolve(record, **{name: text})))

    @rule(data=st.data())
    def edit_labels(self, data: st.DataObject) -> None:
        record = self.pick(data, "contact", "account")
        labels = data.draw(st.frozensets(st.sampled_from(["vip", "old", "new"])))
        if record is not None:
            self.command("edit", lambda: self.crm.save(attrs.evolve(record, labels=labels)))

    @rule(data=st.data())
    def edit_a_reference(self, data: st.DataObject) -> None:
        kinds = ("activity", "subscription", "contact", "account", "opportunity", "attachment")
        record = self.pick(data, *kinds, "case", "lead")
        if record is None:
            return
        slots = [one for one in self.follows(record) if one.name != "owner_id"]
        slots = [one for one in slots if one.holds is Holds.ONE]
        one: FieldSchema = data.draw(st.sampled_from(slots))
        new = self.target(data, one)
        if new is not None or one.is_optional:
            saved = one.changed(record, new)
            self.command("edit of a reference", lambda: self.crm.save(saved))

    def target(self, data: st.DataObject, one: FieldSchema) -> Any:
        """What a reference may be set to: mostly a survivor, so that claims are contested."""
        lookup = one.lookup
        assert lookup is not None
        survivors = {receipt.survivor for _, receipt in self.active.values()}
        refs = [ref for ref in self.world() if lookup.accepts(ref.kind)]
        likely = [ref for ref in refs if ref in survivors]
        is_contested: bool = data.draw(st.booleans())
        pool = sorted(likely if likely and is_contested else refs)
        if not pool or (one.is_optional and data.draw(st.integers(0, 4)) == 0):
            return None
        ref = data.draw(st.sampled_from(pool))
        return ref.id if lookup.kind is not None else ref

    @rule(data=st.data())
    def there_and_back(self, data: st.DataObject) -> None:
        """What people set is own, also where they set what stood there before."""
        record = self.pick(data, "activity", "subscription", "opportunity", "contact")
        if record is None:
            return
        slots = [one for one in self.follows(record) if one.holds is Holds.ONE]
        slots = [one for one in slots if one.is_optional and one.value(record) is not None]
        slots = [one for one in slots if one.name != "owner_id"]
        if slots:
            one = data.draw(st.sampled_from(slots))
            away = one.changed(record, None)
            if self.command("edit away", lambda: self.crm.save(away)) is not None:
                now = self.world()[record.ref]
                back = one.changed(now, one.value(record))
                self.command("edit back", lambda: self.crm.save(back))

    @rule(data=st.data())
    def add_a_child(self, data: st.DataObject) -> None:
        contact, account = self.pick(data, "contact"), self.pick(data, "account")
        deal, lead = self.pick(data, "opportunity"), self.pick(data, "lead")
        if contact is None or account is None:
            return
        refs: list[Ref[Any]] = [one.ref for one in (contact, lead) if one is not None]
        who = data.draw(st.sampled_from(refs))
        choices: list[Record] = [
            made(Activity, id=self.fresh("t"), subject="Call", who=who, about=account.ref),
            made(Case, id=self.fresh("s"), subject="Help", who=who, account_id=account.id),
            Subscription(
                id=self.fresh("u"),
                name="Gold",
                contact_id=contact.id,
                billed=account.ref,
                watchers=(contact.id,),
            ),
            made(
                Contact,
                id=self.fresh("c"),
                name=PersonName(family="N"),
                account_id=account.id,
                reports_to_id=contact.id,
                custom={"mentor": contact.id},
            ),
            made(Opportunity, id=self.fresh("o"), name="New", account_id=account.id),
            made(Attachment, id=self.fresh("f"), about=who, uri="file"),
            made(Lead, id=self.fresh("l"), company="New", name=PersonName(family="N")),
        ]
        if deal is not None:
            choices.append(
                made(
                    OpportunityContactRole,
                    id=self.fresh("p"),
                    opportunity_id=deal.id,
                    contact_id=contact.id,
                )
            )
        record = data.draw(st.sampled_from(choices))
        self.command("new child", lambda: self.crm.add(record))

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        kinds = ("activity", "subscription", "opportunity_contact_role", "campaign_member")
        record = self.pick(data, *kinds, "contact", "opportunity", "attachment")
        if record is not None:
            self.command("delete", lambda: self.crm.delete(type(record), record.id))

    @rule(data=st.data(), attach=st.booleans())
    def convert(self, data: st.DataObject, attach: bool) -> None:
        lead = self.pick(data, "lead")
        contact = self.pick(data, "contact") if attach else None
        if lead is not None:
            self.command(
                "convert",
                lambda: self.crm.convert_lead(
                    lead.id,
                    contact=None if contact is None else contact.id,
                    allow_duplicates=True,
                ),
            )

    # What must hold ------------------------------------------------------------------------

    @invariant()
    def everything_holds(self) -> None:
        if not self.own:
            return
        world = self.world()
        gone: set[Ref[Any]] = set()
        heirs: set[Ref[Any]] = set()
        for _, receipt in self.active.values():
            gone |= {*receipt.losers, *receipt.removed}
            heirs |= {receipt.survivor, *receipt.heirs}
        rewritten = {row.before.ref for _, one in self.active.values() for row in one.rewritten}
        for ref, own in self.own.items():
            is_there = ref in world or ref in gone or (ref, "id") in self.waiting
            assert is_there, f"{ref} was lost"
            if ref in world:
                self.is_as_expected(world[ref], own, heirs, rewritten)
        for ref in world.keys() - self.own.keys():
            assert ref.kind == "account_contact_relation", f"{ref} came from nowhere"
        assert not self.crm.check().errors, str(self.crm.check())
        codes = {one.code for one in self.crm.check()}
        assert "relation.missing" not in codes, str(self.crm.check())

    def is_as_expected(
        self, record: Record, own: Record, heirs: set[Ref[Any]], rewritten: set[Ref[Any]]
    ) -> None:
        ref = record.ref
        expected = self.expected(own)
        is_link = isinstance(record, AccountContactRelation | OpportunityContactRole)
        for path, stored, due in differences(record, expected):
            if (ref in heirs and self.is_claimed(ref, path)) or (ref, path) in self.waiting:
                continue
            if (is_link or ref in rewritten) and path in FLAGS:
                continue
            raise AssertionError(f"{ref} {path} is {stored!r}, and should be {due!r}")

    def is_claimed(self, ref: Ref[Any], path: str) -> bool:
        """Whether a merge in force, of after the last edit, may have its say on a field."""
        at = self.edited.get((ref, path), 0)
        merges = self.active.values()
        return any(ref in (one.survivor, *one.heirs) and step > at for step, one in merges)

    def teardown(self) -> None:
        if not self.own:
            return
        order = list(self.active)
        order = order[1::2] + order[::2][::-1]
        for at, id_ in enumerate(order):
            self.take_back(id_, is_last=at == len(order) - 1)
            self.everything_holds()
        after = self.world()
        for ref, own in self.own.items():
            if (ref, "id") in self.waiting:
                assert self.edited
                continue
            assert ref in after, f"{ref} was lost"
            told = [
                (path, now, was)
                for path, now, was in differences(after[ref], own)
                if (ref, path) not in self.waiting
                and not (isinstance(own, AccountContactRelation) and path in FLAGS and self.edited)
            ]
            assert not told, f"{ref}: {told}"
        if not self.edited and self.own.keys() == self.start.keys():
            assert after.keys() == self.start.keys()
        self.finished()

    def finished(self) -> None:
        """Leave nothing behind."""
        self.crm.close()


class JsonMergeMachine(MergeMachine):
    """The same on a JSON file."""

    done: ClassVar[Counter[str]] = Counter()

    def repository(self, model: Model) -> Any:
        """A file in a folder that goes with the run."""
        self.folder = tempfile.TemporaryDirectory()
        return JsonFileRepository(Path(self.folder.name) / "merge.crm.json", model=model)

    def finished(self) -> None:
        super().finished()
        self.folder.cleanup()
