"""The history of deals, over any commands on any repository."""

from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import (
    STANDARD_MODEL,
    ChangeSet,
    ConflictError,
    Crm,
    CrmError,
    Money,
    Opportunity,
    ValidationError,
)
from crmcore.adapters import MemoryRepository, MemoryRowStore
from crmcore.changes import Delete, Insert, Update
from crmcore.entities import OpportunityChange
from crmcore.rules.rule import Context
from crmcore.rules.stages import Entry, deal_path, deal_state, in_order, told_history
from tests.examples import changed
from tests.properties.stages.worlds import START, Hours

STAGES = [one.key for one in STANDARD_MODEL.pipeline().stages]
IDS = ("d", "e", "f")
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "stage": st.sampled_from(STAGES),
        "amount": st.none() | st.integers(0, 3).map(lambda one: Money(one, "EUR")),
        "owner_id": st.sampled_from([None, "u", "v"]),
        "name": st.sampled_from(["Engine", "Motor"]),
    },
)
STEP = st.tuples(
    st.sampled_from(["save", "save", "save", "delete", "merge"]), st.sampled_from(IDS), FIELDS
)
COMMAND: st.SearchStrategy[list[Any]] = (
    STEP.map(lambda one: [one])
    | st.lists(STEP, min_size=2, max_size=4)
    | st.tuples(st.just("undo"), st.integers(0, 9), st.just({})).map(lambda one: [one])
    | st.tuples(st.just("import"), st.sampled_from(IDS), FIELDS).map(lambda one: [one])
)


def step(on: Any, what: str, which: str, fields: dict[str, Any]) -> None:
    """One command, of a CRM or of a transaction."""
    there = {one.id: one for one in on.find(Opportunity)}
    deal = there.get(which)
    if what == "delete" and deal is not None:
        on.delete(Opportunity, which)
    elif what == "merge" and deal is not None and len(there) > 1:
        on.merge(deal, min((one for one in there.values() if one.id != which), key=lambda o: o.id))
    elif deal is None:
        on.add(Opportunity(**{"name": "Engine", "id": which} | fields))
    else:
        on.save(attrs.evolve(deal, **fields))


def imported(crm: Crm, which: str, fields: dict[str, Any], moment: datetime) -> None:
    """A deal that comes with a history of its own."""
    deal = Opportunity(**{"name": "Engine", "id": which, "stage": "Proposal"} | fields)
    numbers = iter(range(100))
    context = Context(
        model=STANDARD_MODEL, now=moment, new_id=lambda: f"{which}-{moment}-{next(numbers)}"
    )
    stages = ["Prospecting", "Negotiation", "Prospecting", deal.stage]
    entries = [Entry(one, moment) for one in stages]
    crm.add_all([deal, *told_history(deal, entries, context=context)])


def commits(repository: Any) -> list[ChangeSet]:
    """A list of what was stored, to take back some of it."""
    stored: list[ChangeSet] = []
    plain = repository.commit

    def commit(changes: ChangeSet) -> int:
        seq: int = plain(changes)
        stored.append(changes.as_stored(seq))
        return seq

    repository.commit = commit
    return stored


@pytest.mark.parametrize("make", [MemoryRepository, MemoryRowStore])
@given(st.lists(COMMAND, min_size=1, max_size=10))
def test_history_grows_only_and_has_no_gap_whatever_is_done(
    make: Any, commands: list[list[Any]]
) -> None:
    """P3. Commands, transactions, merges, imports and undoing only ever add rows, without a gap."""
    clock = Hours()
    crm = Crm(make(), clock=clock)
    stored = commits(crm._repository)
    known: dict[str, OpportunityChange] = {}
    for steps in commands:
        what, which, fields = steps[0]
        try:
            if what == "undo":
                if stored:
                    crm.commit(stored[which % len(stored)].inverse())
                    event("undone")
            elif what == "import":
                if not crm.find(OpportunityChange):
                    imported(crm, which, fields, START)
                    event("imported")
            elif len(steps) == 1:
                step(crm, what, which, fields)
            else:
                with crm.transaction() as tx:
                    for one in steps:
                        step(tx, *one)
        except (ConflictError, ValidationError):
            event("refused")
        known = assert_kept(crm, known, clock)
    assert not [one for one in crm.check() if one.code.startswith("history.")]


def assert_kept(
    crm: Crm, known: dict[str, OpportunityChange], clock: Hours
) -> dict[str, OpportunityChange]:
    rows: dict[str, OpportunityChange] = {one.id: one for one in crm.find(OpportunityChange)}
    assert {id_: rows.get(id_) for id_ in known} == known, "a row was changed or removed"
    deals: dict[Any, Opportunity] = {one.id: one for one in crm.find(Opportunity)}
    now = START + timedelta(hours=clock.hours)
    for which in IDS:
        own = in_order(one for one in rows.values() if one.opportunity_id == which)
        ends = [None, *(one.after for one in own)]
        assert [one.before for one in own] == ends[:-1]
        assert all(one.before != one.after for one in own)
        plain = [one.version for one in own if not one.is_imported]
        assert len(set(plain)) == len(plain), "two rows of one commit"
        deal = deals.get(which)
        assert ends[-1] == (None if deal is None else deal_state(deal))
        path = deal_path(own, model=crm.model, now=now)
        total = sum((one.duration for one in path.stays), timedelta())
        assert all(one.duration >= timedelta() for one in path.stays)
        assert path.age is None or total == path.age
        assert (path.age is None) == (not own)
    return rows


