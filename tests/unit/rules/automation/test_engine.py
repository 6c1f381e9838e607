"""What follows from a change set, until nothing more does."""

from itertools import count
from typing import Any

import pytest

from crmcore import STANDARD_MODEL, Activity, ChangeSet, F, Lead, Opportunity
from crmcore.changes import CheckExists, Delete, Insert, Update
from crmcore.entities import OpportunityChange, RuleFiring, RuleState
from crmcore.rules.automation import (
    AddLabel,
    AssignOwner,
    Automated,
    AutomationError,
    AutomationRule,
    Call,
    CreateActivity,
    Created,
    NamedFunction,
    Set,
    Updated,
    automate,
    is_automated,
)
from crmcore.rules.rule import Context
from tests.examples import NOW, changed

LEAD = changed(Lead(company="Acme"), id="l")
DEAL = changed(Opportunity(name="Engine"), id="d")


def run(
    changes: ChangeSet, *rules: AutomationRule, model: Any = STANDARD_MODEL, **functions: Any
) -> Automated:
    numbers = count(1)
    context = Context(model=model, now=NOW, new_id=lambda: f"n{next(numbers)}")
    named = [NamedFunction(name, one) for name, one in functions.items()]
    return automate(changes, rules=rules, functions=named, context=context)


def rule(name: str, then: Any, **given: Any) -> AutomationRule:
    return AutomationRule(**({"name": name, "on": Lead, "when": Created(), "then": then} | given))


def test_effects_are_in_the_same_set_and_tell_which_rule_caused_them() -> None:
    acted = run(
        ChangeSet([Insert(LEAD)]),
        rule("label", [AddLabel("x"), Set("rating", "Hot")]),
        rule("call", CreateActivity(subject="Call"), when=Updated(), where=F.rating == "Hot"),
    )
    lead, activity, first, second = acted.changes.written
    assert lead == changed(LEAD, labels={"x"}, rating="Hot")
    assert isinstance(activity, Activity)
    assert [first, second] == list(acted.firings)
    assert (acted.firings[0].rule, acted.firings[0].about) == ("label", LEAD.ref)
    assert acted.firings[0].effects == ("labels: {} -> {x}", "rating: None -> 'Hot'")
    assert acted.firings[1].effects == ("new activity 'Call'",)
    assert [one.message for one in acted.findings] == [
        "rule 'label': labels: {} -> {x}; rating: None -> 'Hot'",
        "rule 'call': new activity 'Call'",
    ]
    assert acted.steps == ((LEAD, lead), (None, activity))


def test_a_rule_that_changes_nothing_leaves_nothing() -> None:
    same = run(ChangeSet([Insert(changed(LEAD, rating="Hot"))]), rule("r", Set("rating", "Hot")))
    assert same.changes == ChangeSet([Insert(changed(LEAD, rating="Hot"))])
    assert same.firings == ()
    assert run(ChangeSet([Delete(LEAD)]), rule("r", AddLabel("x"))).firings == ()


def test_a_model_may_do_without_firings() -> None:
    model = STANDARD_MODEL.with_disabled(RuleFiring)
    acted = run(ChangeSet([Insert(LEAD)]), rule("r", AddLabel("x")), model=model)
    assert acted.changes.written == (changed(LEAD, labels={"x"}),)
    assert len(acted.findings) == 1


def test_turns_are_written_and_make_no_rule_act() -> None:
    watch = rule("watch", AddLabel("x"), on=RuleState)
    acted = run(ChangeSet([Insert(LEAD)]), rule("r", AssignOwner(users=["u"])), watch)
    assert [one.rule for one in acted.firings] == ["r"]
    assert acted.firings[0].effects == ("owner_id: None -> 'u'",)
    assert [type(one).__name__ for one in acted.changes.written] == [
        "Lead",
        "RuleState",
        "RuleFiring",
    ]


def test_a_function_may_make_change_and_remove() -> None:
    other = changed(LEAD, id="other", version=3)
    check = CheckExists(other.ref)

    def decide(record: Any, context: Any) -> ChangeSet:
        return ChangeSet(
            [
                Insert(changed(DEAL, name="New")),
                Update(other, changed(other, rating="Hot")),
                Delete(record),
            ],
            [check],
        )

    acted = run(ChangeSet([Insert(LEAD)]), rule("r", [Call("f"), AddLabel("x")]), f=decide)
    assert acted.firings[0].effects == (
        "new opportunity 'New'",
        "lead:other rating: None -> 'Hot'",
        "deleted lead:l",
    )
    assert acted.changes.refs == {DEAL.ref, other.ref, acted.firings[0].ref}
    assert check in acted.changes.checks
    only = run(
        ChangeSet([Insert(LEAD)]), rule("r", Call("f")), f=lambda *_: ChangeSet(checks=[check])
    )
    assert check in only.changes.checks


@pytest.mark.parametrize(
    ("decided", "why"),
    [
        (lambda: ChangeSet([Update(changed(LEAD, company="B"), LEAD)]), "changed since: lead:l"),
        (lambda: ChangeSet([Insert(LEAD)]), "changed since: lead:l"),
        (lambda: 1 // 0, "ZeroDivisionError"),
        (lambda: None, "TypeError|AttributeError"),
    ],
)
def test_a_rule_that_fails_is_named(decided: Any, why: str) -> None:
    with pytest.raises(AutomationError, match=why) as failed:
        run(ChangeSet([Insert(LEAD)]), rule("r", Call("f")), f=lambda *_: decided())
    assert (failed.value.rule, failed.value.ref) == ("r", LEAD.ref)
    assert "nothing was stored" in str(failed.value)


def test_a_set_that_was_automated_or_takes_back_is_known() -> None:
    firing = RuleFiring(rule="r", about=LEAD.ref)
    row = OpportunityChange(opportunity_id=DEAL.id)
    assert is_automated(ChangeSet([Insert(LEAD), Insert(firing)]))
    assert is_automated(ChangeSet([Delete(firing)]))
    assert is_automated(ChangeSet([Delete(row)]))
    assert not is_automated(ChangeSet([Insert(LEAD), Insert(row)]))


def test_a_record_without_a_name_is_told_by_its_reference() -> None:
    made = OpportunityChange(opportunity_id=DEAL.id)
    acted = run(
        ChangeSet([Insert(LEAD)]), rule("r", Call("f")), f=lambda *_: ChangeSet([Insert(made)])
    )
    assert acted.firings[0].effects == (f"new {made.ref}",)
