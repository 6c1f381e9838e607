"""Two writers at once, on both adapters: each is right by itself, together they would be wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve

from crmcore import (
    Account,
    ConflictError,
    Contact,
    Crm,
    CrmError,
    JsonFileRepository,
    MemoryRepository,
    Opportunity,
    OpportunityContactRole,
    PersonName,
    Repository,
)
from crmcore.crm import Transaction


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    repository: Repository
    repository = MemoryRepository() if request.param == "memory" else JsonFileRepository(
        tmp_path / "w.crm.json"
    )  # fmt: skip
    yield repository
    repository.close()


def race(store: Repository, *plans: Callable[[Transaction], object]) -> list[CrmError]:
    """Run each plan in a thread of its own; all decide on one moment, then all commit."""
    decided = threading.Barrier(len(plans))
    refused: list[CrmError] = []

    def write(plan: Callable[[Transaction], object]) -> None:
        try:
            with Crm(store).transaction() as tx:
                plan(tx)
                decided.wait(timeout=30)
        except CrmError as error:
            refused.append(error)

    threads = [threading.Thread(target=write, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def test_a_record_is_changed_by_one_of_two_writers(store: Repository) -> None:
    crm = Crm(store)
    acme = crm.add(Account(name="Acme"))
    refused = race(
        store,
        lambda tx: tx.save(evolve(acme, name="One")),
        lambda tx: tx.save(evolve(acme, name="Two")),
    )
    assert [type(one) for one in refused] == [ConflictError]
    assert crm.get(Account, acme.id).name in ("One", "Two")


def test_a_contact_is_added_while_its_account_is_deleted(store: Repository) -> None:
    crm = Crm(store)
    acme = crm.add(Account(name="Acme"))
    refused = race(
        store,
        lambda tx: tx.delete(Account, acme.id),
        lambda tx: tx.add(Contact(name=PersonName(family="King"), account_id=acme.id)),
    )
    assert [type(one) for one in refused] == [ConflictError]
    assert crm.count(Account) == crm.count(Contact)
    assert not crm.check().errors


def test_two_writers_add_a_primary_role(store: Repository) -> None:
    crm = Crm(store)
    deal = crm.add(Opportunity(name="Engine"))
    people = crm.add_all(Contact(name=PersonName(family=name)) for name in ("King", "Bo"))

    def primary(contact: Contact) -> Callable[[Transaction], object]:
        row = OpportunityContactRole(opportunity_id=deal.id, contact_id=contact.id, is_primary=True)
        return lambda tx: tx.add(row)

    refused = race(store, *map(primary, people))
    assert [type(one) for one in refused] == [ConflictError]
    assert crm.count(OpportunityContactRole) == 1


def test_two_moves_that_together_would_make_a_loop(store: Repository) -> None:
    crm = Crm(store)
    a, b = crm.add_all([Account(name="A"), Account(name="B")])
    refused = race(
        store,
        lambda tx: tx.save(evolve(a, parent_id=b.id)),
        lambda tx: tx.save(evolve(b, parent_id=a.id)),
    )
    assert [type(one) for one in refused] == [ConflictError]
    assert not crm.check()


def test_a_record_that_was_made_again_is_not_the_one_that_was_read(store: Repository) -> None:
    crm = Crm(store)
    first = crm.add(Account(name="First"))
    with pytest.raises(ConflictError), crm.transaction() as tx:
        tx.save(evolve(first, name="Changed"))
        crm.delete(Account, first.id)
        crm.add(Account(id=first.id, name="Second"))
    assert crm.get(Account, first.id).name == "Second"


def test_one_record_is_merged_away_by_one_of_two_merges(store: Repository) -> None:
    crm = Crm(store)
    a, b, c = crm.add_all(Account(name="Acme") for _ in range(3))
    refused = race(store, lambda tx: tx.merge(a, c), lambda tx: tx.merge(b, c))
    assert [type(one) for one in refused] == [ConflictError]
    assert crm.count(Account) == 2
    assert crm.resolve(c).id in (a.id, b.id)


def test_the_facade_decides_again_when_somebody_was_faster(store: Repository) -> None:
    crm = Crm(store)
    top = crm.add(Account(name="Top"))
    refused: list[CrmError] = []

    def add(number: int) -> None:
        try:
            for each in range(5):
                Crm(store).add(Account(name=f"{number}-{each}", parent_id=top.id))
        except CrmError as error:
            refused.append(error)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    assert len(crm.descendants(top.id)) == 20
