from crmcore.adapters import MemoryRepository
from crmcore.ports import HistoryGoneError, Journal


def test_a_repository_that_keeps_its_commits_is_a_journal() -> None:
    assert isinstance(MemoryRepository(), Journal)
    assert not isinstance(object(), Journal)


def test_history_that_is_gone_is_told() -> None:
    error = HistoryGoneError(3, 7)
    assert error == HistoryGoneError(3, 7)
    assert "no commits after 3, only after 7" in str(error)
