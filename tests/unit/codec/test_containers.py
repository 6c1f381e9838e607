from typing import Any

import pytest

from crmcore.codec.containers import CONTAINERS, each, each_value, optional, ordered, read_map
from crmcore.codec.errors import Misfit
from crmcore.codec.scalars import SCALARS
from crmcore.model.describe import Holds
from crmcore.values import FrozenMap

TEXT = SCALARS[str]


@pytest.mark.parametrize(
    ("holds", "value", "stored"),
    [
        (Holds.TUPLE, ("b", "a"), ["b", "a"]),
        (Holds.SET, frozenset("ba"), ["a", "b"]),
        (Holds.MAP, FrozenMap(b="1", a="2"), {"a": "2", "b": "1"}),
    ],
)
def test_a_container_comes_back(holds: Holds, value: Any, stored: Any) -> None:
    form = CONTAINERS[holds](TEXT)
    assert form.write(value) == stored
    assert form.read(stored) == value
    assert type(form.read(stored)) is type(value)


@pytest.mark.parametrize("holds", CONTAINERS)
def test_a_container_is_not_taken_for_another(holds: Holds) -> None:
    form = CONTAINERS[holds](TEXT)
    for value in (["a"], "a", None, {"a": "b"}):
        with pytest.raises(Misfit):
            form.write(value)
    for stored in ("a", None, 3):
        with pytest.raises(Misfit):
            form.read(stored)


def test_the_order_of_a_set_depends_on_its_elements_only() -> None:
    mixed = [{"b": 1}, "b", 2, None, True, "a", {"a": 1}]
    assert ordered(mixed) == ordered(list(reversed(mixed)))


def test_an_optional_value_may_be_absent() -> None:
    form = optional(TEXT)
    assert (form.write(None), form.read(None)) == (None, None)
    assert (form.write("a"), form.read("a")) == ("a", "a")


def test_a_misfit_inside_is_placed() -> None:
    with pytest.raises(Misfit) as caught:
        each(["a", 3], TEXT.read)
    assert caught.value.path == "[1]"
    with pytest.raises(Misfit) as caught:
        each_value({"a": ["x"]}, lambda items: each(items, SCALARS[int].read))
    assert caught.value.path == "a[0]"


def test_a_key_is_text() -> None:
    with pytest.raises(Misfit, match="a key must be text"):
        read_map({1: "a"}, TEXT.read)
