"""Addresses: parts in postal order."""

from typing import Any

import pytest

from crmcore.values.address import Address

WHOLE = Address(
    street="1 rue de la Paix\nBâtiment B",
    city="Paris",
    state="Île-de-France",
    postal_code="75002",
    country="France",
)


def test_lines_are_in_postal_order() -> None:
    assert WHOLE.lines() == (
        "1 rue de la Paix",
        "Bâtiment B",
        "75002 Paris",
        "Île-de-France",
        "France",
    )


def test_an_address_in_one_line_has_commas() -> None:
    assert str(Address(city="Bonn", postal_code="53113", country="DE")) == "53113 Bonn, DE"


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (Address(), ()),
        (Address(city="Bonn"), ("Bonn",)),
        (Address(postal_code="53113"), ("53113",)),
        (Address(postal_code="  ", city=" Bonn "), ("Bonn",)),
        (Address(street="A\r\n\r\n  B  \n"), ("A", "B")),
    ],
)
def test_absent_and_blank_parts_have_no_line(address: Address, lines: tuple[str, ...]) -> None:
    assert address.lines() == lines


@pytest.mark.parametrize("address", [Address(), Address(street="", city=" ", country="\n")])
def test_an_address_of_blank_parts_is_empty(address: Address) -> None:
    assert address.is_empty
    assert str(address) == ""


def test_one_part_makes_an_address_not_empty() -> None:
    assert not Address(country="DE").is_empty


def test_addresses_are_values() -> None:
    assert Address(city="Bonn") == Address(city="Bonn")
    assert len({Address(city="Bonn"), Address(city="Bonn"), Address()}) == 2


def test_a_part_of_a_wrong_type_can_still_be_shown() -> None:
    wrong: Any = 3
    assert str(Address(street=wrong, postal_code=wrong, state=wrong)) == "3, 3, 3"
