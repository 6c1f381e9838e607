from pathlib import Path
from typing import Any

import attrs
import pytest

from crmcore.adapters import JsonFileRepository, MemoryRowStore, RowRepository
from crmcore.adapters.jsonfile import History, JsonFileStore
from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.crm.indexes import Indexes
from crmcore.entities import Account
from crmcore.ports import Erasable, HistoryGoneError, Journal, Row, RowChange, RowCommit, RowJournal
from crmcore.values.ids import AccountId


def put(store: JsonFileStore, id_: str, expect: int, **data: Any) -> int:
    row = None if not data else {"id": id_, **data}
    return store.commit(RowCommit([RowChange("account", id_, expect, row)], by="u", reason="r"))


def told(store: JsonFileStore, after: int = 0) -> list[tuple[int, Any, Any]]:
    def short(row: Row | None) -> Any:
        return None if row is None else (row.version, row.data["n"])

    return [
        (one.seq, short(step.before), short(step.after))
        for one in store.row_commits(after)
        for step in one.steps
    ]


STORY = [
    (1, None, (1, "a")),
    (2, (1, "a"), (2, "b")),
    (3, None, (3, "x")),
    (4, (2, "b"), None),
    (5, None, (5, "c")),
    (6, (5, "c"), (6, "d")),
]


@pytest.mark.parametrize("compacted", [(), (1,), (2, 4), (1, 2, 3, 4, 5, 6), (6, 6, 6)])
def test_it_says_the_same_however_often_the_file_was_rewritten(
    tmp_path: Path, compacted: tuple[int, ...]
) -> None:
    """S8 Replayed from any number, before and after any rewriting."""
    store = JsonFileStore(tmp_path / "x")
    written = [("one", 0, "a"), ("one", 1, "b"), ("two", 0, "x"), ("one", 2, ""), ("one", 0, "c")]
    for id_, expect, n in [*written, ("one", 5, "d")]:
        seq = put(store, id_, expect, **({"n": n} if n else {}))
        for _ in range(compacted.count(seq)):
            store.compact()
    assert told(store) == STORY
    assert told(store, 3) == STORY[3:]
    assert told(JsonFileStore(store.path)) == STORY
    store.verify()


def test_a_history_that_was_dropped_begins_anew(tmp_path: Path) -> None:
    store = JsonFileStore(tmp_path / "x", history=History.DROP)
    put(store, "one", 0, n="a")
    put(store, "one", 1, n="b")
    assert told(store, 1) == [(2, (1, "a"), (2, "b"))]
    store.compact()
    with pytest.raises(HistoryGoneError) as caught:
        told(store, 1)
    assert (caught.value.asked, caught.value.oldest) == (1, 2)
    store.compact(history=History.KEEP)
    put(store, "one", 2, n="c")
    store.compact(history=History.KEEP)
    put(store, "one", 3, n="d")
    store.compact(history=History.KEEP)
    assert told(store, 2) == [(3, (2, "b"), (3, "c")), (4, (3, "c"), (4, "d"))]


def test_what_was_erased_is_nowhere(tmp_path: Path) -> None:
    """S8 The commits stay, with their numbers, and say nothing of it."""
    path = tmp_path / "x"
    store = JsonFileStore(path)
    put(store, "one", 0, n="secret-1")
    put(store, "one", 1, n="secret-2")
    put(store, "one", 2)
    put(store, "two", 0, n="old")
    put(store, "two", 4, n="new")
    for rest in (".tmp",):
        Path(f"{path}{rest}").write_bytes(b"secret-0")
    store.erase_rows([("account", "one")])
    left = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    assert not [name for name, content in left.items() if b"secret" in content]
    assert told(store) == [(4, None, (4, "old")), (5, (4, "old"), (5, "new"))]
    assert [one.seq for one in store.row_commits()] == [1, 2, 3, 4, 5]
    store.erase_rows([("account", "two")])
    assert b"old" not in path.read_bytes()
    assert put(store, "two", 5, n="newest") == 6
    assert told(store) == [(6, (5, "new"), (6, "newest"))]
    store.compact()
    assert told(store) == [(6, (5, "new"), (6, "newest"))]
    store.verify()


def test_a_repository_tells_records(tmp_path: Path) -> None:
    repository = JsonFileRepository(tmp_path / "x")
    assert isinstance(repository, Journal)
    assert isinstance(repository, Erasable)
    a = Account(id=AccountId("a"), name="A")
    repository.commit(ChangeSet([Insert(a)], by="me", reason="why"))
    one = attrs.evolve(a, version=1)
    repository.commit(ChangeSet([Update(one, attrs.evolve(one, name="B"))]))
    two = attrs.evolve(one, name="B", version=2)
    repository.compact()
    repository.commit(ChangeSet([Delete(two)]))
    first, second, third = repository.commits()
    assert first.changes == (Insert(one),)
    assert (first.seq, first.by, first.reason, first.at) == (1, "me", "why", None)
    assert second.changes == (Update(one, two),)
    assert third.changes == (Delete(two),)
    repository.erase([a.ref])
    assert [commit.changes for commit in repository.commits()] == [(), (), ()]
    assert repository.verify() == 0


def test_a_row_store_without_a_journal_says_that_its_history_is_gone() -> None:
    repository = RowRepository(MemoryRowStore())
    assert not repository.keeps_journal
    assert not isinstance(MemoryRowStore(), RowJournal)
    assert list(repository.commits()) == []
    repository.commit(ChangeSet([Insert(Account(name="A"))]))
    with pytest.raises(HistoryGoneError):
        repository.commits()
    assert list(repository.commits(1)) == []
    repository.erase([])


def test_an_index_catches_up_with_another_process(tmp_path: Path) -> None:
    """R1 D12 By the journal, without a rebuild."""
    mine, other = (JsonFileRepository(tmp_path / "x") for _ in range(2))

    class Names:
        built = 0
        names: frozenset[str] = frozenset()

        def build(self, snapshot: Any) -> None:
            self.built += 1

        def apply(self, changes: Any) -> None:
            self.names |= {one.after.name for one in changes}

    index, indexes = Names(), Indexes(mine)
    mine.commit(ChangeSet([Insert(Account(name="A"))]))
    with indexes.current(index):
        pass
    other.commit(ChangeSet([Insert(Account(name="B"))]))
    other.compact()
    other.commit(ChangeSet([Insert(Account(name="C"))]))
    with indexes.current(index):
        assert (index.built, sorted(index.names)) == (1, ["B", "C"])
