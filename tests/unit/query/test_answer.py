import random
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import Account
from crmcore.query import ALL, F, Filter, Or, Query, matches, run, sort_key, value_at
from crmcore.query.filters import And
from crmcore.testing import strategies
from crmcore.values import Address, Money, Ref
from crmcore.values.ids import AccountId

RECORD: dict[str, Any] = {
    "id": "a",
    "one": 1,
    "true": True,
    "text": "Ada",
    "number": Decimal("2.50"),
    "money": Money(5, "EUR"),
    "day": date(2024, 2, 29),
    "moment": datetime(2024, 2, 29, tzinfo=UTC),
    "tags": frozenset({"x", "y"}),
    "list": ["x", 1],
    "none": None,
    "place": Address(city="Paris"),
    "map": {"k": "v"},
    "ref": Ref("lead", "a"),
}

TRUE: tuple[Filter, ...] = (
    ALL,
    And(()),
    F.one == 1,
    F.one == Decimal("1.0"),
    F.number == Decimal("2.5"),
    F.true == True,  # noqa: E712  # a filter
    F.true > False,
    F.text == "Ada",
    F.text < "B",
    F.text.starts_with(""),
    F.text.starts_with("Ad"),
    F.text.contains("d"),
    F.tags.contains("x"),
    F.list.contains(1),
    F.map.contains("k"),
    F.map.k == "v",
    F.place.city == "Paris",
    F.place == Address(city="Paris"),
    F.none.is_none(),
    F.absent.is_none(),
    F.place.street.is_none(),
    F.absent.deeper.is_none(),
    F.money >= Money(5, "EUR"),
    F.money.amount < 6,
    F.day <= date(2024, 2, 29),
    F.moment > datetime(2024, 2, 28, tzinfo=UTC),
    F.ref == Ref("lead", "a"),
    F.ref < Ref("lead", "b"),
    F.one.in_([2, 1]),
    ~(F.one == 2),
    (F.one == 2) | (F.one == 1),
)
FALSE: tuple[Filter, ...] = (
    Or(()),
    F.one == True,  # noqa: E712  # a filter
    F.true == 1,
    F.one == "1",
    F.text == "ada",
    F.text < 1,
    F.text.starts_with("ad"),
    F.one.starts_with("1"),
    F.list.contains(True),
    F.tags.contains("z"),
    F.text.contains(1),
    F.map.contains("v"),
    F.map.contains(1),
    F.one.contains(1),
    F.none == False,  # noqa: E712  # a filter
    F.none < 1,
    F.none.in_([None]),
    F.money > Money(1, "USD"),
    F.money == Money(5, "USD"),
    F.day < datetime(2025, 1, 1, tzinfo=UTC),
    F.moment < date(2025, 1, 1),
    F.place < Address(city="Rome"),
    F.place == "Paris",
    F.one.in_([]),
    F.text.is_none(),
    (F.one == 1) & (F.one == 2),
)


@pytest.mark.parametrize("where", TRUE, ids=str)
def test_these_match(where: Filter) -> None:
    assert matches(where, RECORD)
    assert not matches(~where, RECORD)


@pytest.mark.parametrize("where", FALSE, ids=str)
def test_these_do_not(where: Filter) -> None:
    assert not matches(where, RECORD)
    assert matches(~where, RECORD)


@pytest.mark.parametrize("path", [F.name, F.billing_address.city, F.custom["x"], F.nowhere])
def test_records_and_mappings_are_looked_into_alike(path: Any) -> None:
    account = Account(name="x", billing_address=Address(city="Paris"), custom={"x": 1})
    rows = {"name": "x", "billing_address": {"city": "Paris"}, "custom": {"x": 1}}
    assert value_at(account, path) == value_at(rows, path)


def accounts() -> list[Account]:
    numbers = (3, None, 1, 3, 2)
    return [
        Account(id=AccountId(f"{n}"), name=f"{n % 2}", employees=number)
        for n, number in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (Query("account"), "01234"),
        (Query("account", order=F.employees), "12403"),
        (Query("account", order=F.employees.desc()), "03421"),
        (Query("account", order=(F.name.desc(), F.employees)), "13240"),
        (Query("account", order=F.employees, limit=2), "12"),
        (Query("account", limit=0), ""),
        (Query("account", order=F.employees, after=(1, "2")), "403"),
        (Query("account", order=F.employees, after=(3, "1")), "3"),
        (Query("account", order=F.employees.desc(), after=(3, "0")), "3421"),
        (Query("account", order=F.employees, after=(None, "1"), limit=1), "2"),
        (Query("account", F.employees == 3, after=("0",)), "3"),
    ],
    ids=str,
)
def test_answers_are_in_order(query: Query[Account], wanted: str) -> None:
    shuffled = accounts()
    random.Random(7).shuffle(shuffled)
    assert "".join(one.id for one in run(query, shuffled)) == wanted


@given(data=st.data())
def test_pages_are_the_whole_answer(data: st.DataObject) -> None:
    records = data.draw(
        st.lists(strategies.records(Account), max_size=6, unique_by=lambda one: one.id)
    )
    query = data.draw(strategies.queries(Account, records=records))
    whole = list(run(query, records))
    assert whole == list(run(query, records[::-1]))
    for one, other in pairwise(whole):
        assert list(run(query.following(one), records))[:1] == [other] or query.limit is not None
    for one in whole:
        assert matches(query.where, one)


@given(strategies.scalars(), strategies.scalars(), strategies.scalars())
def test_any_values_can_be_sorted(one: Any, other: Any, third: Any) -> None:
    keys = sorted(map(sort_key, (one, other, third, None)))
    assert keys[0] == sort_key(None)
