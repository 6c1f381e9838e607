from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Account,
    AccountContactRelation,
    ConflictError,
    Contact,
    Crm,
    F,
    Finding,
    Lead,
    MemoryRepository,
    NotFoundError,
    Opportunity,
    PersonName,
    Pipeline,
    Stage,
    ValidationError,
)
from crmcore.entities import Judgement, OpportunityChange
from crmcore.errors import CycleError, UsageError
from crmcore.model.pipeline import StageCategory
from crmcore.model.policies import Undo
from crmcore.rules import SKIP
from crmcore.rules.automation import AutomationRule, MoveStage, Set, TimePassed
from crmcore.rules.stages import StageMapError

NOW = datetime(2026, 3, 14, tzinfo=UTC)


def test_commands_read_their_own_writes_and_are_stored_together() -> None:
    crm = Crm()
    old = crm.add(Account(name="Old"))
    with crm.transaction(reason="import") as tx:
        acme = tx.add(Account(name="Acme"))
        ada, bob = tx.add_all(
            [
                Contact(name=PersonName(family="King"), account_id=acme.id),
                Contact(name=PersonName(family="Bo"), account_id=acme.id),
            ]
        )
        tx.save(evolve(acme, website="acme.example"))
        tx.delete(Contact, bob.id)
        tx.save(evolve(old, parent_id=acme.id))
        assert tx.get(Account, acme.id).website == "acme.example"
        assert tx.find(Contact, F.account_id == acme.id) == (ada,)
        assert len(tx.find(AccountContactRelation)) == 1
        assert crm.count(Account) == 1
        assert tx.changes.reason == "import"
    stored = crm.get(Account, acme.id)
    assert (stored.version, stored.website) == (2, "acme.example")
    assert crm.get(Account, old.id).version == 2
    assert crm.count(Contact) == crm.count(AccountContactRelation) == 1
    assert not crm.check()


def test_an_exception_leaves_nothing_stored() -> None:
    crm = Crm()
    with pytest.raises(RuntimeError), crm.transaction() as tx:
        tx.add(Account(name="Acme"))
        raise RuntimeError
    assert crm.count(Account) == 0


def test_a_refused_command_leaves_no_trace_and_the_rest_is_stored() -> None:
    heard: list[Finding] = []
    crm = Crm(on_finding=heard.append)
    with crm.transaction() as tx:
        tx.add(Account(name="Acme", website="no web"))
        with pytest.raises(ValidationError):
            tx.add(Account(name=""))
        assert [one.code for one in tx.findings] == ["url.form"]
        assert not heard
    assert [one.name for one in crm.find(Account)] == ["Acme"]
    assert [one.code for one in heard] == ["url.form"]


def test_somebody_faster_makes_the_whole_transaction_conflict() -> None:
    crm = Crm()
    acme = crm.add(Account(name="Acme"))
    with pytest.raises(ConflictError), crm.transaction() as tx:
        tx.add(Account(name="Other"))
        tx.save(evolve(acme, name="Mine"))
        crm.save(evolve(acme, name="Theirs"))
    assert [one.name for one in crm.find(Account)] == ["Theirs"]


def test_its_moment_stays_while_others_commit() -> None:
    crm = Crm()
    with crm.transaction() as tx:
        crm.add(Account(name="Acme"))
        assert tx.find(Account) == ()


def test_leads_are_converted_and_records_merged_inside() -> None:
    crm = Crm()
    with crm.transaction() as tx:
        lead = tx.add(Lead(name=PersonName(given="Ada", family="King"), company="Vega"))
        made = tx.convert_lead(lead.id, opportunity=SKIP)
        assert made.contact is not None
        twin = tx.add(Contact(name=PersonName(given="Ada", family="King"), title="CEO"))
        merge = tx.merge(made.contact, twin)
        assert tx.get(Contact, twin.id).title == "CEO"
        assert merge.receipt.survivor == made.contact.ref
    assert crm.get(Contact, twin.id).id == made.contact.id
    assert crm.count(Opportunity) == 0
    assert not crm.check().errors


def test_an_ended_transaction_takes_no_more_commands() -> None:
    crm = Crm()
    with crm.transaction() as tx:
        pass
    with pytest.raises(UsageError, match="has ended"):
        tx.add(Account(name="Acme"))