DEAL = Opportunity(name="Engine", stage="Proposal", id="d")  # type: ignore[arg-type]  # any text


@given(st.sampled_from(["save", "delete", "commit", "tx"]), st.booleans())
def test_no_command_changes_or_removes_a_row(how: str, told: bool) -> None:
    """P3. A row is refused to whoever wants to change it or to take it out, alone."""
    crm = Crm(clock=Hours())
    if told:
        imported(crm, "d", {}, START)
    else:
        crm.add(DEAL)
    before = crm.find(OpportunityChange)
    row = before[0]
    other = attrs.evolve(row, at=START - timedelta(days=1))
    with pytest.raises(ValidationError, match="history") as refused:
        if how == "save":
            crm.save(other)
        elif how == "delete":
            crm.delete(OpportunityChange, row.id)
        elif how == "commit":
            crm.commit(ChangeSet([Update(row, other)]))
        else:
            with crm.transaction() as tx:
                tx.add(Opportunity(name="Other"))
                tx.delete(OpportunityChange, row.id)
    assert refused.value.findings.errors[0].code == "history.append_only"
    assert crm.find(OpportunityChange) == before
    assert crm.count(Opportunity) == 1


@given(
    st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 5)), min_size=1, max_size=5),
    st.data(),
)
def test_imported_history_is_taken_whole_or_not_at_all(
    entries: list[tuple[str, int]], data: st.DataObject
) -> None:
    """P3. Gaps, rows out of order and of the future are found, and nothing is made up for them."""
    moments = sorted(hours for _, hours in entries)
    told = [
        Entry(stage, START + timedelta(hours=at))
        for (stage, _), at in zip(entries, moments, strict=True)
    ]
    deal = attrs.evolve(DEAL, stage=entries[-1][0])
    numbers = iter(range(100))
    context = Context(model=STANDARD_MODEL, now=START, new_id=lambda: f"r{next(numbers):02}")
    rows = list(told_history(deal, told, context=context))
    crm = Crm(clock=lambda: START + timedelta(days=1))
    harm = data.draw(st.sampled_from(["none", "gap", "future", "end", "undated"]))
    at = data.draw(st.integers(0, len(rows) - 1))
    state: Any = rows[at].after
    if harm == "gap":
        rows[at] = attrs.evolve(rows[at], before=attrs.evolve(state, owner_id="stranger"))
    elif harm == "future":
        rows[at] = attrs.evolve(rows[at], at=START + timedelta(days=2))
    elif harm == "undated":
        rows[at] = attrs.evolve(rows[at], at=None)
    elif harm == "end":
        deal = changed(deal, owner_id="another")
    if harm == "none":
        crm.add_all([deal, *data.draw(st.permutations(rows))])
        kept = in_order(crm.find(OpportunityChange))
        assert [(one.before, one.after, one.at) for one in kept] == [
            (one.before, one.after, one.at) for one in rows
        ]
        return
    event(harm)
    with pytest.raises(CrmError) as refused:
        crm.add_all([deal, *rows])
    codes = {one.code for one in refused.value.findings.errors}  # type: ignore[attr-defined]  # a ValidationError
    wanted = {"gap": "gap", "future": "future", "end": "end", "undated": "moment"}[harm]
    assert f"history.{wanted}" in codes
    assert crm.count(OpportunityChange) == crm.count(Opportunity) == 0


def test_the_history_of_a_deal_does_not_come_without_it() -> None:
    """P3. A row alone would tell of a deal that nobody has."""
    crm = Crm(clock=Hours())
    crm.add(DEAL)
    row = OpportunityChange(opportunity_id=DEAL.id, after=deal_state(DEAL), at=START)
    for one in (row, attrs.evolve(row, is_imported=True)):
        with pytest.raises(ValidationError, match="comes with the deal"):
            crm.add(one)
    with pytest.raises(ConflictError):
        crm.commit(ChangeSet([Insert(attrs.evolve(DEAL)), Delete(row)]))


@given(
    st.lists(STEP, min_size=1, max_size=6),
    st.sampled_from(["lost row", "other before", "deal is gone", "deal was changed", "no rows"]),
    st.integers(0, 9),
)
def test_what_was_done_to_history_behind_its_back_is_found(
    steps: list[Any], how: str, which: int
) -> None:
    """P3. The check finds a chain with a gap, a wrong end or nothing, and says what to do."""
    repository = MemoryRepository()
    crm = Crm(repository, clock=Hours())
    for one in steps:
        try:
            step(crm, *one)
        except ValidationError:
            event("refused")
    deals, rows = crm.find(Opportunity), crm.find(OpportunityChange)
    if not deals:
        return
    deal = deals[which % len(deals)]
    own = in_order([one for one in rows if one.opportunity_id == deal.id])
    row = own[which % len(own)]
    changes: dict[str, list[Any]] = {
        "lost row": [Delete(row)],
        "other before": [Update(row, attrs.evolve(row, before=row.after))],
        "deal is gone": [Delete(deal)],
        "deal was changed": [Update(deal, attrs.evolve(deal, amount=Money(99, "EUR")))],
        "no rows": [Delete(one) for one in own],
    }
    repository.commit(ChangeSet(changes[how]))  # no Crm, no history
    found = [one for one in crm.check() if one.code.startswith("history.")]
    assert found, how
    assert all(one.suggestion for one in found)
    event(f"{how}: {found[0].code}")
