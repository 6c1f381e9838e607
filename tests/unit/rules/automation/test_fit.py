"""Whether rules fit a model and their book."""

from typing import Any

import attrs
import pytest
from attrs import frozen

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Activity,
    Crm,
    CustomField,
    F,
    Lead,
    Opportunity,
    Record,
)
from crmcore.entities import RuleFiring, RuleState
from crmcore.fields import Date, Picklist
from crmcore.findings import ModelError
from crmcore.rules.automation import (
    AddLabel,
    AssignOwner,
    AutomationRule,
    Call,
    Changed,
    CreateActivity,
    Created,
    EnteredStage,
    InDays,
    MoveStage,
    Set,
    TimePassed,
    Turn,
    check,
    function_findings,
)

MODEL = STANDARD_MODEL.with_custom_fields(
    Opportunity,
    CustomField(name="tier", type=Picklist("gold", "silver")),
    CustomField(name="signed_on", type=Date()),
)
LOAD = AssignOwner(users=["u"], by=Turn.LOAD, load=F.stage_category == "open")


@frozen(kw_only=True)
class Ticket(Record):
    """An entity of a user's own."""

    name: str


def rule(**given: Any) -> AutomationRule:
    parts: dict[str, Any] = {"name": "r", "on": Opportunity, "when": Created()}
    return AutomationRule(**(parts | {"then": AddLabel("x")} | given))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"on": Ticket}, "automation.entity"),
        ({"where": F.amuont.is_none()}, "automation.where"),
        ({"where": F.stage_category >= "open"}, "automation.where"),
        ({"when": Changed("custom.teir")}, "automation.field"),
        ({"when": TimePassed("custom.signed")}, "automation.field"),
        ({"when": TimePassed("custom.tier")}, "automation.when"),
        ({"then": Set("custom.teir", "gold")}, "automation.field"),
        ({"then": Set("custom.tier", 3)}, "automation.value"),
        ({"then": MoveStage("Wonn")}, "automation.stage"),
        ({"then": MoveStage("Won", pipeline="p")}, "automation.stage"),
        ({"when": EnteredStage(stage="Wonn")}, "automation.stage"),
        ({"when": EnteredStage(pipeline="p")}, "automation.stage"),
        ({"then": attrs.evolve(LOAD, load=F.nmae == "x")}, "automation.where"),
    ],
)
def test_what_the_model_does_not_have_is_told(given: Any, code: str) -> None:
    found = check(rule(**given), MODEL)
    assert code in {one.code for one in found}
    assert {one.path for one in found} == {"r"}
    with pytest.raises(ModelError, match="rule book"):
        Crm(model=MODEL, rules=STANDARD_RULES.with_automation(rule(**given)))


@pytest.mark.parametrize(
    ("given", "entity"),
    [
        ({"on": Lead}, Lead),
        ({"then": CreateActivity(subject="x")}, Activity),
        ({"then": LOAD}, RuleState),
        ({"when": TimePassed("close_on")}, RuleFiring),
    ],
)
def test_what_a_rule_needs_must_not_be_disabled(given: Any, entity: type[Record]) -> None:
    assert check(rule(**given), MODEL) == []
    (found,) = check(rule(**given), MODEL.with_disabled(entity))
    assert (found.code, found.value) == ("automation.disabled", entity.__name__)


@pytest.mark.parametrize(
    "given",
    [
        {"where": F.stage_category == "open"},
        {"when": TimePassed("custom.signed_on"), "then": Set("custom.signed_on", InDays(1))},
        {"then": [Set("custom.tier", "gold"), MoveStage("Won"), LOAD]},
        {"when": EnteredStage(stage="Won", pipeline="standard")},
    ],
)
def test_what_fits_is_not(given: Any) -> None:
    assert check(rule(**given), MODEL) == []


def test_a_function_that_the_book_does_not_have_is_told_when_it_is_built() -> None:
    calling = rule(then=Call("scroe"))
    (found,) = function_findings(calling, ["score"])
    assert found.suggestion == "did you mean 'score'?"
    (found,) = function_findings(calling, [])
    assert "functions=" in found.suggestion
    with pytest.raises(ModelError, match="scroe"):
        STANDARD_RULES.with_automation(calling)
