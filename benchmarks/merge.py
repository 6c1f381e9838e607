"""Merges and unmerges per second, beside what committing the same changes by hand costs.

Run it as ``python benchmarks/merge.py [RECORDS ...]``: for each number of contacts, each with a
call, so many pairs are merged one after the other and taken back again in another order, in memory.
The floor is a fresh repository that commits the very same change sets, which were decided before.
"""

import random
import sys
import time
from collections.abc import Callable
from typing import Any

from crmcore import Activity, ChangeSet, Contact, Crm, MemoryRepository, PersonName
from crmcore.changes import Insert
from crmcore.ports import Commit

PAIRS = 200


def filled(size: int) -> MemoryRepository:
    """A repository with so many contacts, each with a call."""
    store = MemoryRepository()
    people = [Contact(name=PersonName(family=f"L{at}"), title=str(at)) for at in range(size)]
    calls = [Activity(subject="Call", who=one.ref) for one in people]
    store.commit(ChangeSet([Insert(one) for one in (*people, *calls)]))
    return store


def timed(act: Callable[[], Any]) -> float:
    """How many seconds it takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def measured(size: int) -> None:
    """Print the figures for one number of records."""
    store = filled(size)
    first = next(store.commits())
    crm = Crm(store)
    ids = [one.id for one in crm.find(Contact)]
    chance = random.Random(1)
    chance.shuffle(ids)
    pairs = [(ids[2 * at], ids[2 * at + 1]) for at in range(min(PAIRS, size // 2))]
    receipts: list[str] = []
    merging = timed(lambda: receipts.extend(crm.merge(one, other).id for one, other in pairs))
    chance.shuffle(receipts)
    unmerging = timed(lambda: [crm.unmerge(one) for one in receipts])
    made = list(store.commits(first.seq))
    by_hand = MemoryRepository()
    by_hand.commit(ChangeSet(first.changes))

    def again(commits: list[Commit]) -> float:
        return timed(lambda: [by_hand.commit(ChangeSet(one.changes)) for one in commits])

    count = len(pairs)
    floors = again(made[:count]), again(made[count:])
    for what, spent, floor in zip(
        ("merges", "unmerges"), (merging, unmerging), floors, strict=True
    ):
        rate = f"{count / spent:8,.0f} {what} per second"
        print(f"{size:8,} records: {rate}, {spent / floor:5.1f} times the floor")
    assert crm.count(Contact) == size


if __name__ == "__main__":
    for given in sys.argv[1:] or ("1000", "100000"):
        measured(int(given))
