import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crmcore.codec import (
    dump_changes,
    dump_filter,
    dump_query,
    load_changes,
    load_filter,
    load_query,
)
from crmcore.entities import Record
from crmcore.query import Query, run
from crmcore.testing import strategies
from crmcore.testing.verdict import form
from tests.adapters import MODEL

ENTITIES = st.sampled_from(MODEL.entities)


def through_text(stored: Any) -> Any:
    """What is left of data once it was written as JSON text."""
    return json.loads(json.dumps(stored))


@st.composite
def asked(draw: st.DrawFn) -> tuple[Query[Any], list[Record]]:
    """A query, and records it can be asked about."""
    entity = draw(ENTITIES)
    records = draw(
        st.lists(strategies.records(entity, MODEL), max_size=4, unique_by=lambda r: r.id)
    )
    return draw(strategies.queries(entity, MODEL, records=records)), records


@given(asked())
def test_a_query_survives_its_serialised_form(question: tuple[Query[Any], list[Record]]) -> None:
    """K4 Filter, order, cursor and limit, with values of every type, through JSON text."""
    query, _ = question
    stored = dump_query(query, MODEL)
    again = load_query(through_text(stored), MODEL)
    assert form(again) == form(query)
    assert dump_query(again, MODEL) == stored
    assert form(load_filter(dump_filter(query.where, MODEL), MODEL)) == form(query.where)


@given(asked())
def test_a_query_answers_the_same_each_time(question: tuple[Query[Any], list[Record]]) -> None:
    """K4 Twice, in any order of the records, and after its serialised form."""
    query, records = question
    first = [one.ref for one in run(query, records)]
    assert [one.ref for one in run(query, reversed(records))] == first
    again = load_query(through_text(dump_query(query, MODEL)), MODEL)
    assert [one.ref for one in run(again, records)] == first


@given(st.data())
def test_a_change_set_survives_its_serialised_form(data: st.DataObject) -> None:
    """K4 The queries in its checks, and whole records before and after."""
    stored = data.draw(
        st.lists(ENTITIES.flatmap(lambda e: strategies.records(e, MODEL)), max_size=4)
    )
    known = tuple({one.ref: one for one in stored}.values())
    changes = data.draw(strategies.change_sets(known, model=MODEL))
    again = load_changes(through_text(dump_changes(changes, MODEL)), MODEL)
    assert again == changes
    assert [form(one) for one in again.written] == [form(one) for one in changes.written]
