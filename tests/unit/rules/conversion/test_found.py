from typing import Any

from attrs import evolve

from crmcore import STANDARD_MODEL, Account, Contact
from crmcore.model.policies import NoCompany
from crmcore.rules.conversion import find_targets, newcomers
from crmcore.values.ids import ContactId
from tests.unit.rules.conversion.cases import account, contact, lead, request

PERSONS = STANDARD_MODEL.with_policies(no_company=NoCompany.PERSON_ACCOUNT)
KNOWN = contact(email="ada@engines.example", account_id="account")


def found(
    *known: Account | Contact, homes: tuple[Account, ...] = (), model: Any = None, **asked: Any
) -> Any:
    given = request(**({} if model is None else {"model": model}), **asked)
    return find_targets(given, newcomers(given), known, homes)


def test_what_would_be_made_has_no_id_of_its_own() -> None:
    new = newcomers(request())
    assert [one.ref.kind for one in new] == ["account", "contact"]
    assert {one.id for one in new} == {"not made yet"}
    assert newcomers(request(account=account(), contact=contact(account_id="account"))) == ()


def test_a_contact_found_brings_its_account_of_the_same_name() -> None:
    home = account(name="Engines Ltd")
    done = found(KNOWN, homes=(home,))
    assert (done.account, done.contact) == (home, KNOWN)
    assert dict(done.reasons)["account"] == "the account of the contact found"


def test_a_contact_of_another_company_is_not_taken() -> None:
    done = found(KNOWN, homes=(account(name="Orion"),))
    assert (done.account, done.contact, done.reasons) == (None, None, ())


def test_a_contact_goes_into_the_account_given_or_none() -> None:
    given = account(id="given")
    done = found(KNOWN, homes=(account(name="Orion"),), account=given)
    assert (done.account, done.contact) == (None, KNOWN)
    private = evolve(KNOWN, account_id=None)
    assert found(private).contact == private


def test_a_person_without_company_is_taken_with_the_account_they_have() -> None:
    home = account(name="Orion")
    assert found(KNOWN, homes=(home,), lead=lead(company=None)).account == home
    assert found(KNOWN, homes=(home,), lead=lead(company=None), model=PERSONS).contact is None
    person = evolve(home, is_person=True, name="Ada Lovelace")
    done = found(KNOWN, homes=(person,), lead=lead(company=None), model=PERSONS)
    assert (done.account, done.contact) == (person, KNOWN)


def test_of_several_none_is_taken() -> None:
    other = evolve(KNOWN, id=ContactId("other"))
    done = found(KNOWN, other)
    assert done.contact is None
    assert [one.code for one in done.findings] == ["conversion.several_found"]


def test_an_account_found_by_its_own_key_is_taken() -> None:
    one = lead(website="engines.example")
    known = account(name="ENGINES", website="engines.example")
    done = found(known, lead=one)
    assert (done.account, done.contact) == (known, None)
    assert dict(done.reasons)["account"].startswith("found by its name and web domain")


def test_nothing_is_found_for_what_is_not_made() -> None:
    assert found(KNOWN, contact=contact(account_id=None)).contact is None
