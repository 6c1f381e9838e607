import attrs
import pytest

from crmcore.adapters import MemoryRepository
from crmcore.changes import (
    ChangeSet,
    CheckExists,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
    Insert,
    Update,
)
from crmcore.entities import Account
from crmcore.errors import StoreClosedError
from crmcore.query import F, Query
from crmcore.testing.verdict import put
from crmcore.values import Ref
from crmcore.values.ids import AccountId

A = Account(id=AccountId("a"), name="x")
ABSENT = Ref[Account]("account", "b")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (ChangeSet([Insert(A)]), "account:a: expected a free id, found version 1"),
        (ChangeSet([Update(A, A)]), "account:a: expected version 0, found version 1"),
        (
            ChangeSet(checks=[CheckExists(ABSENT)]),
            "account:b: expected that it exists, found no record",
        ),
        (
            ChangeSet(checks=[CheckVersion(ABSENT, 3)]),
            "account:b: expected version 3, found no record",
        ),
        (
            ChangeSet(checks=[CheckNone(Query.of(Account, F.name == "x"))]),
            "account:a: expected no account where (F.name == 'x'), found a record that matches",
        ),
    ],
    ids=str,
)
def test_a_conflict_says_what_was_expected_and_found(changes: ChangeSet, said: str) -> None:
    store = MemoryRepository()
    put(store, A)
    with pytest.raises(ConflictError) as caught:
        store.commit(changes)
    assert str(caught.value) == f"{said}; read again and decide anew"


def test_the_journal_has_the_records_as_they_were_stored() -> None:
    store = MemoryRepository()
    (first,) = put(store, A)
    blurred = attrs.evolve(first, name="not what is stored")
    store.commit(ChangeSet([Update(blurred, attrs.evolve(first, name="y"))]))
    _, second = store.commits()
    assert second.changes == (Update(first, attrs.evolve(first, name="y", version=2)),)
    store.commit(ChangeSet([Delete(attrs.evolve(blurred, version=2))]))
    assert [one.seq for one in store.commits(after=2)] == [3]
    assert list(store.commits(-1)) == list(store.commits())


def test_a_closed_store_gives_no_journal() -> None:
    store = MemoryRepository()
    store.close()
    with pytest.raises(StoreClosedError, match="make a new one"):
        store.commits()
