import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from crmcore.adapters import JsonFileRepository, JsonFileStore
from crmcore.adapters.jsonfile import Reading
from crmcore.ports import Repository, RowStore
from crmcore.testing import (
    Ability,
    FileBackDoor,
    RepositoryStateMachine,
    RepositorySuite,
    RowStoreSuite,
)
from tests.adapters import MODEL

EVERYTHING = frozenset(Ability)


def opened(path: Path) -> JsonFileRepository:
    return JsonFileRepository(path, MODEL)


class TestJsonFileStore(RowStoreSuite):
    abilities = EVERYTHING - {Ability.JOURNAL}

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

    @pytest.fixture
    def back_door(self) -> Iterator[FileBackDoor[JsonFileStore]]:
        with FileBackDoor(JsonFileStore, lambda store: store.path).watching() as door:
            yield door


class TestJsonFileRepository(RepositorySuite):
    abilities = EVERYTHING
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

    @pytest.fixture
    def back_door(self) -> Iterator[FileBackDoor[JsonFileRepository]]:
        with FileBackDoor(opened, lambda repository: repository.path).watching() as door:
            yield door


class JsonFileMachine(RepositoryStateMachine):
    model = MODEL

    def make_repository(self) -> Repository:
        self.folder = tempfile.TemporaryDirectory()
        return JsonFileRepository(Path(self.folder.name, "x.json"), MODEL)

    def reopen_repository(self, repository: Repository) -> Repository:
        repository.close()
        return JsonFileRepository(Path(self.folder.name, "x.json"), MODEL)

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


TestJsonFileMachine = JsonFileMachine.TestCase


class HeldMachine(JsonFileMachine):
    def make_repository(self) -> Repository:
        self.folder = tempfile.TemporaryDirectory()
        return self.opened()

    def reopen_repository(self, repository: Repository) -> Repository:
        repository.close()
        return self.opened()

    def opened(self) -> JsonFileRepository:
        return JsonFileRepository(Path(self.folder.name, "x.json"), MODEL, reading=Reading.HELD)


TestHeldMachine = HeldMachine.TestCase
