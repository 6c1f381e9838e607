"""Whatever is done with leads, in whichever order, no value that was entered gets lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

from attrs import evolve
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Account,
    Activity,
    Contact,
    Crm,
    CustomField,
    Lead,
    PersonName,
    Pipeline,
    Stage,
)
from crmcore.crm.batch import Commits
from crmcore.errors import CrmError
from crmcore.model.pipeline import ForecastCategory, StageCategory
from crmcore.model.policies import KnownContact, Undo
from tests.properties.conversion.worlds import NOW, stored

MODEL = (
    STANDARD_MODEL.with_custom_fields(Lead, CustomField(name="note"), CustomField(name="tier"))
    .with_custom_fields(Contact, CustomField(name="tier"))
    .renamed(Lead, "Prospect", "Prospects")
    .with_pipelines(
        Pipeline(
            "partners",
            (
                Stage("Asked"),
                Stage("Yes", StageCategory.WON, 100, ForecastCategory.CLOSED),
                Stage("No", StageCategory.LOST, 0, ForecastCategory.OMITTED),
            ),
        )
    )
    .with_policies(undo_conversion=Undo.ALLOWED, known_contact=KnownContact.TOUCH_AND_LEAD)
)
RULES = STANDARD_RULES.with_field_map(STANDARD_RULES.field_map.with_same_names(MODEL))
TOKEN = re.compile(r"tok\d+x")
TEXTS = ("title", "interest", "authority", "description")
ENOUGH = ("captured", "edited", "qualified", "converted", "batched", "merged", "undone")


class Leads(RuleBasedStateMachine):
    """A company at work; ``counts`` says how often each thing was done, over all examples."""

    counts: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        numbers, tokens = count(1), count(1)
        self.crm = Crm(
            model=MODEL, rules=RULES, clock=lambda: NOW, ids=lambda: f"new-{next(numbers)}"
        )
        self.next_token: Callable[[], str] = lambda: f"tok{next(tokens)}x"
        self.entered: set[str] = set()

    def did(self, what: str) -> None:
        self.counts[what] += 1
        event(what)

    def token(self) -> str:
        one = self.next_token()
        self.entered.add(one)
        return one

    def open_leads(self) -> list[Lead]:
        return [one for one in self.crm.find(Lead) if one.converted_at is None]

    @rule(
        family=st.sampled_from(["Lovelace", "Hopper"]),
        mail=st.sampled_from([None, "ada@vega.example", "grace@orion.example"]),
        company=st.sampled_from([None, "Vega", "Orion"]),
        named=st.sets(st.sampled_from(["title", "interest", "tier", "utm_campaign"])),
    )
    def capture(self, family: str, mail: str | None, company: str | None, named: set[str]) -> None:
        form = {"first_name": "Ada", "last_name": family}
        form |= {key: value for key, value in (("email", mail), ("company", company)) if value}
        form |= {name: self.token() for name in sorted(named)}
        self.crm.capture(form, source="site")
        self.did("captured")

    @precondition(lambda self: self.open_leads())
    @rule(data=st.data(), field=st.sampled_from([*TEXTS, "custom"]))
    def edit(self, data: st.DataObject, field: str) -> None:
        lead = data.draw(st.sampled_from(self.open_leads()))
        old = lead.custom.get("note") if field == "custom" else getattr(lead, field)
        self.entered -= set(TOKEN.findall(str(old)))  # its writer replaces it
        new: Any = self.token()
        new = lead.custom.with_items({"note": new}) if field == "custom" else new
        self.crm.save(evolve(lead, **{field: new}))
        self.did("edited")

    @precondition(lambda self: self.open_leads())
    @rule(data=st.data(), status=st.sampled_from([None, "Working", "Qualified"]))
    def qualify(self, data: st.DataObject, status: str | None) -> None:
        lead = data.draw(st.sampled_from(self.open_leads()))
        call = self.crm.add(Activity(subject=self.token(), who=lead.ref))
        self.crm.qualify(lead.id, status=status, timeline=self.token())
        self.crm.save(evolve(call, done_at=NOW))
        self.did("qualified")

    @precondition(lambda self: self.open_leads())
    @rule(data=st.data(), pipeline=st.sampled_from([None, "partners"]))
    def convert(self, data: st.DataObject, pipeline: str | None) -> None:
        lead = data.draw(st.sampled_from(self.open_leads()))
        self.crm.convert_lead(lead.id, allow_duplicates=True, pipeline=pipeline)
        self.did("converted")

    @precondition(lambda self: len(self.open_leads()) > 1)
    @rule(commits=st.sampled_from(Commits))
    def batch(self, commits: Commits) -> None:
        ids = [one.id for one in self.open_leads()]
        done = self.crm.convert_leads(ids, commits=commits, allow_duplicates=True)
        assert len(done.conversions) + len(done.refused) == len(ids)
        self.did("batched")

    @rule(data=st.data(), entity=st.sampled_from([Lead, Contact, Account]))
    def merge(self, data: st.DataObject, entity: Any) -> None:
        known = self.open_leads() if entity is Lead else self.crm.find(entity)
        if len(known) < 2:
            return
        master, loser = data.draw(st.permutations(known))[:2]
        try:
            self.crm.merge(master, loser)
        except CrmError:
            return
        self.did("merged")

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        done = [
            conversion
            for lead in self.crm.find(Lead)
            if lead.converted_at is not None
            for conversion in self.crm.conversions(lead)[-1:]
        ]
        if not done:
            return
        before = stored(self.crm._repository, MODEL)
        try:
            self.crm.undo(data.draw(st.sampled_from(done)))
        except CrmError:
            assert stored(self.crm._repository, MODEL) == before
            self.did("undo refused")
            return
        self.did("undone")

    @invariant()
    def nothing_is_lost(self) -> None:
        """C9 every value entered on a lead is on a live record or in a receipt."""
        found = set(TOKEN.findall(repr(list(stored(self.crm._repository, MODEL).values()))))
        assert self.entered <= found

    @invariant()
    def everything_is_sound(self) -> None:
        assert not self.crm.check().errors


def test_no_value_entered_on_a_lead_is_ever_lost() -> None:
    """C9 capture, edit, qualify, convert, batch, merge and undo in any order keep every value."""
    counts: Counter[str] = Counter()
    machine = type("Counted", (Leads,), {"counts": counts})
    run(machine, settings=settings())
    if sum(counts.values()) > 400:
        rare = {what: counts[what] for what in ENOUGH if counts[what] < 3}
        assert not rare, counts


def test_every_operation_comes_up_in_the_end() -> None:
    """C9 the machine is worth nothing where a conversion is never undone: one walk by hand."""
    machine = type("Counted", (Leads,), {"counts": Counter()})()
    crm, lead = machine.crm, Lead(name=PersonName(family="King"), company="Vega")
    crm.add(evolve(lead, title=machine.token()))
    machine.nothing_is_lost()
    done = crm.convert_lead(lead.id)
    machine.nothing_is_lost()
    crm.undo(done)
    machine.nothing_is_lost()
    machine.everything_is_sound()
