"""What is due by time, through the facade."""

from datetime import UTC, date, datetime, timedelta

from attrs import evolve

from crmcore import STANDARD_RULES, Activity, Crm, F, Lead, Opportunity
from crmcore.entities import OpportunityChange, RuleFiring
from crmcore.rules.automation import (
    AddLabel,
    AutomationRule,
    Changed,
    CreateActivity,
    MoveStage,
    Set,
    TimePassed,
)

NOW = datetime(2026, 3, 14, tzinfo=UTC)
LATE = AutomationRule(
    name="late",
    on=Opportunity,
    when=TimePassed("close_on"),
    where=F.stage_category == "open",
    then=[MoveStage("Lost"), Set("lost_reason", "time")],
)
TOLD = AutomationRule(
    name="told", on=Opportunity, when=Changed("stage"), then=CreateActivity(subject="Lost")
)


def crm_with(*rules: AutomationRule) -> Crm:
    return Crm(rules=STANDARD_RULES.with_automation(*rules), clock=lambda: NOW)


def test_without_rules_by_time_nothing_is_due() -> None:
    crm = crm_with(TOLD)
    crm.add(Opportunity(name="Engine", close_on=date(2026, 1, 1)))
    run = crm.run_due()
    assert (run.firings, run.refused, run.changes.changes) == ((), (), ())
    assert "rule" in str(run)


def test_what_is_due_makes_other_rules_act_and_writes_history() -> None:
    crm = crm_with(LATE, TOLD)
    deal = crm.add(Opportunity(name="Engine", close_on=date(2026, 3, 14)))
    assert not crm.run_due(NOW - timedelta(seconds=1)).firings
    preview = crm.run_due(dry_run=True)
    assert crm.get(Opportunity, deal.id) == deal
    run = crm.run_due()
    assert [one.rule for one in run.firings] == ["late", "told"]
    assert [one.effects for one in run.firings] == [one.effects for one in preview.firings]
    assert "stage: 'Prospecting' -> 'Lost'" in run.firings[0].effects
    assert "2026-03-14" in str(run)
    assert "Due by time" in run._repr_html_()
    assert crm.get(Opportunity, deal.id).lost_reason == "time"
    assert crm.count(Activity) == 1
    assert crm.count(OpportunityChange) == 2


def test_the_moment_given_is_the_moment_of_what_is_done() -> None:
    crm = crm_with(LATE)
    crm.add(Opportunity(name="Engine", close_on=date(2026, 3, 20)))
    later = NOW + timedelta(days=10)
    crm.run_due(later)
    assert [one.at for one in crm.find(RuleFiring)] == [later]
    assert max(one.at for one in crm.find(OpportunityChange) if one.at) == later


def test_two_rules_for_one_record_see_each_other() -> None:
    early = evolve(LATE, name="early", then=MoveStage("Won"))
    crm = crm_with(early, LATE)
    deal = crm.add(Opportunity(name="Engine", close_on=date(2026, 3, 1)))
    run = crm.run_due()
    assert [one.rule for one in run.firings] == ["early"]
    assert crm.get(Opportunity, deal.id).stage == "Won"


def test_what_was_refused_is_shown() -> None:
    broken = AutomationRule(
        name="broken", on=Lead, when=TimePassed("created_at"), then=Set("rating", "Hot")
    )
    bad = AutomationRule(
        name="bad",
        on=Lead,
        when=TimePassed("created_at"),
        then=[AddLabel("x"), Set("status", "No")],
    )
    crm = crm_with(broken, bad)
    lead = crm.add(Lead(company="Acme"))
    run = crm.run_due()
    assert [one.rule for one in run.firings] == ["broken"]
    (left,) = run.refused
    assert (left.due.rule, left.due.ref) == ("bad", lead.ref)
    assert "refused: nothing was" in str(run)
    stored = crm.get(Lead, lead.id)
    assert (stored.rating, stored.labels) == ("Hot", frozenset())
