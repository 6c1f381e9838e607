from typing import Any

import pytest
from hypothesis import settings

from crmcore import Crm
from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, Insert
from crmcore.entities import Activity, Contact
from crmcore.values import PersonName
from tests.properties.merge.test_any_order import known, unlike
from tests.properties.merge.worlds import NOW, made


class Counting:
    """A repository that counts the records that it hands out, and those that it is given."""

    def __init__(self, store: MemoryRepository) -> None:
        self.store, self.read, self.written = store, 0, 0

    def snapshot(self) -> Any:
        return _Counting(self, self.store.snapshot())

    def commit(self, changes: ChangeSet) -> int:
        self.written += len(changes)
        return self.store.commit(changes)

    def close(self) -> None:
        self.store.close()


class _Counting:
    def __init__(self, counting: Counting, inner: Any) -> None:
        self.counting, self.inner = counting, inner

    def __enter__(self) -> Any:
        self.snapshot = self.inner.__enter__()
        return self

    def __exit__(self, *told: object) -> None:
        self.inner.__exit__(*told)

    @property
    def seq(self) -> int:
        number: int = self.snapshot.seq
        return number

    def get(self, *given: Any) -> Any:
        found = self.snapshot.get(*given)
        self.counting.read += len(found)
        return found

    def find(self, *given: Any) -> Any:
        for one in self.snapshot.find(*given):
            self.counting.read += 1
            yield one


def person(id_: str) -> Contact:
    return made(Contact, id=id_, name=PersonName(family="Lovelace"), title=id_, created_at=NOW)


def call(id_: str, who: Contact) -> Activity:
    return made(Activity, id=id_, subject="Call", who=who.ref)


def cost(others: int, losers: int, calls: int) -> tuple[int, int, int, int]:
    """Records read and written by a merge, then by its unmerge, among so many others."""
    store = MemoryRepository()
    rest = [person(f"x{at}") for at in range(others)]
    own = [person(f"c{at}") for at in range(losers + 1)]
    children = [call(f"t{at}", own[1 + at % losers]) for at in range(calls)]
    children += [call(f"y{at}", one) for at, one in enumerate(rest)]
    store.commit(ChangeSet([Insert(one) for one in (*rest, *own, *children)]))
    counting = Counting(store)
    crm = Crm(counting)
    merge = crm.merge("c0", [one.id for one in own[1:]])
    merged = counting.read, counting.written
    crm.unmerge(merge.id)
    return (*merged, counting.read - merged[0], counting.written - merged[1])


def test_what_a_merge_costs_does_not_grow_with_the_rest_of_the_database() -> None:
    """M17 M20 neither to merge nor to take it back: counted in records read and written."""
    assert cost(10, 3, 5) == cost(1_000, 3, 5)


@pytest.mark.parametrize("size", [4, 16])
def test_it_grows_with_the_values_and_the_references_that_move(size: int) -> None:
    """M17 M20 twice as many records and children cost at most twice as much."""
    small, large = cost(5, size, 2 * size), cost(5, 2 * size, 4 * size)
    assert all(more <= 2 * less for less, more in zip(small, large, strict=True))


def test_thousands_of_records_become_one_and_thousands_again() -> None:
    """M3 M9 M18 exactly: every call is the survivor's, then every call is its own person's.

    Ten thousand of them with the profile ``long``, a thousand otherwise.
    """
    size = 10_000 if settings.get_current_profile_name() == "long" else 1_000
    store = MemoryRepository()
    people = [person(f"c{at}") for at in range(size)]
    calls = [call(f"t{at}", one) for at, one in enumerate(people)]
    store.commit(ChangeSet([Insert(one) for one in (*people, *calls)]))
    crm = Crm(store)
    before = known(crm)
    merge = crm.merge(people[0], people[1:])
    assert crm.count(Contact) == 1
    assert len(merge.receipt.moved) == size - 1
    assert {one.who for one in crm.find(Activity)} == {people[0].ref}
    assert crm.resolve(f"c{size - 1}") == people[0].ref
    crm.unmerge(merge.id)
    assert len(unlike(before, known(crm))) == 0
