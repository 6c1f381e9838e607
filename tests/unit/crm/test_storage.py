from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pytest

from crmcore import STANDARD_MODEL, Account, Crm, MemoryRepository
from crmcore.adapters import MemoryRowStore, RowRepository
from crmcore.crm.storage import as_repository
from crmcore.errors import UsageError
from crmcore.ports import RowCommit, RowSnapshot


class Foreign:
    """A row store as a third party writes it, with three methods and nothing else."""

    def __init__(self) -> None:
        self._store = MemoryRowStore()

    def snapshot(self) -> AbstractContextManager[RowSnapshot]:
        return self._store.snapshot()

    def commit(self, changes: RowCommit, /) -> int:
        return self._store.commit(changes)

    def close(self) -> None:
        self._store.close()


def test_a_repository_is_taken_as_it_is() -> None:
    store = MemoryRepository()
    assert as_repository(store, STANDARD_MODEL) is store


@pytest.mark.parametrize("store", [Foreign(), MemoryRowStore()])
def test_a_row_store_is_made_a_repository(store: Any) -> None:
    assert isinstance(as_repository(store, STANDARD_MODEL), RowRepository)
    crm = Crm(store)
    acme = crm.add(Account(name="Acme"))
    assert crm.get(Account, acme.id) == acme


def test_what_has_other_methods_is_refused() -> None:
    nonsense: Any = object()
    with pytest.raises(UsageError, match="snapshot, commit and close"):
        as_repository(nonsense, STANDARD_MODEL)
