from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from crmcore.adapters import JsonFileRepository, JsonFileStore
from crmcore.ports import Repository, RowStore
from crmcore.testing import Ability, RepositorySuite, RowStoreSuite
from tests.adapters import MODEL


class TestJsonFileStore(RowStoreSuite):
    abilities = frozenset({Ability.PERSISTENT})

    @pytest.fixture
    def store(self, tmp_path: Path) -> Callable[[], RowStore]:
        numbers = count()
        return lambda: JsonFileStore(tmp_path / f"{next(numbers)}.json")

    @pytest.fixture
    def reopen(self) -> Callable[[JsonFileStore], RowStore]:
        def again(store: JsonFileStore) -> RowStore:
            store.close()
            return JsonFileStore(store.path)

        return again


class TestJsonFileRepository(RepositorySuite):
    abilities = frozenset({Ability.PERSISTENT})
    model = MODEL

    @pytest.fixture
    def repository(self, tmp_path: Path) -> Callable[[], Repository]:
        numbers = count()
        return lambda: JsonFileRepository(tmp_path / f"{next(numbers)}.json", MODEL)

    @pytest.fixture
    def reopen(self) -> Callable[[JsonFileRepository], Repository]:
        def again(repository: JsonFileRepository) -> Repository:
            repository.close()
            return JsonFileRepository(repository.path, MODEL)

        return again
