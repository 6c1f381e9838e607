from datetime import UTC, datetime

import pytest

from crmcore import STANDARD_MODEL, Address, CustomField, Lead, Money, PersonName
from crmcore.errors import UnknownNameError
from crmcore.interchange import read_form
from crmcore.interchange.web_form import LIMITS, WEB_TO_LEAD
from crmcore.model.describe import parts

MODEL = STANDARD_MODEL.with_custom_fields(Lead, CustomField(name="tier"))

FORM = {
    "oid": "00D000000000062",
    "first_name": " Ada ",
    "last_name": "Lovelace",
    "email": "ada@vega.example",
    "company": "Vega",
    "zip": "SW1A",
    "revenue": "1000",
    "currency": "gbp",
    "emailOptOut": "1",
    "utm_source": "news",
    "utm_medium": "mail",
    "utm_campaign": "spring",
    "gclid": "abc",
    "captured_at": "2026-05-04T10:00:00Z",
    "Campaign_ID": "fair",
    "member_status": "Responded",
    "00N5e1": "blue",
    "phone": "",
}


def test_the_names_of_web_to_lead_are_read_unchanged() -> None:
    read = read_form(FORM, model=MODEL, source="site")
    assert read.values["name"] == PersonName(given="Ada", family="Lovelace")
    assert read.values["address"] == Address(postal_code="SW1A")
    assert read.values["annual_revenue"] == Money(1000, "GBP")
    assert read.values["is_email_opt_out"] is True
    assert read.values["source"] == "site"
    assert (read.source, read.medium) == ("news", "mail")
    assert read.at == datetime(2026, 5, 4, 10, tzinfo=UTC)
    assert (read.campaign_id, read.member_status) == ("fair", "Responded")
    assert read.detail == {
        "currency": "gbp",
        "utm_campaign": "spring",
        "gclid": "abc",
        "00N5e1": "blue",
    }
    assert [one.code for one in read.findings] == ["capture.unknown_field"]


def test_custom_fields_are_mapped_by_name_or_as_told() -> None:
    assert read_form({"tier": "a"}, model=MODEL).values == {"custom.tier": "a"}
    read = read_form({"00N5e1": "a"}, model=MODEL, columns={"00N5e1": "custom.tier"})
    assert read.values == {"custom.tier": "a"}
    with pytest.raises(UnknownNameError):
        read_form({"00N5e1": "a"}, model=MODEL, columns={"00N5e1": "custom.teir"})


def test_what_does_not_fit_is_kept_and_told() -> None:
    posted = {"employees": "many", "captured_at": "noon", "revenue": "5", "currency": "?"}
    read = read_form({**posted, "company": "x" * 50}, model=MODEL)
    assert read.detail == {"employees": "many", "captured_at": "noon", "currency": "?"}
    assert read.values["annual_revenue"] == Money(5, "EUR")
    assert read.at is None
    assert sorted(one.code for one in read.findings) == [
        "capture.long",
        "capture.value",
        "capture.value",
    ]
    assert not read.findings.errors


def test_a_whole_name_and_its_parts_are_not_both_read() -> None:
    read = read_form({"name": "Ada King", "last_name": "Lovelace"}, model=MODEL)
    assert read.values["name"] == PersonName(given="Ada", family="King")
    assert read.detail == {"last_name": "Lovelace"}


def test_every_name_fills_a_field_of_a_lead() -> None:
    schema = MODEL.schema("lead")
    for path in WEB_TO_LEAD.values():
        head, _, part = path.partition(".")
        assert schema.has(head)
        assert not part or part in parts(schema.field(head).python)
    assert LIMITS.keys() <= WEB_TO_LEAD.keys()
