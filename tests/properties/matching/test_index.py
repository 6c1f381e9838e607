"""The match index: it follows the commits, and answers like a search of everything."""

import threading
from typing import Any

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import Contact, Crm, MemoryRepository, PersonName
from crmcore.changes import ChangeSet, Delete, Insert
from crmcore.crm.match_index import similar
from crmcore.entities import Account, Lead, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.ports import Overlay
from crmcore.rules.matching import (
    CONTACT_LINKAGE,
    LEAD_CONTACT_LINKAGE,
    STANDARD_MATCH_RULES,
    WEIGHTED_MATCH_RULES,
    Catalogue,
    matches_of,
)
from crmcore.rules.matching.postings import Postings
from crmcore.values.ids import AccountId, ContactId
from tests.properties.matching.records import EMPLOYERS, accounts, contacts, leads

RECORDS = (
    contacts(st.sampled_from(["c1", "c2", "c3", "c4"]))
    | leads(st.sampled_from(["l1", "l2", "l3"]))
    | accounts(st.sampled_from(["a1", "a2", "employer-0", "employer-1"]))
)

STEPS = st.lists(st.tuples(st.sampled_from(["put", "put", "put", "drop"]), RECORDS), max_size=25)


@given(
    st.lists(RECORDS, max_size=8, unique_by=lambda one: one.ref),
    STEPS,
    RECORDS,
    st.sampled_from([STANDARD_MATCH_RULES, WEIGHTED_MATCH_RULES]),
)
def test_a_catalogue_kept_up_to_date_equals_one_made_afresh(
    first: list[Record], steps: list[tuple[str, Record]], candidate: Record, rules: Any
) -> None:
    """D12: after any sequence of writes, accounts that contacts refer to among them.

    It is asked all the time, and what it remembers of earlier answers changes no later one.
    """
    kept, now = Catalogue(rules, model=STANDARD_MODEL), dict[Any, Record]()
    kept.put_all(first)
    now.update((record.ref, record) for record in first)
    for step, record in steps:
        kept.matches(candidate)
        if step == "put":
            kept.put(record)
            now[record.ref] = record
        else:
            kept.drop(record.ref)
            now.pop(record.ref, None)
    afresh = Catalogue(rules, model=STANDARD_MODEL)
    for record in now.values():
        afresh.put(record)
    answer = kept.matches(candidate, threshold=0.05)
    event(f"finds: {len(answer) > 0}")
    assert answer == afresh.matches(candidate, threshold=0.05)
    assert len(kept) == len(now)


@given(st.lists(contacts() | leads() | accounts(), max_size=10, unique_by=lambda one: one.ref))
def test_the_catalogue_answers_like_a_search_of_everything(records: list[Record]) -> None:
    """D6, D9, D12: leads against contacts and accounts, both ways."""
    every = [*EMPLOYERS, *records]
    catalogue = Catalogue(STANDARD_MATCH_RULES, model=STANDARD_MODEL)
    for record in reversed(every):
        catalogue.put(record)
    for record in records:
        expected = matches_of(
            record, every, rules=STANDARD_MATCH_RULES, model=STANDARD_MODEL, threshold=0.05
        )
        assert catalogue.matches(record, threshold=0.05).found == expected


def ada(number: int = 0, **fields: Any) -> Contact:
    given: dict[str, Any] = {"email": "ada@x.org", **fields}
    return Contact(
        id=ContactId(f"c{number}"), name=PersonName(given="Ada", family="Lovelace"), **given
    )


@given(st.lists(st.sampled_from(["add", "save", "delete", "merge", "other"]), max_size=8))
def test_the_index_follows_every_command(commands: list[str]) -> None:
    """D12: those of this process, and those that come by another way."""
    repository = MemoryRepository()
    crm, other = Crm(repository), Crm(repository)
    for number, command in enumerate(commands):
        stored = crm.find(Contact)
        if command == "add":
            crm.add(ada(number))
        elif command == "other":
            other.add(ada(number, email="a.lovelace@x.org"))
        elif stored and command == "save":
            crm.save(_moved(stored[0], f"ada{number}@y.org"))
        elif stored and command == "delete":
            crm.delete(Contact, stored[-1].id)
        elif len(stored) > 1:
            crm.merge(stored[0], stored[1])
        candidate = ada(99)
        answer = crm.matches_of(candidate, threshold=0.05)
        afresh = Crm(repository).matches_of(candidate, threshold=0.05)
        assert answer == afresh
        event(f"finds: {len(answer) > 0}")


def _moved(contact: Contact, email: str) -> Contact:
    return attrs.evolve(contact, email=email)


