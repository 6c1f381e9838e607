"""What must hold when a deal enters or leaves a stage."""

from typing import Any

import pytest
from attrs import evolve

from crmcore import STANDARD_MODEL, STANDARD_RULES, Crm, F, Money, Opportunity, ValidationError
from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import OpportunityChange
from crmcore.findings import Findings, ModelError, Severity
from crmcore.model.pipeline import Pipeline, Stage, StageCategory
from crmcore.model.policies import Checklist, LostReason
from crmcore.rules.stages import EntryCondition, check_entry, stage_findings
from crmcore.rules.stages.entry import deal_steps, softened, steps_of, taken_back

SALES = Pipeline(
    "sales",
    (
        Stage("a", next=["b", "lost"], checklist=["call", "visit"]),
        Stage("b", label="Offer"),
        Stage("c"),
        Stage("won", StageCategory.WON, next=()),
        Stage("lost", StageCategory.LOST),
    ),
)
MODEL = STANDARD_MODEL.with_pipelines(SALES)
PRICED = EntryCondition(stage="b", where=F.amount.amount > 0, say="an offer needs an amount")


def deal(stage: str, **given: Any) -> Opportunity:
    return Opportunity(name="Engine", id="d", pipeline="sales", stage=stage, **given)  # type: ignore[arg-type]  # any text


def found(before: Opportunity | None, after: Opportunity, **rest: Any) -> list[tuple[str, Any]]:
    changes = ChangeSet([Insert(after)])
    given: dict[str, Any] = {"conditions": (), "model": MODEL} | rest
    findings = stage_findings(changes, steps=[(before, after)], **given)
    return [(one.code, one.severity) for one in findings]


@pytest.mark.parametrize(
    ("start", "end", "codes"),
    [
        ("a", "b", ["stage.checklist"]),
        ("a", "lost", []),
        ("a", "c", ["stage.transition", "stage.checklist"]),
        ("b", "a", []),
        ("b", "won", []),
        ("won", "b", ["stage.transition"]),
        ("gone", "c", []),
        ("a", "gone", []),
        ("a", "a", []),
    ],
)
def test_a_deal_goes_where_its_stage_lets_it(start: str, end: str, codes: list[str]) -> None:
    assert [code for code, _ in found(deal(start), deal(end))] == codes


def test_a_new_deal_and_one_from_another_pipeline_may_be_anywhere() -> None:
    assert found(None, deal("c")) == []
    other = evolve(deal("c"), pipeline="standard", stage="Won")
    assert found(other, deal("c")) == found(deal("a"), evolve(other, pipeline="no")) == []


def test_items_are_ticked_or_told() -> None:
    assert found(deal("a"), deal("b", checked=["call", "visit"])) == []
    refusing = MODEL.with_policies(checklist=Checklist.REFUSE)
    assert found(deal("a"), deal("b", checked="call")) == [("stage.checklist", Severity.WARNING)]
    assert found(deal("a"), deal("b"), model=refusing) == [("stage.checklist", Severity.ERROR)]


def test_a_condition_is_asked_when_a_deal_enters() -> None:
    conditions = {"conditions": (PRICED,)}
    ticked = ["call", "visit"]
    poor, rich = deal("b", checked=ticked), deal("b", checked=ticked, amount=Money(5, "EUR"))
    assert [code for code, _ in found(deal("a"), poor, **conditions)] == ["stage.entry"]
    assert [code for code, _ in found(None, poor, **conditions)] == ["stage.entry"]
    assert found(deal("a"), rich, **conditions) == []
    elsewhere = evolve(PRICED, pipeline="standard")
    assert found(None, poor, conditions=(elsewhere,)) == []
    assert found(None, deal("a"), **conditions) == []


def test_a_condition_is_not_asked_of_a_deal_that_is_there() -> None:
    crm = Crm(model=MODEL)
    stored = crm.add(deal("b"))
    strict = Crm(crm._repository, model=MODEL, rules=STANDARD_RULES.with_entry_conditions(PRICED))
    assert strict.save(evolve(stored, name="Motor")).name == "Motor"
    with pytest.raises(ValidationError, match="an offer needs an amount"):
        strict.add(evolve(stored, id="e", version=0))  # type: ignore[arg-type]  # any text


def test_why_a_deal_is_lost_is_said_where_the_model_asks() -> None:
    asking = {"model": MODEL.with_policies(lost_reason=LostReason.REQUIRED)}
    assert [code for code, _ in found(deal("a"), deal("lost"), **asking)] == ["stage.lost_reason"]
    assert [code for code, _ in found(None, deal("lost", lost_reason=" "), **asking)] == [
        "stage.lost_reason"
    ]
    assert found(deal("a"), deal("lost", lost_reason="price"), **asking) == []
    assert found(None, deal("won"), **asking) == found(None, deal("gone"), **asking) == []
    assert found(deal("a"), deal("lost")) == []
    crm = Crm(model=asking["model"])
    told = crm.add(deal("lost", lost_reason="price"))
    assert crm.save(evolve(told, lost_reason="time")).lost_reason == "time"
    with pytest.raises(ValidationError, match="asks for the reason"):
        crm.save(evolve(told, version=2, lost_reason=None))


def test_a_deal_that_goes_back_to_what_it_was_may_do_so() -> None:
    row = OpportunityChange(opportunity_id=deal("a").id)
    changes = ChangeSet([Delete(row)])
    assert taken_back(changes) == {"d"}
    assert taken_back(ChangeSet([Insert(row)])) == frozenset()
    assert found(deal("won"), deal("b"), back=["d"], conditions=(PRICED,)) == []
    crm = Crm(model=MODEL)
    stored = crm.add(deal("b"))
    won = crm.commit(ChangeSet([Update(stored, evolve(stored, stage="won"))]))
    crm.commit(won.inverse())
    assert crm.get(Opportunity, "d").stage == "b"


def test_the_steps_of_a_set_are_those_of_its_deals() -> None:
    account = Crm().add(Opportunity(name="other"))
    row = OpportunityChange(opportunity_id=account.id)
    assert steps_of(ChangeSet([Insert(deal("a")), Insert(row), Delete(account)])) == [
        (None, deal("a"))
    ]
    assert deal_steps([(row, row)]) == []


def test_softened_findings_stop_nothing() -> None:
    findings = Findings(
        stage_findings(ChangeSet([Insert(deal("b"))]), steps=[], conditions=[PRICED], model=MODEL)
    )
    assert findings.errors
    assert not Findings(softened(findings)).errors


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"stage": "x"}, "entry.stage"),
        ({"pipeline": "x"}, "entry.pipeline"),
        ({"pipeline": "standard"}, "entry.stage"),
        ({"where": F.amont == 1}, "entry.field"),
    ],
)
def test_a_condition_that_does_not_fit_the_model_is_refused(given: Any, code: str) -> None:
    condition = evolve(PRICED, **given)
    assert code in {one.code for one in check_entry(condition, MODEL)}
    with pytest.raises(ModelError):
        Crm(model=MODEL, rules=STANDARD_RULES.with_entry_conditions(condition))
    assert list(check_entry(PRICED, MODEL)) == []
