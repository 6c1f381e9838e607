"""Deals moved by commands of the facade."""

import pytest
from attrs import evolve

from crmcore import STANDARD_MODEL, STANDARD_RULES, Crm, F, Opportunity, Pipeline, Stage
from crmcore.crm.staging import change_pipeline, move_deals, stranded_deals
from crmcore.errors import NotFoundError
from crmcore.model.pipeline import StageCategory
from crmcore.rules.stages import EntryCondition, StageMapError

RENEWALS = Pipeline(
    "renewals",
    (Stage("due"), Stage("kept", StageCategory.WON), Stage("gone", StageCategory.LOST)),
)
MODEL = STANDARD_MODEL.with_pipelines(RENEWALS)
STAGES = {one.key: "due" for one in MODEL.pipeline().stages}


def test_deals_are_chosen_by_a_filter_or_by_their_ids() -> None:
    crm = Crm(model=MODEL)
    one, other, third = crm.add_all([Opportunity(name=name) for name in "abc"])
    crm.change_pipeline(F.name == "a", "renewals", stages=STAGES)
    crm.change_pipeline([other.id, other.id], "renewals", stages=STAGES)
    assert [crm.get(Opportunity, each.id).pipeline for each in (one, other, third)] == [
        "renewals",
        "renewals",
        "standard",
    ]
    with pytest.raises(NotFoundError):
        crm.change_pipeline(["x"], "renewals", stages=STAGES)
    assert crm.deal_path(one.id).stays[-1].stage == "due"


def test_a_map_that_moves_nothing_stores_nothing() -> None:
    crm = Crm(model=MODEL)
    assert not crm.move_deals({}).changes
    assert not crm.retire_stage("Proposal", "due", pipeline="renewals").changes
    with pytest.raises(StageMapError):
        crm.retire_stage("Proposal", "nowhere")
    with crm._repository.snapshot() as snapshot:
        assert not stranded_deals(snapshot, MODEL).deals
        assert not move_deals(snapshot, crm._desk.context(), {}).changes
        assert not change_pipeline(snapshot, crm._desk.context(), (), "renewals", {}).changes


def test_conditions_are_told_and_stop_no_move_by_a_map() -> None:
    condition = EntryCondition(stage="Won", where=F.amount.amount > 0, say="needs an amount")
    told: list[str] = []
    crm = Crm(
        rules=STANDARD_RULES.with_entry_conditions(condition),
        on_finding=lambda one: told.append(one.code),
    )
    deal = crm.add(Opportunity(name="Engine"))
    crm.retire_stage("Prospecting", "Won")
    assert crm.get(Opportunity, deal.id).stage == "Won"
    assert told == ["stage.meaning", "stage.entry"]


def test_the_path_of_a_deal_follows_it_through_a_merge() -> None:
    crm = Crm()
    one, other = crm.add_all([Opportunity(name=name) for name in "ab"])
    crm.save(evolve(one, stage="Proposal"))
    crm.merge(one.id, other.id)
    assert [stay.stage for stay in crm.deal_path(other.id).stays] == ["Prospecting", "Proposal"]
    assert crm.deal_path("x").stays == ()
