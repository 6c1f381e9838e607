from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, Insert
from crmcore.entities import Account, Activity, Contact, Record
from crmcore.model.describe import describe
from crmcore.ports import Overlay, Snapshot
from crmcore.query import Query
from crmcore.testing import strategies
from crmcore.testing.strategies.values import IDS
from crmcore.testing.verdict import everything, put
from tests.properties.changes import content

ENTITIES = (Account, Contact, Activity)


def answers(moment: Snapshot, query: Query[Record]) -> list[str]:
    return [one.id for one in moment.find(query)]


@given(st.data())
def test_an_overlay_answers_as_the_repository_will_once_it_is_committed(
    data: st.DataObject,
) -> None:
    repository = MemoryRepository()
    for _ in range(2):
        stored = everything(repository, ENTITIES)
        repository.commit(data.draw(strategies.change_sets(stored, entities=ENTITIES)))
    stored = everything(repository, ENTITIES)
    first = data.draw(strategies.change_sets(stored, entities=ENTITIES))
    with repository.snapshot() as before:
        overlay = Overlay(before, first)
        seen = [one for entity in ENTITIES for one in overlay.find(Query.of(entity))]
        later = data.draw(strategies.change_sets(seen, entities=ENTITIES))
        both = Overlay(overlay, later)
        repository.commit(first.then(later))
        assert both.seq == before.seq
        with repository.snapshot() as after:
            for entity in ENTITIES:
                there = list(after.find(Query.of(entity)))
                assert content(both.find(Query.of(entity))) == content(there)
                found, wanted = both.get(entity, IDS), after.get(entity, IDS)
                assert content(found.values()) == content(wanted.values())
                assert sorted(found) == sorted(wanted)
                fields = {one.path for one in describe(entity)} - {"version", "updated_at"}
                query = data.draw(strategies.queries(entity, records=there, among=fields))
                assert answers(both, query) == answers(after, query)


def test_an_overlay_of_nothing_is_the_snapshot() -> None:
    repository = MemoryRepository()
    (account,) = put(repository, Account(name="x"))
    with repository.snapshot() as now:
        overlay = Overlay(now, ChangeSet())
        assert dict(overlay.get(Account, [account.id, "gone"])) == {account.id: account}
        assert list(overlay.find(Query.of(Account))) == [account]


def test_a_snapshot_is_not_asked_for_records_that_are_written() -> None:
    repository = MemoryRepository()
    new = Account(name="x")
    with repository.snapshot() as now:
        overlay = Overlay(now, ChangeSet([Insert(new)]))
        repository.close()
        assert dict(overlay.get(Account, [new.id])) == {new.id: new}
