"""The adapter that the how-to builds passes the whole kit."""

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


class SQLiteBackDoor(FileBackDoor[SQLiteStore]):
    """SQLite does not sync through Python; what it syncs follows from its settings."""

    def __init__(self) -> None:
        super().__init__(SQLiteStore, lambda store: store.path)

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
        return lambda: SQLiteStore(tmp_path / f"{next(numbers)}.db")

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
