from collections.abc import Callable

import pytest

from crmcore.adapters import MemoryRepository
from crmcore.ports import Repository
from crmcore.testing import Ability, RepositoryStateMachine, RepositorySuite


class TestMemoryRepository(RepositorySuite):
    abilities = frozenset({Ability.JOURNAL})

    @pytest.fixture
    def repository(self) -> Callable[[], Repository]:
        return MemoryRepository


class MemoryMachine(RepositoryStateMachine):
    def make_repository(self) -> Repository:
        return MemoryRepository()


TestMemoryMachine = MemoryMachine.TestCase
