"""A state machine over merges, unmerges and everything that people do in between.

It only chooses: what is chosen happens on a ``Ground``, which knows what must hold after it.
"""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from attrs import frozen
from hypothesis import event, note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from crmcore.adapters import JsonFileRepository, MemoryRepository
from crmcore.entities import (
    Activity,
    Attachment,
    Case,
    Contact,
    Lead,
    Opportunity,
    OpportunityContactRole,
    Record,
)
from crmcore.fields import FOLLOW, KEEP, CustomField, Lookup
from crmcore.model.describe import FieldSchema, Holds
from crmcore.model.model import Model
from crmcore.ports import Repository
from crmcore.values import PersonName, Ref
from tests.properties.merge.ground import (
    Act,
    Add,
    Change,
    Convert,
    Ground,
    Join,
    Remove,
    TakeBack,
    TakeBackAgain,
)
from tests.properties.merge.story import Extra, Story
from tests.properties.merge.worlds import Subscription, made, worlds

KINDS = ("contact", "account", "opportunity", "campaign", "lead", "activity")
TEXTS = {
    "contact": "title",
    "account": "website",
    "opportunity": "next_step",
    "lead": "interest",
    "opportunity_contact_role": "role",
    "activity": "outcome",
    "campaign": "type",
}


@frozen(repr=False)
class Beginning:
    """A story that has only begun; told in short, as it is told in full where it fails."""

    story: Story

    def __repr__(self) -> str:
        return f"a company of {len(self.story.records)} records"


@st.composite
def beginnings(draw: st.DrawFn) -> Beginning:
    """A world with leads and calls, and up to three more custom lookups: of one kind, of any."""
    leads = [
        made(Lead, id=f"w{at}", name=PersonName(family=f"W{at}"), company="Acme") for at in range(3)
    ]
    calls = [made(Activity, id=f"wt{at}", subject="Call", who=leads[at].ref) for at in range(3)]
    extras: list[Extra] = []
    for index in range(draw(st.integers(0, 3))):
        entity = draw(st.sampled_from((Activity, Case, Opportunity, Contact, Lead)))
        targets = draw(st.sampled_from((("contact",), ("account",), ("contact", "lead"), ())))
        lookup = Lookup(*targets, on_merge=KEEP if draw(st.integers(0, 4)) == 0 else FOLLOW)
        extras.append((entity, CustomField(name=f"extra{index}", type=lookup)))
    records = (*draw(worlds()), *leads, *calls)
    return Beginning(Story(extras=tuple(extras), records=records))


