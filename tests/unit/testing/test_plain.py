import attrs
import pytest

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
from crmcore.entities import Account, Case
from crmcore.query import F, Query
from crmcore.testing.plain import PlainStore
from crmcore.values import Ref
from crmcore.values.ids import AccountId, CaseId

A = Account(id=AccountId("a"), name="x")


def store() -> PlainStore:
    plain = PlainStore()
    plain.commit(ChangeSet([Insert(A)]))
    return plain


def stored(version: int) -> Account:
    return attrs.evolve(A, version=version)


@pytest.mark.parametrize(
    "changes",
    [
        ChangeSet([Insert(A)]),
        ChangeSet([Update(stored(2), stored(2))]),
        ChangeSet([Update(A, A)]),
        ChangeSet([Delete(stored(0))]),
        ChangeSet([Delete(Account(id=AccountId("b"), name="x"))]),
        ChangeSet(checks=[CheckVersion(A.ref, 2)]),
        ChangeSet(checks=[CheckVersion(A.ref, 0)]),
        ChangeSet(checks=[CheckVersion(Ref("account", "b"), 1)]),
        ChangeSet(checks=[CheckExists(Ref("case", "a"))]),
        ChangeSet(checks=[CheckNone(Query.of(Account, F.name == "x"))]),
    ],
    ids=str,
)
def test_what_does_not_fit_is_a_conflict(changes: ChangeSet) -> None:
    plain = store()
    with pytest.raises(ConflictError):
        plain.commit(changes)
    assert (plain.seq, plain.records) == (1, {A.ref: stored(1)})


@pytest.mark.parametrize(
    "changes",
    [
        ChangeSet([Update(stored(1), stored(1))]),
        ChangeSet([Insert(Case(id=CaseId("a"), subject="x"))]),
        ChangeSet([Insert(Account(id=AccountId("b"), name="y"))], [CheckNone(Query.of(Case))]),
        ChangeSet(
            [Update(stored(1), attrs.evolve(A, version=1, name="y"))],
            [
                CheckNone(Query.of(Account, F.name == "x")),
                CheckVersion(A.ref, 1),
                CheckVersion(Ref("account", "b"), 0),
                CheckExists(A.ref),
            ],
        ),
    ],
    ids=str,
)
def test_what_fits_is_stored(changes: ChangeSet) -> None:
    plain = store()
    assert plain.commit(changes) == plain.seq == 2
    for one in changes.written:
        assert plain.records[one.ref] == attrs.evolve(one, version=2)


def test_numbers_may_be_given() -> None:
    plain = store()
    assert plain.commit(ChangeSet([Delete(stored(1))]), 7) == plain.seq == 7
    assert plain.commit(ChangeSet(), 9) == 7
    assert plain.everything([Account, Case]) == []
