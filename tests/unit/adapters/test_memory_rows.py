import pytest

from crmcore.adapters import MemoryRowStore
from crmcore.changes import ConflictError
from crmcore.errors import StoreClosedError
from crmcore.ports import RowChange, RowCommit, RowStore
from crmcore.query import Query

ONE = RowCommit([RowChange("account", "a", 0, {"id": "a"})])


def test_a_snapshot_stays_in_its_moment() -> None:
    store: RowStore = MemoryRowStore()
    with store.snapshot() as before:
        assert store.commit(ONE) == 1
        assert (before.seq, list(before.find(Query("account")))) == (0, [])
    with store.snapshot() as now:
        assert (now.seq, set(now.get("account", ["a"]))) == (1, {"a"})


def test_a_refused_commit_stores_nothing() -> None:
    store = MemoryRowStore()
    store.commit(ONE)
    with pytest.raises(ConflictError):
        store.commit(RowCommit([RowChange("account", "b", 0, {"id": "b"}), *ONE.changes]))
    with store.snapshot() as now:
        assert (now.seq, set(now.get("account", ["a", "b"]))) == (1, {"a"})


def test_a_closed_store_refuses_everything() -> None:
    store = MemoryRowStore()
    store.close()
    store.close()
    with pytest.raises(StoreClosedError):
        store.commit(ONE)
    with pytest.raises(StoreClosedError), store.snapshot():
        pass
