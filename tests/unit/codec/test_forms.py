from decimal import Decimal
from typing import Any

import attrs
import pytest

from crmcore.codec import Codec, DecodeError, EncodeError
from crmcore.codec.errors import Misfit
from crmcore.codec.forms import ModelForms
from crmcore.entities import Account, Contact, Record
from crmcore.values import FrozenMap, Money, PersonName
from crmcore.values.ids import AccountId
from tests.unit.codec.samples import MODEL, Box, Colour, Node, Sample, Size, Undeclared

CODEC = Codec(MODEL)
PLAIN = Sample(id="s", text="x", losers=())
FULL = Sample(
    id="s",
    text="x",
    losers=("a", "b"),
    colour=Colour.RED,
    size=Size.SMALL,
    tier=None,
    levels=(),
    tags=frozenset({"b", "a"}),
    rates=FrozenMap(a=Decimal("1.5")),
    prices=frozenset({Money(2, "USD"), Money(1, "EUR")}),
    tree=Node(name="root", children=(Node(name="leaf", is_open=False),)),
    box=Box("y", Colour.GREEN),
    account=Account(id=AccountId("a"), name="Acme", version=3),
    either=3,
    choice="b",
    mark="m",
    pair=("a", 1),
    anything=FrozenMap(x=frozenset({Colour.RED}), y=(Size.SMALL, Node(name="n"), Box("b"))),
)


@pytest.mark.parametrize("record", [PLAIN, FULL], ids=["plain", "full"])
def test_an_entity_of_a_user_comes_back(record: Sample) -> None:
    assert CODEC.record(CODEC.row(record)) == record


def test_only_nothing_that_is_the_default_is_left_out() -> None:
    assert CODEC.row(PLAIN).data == {
        "id": "s",
        "text": "x",
        "losers": [],  # there is no default
        "colour": "green",
        "tier": "gold",
        "levels": [1, 2],
        "choice": "a",
        "count": 0,
    }
    data = CODEC.row(FULL).data
    assert data["tier"] is None  # the default is something
    assert data["levels"] == []
    assert data["tree"]["children"] == [{"name": "leaf", "is_open": False}]


def test_sets_are_sorted() -> None:
    data = CODEC.row(FULL).data
    assert data["tags"] == ["a", "b"]
    assert data["prices"] == [
        {"amount": "1", "currency": "EUR"},
        {"amount": "2", "currency": "USD"},
    ]


def test_what_has_no_single_type_says_what_it_is() -> None:
    data = CODEC.row(FULL).data
    assert data["either"] == 3
    assert data["pair"] == {"$tuple": ["a", 1]}
    assert data["anything"] == {
        "$map": {
            "x": {"$set": [{"$value": ["sample.colour", "red"]}]},
            "y": {
                "$tuple": [
                    "small",
                    {"$value": ["sample.tree", {"name": "n", "is_open": True}]},
                    {"$value": ["sample.box", {"content": "b", "colour": "red"}]},
                ]
            },
        }
    }


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"colour": Undeclared.ONE}, "colour"),
        ({"anything": Undeclared.ONE}, "anything"),
        ({"anything": [1]}, "anything"),
        ({"account": Contact(name=PersonName(family="L"))}, "account"),
        ({"tree": Node(name="a", children=(Node(name=3),))}, "tree.children[0].name"),  # type: ignore[arg-type]  # bad data
        ({"box": Node(name="a")}, "box"),
        ({"rates": {"a": Decimal(1)}}, "rates"),
        ({"rates": FrozenMap(a=1)}, "rates.a"),
        ({"tags": {"a"}}, "tags"),
        ({"losers": ["a"]}, "losers"),
    ],
)
def test_a_value_of_another_type_is_refused(changed: dict[str, Any], path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        CODEC.row(attrs.evolve(FULL, **changed))
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"account": "a"}, "account"),
        ({"account": {"kind": "account", "data": {}}}, "account"),
        ({"account": {"kind": "acount", "version": 1, "data": {}}}, "account"),
        ({"account": {"kind": 3, "version": 1, "data": {}}}, "account"),
        ({"account": {"kind": "account", "version": 1, "data": 3}}, "account"),
        ({"account": {"kind": "account", "version": 1, "data": {"id": "a"}}}, "account.name"),
        ({"account": {"kind": "user", "version": 1, "data": {"name": "x"}}}, "account"),
        ({"anything": {"$value": ["sample.shade", "red"]}}, "anything"),
        ({"anything": {"$value": "red"}}, "anything"),
        ({"anything": {"$tuple": [{"$map": [1]}]}}, "anything[0]"),
        ({"anything": {"$decimal": "1", "$set": []}}, "anything"),
        ({"anything": [1]}, "anything"),
        ({"count": -1}, ""),
        ({"tree": {"children": []}}, "tree.name"),
        ({"rates": {"a": 1}}, "rates.a"),
    ],
)
def test_a_row_of_another_shape_is_refused(changed: dict[str, Any], path: str) -> None:
    row = CODEC.row(FULL)
    with pytest.raises(DecodeError) as caught:
        CODEC.record(attrs.evolve(row, data={**row.data, **changed}))
    assert caught.value.path == path


def test_a_record_of_any_kind_fits_where_any_record_does() -> None:
    form = ModelForms(MODEL).of(Record)
    stored = form.write(PLAIN)
    assert stored["kind"] == "sample"
    assert form.read(stored) == PLAIN


def test_a_class_does_not_read_what_is_no_object() -> None:
    with pytest.raises(Misfit, match="this must be an object, not str"):
        ModelForms(MODEL).of(Node).read("x")
