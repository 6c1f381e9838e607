"""The adapter that the how-to builds passes the whole kit."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from crmcore.adapters import RowRepository
from crmcore.entities import Account, Contact
from crmcore.ports import Repository, RowStore
from crmcore.testing import (
    Ability,
    BackDoor,
    RepositoryStateMachine,
    RepositorySuite,
    RowStoreSuite,
)
from crmcore.testing.planted.bases import SQLiteBackDoor
from examples.sqlite_adapter import SQLiteStore
from tests import DOCS, ROOT
from tests.adapters import MODEL, Subscription

ABILITIES = frozenset({Ability.PERSISTENT, Ability.SHARED, Ability.DURABLE})


def opened(path: Path) -> SQLiteStore:
    return SQLiteStore(str(path))


class TestSQLiteStore(RowStoreSuite):
    abilities = ABILITIES

    @pytest.fixture
    def store(self, tmp_path: Path) -> Callable[[], RowStore]:
        numbers = count()
        return lambda: SQLiteStore(str(tmp_path / f"{next(numbers)}.db"))

    @pytest.fixture
    def reopen(self) -> Callable[[SQLiteStore], RowStore]:
        def again(store: SQLiteStore) -> RowStore:
            store.close()
            return SQLiteStore(store.path)

        return again

    @pytest.fixture
    def back_door(self) -> Iterator[BackDoor[SQLiteStore]]:
        with SQLiteBackDoor(opened, lambda store: Path(store.path)).watching() as door:
            yield door


class TestSQLiteRepository(RepositorySuite):
    abilities = frozenset({Ability.PERSISTENT})
    model = MODEL

    @pytest.fixture
    def repository(self, tmp_path: Path) -> Callable[[], Repository]:
        numbers = count()

        def make() -> Repository:
            self.path = str(tmp_path / f"{next(numbers)}.db")
            return RowRepository(SQLiteStore(self.path), MODEL)

        return make

    @pytest.fixture
    def reopen(self) -> Callable[[Repository], Repository]:
        def again(repository: Repository) -> Repository:
            repository.close()
            return RowRepository(SQLiteStore(self.path), MODEL)

        return again


class SQLiteMachine(RepositoryStateMachine):
    model = MODEL
    entities = (Account, Contact, Subscription)

    def make_repository(self) -> Repository:
        self.rest = ExitStack()
        folder = self.rest.enter_context(tempfile.TemporaryDirectory())
        door = SQLiteBackDoor(opened, lambda store: Path(store.path))
        self.door = self.rest.enter_context(door.watching())
        self.store = opened(Path(folder, "x.db"))
        return RowRepository(self.store, MODEL)

    def reopen_repository(self, repository: Repository) -> Repository:
        repository.close()
        self.store = SQLiteStore(self.store.path)
        return RowRepository(self.store, MODEL)

    def crash_repository(self, repository: Repository) -> Repository:
        self.store = self.door.crashed(self.store)
        return RowRepository(self.store, MODEL)

    def teardown(self) -> None:
        super().teardown()
        self.rest.close()


TestSQLiteMachine = SQLiteMachine.TestCase


def test_the_how_to_shows_the_adapter_as_it_is() -> None:
    page = (DOCS / "how-to" / "write-an-adapter.md").read_text(encoding="utf-8")
    pieces = [
        one for one in re.findall(r"```text\n(.*?)\n```", page, re.DOTALL) if "law S5" not in one
    ]
    source = (ROOT / "examples" / "sqlite_adapter.py").read_text(encoding="utf-8")
    assert len(pieces) == 8
    assert [piece for piece in pieces if piece not in source] == []
    assert len(source.splitlines()) < 150
