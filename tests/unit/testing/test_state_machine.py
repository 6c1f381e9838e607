"""The kit catches: the state machine finds repositories that are wrong in one way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from crmcore.changes import ChangeSet, ConflictError, Insert
from crmcore.entities import Account, Contact
from crmcore.errors import UsageError
from crmcore.ports import Repository
from crmcore.testing import RepositoryStateMachine
from crmcore.testing.planted.plain_table import PlainTable

QUICK = settings(
    phases=[Phase.generate],
    database=None,
    derandomize=True,
    deadline=None,
    max_examples=200,
    stateful_step_count=25,
)


class IgnoredVersion(PlainTable):
    def commit(self, changes: ChangeSet) -> int:
        now = [
            one
            if isinstance(one, Insert) or (stored := self._moment.stored(one.ref)) is None
            else attrs.evolve(one, before=stored)
            for one in changes
        ]
        return super().commit(attrs.evolve(changes, changes=now))


class IgnoredChecks(PlainTable):
    def commit(self, changes: ChangeSet) -> int:
        return super().commit(attrs.evolve(changes, checks=()))


class TooStrict(PlainTable):
    def commit(self, changes: ChangeSet) -> int:
        if changes.checks and self._moment.seq > 2:
            raise ConflictError(None, "nothing", "anything")
        return super().commit(changes)


class Forgetful(PlainTable):
    """Keeps no more than it had when it is opened again."""


class Live(PlainTable):
    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        yield _Now(self)


class _Now:
    def __init__(self, store: PlainTable) -> None:
        self.store, self.seq = store, store._moment.seq

    def get(self, entity: Any, ids: Any) -> Any:
        return self.store._moment.get(entity, ids)

    def find(self, query: Any) -> Any:
        return self.store._moment.find(query)


class ShortPages(PlainTable):
    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        with super().snapshot() as moment:
            yield _Short(moment)


class _Short:
    def __init__(self, moment: Any) -> None:
        self.get, self.seq, self.moment = moment.get, moment.seq, moment

    def find(self, query: Any) -> Any:
        found = list(self.moment.find(query))
        return iter(found if query.after is None else found[:-1])


def machine(adapter: type[PlainTable]) -> type[RepositoryStateMachine]:
    class Machine(RepositoryStateMachine):
        entities = (Account, Contact)

        def make_repository(self) -> Repository:
            return adapter()

        def reopen_repository(self, repository: Repository) -> Repository:
            return Forgetful() if isinstance(repository, Forgetful) else repository

    return Machine


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (IgnoredVersion, "S4"),
        (IgnoredChecks, "S4"),
        (TooStrict, "S4"),
        (Forgetful, "S1"),
        (Live, "S6"),
        (ShortPages, "S5|S7"),
    ],
)
def test_a_broken_repository_is_found(broken: type[PlainTable], law: str) -> None:
    with pytest.raises(AssertionError, match=rf"law ({law}) is broken"):
        run_state_machine_as_test(machine(broken), settings=QUICK)


class Lossy(PlainTable):
    """Has lost its last commit after a crash."""


def test_a_crash_that_loses_a_commit_is_found() -> None:
    class Machine(RepositoryStateMachine):
        entities = (Account, Contact)

        def make_repository(self) -> Repository:
            return Lossy()

        def crash_repository(self, repository: Repository) -> Repository:
            left = Lossy()
            left._moment = attrs.evolve(repository._moment, texts={})  # type: ignore[attr-defined]  # it is one of these
            return left

    with pytest.raises(AssertionError, match="law S1 is broken"):
        run_state_machine_as_test(Machine, settings=QUICK)
    with pytest.raises(UsageError, match="override crash_repository"):
        RepositoryStateMachine().crash_repository(PlainTable())


def test_make_repository_must_be_given() -> None:
    with pytest.raises(UsageError, match="override make_repository"):
        RepositoryStateMachine().make_repository()


def test_a_repository_is_the_same_unless_reopening_is_given() -> None:
    repository = PlainTable()
    assert RepositoryStateMachine().reopen_repository(repository) is repository
