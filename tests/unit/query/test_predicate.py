from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import Account, Contact, F, Money, PersonName
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
    *({"n": one} for one in (Decimal("NaN"), Decimal("Infinity"), Decimal("1.5"), 2, True, "2")),
    {"d": date(2026, 1, 1), "m": Money("9.99", "EUR")},
    {"d": datetime(2026, 1, 1, tzinfo=UTC), "m": Money(10, "USD")},
    {"m": Money(10, "EUR"), "b": {"c": {"d": 1}}},
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
        F.a >= 1,
        F.b.c < 2,
        F.b.c <= Decimal("1.00"),
        F.b.c >= Decimal("NaN"),
        F.n > Decimal(1),
        F.n <= Decimal("1E+400"),
        F.d < date(2026, 1, 2),
        F.d <= datetime(2026, 1, 2, tzinfo=UTC),
        F.d >= datetime(2026, 1, 2),  # noqa: DTZ001  # what has no time zone compares with nothing
        F.m.amount >= 10,
        F.m >= Money(10, "EUR"),
        F.b.c.d.is_none(),
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
