import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import ChangeSet, CheckExists, CheckNone, CheckVersion, Delete, Insert, Update
from crmcore.entities import Account, Contact
from crmcore.testing import strategies
from crmcore.testing.plain import PlainStore
from crmcore.values import PersonName
from crmcore.values.ids import AccountId, ContactId
from tests.unit.testing.strategies import any_of, smallest

STORED = (
    Account(id=AccountId("a"), name="x", version=3),
    Contact(id=ContactId("a"), name=PersonName(family="x"), version=4),
)


@given(data=st.data())
def test_change_sets_fit_what_is_stored(data: st.DataObject) -> None:
    plain = PlainStore()
    for _ in range(3):
        changes = data.draw(strategies.change_sets(list(plain.records.values())))
        number = plain.seq
        assert plain.commit(changes) == number + bool(changes)
        undo = changes.as_stored(plain.seq).inverse()
        PlainStore.commit(plain, undo)


@pytest.mark.parametrize("kind", [Insert, Update, Delete])
def test_every_change_is_drawn(kind: type) -> None:
    any_of(strategies.change_sets(STORED), lambda one: any(isinstance(each, kind) for each in one))


@pytest.mark.parametrize("kind", [CheckVersion, CheckExists, CheckNone])
def test_every_check_is_drawn(kind: type) -> None:
    drawn = strategies.change_sets(STORED)
    any_of(drawn, lambda one: any(isinstance(each, kind) for each in one.checks))
    if kind is not CheckVersion:
        any_of(drawn, lambda one: any(isinstance(each, kind) for each in one.undo_checks))


@given(strategies.change_sets(STORED, entities=(Account,), among=lambda one: one.name == "phone"))
def test_entities_and_fields_can_be_chosen(changes: ChangeSet) -> None:
    for one in changes:
        if isinstance(one, Insert):
            assert isinstance(one.after, Account)
            after = one.after
            assert after == Account(id=after.id, name=after.name, phone=after.phone)


def test_the_smallest_set_is_empty() -> None:
    assert smallest(strategies.change_sets(STORED)) == ChangeSet()
