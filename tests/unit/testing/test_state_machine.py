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
from tests.unit.testing.simple import SimpleRepository

QUICK = settings(
    phases=[Phase.generate],
    database=None,
    derandomize=True,
    deadline=None,
    max_examples=200,
    stateful_step_count=25,
)


class IgnoredVersion(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        now = [
            one
            if isinstance(one, Insert) or (stored := self._moment.stored(one.ref)) is None
            else attrs.evolve(one, before=stored)
            for one in changes
        ]
        return super().commit(attrs.evolve(changes, changes=now))


class IgnoredChecks(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        return super().commit(attrs.evolve(changes, checks=()))


class TooStrict(SimpleRepository):
    def commit(self, changes: ChangeSet) -> int:
        if changes.checks and self._moment.seq > 2:
            raise ConflictError(None, "nothing", "anything")
        return super().commit(changes)


class Forgetful(SimpleRepository):
    """Keeps no more than it had when it is opened again."""


class Live(SimpleRepository):
    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        yield _Now(self)


class _Now:
    def __init__(self, store: SimpleRepository) -> None:
        self.store, self.seq = store, store._moment.seq

    def get(self, entity: Any, ids: Any) -> Any:
        return self.store._moment.get(entity, ids)

    def find(self, query: Any) -> Any:
        return self.store._moment.find(query)


class ShortPages(SimpleRepository):
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


def machine(adapter: type[SimpleRepository]) -> type[RepositoryStateMachine]:
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
def test_a_broken_repository_is_found(broken: type[SimpleRepository], law: str) -> None:
    with pytest.raises(AssertionError, match=rf"law ({law}) is broken"):
        run_state_machine_as_test(machine(broken), settings=QUICK)


def test_make_repository_must_be_given() -> None:
    with pytest.raises(UsageError, match="override make_repository"):
        RepositoryStateMachine().make_repository()


def test_a_repository_is_the_same_unless_reopening_is_given() -> None:
    repository = SimpleRepository()
    assert RepositoryStateMachine().reopen_repository(repository) is repository
