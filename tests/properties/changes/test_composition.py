from collections import Counter
from collections.abc import Sequence

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.adapters import MemoryRepository
from crmcore.changes import (
    ChangeSet,
    CheckExists,
    CheckNone,
    ConflictError,
    Delete,
    Insert,
    Update,
    compose,
)
from crmcore.entities import Account, Contact, Opportunity, Record
from crmcore.query import F, Query
from crmcore.testing import strategies
from crmcore.testing.verdict import everything
from crmcore.values.ids import AccountId
from tests.properties.changes import content, one_after_the_other, overlaid

ENTITIES = (Account, Contact, Opportunity)


def sets_on(stored: Sequence[Record]) -> st.SearchStrategy[ChangeSet]:
    """Change sets without a way back, so that only what they rely on themselves counts."""
    drawn = strategies.change_sets(stored, entities=ENTITIES)
    return drawn.map(lambda one: attrs.evolve(one, undo_checks=()))


def repository_of(data: st.DataObject) -> tuple[MemoryRepository, list[list[Record]]]:
    """A repository and each state it was in."""
    repository = MemoryRepository()
    states: list[list[Record]] = [[]]
    for _ in range(data.draw(st.integers(0, 2))):
        repository.commit(data.draw(sets_on(states[-1])))
        states.append(everything(repository, ENTITIES))
    return repository, states


def outcome(repository: MemoryRepository, sets: Sequence[ChangeSet]) -> list[Record] | None:
    """What is stored once the sets are committed as one; ``None`` for a conflict."""
    try:
        repository.commit(compose(sets))
    except ConflictError:
        return None
    return everything(repository, ENTITIES)


def wanted(stored: Sequence[Record], sets: Sequence[ChangeSet]) -> list[Record] | None:
    try:
        return one_after_the_other(stored, sets)
    except ConflictError:
        return None


@given(st.data())
def test_composing_equals_committing_one_after_the_other(data: st.DataObject) -> None:
    """K3 Each set is decided on the outcome of those before it."""
    repository, states = repository_of(data)
    now, sets = states[-1], list[ChangeSet]()
    for _ in range(data.draw(st.integers(1, 3))):
        sets.append(data.draw(sets_on(now)))
        now = overlaid(now, sets[-1])
    assert wanted(states[-1], sets) is not None
    found = outcome(repository, sets)
    assert found is not None
    assert content(found) == content(now)


@given(st.data())
def test_composing_meets_the_conflicts_of_committing_one_after_the_other(
    data: st.DataObject,
) -> None:
    """K3 Sets that were decided on another state, or do not know of one another."""
    repository, states = repository_of(data)
    first = checked(data, data.draw(sets_on(data.draw(st.sampled_from(states)))), states[-1])
    seen = [*states, overlaid_or_not(states[-1], first), list(first.written)]
    later = checked(data, data.draw(sets_on(data.draw(st.sampled_from(seen)))), states[-1])
    expected = wanted(states[-1], [first, later])
    event("conflict" if expected is None else "fits")
    found = outcome(repository, [first, later])
    assert (found is None) is (expected is None)
    if found is not None and expected is not None:
        assert content(found) == content(expected)


def checked(data: st.DataObject, changes: ChangeSet, stored: Sequence[Record]) -> ChangeSet:
    """The set, at times with a check that may not hold."""
    some = data.draw(st.lists(strategies.checks(stored), max_size=1))
    return attrs.evolve(changes, checks=[*changes.checks, *some])


def overlaid_or_not(stored: Sequence[Record], changes: ChangeSet) -> list[Record]:
    try:
        return overlaid(stored, changes)
    except KeyError:
        return list(stored)


A, B = Account(id=AccountId("a"), name="x"), Account(id=AccountId("b"), name="y")
NEW, STORED = Account(id=AccountId("c"), name="z"), attrs.evolve(B, version=1)
NO_Y = CheckNone(Query.of(Account, F.name == "y"))


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (
            ChangeSet([Insert(NEW)], [NO_Y]),
            ChangeSet([Update(STORED, attrs.evolve(STORED, name="q"))]),
        ),
        (ChangeSet([Insert(NEW)], [NO_Y]), ChangeSet([Delete(STORED)])),
        (ChangeSet([Insert(A)]), ChangeSet([Delete(A)])),
        (ChangeSet([Insert(A)]), ChangeSet([Delete(A), Insert(NEW)])),
        (ChangeSet([Delete(STORED)], [CheckExists(NEW.ref)]), ChangeSet([Insert(NEW)])),
    ],
    ids=str,
)
def test_the_first_set_is_tested_before_the_later_one_changes_anything(
    first: ChangeSet, later: ChangeSet
) -> None:
    """K3 A record in the way of the first set is not out of it because the later one moves it."""
    repository = MemoryRepository()
    repository.commit(ChangeSet([Insert(A), Insert(B)]))
    assert wanted(everything(repository, ENTITIES), [first, later]) is None
    assert outcome(repository, [first, later]) is None


@given(st.data())
def test_composing_is_associative(data: st.DataObject) -> None:
    """K3 However the sets are paired: the same changes, and the same checks in some order."""
    _, states = repository_of(data)
    now, sets = states[-1], list[ChangeSet]()
    for _ in range(3):
        sets.append(data.draw(strategies.change_sets(now, entities=ENTITIES)))
        now = overlaid(now, sets[-1])
    first, second, third = sets
    left, right = first.then(second).then(third), first.then(second.then(third))
    assert changed(left) == changed(right)
    assert relied_on(left) == relied_on(right)
    assert relied_on(left.inverse()) == relied_on(right.inverse())
    assert (left.reason, left.by, left.at) == (right.reason, right.by, right.at)


def changed(changes: ChangeSet) -> list[str]:
    return sorted(map(repr, changes))


def relied_on(changes: ChangeSet) -> Counter[str]:
    return Counter(set(map(repr, changes.checks)))


@given(st.data())
def test_composing_with_nothing_changes_nothing(data: st.DataObject) -> None:
    """K3 The empty set is neutral, on either side."""
    changes = data.draw(sets_on([]))
    nothing = ChangeSet()
    assert changed(changes.then(nothing)) == changed(nothing.then(changes)) == changed(changes)
    assert compose([]) == nothing
