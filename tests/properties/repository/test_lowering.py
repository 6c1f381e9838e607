from typing import Any

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.adapters import MemoryRowStore, RowRepository, run_rows
from crmcore.adapters.lowering import lower
from crmcore.changes import ChangeSet, CheckNone, ConflictError
from crmcore.codec import Codec
from crmcore.entities import Record
from crmcore.model.describe import defaults
from crmcore.ports import Row, RowChange, RowCommit
from crmcore.query import Query, matches, run
from crmcore.testing import strategies
from tests.adapters import MODEL

CODEC = Codec(MODEL)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Query[Any], list[Row]]:
    """A query, and rows it can be asked about; some were written before some fields existed."""
    entity: type[Record] = draw(st.sampled_from(MODEL.entities))
    drawn = st.lists(strategies.records(entity, MODEL), max_size=5, unique_by=lambda one: one.id)
    records = draw(drawn)
    rows = [draw(older(CODEC.row(attrs.evolve(one, version=1)), entity)) for one in records]
    known = [CODEC.record(row) for row in rows]
    return draw(strategies.queries(entity, MODEL, records=known)), rows


def older(row: Row, entity: type[Record]) -> st.SearchStrategy[Row]:
    """The row, perhaps as it was before fields were added that have a default."""
    late = [
        name
        for name in row.data
        if name != "id" and defaults(entity).get(name, attrs.NOTHING) is not attrs.NOTHING
    ]
    without = st.sets(st.sampled_from(late)) if late else st.just(set[str]())
    return without.map(
        lambda names: attrs.evolve(
            row, data={key: one for key, one in row.data.items() if key not in names}
        )
    )


def stored(rows: list[Row]) -> RowRepository:
    store = MemoryRowStore()
    store.commit(RowCommit(RowChange(one.kind, one.id, 0, one.data) for one in rows))
    return RowRepository(store, MODEL)


@given(questions())
def test_what_is_lowered_leaves_out_nothing(question: tuple[Query[Any], list[Row]]) -> None:
    """S7 Every row whose record answers is among those that the store is asked for."""
    query, rows = question
    lowered = lower(query, MODEL)
    event(f"exact: {lowered.is_exact}")
    asked = {row.id for row in rows if matches(lowered.query.where, row.data)}
    meant = {row.id for row in rows if matches(query.where, CODEC.record(row))}
    assert meant <= asked
    if lowered.is_exact:
        assert asked == meant
    if lowered.is_ordered:
        whole = query if lowered.is_exact else attrs.evolve(query, limit=None)
        found = [row.id for row in run_rows(lowered.query, rows) if row.id in meant]
        assert found == [one.id for one in run(whole, [CODEC.record(row) for row in rows])]


@given(questions())
def test_a_query_over_rows_answers_what_it_means(question: tuple[Query[Any], list[Row]]) -> None:
    """S7 What the store answers and what is tested above it are, together, the query itself."""
    query, rows = question
    with stored(rows).snapshot() as now:
        found = [one.id for one in now.find(query)]
    assert found == [one.id for one in run(query, [CODEC.record(row) for row in rows])]


@given(questions())
def test_a_check_over_rows_means_what_it_says(question: tuple[Query[Any], list[Row]]) -> None:
    """S7 A check for none is refused exactly where a record matches its filter."""
    query, rows = question
    repository = stored(rows)
    changes = ChangeSet([], [CheckNone(query)])
    if any(matches(query.where, CODEC.record(row)) for row in rows):
        with pytest.raises(ConflictError):
            repository.commit(changes)
    else:
        assert repository.commit(changes) == (1 if rows else 0)
