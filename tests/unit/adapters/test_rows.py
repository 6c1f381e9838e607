from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from typing import Any

import attrs
import pytest

from crmcore.adapters import MemoryRowStore, RowRepository, run_rows
from crmcore.adapters.rows import CACHE_SIZE
from crmcore.adapters.table import RowTable
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
from crmcore.codec import DecodeError, EncodeError
from crmcore.entities import Account, Contact, Record
from crmcore.errors import StoreClosedError, UnknownNameError
from crmcore.model.model import STANDARD_MODEL
from crmcore.ports import Repository, Row, RowChange, RowCommit
from crmcore.query import F, Filter, Query
from crmcore.values import FrozenMap, Money, PersonName
from crmcore.values.ids import AccountId


def account(id_: str, **fields: Any) -> Account:
    return Account(**{"id": AccountId(id_), "name": id_.upper(), **fields})


A, B, C = (
    account("a", annual_revenue=Money(1, "EUR"), custom=FrozenMap(score=Decimal(2))),
    account("b", annual_revenue=Money(30, "EUR"), custom=FrozenMap(score=2)),
    account("c", custom=FrozenMap(score=3)),
)


class Watched(MemoryRowStore):
    """A store that tells what it is asked, and lets others come between."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Query[Any]] = []
        self.committed: list[RowCommit] = []
        self.between: Callable[[], object] = lambda: None

    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        with super().snapshot() as table:
            yield _WatchedTable(table, self.asked)

    def commit(self, changes: RowCommit, /) -> int:
        between, self.between = self.between, lambda: None
        between()
        self.committed.append(changes)
        return super().commit(changes)


@attrs.frozen
class _WatchedTable:
    table: RowTable
    asked: list[Query[Any]]

    @property
    def seq(self) -> int:
        return self.table.seq

    def get(self, kind: str, ids: Any, /) -> Any:
        return self.table.get(kind, ids)

    def find(self, query: Query[Any], /) -> Iterator[Row]:
        self.asked.append(query)
        return self.table.find(query)


@pytest.fixture
def store() -> Watched:
    return Watched()


@pytest.fixture
def repository(store: Watched) -> RowRepository:
    repository = RowRepository(store)
    repository.commit(ChangeSet([Insert(C), Insert(A), Insert(B)]))
    return repository


def found(repository: Repository, where: Filter, **rest: Any) -> list[str]:
    with repository.snapshot() as now:
        return [one.id for one in now.find(Query.of(Account, where, **rest))]


def read(repository: Repository, id_: str) -> Account:
    with repository.snapshot() as now:
        return now.get(Account, [id_])[id_]


def test_rows_are_answered_by_their_data() -> None:
    rows = [Row("account", one, 1, {"id": one, "n": len(one)}) for one in ("bb", "a", "c")]
    others = [Row("contact", "a", 1, {"id": "a", "n": 1})]
    assert [one.id for one in run_rows(Query("account", F.n == 1), rows + others)] == ["a", "c"]
    assert list(run_rows(Query("account", limit=1), rows)) == [rows[1]]


def test_what_is_committed_is_read_back(repository: RowRepository) -> None:
    assert read(repository, "a") == attrs.evolve(A, version=1)
    with repository.snapshot() as now:
        assert now.seq == 1
        assert set(now.get(Account, ["a", "nobody"])) == {"a"}
        assert list(now.find(Query.of(Contact))) == []
    assert repository.model is STANDARD_MODEL


@pytest.mark.parametrize(
    ("where", "rest", "ids"),
    [
        (F.name >= "B", {}, ["b", "c"]),
        (F.name >= "B", {"limit": 1, "order": F.name.desc()}, ["c"]),
        (F.custom["score"] == 2, {}, ["a", "b"]),
        (F.custom["score"] == Decimal(2), {"limit": 1}, ["a"]),
        (F.custom["score"] > 1, {"order": F.custom["score"].desc(), "limit": 2}, ["c", "a"]),
        (F.annual_revenue.amount < 4, {}, ["a"]),
        (F.version == 1, {"order": F.name.desc(), "after": ("C", "c"), "limit": 1}, ["b"]),
        (~(F.annual_revenue.amount < 4), {"order": F.annual_revenue}, ["c", "b"]),
    ],
)
def test_the_store_and_what_is_above_it_answer_together(
    repository: RowRepository, where: Filter, rest: Any, ids: list[str]
) -> None:
    assert found(repository, where, **rest) == ids


def test_the_store_is_asked_what_it_can_tell(store: Watched, repository: RowRepository) -> None:
    found(repository, (F.name == "A") & (F.custom["score"] == 2), limit=1, order=F.name)
    (asked,) = store.asked
    assert asked == Query("account", F.name == "A", order=F.name)


def test_a_row_is_decoded_once(repository: RowRepository) -> None:
    assert read(repository, "a") is read(repository, "a")


def test_few_records_are_kept() -> None:
    assert CACHE_SIZE > 2
    repository = RowRepository(MemoryRowStore(), cache_size=2)
    repository.commit(ChangeSet([Insert(A), Insert(B), Insert(C)]))
    first = read(repository, "a")
    read(repository, "b")
    assert read(repository, "a") is first
    read(repository, "c")
    assert read(repository, "a") is not first
    assert read(repository, "a") == first


def test_a_version_given_twice_is_not_taken_for_the_same() -> None:
    store = MemoryRowStore()
    repository = RowRepository(store)
    repository.commit(ChangeSet([Insert(A)]))
    assert read(repository, "a").name == "A"
    store._table = RowTable(1, {"account": {"a": Row("account", "a", 1, {"id": "a", "name": "Z"})}})
    assert read(repository, "a").name == "Z"


def test_unknown_keys_are_written_back(store: Watched) -> None:
    repository = RowRepository(store)
    data = {"id": "a", "name": "A", "later": {"x": [1]}, "zone": None}
    store.commit(RowCommit([RowChange("account", "a", 0, data)]))
    before = read(repository, "a")
    repository.commit(ChangeSet([Update(before, attrs.evolve(before, name="B"))]))
    with store.snapshot() as rows:
        assert rows.get("account", ["a"])["a"].data == {
            "id": "a",
            "name": "B",
            "is_person": False,
            "later": {"x": [1]},
            "zone": None,
        }


def test_rows_of_unknown_entities_are_left_alone(store: Watched, repository: RowRepository) -> None:
    store.commit(RowCommit([RowChange("gadget", "g", 0, {"id": "g", "odd": 1})]))
    repository.commit(ChangeSet([Delete(read(repository, "a"))]))
    with store.snapshot() as rows:
        assert rows.get("gadget", ["g"])["g"] == Row("gadget", "g", 2, {"id": "g", "odd": 1})
    with repository.snapshot() as now:
        assert list(now.find(Query("nothing", F.x == 1))) == []
        with pytest.raises(UnknownNameError, match="gadget"):
            list(now.find(Query("gadget", F.x == 1)))


@pytest.mark.parametrize("version", [0, 2, -1])
@pytest.mark.parametrize("change", [lambda one: Update(one, one), Delete])
def test_a_change_of_another_version_is_refused(
    repository: RowRepository, version: int, change: Callable[[Record], Any]
) -> None:
    with pytest.raises(ConflictError) as caught:
        repository.commit(ChangeSet([change(attrs.evolve(A, version=version))]))
    assert caught.value.ref == A.ref


@pytest.mark.parametrize(
    "check",
    [CheckVersion(A.ref, 1), CheckVersion(Contact(name=PersonName()).ref, 0), CheckExists(A.ref)],
)
def test_a_check_that_holds_is_passed(repository: RowRepository, check: Any) -> None:
    assert repository.commit(ChangeSet([Insert(account("d"))], [check])) == 2


@pytest.mark.parametrize(
    "check",
    [
        CheckVersion(A.ref, 2),
        CheckVersion(A.ref, 0),
        CheckExists(account("d").ref),
        CheckNone(Query.of(Account, F.name == "A")),
        CheckNone(Query.of(Account, F.custom["score"] == 2, limit=0)),
    ],
)
def test_a_check_that_does_not_hold_is_refused(repository: RowRepository, check: Any) -> None:
    for changes in (ChangeSet([Insert(account("d"))], [check]), ChangeSet([], [check])):
        with pytest.raises(ConflictError):
            repository.commit(changes)
    assert found(repository, F.name == "D") == []


def test_records_of_the_set_do_not_count(repository: RowRepository) -> None:
    one, two = (read(repository, id_) for id_ in "ab")
    for where in (F.custom["score"] == 2, F.name <= "B"):
        checks = [CheckNone(Query.of(Account, where))]
        repository.commit(ChangeSet([Update(one, one), Update(two, two)], checks))
        one, two = (read(repository, id_) for id_ in "ab")


def scored() -> ChangeSet:
    """A set whose check only records can answer."""
    return ChangeSet([Insert(account("d"))], [CheckNone(Query.of(Account, F.custom["score"] > 3))])


def test_a_phantom_between_looking_and_storing_is_noticed(
    store: Watched, repository: RowRepository
) -> None:
    other = RowRepository(store)
    phantom = account("p", custom=FrozenMap(score=4))
    store.between = lambda: other.commit(ChangeSet([Insert(phantom)]))
    with pytest.raises(ConflictError) as caught:
        repository.commit(scored())
    assert caught.value.ref == phantom.ref
    assert found(repository, F.name == "D") == []


def test_others_who_come_between_do_no_harm(store: Watched, repository: RowRepository) -> None:
    other = RowRepository(store)
    store.between = lambda: other.commit(ChangeSet([Insert(account("p"))]))
    assert repository.commit(scored()) == 3
    assert [one.expect_seq for one in store.committed] == [None, None, 1, 2]


def test_a_conflict_of_its_own_is_not_tried_again(
    store: Watched, repository: RowRepository
) -> None:
    changes = ChangeSet([*scored(), Delete(attrs.evolve(A, version=9))], scored().checks)
    with pytest.raises(ConflictError) as caught:
        repository.commit(changes)
    assert caught.value.ref == A.ref
    assert len(store.committed) == 2


def test_endless_others_are_a_conflict(store: Watched, repository: RowRepository) -> None:
    inner, numbers = MemoryRowStore.commit, count()

    def commit(changes: RowCommit, /) -> int:
        if changes.expect_seq is not None:
            inner(store, RowCommit([RowChange("gadget", f"{next(numbers)}", 0, {})]))
        return inner(store, changes)

    store.commit = commit  # type: ignore[method-assign]  # for this test
    with pytest.raises(ConflictError, match="a moment without other commits"):
        repository.commit(scored())


def test_a_row_that_does_not_fit_is_named(store: Watched, repository: RowRepository) -> None:
    store.commit(RowCommit([RowChange("account", "z", 0, {"id": "z"})]))
    with pytest.raises(DecodeError, match=r"account:z\.name"):
        read(repository, "z")
    assert read(repository, "a").name == "A"


def test_a_value_that_cannot_be_stored_stores_nothing(
    store: Watched, repository: RowRepository
) -> None:
    bad = account("d", custom=FrozenMap(x=1.5))
    with pytest.raises(EncodeError, match=r"account:d\.custom\.x"):
        repository.commit(ChangeSet([Insert(account("e")), Insert(bad)]))
    assert len(store.committed) == 1


def test_a_set_without_changes_stores_nothing(repository: RowRepository) -> None:
    assert repository.commit(ChangeSet()) == 1


def test_a_closed_repository_refuses_everything(repository: RowRepository) -> None:
    repository.close()
    repository.close()
    with pytest.raises(StoreClosedError), repository.snapshot():
        pass
    with pytest.raises(StoreClosedError):
        repository.commit(ChangeSet([Insert(account("d"))]))
