"""Rules reach a fixed point, or stop with the loop named."""

from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import (
    STANDARD_RULES,
    Account,
    Activity,
    ChangeSet,
    Crm,
    F,
    Lead,
    MemoryRepository,
    Opportunity,
    PersonName,
)
from crmcore.changes import Insert, Update
from crmcore.entities import RuleFiring
from crmcore.rules.automation import (
    AutomationError,
    AutomationLoopError,
    AutomationRule,
    Call,
    Changed,
    Created,
    Set,
    Updated,
)
from tests.properties.automation.worlds import (
    LEAD,
    Hours,
    Plain,
    book,
    by_hand,
    changed,
    plain_rules,
    state,
)


def content(repository: MemoryRepository) -> tuple[int, list[Any]]:
    with repository.snapshot() as snapshot:
        return snapshot.seq, list(repository.commits())


def store(crm: Crm, lead: Lead, before: object, *, in_transaction: bool) -> None:
    if in_transaction:
        with crm.transaction() as tx:
            tx.add(lead) if before is None else tx.save(lead)
    elif before is None:
        crm.add(lead)
    else:
        crm.save(lead)


@given(plain_rules(), LEAD, st.lists(LEAD, max_size=3), st.booleans())
def test_rules_end_where_carrying_them_out_by_hand_ends(
    plain: list[Plain], first: dict[str, Any], later: list[dict[str, Any]], in_transaction: bool
) -> None:
    """P12. Where doing them by hand ends, the record is as it is then; else the loop is named."""
    repository = MemoryRepository()
    crm = Crm(repository, rules=book(plain), clock=Hours())
    lead, before = Lead(company="Acme", **first), None
    for fields in [{}, *later]:
        lead = changed(lead, fields)
        wanted, acted = by_hand(plain, before, state(lead))
        stood = content(repository)
        known = crm.count(RuleFiring)
        if wanted is None:
            event("loop")
            with pytest.raises(AutomationLoopError) as loop:
                store(crm, lead, before, in_transaction=in_transaction)
            assert set(loop.value.rules) <= set(acted[-100:])
            assert len(set(loop.value.rules)) == len(loop.value.rules)
            assert content(repository) == stood
            return
        store(crm, lead, before, in_transaction=in_transaction)
        event(f"{min(len(acted), 4)} firings")
        lead = crm.get(Lead, lead.id)
        assert state(lead) == wanted
        if before is None or lead.version > stood[0]:
            assert crm.count(RuleFiring) == known + len(acted)
        before = state(lead)


@given(st.integers(1, 4), st.integers(0, 3), st.booleans())
def test_the_loop_is_named_in_full(length: int, others: int, in_transaction: bool) -> None:
    """P12. A ring of rules is named, in its order, and no other rule with it."""
    values = [f"v{number}" for number in range(length + 1)]
    ring = [
        AutomationRule(
            name=f"r{at}",
            on=Lead,
            when=Updated(),
            where=F.rating == values[at],
            then=Set("rating", values[(at + 1) % len(values)]),
        )
        for at in range(len(values))
    ]
    bystanders = [
        AutomationRule(name=f"by{at}", on=Lead, when=Updated(), then=Set("interest", f"seen {at}"))
        for at in range(min(others, 1))
    ]
    crm = Crm(rules=STANDARD_RULES.with_automation(*bystanders, *ring), clock=Hours())
    lead = crm.add(Lead(company="Acme"))
    with pytest.raises(AutomationLoopError) as loop:
        if in_transaction:
            with crm.transaction() as tx:
                tx.save(changed(lead, {"rating": "v0"}))
        else:
            crm.save(changed(lead, {"rating": "v0"}))
    names = [one.name for one in ring]
    at = names.index(loop.value.rules[0])
    assert list(loop.value.rules) == [*names[at:], *names[:at]]
    assert crm.get(Lead, lead.id) == lead


def another(record: Any, context: Any) -> ChangeSet:
    return ChangeSet([Insert(Activity(id=context.new_id(), subject="again"))])


def count_up(record: Any, _: Any) -> ChangeSet:
    return ChangeSet([Update(record, changed(record, {"company": f"{record.company}+"}))])


@pytest.mark.parametrize("function", [another, count_up])
def test_what_never_comes_back_to_where_it_was_is_a_loop_too(function: Any) -> None:
    """P12. Rules that make new records, or count, for ever are stopped and named as well."""
    entity = Activity if function is another else Lead
    rules = [
        AutomationRule(name=name, on=entity, when=when, then=Call("f"))
        for name, when in (("new", Created()), ("change", Updated()))
    ]
    crm = Crm(rules=STANDARD_RULES.with_automation(*rules, functions={"f": function}))
    with pytest.raises(AutomationLoopError) as loop:
        crm.add(Activity(subject="first") if entity is Activity else Lead(company="Acme"))
    assert set(loop.value.rules) == ({"new"} if entity is Activity else {"change"})
    assert crm.count(entity) == 0


class RefusedError(Exception):
    """What a function of a user's own raises."""


@given(st.sampled_from(["add", "save", "tx", "batch"]), st.integers(0, 3))
def test_a_failing_rule_rolls_its_command_back(how: str, at: int) -> None:
    """P12. Nothing of the command is stored, and what was stored before stays."""

    def fail(record: Any, _: Any) -> ChangeSet:
        if record.rating == "bad":
            raise RefusedError("no")
        return ChangeSet()

    rules = STANDARD_RULES.with_automation(
        AutomationRule(name="first", on=Lead, when=Created(), then=Set("interest", "seen")),
        AutomationRule(name="check", on=Lead, when=Created(), then=Call("fail")),
        AutomationRule(name="later", on=Lead, when=Changed("rating"), then=Call("fail")),
        functions={"fail": fail},
    )
    repository = MemoryRepository()
    crm = Crm(repository, rules=rules, clock=Hours())
    good = crm.add(Lead(company="Good"))
    stood = content(repository)
    leads = [Lead(company=f"Acme {n}", rating="bad" if n == at else None) for n in range(4)]
    with pytest.raises(
        AutomationError, match=r"the rule '\w+' failed on lead:.*RefusedError: no"
    ) as why:
        if how == "add":
            crm.add_all(leads)
        elif how == "save":
            crm.save(changed(good, {"rating": "bad"}))
        else:
            with crm.transaction() as tx:
                tx.add(Account(name="Acme"))
                tx.add_all(leads) if how == "tx" else [tx.add(one) for one in leads]
    assert isinstance(why.value.__cause__, RefusedError)
    assert content(repository) == stood


def test_a_lead_whose_rule_fails_is_left_out_of_a_batch() -> None:
    """P12. In a batch the conversion whose rule fails leaves no trace, the others are stored."""

    def fail(record: Any, _: Any) -> ChangeSet:
        if record.name.startswith("Vega"):
            raise RefusedError(record.name)
        return ChangeSet()

    rules = STANDARD_RULES.with_automation(
        AutomationRule(
            name="check",
            on=Opportunity,
            when=Created(),
            then=Call("fail"),
        ),
        functions={"fail": fail},
    )
    crm = Crm(rules=rules)
    person = PersonName(family="King")
    leads = crm.add_all([Lead(company=one, name=person) for one in ("Acme", "Vega")])
    done = crm.convert_leads([one.id for one in leads])
    assert [one.lead_id for one in done.refused] == [leads[1].id]
    assert isinstance(done.refused[0].reason, AutomationError)
    assert [one.name for one in crm.find(Account)] == ["Acme"]
