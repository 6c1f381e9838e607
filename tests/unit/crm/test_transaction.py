from __future__ import annotations

import pytest
from attrs import evolve

from crmcore import (
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
    ValidationError,
)
from crmcore.errors import UsageError
from crmcore.rules import SKIP


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
