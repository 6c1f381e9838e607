"""The correct adapters, in which the kit plants its bugs, pass the kit."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from crmcore.ports import Repository, RowStore
from crmcore.testing import Ability, FileBackDoor, RepositorySuite, RowStoreSuite
from crmcore.testing.planted.plain_file import PlainFileStore
from crmcore.testing.planted.plain_table import PlainTable
from tests.adapters import MODEL


class TestPlainTable(RepositorySuite):
    abilities = frozenset({Ability.JOURNAL})
    model = MODEL

    @pytest.fixture
    def repository(self) -> Callable[[], Repository]:
        return lambda: PlainTable(MODEL)


class TestPlainFileStore(RowStoreSuite):
    abilities = frozenset(Ability) - {Ability.JOURNAL}

    @pytest.fixture
    def store(self, tmp_path: Path) -> Callable[[], RowStore]:
        numbers = count()
        return lambda: PlainFileStore(tmp_path / f"{next(numbers)}.rows")

    @pytest.fixture
    def reopen(self) -> Callable[[PlainFileStore], RowStore]:
        def again(store: PlainFileStore) -> RowStore:
            store.close()
            return PlainFileStore(store.path)

        return again

    @pytest.fixture
    def back_door(self) -> Iterator[FileBackDoor[PlainFileStore]]:
        with FileBackDoor(PlainFileStore, lambda store: store.path).watching() as door:
            yield door
