from crmcore.adapters import MemoryRepository
from crmcore.ports import Repository, Snapshot


def test_the_reference_implementation_is_a_repository() -> None:
    repository = MemoryRepository()
    assert isinstance(repository, Repository)
    with repository.snapshot() as now:
        assert isinstance(now, Snapshot)
