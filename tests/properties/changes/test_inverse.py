from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, compose
from crmcore.entities import STANDARD_ENTITIES, Record
from crmcore.testing import strategies
from crmcore.testing.verdict import everything, form
from tests.properties.changes import content, overlaid


def stored(repository: MemoryRepository) -> list[Record]:
    return everything(repository, STANDARD_ENTITIES)


def grown(data: st.DataObject, commits: int) -> MemoryRepository:
    repository = MemoryRepository()
    for _ in range(commits):
        repository.commit(data.draw(strategies.change_sets(stored(repository))))
    return repository


@given(st.data(), st.integers(0, 2))
def test_the_inverse_of_the_inverse_is_the_set_itself(data: st.DataObject, commits: int) -> None:
    """K1 With its checks, reason, author and moment, and the order of its changes."""
    changes = data.draw(strategies.change_sets(stored(grown(data, commits))))
    again = changes.inverse().inverse()
    assert again == changes
    assert [form(one) for one in again.written] == [form(one) for one in changes.written]


@given(st.data(), st.integers(0, 2))
def test_a_set_and_then_its_inverse_restore_what_was_there(
    data: st.DataObject, commits: int
) -> None:
    """K2 Every field of every record but version and ``updated_at``, and no record more or less."""
    repository = grown(data, commits)
    before = stored(repository)
    changes = data.draw(strategies.change_sets(before))
    number = repository.commit(changes)
    repository.commit(changes.as_stored(number).inverse())
    assert content(stored(repository)) == content(before)


@given(st.data(), st.integers(1, 2))
def test_several_sets_composed_are_undone_at_once(data: st.DataObject, commits: int) -> None:
    """K2 Also where one set makes a record and a later one changes or deletes it."""
    repository = grown(data, commits)
    before = stored(repository)
    now, sets = before, list[ChangeSet]()
    for _ in range(3):
        sets.append(data.draw(strategies.change_sets(now)))
        now = overlaid(now, sets[-1])
    changes = compose(sets)
    number = repository.commit(changes)
    assert content(stored(repository)) == content(now)
    repository.commit(changes.as_stored(number).inverse())
    assert content(stored(repository)) == content(before)
