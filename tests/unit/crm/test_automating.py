"""Automation through the facade: in every command, in the same commit."""

from functools import partial
from typing import Any

import pytest
from attrs import evolve

from crmcore import (
    STANDARD_MODEL,
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
    ValidationError,
)
from crmcore.changes import Insert
from crmcore.crm import plans
from crmcore.crm.automating import automated
from crmcore.entities import RuleFiring
from crmcore.rules.automation import (
    AddLabel,
    AssignOwner,
    AutomationRule,
    Changed,
    CreateActivity,
    Created,
    EnteredStage,
    MoveStage,
    Set,
)

WELCOME = AutomationRule(
    name="welcome", on=Account, when=Created(), then=CreateActivity(subject="Welcome")
)
ONWARD = AutomationRule(
    name="onward",
    on=Opportunity,
    when=EnteredStage(stage="Proposal"),
    then=MoveStage("Negotiation"),
)
RULES = STANDARD_RULES.with_automation(WELCOME, ONWARD)


def narrow() -> Any:
    """A model in which a deal goes from one stage to the next only."""
    pipeline = STANDARD_MODEL.pipeline()
    stages = [
        evolve(one, next=[other.key]) if not one.is_closed else one
        for one, other in zip(pipeline.stages, pipeline.stages[1:], strict=False)
    ]
    return STANDARD_MODEL.with_pipelines(evolve(pipeline, stages=[*stages, pipeline.stages[-1]]))


def test_what_a_rule_does_is_in_the_same_commit() -> None:
    store = MemoryRepository()
    crm = Crm(store, rules=RULES)
    acme = crm.add(Account(name="Acme"))
    (activity,) = crm.find(Activity)
    assert activity.about == acme.ref
    assert activity.version == acme.version
    (commit,) = store.commits()
    assert [one.ref.kind for one in commit.changes] == ["account", "activity", "rule_firing"]


def test_rules_act_in_conversions_one_by_one_and_in_a_batch() -> None:
    for batch in (False, True):
        crm = Crm(rules=RULES)
        leads = crm.add_all(
            [Lead(name=PersonName(family="King"), company=one) for one in ("Acme", "Vega")]
        )
        if batch:
            done = crm.convert_leads([one.id for one in leads])
            assert len(done.conversions) == 2
        else:
            for one in leads:
                crm.convert_lead(one.id)
        assert crm.count(Activity, F.subject == "Welcome") == crm.count(Account) == 2
        assert crm.count(RuleFiring) == 2


def test_each_step_of_a_deal_must_be_allowed_and_all_of_them_are_one_row() -> None:
    crm = Crm(rules=RULES, model=narrow())
    deal = crm.add(Opportunity(name="Engine", stage="Qualification"))
    preview = crm._do(partial(plans.save, record=evolve(deal, stage="Proposal")), dry_run=True)
    assert not preview.findings.errors
    crm.commit(preview)
    assert crm.get(Opportunity, deal.id).stage == "Negotiation"
    assert [one.stage for one in crm.deal_path(deal.id).stays] == ["Qualification", "Negotiation"]
    skipping = evolve(ONWARD, then=MoveStage("Won"))
    crm = Crm(rules=STANDARD_RULES.with_automation(skipping), model=narrow())
    with pytest.raises(ValidationError, match="cannot go from Proposal to Won"):
        crm.add(Opportunity(name="Engine", stage="Proposal"))
    assert crm.count(Opportunity) == 0


def test_a_rule_may_set_what_entering_needs() -> None:
    from_lost = AutomationRule(
        name="reason",
        on=Opportunity,
        when=EnteredStage(stage="Lost"),
        where=F.lost_reason.is_none(),
        then=Set("lost_reason", "not told"),
    )
    model = STANDARD_MODEL.with_policies(lost_reason=_required())
    crm = Crm(rules=STANDARD_RULES.with_automation(from_lost), model=model)
    assert crm.add(Opportunity(name="Engine", stage="Lost")).lost_reason == "not told"


def _required() -> Any:
    return type(STANDARD_MODEL.policies.lost_reason)("required")


def test_commands_of_a_transaction_see_what_rules_did() -> None:
    rule = AutomationRule(name="hot", on=Lead, when=Changed("rating"), then=AddLabel("hot"))
    crm = Crm(rules=STANDARD_RULES.with_automation(rule))
    with crm.transaction() as tx:
        lead = tx.add(Lead(company="Acme"))
        lead = tx.save(evolve(lead, rating="Hot"))
        assert lead.labels == {"hot"}
        assert [one.code for one in tx.findings] == ["automation.fired"]
    assert crm.find(Lead, F.labels.contains("hot"))[0].id == lead.id


def test_taking_back_what_was_stored_makes_no_rule_act() -> None:
    rule = AutomationRule(name="r", on=Opportunity, when=EnteredStage(), then=AddLabel("moved"))
    crm = Crm(rules=STANDARD_RULES.with_automation(rule))
    deal = crm.add(Opportunity(name="Engine", labels="moved"))
    store: Any = crm._repository
    crm.save(evolve(deal, stage="Won"))
    won = [*store.commits()][-1]
    back = crm.commit(ChangeSet(won.changes).inverse())
    assert not any(isinstance(one, RuleFiring) for one in back.written)
    assert crm.get(Opportunity, deal.id).stage == "Prospecting"


def test_nothing_is_gathered_where_there_is_nothing_to_do() -> None:
    crm = Crm(rules=RULES)
    changes = ChangeSet([Insert(Lead(company="Acme"))])
    with crm._repository.snapshot() as snapshot:
        context = crm._desk.context()
        assert automated(changes, snapshot, context, STANDARD_RULES).changes is changes
        assert automated(ChangeSet(), snapshot, context, RULES).changes == ChangeSet()
        assert automated(changes, snapshot, context, RULES).changes == changes


def test_owners_are_assigned_by_what_is_stored() -> None:
    assign = AutomationRule(
        name="assign", on=Lead, when=Created(), then=AssignOwner(users=["u", "v"])
    )
    store = MemoryRepository()
    owners = [
        Crm(store, rules=STANDARD_RULES.with_automation(assign)).add(Lead(company="Acme")).owner_id
        for _ in range(4)
    ]
    assert owners == ["u", "v", "u", "v"]
