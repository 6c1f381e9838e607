"""What one effect does to one record."""

from datetime import date
from itertools import count
from typing import Any

from crmcore import STANDARD_MODEL, Activity, ChangeSet, F, Lead, Opportunity, User
from crmcore.changes import Delete, Insert, Update
from crmcore.entities import RuleState
from crmcore.rules.automation import (
    AddLabel,
    AssignOwner,
    AutomationRule,
    Call,
    CreateActivity,
    Created,
    Effect,
    InDays,
    MoveStage,
    NamedFunction,
    Set,
    Turn,
    needs,
)
from crmcore.rules.automation.acting import Acting
from crmcore.rules.rule import Context
from crmcore.values.ids import LeadId, UserId
from tests.examples import NOW, changed

DEAL = changed(Opportunity(name="Engine"), id="d", owner_id="u")
LEAD = Lead(company="Acme", id=LeadId("l"))


def acting(*records: Any) -> tuple[Acting, AutomationRule]:
    numbers = count(1)
    context = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: f"n{next(numbers)}")
    function = NamedFunction("gone", lambda record, context: ChangeSet([Delete(record)]))
    rule = AutomationRule(name="r", on=Lead, when=Created(), then=AddLabel("x"))
    return Acting({"gone": function}, records, context), rule


def after(effect: Effect, record: Any, *more: Any) -> list[Any]:
    doing, rule = acting(record, *more)
    return list(doing.act(rule, effect, record.ref))


def test_fields_labels_and_stages_are_set() -> None:
    assert after(Set("next_step", "call"), DEAL) == [Update(DEAL, changed(DEAL, next_step="call"))]
    (one,) = after(Set("close_on", InDays(2)), DEAL)
    assert one.after.close_on == date(2026, 3, 16)
    (one,) = after(AddLabel("x"), DEAL)
    assert one.after.labels == {"x"}
    (one,) = after(MoveStage("Won", pipeline="p"), DEAL)
    assert (one.after.stage, one.after.pipeline) == ("Won", "p")
    (one,) = after(MoveStage("Won"), DEAL)
    assert one.after.pipeline == "standard"
    (one,) = after(MoveStage("Won"), LEAD)
    assert one.after == LEAD


def test_an_activity_is_about_the_record_and_for_its_owner() -> None:
    (one,) = after(CreateActivity(subject="Call", kind="call", due_in=3), DEAL)
    assert isinstance(one, Insert)
    assert one.after == Activity(
        id=one.after.id,  # type: ignore[arg-type]  # it is one of an activity
        subject="Call",
        kind="call",
        about=DEAL.ref,
        owner_id=UserId("u"),
        due_on=date(2026, 3, 17),
    )
    (one,) = after(CreateActivity(subject="Call"), LEAD)
    assert (one.after.who, one.after.due_on) == (LEAD.ref, None)


def test_a_function_decides_by_itself_and_what_it_removed_is_left_alone() -> None:
    doing, rule = acting(LEAD)
    assert list(doing.act(rule, Call("gone"), LEAD.ref)) == [Delete(LEAD)]
    doing.forget(LEAD.ref)
    assert not doing.act(rule, AddLabel("x"), LEAD.ref)


def turn(last: str | None, turns: int = 4) -> RuleState:
    return changed(RuleState(), id="r", turns=turns, last_user_id=last)


def owner(effect: AssignOwner, *more: Any) -> str | None:
    changes = after(effect, LEAD, *more)
    return changes[0].after.owner_id if changes else None


def test_in_turn_the_one_after_the_last_is_next() -> None:
    effect = AssignOwner(users=["u", "v", "w"])
    assert [owner(effect, turn(one)) for one in ("u", "v", "w", "gone", None)] == [
        "v",
        "w",
        "u",
        "u",
        "u",
    ]
    away = changed(User(name="v", is_active=False), id="v")
    assert owner(effect, turn("u"), away) == "w"
    everybody = [changed(User(name=one, is_active=False), id=one) for one in "uvw"]
    assert owner(effect, *everybody) is None
    changes = after(effect, LEAD, turn("u"))
    assert changes[1] == Update(turn("u"), turn("v", 5))
    assert isinstance(after(effect, LEAD)[1], Insert)


def test_by_load_owned_records_count_as_they_stand() -> None:
    effect = AssignOwner(users=["u", "v"], by=Turn.LOAD, load=F.status == "New")
    owned = [changed(LEAD, id=f"o{at}", owner_id=who) for at, who in enumerate("uuv")]
    others = [changed(one, id=f"x{one.id}", status="Working") for one in owned]
    doing, rule = acting(LEAD, *owned, *others, DEAL)
    assert doing.act(rule, effect, LEAD.ref).written[0].owner_id == "v"
    doing.remember(owned[0].ref, changed(owned[0], owner_id=None))
    doing.remember(owned[1].ref, None)
    assert doing.act(rule, effect, LEAD.ref).written[0].owner_id == "u"


def test_only_assigning_needs_to_see_more() -> None:
    effect = AssignOwner(users=["u"], by=Turn.LOAD)
    rules = [
        AutomationRule(name=name, on=Lead, when=Created(), then=then)
        for name, then in (("a", effect), ("b", AssignOwner(users=["u"])), ("c", AddLabel("x")))
    ]
    context = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: "x")
    asked = needs(rules, ["lead"], context)
    assert [one.kind for one in asked] == ["rule_state", "user", "lead", "rule_state"]
    assert needs(rules, ["account", "activity"], context) == ()


def test_rules_that_others_make_act_are_asked_for_too() -> None:
    context = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: "x")
    assign = AutomationRule(name="a", on=Activity, when=Created(), then=AssignOwner(users=["u"]))
    call, task, label = (
        AutomationRule(name=name, on=Lead, when=Created(), then=then)
        for name, then in (
            ("f", Call("f")),
            ("t", CreateActivity(subject="x")),
            ("l", AddLabel("x")),
        )
    )
    for first, asks in ((call, True), (task, True), (label, False)):
        assert bool(needs([assign, first], ["lead"], context)) is asks
