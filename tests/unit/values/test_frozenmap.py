"""Frozen maps: nothing that a caller keeps can change what they hold."""

import copy
import pickle
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.values.frozenmap import FrozenMap, frozen_value

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


def test_it_is_a_mapping() -> None:
    one = FrozenMap({"b": 2}, a=1)
    assert one["a"] == 1
    assert one.get("c") is None
    assert len(one) == 2
    assert "a" in one
    assert list(one) == ["a", "b"]
    assert dict(one) == {"a": 1, "b": 2}
    assert repr(one) == "FrozenMap({'a': 1, 'b': 2})"
    assert not FrozenMap()
    with pytest.raises(KeyError):
        one["c"]


def test_items_can_be_given_as_pairs() -> None:
    assert FrozenMap([("a", 1)]) == FrozenMap({"a": 1}) == FrozenMap(a=1)


def test_it_cannot_change() -> None:
    one: Any = FrozenMap(a=1)
    with pytest.raises(TypeError):
        one["a"] = 2
    with pytest.raises(AttributeError, match="with_items"):
        one.other = 1
    with pytest.raises(AttributeError, match="without"):
        del one._items


def test_what_the_caller_keeps_changes_nothing() -> None:
    given_items: dict[str, Any] = {"a": [1, {"b": [2]}], "c": {3}}
    one = FrozenMap(given_items)
    given_items["a"][1]["b"].append(4)
    given_items["c"].add(5)
    given_items["z"] = 1
    assert one == {"a": (1, FrozenMap(b=(2,))), "c": frozenset({3})}
    assert hash(one)


@given(st.dictionaries(st.text(max_size=3), PLAIN, max_size=4))
def test_equal_maps_are_interchangeable(items: dict[str, Any]) -> None:
    one = FrozenMap(items)
    other = FrozenMap(dict(reversed(items.items())))
    assert one == other
    assert hash(one) == hash(other) == hash(one)
    assert list(one) == sorted(items)
    assert repr(one) == repr(other)
    for twin in (copy.deepcopy(one), pickle.loads(pickle.dumps(one)), FrozenMap(one)):  # noqa: S301  # our own
        assert twin == one


def test_it_equals_other_mappings_and_nothing_else() -> None:
    assert FrozenMap(a=1) == {"a": 1}
    assert FrozenMap(a=1) == MappingProxyType({"a": 1})
    assert FrozenMap(a=1) != {"a": 2}
    assert FrozenMap(a=1) != [("a", 1)]
    assert FrozenMap(a=1) != FrozenMap(a=2)


def test_successors_leave_it_as_it_is() -> None:
    one = FrozenMap[Any](a=1, b=2)
    assert one.with_items({"b": [3]}, c=4) == {"a": 1, "b": (3,), "c": 4}
    assert one.with_items() == one
    assert one.without("a", "z") == {"b": 2}
    assert one == {"a": 1, "b": 2}


def test_keys_that_are_no_text_come_last_as_they_were_given() -> None:
    items: Any = {3: "x", "b": 1, None: "y", "a": 2, 10**5_000: "z"}
    assert list(FrozenMap(items)) == ["a", "b", 3, None, 10**5_000]


def test_unhashable_values_are_held_but_not_hashed() -> None:
    one = FrozenMap(a=bytearray(b"x"))
    assert one == FrozenMap(a=bytearray(b"x"))
    with pytest.raises(TypeError):
        hash(one)


def test_values_of_other_types_come_back_as_they_are() -> None:
    value = object()
    assert frozen_value(value) is value
    one = FrozenMap(a=1)
    assert frozen_value(one) is one
    assert frozen_value([{1}, (2, [3])]) == (frozenset({1}), (2, (3,)))


def test_what_holds_itself_or_is_nested_too_deep_is_refused() -> None:
    loop: list[Any] = []
    loop.append({"again": loop})
    with pytest.raises(RecursionError, match="100 levels"):
        FrozenMap(a=loop)
    with pytest.raises(RecursionError, match="100 levels"):
        frozen_value(loop)
    deep: Any = "leaf"
    for _ in range(99):
        deep = [deep]
    assert FrozenMap(a=deep) == FrozenMap(a=frozen_value(deep))
