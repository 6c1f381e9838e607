from collections.abc import Sequence
from threading import Event, Thread
from typing import Any

import attrs
import pytest

from crmcore.adapters import MemoryRepository
from crmcore.changes import (
    ChangeSet,
    CheckExists,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
    Insert,
    Update,
)
from crmcore.entities import Account, Contact, Record
from crmcore.errors import StoreClosedError, UsageError
from crmcore.ports import Erasable, HistoryGoneError, Journal
from crmcore.query import F, Query, run
from crmcore.testing.verdict import put
from crmcore.values import PersonName, Ref
from crmcore.values.ids import AccountId, ContactId

A = Account(id=AccountId("a"), name="x")
ABSENT = Ref[Account]("account", "b")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (ChangeSet([Insert(A)]), "account:a: expected a free id, found version 1"),
        (ChangeSet([Update(A, A)]), "account:a: expected version 0, found version 1"),
        (
            ChangeSet(checks=[CheckExists(ABSENT)]),
            "account:b: expected that it exists, found no record",
        ),
        (
            ChangeSet(checks=[CheckVersion(ABSENT, 3)]),
            "account:b: expected version 3, found no record",
        ),
        (
            ChangeSet(checks=[CheckNone(Query.of(Account, F.name == "x"))]),
            "account:a: expected no account where (F.name == 'x'), found a record that matches",
        ),
    ],
    ids=str,
)
def test_a_conflict_says_what_was_expected_and_found(changes: ChangeSet, said: str) -> None:
    store = MemoryRepository()
    put(store, A)
    with pytest.raises(ConflictError) as caught:
        store.commit(changes)
    assert str(caught.value) == f"{said}; read again and decide anew"


def test_the_journal_has_the_records_as_they_were_stored() -> None:
    store = MemoryRepository()
    (first,) = put(store, A)
    blurred = attrs.evolve(first, name="not what is stored")
    store.commit(ChangeSet([Update(blurred, attrs.evolve(first, name="y"))]))
    _, second = store.commits()
    assert second.changes == (Update(first, attrs.evolve(first, name="y", version=2)),)
    store.commit(ChangeSet([Delete(attrs.evolve(blurred, version=2))]))
    assert [one.seq for one in store.commits(after=2)] == [3]
    assert list(store.commits(-1)) == list(store.commits())


def test_a_closed_store_gives_no_journal() -> None:
    store = MemoryRepository()
    store.close()
    with pytest.raises(StoreClosedError, match="make a new one"):
        store.commits()


def test_the_journal_keeps_as_many_commits_as_asked() -> None:
    store = MemoryRepository(keep_commits=2)
    for name in "abc":
        put(store, Account(id=AccountId(name), name=name))
    assert [one.seq for one in store.commits(after=1)] == [2, 3]
    with pytest.raises(HistoryGoneError, match="only after 1"):
        store.commits()
    with pytest.raises(UsageError, match="-1"):
        MemoryRepository(keep_commits=-1)


def test_a_journal_begun_stays_at_its_moment() -> None:
    store = MemoryRepository()
    put(store, A)
    begun = store.commits()
    put(store, Account(name="y"))
    assert [one.seq for one in begun] == [1]


def test_what_is_erased_is_in_no_commit() -> None:
    store = MemoryRepository()
    assert isinstance(store, Journal)
    assert isinstance(store, Erasable)
    b = Account(id=AccountId("b"), name="y")
    put(store, A, b)
    store.erase([A.ref])
    (only,) = store.commits()
    assert [one.ref for one in only.changes] == [b.ref]
    with store.snapshot() as snapshot:
        assert set(snapshot.get(Account, ["a", "b"])) == {"a", "b"}


class Counting(MemoryRepository):
    """Counts the versions that are looked at."""

    looked_at = 0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        real = self._versions.get

        def get(kind: str, id_: str, seq: int) -> Record | None:
            self.looked_at += 1
            return real(kind, id_, seq)

        self._versions.get = get  # type: ignore[method-assign]  # to count


def contacts(count: int) -> list[Contact]:
    return [
        Contact(
            id=ContactId(f"c{number:05}"),
            name=PersonName(family=f"n{number % 7}"),
            email=f"{number}@x.org",
            phone=f"+49 30 {number:05}",
            external_ids={"sap": f"s{number}"},
        )
        for number in range(count)
    ]


