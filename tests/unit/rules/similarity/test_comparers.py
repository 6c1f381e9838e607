"""The named comparers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crmcore.errors import InvalidValueError
from crmcore.rules.similarity import COMPARERS, comparers
from crmcore.values import Address, Money, PersonName, Ref

DAY = date(1990, 3, 4)


@pytest.mark.parametrize(
    ("name", "left", "right", "expected"),
    [
        ("exact", " ACME ", "acme", 1.0),
        ("exact", "acme", "acmes", 0.0),
        ("exact", 1, 1, 1.0),
        ("exact", 1, True, 0.0),
        ("exact", 1, "1", 0.0),
        ("exact", Decimal(1), Decimal("1.0"), 1.0),
        ("exact", Money(1, "EUR"), Money(2, "EUR"), 0.0),
        ("exact", "", "", None),
        ("exact", object(), object(), None),
        ("identifier", "DE 123-456", "de123456", 1.0),
        ("identifier", 5, 5, None),
        ("reference", "a1", "a1", 1.0),
        ("reference", Ref("account", "a1"), Ref("account", "a2"), 0.0),
        ("reference", "", "", None),
        ("text", "Head of Sales", "Head of sale", pytest.approx(0.98, abs=0.01)),
        ("text", "Head of Sales", "Buyer", 0.0),
        ("text", "-", "-", None),
        ("date", DAY, DAY, 1.0),
        ("date", DAY, date(1990, 4, 3), 0.8),
        ("date", DAY, date(1990, 3, 7), 0.7),
        ("date", DAY, date(1909, 3, 4), 0.7),
        ("date", DAY, date(1985, 3, 7), 0.0),
        ("date", DAY, datetime(1990, 3, 4, tzinfo=UTC), None),
        ("email", "ADA@x.org", "ada@x.org", 1.0),
        ("phone", "+49 30 1234567", "030/1234567", 0.95),
        ("person_name", PersonName(family="Lovelace", given="Ada"), "Ada Lovelace", 1.0),
        ("company_name", "Acme Ltd", "ACME", 1.0),
        ("domain", "www.acme.example", "acme.example", 1.0),
        ("address", Address(city="Bath"), Address(city="BATH"), 0.3),
    ],
)
def test_values_are_graded(name: str, left: object, right: object, expected: float | None) -> None:
    assert COMPARERS[name](left, right) == COMPARERS[name](right, left) == expected


def test_every_comparer_says_what_it_does() -> None:
    assert {name for name, one in COMPARERS.items() if one.name != name or not one.about} == set()


def test_numbers_of_a_region_are_known_by_their_country() -> None:
    german = comparers("DE")["phone"]
    assert german("030 1234567", "+49 30 1234567") == 1.0
    assert german("030 1234567", "+41 30 1234567") == 0.0
    assert comparers(None) is COMPARERS


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="XX"):
        comparers("XX")["phone"]("030 1234567", "030 1234567")
