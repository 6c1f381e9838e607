"""Key makers."""

import pytest

from crmcore.rules.matching import KEY_MAKERS
from crmcore.rules.similarity import COMPARERS
from crmcore.values import Address, PersonName, Ref


def keys(name: str, value: object) -> set[str]:
    maker = KEY_MAKERS[name]
    form = COMPARERS[maker.of].normal(value)
    return set() if form is None else {key for key in maker.make(form) if key}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("mailbox", "ADA@x.org", {"ada@x.org"}),
        ("mail_domain", "ada@x.org", {"x.org"}),
        ("mail_domain", "ada@gmail.com", set()),
        ("line", "+49 30 1234567", {"1234567"}),
        ("full_name", "Ada Lovelace", {"ada lovelace"}),
        ("full_name", "Lovelace", set()),
        ("full_name", "山田太郎", {"山田太郎"}),
        ("full_name", PersonName(family="山田", given="太郎"), {"山田太郎"}),
        ("name_start", "Ada Lovelace", {"ada lov"}),
        ("name_start", "Lovelace", set()),
        ("family_and_initial", "Ada Lovelace", {"lovelace a", "ada l"}),
        ("family_and_initial", "Lovelace", set()),
        ("either_name", "Gabriel García Márquez", {"marquez", "gabriel"}),
        ("either_name", PersonName(family="García Márquez"), {"garcia", "marquez"}),
        ("company", "Acme Foods Ltd", {"acme foods"}),
        ("company_start", "J P Foods Ltd", {"jpfoo"}),
        ("domain", "www.acme.example", {"acme.example"}),
        ("postal_code", Address(postal_code="SW1A 1AA"), {"sw1a1aa"}),
        ("postal_code", Address(city="Bath"), set()),
        ("city", Address(city="Bath"), {"bath"}),
        ("street", Address(street="41 Lake Rd"), {"41 lake"}),
        ("street", Address(street="41"), set()),
        ("words", "Head of Sales", {"head of sales"}),
        ("identifier", "DE 123", {"de123"}),
        ("record", "a1", {"a1"}),
        ("record", Ref("account", "a1"), {"account:a1"}),
    ],
)
def test_a_value_is_filed_under_its_keys(name: str, value: object, expected: set[str]) -> None:
    assert keys(name, value) == expected


def test_exchanged_names_share_every_key_of_both_names() -> None:
    one, other = PersonName(given="Ada", family="Byron"), PersonName(given="Byron", family="Ada")
    for name in ("full_name", "name_start", "family_and_initial", "either_name"):
        assert keys(name, one) == keys(name, other) != set()


def test_every_key_maker_says_what_it_does_and_reads_a_comparer() -> None:
    for name, maker in KEY_MAKERS.items():
        assert maker.name == name
        assert maker.about
        assert maker.of in COMPARERS
