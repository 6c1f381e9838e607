from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from crmcore.entities import Account, Contact
from crmcore.entities.ledger import Verdict
from crmcore.query import equal, sort_key
from crmcore.query.filters import Operator
from crmcore.query.values import ordered
from crmcore.testing import strategies
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref
from crmcore.values.ids import AccountId

RISING: tuple[Any, ...] = (
    None,
    False,
    True,
    Decimal(-1),
    0,
    Decimal("0.10"),
    9,
    Decimal("1E+2"),
    date(2024, 1, 1),
    date(2024, 2, 1),
    datetime(2024, 1, 1, tzinfo=UTC),
    datetime(2024, 1, 1, 1, tzinfo=UTC),
    Money(9, "EUR"),
    Money(100, "EUR"),
    Money(1, "USD"),
    Ref("account", "b"),
    Ref("contact", "a"),
    "",
    "B",
    "a",
    "á",
    Address(city="Paris"),
    Address(city="Rome"),
    Decimal("NaN"),
    PersonName(family="x"),
    Verdict.DUPLICATE,
    datetime(2024, 1, 1),  # noqa: DTZ001  # bad data sorts too
    FrozenMap(a=1),
    FrozenMap(a=2),
    FrozenMap(b=1),
    (1, "a"),
    (2,),
    frozenset({"a"}),
    frozenset({"a", "b"}),
)


@pytest.mark.parametrize(
    ("one", "other"), tuple(pairwise(RISING)), ids=lambda one: type(one).__name__
)
def test_values_sort_by_type_and_then_by_value(one: Any, other: Any) -> None:
    assert sort_key(one) < sort_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (2, Decimal("2.00")),
        (frozenset("abcdefgh"), frozenset("hgfedcba")),
        (FrozenMap(a=1, b=2), {"b": 2, "a": 1}),
        ((1, 2), [1, 2]),
        (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC, fold=1)),
        (
            (datetime(2024, 1, 1, tzinfo=UTC),),
            (datetime(2024, 1, 1, tzinfo=UTC, fold=1),),
        ),
        (
            Account(id=AccountId("a"), name="x", labels=frozenset({"p", "q"})),
            Account(id=AccountId("a"), name="x", labels=frozenset({"q", "p"})),
        ),
    ],
)
def test_equal_values_have_equal_keys(one: Any, other: Any) -> None:
    assert sort_key(one) == sort_key(other)


@given(strategies.records(Contact), strategies.records(Contact))
def test_whole_records_can_be_sorted(one: Contact, other: Contact) -> None:
    assert (sort_key(one) < sort_key(other)) + (sort_key(other) < sort_key(one)) == (one != other)


@pytest.mark.parametrize(
    ("left", "right", "is_equal"),
    [
        (None, None, False),
        (1, True, False),
        (True, True, True),
        (1, Decimal("1.0"), True),
        ("1", 1, False),
        (date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC), False),
        (Money(1, "EUR"), Money(1, "USD"), False),
        (Address(), PersonName(), False),
        (Address(), Address(), True),
        (frozenset({"a"}), frozenset({"a"}), True),
    ],
)
def test_values_are_equal_within_a_type(left: Any, right: Any, *, is_equal: bool) -> None:
    assert equal(left, right) is equal(right, left) is is_equal


@pytest.mark.parametrize(
    ("left", "right", "holds"),
    [
        (1, 2, {"<", "<="}),
        (2, Decimal("2.0"), {"<=", ">="}),
        ("b", "a", {">", ">="}),
        (False, True, {"<", "<="}),
        (Money(2, "EUR"), Money(1, "EUR"), {">", ">="}),
        (Money(2, "EUR"), Money(1, "USD"), set()),
        (None, 1, set()),
        (1, None, set()),
        (1, True, set()),
        (Address(city="a"), Address(city="b"), set()),
    ],
)
def test_values_are_ordered_within_a_type(left: Any, right: Any, holds: set[str]) -> None:
    tried = (Operator.LT, Operator.LE, Operator.GT, Operator.GE)
    assert {one.value for one in tried if ordered(one, left, right)} == holds
