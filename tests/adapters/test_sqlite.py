"""The adapter that the how-to builds passes the whole kit."""

import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from crmcore.adapters import RowRepository
from crmcore.ports import Repository, RowStore
from crmcore.testing import Ability, FileBackDoor, RepositoryStateMachine, RepositorySuite, RowStoreSuite
from examples.sqlite_adapter import SQLiteStore
from tests.adapters import MODEL

ABILITIES = frozenset({Ability.PERSISTENT, Ability.SHARED, Ability.DURABLE})


def opened(path: Path) -> SQLiteStore:
    return SQLiteStore(str(path))


class SQLiteBackDoor(FileBackDoor[SQLiteStore]):
    """SQLite does not sync through Python; what it syncs follows from its settings."""

    def __init__(self) -> None:
        super().__init__(opened, lambda store: Path(store.path))

    def survivors(self, store: SQLiteStore) -> dict[str, bytes]:
        with store._connection() as connection:
            (level,) = connection.execute("PRAGMA synchronous").fetchone()
        kept = [one for one in self.files(store) if not one.name.endswith("-shm")]
        if level < 2:
            kept = [one for one in kept if not one.name.endswith("-wal")]
        return {one.name: one.read_bytes() for one in kept}


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
    def back_door(self) -> Iterator[SQLiteBackDoor]:
        with SQLiteBackDoor().watching() as door:
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

    def make_repository(self) -> Repository:
        self.folder = tempfile.TemporaryDirectory()
        return self.reopen_repository()

    def reopen_repository(self, repository: Repository | None = None) -> Repository:
        if repository is not None:
            repository.close()
        return RowRepository(SQLiteStore(f"{self.folder.name}/x.db"), MODEL)

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


TestSQLiteMachine = SQLiteMachine.TestCase
