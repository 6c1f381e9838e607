"""An index follows the repository: own commits at once, those of others from the journal."""

from collections.abc import Iterable, Iterator

from attrs import evolve

from crmcore import Account, Crm, MemoryRepository
from crmcore.changes import Change, ChangeSet, Delete, Insert
from crmcore.crm.indexes import Indexes
from crmcore.ports import Commit, HistoryGoneError, Snapshot
from crmcore.query import Query


class Names:
    """The names of all accounts, and how they came to be known."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.built = 0
        self.fails = False

    def build(self, snapshot: Snapshot, /) -> None:
        self.built += 1
        self.names = {one.id: one.name for one in snapshot.find(Query.of(Account))}

    def apply(self, changes: Iterable[Change], /) -> None:
        if self.fails:
            raise RuntimeError
        for one in changes:
            if isinstance(one, Delete):
                del self.names[one.ref.id]
            elif isinstance(one.after, Account):
                self.names[one.ref.id] = one.after.name


class Forgetful(MemoryRepository):
    """A repository whose journal goes nowhere back."""

    def commits(self, after: int = 0) -> Iterator[Commit]:
        raise HistoryGoneError(after, 99)


def names(indexes: Indexes, index: Names) -> set[str]:
    with indexes.current(index):
        return set(index.names.values())


def insert(name: str) -> ChangeSet:
    return ChangeSet([Insert(Account(name=name))])


def test_an_index_is_built_once_and_then_follows_own_commits() -> None:
    indexes, index = Indexes(MemoryRepository()), Names()
    indexes.commit(insert("A"))
    assert names(indexes, index) == {"A"}
    indexes.commit(insert("B"))
    assert set(index.names.values()) == {"A", "B"}
    assert index.built == 1


def test_the_commits_of_others_come_from_the_journal() -> None:
    store, index = MemoryRepository(), Names()
    indexes = Indexes(store)
    assert names(indexes, index) == set()
    store.commit(insert("A"))
    indexes.commit(insert("B"))
    assert names(indexes, index) == {"A", "B"}
    assert index.built == 1


def test_without_a_journal_a_gap_means_building_afresh() -> None:
    store, index = Forgetful(), Names()
    indexes = Indexes(store)
    assert names(indexes, index) == set()
    store.commit(insert("A"))
    indexes.commit(insert("B"))
    assert names(indexes, index) == {"A", "B"}
    assert index.built == 2


def test_an_index_that_fails_is_built_afresh() -> None:
    indexes, index = Indexes(MemoryRepository()), Names()
    assert names(indexes, index) == set()
    index.fails = True
    indexes.commit(insert("A"))
    index.fails = False
    assert names(indexes, index) == {"A"}
    assert index.built == 2


def test_one_that_fails_on_the_journal_is_built_afresh() -> None:
    store, index = MemoryRepository(), Names()
    indexes = Indexes(store)
    names(indexes, index)
    store.commit(insert("A"))
    store.commit(insert("B"))
    index.fails = True
    assert names(indexes, index) == {"A", "B"}
    assert index.built == 2


def test_a_forgotten_index_is_built_afresh() -> None:
    indexes, index = Indexes(MemoryRepository()), Names()
    names(indexes, index)
    indexes.forget(index)
    names(indexes, index)
    assert index.built == 2


def test_updates_and_deletions_of_a_crm_reach_it() -> None:
    crm, index = Crm(), Names()
    account = crm.add(Account(name="A"))
    assert names(crm._indexes, index) == {"A"}
    crm.save(evolve(account, name="B"))
    assert names(crm._indexes, index) == {"B"}
    crm.delete(Account, account.id)
    assert names(crm._indexes, index) == set()
    assert index.built == 1
