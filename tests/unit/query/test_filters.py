import pickle
from collections.abc import Callable
from typing import Any

import pytest

from crmcore.errors import QueryError
from crmcore.query import ALL, And, Compare, F, Filter, In, Missing, Not, Operator, Or, Order, Path


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (F.a == 1, Compare(Path("a"), Operator.EQ, 1)),
        (F.a != 1, Not(Compare(Path("a"), Operator.EQ, 1))),
        (F.a < 1, Compare(Path("a"), Operator.LT, 1)),
        (F.a <= 1, Compare(Path("a"), Operator.LE, 1)),
        (F.a > 1, Compare(Path("a"), Operator.GT, 1)),
        (F.a >= 1, Compare(Path("a"), Operator.GE, 1)),
        (F.a == None, Missing(Path("a"))),  # noqa: E711  # a filter
        (F.a != None, Not(Missing(Path("a")))),  # noqa: E711  # a filter
        (F.a.in_([1, 2]), In(Path("a"), (1, 2))),
        (F.custom["tier"].is_none(), Missing(Path("custom", "tier"))),
        ((F.a == 1) & (F.b == 1) & (F.c == 1), And((F.a == 1, F.b == 1, F.c == 1))),
        ((F.a == 1) | (F.b == 1) | (F.c == 1), Or((F.a == 1, F.b == 1, F.c == 1))),
        (~(F.a == 1), Not(F.a == 1)),
        (F.a.asc(), Order(Path("a"))),
        (F.a.desc(), Order(Path("a"), descending=True)),
    ],
    ids=str,
)
def test_paths_make_filters(found: Any, wanted: Any) -> None:
    assert found == wanted
    assert hash(found) == hash(wanted)
    assert pickle.loads(pickle.dumps(found)) == wanted  # noqa: S301  # just made here


def test_filters_hold_frozen_values_only() -> None:
    values = [1, {"a": [2]}]
    found = (F.a == values, F.a.in_([values]), F.a.contains(values))
    values.append(3)
    assert [hash(one) for one in found]
    assert found[0].value == (1, {"a": (2,)})
    assert found[2].value == (1, {"a": (2,)})


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (ALL, "ALL"),
        (F.a.b == "x", "(F.a.b == 'x')"),
        (F.custom["my tier"].is_none(), "F.custom['my tier'].is_none()"),
        (F.a.in_([1]), "F.a.in_([1])"),
        (F.a.contains("x") & F.a.starts_with("y"), "(F.a.contains('x') & F.a.starts_with('y'))"),
        (~(F.a < 1) | (F.b >= 2), "(~(F.a < 1) | (F.b >= 2))"),
        (F.a.desc(), "F.a.desc()"),
        (F.a.asc(), "F.a.asc()"),
    ],
)
def test_filters_are_shown_as_they_are_written(found: Filter, said: str) -> None:
    assert str(found) == said


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: bool(F.a == 1), "combine filters with"),
        (lambda: bool(F.a), "a field has no truth value"),
        (lambda: 1 < F.a < 3, "combine filters with"),
        (lambda: F.a.in_("text"), "in_ takes several values"),
        (lambda: F.a == 0.5, 'write Decimal\\("0.5"\\) or a whole number'),
        (lambda: (F.a == 1) & "x", "only filters can be combined"),
        (lambda: (F.a == 1) | F.b, "only filters can be combined"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: Callable[[], object], why: str) -> None:
    with pytest.raises(QueryError, match=why):
        wrong()


def test_a_path_cannot_change() -> None:
    path: Any = F.a
    with pytest.raises(AttributeError, match="a path cannot change"):
        path.b = 1
    with pytest.raises(AttributeError):
        _ = path._private


def test_paths_compare_by_their_steps() -> None:
    assert F.a.b == F["a"]["b"]
    assert F.a != F.b
    assert F.a.steps == ("a",)
    assert repr(F) == "F"
