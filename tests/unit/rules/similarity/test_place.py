"""Postal addresses."""

import pytest

from crmcore.rules.similarity.place import (
    normal_postal_code,
    normal_street,
    place_form,
    place_likeness,
)
from crmcore.values import Address


def likeness(left: Address, right: Address) -> float | None:
    one, other = place_form(left), place_form(right)
    assert one is not None
    assert other is not None
    assert place_likeness(one, other) == place_likeness(other, one)
    return place_likeness(one, other)


LAKE = "41 Lake Rd."


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (Address(street=LAKE, city="Bath"), Address(street="41, Lake Road", city="BATH"), 1.0),
        (Address(street=LAKE), Address(street=LAKE, city="Bath"), 0.7),
        (Address(street=LAKE, city="Bath"), Address(street=LAKE, city="Rome"), 0.4),
        (Address(postal_code="1234"), Address(postal_code="1234", street=LAKE), 0.5),
        (Address(city="Åbergsund"), Address(city="Abergsund"), 0.3),
        (Address(city="Hänelheim"), Address(city="Hänelhiem"), 0.3),
        (Address(postal_code="1", street=LAKE), Address(postal_code="1", street="9 Lake Rd"), 0.2),
        (Address(city="Bath", street=LAKE), Address(city="Bath", street="41 Mill Rd"), 0.1),
        (Address(city="Bath"), Address(city="Rome"), 0.0),
        (Address(postal_code="1234"), Address(postal_code="4321"), 0.0),
        (Address(postal_code="1234", city="Bath"), Address(postal_code="4321", city="Bath"), 0.3),
        (Address(street="12"), Address(street="12 Main St"), 0.7),
        (Address(street="12"), Address(street="Main St"), 0.0),
        (Address(street="Main St"), Address(street="12 Main St"), 0.7),
        (Address(city="Bath"), Address(postal_code="1234"), None),
        (Address(city="Bath"), Address(street=LAKE), None),
    ],
)
def test_addresses_are_graded(left: Address, right: Address, expected: float | None) -> None:
    assert likeness(left, right) == expected


@pytest.mark.parametrize(
    "value", [None, "Bath", Address(), Address(country="UK"), Address(city="-")]
)
def test_nothing_is_compared_of_what_says_no_place(value: object) -> None:
    assert place_form(value) is None


def test_short_street_words_are_spelt_out() -> None:
    assert normal_street("Hauptstr. 5") == normal_street("Hauptstraße 5") == "hauptstrasse 5"
    assert normal_street("5 Oak Ave") == "5 oak avenue"


def test_a_long_zip_code_is_its_first_five_digits() -> None:
    assert normal_postal_code("12345-6789") == normal_postal_code("12345") == "12345"
    assert normal_postal_code("sw1a 1aa") == normal_postal_code("SW1A1AA") == "sw1a1aa"
