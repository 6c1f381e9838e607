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
from crmcore.ports.journal import Commit
from crmcore.rules.automation import AddLabel, AutomationRule, Created


def heard(*, rules: Any = STANDARD_RULES) -> tuple[Crm, list[Event]]:
    events: list[Event] = []
    return Crm(rules=rules, hooks=[events.append], by="u"), events


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


def test_sources_tell_more_of_a_commit() -> None:
    events: list[Event] = []

    def rollups(commit: Commit) -> list[Event]:
        return [
            RollupChanged(
                id=f"{commit.seq}-open",
                seq=commit.seq,
                rollup="open",
                account_id="a",
                before=0,
                after=1,
            )
        ]

    hooks = Hooks(hooks=[events.append], failed=unexpected, sources=[rollups])
    hooks.tell(Commit(4, None, None, None, ()))
    assert [(type(one), one.id) for one in events] == [(RollupChanged, "4-open")]


def test_what_is_heard_is_what_the_journal_says() -> None:
    store = MemoryRepository()
    events: list[Event] = []
    crm = Crm(store, hooks=[events.append])
    lead = crm.add(Lead(name=PersonName(family="King"), company="Acme"))
    crm.convert_lead(lead.id)
    crm.delete(Opportunity, crm.find(Opportunity)[0].id)
    assert events == [one for commit in store.commits() for one in events_of(commit)]
    assert len({one.id for one in events}) == len(events)
