"""Sieve: many records at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import Account, Contact, F, Money, Opportunity, PersonName
from crmcore.query import ALL, Filter, Or, matches, sieve
from crmcore.testing import strategies
from tests.adapters import MODEL, Subscription

DEALS = [
    Opportunity(id=f"d{n}", name=f"Deal {n % 3}", stage=stage, amount=amount)  # type: ignore[arg-type]  # plain ids
    for n, (stage, amount) in enumerate(
        [
            ("Won", Money(10, "EUR")),
            ("Lost", None),
            ("Won", None),
            ("Proposal", Money("9.99", "EUR")),
            ("Won", Money("1E+2", "EUR")),
        ]
    )
]


@pytest.mark.parametrize(
    "where",
    [
        ALL,
        F.stage == "Won",
        (F.stage == "Won") & (F.amount.amount >= Decimal(10)),
        (F.stage == "Won") & (F.amount.amount >= 10) & (F.name == "Deal 1"),
        F.stage.in_(["Won", "Lost"]) & (F.amount == None),  # noqa: E711  # a filter
        F.stage.in_([]),
        F.is_closed == True,  # noqa: E712  # a filter on a field that a deal has not
        ~(F.stage == "Won") | F.amount.is_none(),
        F.nothing.is_none(),
        F["not a name"] == "x",
    ],
)
def test_what_is_kept_is_what_matches(where: Filter) -> None:
    expected = [one for one in DEALS if matches(where, one)]
    assert list(sieve(where)(DEALS)) == expected


@given(st.data())
def test_it_keeps_of_any_records_what_matches(data: st.DataObject) -> None:
    """K4 A filter on many records at once answers what it answers on each."""
    entity = data.draw(st.sampled_from([Account, Contact, Opportunity, Subscription]))
    records = data.draw(st.lists(strategies.records(entity, MODEL), max_size=5))
    where = data.draw(strategies.queries(entity, MODEL, records=records)).where
    assert list(sieve(where)(records)) == [one for one in records if matches(where, one)]


def test_a_value_that_has_no_hash_is_in_no_set() -> None:
    given: Any = ["unhashable"]  # Any: bad data
    people = [
        Contact(name=PersonName(family="A"), title=given),
        Contact(name=PersonName(family="B"), title="x"),
    ]
    assert list(sieve(F.title.in_(["x", "y"]))(people)) == people[1:]


def test_flags_are_not_numbers() -> None:
    one: Any = 1  # Any: bad data
    people = [
        Contact(name=PersonName(family="A"), is_active=one),
        Contact(name=PersonName(family="B"), is_active=True),
    ]
    assert list(sieve(F.is_active == True)(people)) == people[1:]  # noqa: E712  # a filter


def test_nothing_is_called_twice_for_an_empty_list() -> None:
    assert list(sieve(Or(()))([])) == []