def titled(people: Sequence[Contact]) -> ChangeSet:
    return ChangeSet([Update(one, attrs.evolve(one, title="new")) for one in people])


@pytest.mark.parametrize(
    ("where", "most"),
    [
        (F.email == "7@x.org", 1),
        (F.email.in_(["7@x.org", "8@x.org"]), 2),
        (F.phone.starts_with("+49 30 0001"), 10),
        (F.external_ids["sap"] == "s7", 1),
        ((F.name.family == "n1") & (F.email == "8@x.org"), 1),
        ((F.email == "7@x.org") | (F.external_ids["sap"] == "s9"), 2),
        ((F.phone >= "+49 30 00010") & (F.phone < "+49 30 00012"), 12),
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [100, 1_000])
def test_a_question_looks_at_what_it_finds_however_much_is_stored(
    where: Any, most: int, size: int
) -> None:
    store = Counting()
    put(store, *contacts(size))
    store.looked_at = 0
    with store.snapshot() as snapshot:
        query = Query.of(Contact, where)
        found = list(snapshot.find(query))
        assert found == list(run(query, found))
    assert store.looked_at <= most


def test_a_page_looks_at_what_it_shows() -> None:
    store = Counting()
    put(store, *contacts(2_000))
    store.looked_at = 0
    with store.snapshot() as snapshot:
        page = list(snapshot.find(Query.of(Contact, after=("c01000",), limit=10)))
    assert [one.id for one in page] == [f"c{number:05}" for number in range(1001, 1011)]
    assert store.looked_at <= 11


def test_a_page_in_a_declared_order_looks_at_what_it_shows() -> None:
    store = Counting(indexes=[(Contact, F.email)])
    put(store, *contacts(500))
    with store.snapshot() as snapshot:
        for order in (F.email.asc(), F.email.desc()):
            everything = list(run(Query.of(Contact, order=order), contacts(500)))
            query = Query.of(Contact, order=order, limit=10)
            store.looked_at = 0
            page = list(snapshot.find(query))
            page += snapshot.find(query.following(page[-1]))
            assert [one.id for one in page] == [one.id for one in everything[:20]]
            assert store.looked_at <= 23


def test_a_commit_looks_at_what_it_changes() -> None:
    for size in (10, 2_000):
        store = Counting()
        stored = put(store, *contacts(size))
        store.looked_at = 0
        store.commit(titled(stored[3:4]))
        assert store.looked_at <= 3


def test_a_scan_goes_on_in_its_moment_while_another_thread_commits() -> None:
    store = MemoryRepository()
    stored = put(store, *contacts(2_000))
    begun, done = Event(), Event()

    def write() -> None:
        begun.wait()
        try:
            store.commit(ChangeSet([Delete(one) for one in stored[::2]]))
            store.commit(titled(stored[1::2]))
            put(store, *(attrs.evolve(one, id=ContactId("d" + one.id)) for one in stored))
        finally:
            done.set()

    writer = Thread(target=write)
    writer.start()
    with store.snapshot() as snapshot:
        seen: list[Contact] = []
        for one in snapshot.find(Query.of(Contact)):
            seen.append(one)
            if len(seen) == 10:
                begun.set()
                done.wait()
    writer.join()
    assert tuple(seen) == stored
    with store.snapshot() as snapshot:
        assert sum(1 for _ in snapshot.find(Query.of(Contact))) == 3_000


def test_what_nobody_reads_any_more_is_dropped() -> None:
    store = MemoryRepository()
    (one,) = put(store, A)
    with store.snapshot() as old:
        for name in "bcdef":
            new = attrs.evolve(one, name=name)
            one = attrs.evolve(new, version=store.commit(ChangeSet([Update(one, new)])))
        store.commit(ChangeSet([Delete(one)]))
        assert old.get(Account, ["a"])["a"].name == "x"
    put(store, Account(id=AccountId("b"), name="z"))
    assert list(store._versions._tables["account"]) == ["b"]
    assert list(store._versions._ids["account"]) == ["b"]
