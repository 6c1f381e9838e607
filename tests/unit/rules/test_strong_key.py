from typing import Any

import pytest

from crmcore import Account, Address, Campaign, Contact, Lead, PersonName
from crmcore.rules.strong_key import mailboxes, strong_key

LONDON = Address(city="London", postal_code="SW1A 1AA")


def vega(**values: Any) -> Account:
    return Account(**{"name": "Vega Ltd", **values})


def ada(given: str | None = "Ada", family: str = "Lovelace", **values: Any) -> Contact:
    name = PersonName(given=given, family=family, suffix=values.pop("suffix", None))
    return Contact(name=name, **{"email": "ada@vega.example", **values})


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        (vega(tax_id="DE 123"), vega(name="Other", tax_id="de123"), "tax number"),
        (vega(tax_id="1", website="vega.example"), vega(tax_id="2", website="vega.example"), None),
        (vega(website="www.vega.example"), vega(name="VEGA", website="vega.example"), "domain"),
        (vega(website="a.example"), vega(website="b.example"), None),
        (vega(website="gmail.com"), vega(website="gmail.com"), None),
        (vega(billing_address=LONDON), vega(shipping_address=LONDON), "place"),
        (vega(billing_address=LONDON), vega(billing_address=Address(city="london")), "place"),
        (vega(billing_address=LONDON), vega(billing_address=Address(city="Paris")), None),
        (
            vega(billing_address=LONDON),
            vega(billing_address=Address(city="Leeds", postal_code="SW1A1AA")),
            None,
        ),
        (vega(name="Nova Vega", billing_address=LONDON), vega(billing_address=LONDON), None),
        (vega(), vega(), None),
        (vega(is_person=True, tax_id="1"), vega(tax_id="1"), None),
        (vega(name="Ltd", website="a.example"), vega(name="Ltd", website="b.example"), None),
    ],
)
def test_accounts(one: Account, other: Account, key: str | None) -> None:
    for pair in ((one, other), (other, one)):
        found = strong_key(*pair)
        assert (found is None) is (key is None)
        assert key is None or key in str(found)


@pytest.mark.parametrize(
    ("other", "is_strong"),
    [
        (ada(), True),
        (ada(email="Ada+news@VEGA.example"), True),
        (ada(email=None, other_emails=["ada@vega.example"]), True),
        (ada(given="A."), True),
        (ada(given=None), True),
        (ada(given="Grace"), False),
        (ada(family="Love"), False),
        (ada(email="grace@vega.example"), False),
        (ada(email=None), False),
        (ada(suffix="Jr"), True),
    ],
)
def test_people(other: Contact, is_strong: bool) -> None:
    assert (strong_key(ada(), other) is not None) is is_strong


def test_people_of_two_generations_are_two() -> None:
    assert strong_key(ada(suffix="Jr"), ada(suffix="Sr")) is None


def test_leads_are_people_and_other_kinds_have_no_key() -> None:
    lead = Lead(name=PersonName(family="Lovelace"), email="ada@vega.example")
    assert strong_key(lead, ada()) is not None
    assert strong_key(Lead(email="ada@vega.example"), ada()) is None
    assert strong_key(Campaign(name="x"), Campaign(name="x")) is None
    office = ada(email="info@vega.example", other_emails=["ada@vega.example"])
    assert mailboxes(office) == ("ada@vega.example",)
