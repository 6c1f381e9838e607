"""Hooks: what they hear, and that nothing they do changes what was stored."""

from typing import Any

import attrs
import pytest

from crmcore import (
    STANDARD_RULES,
    Account,
    Contact,
    Crm,
    F,
    Finding,
    Lead,
    MemoryRepository,
    Money,
    Opportunity,
    PersonName,
    ValidationError,
)
from crmcore.crm.hooks import (
    Event,
    HookFailure,
    Hooks,
    LeadConverted,
    Merged,
    On,
    RecordCreated,
    RecordDeleted,
    RecordUpdated,
    RollupChanged,
    RuleFired,
    StageChanged,
    events_of,
)
from crmcore.rules.automation import AddLabel, AutomationRule, Created


def heard(*, rules: Any = STANDARD_RULES) -> tuple[Crm, list[Event]]:
    """A CRM with a hook that hears of everything but figures."""
    events: list[Event] = []

    def note(event: Event) -> None:
        if not isinstance(event, RollupChanged):
            events.append(event)

    return Crm(rules=rules, hooks=[note], by="u"), events


def unexpected(failure: HookFailure) -> None:
    raise failure.error


def kinds(events: list[Event]) -> list[str]:
    return [type(one).__name__ for one in events]


def test_a_hook_hears_of_every_record_that_a_commit_writes() -> None:
    crm, events = heard()
    acme = crm.add(Account(name="Acme"))
    bolt = crm.save(attrs.evolve(acme, name="Bolt"))
    crm.delete(Account, acme.id)
    first, second, third = events
    assert isinstance(first, RecordCreated)
    assert first.record == acme
    assert (first.seq, first.by, first.at) == (1, "u", acme.created_at)
    assert isinstance(second, RecordUpdated)
    assert (second.before, second.after) == (acme, bolt)
    assert isinstance(third, RecordDeleted)
    assert third.record == bolt
    assert [one.id for one in events] == ["1-1-1", "2-1-1", "3-1-1"]


def test_a_move_to_another_stage_is_an_event_of_its_own() -> None:
    crm, events = heard()
    deal = crm.add(Opportunity(name="Engine"))
    deal = crm.save(attrs.evolve(deal, name="Motor"))
    crm.save(attrs.evolve(deal, stage="Won"))
    moves = [one for one in events if isinstance(one, StageChanged)]
    assert [(one.before.stage, one.after.stage) for one in moves] == [("Prospecting", "Won")]


def test_conversion_merge_and_rules_are_events_with_their_receipts() -> None:
    rule = AutomationRule(name="vip", on=Lead, when=Created(), then=AddLabel("vip"))
    crm, events = heard(rules=STANDARD_RULES.with_automation(rule))
    lead = crm.add(Lead(name=PersonName(family="King"), company="Acme"))
    done = crm.convert_lead(lead.id)
    (fired,) = (one.firing for one in events if isinstance(one, RuleFired))
    (converted,) = (one.receipt for one in events if isinstance(one, LeadConverted))
    assert (fired.rule, fired.about) == ("vip", lead.ref)
    assert converted == done.receipt
    ada, ida = crm.add_all([Contact(name=PersonName(family=one)) for one in ("Ada", "Ida")])
    merge = crm.merge(ada, ida)
    (merged,) = (one.receipt for one in events if isinstance(one, Merged))
    assert merged.losers == (ida.ref,)
    assert merged == merge.receipt


def test_a_transaction_is_heard_of_once_when_it_is_stored() -> None:
    crm, events = heard()
    with crm.transaction() as tx:
        tx.add(Account(name="Acme"))
        tx.add(Account(name="Bolt"))
        assert events == []
    assert kinds(events) == ["RecordCreated", "RecordCreated"]
    assert [one.id for one in events] == ["1-1-2", "1-2-2"]


def test_what_is_not_stored_is_not_heard_of() -> None:
    crm, events = heard()
    lead = crm.add(Lead(name=PersonName(family="King"), company="Acme"))
    events.clear()
    crm.convert_lead(lead.id, dry_run=True)
    crm.save(lead)
    with pytest.raises(ValidationError):
        crm.add(Account(name=""))
    with pytest.raises(ZeroDivisionError), crm.transaction() as tx:
        tx.add(Account(name="Acme"))
        raise ZeroDivisionError
    assert events == []


