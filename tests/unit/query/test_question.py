from typing import Any

import pytest

from crmcore.entities import Account
from crmcore.errors import QueryError
from crmcore.query import ALL, F, Order, Query
from crmcore.values.ids import AccountId

X = Account(id=AccountId("a"), name="x", employees=3)


def test_a_query_is_a_value() -> None:
    query = Query.of(Account, F.name == "x", order=F.name, limit=2)
    assert query == Query("account", F.name == "x", order=[F.name.asc()], limit=2)
    assert hash(query) == hash(Query.of(Account, F.name == "x", order=(F.name,), limit=2))
    assert query.order == (Order(F.name),)


def test_a_query_goes_on_behind_a_record() -> None:
    query = Query.of(Account, order=(F.employees.desc(), F.name), limit=2)
    assert query.cursor(X) == (3, "x", "a")
    assert query.following(X).after == (3, "x", "a")
    assert query.following({"id": "b", "employees": None}).after == (None, None, "b")


def test_a_query_is_shown_in_words() -> None:
    query = Query.of(Account, F.name == "x", order=F.name.desc(), limit=2)
    assert str(query) == "account where (F.name == 'x') by F.name.desc() limit 2"
    assert str(Query("account", ALL, after=("a",))) == "account where ALL after ('a',)"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"where": True}, "this is not a filter"),
        ({"where": F.name}, "this is not a filter"),
        ({"limit": -1}, "a limit is 0 or more"),
        ({"limit": True}, "a limit is 0 or more"),
        ({"after": ()}, "a cursor has one value per key and the id"),
        ({"after": ("a", "b")}, "a cursor has one value per key and the id"),
    ],
)
def test_what_is_no_query_is_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(QueryError, match=why):
        Query("account", **wrong)
