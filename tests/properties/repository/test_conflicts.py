"""Two writers on one file, each with a handle of its own, as two processes have."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmcore.adapters import JsonFileRepository, MemoryRowStore, RowRepository
from crmcore.changes import (
    ChangeSet,
    CheckExists,
    CheckNone,
    ConflictError,
    Delete,
    Insert,
    Update,
)
from crmcore.entities import Account, Contact, OpportunityContactRole, Record
from crmcore.ports import Repository
from crmcore.query import F, Filter, Query
from crmcore.testing.verdict import everything, hurried
from crmcore.values import Money, PersonName
from crmcore.values.ids import AccountId, ContactId, OpportunityId

ACME = Account(id=AccountId("acme"), name="Acme", annual_revenue=Money(5, "EUR"))
ROUNDS = 12

Handles = Callable[[], tuple[Repository, Repository]]


@pytest.fixture(params=["two handles of a file", "one handle of a file", "rows in memory"])
def handles(request: pytest.FixtureRequest, tmp_path: Path) -> Handles:
    """A function that opens a new store, once for each of two writers."""

    def opened() -> tuple[Repository, Repository]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.crm.json"
        if request.param == "two handles of a file":
            return JsonFileRepository(path), JsonFileRepository(path)
        if request.param == "one handle of a file":
            one: Repository = JsonFileRepository(path)
            return one, one
        store = MemoryRowStore()
        return RowRepository(store), RowRepository(store)

    return opened


def race(handles: tuple[Repository, Repository], *sets: ChangeSet) -> list[ChangeSet]:
    """The sets that were stored of two that are committed at one moment."""
    barrier, stored = threading.Barrier(2), list[ChangeSet]()

    def commit(repository: Repository, changes: ChangeSet) -> None:
        barrier.wait()
        try:
            repository.commit(changes)
        except ConflictError:
            return
        stored.append(changes)

    threads = [
        threading.Thread(target=commit, args=pair) for pair in zip(handles, sets, strict=True)
    ]
    with hurried():
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    return stored


def begun(handles: Handles) -> tuple[tuple[Repository, Repository], Account]:
    pair = handles()
    pair[0].commit(ChangeSet([Insert(ACME)]))
    return pair, attrs.evolve(ACME, version=1)


def found(pair: tuple[Repository, Repository], *entities: type[Record]) -> list[Any]:
    first, second = (everything(one, entities) for one in pair)
    assert first == second
    return first


def test_of_two_writers_with_one_version_one_wins(handles: Handles) -> None:
    """S4 The other gets ConflictError; nothing of its set is stored."""
    for _ in range(ROUNDS):
        pair, acme = begun(handles)
        sets = [
            ChangeSet([Update(acme, attrs.evolve(acme, name=name)), Insert(Account(name=name))])
            for name in "xy"
        ]
        (won,) = race(pair, *sets)
        assert {one.name for one in found(pair, Account)} == {won.written[0].name}  # type: ignore[attr-defined]  # an account


@pytest.mark.parametrize(
    "where", [F.account_id == "acme", F.account_id.in_(["acme"]) & (F.version >= 0)], ids=str
)
def test_a_contact_is_not_added_while_its_account_is_deleted(
    handles: Handles, where: Filter
) -> None:
    """S4 One relies on the account, the other on its having no contacts, told by rows or not."""
    for _ in range(ROUNDS):
        pair, acme = begun(handles)
        contact = Contact(name=PersonName(family="L"), account_id=acme.id)
        adding = ChangeSet([Insert(contact)], [CheckExists(acme.ref)])
        deleting = ChangeSet([Delete(acme)], [CheckNone(Query.of(Contact, where))])
        (won,) = race(pair, adding, deleting)
        left = [one.ref for one in found(pair, Account, Contact)]
        assert left == ([acme.ref, contact.ref] if won is adding else [])


PRIMARY = (F.opportunity_id == "deal") & (F.is_primary == True)  # noqa: E712  # a filter


@pytest.mark.parametrize(
    "where", [PRIMARY, PRIMARY & (F.version >= 0), ~(~PRIMARY | (F.version < 0))], ids=str
)
def test_of_two_primary_roles_one_is_added(handles: Handles, where: Filter) -> None:
    """S4 Each relies on there being none, told by rows or not."""
    for _ in range(ROUNDS):
        pair = handles()
        sets = [
            ChangeSet(
                [
                    Insert(
                        OpportunityContactRole(
                            opportunity_id=OpportunityId("deal"),
                            contact_id=ContactId(who),
                            is_primary=True,
                        )
                    )
                ],
                [CheckNone(Query.of(OpportunityContactRole, where))],
            )
            for who in "xy"
        ]
        (won,) = race(pair, *sets)
        (role,) = found(pair, OpportunityContactRole)
        assert role.ref in won.refs


def test_a_record_made_again_under_its_id_is_another(handles: Handles) -> None:
    """S4 Deleted and made again by the one, equal in every field; the other knows the old one."""
    pair, acme = begun(handles)
    one, other = pair
    one.commit(ChangeSet([Delete(acme)]))
    one.commit(ChangeSet([Insert(ACME)]))
    for change in (Update(acme, attrs.evolve(acme, name="y")), Delete(acme)):
        with pytest.raises(ConflictError):
            other.commit(ChangeSet([change]))
    (now,) = found(pair, Account)
    assert now == attrs.evolve(ACME, version=3)
    other.commit(ChangeSet([Update(now, attrs.evolve(now, name="y"))]))


def test_no_commit_of_many_writers_is_lost(handles: Handles) -> None:
    """S4 Each reads a number, adds one and tries again on a conflict: every addition counts."""
    pair, acme = begun(handles)

    def add(repository: Repository) -> None:
        for _ in range(ROUNDS):
            while True:
                with repository.snapshot() as now:
                    old = now.get(Account, [acme.id])[acme.id]
                new = attrs.evolve(old, employees=(old.employees or 0) + 1)
                try:
                    repository.commit(ChangeSet([Update(old, new)]))
                except ConflictError:
                    continue
                break

    threads = [threading.Thread(target=add, args=(one,)) for one in pair]
    with hurried():
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    (now,) = found(pair, Account)
    assert now.employees == 2 * ROUNDS
