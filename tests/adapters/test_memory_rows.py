from collections.abc import Callable

import pytest

from crmcore.adapters import MemoryRowStore, RowRepository
from crmcore.ports import Repository, RowStore
from crmcore.testing import RepositoryStateMachine, RepositorySuite, RowStoreSuite
from tests.adapters import MODEL


class TestMemoryRowStore(RowStoreSuite):
    @pytest.fixture
    def store(self) -> Callable[[], RowStore]:
        return MemoryRowStore


class TestRowRepository(RepositorySuite):
    model = MODEL

    @pytest.fixture
    def repository(self) -> Callable[[], Repository]:
        return lambda: RowRepository(MemoryRowStore(), MODEL)


class RowMachine(RepositoryStateMachine):
    model = MODEL

    def make_repository(self) -> Repository:
        return RowRepository(MemoryRowStore(), MODEL)


TestRowMachine = RowMachine.TestCase