def test_an_empty_transaction_commits_nothing() -> None:
    store = MemoryRepository()
    with Crm(store).transaction():
        pass
    with store.snapshot() as snapshot:
        assert snapshot.seq == 0


def test_what_was_deleted_inside_is_not_found_inside() -> None:
    crm = Crm()
    acme = crm.add(Account(name="Acme"))
    with crm.transaction() as tx:
        tx.delete(Account, acme.id)
        with pytest.raises(NotFoundError):
            tx.get(Account, acme.id)
        again = tx.add(Account(id=acme.id, name="Again"))
    assert crm.get(Account, acme.id).name == again.name


def test_deals_are_moved_by_maps_inside() -> None:
    renewals = Pipeline(
        "renewals",
        (Stage("due"), Stage("kept", StageCategory.WON), Stage("gone", StageCategory.LOST)),
    )
    model = STANDARD_MODEL.with_pipelines(renewals)
    crm = Crm(model=model)
    with crm.transaction() as tx:
        one, other, third = tx.add_all(
            Opportunity(name=name, stage="Proposal") for name in ("a", "b", "c")
        )
        assert tx.retire_stage("Proposal", "Negotiation").moved[0][2] == 3
        moved = tx.move_deals({("standard", "Negotiation"): ("standard", "Qualification")})
        assert moved.moved[0][2] == 3
        stages = {stage.key: "due" for stage in model.pipeline().stages}
        tx.change_pipeline([one.id], "renewals", stages=stages)
        tx.change_pipeline(F.name == "b", "renewals", stages=stages)
        with pytest.raises(StageMapError):
            tx.change_pipeline([third.id], "renewals", stages={})
    assert [crm.get(Opportunity, deal.id).stage for deal in (one, other, third)] == [
        "due",
        "due",
        "Qualification",
    ]
    assert crm.count(OpportunityChange) == 3
    assert not crm.check()


def test_what_is_due_is_done_once_inside() -> None:
    late = AutomationRule(
        name="late",
        on=Opportunity,
        when=TimePassed("close_on"),
        where=F.stage_category == "open",
        then=[MoveStage("Lost"), Set("lost_reason", "time")],
    )
    crm = Crm(rules=STANDARD_RULES.with_automation(late), clock=lambda: NOW)
    day = date(2026, 3, 20)
    with crm.transaction() as tx:
        deal = tx.add(Opportunity(name="Engine", close_on=day))
        assert not tx.run_due().firings
        assert [one.rule for one in tx.run_due(NOW + timedelta(days=7)).firings] == ["late"]
        assert not tx.run_due(NOW + timedelta(days=7)).firings
        assert tx.get(Opportunity, deal.id).stage == "Lost"
    assert crm.get(Opportunity, deal.id).lost_reason == "time"
    assert not crm.run_due(NOW + timedelta(days=7)).firings


def test_accounts_are_moved_leads_qualified_and_pairs_judged_inside() -> None:
    crm = Crm()
    with crm.transaction() as tx:
        top, low = tx.add_all([Account(name="Top"), Account(name="Low")])
        assert tx.reparent(low.id, top.id).parent_id == top.id
        with pytest.raises(CycleError):
            tx.reparent(top.id, low.id)
        lead = tx.add(Lead(name=PersonName(family="King")))
        assert tx.qualify(lead.id, timeline="May").timeline == "May"
        assert tx.qualify(lead.id).timeline == "May"
        ada, bob = tx.add_all(Contact(name=PersonName(family=name)) for name in ("Ada", "Bob"))
        tx.not_duplicates(ada, bob, "father and son")
        tx.duplicates(top, low)
        assert tx.one(Account, F.name == "Low").parent_id == top.id
        assert tx.count(Contact) == 2
        assert tx.resolve(ada.id) == ada.ref
    assert crm.count(Judgement) == 2
    assert crm.get(Lead, lead.id).timeline == "May"


def test_a_conversion_is_taken_back_inside() -> None:
    model = STANDARD_MODEL.with_policies(undo_conversion=Undo.ALLOWED)
    crm = Crm(model=model)
    with crm.transaction() as tx:
        lead = tx.add(Lead(name=PersonName(family="King"), company="Vega"))
        made = tx.convert_lead(lead.id)
        tx.undo(made)
        assert tx.count(Account) == tx.count(Opportunity) == 0
    assert crm.get(Lead, lead.id).converted_at is None
    assert not crm.check().errors
