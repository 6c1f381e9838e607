from typing import Any

from crmcore.adapters.jsonfile.places import Indexed, Normal, Place, asked, places_of
from crmcore.model.describe import Holds
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import F
from tests.adapters import MODEL


def test_references_addresses_and_numbers_are_indexed() -> None:
    names = {one.name for one in places_of(MODEL)}
    assert {
        "contact.email",
        "contact.other_emails[]",
        "contact.phone:digits",
        "contact.account_id",
        "contact.external_ids.*",
        "activity.who.id",
        "account.custom.my_lookup",
        "account.custom.my_email",
        "subscription.account_id",
        "subscription.sold_by.id",
    } <= names
    assert "contact.title" not in names
    assert places_of(STANDARD_MODEL) is places_of(STANDARD_MODEL)


def test_the_keys_of_a_row() -> None:
    data: Any = {"a": "x", "n": 1, "l": ["y", "y", 2], "m": {"s": "z", "t": 3}, "p": "+1 (2)"}
    for place, keys in (
        (Place("k", ("a",)), ["x"]),
        (Place("k", ("a", "b")), []),
        (Place("k", ("n",)), []),
        (Place("k", ("none",)), []),
        (Place("k", ("m", "s")), ["z"]),
        (Place("k", ("a",), Holds.TUPLE), []),
        (Place("k", ("l",), Holds.TUPLE), ["y"]),
        (Place("k", ("m",), Holds.MAP), ["s=z"]),
        (Place("k", ("l",), Holds.MAP), []),
        (Place("k", ("m",), Holds.TUPLE), []),
        (Place("k", ("p",), normal=Normal.DIGITS), ["12"]),
    ):
        assert list(place.keys(data)) == keys, place


def test_what_filters_ask() -> None:
    where = (F.a == "x") & F.b.in_(["y", "z"]) & F.c.contains("w") & (F.n == 1) & ~(F.d == "x")
    assert list(asked(where)) == [
        (("a",), Holds.ONE, ("x",)),
        (("b",), Holds.ONE, ("y", "z")),
        (("c",), Holds.TUPLE, ("w",)),
    ]
    assert list(asked(F.m["s"] == "x"))[1] == (("m",), Holds.MAP, ("s=x",))
    assert list(asked(F.a.in_([]))) == []


def test_an_index_helps_where_all_answers_are_in_it() -> None:
    place = Place("k", ("a",), normal=Normal.DIGITS)
    indexed = Indexed((place, Place("k", ("l",), Holds.SET)))
    assert indexed.looked_up("k", F.a == "+1 2") == (place, "k.a:digits", ("12",))
    assert indexed.looked_up("other", F.a == "1") is None
    assert indexed.looked_up("k", (F.a == "1") | (F.b == "2")) is None
    found = indexed.looked_up("k", F.l.contains("x"))
    assert found is not None
    assert found[1] == "k.l[]"
