"""The standard match rules."""

import pytest

from crmcore.entities import Account, Contact, Lead, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    ACCOUNTS,
    CONTACTS,
    LEADS,
    LEADS_AND_CONTACTS,
    WEIGHTED_MATCH_RULES,
    Level,
    MatchRule,
    compare,
)
from crmcore.rules.matching.reading import reader
from crmcore.values import Address, PersonName

BATH = Address(street="1 High St", postal_code="BA1 1AA", city="Bath")


def level(rule: MatchRule, one: Record, other: Record) -> Level:
    match = compare(one, other, rule=rule, model=STANDARD_MODEL)
    return Level.UNLIKELY if match is None else match.level


@pytest.mark.parametrize("rule", WEIGHTED_MATCH_RULES, ids=lambda rule: rule.name)
def test_the_standard_model_has_every_field_named(rule: MatchRule) -> None:
    for kind in rule.kinds:
        assert reader(rule, kind, STANDARD_MODEL).comparisons


@pytest.mark.parametrize("rule", WEIGHTED_MATCH_RULES, ids=lambda rule: rule.name)
def test_every_blocking_key_is_explained(rule: MatchRule) -> None:
    assert all(key.about for key in rule.keys)


def person(name: str, **fields: object) -> Contact:
    return Contact(name=PersonName.parse(name), **fields)  # type: ignore[arg-type]  # fields of a contact


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (person("Ada King", email="a@x.org"), person("King, Ada", email="A@X.org"), Level.SURE),
        (person("Ada King", phone="0301234567"), person("A. King", phone="+49301234567"), "SURE"),
        (person("Ada King"), person("Ada King"), "POSSIBLE"),
        (person("Ada King", email="k@x.org"), person("Tom King", email="k@x.org"), "UNLIKELY"),
        (person("Ada King", email="info@x.org"), person("Tom Hay", email="info@x.org"), "UNLIKELY"),
        (
            person("Ada King", email="k@x.org", phone="0301234567", mailing_address=BATH),
            person("Tom King", email="k@x.org", phone="0301234567", mailing_address=BATH),
            "POSSIBLE",
        ),
    ],
)
def test_contacts_are_judged_with_sense(one: Contact, other: Contact, expected: object) -> None:
    found = level(CONTACTS, one, other)
    assert expected in (found, found.name)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (
            Account(name="Acme Ltd", website="acme.example"),
            Account(name="ACME Limited", website="https://www.acme.example/"),
            Level.SURE,
        ),
        (
            Account(name="Acme", billing_address=BATH),
            Account(name="Acme Ltd", shipping_address=BATH),
            Level.SURE,
        ),
        (
            Account(name="Acme USA", website="acme.example"),
            Account(name="Acme", website="acme.example"),
            Level.UNLIKELY,
        ),
        (
            Account(name="Acme", website="acme.example", billing_address=BATH),
            Account(name="Acme", website="acme.example", billing_address=Address(city="Rome")),
            Level.POSSIBLE,
        ),
        (
            Account(name="Acme", tax_id="DE 123"),
            Account(name="Bolt", tax_id="DE123", billing_address=BATH),
            Level.POSSIBLE,
        ),
    ],
)
def test_accounts_are_judged_with_sense(one: Account, other: Account, expected: Level) -> None:
    assert level(ACCOUNTS, one, other) is expected


def test_leads_are_judged_as_contacts_are() -> None:
    one = Lead(name=PersonName.parse("Ada King"), company="Acme Ltd", address=BATH)
    other = Lead(name=PersonName.parse("Ada King"), company="ACME", mobile="0301234567")
    assert level(LEADS, one, other) is Level.SURE
    contact = person("Ada King", mailing_address=BATH, other_phones=("+49 30 1234567",))
    assert level(LEADS_AND_CONTACTS, one, contact) is Level.SURE
    assert level(LEADS_AND_CONTACTS, contact, other) is Level.SURE
