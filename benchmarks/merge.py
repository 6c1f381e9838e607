"""Merges and unmerges per second, beside what committing the same changes by hand costs.

For each number of contacts, each with a call, pairs are merged one after the other and taken back
again in another order, in memory; then one contact takes over many others at once, and that is
taken back too. The floor is a fresh repository that commits the very same change sets, which were
decided before. Each round does both on stores of its own; the best round counts.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from crmcore import Activity, ChangeSet, Contact, Crm, MemoryRepository, PersonName
from crmcore.changes import Insert
from crmcore.ports import Commit


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


def again(store: MemoryRepository, commits: Sequence[Commit]) -> float:
    """How many seconds these commits take by hand."""
    return timed(lambda: [store.commit(ChangeSet(one.changes)) for one in commits])


def both(size: int, groups: Callable[[list[str]], list[list[str]]]) -> list[float]:
    """Seconds of merging and of unmerging the groups, and of both floors."""
    store = filled(size)
    first = next(store.commits())
    crm = Crm(store)
    people: dict[str, Contact] = {one.id: one for one in crm.find(Contact)}
    chance = random.Random(1)
    ids: list[str] = list(people)
    chance.shuffle(ids)
    given = [[people[id_] for id_ in group] for group in groups(ids)]
    receipts: list[str] = []
    merging = timed(lambda: receipts.extend(crm.merge(one, more).id for one, *more in given))
    chance.shuffle(receipts)
    unmerging = timed(lambda: [crm.unmerge(one) for one in receipts])
    made = list(store.commits(first.seq))
    if crm.count(Contact) != size:
        raise AssertionError("not everybody came back")
    by_hand = MemoryRepository()
    by_hand.commit(ChangeSet(first.changes))
    count = len(given)
    return [merging, unmerging, again(by_hand, made[:count]), again(by_hand, made[count:])]


def measured(size: int, *, pairs: int, losers: int, rounds: int) -> None:
    """Print the figures for one number of records."""
    count = min(pairs, size // 2)

    def in_pairs(ids: list[str]) -> list[list[str]]:
        return [ids[2 * at : 2 * at + 2] for at in range(count)]

    def at_once(ids: list[str]) -> list[list[str]]:
        return [ids[: min(losers + 1, size)]]

    best = [min(told) for told in zip(*(both(size, in_pairs) for _ in range(rounds)), strict=True)]
    for what, spent, floor in zip(("merges", "unmerges"), best[:2], best[2:], strict=True):
        rate = f"{count / spent:8,.0f} {what} per second"
        print(f"{size:8,} records: {rate}, {spent / floor:5.1f} times the floor")
    best = [min(told) for told in zip(*(both(size, at_once) for _ in range(rounds)), strict=True)]
    many = min(losers, size - 1)
    for what, spent, floor in zip(("merge", "unmerge"), best[:2], best[2:], strict=True):
        time_taken = f"{spent:8.2f} s for one {what} of {many:,} losers"
        print(f"{size:8,} records: {time_taken}, {spent / floor:5.1f} times the floor")


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--pairs", type=int, default=200, help="merged one after the other")
    parser.add_argument("--losers", type=int, default=999, help="of one merge")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts")
    given = parser.parse_args()
    for size in given.records:
        measured(size, pairs=given.pairs, losers=given.losers, rounds=given.rounds)


if __name__ == "__main__":
    main()