class MergeMachine(RuleBasedStateMachine):
    """Merges, unmerges, edits, new children, deletions and conversions, in any order."""

    done: ClassVar[Counter[str]] = Counter()
    """The operations of all runs, by kind."""

    failed: ClassVar[Story | None] = None
    """The last story that failed."""

    def __init__(self) -> None:
        super().__init__()
        self.ground: Ground
        self.story = Story()
        self.acts: list[Act] = []
        self.is_begun = False
        self.is_failed = False
        self.numbers = 0

    def repository(self, model: Model) -> Repository:
        """The store of one run."""
        return MemoryRepository(model)

    @initialize(beginning=beginnings())
    def begin(self, beginning: Beginning) -> None:
        self.story = beginning.story
        self.ground = self.story.ground(self.repository)
        self.is_begun = True
        self.ground.check()

    def told(self) -> Story:
        """All that happened so far."""
        return Story(
            extras=self.story.extras, records=self.story.records, acts=dict(enumerate(self.acts))
        )

    def do(self, act: Act) -> bool:
        """Let something happen, look at everything, and count it."""
        before = self.ground.counts.copy()
        self.acts.append(act)
        try:
            happened = self.ground.do(act, len(self.acts) - 1)
            self.ground.check()
        except Exception:
            self.fail()
            raise
        made_now = self.ground.counts - before
        for what in made_now.keys() & {"second merge over a record", "unmerge out of order"}:
            event(what)
        type(self).done.update(made_now)
        return happened

    def fail(self) -> None:
        """Tell the story in a form that can be pasted."""
        self.is_failed = True
        type(self).failed = self.told()
        note(str(self.told()))

    def fresh(self, letter: str) -> str:
        self.numbers += 1
        return f"{letter}{self.numbers}new"

    # Merges and unmerges -------------------------------------------------------------------

    @rule(data=st.data(), kind=st.sampled_from(("contact", "contact", "account", *KINDS)))
    def merge(self, data: st.DataObject, kind: str) -> None:
        ids = sorted(ref.id for ref in self.ground.world() if ref.kind == kind)
        if len(ids) < 2:
            return
        several = data.draw(st.lists(st.sampled_from(ids), min_size=2, max_size=3, unique=True))
        refs = tuple(Ref[Any](kind, id_) for id_ in several)
        self.do(Join(self.fresh("m"), refs))

    @precondition(lambda self: self.is_begun and self.ground.active)
    @rule(data=st.data())
    def unmerge(self, data: st.DataObject) -> None:
        self.do(TakeBack(data.draw(st.sampled_from(list(self.ground.active)))))

    @precondition(lambda self: self.is_begun and self.ground.taken_back)
    @rule(data=st.data())
    def unmerge_twice(self, data: st.DataObject) -> None:
        self.do(TakeBackAgain(data.draw(st.sampled_from(list(self.ground.taken_back)))))

    # What people do ------------------------------------------------------------------------

    def pick(self, data: st.DataObject, *kinds: str) -> Any:
        world = self.ground.world()
        refs = sorted(ref for ref in world if ref.kind in kinds)
        return world[data.draw(st.sampled_from(refs))] if refs else None

    @rule(data=st.data(), text=st.sampled_from(["a", "b", "", None]))
    def edit_a_text(self, data: st.DataObject, text: str | None) -> None:
        record = self.pick(data, *TEXTS)
        if record is not None:
            self.do(Change(record.ref, TEXTS[record.ref.kind], text))

    @rule(data=st.data())
    def edit_labels(self, data: st.DataObject) -> None:
        record = self.pick(data, "contact", "account")
        labels = data.draw(st.frozensets(st.sampled_from(["vip", "old", "new"])))
        if record is not None:
            self.do(Change(record.ref, "labels", labels))

    @rule(data=st.data())
    def edit_a_reference(self, data: st.DataObject) -> None:
        kinds = ("activity", "subscription", "contact", "account", "opportunity", "attachment")
        record = self.pick(data, *kinds, "case", "lead")
        if record is None:
            return
        slots = {one.path: one for one in self.slots(record)}
        one = slots[data.draw(st.sampled_from(list(slots)))]
        new = self.target(data, one)
        if new is not None or one.is_optional:
            self.do(Change(record.ref, one.path, new, "edit of a reference"))

    def slots(self, record: Record) -> list[FieldSchema]:
        """The single references of a record that people set."""
        found = (one for one in self.ground.follows(record) if one.name != "owner_id")
        return [one for one in found if one.holds is Holds.ONE]

    def target(self, data: st.DataObject, one: FieldSchema) -> Any:
        """What a reference may be set to: mostly a survivor, so that claims are contested."""
        lookup = one.lookup
        assert lookup is not None
        survivors = {receipt.survivor for _, receipt in self.ground.active.values()}
        refs = [ref for ref in self.ground.world() if lookup.accepts(ref.kind)]
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
        slots = {
            one.path: one.value(record)
            for one in self.slots(record)
            if one.is_optional and one.value(record) is not None
        }
        if slots:
            path = data.draw(st.sampled_from(list(slots)))
            if self.do(Change(record.ref, path, None, "edit away")):
                self.do(Change(record.ref, path, slots[path], "edit back"))

    @rule(data=st.data())
    def add_a_child(self, data: st.DataObject) -> None:
        contact, account = self.pick(data, "contact"), self.pick(data, "account")
        deal, lead = self.pick(data, "opportunity"), self.pick(data, "lead")
        if contact is None or account is None:
            return
        refs: list[Ref[Any]] = [one.ref for one in (contact, lead) if one is not None]
        who = data.draw(st.sampled_from(refs))
        choices: dict[str, Record] = {
            "call": made(Activity, id=self.fresh("t"), subject="Call", who=who, about=account.ref),
            "case": made(Case, id=self.fresh("s"), subject="Help", who=who, account_id=account.id),
            "subscription": Subscription(
                id=self.fresh("u"),
                name="Gold",
                contact_id=contact.id,
                billed=account.ref,
                watchers=(contact.id,),
            ),
            "contact": made(
                Contact,
                id=self.fresh("c"),
                name=PersonName(family="N"),
                account_id=account.id,
                reports_to_id=contact.id,
                custom={"mentor": contact.id},
            ),
            "deal": made(Opportunity, id=self.fresh("o"), name="New", account_id=account.id),
            "file": made(Attachment, id=self.fresh("f"), about=who, uri="file"),
            "lead": made(Lead, id=self.fresh("l"), company="New", name=PersonName(family="N")),
        }
        if deal is not None:
            choices["role"] = made(
                OpportunityContactRole,
                id=self.fresh("p"),
                opportunity_id=deal.id,
                contact_id=contact.id,
            )
        self.do(Add(choices[data.draw(st.sampled_from(list(choices)))]))

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        kinds = ("activity", "subscription", "opportunity_contact_role", "campaign_member")
        record = self.pick(data, *kinds, "contact", "opportunity", "attachment")
        if record is not None:
            self.do(Remove(record.ref))

    @rule(data=st.data(), attach=st.booleans())
    def convert(self, data: st.DataObject, attach: bool) -> None:
        lead = self.pick(data, "lead")
        contact = self.pick(data, "contact") if attach else None
        if lead is not None:
            self.do(Convert(lead.id, None if contact is None else contact.id))

    # The end -------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not self.is_begun:
            return
        try:
            if not self.is_failed:
                for name in self.ground.order:
                    self.do(TakeBack(name))
                self.ends()
        finally:
            self.finished()

    def ends(self) -> None:
        try:
            self.ground.end()
        except Exception:
            self.fail()
            raise

    def finished(self) -> None:
        """Leave nothing behind."""
        self.ground.crm.close()


class JsonMergeMachine(MergeMachine):
    """The same on a JSON file."""

    done: ClassVar[Counter[str]] = Counter()

    def repository(self, model: Model) -> Repository:
        """A file in a folder that goes with the run."""
        self.folder = tempfile.TemporaryDirectory()
        return JsonFileRepository(Path(self.folder.name) / "merge.crm.json", model=model)

    def finished(self) -> None:
        super().finished()
        self.folder.cleanup()
