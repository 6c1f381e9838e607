"""Fields: meanings are plain values."""

from typing import Any, get_args

import attrs
import pytest

from crmcore.fields import (
    CASCADE,
    CLEAR,
    FOLLOW,
    KEEP,
    RESTRICT,
    CustomField,
    FieldType,
    Lookup,
    MultiPicklist,
    Picklist,
    Shape,
    Target,
    Text,
    Whole,
)


@pytest.mark.parametrize("meaning", get_args(FieldType))
def test_meanings_are_values(meaning: type[FieldType]) -> None:
    assert meaning() == meaning()
    assert hash(meaning()) == hash(meaning())
    any_class: Any = meaning
    assert attrs.has(any_class)
    with pytest.raises(AttributeError):
        meaning().anything = 1  # type: ignore[union-attr]  # refused


def test_meanings_of_different_kinds_differ() -> None:
    meanings: list[object] = [Picklist("a"), MultiPicklist("a")]
    assert meanings[0] != meanings[1]
    assert Text() != Text(max_length=5)
    assert Whole(minimum=0) != Whole()


@pytest.mark.parametrize("picklist", [Picklist, MultiPicklist])
def test_a_picklist_is_written_with_its_options(picklist: Any) -> None:
    assert picklist("a", "b").options == ("a", "b")
    assert not picklist("a").open_ended
    assert picklist("a", open_ended=True).open_ended


def test_a_lookup_is_written_with_its_kinds() -> None:
    lookup = Lookup("account")
    assert (lookup.on_merge, lookup.on_delete) == (FOLLOW, RESTRICT)
    assert (lookup.target, lookup.shape) == (Target.STORED, Shape.GRAPH)
    full = Lookup(
        "lead", on_merge=KEEP, on_delete=CASCADE, target=Target.ANYWHERE, shape=Shape.TREE
    )
    assert (full.on_merge, full.on_delete) == (KEEP, CASCADE)
    assert (full.target, full.shape) == (Target.ANYWHERE, Shape.TREE)
    assert Lookup(on_delete=CLEAR).on_delete is CLEAR


def test_a_lookup_to_one_kind_stores_an_id() -> None:
    assert Lookup("account").kind == "account"
    assert Lookup("lead", "contact").kind is None
    assert Lookup().kind is None


def test_a_lookup_accepts_its_kinds_and_without_any_all() -> None:
    assert Lookup("lead", "contact").accepts("lead")
    assert not Lookup("lead", "contact").accepts("account")
    assert Lookup().accepts("anything")


def test_a_custom_field_is_text_unless_it_says_otherwise() -> None:
    one = CustomField(name="tier")
    assert (one.type, one.label, one.required) == (Text(), None, False)
    assert one == CustomField(name="tier", type=Text())
    assert hash(one) == hash(CustomField(name="tier"))