def test_an_account_that_is_renamed_takes_its_contacts_along() -> None:
    """D12: what a contact is compared by lies in another record."""
    crm = Crm()
    acme = crm.add(Account(id=AccountId("a"), name="Acme Foods"))
    crm.add(ada(1, email=None, account_id=acme.id))
    lead = Lead(name=PersonName(given="Ada", family="Lovelace"), company="Bolt Systems")
    before = crm.matches_of(lead, threshold=0.01)
    crm.save(_renamed(acme, "Bolt Systems"))
    after = crm.matches_of(lead, threshold=0.01)
    contact = next(match for match in after if match.rule == LEAD_CONTACT_LINKAGE.name)
    assert contact.score > max(
        (match.score for match in before if match.rule == LEAD_CONTACT_LINKAGE.name), default=0
    )
    assert after == Crm(crm._repository).matches_of(lead, threshold=0.01)


def _renamed(account: Account, name: str) -> Account:
    return attrs.evolve(account, name=name)


def test_a_transaction_sees_what_it_wrote() -> None:
    """D12: what is pending counts as it will be."""
    crm = Crm()
    stored = crm.add(ada(1))
    with crm._repository.snapshot() as snapshot:
        pending = Overlay(snapshot, ChangeSet([Delete(stored), Insert(ada(2))]))
        found = similar(crm._matches, crm._indexes, pending, [ada(3)])[ada(3).ref]
    assert [match.left.id for match in found] == ["c2"]


def test_a_pending_contact_is_read_with_its_stored_account() -> None:
    """D12: and a contact whose account is gone is still filed."""
    crm = Crm()
    acme = crm.add(Account(id=AccountId("a"), name="Acme Foods"))
    pending = ada(2, account_id=acme.id, email=None, phone="030 1234567")
    lead = Lead(
        name=PersonName(given="Ada", family="Lovelace"), company="Acme Foods", phone="030 1234567"
    )
    with crm._repository.snapshot() as snapshot:
        overlay = Overlay(snapshot, ChangeSet([Insert(pending)]))
        found = similar(crm._matches, crm._indexes, overlay, [lead])[lead.ref]
    best = next(match for match in found if pending.ref in match.refs)
    assert "affiliation" in {point.field for point in best.evidence}
    catalogue = Catalogue([CONTACT_LINKAGE], model=STANDARD_MODEL)
    catalogue.put(acme)
    catalogue.put(ada(1, account_id=acme.id))
    catalogue.drop(acme.ref)
    assert catalogue.matches(ada(3))


def test_a_judgement_is_respected() -> None:
    """D8: also where one record is asked for."""
    crm = Crm()
    one, other = crm.add_all([ada(1), ada(2)])
    assert [match.right.id for match in crm.matches_of(one)] == ["c2"]
    crm.not_duplicates(one, other)
    assert not crm.matches_of(one)
    crm.duplicates(one, other)
    assert crm.matches_of(one)


def test_catching_up_with_one_change_takes_as_much_as_the_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """D12: whatever the number of records that are filed already."""
    counted: list[str] = []
    for name in ("put", "drop"):
        plain = getattr(Postings, name)

        def count(self: Postings, key: str, row: int, plain: Any = plain) -> None:
            counted.append(key)
            plain(self, key, row)

        monkeypatch.setattr(Postings, name, count)
    costs: list[int] = []
    for size in (10, 300):
        repository = MemoryRepository()
        crm, other = Crm(repository), Crm(repository)
        crm.add_all(_numbered(at) for at in range(size))
        crm.matches_of(ada(99))
        stored = other.get(Contact, ContactId("n7"))
        counted.clear()
        other.save(_moved(stored, "given00007@elsewhere.org"))
        assert not crm.matches_of(ada(99))
        costs.append(len(counted))
    assert costs[0] == costs[1] > 0


def _numbered(at: int) -> Contact:
    name = PersonName(given=f"Given{at:05}", family=f"Family{at:05}")
    return Contact(id=ContactId(f"n{at}"), name=name, email=f"given{at:05}@x{at}.org")


def test_asking_looks_at_few_records() -> None:
    """D12: at those that share a key, however many there are; also from several threads."""
    catalogue = Catalogue([CONTACT_LINKAGE], model=STANDARD_MODEL)
    for at in range(2_000):
        name = PersonName(given=f"Given{at:05}", family=f"Family{at:05}")
        catalogue.put(Contact(id=ContactId(str(at)), name=name, email=f"{at:05}@x{at}.org"))
    name = PersonName(given="Given00007", family="Family00007")
    answers: list[int] = []

    def ask() -> None:
        found = catalogue.matches(Contact(name=name, email="00007@x7.org"))
        answers.append(found.compared)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(answers) == 4
    assert max(answers) <= 50
