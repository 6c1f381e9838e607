"""What is asked of a conversion is checked before anything is decided."""

from typing import Any

import pytest

from crmcore.entities import Account, Contact, Lead, Opportunity
from crmcore.errors import UnknownNameError, UsageError
from crmcore.fields import CustomField
from crmcore.model.describe import custom_schema
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.pipeline import LeadCategory, LeadStatus
from crmcore.rules.conversion.request import (
    SKIP,
    check_request,
    converted_status,
    is_blank,
    is_converted,
    is_present,
    overwritten,
    value_of,
)
from crmcore.rules.field_map import STANDARD_FIELD_MAP
from crmcore.values import FrozenMap, PersonName
from tests.unit.rules.conversion.cases import account, contact, deal, lead, request


@pytest.mark.parametrize(
    "values",
    [
        {"converted_at": "2026"},
        {"converted_account_id": "a"},
        {"converted_contact_id": "c"},
        {"converted_opportunity_id": "o"},
    ],
)
def test_a_lead_is_converted_once_it_says_so(values: dict[str, Any]) -> None:
    assert not is_converted(lead())
    assert is_converted(lead(**values))


@pytest.mark.parametrize("value", [0, False, "", PersonName()])
def test_these_are_values(value: object) -> None:
    assert is_present(value)


@pytest.mark.parametrize("value", [None, (), frozenset(), FrozenMap()])
def test_these_are_none(value: object) -> None:
    assert not is_present(value)


@pytest.mark.parametrize(
    ("value", "blank"),
    [(None, True), ("", True), (" ", True), (PersonName(), True), ("a", False), (0, False)],
)
def test_a_name_is_blank_when_there_is_nothing_to_read(value: object, blank: bool) -> None:
    assert is_blank(value) is blank


def test_a_custom_value_of_a_record_without_a_mapping_is_missing() -> None:
    tier = custom_schema(CustomField(name="tier"))
    bad: Any = 5
    assert value_of(tier, lead(custom={"tier": "gold"})) == "gold"
    assert value_of(tier, lead(custom=bad)) is None


@pytest.mark.parametrize("status", ["Working", "New", "Unqualified"])
def test_a_status_that_does_not_mean_converted_is_refused(status: str) -> None:
    with pytest.raises(UsageError, match="'Converted'"):
        converted_status(status, lead(), STANDARD_MODEL)


def test_an_unknown_status_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'Converted'"):
        converted_status("Convertd", lead(), STANDARD_MODEL)


def test_a_lead_with_a_converted_status_keeps_it() -> None:
    done = LeadStatus("Done", LeadCategory.CONVERTED)
    model = STANDARD_MODEL.with_lead_statuses(*STANDARD_MODEL.lead_statuses, done)
    assert converted_status(None, lead(), model).key == "Converted"
    assert converted_status(None, lead(status="Done"), model) == done
    assert converted_status("Converted", lead(status="Done"), model).key == "Converted"


def test_overwrite_names_a_target_or_a_field_of_all_targets() -> None:
    assert overwritten("contact.phone", STANDARD_FIELD_MAP) == {"contact.phone"}
    assert overwritten(["phone"], STANDARD_FIELD_MAP) == {"contact.phone", "account.phone"}
    with pytest.raises(UnknownNameError, match=r"'contact\.phone'"):
        overwritten(["contact.phon"], STANDARD_FIELD_MAP)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"contact": contact(account_id="account")}, "has an account"),
        ({"opportunity": deal(account_id="account")}, "has an account"),
        (
            {"opportunity": deal(account_id="other"), "account": account()},
            "belongs to another account",
        ),
        ({"opportunity": SKIP, "stage": "Won"}, "stage would describe a new deal"),
        (
            {"opportunity": deal(), "opportunity_name": "x", "close_on": "y"},
            "opportunity_name, close_on",
        ),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(asked: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        check_request(request(**asked))


@pytest.mark.parametrize("entity", [Account, Contact, Opportunity, Lead])
def test_a_disabled_target_is_refused(entity: type) -> None:
    given = {"account": account(), "contact": contact(), "opportunity": deal()}
    model = STANDARD_MODEL.with_disabled(entity)
    with pytest.raises(UsageError, match="disabled"):
        check_request(request(model, **given))


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"contact": contact(account_id="other"), "account": account()},
        {"opportunity": deal(account_id="account"), "account": account()},
        {"opportunity": SKIP},
        {"opportunity_name": "Engine", "stage": "Proposal"},
    ],
)
def test_arguments_that_go_together_are_accepted(asked: dict[str, Any]) -> None:
    check_request(request(**asked))


def test_where_accounts_are_disabled_none_needs_to_be_given() -> None:
    model = STANDARD_MODEL.with_disabled(Account)
    check_request(request(model, contact=contact(account_id="account")))


def test_the_person_is_the_leads_else_the_contacts() -> None:
    ben = PersonName(family="Nevis")
    assert request(contact=contact(name=ben)).person == "Ada Lovelace"
    assert request(lead=lead(name=None), contact=contact(name=ben)).person == "Nevis"
    assert request(lead=lead(name=PersonName())).person == ""


def test_the_owner_is_the_one_given_else_the_leads() -> None:
    assert request(lead=lead(owner_id="a")).owner == "a"
    assert request(lead=lead(owner_id="a"), owner_id="b").owner == "b"
