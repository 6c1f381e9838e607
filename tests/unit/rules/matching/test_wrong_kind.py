import pytest

from crmcore import Account, Contact, Crm, Lead, PersonName
from crmcore.rules.matching.wrong_kind import is_like_company, is_like_person, wrong_kinds


@pytest.mark.parametrize("name", ["Robert Smith", "Kate Jones", "William A. King"])
def test_some_accounts_are_people(name: str) -> None:
    assert is_like_person(name)


@pytest.mark.parametrize("name", ["Acme", "Robert Smith Ltd", "Acme Foods", "Bob", ""])
def test_others_are_not(name: str) -> None:
    assert not is_like_person(name)


@pytest.mark.parametrize(
    ("name", "expected"), [("Bolt Foods GmbH", True), ("Ada King", False), ("GmbH", False)]
)
def test_a_legal_form_makes_a_company(name: str, expected: bool) -> None:
    assert is_like_company(name) is expected


def test_every_confusion_is_found() -> None:
    crm = Crm()
    crm.add(Account(name="Robert Smith"))
    person = Account(name="Kate Jones", is_person=True)
    kate = PersonName(given="Kate", family="Jones")
    crm.add_all([person, Contact(name=kate, account_id=person.id)])
    acme = crm.add(Account(name="Acme"))
    crm.add(Contact(name=PersonName(family="Bolt GmbH"), account_id=acme.id))
    ada = crm.add(Contact(name=PersonName(given="Ada", family="King"), email="ada@x.org"))
    lead = crm.add(Lead(name=PersonName(given="Ada", family="King"), email="ada@x.org"))
    found = crm.wrong_kinds()
    codes = sorted(one.code for one in found)
    assert codes == [
        "kind.account_without_contact",
        "kind.company",
        "kind.contact_already",
        "kind.contact_without_account",
        "kind.person",
    ]
    told = next(one for one in found if one.code == "kind.contact_already")
    assert (told.ref, told.value) == (lead.ref, ada.id)
    assert person.ref not in {one.ref for one in found}
    assert not wrong_kinds([])
