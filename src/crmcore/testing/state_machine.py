"""State machine: an adapter and a plain dictionary do the same, step by step, and must agree."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from crmcore.changes import ChangeSet, CheckNone, ConflictError, Delete, Insert
from crmcore.entities import Record, kind_of
from crmcore.errors import UsageError
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.query import Query
from crmcore.testing import strategies
from crmcore.testing.plain import PlainStore
from crmcore.testing.verdict import everything, hold, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcore.ports import Repository, Snapshot

MOST_HELD = 3
"""How many snapshots are held open at once."""


class RepositoryStateMachine(RuleBasedStateMachine):
    """Any sequence of commits, conflicts, queries, pages, held snapshots, reopenings and crashes.

    ::

        class MemoryMachine(RepositoryStateMachine):
            def make_repository(self):
                return MemoryRepository()

        TestMemoryMachine = MemoryMachine.TestCase

    Override ``reopen_repository`` where the adapter is persistent, ``crash_repository`` where it is
    durable (a ``BackDoor`` knows how), and ``teardown`` to remove what it leaves behind (call this
    one too). ``entities`` are those that are stored.
    """

    model: ClassVar[Model] = STANDARD_MODEL
    entities: ClassVar[tuple[type[Record], ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.plain: PlainStore = PlainStore()
        self.past: list[list[Record]] = []
        self.held: list[tuple[Snapshot, int, list[Record]]] = []
        self._snapshots = ExitStack()
        schemas = self.model.schemas
        self._classes = self.entities or tuple(schema.entity for schema in schemas)

    def make_repository(self) -> Repository:
        """A new, empty repository."""
        raise UsageError("override make_repository", type(self).__name__)

    def reopen_repository(self, repository: Repository) -> Repository:
        """The same repository, closed and opened again; as it is where that makes no sense."""
        return repository

    def crash_repository(self, repository: Repository) -> Repository:  # noqa: ARG002  # to override
        """What is found after a loss of power; override it where a commit is durable."""
        raise UsageError("override crash_repository", type(self).__name__)

    @initialize()
    def begin(self) -> None:
        """Start with an empty repository."""
        self.repository: Repository = self.make_repository()
        self._agree()

    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        """Commit what fits."""
        self._attempt(data.draw(self._changes(list(self.plain.records.values()))))

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def commit_late(self, data: st.DataObject) -> None:
        """Commit what would have fitted some time ago."""
        self._attempt(data.draw(self._changes(data.draw(st.sampled_from(self.past)))))

    @rule(data=st.data())
    def commit_checked(self, data: st.DataObject) -> None:
        """Commit what fits, relying on something that may not be so."""
        stored = list(self.plain.records.values())
        changes = data.draw(self._changes(stored))
        query = self._query(data).map(CheckNone)
        check = data.draw(strategies.checks(stored) | query)
        self._attempt(attrs.evolve(changes, checks=[*changes.checks, check]))

    @rule(data=st.data())
    def commit_composed(self, data: st.DataObject) -> None:
        """Commit two sets as one, the second decided on the outcome of the first."""
        first = data.draw(self._changes(list(self.plain.records.values())))
        outcome = {**self.plain.records, **{one.ref: one for one in first.written}}
        for one in first:
            if isinstance(one, Delete):
                del outcome[one.ref]
        second = data.draw(self._changes(list(outcome.values())))
        self._attempt(first.then(second))

    @precondition(lambda self: self.plain.records)
    @rule(data=st.data())
    def make_again(self, data: st.DataObject) -> None:
        """Delete a record and make it again under its id, in two commits."""
        one = data.draw(st.sampled_from(list(self.plain.records.values())))
        self._attempt(ChangeSet([Delete(one)]))
        self._attempt(ChangeSet([Insert(attrs.evolve(one, version=0))]))

    @rule(data=st.data())
    def find(self, data: st.DataObject) -> None:
        """Ask something."""
        query = data.draw(self._query(data))
        with self.repository.snapshot() as now:
            same("S7", list(now.find(query)), self.plain.find(query), f"answer to: {query}")

    @rule(data=st.data(), size=st.integers(1, 3))
    def page(self, data: st.DataObject, size: int) -> None:
        """Read an answer page by page."""
        query = attrs.evolve(data.draw(self._query(data)), after=None, limit=None)
        wanted = self.plain.find(query)
        found: list[Record] = []
        page = attrs.evolve(query, limit=size)
        while len(found) <= len(wanted):
            with self.repository.snapshot() as now:
                some = list(now.find(page))
            if not some:
                break
            found += some
            page = page.following(some[-1])
        same("S5", found, wanted, f"pages of {size} of: {query}")

    @precondition(lambda self: len(self.held) < MOST_HELD)
    @rule()
    def hold_snapshot(self) -> None:
        """Keep a snapshot for later."""
        moment = self._snapshots.enter_context(self.repository.snapshot())
        self.held.append((moment, self.plain.seq, self.plain.everything(self._classes)))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def read_held(self, data: st.DataObject) -> None:
        """Read a snapshot that was kept."""
        moment, seq, wanted = data.draw(st.sampled_from(self.held))
        event("read a snapshot that others had committed after" if seq < self.plain.seq else "")
        found = [one for entity in self._classes for one in moment.find(Query.of(entity))]
        same("S6", found, wanted, f"the moment after commit {seq}, later")
        same("S6", moment.seq, seq, "the number of a snapshot, later")

    @rule()
    def reopen(self) -> None:
        """Close and open again."""
        self._let_go()
        self.repository = self.reopen_repository(self.repository)
        self._agree()

    @precondition(lambda self: self.is_durable)
    @rule()
    def crash(self) -> None:
        """Lose power, and open what is left."""
        self._let_go()
        crashed = self.repository
        self.repository = self.crash_repository(crashed)
        crashed.close()
        event("crash")
        self._agree()

    @property
    def is_durable(self) -> bool:
        """Whether the adapter says what a crash leaves."""
        return type(self).crash_repository is not RepositoryStateMachine.crash_repository

    def teardown(self) -> None:
        """Close what is open."""
        self._let_go()
        if hasattr(self, "repository"):
            self.repository.close()

    def _changes(self, stored: Sequence[Record]) -> st.SearchStrategy[ChangeSet]:
        return strategies.change_sets(stored, entities=self._classes, model=self.model)

    def _query(self, data: st.DataObject) -> st.SearchStrategy[Query[Any]]:
        stored = sorted({type(one) for one in self.plain.records.values()}, key=kind_of)
        entity = data.draw(st.sampled_from(stored or self._classes))
        records = self.plain.of_kind(kind_of(entity))
        return strategies.queries(entity, self.model, records=records)

    def _attempt(self, changes: ChangeSet) -> None:
        """Commit to both, which must agree on whether it is a conflict."""
        before, last = list(self.plain.records.values()), self.plain.seq
        try:
            number = self.repository.commit(changes)
        except ConflictError:
            event("conflict")
            self._expect_conflict(changes)
        else:
            rises = number > last if changes else number == last
            hold("S4", rises, f"number {number} follows {last}")
            self._expect_success(changes, number)
            if changes:
                self.past = [*self.past, before][-5:]
        self._agree()

    def _expect_conflict(self, changes: ChangeSet) -> None:
        try:
            self.plain.commit(changes)
        except ConflictError:
            return
        hold("S4", truth=False, said=f"a ConflictError where there is none:\n{changes}")

    def _expect_success(self, changes: ChangeSet, number: int) -> None:
        try:
            self.plain.commit(changes, number)
        except ConflictError as conflict:
            hold("S4", truth=False, said=f"no ConflictError, though {conflict}:\n{changes}")

    def _agree(self) -> None:
        found = everything(self.repository, self._classes)
        same("S1", found, self.plain.everything(self._classes), "what is stored")
        with self.repository.snapshot() as now:
            same("S1", now.seq, self.plain.seq, "the number of the last commit")

    def _let_go(self) -> None:
        self.held.clear()
        self._snapshots.close()
        self._snapshots = ExitStack()
