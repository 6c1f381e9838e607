from typing import Any

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.adapters import MemoryRowStore, RowRepository, run_rows
from crmcore.adapters.lowering import lower
from crmcore.changes import ChangeSet, CheckNone, ConflictError
from crmcore.codec import Codec
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Activity,
    Campaign,
    Judgement,
    Opportunity,
    OpportunityChange,
    Record,
    kind_of,
)
from crmcore.model.describe import defaults
from crmcore.ports import Row, RowChange, RowCommit
from crmcore.query import (
    Compare,
    F,
    Filter,
    In,
    Missing,
    Not,
    Operator,
    Query,
    matches,
    run,
    value_at,
)
from crmcore.testing import strategies
from crmcore.values import FrozenMap
from tests.adapters import MODEL, Subscription

CODEC = Codec(MODEL)
ENTITIES = (
    Account,
    AccountContactRelation,
    Activity,
    Campaign,
    Judgement,
    Opportunity,
    OpportunityChange,
    Subscription,
)
"""Entities that have, between them, fields of every type, with and without a default."""

EACH = pytest.mark.parametrize("entity", ENTITIES, ids=kind_of)


@st.composite
def questions(draw: st.DrawFn, entity: type[Record]) -> tuple[Query[Any], list[Row]]:
    """A query, and rows it can be asked about; some were written before some fields existed."""
    drawn = st.lists(strategies.records(entity, MODEL), min_size=2, max_size=4)
    records = [attrs.evolve(one, id=f"{at}") for at, one in enumerate(draw(drawn))]
    rows = [draw(older(CODEC.row(attrs.evolve(one, version=1)), entity)) for one in records]
    known = [CODEC.record(row) for row in rows]
    query = draw(strategies.queries(entity, MODEL, records=known))
    if draw(st.integers(0, 3)):
        query = attrs.evolve(query, where=draw(telling(entity, known)))
    return query, rows


@st.composite
def telling(draw: st.DrawFn, entity: type[Record], records: list[Record]) -> Filter:
    """A filter for what one of the records has, so that it often tells it from the others."""
    names = [one.name for one in MODEL.schema(entity).standard]
    late = with_default(entity)

    def term() -> Filter:
        is_late: bool = draw(st.booleans())
        path = F[draw(st.sampled_from(late if late and is_late else names))]
        value = value_at(draw(st.sampled_from(records)), path)
        if value is None:
            return Missing(path)
        plain = Compare(path, draw(st.sampled_from(Operator)), value)
        choices: list[Filter] = [plain, Not(plain), In(path, (value,))]
        return draw(st.sampled_from(choices))

    match draw(st.sampled_from(["one", "and", "or"])):
        case "and":
            return term() & term()
        case "or":
            return term() | term()
        case _:
            return term()


def with_default(entity: type[Record]) -> list[str]:
    """The fields that a row may lack and that mean something then."""
    nothing: tuple[Any, ...] = (attrs.NOTHING, None, (), frozenset(), FrozenMap())
    given = {name: default for name, default in defaults(entity).items() if name != "version"}
    return [name for name, default in given.items() if default not in nothing]


def older(row: Row, entity: type[Record]) -> st.SearchStrategy[Row]:
    """The row, perhaps as it was before fields were added that have a default."""
    late = [name for name in row.data if name in with_default(entity)]
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


@EACH
@given(data=st.data())
def test_what_is_lowered_leaves_out_nothing(entity: type[Record], data: st.DataObject) -> None:
    """S7 Every row whose record answers is among those that the store is asked for."""
    query, rows = data.draw(questions(entity))
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


@EACH
@given(data=st.data())
def test_a_query_over_rows_answers_what_it_means(entity: type[Record], data: st.DataObject) -> None:
    """S7 What the store answers and what is tested above it are, together, the query itself."""
    query, rows = data.draw(questions(entity))
    records = [CODEC.record(row) for row in rows]
    with stored(rows).snapshot() as now:
        for limit in (None, *range(len(rows))):
            some = attrs.evolve(query, limit=limit)
            assert [one.id for one in now.find(some)] == [one.id for one in run(some, records)]


@EACH
@given(data=st.data())
def test_a_check_over_rows_means_what_it_says(entity: type[Record], data: st.DataObject) -> None:
    """S7 A check for none is refused exactly where a record matches its filter."""
    query, rows = data.draw(questions(entity))
    repository = stored(rows)
    changes = ChangeSet([], [CheckNone(query)])
    if any(matches(query.where, CODEC.record(row)) for row in rows):
        with pytest.raises(ConflictError):
            repository.commit(changes)
    else:
        assert repository.commit(changes) == (1 if rows else 0)
