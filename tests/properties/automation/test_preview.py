"""A dry run shows what the commit stores; and what it stores is stored once."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial
from itertools import count
from typing import Any, ClassVar

import attrs
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crmcore import ChangeSet, Crm, F, Lead, MemoryRepository, Opportunity, Record
from crmcore.crm import plans
from crmcore.entities import RuleFiring
from crmcore.model.pipeline import StageCategory
from crmcore.query import Query
from crmcore.rules.automation import (
    AddLabel,
    AssignOwner,
    AutomationLoopError,
    AutomationRule,
    CreateActivity,
    Created,
    EnteredStage,
    InDays,
    MoveStage,
    Set,
    TimePassed,
    Turn,
)
from tests.examples import changed
from tests.properties.automation.worlds import FIELDS, LEAD, START, VALUES, Plain, book, plain_rules

STAGES = ["Prospecting", "Proposal", "Negotiation", "Won", "Lost"]
DEAL_RULES = (
    AutomationRule(
        name="assign deals",
        on=Opportunity,
        when=Created(),
        where=F.owner_id.is_none(),
        then=AssignOwner(users=("u", "v", "w")),
    ),
    AutomationRule(
        name="assign leads",
        on=Lead,
        when=Created(),
        where=F.rating == "a",
        then=AssignOwner(users=("u", "v"), by=Turn.LOAD, load=F.status == "New"),
    ),
    AutomationRule(
        name="won",
        on=Opportunity,
        when=EnteredStage(category=StageCategory.WON),
        then=[AddLabel("customer"), CreateActivity(subject="Invoice", due_in=3)],
    ),
    AutomationRule(
        name="no sum, no proposal",
        on=Opportunity,
        when=EnteredStage(stage="Proposal"),
        where=F.amount.is_none(),
        then=[MoveStage("Prospecting"), Set("close_on", InDays(30))],
    ),
    AutomationRule(
        name="overdue",
        on=Opportunity,
        when=TimePassed(F.close_on, timedelta(days=1)),
        where=F.stage_category == "open",
        then=CreateActivity(subject="Overdue"),
    ),
)


RING = (
    Plain("ping", ("interest",), ("interest", "a"), (("interest", "b"),)),
    Plain("pong", ("interest",), ("interest", "b"), (("interest", "a"),)),
)


def plain(changes: Iterable[Any]) -> list[Any]:
    """Changes with versions and moments left out."""
    ends = [(getattr(one, "before", None), getattr(one, "after", None)) for one in changes]
    return [tuple(bare(one) for one in pair) for pair in ends]


def bare(record: Record | None) -> Record | None:
    if record is None:
        return None
    dated = dict.fromkeys(("created_at", "updated_at"), None)
    if hasattr(record, "at"):
        dated["at"] = None
    return changed(record, version=0, **dated)


class DryRuns(RuleBasedStateMachine):
    """Any commands: each is previewed, and stored from the preview or anew."""

    seen: ClassVar[Counter[str]] = Counter()
    """How often the cases that matter came up."""

    @initialize(rules=plain_rules())
    def begin(self, rules: list[Plain]) -> None:
        self.days = 0
        self.store = MemoryRepository()
        self.next_id = 0
        self.crm = Crm(
            self.store,
            rules=book([*rules, *RING]).with_automation(*DEAL_RULES),
            clock=lambda: START + timedelta(days=self.days),
            ids=lambda: f"n{self.next_number():05}",
        )
        self.firings: dict[str, RuleFiring] = {}
        self.fresh = count()

    def next_number(self) -> int:
        self.next_id += 1
        return self.next_id

    @rule(fields=LEAD, again=st.booleans())
    def add_lead(self, fields: dict[str, Any], again: bool) -> None:
        leads = [changed(Lead(company="Acme"), id=f"l{next(self.fresh)}", **fields) for _ in "ab"]
        self.both(partial(plans.add, records=leads), again)

    @rule(stage=st.sampled_from(STAGES), close=st.integers(0, 30), again=st.booleans())
    def add_deal(self, stage: str, close: int, again: bool) -> None:
        deal = Opportunity(
            name="Engine",
            id=f"d{next(self.fresh)}",  # type: ignore[arg-type]  # any text
            stage=stage,
            close_on=date(2026, 1, 1) + timedelta(days=close),
        )
        self.both(partial(plans.add, records=[deal]), again)

    @rule(data=st.data(), again=st.booleans())
    def save(self, data: st.DataObject, again: bool) -> None:
        records: list[Any] = [*self.crm.find(Lead), *self.crm.find(Opportunity)]
        if not records:
            return
        one = data.draw(st.sampled_from(records))
        if isinstance(one, Lead):
            field = data.draw(st.sampled_from(FIELDS))
            new: Record = changed(one, **{field: data.draw(st.sampled_from(VALUES))})
        else:
            new = attrs.evolve(one, stage=data.draw(st.sampled_from(STAGES)))
        self.both(partial(plans.save, record=new), again)

    @precondition(lambda self: self.crm.count(Lead))
    @rule(again=st.booleans())
    def begin_a_loop(self, again: bool) -> None:
        one = self.crm.find(Lead)[0]
        new = attrs.evolve(one, interest="b" if one.interest == "a" else "a")
        self.both(partial(plans.save, record=new), again)

    @rule(days=st.integers(0, 10), again=st.booleans())
    def time_passes(self, days: int, again: bool) -> None:
        self.days += days
        number = self.next_id
        preview = self.crm.run_due(dry_run=True)
        if again:
            self.next_id = number
            self.crm.run_due()
        else:
            self.crm.commit(preview)
        self.note("due" if preview.firings else "nothing is due")
        assert not self.crm.run_due().changes, "what was due is due again"
        self.agree(preview.changes)

    @rule(steps=st.lists(st.sampled_from(STAGES), min_size=2, max_size=3))
    def several(self, steps: list[str]) -> None:
        """Several commands in one transaction: what it shows is what is stored."""
        seq = self.seq()
        try:
            with self.crm.transaction() as tx:
                for stage in steps:
                    tx.add(Opportunity(name="Engine", id=f"d{next(self.fresh)}", stage=stage))  # type: ignore[arg-type]  # any text
                shown = tx.changes
        except AutomationLoopError:
            assert self.seq() == seq
            return
        self.agree(shown)

    def both(self, plan: Any, again: bool) -> None:
        seq, number = self.seq(), self.next_id
        try:
            preview = self.crm._do(plan, dry_run=True)
        except AutomationLoopError:
            self.note("loop")
            assert self.seq() == seq
            return
        assert self.seq() == seq, "a dry run stored something"
        told = {one.ref for one in preview.findings.with_code("automation.fired")}
        fired = [one for one in preview.changes.written if isinstance(one, RuleFiring)]
        assert told == {one.about for one in fired}, "the preview does not say which rule did what"
        self.note("fired" if fired else "nothing fired")
        if again:
            self.next_id = number
            self.crm._do(plan)
        elif preview.changes:
            self.crm.commit(preview if number % 2 else preview.changes)
        if preview.changes:
            self.agree(preview.changes)

    def note(self, what: str) -> None:
        self.seen[what] += 1
        event(what)

    def seq(self) -> int:
        with self.store.snapshot() as snapshot:
            return snapshot.seq

    def agree(self, shown: ChangeSet) -> None:
        """What was stored last is what was shown."""
        if shown:
            last = list(self.store.commits(self.seq() - 1))[-1]
            assert plain(last.changes) == plain(shown)
        firings: dict[str, RuleFiring] = {one.id: one for one in self.crm.find(RuleFiring)}
        assert {id_: firings.get(id_) for id_ in self.firings} == self.firings
        self.firings = firings
        turns: list[Any] = [one.owner_id for one in self.crm.find(Opportunity)]
        counts = [turns.count(one) for one in ("u", "v", "w")]
        assert max(counts) - min(counts) <= 1, "turns are not taken in turn"
        with self.store.snapshot() as snapshot:
            assert all(one.version for one in snapshot.find(Query.of(RuleFiring)))


def test_a_dry_run_shows_what_the_commit_stores() -> None:
    """P12. A dry run lists what the commit stores, every effect with its rule, and only once."""
    DryRuns.seen.clear()
    run_state_machine_as_test(DryRuns)
    least = max(settings.default.max_examples // 10, 1) if settings.default else 1
    rare = [one for one in ("fired", "due", "loop") if DryRuns.seen[one] < least]
    assert not rare, f"too rare to mean anything: {DryRuns.seen}"
