"""How fast leads are converted, beside constructing and committing the same records by hand.

    python benchmarks/conversion.py [--leads 500] [--among 1000 10000 100000]

The floor writes the very records that the conversions wrote, in one commit and in one each, without
deciding, checking or explaining anything. Duplicates are not looked for: that is measured with the
matching.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count

from attrs import evolve

from crmcore import (
    STANDARD_MODEL,
    Activity,
    ChangeSet,
    Crm,
    Lead,
    MemoryRepository,
    PersonName,
    Record,
)
from crmcore.changes import Delete, Insert, Update
from crmcore.crm.batch import ONE_FOR_ALL, ONE_PER_LEAD
from crmcore.model.policies import Attach, Matches
from crmcore.query import Query
from crmcore.values.ids import ActivityId, LeadId

MODEL = STANDARD_MODEL.with_policies(
    conversion_attach=Attach.NEVER, conversion_matches=Matches.IGNORE
)


def world(size: int) -> MemoryRepository:
    """A repository with ``size`` leads, each with two tasks."""
    repository = MemoryRepository()
    records: list[Record] = []
    for place in range(size):
        name = PersonName(given="Ada", family=f"Person {place}")
        lead = Lead(
            id=LeadId(f"lead-{place}"),
            name=name,
            company=f"Company {place}",
            email=f"ada@company-{place}.example",
            title="CTO",
            source="Web",
            interest="Engine",
        )
        tasks = (
            Activity(id=ActivityId(f"task-{place}-{n}"), subject="Call", who=lead.ref)
            for n in range(2)
        )
        records += [lead, *tasks]
    repository.commit(ChangeSet(map(Insert, records)))
    return repository


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def measure(size: int, leads: int) -> None:
    """Print one line for each way to convert ``leads`` of ``size`` leads."""
    ids = [f"lead-{place}" for place in range(leads)]
    numbers = count()
    for commits in (ONE_FOR_ALL, ONE_PER_LEAD):
        repository = world(size)
        crm = Crm(repository, model=MODEL, ids=lambda: f"new-{next(numbers)}")
        took = timed(partial(crm.convert_leads, ids, commits=commits))
        stored = [one.changes for one in repository.commits(1)]
        groups = [[one.after for one in group if not isinstance(one, Delete)] for group in stored]
        least = timed(partial(by_hand, groups, world(size)))
        written = sum(map(len, groups))
        print(
            f"{size:>7,} leads, {commits.value:<12} {leads / took:>8,.0f} leads/s "
            f"({written / leads:.0f} records each), floor {leads / least:>8,.0f} leads/s, "
            f"ratio {took / least:.1f}"
        )


def by_hand(groups: Iterable[Iterable[Record]], repository: MemoryRepository) -> None:
    """Construct the same records anew and commit them, a commit for each group."""
    with repository.snapshot() as moment:
        known = {one.ref: one for kind in (Lead, Activity) for one in moment.find(Query.of(kind))}
    for group in groups:
        fresh = [evolve(one, version=0) for one in group]
        changes = [
            Insert(one) if one.ref not in known else Update(known[one.ref], one) for one in fresh
        ]
        repository.commit(ChangeSet(changes))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=500)
    parser.add_argument("--among", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    given = parser.parse_args()
    for size in given.among:
        measure(size, min(given.leads, size))


if __name__ == "__main__":
    main()
