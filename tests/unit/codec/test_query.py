import json
from decimal import Decimal
from typing import Any

import pytest

from crmcore.codec import (
    DecodeError,
    EncodeError,
    dump_filter,
    dump_query,
    load_filter,
    load_query,
)
from crmcore.entities import Account
from crmcore.entities.ledger import Verdict
from crmcore.query import ALL, F, Filter, Or, Query
from crmcore.values import Ref

FILTERS: tuple[tuple[Filter, Any], ...] = (
    (ALL, {"op": "all"}),
    (F.name == "x", {"op": "==", "path": ["name"], "value": "x"}),
    (F.a.b >= Decimal(1), {"op": ">=", "path": ["a", "b"], "value": {"$decimal": "1"}}),
    (F.a.is_none(), {"op": "missing", "path": ["a"]}),
    (F.a.starts_with("x"), {"op": "starts_with", "path": ["a"], "text": "x"}),
    (F.a.contains(1), {"op": "contains", "path": ["a"], "value": 1}),
    (F.a.in_([1, "x"]), {"op": "in", "path": ["a"], "values": [1, "x"]}),
    (~(F.a == True), {"op": "not", "term": {"op": "==", "path": ["a"], "value": True}}),  # noqa: E712  # a filter
    (Or(()), {"op": "or", "terms": []}),
    (
        (F.a < 1) & (F.b == Ref("lead", "x")),
        {
            "op": "and",
            "terms": [
                {"op": "<", "path": ["a"], "value": 1},
                {"op": "==", "path": ["b"], "value": {"$ref": {"kind": "lead", "id": "x"}}},
            ],
        },
    ),
    (
        F.verdict == Verdict.DUPLICATE,
        {"op": "==", "path": ["verdict"], "value": {"$value": ["judgement.verdict", "duplicate"]}},
    ),
)


@pytest.mark.parametrize(("where", "stored"), FILTERS)
def test_a_filter_is_data(where: Filter, stored: Any) -> None:
    assert dump_filter(where) == stored
    assert load_filter(json.loads(json.dumps(stored))) == where


def test_a_query_is_data() -> None:
    query = Query.of(
        Account, F.name == "x", order=[F.name.desc(), F.employees], after=("x", None, "a"), limit=3
    )
    stored = dump_query(query)
    assert stored == {
        "kind": "account",
        "where": {"op": "==", "path": ["name"], "value": "x"},
        "order": [
            {"path": ["name"], "descending": True},
            {"path": ["employees"], "descending": False},
        ],
        "after": ["x", None, "a"],
        "limit": 3,
    }
    assert load_query(stored) == query


def test_a_plain_query_is_short() -> None:
    stored = dump_query(Query.of(Account))
    assert stored == {"kind": "account", "where": {"op": "all"}}
    assert load_query(stored) == Query.of(Account)


@pytest.mark.parametrize(
    ("where", "path"),
    [
        (F.a == b"x", "value"),
        ((F.a == 1) | (F.b.in_([1, b"x"])), "terms[1].values[1]"),
        (~(F.a == b"x"), "term.value"),
        (F.a.contains(b"x"), "value"),
        (F.a.starts_with(3), "text"),  # type: ignore[arg-type]  # bad data
    ],
)
def test_a_value_that_cannot_be_written_is_named(where: Filter, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        dump_filter(where)
    assert caught.value.path == path
    with pytest.raises(EncodeError) as caught:
        dump_query(Query("account", where))
    assert caught.value.path == f"where.{path}"


@pytest.mark.parametrize(
    ("stored", "path"),
    [
        ("all", ""),
        ({}, ""),
        ({"op": "an"}, ""),
        ({"op": ["and"]}, ""),
        ({"op": "all", "path": []}, ""),
        ({"op": "==", "path": ["a"]}, "value"),
        ({"op": "==", "path": "a", "value": 1}, "path"),
        ({"op": "==", "path": [1], "value": 1}, "path"),
        ({"op": "==", "path": ["a"], "value": 1.5}, "value"),
        ({"op": "in", "path": ["a"], "values": 1}, "values"),
        ({"op": "starts_with", "path": ["a"], "text": 1}, "text"),
        ({"op": "and", "terms": [{"op": "not", "term": 3}]}, "terms[0].term"),
    ],
)
def test_what_is_no_filter_is_refused(stored: Any, path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        load_filter(stored)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"kind": 3}, "kind"),
        ({"where": 3}, "where"),
        ({"limit": "3"}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": -1}, ""),
        ({"limits": 1}, ""),
        ({"order": "name"}, "order"),
        ({"order": [{"path": ["a"], "descending": 1}]}, "order[0].descending"),
        ({"order": [{"path": ["a"]}]}, "order[0].descending"),
        ({"order": ["a"]}, "order[0]"),
        ({"after": "a"}, "after"),
        ({"after": ["a", "b"]}, ""),
        ({"after": [1.5]}, "after[0]"),
    ],
)
def test_what_is_no_query_is_refused(changed: Any, path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        load_query({"kind": "account", "where": {"op": "all"}, **changed})
    assert caught.value.path == path
