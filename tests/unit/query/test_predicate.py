from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import Account, Contact, F, PersonName
from crmcore.query import ALL, Filter, matches, predicate
from crmcore.testing import strategies
from tests.adapters import MODEL, Subscription

ROWS: list[Any] = [
    {},
    {"a": None},
    {"a": "x", "b": {"c": 1}},
    {"a": "xy", "b": {"c": True}},
    {"a": 1, "b": {"c": Decimal("1.0")}},
    {"a": True, "b": "text"},
]


@pytest.mark.parametrize(
    "where",
    [
        ALL,
        F.a == "x",
        F.a == 1,
        F.a == True,  # noqa: E712 - a filter
        F.b.c == 1,
        F.a.in_(["x", "z"]),
        F.a.in_([1, "x"]),
        F.a.in_([]),
        F.a.starts_with("x"),
        F.a.is_none(),
        F.a.contains("y"),
        F.a > "x",
        ~(F.a == "x"),
        (F.a == "x") & (F.b.c == 1),
        (F.a == "x") | (F.b.c == 1),
        (F.a == "x") & (F.b.c == 1) & ALL,
    ],
    ids=str,
)
def test_it_says_of_mappings_what_matches_says(where: Filter) -> None:
    test = predicate(where)
    assert [test(row) for row in ROWS] == [matches(where, row) for row in ROWS]


@given(st.data())
def test_it_says_of_records_what_matches_says(data: st.DataObject) -> None:
    """K4 A filter made into a function answers what the filter answers."""
    entity = data.draw(st.sampled_from([Account, Contact, Subscription]))
    records = data.draw(st.lists(strategies.records(entity, MODEL), max_size=5))
    where = data.draw(strategies.queries(entity, MODEL, records=records)).where
    test = predicate(where)
    assert [test(one) for one in records] == [matches(where, one) for one in records]


def test_a_field_that_a_record_lacks_is_missing() -> None:
    record = Contact(name=PersonName(family="x"))
    assert predicate(F.nothing.is_none())(record)
    assert not predicate(F.nothing == "x")(record)
