"""What a conversion reads and writes grows with the lead's children, and not with the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from attrs import evolve
from hypothesis import settings

from crmcore import (
    STANDARD_MODEL,
    Account,
    Activity,
    ChangeSet,
    Contact,
    Crm,
    Lead,
    MemoryRepository,
    PersonName,
    Record,
)
from crmcore.changes import Insert
from crmcore.model.policies import Attach, Matches
from crmcore.ports import Snapshot
from crmcore.query import Query
from crmcore.values.ids import AccountId, ActivityId, ContactId, LeadId

R = TypeVar("R", bound=Record)

UNGATED = STANDARD_MODEL.with_policies(
    conversion_attach=Attach.NEVER, conversion_matches=Matches.IGNORE
)
"""Nobody looks for duplicates."""


class Counting(MemoryRepository):
    """A repository that counts the records that it gives out and takes in."""

    def __init__(self) -> None:
        super().__init__()
        self.read = self.written = 0

    @contextmanager
    def snapshot(self) -> Iterator[CountingSnapshot]:  # type: ignore[override]  # a snapshot too
        with super().snapshot() as moment:
            yield CountingSnapshot(moment, self)

    def commit(self, changes: ChangeSet, /) -> int:
        self.written += len(changes)
        return super().commit(changes)


class CountingSnapshot:
    def __init__(self, moment: Snapshot, counter: Counting) -> None:
        self._moment = moment
        self._counter = counter

    @property
    def seq(self) -> int:
        return self._moment.seq

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        found = self._moment.get(entity, ids)
        self._counter.read += len(found)
        return found

    def find(self, query: Query[R], /) -> Iterator[R]:
        for one in self._moment.find(query):
            self._counter.read += 1
            yield one


def filled(leads: int, children: int) -> Counting:
    """So many leads, accounts and contacts, the first lead with so many tasks, others with one."""
    repository = Counting()
    records: list[Record] = []
    for place in range(leads):
        name = PersonName(given=f"G{place}", family=f"Person {place}")
        lead = Lead(id=LeadId(f"lead-{place}"), name=name, company=f"Company {place}")
        account = Account(id=AccountId(f"account-{place}"), name=f"Company {place}")
        contact = Contact(id=ContactId(f"contact-{place}"), name=name)
        tasks = (
            Activity(id=ActivityId(f"task-{place}-{n}"), subject="Call", who=lead.ref)
            for n in range(children if place == 0 else 1)
        )
        records += [lead, account, contact, *tasks]
    repository.commit(ChangeSet(map(Insert, records)))
    return repository


def cost(leads: int, children: int) -> tuple[int, int]:
    """Records read and written by one conversion among so many leads, each with so many tasks."""
    repository = filled(leads, children)
    repository.read = repository.written = 0
    Crm(repository, model=UNGATED).convert_lead("lead-0")
    return repository.read, repository.written


def is_long() -> bool:
    return settings.default is not None and settings.default.max_examples > 1_000


def test_the_size_of_the_database_does_not_matter() -> None:
    """C10 as many records are read and written among 1,000 leads as among 100,000 (50 and 500
    with the shorter profiles).
    """
    sizes = (1_000, 10_000, 100_000) if is_long() else (50, 500)
    costs = {cost(size, 3) for size in sizes}
    assert len(costs) == 1
    assert max(costs.pop()) < 30


def test_nor_does_it_where_duplicates_are_looked_for() -> None:
    """C19 the gate asks an index, which reads everything once and then follows commits."""
    costs = set()
    for size in (1_000, 10_000) if is_long() else (40, 120):
        repository = filled(size, 3)
        crm = Crm(repository)
        crm.convert_lead("lead-1", allow_duplicates=True)
        assert repository.read > 3 * size
        repository.read = repository.written = 0
        crm.convert_lead("lead-0", allow_duplicates=True)
        costs.add((repository.read, repository.written))
    assert len(costs) == 1
    assert max(costs.pop()) < 40


def test_each_child_costs_the_same() -> None:
    """C10 ten children more are ten records more to write, and a fixed number each to read."""
    counts = [cost(20, children) for children in (0, 10, 20)]
    reads, writes = zip(*counts, strict=True)
    assert writes[1] - writes[0] == writes[2] - writes[1] == 10
    assert reads[1] - reads[0] == reads[2] - reads[1] <= 40


def test_a_batch_costs_what_its_leads_cost() -> None:
    """C18 twice as many leads of a batch are twice as many records, whatever else is stored."""

    def batch(size: int) -> tuple[int, int]:
        repository = Counting()
        crm = Crm(repository, model=UNGATED)
        name = PersonName(family="Person")
        leads = crm.add_all(
            evolve(Lead(name=name, company=f"Company {n}"), id=LeadId(f"lead-{n}"))
            for n in range(60)
        )
        repository.read = repository.written = 0
        crm.convert_leads([one.id for one in leads[:size]])
        return repository.read, repository.written

    one, two, four = batch(10), batch(20), batch(40)
    assert two[1] == 2 * one[1]
    assert four[0] - two[0] == 2 * (two[0] - one[0])
