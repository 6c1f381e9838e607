from crmcore.adapters import MemoryRowStore
from crmcore.ports import RowChange, RowCommit, RowSnapshot, RowStore
from crmcore.ports.rows import RowExpect
from crmcore.query import Query


def test_the_smallest_row_store_is_one() -> None:
    store = MemoryRowStore()
    assert isinstance(store, RowStore)
    with store.snapshot() as now:
        assert isinstance(now, RowSnapshot)


def test_a_commit_of_rows_holds_tuples() -> None:
    one = RowChange("account", "a", 0, None)
    commit = RowCommit(iter([one]), iter([RowExpect("account", "a", 0)]), [Query("account")])
    assert (commit.changes, commit.expects) == ((one,), (RowExpect("account", "a", 0),))
    assert commit.none == (Query("account"),)