def test_a_hook_that_fails_keeps_nobody_from_hearing_and_nothing_from_being_stored() -> None:
    told: list[Finding] = []
    events: list[Event] = []

    def broken(_: Event) -> None:
        raise ZeroDivisionError("oh")

    crm = Crm(hooks=[broken, events.append], on_finding=told.append)
    acme = crm.add(Account(name="Acme"))
    assert crm.get(Account, acme.id) == acme
    assert len(events) == 1
    assert [one.code for one in told] == ["hook.failed"]
    assert "broken raised ZeroDivisionError: 'oh'" in told[0].message
    failures: list[HookFailure] = []
    crm = Crm(hooks=[On(RecordCreated, broken)], on_hook_failure=failures.append)
    crm.add(Account(name="Acme"))
    assert isinstance(failures[0].error, ZeroDivisionError)
    assert "the hook On raised" in failures[0].finding().message
    Crm(hooks=[broken]).add(Account(name="nobody hears of it"))


def test_a_hook_may_ask_and_store() -> None:
    crm, events = heard()

    def follow(event: Event) -> None:
        if isinstance(event, RecordCreated) and isinstance(event.record, Account):
            crm.add(Contact(name=PersonName(family="King"), account_id=event.record.id))

    crm._hooks = Hooks(hooks=(follow, events.append), failed=unexpected)
    acme = crm.add(Account(name="Acme"))
    assert crm.count(Contact, F.account_id == acme.id) == 1


def test_a_hook_can_wait_for_one_kind_of_event() -> None:
    moved: list[StageChanged] = []
    crm = Crm(hooks=[On(StageChanged, moved.append)])
    deal = crm.add(Opportunity(name="Engine"))
    assert moved == []
    crm.save(attrs.evolve(deal, stage="Won"))
    assert [one.after.stage for one in moved] == ["Won"]


def test_a_figure_that_changes_is_an_event_once_for_each_account() -> None:
    """R13 as a hook sees it: at every account above, and quiet where nothing changes."""
    events: list[RollupChanged] = []
    crm = Crm(hooks=[On(RollupChanged, events.append)])
    group = crm.add(Account(name="Group"))
    plant = crm.add(Account(name="Plant", parent_id=group.id))
    events.clear()
    deal, other = crm.add_all(
        [
            Opportunity(name=name, account_id=plant.id, amount=Money(100, "EUR"))
            for name in ("Engine", "Pump")
        ]
    )
    changed = {(one.rollup, one.account_id): (one.before, one.after) for one in events}
    assert len(changed) == len(events)
    assert len({one.id for one in events}) == len(events)
    for account in (group, plant):
        assert changed["open_deals", account.id] == (0, 2)
        assert changed["open_pipeline", account.id][1] == Money(200, "EUR")
    events.clear()
    crm.save(attrs.evolve(deal, name="Engine, green"))
    assert events == []
    crm.delete(Opportunity, other.id)
    assert {one.after for one in events if one.rollup == "open_deals"} == {1}


def test_what_others_committed_in_between_is_not_told_as_ones_own() -> None:
    store = MemoryRepository()
    events: list[RollupChanged] = []
    crm = Crm(store, hooks=[On(RollupChanged, events.append)])
    acme = crm.add(Account(name="Acme"))
    Crm(store).add(Opportunity(name="Engine", account_id=acme.id))
    crm.add(Opportunity(name="Pump", account_id=acme.id))
    told = [(one.before, one.after) for one in events if one.rollup == "open_deals"]
    assert told == [(1, 2)]


def test_without_rollups_there_is_nothing_to_tell_of_them() -> None:
    events: list[Event] = []
    Crm(rules=attrs.evolve(STANDARD_RULES, rollups=()), hooks=[events.append]).add(
        Account(name="Acme")
    )
    assert kinds(events) == ["RecordCreated"]


def test_what_is_heard_is_what_the_journal_says() -> None:
    store = MemoryRepository()
    events: list[Event] = []
    crm = Crm(store, rules=attrs.evolve(STANDARD_RULES, rollups=()), hooks=[events.append])
    lead = crm.add(Lead(name=PersonName(family="King"), company="Acme"))
    crm.convert_lead(lead.id)
    crm.delete(Opportunity, crm.find(Opportunity)[0].id)
    assert events == [one for commit in store.commits() for one in events_of(commit)]
    assert len({one.id for one in events}) == len(events)
